# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import HealthCheck, given
from hypothesis import settings as example_count
from hypothesis import strategies as st
import numpy as np
from places import place_of
import pytest
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, check_initial_box
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker

CPU = torch.device('cpu')
# A random network's logits mean nothing, so its score is fixed where the state shall not matter.
SURE = {'confidence_bias': 9.0, 'confidence_peak': 0.0}
LOST = {'confidence_bias': -9.0, 'confidence_peak': 0.0}


@pytest.fixture
def make(small_network):
    """Makes a tracker around the small random network."""
    return lambda **values: SiamFCTracker(
        small_network, SiamFCSettings.from_dict({**SURE, 'lost_search_size': 255, **values}), CPU
    )


@pytest.fixture(scope='module')
def shipped(shipped_weights):
    return trackers.create('siamfc', str(shipped_weights), 'cpu')


# A still scene


def still(tracker, frame, box, steps=10):
    target = tracker.start(frame, box)
    start = target.box
    for _ in range(steps):
        (estimate,) = tracker.step(frame, [target])
        assert target.box == start
        assert estimate.box == start


@pytest.mark.parametrize(
    ('seed', 'ltwh'),
    [(0, (60, 50, 44, 44)), (1, (130.3, 81.7, 70, 35.5)), (2, (200, 120, 31, 80))],
)
def test_a_still_scene_gives_exactly_zero_displacement(shipped, texture, seed, ltwh):
    still(shipped, Frame.from_numpy(texture(240, 320, seed)), Box.from_ltwh(*ltwh))


@pytest.mark.parametrize('ltwh', [(0, 0, 50, 40), (270, 190, 60, 60)])
def test_a_still_target_at_the_border_stays(shipped, texture, ltwh):
    still(shipped, Frame.from_numpy(texture(240, 320, 1)), Box.from_ltwh(*ltwh), steps=5)


@pytest.mark.parametrize(
    'values',
    [
        {'upsampling': 1},
        {'upsampling': 3},
        {'upsampling': 10},
        {'search_size': 143},
        {'search_size': 287, 'upsampling': 7},
        {'exemplar_size': 95, 'search_size': 191},
        {'window_influence': 0.4},
    ],
    ids=str,
)
def test_zero_displacement_at_any_map_size_and_up_sampling(make, texture, values):
    # One scale: which scale a random network prefers is as random.
    still(
        make(scales=1, **values),
        Frame.from_numpy(texture(240, 320, 2)),
        Box.from_ltwh(120, 80, 60, 50),
        steps=3,
    )


@pytest.mark.parametrize('values', [{}, {'search_size': 143}, {'upsampling': 3}], ids=str)
def test_zero_displacement_with_the_features_of_a_resnet(texture, values):
    settings = SiamFCSettings.from_dict({**SURE, 'scales': 1, **values})
    still(
        SiamFCTracker(Matching(widths=(8, 8, 16), depths=(2, 2)), settings, CPU),
        Frame.from_numpy(texture(240, 320, 2)),
        Box.from_ltwh(120, 80, 60, 50),
        steps=3,
    )


def test_the_offset_of_the_exemplar_is_of_less_than_a_cell(make, texture):
    frame = Frame.from_numpy(texture())
    for x in range(40, 240, 40):
        dx, dy = make().start(frame, Box.from_ltwh(x, 90, 40, 50)).origin
        assert abs(dx) <= 1
        assert abs(dy) <= 1


# Several targets


def test_two_targets_in_one_step_equal_two_steps(make, texture):
    tracker = make()
    frames = [Frame.from_numpy(np.roll(texture(), (3 * k, 5 * k), (0, 1))) for k in range(6)]
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(180, 100, 36, 60)]
    together = [tracker.start(frames[0], box) for box in boxes]
    alone = [tracker.start(frames[0], box) for box in boxes]
    for frame in frames[1:]:
        pair = tracker.step(frame, together)
        singles = [tracker.step(frame, [target])[0] for target in alone]
        for one, other in zip(pair, singles):
            assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-4)
            assert one.score == pytest.approx(other.score, abs=1e-5)
            assert one.similarity == pytest.approx(other.similarity, rel=1e-3, abs=1e-4)
            assert one.state is other.state


