# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros import weights
from siam_tracker_ros.models.anchors import Anchors
from siam_tracker_ros.models.crpn import CRPN, LAST, RESULTS
from siam_tracker_ros.models.folding import fold_batch_norms
from siam_tracker_ros.models.siamrpnpp import SiamRPN

# The paper's, but for its size.
PAPER = {
    'backbone': 'alexnet',
    'arguments': {'widths': [4, 4, 4, 5, 6]},
    'ratios': [0.5, 1, 2],
    'theta': 0.6,
}
CROPPED = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [4, 4, 8], 'depths': [4, 3]},
    'channels': [6, 5, 4],
    'block': 'depthwise',
}
DILATED = {
    'backbone': 'dilated_resnet',
    'arguments': {'depth': 18, 'width': 2},
    'channels': [6, 5, 4],
    'block': 'depthwise',
}
ALL = {
    'paper': PAPER,
    'cropped': CROPPED,
    'dilated': DILATED,
    'rescaled': {**PAPER, 'rescale': True},
    'two': {**CROPPED, 'stages': 2, 'channels': [6, 5]},
    'last': {**CROPPED, 'fusion': LAST, 'channels': [6]},
    'results': {**CROPPED, 'fusion': RESULTS},
}


@pytest.fixture(scope='module', params=ALL)
def small(request):
    """A network of each kind, whose norms have seen images, in evaluation mode."""
    return settled(ALL[request.param])


def settled(arguments):
    torch.manual_seed(0)
    network = CRPN(**arguments)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            # All statistics are of the last batch.
            module.momentum = 1.0
    run(network, crops(2, 3, 127, 127), crops(2, 3, 143, 143))
    return network.eval()


def crops(*shape):
    return torch.rand(*shape) * 255


def close(found, wanted):
    """Within the rounding of float32, against the largest number."""
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def alike(found, wanted):
    """Outputs of the stages that are the same."""
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted):
        close(a.maps.classes, b.maps.classes)
        close(a.maps.deltas, b.maps.deltas)
        close(a.anchors, b.anchors)
        assert torch.equal(a.kept, b.kept)


def run(network, z, x):
    with torch.no_grad():
        return network.search(network.template(z), x)


@pytest.mark.parametrize(
    ('name', 'side', 'cells'),
    [(name, 255, 25 if name == 'dilated' else 17) for name in ALL]
    + [('paper', 287, 21), ('rescaled', 287, 21), ('cropped', 511, 49), ('dilated', 287, 29)],
)
def test_the_maps_of_all_stages_have_one_size(name, side, cells):
    network = settled(ALL[name])
    k = network.anchors.count
    stages = run(network, crops(1, 3, 127, 127), crops(1, 3, side, side))
    assert len(stages) == (2 if name == 'two' else 3)
    for stage in stages:
        assert stage.maps.classes.shape == (1, 2, k, cells, cells)
        assert stage.maps.deltas.shape == stage.anchors.shape == (1, 4, k, cells, cells)
        assert stage.kept.shape == (1, k, cells, cells)


def test_the_network_of_the_paper():
    # All is as in the paper, but for the channels of conv1 to conv5, which are fewer.
    network = CRPN(arguments={'widths': [4, 4, 6, 8, 10]})
    # Sections 3.5 and 4.
    assert (network.stride, network.anchors) == (8, Anchors((0.33, 0.5, 1.0, 2.0, 3.0)))
    assert (len(network.stages), network.theta) == (3, 0.95)
    # Of conv5, conv4 and conv3.
    blocks = [block for stage in network.stages for block in stage.blocks]
    assert [block.classes.up.weight.shape[:2] for block in blocks] == [
        (2 * 5 * channels, channels) for channels in (10, 8, 6)
    ]
    ups = [transfer.deep[0].weight.shape for transfer in network.transfers]
    assert ups == [(10, 8, 3, 3), (8, 6, 3, 3)]


