# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.backbones.alexnet import AlexNet


@pytest.fixture(scope='module')
def backbone():
    torch.manual_seed(0)
    return AlexNet((8, 16, 16, 16, 16)).double().eval()


@pytest.mark.parametrize(('side', 'cells'), [(127, 6), (143, 8), (239, 20), (255, 22), (511, 54)])
def test_sizes_of_the_paper(backbone, side, cells):
    # SiamFC, Table 1: 127 gives 6 x 6, 255 gives 22 x 22.
    with torch.no_grad():
        features = backbone(torch.zeros(1, 3, side, side, dtype=torch.float64))
    assert features.shape == (1, 16, cells, cells)


def test_the_paper_has_2_3_million_weights():
    count = sum(p.numel() for p in AlexNet().parameters())
    assert count == pytest.approx(2.33e6, rel=0.01)


@pytest.mark.parametrize('cells', [(1, 0), (0, 1), (2, 3)])
def test_a_shift_by_the_stride_is_a_shift_by_a_cell(backbone, cells):
    # No padding, so it holds for every cell that both see, not only inside.
    down, right = cells
    image = torch.randn(1, 3, 191, 191, dtype=torch.float64)
    shifted = image[:, :, 8 * down : 8 * down + 159, 8 * right : 8 * right + 159]
    with torch.no_grad():
        whole, part = backbone(image), backbone(shifted)
    size = part.shape[-1]
    torch.testing.assert_close(part, whole[:, :, down : down + size, right : right + size])


def test_the_last_layer_keeps_negative_values(backbone):
    with torch.no_grad():
        assert backbone(torch.randn(1, 3, 127, 127, dtype=torch.float64)).min() < 0
