# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
from places import place_of
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.semantic import Semantic
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.sasiam import SASiamTracker
from siam_tracker_ros.trackers.sasiam_settings import SASiamSettings
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker

CPU = torch.device('cpu')
# A random network's logits mean nothing, so its score is fixed where the state shall not matter.
SURE = {'confidence_bias': 9.0, 'confidence_peak': 0.0, 'lost_search_size': 255}
BOX = Box.from_ltwh(100, 80, 60, 50)


@pytest.fixture
def make(twofold):
    return lambda **values: SASiamTracker(
        twofold, SASiamSettings.from_dict({**SURE, **values}), CPU
    )


def film(texture, count):
    return [Frame.from_numpy(np.roll(texture(), (3 * k, 5 * k), (0, 1))) for k in range(count)]


def test_the_appearance_branch_alone_is_siamfc(make, small_network, texture):
    # "The appearance branch clones the SiamFC network" (section 3.1).
    both = make(appearance_share=1.0)
    siamfc = SiamFCTracker(small_network, SiamFCSettings.from_dict(SURE), CPU)
    frames = film(texture, 5)
    mine, other = both.start(frames[0], BOX), siamfc.start(frames[0], BOX)
    torch.testing.assert_close(mine.template, other.template)
    for frame in frames[1:]:
        (estimate,), (wanted,) = both.step(frame, [mine]), siamfc.step(frame, [other])
        assert place_of(estimate.box) == pytest.approx(place_of(wanted.box), abs=1e-3)
        torch.testing.assert_close(
            estimate.response.logits, wanted.response.logits, rtol=1e-3, atol=1e-4
        )


@pytest.mark.parametrize('share', [0.0, 0.3, 0.8])
def test_the_response_is_that_of_both_branches_weighted(make, texture, share):
    tracker, frames = make(appearance_share=share), film(texture, 2)
    target = tracker.start(frames[0], BOX)
    (estimate,) = tracker.step(frames[1], [target])
    parts = {name: part.logits for name, part in estimate.parts.items()}
    # Eq. 5; at the scale that was chosen, for all of them.
    wanted = (1.0 - share) * parts['semantic']
    if share > 0.0:
        wanted = wanted + share * parts['appearance']
    torch.testing.assert_close(estimate.response.logits, wanted, rtol=1e-4, atol=1e-5)
    layers = parts['semantic_conv4'] + parts['semantic_conv5']
    bias = tracker.network.semantic.bias.detach()
    torch.testing.assert_close(layers + bias, parts['semantic'], rtol=1e-4, atol=1e-5)
    assert all(part.window == estimate.response.window for part in estimate.parts.values())


def test_parts_are_of_the_scale_that_fits_best(make, texture):
    tracker, frames = make(scale_penalty=1.0, scale_step=1.3), film(texture, 6)
    target, scales = tracker.start(frames[0], BOX), set()
    for frame in frames[1:]:
        (estimate,) = tracker.step(frame, [target])
        maps = target.parts['semantic']
        shown = estimate.parts['semantic'].logits
        scales.update(k for k in range(3) if torch.equal(maps[k], shown))
        weighted = 0.3 * target.parts['appearance'] + 0.7 * maps
        fits = [torch.allclose(m, estimate.response.logits, atol=1e-5) for m in weighted]
        assert fits.index(True) in scales
    assert scales - {1}


@pytest.mark.parametrize(
    ('share', 'idle', 'names'),
    [
        (1.0, 'semantic', {'appearance'}),
        (0.0, 'template', {'semantic', 'semantic_conv4', 'semantic_conv5'}),
    ],
)
def test_a_branch_that_does_not_count_does_not_run(make, texture, share, idle, names):
    tracker, frames = make(appearance_share=share), film(texture, 2)
    target = tracker.start(frames[0], BOX)
    setattr(target, idle, torch.full_like(getattr(target, idle), torch.nan))
    (estimate,) = tracker.step(frames[1], [target])
    assert estimate.state is State.TRACKING
    assert set(estimate.parts) == names


def test_attention_is_computed_once_for_each_target(make, twofold, texture):
    # "This module is passed only once for the first frame" (section 3.2).
    calls = []
    for attend in twofold.semantic.attentions:
        attend.register_forward_hook(lambda *_: calls.append(1))
    tracker, frames = make(), film(texture, 4)
    target = tracker.start(frames[0], BOX)
    assert len(calls) == 2
    for frame in frames[1:]:
        tracker.step(frame, [target])
    assert len(calls) == 2