def test_the_fused_features_of_the_paper_have_the_size_of_the_deep_ones():
    network = settled(ALL['rescaled'])
    with torch.no_grad():
        for side, cells in ((127, 6), (255, 22)):
            seen = network.features(crops(1, 3, side, side))
            assert [features.shape[-1] for (features,) in seen] == [cells] * 3
    # Which have to become as large as the shallow ones first.
    assert [transfer.deep[0].kernel_size for transfer in network.transfers] == [(3, 3), (5, 5)]


def convolved(layer, x, **how):
    return functional.conv2d(x, layer.weight, layer.bias, **how)


def normed(norm, x):
    return functional.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
    )


def alexnet(backbone, crop):
    """phi_1 to phi_3 of a crop."""
    x = (crop - 127.5) / 64
    for layers, stride in ((backbone.conv1, 2), (backbone.conv2, 1)):
        x = normed(layers[1], convolved(layers[0], x, stride=stride))
        x = functional.max_pool2d(x, 3, stride=2).clamp(min=0)
    third = normed(backbone.conv3[1], convolved(backbone.conv3[0], x)).clamp(min=0)
    fourth = normed(backbone.conv4[1], convolved(backbone.conv4[0], third)).clamp(min=0)
    return [normed(backbone.conv5[1], convolved(backbone.conv5[0], fourth)), fourth, third]


def transferred(block, deep, shallow):
    """FTB of Eq. 2."""
    up, mix, norm = block.deep
    first, first_norm, _, second, second_norm = block.shallow
    a = normed(norm, convolved(mix, functional.conv_transpose2d(deep, up.weight), padding=1))
    b = normed(first_norm, convolved(first, shallow, padding=1)).clamp(min=0)
    return (a + normed(second_norm, convolved(second, b, padding=1))).clamp(min=0)


def correlated(branch, z, x):
    """Corr of Eq. 3, of one target."""
    kernels = convolved(branch.up, z).view(-1, z.shape[1], z.shape[2] - 2, z.shape[3] - 2)
    return functional.conv2d(convolved(branch.search, x), kernels) / kernels[0].numel() ** 0.5


@torch.no_grad()
def test_a_search_is_algorithm_1():
    network = settled(PAPER)
    z, x = crops(1, 3, 127, 127), crops(1, 3, 207, 207)
    template = network.template(z)
    stages, found = network.search(template, x), network.propose(template, x)
    k, cells = 3, 11
    # Lines 4, 7 and 8.
    phi = list(zip(alexnet(network.backbone, z), alexnet(network.backbone, x)))
    cx, cy, w, h = network.anchors.grid(cells)[None].unbind(1)
    left = torch.ones(1, k, cells, cells, dtype=torch.bool)
    fused = None
    for level, stage in enumerate(stages):
        # Lines 10 to 14.
        if fused is None:
            fused = phi[0]
        else:
            block = network.transfers[level - 1]
            fused = [transferred(block, *pair) for pair in zip(fused, phi[level])]
        # Line 15.
        (rpn,) = network.stages[level].blocks
        c = correlated(rpn.classes, *fused).view(1, 2, k, cells, cells)
        r = convolved(rpn.adjust, correlated(rpn.deltas, *fused)).view(1, 4, k, cells, cells)
        close(stage.maps.classes, c)
        close(stage.maps.deltas, r)
        close(stage.anchors, torch.stack([cx, cy, w, h], dim=1))
        assert torch.equal(stage.kept, left)
        # Line 16, and line 17 with Eq. 6.
        left = left & ~(c.softmax(dim=1)[:, 0] > network.theta)
        cx, cy = cx + w * r[:, 0], cy + h * r[:, 1]
        w, h = (side * r[:, i].exp().clamp(1 / 8, 8) for side, i in ((w, 2), (h, 3)))
    # Line 19.
    close(found.boxes, torch.stack([cx, cy, w, h], dim=1))
    assert torch.equal(found.kept, left)
    assert 0 < left.sum() < stages[-1].kept.sum() < stages[1].kept.sum() < left.numel()
    last = stages[-1].kept
    close(found.logits[last], (c[:, 1] - c[:, 0])[last])