def test_a_lost_and_a_tracked_target_in_one_step(make, texture):
    tracker = make()
    frame = Frame.from_numpy(texture())
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(180, 100, 36, 60)]
    lost, tracked = (tracker.start(frame, box) for box in boxes)
    alone_lost, alone_tracked = (tracker.start(frame, box) for box in boxes)
    lost.lose()
    alone_lost.lose()
    first, second = tracker.step(frame, [lost, tracked])
    (alone_first,) = tracker.step(frame, [alone_lost])
    (alone_second,) = tracker.step(frame, [alone_tracked])
    assert place_of(first.box) == pytest.approx(place_of(alone_first.box), abs=1e-4)
    assert place_of(second.box) == pytest.approx(place_of(alone_second.box), abs=1e-4)
    # In the order of the targets, whichever is searched first.
    assert second.response.window.side < first.response.window.side * 1.2
    assert lost.box != tracked.box


def test_a_lost_target_between_tracked_ones_keeps_its_place_and_its_map(make, texture):
    tracker = make(lost_search_size=383)
    frame = Frame.from_numpy(texture())
    boxes = [Box.from_ltwh(40 + 90 * k, 70, 40, 40) for k in range(3)]
    together, alone = ([tracker.start(frame, box) for box in boxes] for _ in range(2))
    # The one in the middle is of another group, so the groups' order is not the targets'.
    together[1].lose()
    alone[1].lose()
    for target, estimate in zip(alone, tracker.step(frame, together)):
        (wanted,) = tracker.step(frame, [target])
        assert place_of(estimate.box) == pytest.approx(place_of(wanted.box), abs=1e-4)
        torch.testing.assert_close(
            estimate.response.logits, wanted.response.logits, rtol=1e-3, atol=1e-4
        )
        assert estimate.response.window.side == pytest.approx(wanted.response.window.side)


def test_the_window_and_the_scales_are_for_tracked_targets_only(make, texture, monkeypatch):
    tracker, frame = make(window_influence=0.3), Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 40, 40))
    true, seen = tracker.matcher.match, []

    def match(frame, targets, boxes, size, factors, influence):
        seen.append((len(factors), influence))
        return true(frame, targets, boxes, size, factors, influence)

    monkeypatch.setattr(tracker.matcher, 'match', match)
    tracker.step(frame, [target])
    target.lose()
    tracker.step(frame, [target])
    assert seen == [(3, 0.3), (1, 0.0)]


def test_the_same_frame_serves_targets_in_any_order(make, texture):
    tracker, frame = make(), Frame.from_numpy(texture())
    boxes = [Box.from_ltwh(40 + 60 * k, 70, 40, 40) for k in range(3)]
    a = [tracker.start(frame, box) for box in boxes]
    b = [tracker.start(frame, box) for box in boxes]
    forwards = tracker.step(frame, a)
    backwards = tracker.step(frame, b[::-1])[::-1]
    for one, other in zip(forwards, backwards):
        assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-4)


def test_no_targets_give_no_estimates(make, texture):
    assert make().step(Frame.from_numpy(texture()), []) == []


# A moving, vanishing, returning object


def test_a_moving_object_is_followed(shipped, square):
    x, y = 50, 60
    target = shipped.start(square.frame((x, y)), square.box(x, y))
    for _ in range(20):
        x, y = x + 6, y + 4
        (estimate,) = shipped.step(square.frame((x, y)), [target])
        assert estimate.state is State.TRACKING
        assert estimate.score > 0.5
        assert estimate.box.iou(square.box(x, y)) > 0.7


def test_an_object_that_leaves_is_lost_and_found_when_it_returns(shipped, square):
    target = shipped.start(square.frame((100, 90)), square.box(100, 90))
    for _ in range(3):
        shipped.step(square.frame((100, 90)), [target])
    states = [shipped.step(square.frame(), [target])[0].state for _ in range(12)]
    patience = shipped.settings.lost_patience
    assert State.LOST in states[: patience + 3]
    assert states[-1] is State.LOST
    estimates = [shipped.step(square.frame((130, 100)), [target])[0] for _ in range(5)]
    assert estimates[-1].state is State.TRACKING
    assert estimates[-1].box.iou(square.box(130, 100)) > 0.5


def test_each_of_two_equal_objects_keeps_its_target(shipped, square):
    places = [(40, 60), (220, 120)]
    targets = [shipped.start(square.frame(*places), square.box(*place)) for place in places]
    for _ in range(8):
        places = [(x + 4 * (1 if x < 150 else -1), y) for x, y in places]
        shipped.step(square.frame(*places), targets)
    for target, place in zip(targets, places):
        assert target.box.iou(square.box(*place)) > 0.6


