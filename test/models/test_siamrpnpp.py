# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy

import pytest
import torch
from torch import nn

from siam_tracker_ros import weights
from siam_tracker_ros.models.anchors import Anchors, decode
from siam_tracker_ros.models.backbones.base import centre
from siam_tracker_ros.models.correlation import depthwise_correlation
from siam_tracker_ros.models.folding import fold_batch_norms
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.refinement import MOST_GROWTH
from siam_tracker_ros.models.rpn import ProposalMaps
from siam_tracker_ros.models.siamrpnpp import SiamRPN

RESNET = {'arguments': {'depth': 18, 'width': 4}, 'channels': [4, 6, 8]}
MOBILENET = {
    'backbone': 'mobilenetv2',
    'arguments': {'width': 0.125},
    'channels': [8, 8, 8],
    'weighted': False,
}
ALEXNET = {
    'backbone': 'alexnet',
    'arguments': {'widths': [8, 8, 8, 8, 8], 'levels': [5]},
    'channels': None,
    'weighted': False,
    'normalise': False,
}
CROPPED = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [8, 8, 16], 'depths': [4, 3]},
    'channels': [8, 8, 8],
    'ratios': [0.5, 1, 2],
    'scales': [4, 8],
    'rounded': False,
}
SIAMRPN = {**ALEXNET, 'block': 'up_channel'}
ALL = {
    'resnet': RESNET,
    'mobilenet': MOBILENET,
    'alexnet': ALEXNET,
    'cropped': CROPPED,
    'siamrpn': SIAMRPN,
}


@pytest.fixture(params=ALL)
def small(request):
    """A network of each kind, whose norms are not the identity, in evaluation mode."""
    return settled(ALL[request.param])


def settled(arguments):
    torch.manual_seed(0)
    network = SiamRPN(**arguments)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return network.eval()


def crops(*shape):
    return torch.rand(*shape) * 255


def close(found, wanted):
    """Within the rounding of float32, against the largest number of the maps."""
    for name in ('classes', 'deltas'):
        a, b = getattr(found, name), getattr(wanted, name)
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4 * float(b.abs().max()))


@pytest.mark.parametrize(
    ('arguments', 'side', 'cells'),
    [
        (RESNET, 255, 25),
        (RESNET, 831, 97),
        (MOBILENET, 255, 25),
        (ALEXNET, 255, 17),
        (ALEXNET, 287, 21),
        (SIAMRPN, 255, 17),
        (CROPPED, 255, 17),
    ],
)
def test_map_sizes(arguments, side, cells):
    network = settled(arguments)
    with torch.no_grad():
        maps = network.search(network.template(crops(1, 3, 127, 127)), crops(1, 3, side, side))
    k = network.anchors.count
    assert maps.classes.shape == (1, 2, k, cells, cells)
    assert maps.deltas.shape == network.anchors.grid(cells)[None].shape == (1, 4, k, cells, cells)


def test_the_network_of_the_paper():
    paper = SiamRPN().eval()
    with torch.no_grad():
        template = paper.template(torch.zeros(1, 3, 127, 127))
    assert (paper.stride, paper.anchors) == (8, Anchors())
    assert [layer[0].in_channels for layer in paper.adjust] == [512, 1024, 2048]
    # Section 3.2: 256 channels of the middle 7 x 7 cells, of which a layer of 3 x 3 makes 5 x 5.
    assert [kernel.shape for kernel in template] == [(1, 256, 5, 5)] * 6


def test_anchors_are_those_of_the_arguments():
    assert SiamRPN(**RESNET).anchors == Anchors()
    assert SiamRPN(**CROPPED).anchors == Anchors((0.5, 1, 2), (4, 8), 8, rounded=False)