@pytest.mark.parametrize('block', ['up_channel', 'depthwise'])
def test_one_stage_is_siamrpn(block):
    arguments = {**PAPER, 'block': block}
    network = settled({**arguments, 'stages': 1, 'theta': 1.0})
    del arguments['theta']
    arguments['arguments'] = {**PAPER['arguments'], 'levels': [5]}
    siamrpn = SiamRPN(**arguments, channels=None, weighted=False).eval()
    siamrpn.load_state_dict(
        {name.replace('stages.0.', ''): t for name, t in network.state_dict().items()}
    )
    z, x = crops(2, 3, 127, 127), crops(2, 3, 159, 159)
    with torch.no_grad():
        wanted = siamrpn.search(siamrpn.template(z), x)
        (stage,) = network.search(network.template(z), x)
        proposed = siamrpn.propose(siamrpn.template(z), x)
        found = network.propose(network.template(z), x)
    torch.testing.assert_close(stage.maps.classes, wanted.classes)
    torch.testing.assert_close(stage.maps.deltas, wanted.deltas)
    torch.testing.assert_close(found.logits, proposed.logits)
    assert torch.equal(found.kept, proposed.kept)
    torch.testing.assert_close(found.boxes, proposed.boxes)


def test_every_stage_of_a_baseline_sees_the_last_layer():
    network = settled(ALL['last'])
    x = crops(1, 3, 143, 143)
    with torch.no_grad():
        seen = network.features(x)
        level = network.adjust[0](network.backbone((x - 127.5) / 64))
    assert (len(seen), len(network.adjust), len(network.transfers)) == (3, 1, 0)
    for (features,) in seen:
        torch.testing.assert_close(features, level)


def test_every_stage_of_a_baseline_means_the_results_of_all_layers():
    network = settled(ALL['results'])
    z, x = crops(1, 3, 127, 127), crops(1, 3, 143, 143)
    stages = run(network, z, x)
    with torch.no_grad():
        pairs = list(zip(network.features(z)[0], network.features(x)[0]))
        assert [a.shape[-1] for a, _ in pairs] == [5, 7, 9]
        for layers, stage in zip(network.stages, stages):
            maps = [p.search(p.template(a), b) for p, (a, b) in zip(layers.blocks, pairs)]
            assert len(maps) == 3
            close(stage.maps.classes, sum(each.classes for each in maps) / 3)
            close(stage.maps.deltas, sum(each.deltas for each in maps) / 3)


def test_what_is_cut_off_a_template_is_cut_off_all_depths():
    network = settled(DILATED)
    with torch.no_grad():
        kernels = network.template(crops(1, 3, 127, 127))
    # 15 x 15 cells, of which SiamRPN++ keeps 7 x 7; a layer of 3 x 3 makes 5 x 5.
    assert [kernel.shape[-1] for kernel in kernels] == [5] * 6
    padded = {**CROPPED['arguments'], 'padding': 'zero'}
    network = settled({**CROPPED, 'arguments': padded})
    z = crops(1, 3, 127, 127)
    with torch.no_grad():
        # 16 x 16 cells, of which as many are cut off all sides.
        cut = [level[:, :, 4:12, 4:12] for (level,) in network.features(z)]
        wanted = [k for stage, level in zip(network.stages, cut) for k in stage.template([level])]
        torch.testing.assert_close(network.template(z), tuple(wanted))
    stages = run(network, z, crops(1, 3, 143, 143))
    assert {stage.kept.shape for stage in stages} == {(1, 5, 11, 11)}


def test_targets_do_not_meet(small):
    z, x = crops(2, 3, 127, 127), crops(2, 3, 143, 143)
    with torch.no_grad():
        templates = [small.template(z[n : n + 1]) for n in range(2)]
        joined = [torch.cat(kernels) for kernels in zip(*templates)]
        together = small.propose(joined, x)
        alike(small.search(joined, x), small.search(small.template(z), x))
        for n in range(2):
            alone = small.propose(templates[n], x[n : n + 1])
            close(alone.logits[0], together.logits[n])
            close(alone.boxes[0], together.boxes[n])
            assert torch.equal(alone.kept[0], together.kept[n])


