# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.backbones.base import normalised
from siam_tracker_ros.models.backbones.dilated_resnet import DilatedResNet
from siam_tracker_ros.models.backbones.mobilenet import LAYERS, MobileNetV2
from siam_tracker_ros.models.backbones.resnet import ResNet
from siam_tracker_ros.models.backbones.siamrpn_alexnet import SiamRPNAlexNet
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.training.initial import fill_backbone

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


@pytest.fixture
def crops():
    return torch.rand(2, 3, 63, 63) * 255


def as_torchvision(crops):
    """Pixels as torchvision's classifiers expect them."""
    return (crops / 255 - MEAN) / DEVIATION


def norm(tensors, name, channels):
    """Add a batch norm with random numbers to a state dict; older files count no batches."""
    tensors[f'{name}.weight'] = torch.rand(channels) + 0.5
    tensors[f'{name}.bias'] = torch.randn(channels)
    tensors[f'{name}.running_mean'] = torch.randn(channels)
    tensors[f'{name}.running_var'] = torch.rand(channels) + 0.5


def normed(tensors, name, x):
    mean, var, weight, bias = (
        tensors[f'{name}.{leaf}'] for leaf in ('running_mean', 'running_var', 'weight', 'bias')
    )
    return functional.batch_norm(x, mean, var, weight, bias)


def saved(tensors, path):
    torch.save(tensors, path)
    return str(path)