@pytest.mark.parametrize('arguments', ALL.values(), ids=ALL)
def test_arguments_go_through_a_checkpoint(arguments, tmp_path):
    network = settled(arguments)
    meta = weights.Meta('siamrpnpp', arguments)
    path = weights.save(
        tmp_path / 'w.safetensors', weights.Checkpoint(network.state_dict(), meta)
    )
    found = weights.load(path)
    assert found.meta.network == arguments
    again = SiamRPN(**found.meta.network).eval()
    found.fill(again)
    z, x = crops(1, 3, 127, 127), crops(1, 3, 143, 143)
    with torch.no_grad():
        close(again.search(again.template(z), x), network.search(network.template(z), x))


def test_a_template_is_the_middle_of_the_features():
    network = settled(RESNET)
    z = crops(1, 3, 127, 127)
    with torch.no_grad():
        kernels = network.template(z)
        features = network.features(z)
        assert [f.shape[-1] for f in features] == [15, 15, 15]
        for k, (block, level) in enumerate(zip(network.blocks, features)):
            wanted = block.template(level[:, :, 4:11, 4:11])
            for kernel, other in zip(kernels[2 * k : 2 * k + 2], wanted):
                torch.testing.assert_close(kernel, other)


def test_less_than_the_middle_is_all_of_it():
    features = torch.randn(1, 2, 6, 6)
    assert torch.equal(centre(features, 7), features)
    assert torch.equal(centre(features, 4), features[:, :, 1:5, 1:5])


