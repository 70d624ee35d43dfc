# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heads of proposal networks that begin by comparing."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.training import comparing
from siam_tracker_ros.training.comparing import begin_comparing, principal

SHAPE = {'widths': [8, 8, 8, 8, 6], 'groups': 1}
# Two channels for each of the 6 directions that there are.
ALL = {'backbone': 'siamfc_alexnet', 'arguments': {**SHAPE, 'levels': [5]}, 'channels': [12]}
NETWORKS = {
    'siamrpnpp': lambda **more: SiamRPN(**{**ALL, **more}),
    'crpn': lambda **more: CRPN(**{**ALL, 'block': 'depthwise', 'stages': 1, **more}),
}


@pytest.fixture
def crops(texture):
    """Eight objects, seen twice."""
    images = np.stack([texture(255, 255, seed) for seed in range(8)])
    searches = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return searches[..., 64:191, 64:191].contiguous(), searches


def begun(name, crops, **more):
    torch.manual_seed(0)
    network = NETWORKS[name](**more).eval()
    begin_comparing(network, *crops)
    return network


def maps_of(network, crops):
    exemplars, searches = crops
    with torch.no_grad():
        return network.maps(network.template(exemplars), searches)


def inner_products(network, crops):
    """SiamFC's response to what deviates from the means, less the rim that heads leave out."""
    with torch.no_grad():
        z, x = (network.backbone(network.pixels(crop))[..., 1:-1, 1:-1] for crop in crops)
    z, x = (features - features.mean(dim=(0, 2, 3), keepdim=True) for features in (z, x))
    return torch.cat([functional.conv2d(x[n : n + 1], z[n : n + 1]) for n in range(len(x))])[:, 0]


@pytest.mark.parametrize('name', NETWORKS)
def test_the_logit_is_the_inner_product_of_all_channels(name, crops, monkeypatch):
    # Nothing is cut off by a ReLU.
    monkeypatch.setattr(comparing, 'SHIFT', 20.0)
    monkeypatch.setattr(comparing, 'BIAS', 20.0)
    network = begun(name, crops)
    [maps] = maps_of(network, crops)
    logits = maps.logits
    # All anchors alike.
    assert torch.equal(logits, logits[:, :1].expand_as(logits))
    wanted = inner_products(network, crops)
    both = torch.stack([logits[:, 0].flatten(), wanted.flatten()])
    # Not quite: norms scale what comes of exemplars and of search crops each by its own spread.
    assert torch.corrcoef(both)[0, 1] > 0.98
    assert logits.mean() == pytest.approx(-comparing.OFFSET, abs=0.1)
    assert logits[:, 0].std() == pytest.approx(comparing.GAIN, rel=0.15)


def test_every_level_and_every_stage_compares(crops):
    levels = {'arguments': SHAPE, 'channels': [8, 8, 8]}
    for name in NETWORKS:
        network = begun(name, crops, **levels, **({'stages': 3} if name == 'crpn' else {}))
        for maps in maps_of(network, crops):
            logits = maps.logits[:, 0]
            middle = logits.shape[-1] // 2
            # Where the exemplar was cut out.
            here = logits[:, middle, middle] - logits.flatten(1).mean(dim=1)
            assert (here > 0.0).all()
            assert here.mean() > 2.0


@pytest.mark.parametrize('name', NETWORKS)
def test_each_proposal_is_its_anchor(name, crops):
    [maps] = maps_of(begun(name, crops), crops)
    assert maps.deltas.count_nonzero() == 0


def test_all_that_decides_still_learns(crops):
    network = begun('siamrpnpp', crops).train()
    [maps] = network.maps(network.template(crops[0]), crops[1])
    (maps.logits.square().mean() + (maps.deltas - 1.0).square().mean()).backward()
    [block] = network.blocks
    learned = [block.classes.template[0], block.classes.search[0], block.classes.fuse[-1],
               block.deltas.fuse[-1], network.adjust[0][0]]  # fmt: skip
    for layer in learned:
        assert layer.weight.grad.abs().sum() > 0


def test_the_backbone_and_what_norms_forget_stay_as_they_were(crops):
    torch.manual_seed(0)
    network = NETWORKS['siamrpnpp']()
    before = {name: tensor.clone() for name, tensor in network.backbone.state_dict().items()}
    momentum = network.adjust[0][1].momentum
    network.train()
    begin_comparing(network, *crops)
    assert network.training
    assert network.adjust[0][1].momentum == momentum
    for name, tensor in network.backbone.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_up_channel_blocks_cannot_begin_so(crops):
    with pytest.raises(UserError, match='no depthwise blocks'):
        begin_comparing(NETWORKS['crpn'](block='up_channel'), *crops)


def test_principal_directions_are_those_of_the_largest_spread():
    torch.manual_seed(0)
    known = torch.linalg.qr(torch.randn(5, 5))[0]
    spread = torch.tensor([5.0, 3.0, 2.0, 0.5, 0.1])
    values = torch.randn(4000, 5) * spread @ known.T + 7.0
    found, deviations = principal(values.T.reshape(1, 5, 40, 100), 3)
    assert found.shape == (3, 5)
    torch.testing.assert_close((found @ known[:, :3]).abs(), torch.eye(3), atol=0.03, rtol=0)
    torch.testing.assert_close(deviations, spread[:3], rtol=0.05, atol=0)


def test_more_directions_than_channels_are_not_found():
    found, deviations = principal(torch.randn(2, 4, 9, 9), 7)
    assert found.shape == (4, 4)
    assert deviations.shape == (4,)