def test_a_nan_in_any_part_of_a_template_shows(small):
    x = crops(1, 3, 143, 143)
    with torch.no_grad():
        template = small.template(crops(1, 3, 127, 127))
        for part in range(len(template)):
            spoilt = [k * math.nan if i == part else k for i, k in enumerate(template)]
            found = small.propose(spoilt, x)
            # Kernels of classes and of deltas take turns.
            shown = found.logits if part % 2 == 0 else found.boxes
            assert shown.isnan().any()
            assert found.kept.any()


def test_nothing_is_stored_on_the_network(small):
    before = copy.deepcopy(small.state_dict())
    attributes = {name: set(vars(module)) for name, module in small.named_modules()}
    run(small, crops(1, 3, 127, 127), crops(1, 3, 143, 143))
    assert {name: set(vars(module)) for name, module in small.named_modules()} == attributes
    for name, tensor in small.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_a_folded_network_computes_the_same(small):
    z, x = crops(1, 3, 127, 127), crops(1, 3, 143, 143)
    network = copy.deepcopy(small)
    fold_batch_norms(network)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    alike(run(network, z, x), run(small, z, x))


def test_gradients_reach_every_parameter(small):
    network = copy.deepcopy(small).train()
    stages = network.search(network.template(crops(2, 3, 127, 127)), crops(2, 3, 143, 143))
    # Weighted, because a batch norm's sum has no gradient of its own.
    maps = [m for stage in stages for m in (stage.maps.classes, stage.maps.deltas)]
    sum((m * torch.randn_like(m)).sum() for m in maps).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize('number', [0, 1, 2])
def test_a_stage_teaches_the_features_it_sees_and_no_other_stage(number):
    network = settled(CROPPED)
    stages = network.search(network.template(crops(1, 3, 127, 127)), crops(1, 3, 143, 143))
    deltas = stages[number].maps.deltas
    (stages[number].anchors + deltas).square().sum().backward()
    taught = {name for name, p in network.named_parameters() if p.grad is not None}
    for l in range(3):
        assert any(name.startswith(f'adjust.{l}.') for name in taught) == (l <= number)
        assert any(name.startswith(f'stages.{l}.') for name in taught) == (l == number)
    for l in range(2):
        assert any(name.startswith(f'transfers.{l}.') for name in taught) == (l < number)


def test_arguments_go_through_a_checkpoint(small, request, tmp_path):
    arguments = ALL[request.node.callspec.params['small']]
    meta = weights.Meta('crpn', arguments)
    path = weights.save(tmp_path / 'w.safetensors', weights.Checkpoint(small.state_dict(), meta))
    found = weights.load(path)
    assert found.meta.network == arguments
    again = CRPN(**found.meta.network).eval()
    found.fill(again)
    z, x = crops(1, 3, 127, 127), crops(1, 3, 143, 143)
    alike(run(again, z, x), run(small, z, x))


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ({'backbone': 'vgg'}, "'vgg' is unknown: expected one of alexnet, cropped_resnet"),
        ({'block': 'xcorr'}, "'xcorr' is unknown: expected one of depthwise, up_channel"),
        ({'fusion': 'sum'}, "'sum' is unknown: expected one of transfer, last, results"),
        ({'channels': [4, 4]}, r'channels are \[4, 4\]: expected 3, one a level'),
        ({'stages': 0}, '0 stages: expected 1 to 3'),
        ({'stages': 4}, '4 stages: expected 1 to 3'),
        ({'theta': 0.0}, 'theta is 0.0: expected more than 0'),
        ({'theta': 1.1}, 'theta is 1.1: expected more than 0, and 1 at most'),
        ({'ratios': []}, 'anchors of ratios'),
    ],
    ids=str,
)
def test_networks_that_cannot_be_built(arguments, words):
    with pytest.raises(ValueError, match=words):
        CRPN(**{**CROPPED, **arguments})


def test_the_last_layer_may_be_seen_by_any_number_of_stages():
    assert len(CRPN(**{**CROPPED, 'fusion': LAST, 'channels': [4], 'stages': 5}).stages) == 5