def test_the_backbone_of_a_whole_network_is_found(tmp_path):
    # As in csn's checkpoint, whose kernels are in half precision.
    backbone = ResNet((8, 8, 16), (1, 2))
    tensors = {f'matching.backbone.{k}': v for k, v in backbone.state_dict().items()}
    tensors = {k: v.half() if v.dim() > 1 else v for k, v in tensors.items()}
    tensors['matching.bias'] = torch.zeros(())
    path = tmp_path / 'csn.safetensors'
    weights.save(path, weights.Checkpoint(tensors, weights.Meta('csn')))
    other = ResNet((8, 8, 16), (1, 2))
    fill_backbone(other, str(path))
    for name, tensor in other.state_dict().items():
        assert tensor.dtype == backbone.state_dict()[name].dtype
        torch.testing.assert_close(tensor, backbone.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_a_shipped_tracker_lends_its_backbone():
    if not any(entry.tracker == 'csn' for entry in weights.entries()):
        pytest.skip('no csn weights ship with this checkout')
    shipped = weights.load(weights.resolve('csn', 'auto'))
    backbone = Matching(**shipped.meta.network['matching']).backbone
    fill_backbone(backbone, 'csn')
    [name, *_] = (name for name, tensor in backbone.state_dict().items() if tensor.dim() == 4)
    lent = shipped.tensors[f'matching.backbone.{name}']
    assert torch.equal(backbone.state_dict()[name].half(), lent)


@pytest.mark.parametrize('depth', [18, 50])
def test_torchvisions_resnet_is_the_same_until_it_strides(tmp_path, crops, depth):
    # Its names, a quarter of its width, and one pixel in the shortcuts.
    width, bottleneck = 16, depth == 50
    tensors = {'conv1.weight': torch.randn(width, 3, 7, 7), 'fc.bias': torch.zeros(9)}
    norm(tensors, 'bn1', width)
    own = DilatedResNet(depth, width=width)
    for layer, units in enumerate(own.layers, start=1):
        for unit, block in enumerate(units):
            place = f'layer{layer}.{unit}'
            for k in range(3 if bottleneck else 2):
                convolution = block.residual[3 * k]
                tensors[f'{place}.conv{k + 1}.weight'] = torch.randn_like(convolution.weight)
                norm(tensors, f'{place}.bn{k + 1}', convolution.out_channels)
            if not isinstance(block.shortcut, nn.Identity):
                outputs, inputs = block.shortcut[0].weight.shape[:2]
                tensors[f'{place}.downsample.0.weight'] = torch.randn(outputs, inputs, 1, 1)
                norm(tensors, f'{place}.downsample.1', outputs)
    fill_backbone(own, saved(tensors, tmp_path / 'resnet.pth'))
    own.eval()

    x = functional.conv2d(as_torchvision(crops), tensors['conv1.weight'], stride=2)
    x = functional.max_pool2d(normed(tensors, 'bn1', x).relu(), 3, 2, 1)
    torch.testing.assert_close(own.stem(normalised(crops)), x, rtol=1e-4, atol=1e-3)
    # What was one pixel is the middle one of three.
    kernel = own.layers[1][0].shortcut[0].weight.detach()
    assert torch.equal(kernel[:, :, 1:2, 1:2], tensors['layer2.0.downsample.0.weight'])
    assert float(kernel.abs().sum()) == pytest.approx(
        float(tensors['layer2.0.downsample.0.weight'].abs().sum())
    )
    last = f'layer4.1.bn{3 if bottleneck else 2}.bias'
    assert torch.equal(own.layers[3][1].residual[7 if bottleneck else 4].bias, tensors[last])


def test_torchvisions_mobilenet_is_the_same_until_it_strides(tmp_path, crops):
    tensors = {'features.0.0.weight': torch.randn(32, 3, 3, 3)}
    norm(tensors, 'features.0.1', 32)
    # Its first unit does not expand: a depthwise convolution and a narrow end.
    tensors['features.1.conv.0.0.weight'] = torch.randn(32, 1, 3, 3)
    norm(tensors, 'features.1.conv.0.1', 32)
    tensors['features.1.conv.1.weight'] = torch.randn(16, 32, 1, 1)
    norm(tensors, 'features.1.conv.2', 16)
    feature, inputs = 2, 16
    for expansion, outputs, units, _, _ in LAYERS[1:]:
        for _ in range(units):
            place, inner = f'features.{feature}.conv', expansion * inputs
            tensors[f'{place}.0.0.weight'] = torch.randn(inner, inputs, 1, 1)
            norm(tensors, f'{place}.0.1', inner)
            tensors[f'{place}.1.0.weight'] = torch.randn(inner, 1, 3, 3)
            norm(tensors, f'{place}.1.1', inner)
            tensors[f'{place}.2.weight'] = torch.randn(outputs, inner, 1, 1)
            norm(tensors, f'{place}.3', outputs)
            feature, inputs = feature + 1, outputs
    own = MobileNetV2()
    fill_backbone(own, saved(tensors, tmp_path / 'mobilenet.pth'))
    own.eval()

    x = functional.conv2d(as_torchvision(crops), tensors['features.0.0.weight'], stride=2)
    x = functional.relu6(normed(tensors, 'features.0.1', x))
    x = functional.conv2d(x, tensors['features.1.conv.0.0.weight'], padding=1, groups=32)
    x = functional.relu6(normed(tensors, 'features.1.conv.0.1', x))
    x = functional.conv2d(x, tensors['features.1.conv.1.weight'])
    x = normed(tensors, 'features.1.conv.2', x)
    ours = own.layers[0](own.stem(normalised(crops)))
    torch.testing.assert_close(ours, x, rtol=1e-4, atol=1e-3)
    last = own.layers[6][0].residual[7]
    assert torch.equal(last.bias, tensors['features.17.conv.3.bias'])


def test_torchvisions_alexnet_is_the_same_without_its_padding(tmp_path, crops):
    tensors = {'classifier.1.bias': torch.zeros(9)}
    for index, inputs, side in ((0, 3, 11), (3, 8, 5), (6, 8, 3), (8, 8, 3), (10, 8, 3)):
        tensors[f'features.{index}.weight'] = torch.randn(8, inputs, side, side) / 10
        tensors[f'features.{index}.bias'] = torch.randn(8)
    own = SiamRPNAlexNet((8,) * 5)
    fill_backbone(own, saved(tensors, tmp_path / 'alexnet.pth'))

    def convolved(x, index, stride=1):
        kernel, bias = (tensors[f'features.{index}.{leaf}'] for leaf in ('weight', 'bias'))
        return functional.conv2d(x, kernel, bias, stride)

    crops = torch.rand(2, 3, 127, 127) * 255
    x = convolved(as_torchvision(crops), 0, 2)
    for index in (3, 6, 8, 10):
        x = x.relu()
        x = convolved(functional.max_pool2d(x, 3, 2) if index < 8 else x, index)
    ours = own.eval()(normalised(crops))
    torch.testing.assert_close(ours, x, rtol=1e-3, atol=1e-3)


def test_another_backbone_is_refused(tmp_path):
    path = tmp_path / 'other.safetensors'
    tensors = SiamFC((8, 16, 16, 16, 16)).state_dict()
    weights.save(path, weights.Checkpoint(tensors, weights.Meta('siamfc')))
    with pytest.raises(UserError, match='hold no backbone of these layers: expected'):
        fill_backbone(ResNet((8, 8, 16), (1, 2)), str(path))
    # The same layers with other widths.
    with pytest.raises(UserError, match='hold no backbone of these layers'):
        fill_backbone(SiamFC((16, 16, 16, 16, 16)).backbone, str(path))


@pytest.mark.parametrize('content', [b'', b'nonsense', None])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content):
    path = tmp_path / 'resnet.pth'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r'resnet\.pth cannot be read'):
        fill_backbone(ResNet((8, 8, 16), (1, 2)), str(path))


@pytest.mark.parametrize('content', [[1, 2], {'a': 1}, {'conv1.weight': torch.zeros(2)}])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = saved(content, tmp_path / 'strange.pth')
    with pytest.raises(UserError, match='hold no backbone of these layers'):
        fill_backbone(DilatedResNet(18), path)