def test_the_channels_are_weighed_by_what_surrounds_the_target(make, texture):
    # The same target beside something else has another semantic template, and the same appearance.
    tracker, image = make(), texture()
    one = tracker.start(Frame.from_numpy(image), BOX)
    changed = image.copy()
    # Outside of the exemplar with its context, inside of z^s.
    changed[:30] = 255 - changed[:30]
    other = tracker.start(Frame.from_numpy(changed), BOX)
    assert not torch.allclose(one.semantic, other.semantic, rtol=1e-3)
    torch.testing.assert_close(one.template, other.template, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('share', [0.0, 0.3])
@pytest.mark.parametrize('box', [BOX, Box.from_ltwh(0, 0, 50, 40), Box.from_ltwh(130, 82, 70, 35)])
def test_a_still_scene_gives_exactly_zero_displacement(make, texture, share, box):
    # One scale: which scale a random network prefers is as random.
    tracker, frame = make(scales=1, appearance_share=share), Frame.from_numpy(texture())
    target = tracker.start(frame, box)
    start = target.box
    for _ in range(4):
        tracker.step(frame, [target])
        assert target.box == start


@pytest.mark.parametrize('values', [{'exemplar_size': 95, 'search_size': 191}], ids=str)
def test_other_sizes_of_the_crops(make, texture, values):
    tracker, frames = make(**values), film(texture, 2)
    target = tracker.start(frames[0], BOX)
    assert target.semantic.shape[-1] == target.template.shape[-1] + 2
    (estimate,) = tracker.step(frames[1], [target])
    assert estimate.response.logits.shape == (13, 13)


def test_targets_in_one_step_are_followed_as_alone(make, texture):
    tracker, frames = make(), film(texture, 4)
    boxes = [BOX, Box.from_ltwh(180, 100, 36, 60), Box.from_ltwh(40, 70, 40, 40)]
    together, alone = ([tracker.start(frames[0], box) for box in boxes] for _ in range(2))
    for targets in (together, alone):
        targets[1].lose()
    for frame in frames[1:]:
        for target, estimate in zip(alone, tracker.step(frame, together)):
            (wanted,) = tracker.step(frame, [target])
            assert place_of(estimate.box) == pytest.approx(place_of(wanted.box), abs=1e-3)
            assert estimate.state is wanted.state
            assert set(estimate.parts) == set(wanted.parts)
            for name, part in estimate.parts.items():
                torch.testing.assert_close(
                    part.logits, wanted.parts[name].logits, rtol=1e-3, atol=1e-4
                )


def test_a_lost_target_is_searched_in_a_larger_crop_by_both_branches(make, texture):
    tracker, frames = make(lost_search_size=383), film(texture, 2)
    target = tracker.start(frames[0], BOX)
    target.lose()
    (estimate,) = tracker.step(frames[1], [target])
    shapes = {part.logits.shape for part in [estimate.response, *estimate.parts.values()]}
    assert shapes == {(33, 33)}


def test_g4_a_nan_in_either_template_loses_its_target_and_no_other(make, texture):
    tracker, frame = make(), Frame.from_numpy(texture())
    for where in ('template', 'semantic'):
        healthy, spoilt = (tracker.start(frame, box) for box in (BOX, BOX))
        setattr(spoilt, where, torch.full_like(getattr(spoilt, where), torch.nan))
        good, bad = tracker.step(frame, [healthy, spoilt])
        assert good.state is State.TRACKING
        assert (bad.state, bad.score, spoilt.box) == (State.LOST, 0.0, BOX)


def test_the_share_can_change_while_a_target_is_tracked(make, texture):
    tracker, frames = make(), film(texture, 2)
    target = tracker.start(frames[0], BOX)
    other = tracker.with_settings(tracker.settings.replaced(appearance_share=1.0))
    assert other.network is tracker.network
    assert set(other.step(frames[1], [target])[0].parts) == {'appearance'}
    assert 'semantic' in tracker.step(frames[1], [target])[0].parts


def test_targets_of_another_tracker_are_refused(make, small_network, texture):
    siamfc = SiamFCTracker(small_network, SiamFCSettings.from_dict(SURE), CPU)
    frame = Frame.from_numpy(texture())
    with pytest.raises(AssertionError, match='another tracker'):
        make().step(frame, [siamfc.start(frame, BOX)])


def test_the_semantic_network_alone_has_the_papers_layers():
    assert Semantic().layer_names == ('conv4', 'conv5')