# Bounds and broken numbers


@pytest.mark.parametrize('where', ['template', 'fill'])
def test_g4_a_nan_loses_its_target_and_no_other(make, texture, where):
    tracker, frame = make(), Frame.from_numpy(texture())
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(0, 100, 36, 60)]
    healthy, spoilt = (tracker.start(frame, box) for box in boxes)
    (expected,) = tracker.step(frame, [tracker.start(frame, boxes[0])])
    setattr(spoilt, where, torch.full_like(getattr(spoilt, where), torch.nan))
    before = spoilt.box
    good, bad = tracker.step(frame, [healthy, spoilt])
    assert place_of(good.box) == pytest.approx(place_of(expected.box), abs=1e-4)
    assert good.state is State.TRACKING
    assert (bad.state, bad.score) == (State.LOST, 0.0)
    assert math.isfinite(bad.similarity)
    assert spoilt.box == before
    assert bad.box.is_valid


@example_count(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_boxes_stay_inside_the_image_and_their_size_bounded(small_network, data):
    number = st.integers(0, 2**31)
    rng = np.random.default_rng(data.draw(number))
    tracker = SiamFCTracker(
        small_network,
        SiamFCSettings.from_dict(
            {**SURE, 'search_size': 143, 'upsampling': 4, 'scale_step': 1.5, 'scale_rate': 1.0}
        ),
        CPU,
    )
    height, width = (int(v) for v in rng.integers(40, 200, 2))
    frame = Frame.from_numpy(rng.integers(0, 256, (height, width, 3), np.uint8))
    w, h = rng.uniform(8, width), rng.uniform(8, height)
    box = Box(float(rng.uniform(0, width)), float(rng.uniform(0, height)), float(w), float(h))
    try:
        box = check_initial_box(box, width, height)
    except UserError:
        return
    target = tracker.start(frame, box)
    for _ in range(6):
        frame = Frame.from_numpy(rng.integers(0, 256, (height, width, 3), np.uint8))
        (estimate,) = tracker.step(frame, [target])
        left, top, right, bottom = estimate.box.ltrb
        assert estimate.box.is_valid
        assert -1e-6 <= left < right <= width + 1e-6
        assert -1e-6 <= top < bottom <= height + 1e-6
        assert 0.2 - 1e-9 <= target.box.w / target.first.w <= 5.0 + 1e-9
        assert target.box.w / target.box.h == pytest.approx(box.w / box.h)


def test_the_size_follows_the_best_scale_damped(make, texture, monkeypatch):
    tracker = make(scale_rate=0.5, scale_step=1.1)
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 60, 40))
    larger = torch.tensor([[2.0, 8.0, 8.0, 5.0, 9.0]])
    found = (larger, torch.zeros(1))
    monkeypatch.setattr('siam_tracker_ros.trackers.matcher.located', lambda *_: found)
    tracker.step(frame, [target])
    assert target.box.w == pytest.approx(60 * 1.05)
    assert target.box.h == pytest.approx(40 * 1.05)
    for _ in range(60):
        tracker.step(frame, [target])
    assert target.box.w == pytest.approx(60 * 5.0)


def test_a_cell_beside_the_middle_is_a_stride_of_the_crop(make, texture, monkeypatch):
    tracker = make()
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 40, 40))
    target.origin = (0.25, -0.5)
    # A square of 40 px is half of the exemplar window: 80 / 127 image pixels per crop pixel.
    beside = torch.tensor([[1.0, 8.0 + 1.25, 8.0 - 2.5, 5.0, 9.0]])
    found = (beside, torch.zeros(1))
    monkeypatch.setattr('siam_tracker_ros.trackers.matcher.located', lambda *_: found)
    tracker.step(frame, [target])
    assert target.box.cx == pytest.approx(120 + 8 * 80 / 127)
    assert target.box.cy == pytest.approx(100 - 16 * 80 / 127)


def test_a_box_of_a_frame_that_shrank_is_still_inside(make, texture):
    tracker = make(**LOST, lost_patience=1)
    target = tracker.start(Frame.from_numpy(texture()), Box.from_ltwh(250, 180, 40, 40))
    (estimate,) = tracker.step(Frame.from_numpy(texture(64, 64)), [target])
    assert estimate.box.clipped(64, 64) == estimate.box


