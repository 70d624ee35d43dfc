# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn

from siam_tracker_ros.models.backbones.resnet import ZERO, ResidualUnit, ResNet


@pytest.fixture(scope='module')
def backbone():
    torch.manual_seed(0)
    return ResNet((8, 8, 16)).double().eval()


@pytest.fixture(scope='module')
def padded():
    torch.manual_seed(0)
    return ResNet((8, 8, 16), padding=ZERO).double().eval()


def image(size):
    return torch.randn(1, 3, size, size, dtype=torch.float64)


def test_the_layers_of_cir_resnet_22():
    # SiamDW counts the convolutions of the stem and of 7 units, without those of shortcuts.
    network = ResNet()
    kernels = [m for n, m in network.named_modules() if isinstance(m, nn.Conv2d)]
    shortcuts = [n for n, _ in network.named_modules() if n.endswith('shortcut.0')]
    assert len(kernels) - len(shortcuts) == 22
    assert (network.stride, network.channels) == (8, 512)


@pytest.mark.parametrize(('expansion', 'inner'), [(4, 16), (2, 32), (1, 64)])
def test_units_may_have_wider_convolutions(expansion, inner):
    network = ResNet((8, 64, 64), expansion=expansion).eval()
    kernels = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    wide = [(m.in_channels, m.out_channels) for m in kernels if m.kernel_size == (3, 3)]
    assert wide == [(inner, inner)] * 7
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 127, 127)).shape == (1, 64, 5, 5)


@pytest.mark.parametrize(('side', 'cells'), [(127, 5), (143, 7), (239, 19), (255, 21), (511, 53)])
def test_sizes(backbone, side, cells):
    with torch.no_grad():
        assert backbone(image(side)).shape == (1, 16, cells, cells)


@pytest.mark.parametrize(('side', 'cells'), [(127, 16), (255, 32)])
def test_sizes_with_padding(padded, side, cells):
    with torch.no_grad():
        assert padded(image(side)).shape == (1, 16, cells, cells)


def shifted(network, size, down, right):
    """Features of a part of an image of 8 k + 7 px, and that part of the image's features."""
    whole = image(191)
    part = whole[:, :, 8 * down : 8 * down + size, 8 * right : 8 * right + size]
    with torch.no_grad():
        features, found = network(whole), network(part)
    rows, columns = found.shape[2:]
    return found, features[:, :, down : down + rows, right : right + columns]


@pytest.mark.parametrize('size', [127, 150, 159])
@pytest.mark.parametrize('cells', [(0, 0), (1, 0), (0, 1), (2, 3)])
def test_features_of_a_crop_are_the_crop_of_the_features(backbone, size, cells):
    # A shift by the stride is a shift by one cell, in the whole map: no cell knows the border.
    found, expected = shifted(backbone, size, *cells)
    torch.testing.assert_close(found, expected)


def test_padding_reaches_every_cell_at_the_border(padded):
    found, expected = shifted(padded, 127, 2, 3)
    far = (found - expected).abs().amax(dim=(0, 1)) > 1e-3
    for border in (far[0], far[-1], far[:, 0], far[:, -1]):
        assert border.all()
    assert far.float().mean() > 0.5


def left_over(network, size):
    """Rows that a strided layer does not look at, summed over the layers."""
    rest = []

    def note(layer, inputs):
        side, kernel, stride = inputs[0].shape[-1], layer.kernel_size, layer.stride
        kernel, stride = (v[0] if isinstance(v, tuple) else v for v in (kernel, stride))
        rest.append((side - kernel) % stride)

    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.MaxPool2d))]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    with torch.no_grad():
        network(image(size))
    for hook in hooks:
        hook.remove()
    return sum(rest)


@pytest.mark.parametrize('size', [127, 143, 239, 255, 511])
def test_nothing_is_left_over_at_one_end(backbone, size):
    assert left_over(backbone, size) == 0
    assert left_over(backbone, size + 2) > 0


def test_a_unit_is_the_padded_one_with_its_rim_cropped():
    # SiamDW 4.1: pad, add, crop; here the rim is never computed.
    torch.manual_seed(0)
    for inputs in (16, 8):
        unit = ResidualUnit(inputs, 16).double().eval()
        ordinary = ResidualUnit(inputs, 16, padding=1).double().eval()
        ordinary.load_state_dict(unit.state_dict())
        x = torch.randn(2, inputs, 9, 7, dtype=torch.float64)
        with torch.no_grad():
            out = unit(x)
            assert out.shape == (2, 16, 7, 5)
            assert float(out.min()) == 0
            torch.testing.assert_close(out, ordinary(x)[:, :, 1:-1, 1:-1])


def test_the_last_unit_keeps_negative_values(backbone):
    with torch.no_grad():
        assert backbone(image(127)).min() < 0


def test_another_padding_is_refused():
    with pytest.raises(ValueError, match="padding is 'same': expected crop or zero"):
        ResNet(padding='same')


def test_the_units_of_stride_8_are_levels():
    network = ResNet((8, 8, 16), depths=(2, 3)).double().eval()
    x = image(255)
    with torch.no_grad():
        before = network.pool(network.stage4(network.stem(x)))
        levels = network.levels(x)
        template = network.levels(x[:, :, 64:191, 64:191])
        assert network.level_channels == (16, 16, 16)
        # Two units more crop 9, 7, 5 and 25, 23, 21 cells.
        assert [t.shape[-1] for t in template] == [7, 7, 7]
        assert [t.shape[-1] for t in levels] == [23, 23, 23]
        for unit, level, rim in zip(network.stage8, levels, (2, 1, 0)):
            before = unit(before)
            side = before.shape[-1]
            assert torch.equal(level, before[:, :, rim : side - rim, rim : side - rim])
        assert torch.equal(network(x), levels[-1])


def test_the_pyramid_is_not_cropped(backbone):
    x = image(143)
    with torch.no_grad():
        pyramid, levels = backbone.pyramid(x), backbone.levels(x)
    assert backbone.pyramid_shapes == ((16, 2), (16, 1), (16, 0))
    for shape, features, level in zip(backbone.pyramid_shapes, pyramid, levels):
        side = features.shape[-1]
        middle = slice(shape.rim, side - shape.rim)
        assert torch.equal(features[:, :, middle, middle], level)


def test_levels_of_an_exemplar_and_of_a_search_crop(backbone):
    with torch.no_grad():
        template, search = backbone.levels(image(127)), backbone.levels(image(255))
    assert [t.shape for t in template] == [(1, 16, 5, 5)] * 3
    assert [t.shape for t in search] == [(1, 16, 21, 21)] * 3


def test_padded_units_need_no_cropping(padded):
    with torch.no_grad():
        assert [t.shape[-1] for t in padded.levels(image(127))] == [16, 16, 16]
