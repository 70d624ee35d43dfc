# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.backbones.alexnet import AlexNet
from siam_tracker_ros.models.backbones.siamrpn_alexnet import SiamRPNAlexNet

NARROW = (8, 8, 8, 8, 12)


@pytest.fixture(scope='module')
def backbone():
    torch.manual_seed(0)
    return AlexNet((8, 16, 16, 16, 16)).double().eval()


@pytest.fixture(scope='module', params=[AlexNet, SiamRPNAlexNet])
def both(request):
    torch.manual_seed(0)
    return request.param(NARROW).double().eval()


@pytest.mark.parametrize(('side', 'cells'), [(127, 6), (143, 8), (239, 20), (255, 22), (511, 54)])
def test_sizes_of_the_paper(backbone, side, cells):
    # SiamFC, Table 1: 127 gives 6 x 6, 255 gives 22 x 22.
    with torch.no_grad():
        features = backbone(torch.zeros(1, 3, side, side, dtype=torch.float64))
    assert features.shape == (1, 16, cells, cells)


def test_the_paper_has_2_3_million_weights():
    count = sum(p.numel() for p in AlexNet().parameters())
    assert count == pytest.approx(2.33e6, rel=0.01)


def test_the_pyramid_is_conv3_to_conv5(both):
    x = torch.randn(1, 3, 127, 127, dtype=torch.float64)
    with torch.no_grad():
        pyramid = both.pyramid(x)
        third = both.conv3(both.conv2(both.conv1(x)))
        fourth = both.conv4(third)
        wanted = (third, fourth, both.conv5(fourth))
    for features, layer, size in zip(pyramid, wanted, (10, 8, 6)):
        assert torch.equal(features, layer)
        assert features.shape[-1] == size
    assert both.pyramid_shapes == ((8, 2), (8, 1), (12, 0))


def test_levels_are_the_middle_of_the_pyramid(both):
    x = torch.randn(1, 3, 127, 127, dtype=torch.float64)
    with torch.no_grad():
        levels, (third, fourth, fifth) = both.levels(x), both.pyramid(x)
    for level, middle in zip(levels, (third[..., 2:-2, 2:-2], fourth[..., 1:-1, 1:-1], fifth)):
        assert torch.equal(level, middle)
    assert both.level_channels == (8, 8, 12)
    assert both.channels == 12


@pytest.mark.parametrize('number', [3, 4, 5])
def test_a_level_alone_is_what_it_is_beside_the_others(both, number):
    alone = type(both)(NARROW, levels=[number]).double().eval()
    assert alone.level_channels == (both.level_channels[number - 3],)
    # What lies behind it is not there.
    assert len(list(alone.children())) == number
    own = alone.state_dict()
    alone.load_state_dict({name: both.state_dict()[name] for name in own})
    x = torch.randn(1, 3, 143, 143, dtype=torch.float64)
    with torch.no_grad():
        assert torch.equal(alone(x), both.levels(x)[number - 3])


@pytest.mark.parametrize('levels', [[], [2], [5, 4], [3, 3]])
def test_levels_that_there_are_not(both, levels):
    with pytest.raises(ValueError, match=r'expected some of \[3, 4, 5\], rising'):
        type(both)(NARROW, levels=levels)


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