# States, settings, changes of the stream


def test_states_follow_the_patience(make, texture):
    tracker, frame = make(**LOST, lost_patience=3), Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 40, 40))
    states = [tracker.step(frame, [target])[0].state.value for _ in range(4)]
    assert states == ['uncertain', 'uncertain', 'lost', 'lost']


def test_a_lost_target_keeps_its_box_and_searches_more(make, texture):
    tracker = make(**LOST, lost_patience=1, lost_search_size=383)
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 40, 40))
    (first,) = tracker.step(frame, [target])
    (second,) = tracker.step(frame, [target])
    assert first.box == second.box == target.first
    assert first.response.logits.shape == (17, 17)
    assert second.response.logits.shape == (33, 33)
    assert second.response.window.side == pytest.approx(80 / 127 * 8 * 33)


def test_a_target_declared_lost_must_be_found_again(make, texture):
    frame = Frame.from_numpy(texture())
    doubtful = make(confidence_bias=0.2)  # a score of 0.55: certain, but not found
    target = doubtful.start(frame, Box.from_ltwh(100, 80, 40, 40))
    assert doubtful.step(frame, [target])[0].state is State.TRACKING
    target.lose()
    assert target.state is State.LOST
    assert doubtful.step(frame, [target])[0].state is State.LOST
    assert make().step(frame, [target])[0].state is State.TRACKING


def test_new_settings_share_the_network_and_serve_old_targets(make, texture):
    tracker, frame = make(lost_patience=1), Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 40, 40))
    assert tracker.step(frame, [target])[0].state is State.TRACKING
    strict = tracker.with_settings(
        tracker.settings.replaced(certain_score=1.0, lost_score=1.0, found_score=1.0)
    )
    assert strict.network is tracker.network
    assert strict.step(frame, [target])[0].state is State.LOST
    assert tracker.step(frame, [target])[0].state is State.TRACKING


def test_rescale_follows_the_image(make, texture):
    tracker = make()
    target = tracker.start(Frame.from_numpy(texture()), Box.from_ltwh(100, 80, 40, 20))
    target.rescale(0.5, 2.0)
    assert target.box == Box(60, 180, 20, 40)
    assert target.first == target.box


def test_the_response_lies_where_the_search_was(make, texture):
    tracker, frame = make(scales=1), Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 40, 40))
    (estimate,) = tracker.step(frame, [target])
    window, response = estimate.response.window, estimate.response
    assert (window.cx, window.cy) == (120, 100)
    # 17 cells of 8 crop pixels, at 80 / 127 image pixels each.
    assert window.side == pytest.approx(17 * 8 * 80 / 127)
    probabilities = response.probabilities()
    assert probabilities.shape == (17, 17)
    assert probabilities.device == CPU
    assert 0 <= float(probabilities.min()) <= float(probabilities.max()) <= 1
    assert not estimate.updated
    assert estimate.update_reason
    assert estimate.classification is None


def test_bfloat16_tracks_as_float32_does(shipped_weights, shipped, square):
    half = trackers.create('siamfc', str(shipped_weights), 'cpu', 'bfloat16')
    x, y = 60, 60
    target = half.start(square.frame((x, y)), square.box(x, y))
    for _ in range(5):
        x, y = x + 5, y + 3
        (estimate,) = half.step(square.frame((x, y)), [target])
        assert estimate.box.iou(square.box(x, y)) > 0.7
    # The network was put into another format, and not the other tracker's.
    assert {p.dtype for p in half.network.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in shipped.network.parameters()} == {torch.float32}


def test_a_box_that_cannot_be_tracked_is_refused(make, texture):
    with pytest.raises(UserError, match='lies outside the 320x240 image'):
        make().start(Frame.from_numpy(texture()), Box.from_ltwh(400, 10, 40, 40))


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'search_size': 256}, r'search_size is 256: expected exemplar_size \(127\) plus a mult'),
        ({'search_size': 127}, 'search_size is 127: expected exemplar_size'),
        ({'search_size': 247}, 'search_size is 247'),  # a map without a middle cell
        ({'lost_search_size': 500}, 'lost_search_size is 500'),
        ({'scales': 2}, 'scales is 2: expected an odd number'),
        ({'lost_score': 0.6}, r'lost_score is 0.6: expected at most certain_score \(0.5\)'),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        SiamFCSettings.from_dict(values)
