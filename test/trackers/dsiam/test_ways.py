# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: what its settings choose, number formats, and what joint training needs."""


from dsiam_bench import BOX, CPU, PAPER, SMALL, SURE, shifted
from places import place_of
import pytest
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.trackers.dsiam import DSiamTracker
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker
from siam_tracker_ros.trackers.transforming import Lesson


@pytest.mark.parametrize(
    ('values', 'share'),
    [
        ({}, 0.7),
        ({'fusion': 'fixed', 'fixed_share': 0.6}, 0.6),
        ({'fusion': 'last'}, 1.0),
    ],
    ids=str,
)
@torch.no_grad()
def test_layers_are_fused_as_the_setting_says(make, network, texture, values, share):
    frame = Frame.from_numpy(texture())
    tracker = make(template='first', suppression='none', **values)
    (estimate,) = tracker.step(frame, [tracker.start(frame, BOX)])
    alone = []
    for layer in (0.0, 1.0):
        tracker = make(template='first', suppression='none', fusion='fixed', fixed_share=layer)
        alone.append(tracker.step(frame, [tracker.start(frame, BOX)])[0].response.logits)
    wanted = (1 - share) * alone[0] + share * alone[1]
    torch.testing.assert_close(estimate.response.logits, wanted, rtol=1e-4, atol=1e-4)


def test_with_both_transformations_left_out_it_is_siamfc(small_network, texture):
    network = DSiam(**SMALL)
    network.load_state_dict({**network.state_dict(), **small_network.state_dict()})
    values = {**SURE, 'scales': 3}
    plain = {k: v for k, v in values.items() if k != 'success_peak'}
    ours = DSiamTracker(
        network.eval(),
        DSiamSettings.from_dict({**values, 'template': 'first', 'suppression': 'none'}),
        CPU,
    )
    theirs = SiamFCTracker(small_network, SiamFCSettings.from_dict(plain), CPU)
    one, other = (t.start(shifted(texture, 0), BOX) for t in (ours, theirs))
    for k in range(1, 4):
        (a,), (b,) = (
            t.step(shifted(texture, k), [x]) for t, x in ((ours, one), (theirs, other))
        )
        assert place_of(a.box) == pytest.approx(place_of(b.box), abs=1e-4)
        assert (a.updated, a.update_reason) == (False, 'both transformations are left out')


def test_bfloat16_tracks(shipped_weights, square):
    half = trackers.create('dsiam', str(shipped_weights), 'cpu', 'bfloat16', {'learn_every': 1})
    x, y = 60, 60
    target = half.start(square.frame((x, y)), square.box(x, y))
    for _ in range(4):
        x, y = x + 5, y + 3
        (estimate,) = half.step(square.frame((x, y)), [target])
        assert estimate.box.iou(square.box(x, y)) > 0.7
        assert estimate.updated


def test_gradients_go_through_what_was_learned_to_all_that_is_trained(make, network):
    # Section 3.5: from a response to the last frame's features, to lambda and to the fusion.
    transforming = make(PAPER).matcher.transforming
    exemplars = network.layer_features(torch.rand(1, 3, 127, 127) * 255)
    regions = network.layer_features(torch.rand(3, 3, 159, 159) * 255)
    lesson = Lesson(
        exemplars,
        network.layer_features(torch.rand(1, 3, 127, 127) * 255),
        tuple(r[:1] for r in regions),
        tuple(r[1:2] for r in regions),
    )
    learned = transforming.learn(lesson)
    maps = transforming.match(
        [tuple(e[0] for e in exemplars)], learned, [r[2:].unsqueeze(1) for r in regions]
    )
    (maps * torch.randn_like(maps)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'template': 'last'}, "template is 'last': expected one of transformed, previous, first"),
        ({'suppression': 'crop'}, "suppression is 'crop': expected one of crops, search, none"),
        ({'lambda_v': -1.0}, 'lambda_v is -1.0: expected a number from 0'),
        ({'weight_spread': 0.0}, 'weight_spread is 0.0'),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        DSiamSettings.from_dict(values)


@pytest.mark.parametrize('fusion', ['learned', 'last'])
def test_the_response_is_that_of_the_layers_fused(make, texture, fusion):
    # Eq. 9; at the scale that was chosen.
    tracker = make(PAPER, fusion=fusion, scales=3)
    assert tracker.parts == ('conv4', 'conv5')
    target = tracker.start(shifted(texture, 0), BOX)
    for k in (1, 2):
        (estimate,) = tracker.step(shifted(texture, k), [target])
        four, five = (estimate.parts[name].logits for name in tracker.parts)
        shares = tracker.network.fusion(four.shape[-1]).detach()
        wanted = five if fusion == 'last' else shares[0] * four + shares[1] * five
        torch.testing.assert_close(estimate.response.logits, wanted, rtol=1e-3, atol=1e-4)
        assert not torch.allclose(four, five)


@torch.no_grad()
def test_one_layer_alone_is_no_part(texture):
    tracker = DSiamTracker(
        DSiam(**SMALL).eval(), DSiamSettings.from_dict({**SURE, **PAPER}), CPU
    )
    target = tracker.start(shifted(texture, 0), BOX)
    (estimate,) = tracker.step(shifted(texture, 1), [target])
    assert tracker.parts == ()
    assert estimate.parts == {}