@pytest.mark.parametrize(('template', 'search'), [(15, 31), (16, 32), (8, 24), (6, 22)])
def test_a_template_lies_in_the_middle_of_the_crop_it_is_from(template, search):
    torch.manual_seed(0)
    x = torch.randn(2, 4, search, search)
    map_ = depthwise_correlation(centre(centre(x, template), 7), x).sum(dim=1)
    cells = map_.shape[-1]
    # A cell lies at zero displacement, and what is cut out of the middle is found there.
    assert cells % 2 == 1
    assert map_.flatten(1).argmax(dim=1).tolist() == [cells * cells // 2] * 2


def test_a_padded_network_has_a_cell_in_the_middle():
    padded = {**CROPPED['arguments'], 'padding': 'zero'}
    network = settled({**CROPPED, 'arguments': padded})
    with torch.no_grad():
        z = crops(1, 3, 127, 127)
        template = network.template(z)
        features = network.features(z)
        assert [f.shape[-1] for f in features] == [16, 16, 16]
        wanted = network.blocks[0].template(features[0][:, :, 4:12, 4:12])
        maps = network.search(template, crops(1, 3, 255, 255))
    torch.testing.assert_close(template[:2], wanted)
    assert maps.classes.shape[-1] == 25


def test_pixels_are_normalised_or_left_alone():
    network = settled(ALEXNET)
    other = SiamRPN(**{**ALEXNET, 'normalise': True}).eval()
    other.load_state_dict(network.state_dict())
    x = crops(1, 3, 127, 127)
    with torch.no_grad():
        torch.testing.assert_close(other.features(x), network.features((x - 127.5) / 64))
        torch.testing.assert_close(network.features(x), [network.backbone(x)])


def test_targets_do_not_meet(small):
    z, x = crops(2, 3, 127, 127), crops(2, 3, 143, 143)
    with torch.no_grad():
        templates = [small.template(z[n : n + 1]) for n in range(2)]
        joined = [torch.cat(kernels) for kernels in zip(*templates)]
        together = small.search(joined, x)
        close(small.search(small.template(z), x), together)
        for n in range(2):
            alone = small.search(templates[n], x[n : n + 1])
            close(alone, type(alone)(together.classes[n : n + 1], together.deltas[n : n + 1]))


def test_proposals_are_the_maps_decoded(small):
    z, x = crops(2, 3, 127, 127), crops(2, 3, 143, 143)
    with torch.no_grad():
        template = small.template(z)
        maps, found = small.search(template, x), small.propose(template, x)
    assert torch.equal(found.logits, maps.classes[:, 1] - maps.classes[:, 0])
    grid = small.anchors.grid(maps.classes.shape[-1])
    bounded = maps.deltas.clone()
    bounded[:, 2:] = bounded[:, 2:].clamp(-MOST_GROWTH, MOST_GROWTH)
    assert torch.equal(found.boxes, decode(grid, bounded))
    assert found.kept.shape == found.logits.shape
    assert found.kept.all()


@pytest.mark.parametrize('growth', [0.0, -2.0, 2.0, 1e3, -1e3])
def test_a_box_is_bounded_where_a_growth_is_wild_and_only_there(growth, monkeypatch):
    network = settled(ALEXNET)
    deltas = torch.full((1, 4, 5, 17, 17), 0.25)
    deltas[:, 2:] = growth
    maps = ProposalMaps(torch.zeros(1, 2, 5, 17, 17), deltas)
    monkeypatch.setattr(network, 'search', lambda template, x: maps)
    boxes = network.propose((), torch.empty(0)).boxes
    if abs(growth) <= 2:
        assert torch.equal(boxes, decode(network.anchors.grid(17), deltas))
    assert boxes.isfinite().all()
    assert boxes[:, 2:].min() > 0


def test_nothing_is_stored_on_the_network(small):
    before = copy.deepcopy(small.state_dict())
    attributes = {name: set(vars(module)) for name, module in small.named_modules()}
    with torch.no_grad():
        small.search(small.template(crops(1, 3, 127, 127)), crops(1, 3, 143, 143))
    assert {name: set(vars(module)) for name, module in small.named_modules()} == attributes
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_folded_network_computes_the_same(small):
    network = copy.deepcopy(small).double()
    z, x = crops(1, 3, 127, 127).double(), crops(1, 3, 143, 143).double()
    with torch.no_grad():
        before = network.search(network.template(z), x)
        fold_batch_norms(network)
        assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
        after = network.search(network.template(z), x)
    torch.testing.assert_close(after.classes, before.classes)
    torch.testing.assert_close(after.deltas, before.deltas)


def test_gradients_reach_every_parameter(small):
    network = copy.deepcopy(small).train()
    maps = network.search(network.template(crops(2, 3, 127, 127)), crops(2, 3, 143, 143))
    # Weighted, because a batch norm's sum has no gradient of its own.
    sums = [(m * torch.randn_like(m)).sum() for m in (maps.classes, maps.deltas)]
    sum(sums).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_a_light_network_begins_from_the_backbone_of_csn():
    path = weights.resolve('csn', 'auto')
    checkpoint = weights.load(path)
    matching = Matching(**checkpoint.meta.network['matching']).eval()
    arguments = dict(checkpoint.meta.network['matching'])
    network = SiamRPN(arguments.pop('backbone'), arguments, channels=[64, 64, 64]).eval()
    prefix = 'matching.'
    matching.load_state_dict(
        {n.removeprefix(prefix): t for n, t in checkpoint.tensors.items() if n.startswith(prefix)}
    )
    network.backbone.load_state_dict(matching.backbone.state_dict())
    z, x = crops(1, 3, 127, 127), crops(1, 3, 255, 255)
    with torch.no_grad():
        last = network.backbone.levels((x - 127.5) / 64)[-1]
        torch.testing.assert_close(last, matching.features(x))
        assert network.search(network.template(z), x).classes.shape == (1, 2, 5, 17, 17)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ({'backbone': 'vgg'}, "'vgg' is unknown: expected one of alexnet, cropped_resnet"),
        ({'block': 'xcorr'}, "'xcorr' is unknown: expected one of depthwise, up_channel"),
        ({'channels': [4, 4]}, r'channels are \[4, 4\]: expected 3, one a level'),
        ({'ratios': []}, 'anchors of ratios'),
        ({'arguments': {'depth': 7}}, 'depth is 7'),
    ],
    ids=str,
)
def test_networks_that_cannot_be_built(arguments, words):
    with pytest.raises(ValueError, match=words):
        SiamRPN(**{**RESNET, **arguments})
