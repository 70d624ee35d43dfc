# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A still object keeps its box; one that moves, grows or comes back is followed."""

from csn_bench import HERE, equal, follow
import numpy as np
from places import place_of
import pytest

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import State

# A still scene


@pytest.mark.parametrize(
    ('values', 'seed', 'ltwh'),
    [
        ({'size_from': 'matching'}, 1, (130.3, 81.7, 70, 35.5)),
        ({'size_from': 'classification', 'candidate_scales': 1}, 0, (60, 50, 44, 44)),
    ],
    ids=['size from matching', 'size from classification'],
)
def test_a_still_scene_keeps_its_box_while_learning(shipped_csn, texture, values, seed, ltwh):
    settings = {'peak_upsampling': 4, 'upsampling': 16, 'window_influence': 0.3, 'update_every': 4}
    tracker = shipped_csn.with_settings(
        shipped_csn.settings.replaced(box_regression=True, **settings, **values)
    )
    still, box = Frame.from_numpy(texture(240, 320, seed)), Box.from_ltwh(*ltwh)
    target = tracker.start(still, box)
    before = target.classifier.head
    for _ in range(15):
        (estimate,) = tracker.step(still, [target])
        assert place_of(estimate.box) == pytest.approx(place_of(box), abs=1e-3)
        assert estimate.state is State.TRACKING
        # So the box was regressed.
        assert target.regression is not None
        assert estimate.classification > 0.5
    assert not equal(target.classifier.head, before)


@pytest.mark.parametrize(
    'values',
    [
        {},
        {'upsampling': 1, 'peak_upsampling': 1},
        {'upsampling': 16, 'peak_upsampling': 3},
        {'search_size': 143, 'peak_upsampling': 8},
        {'window_influence': 0.9},
        {'exemplar_size': 95, 'search_size': 159},
        {'size_from': 'classification', 'candidate_scales': 1},
        {'decide_by': 'matching', 'upsampling': 5},
    ],
    ids=str,
)
def test_zero_displacement_at_any_map_size_and_up_sampling(make, frame, prefer, values):
    # All peaks, so that the one which a random network has at the target is among them.
    tracker = make(rival_candidate=0.0, peak_count=64, **values)
    prefer(tracker, (HERE.cx, HERE.cy))
    target = tracker.start(frame, HERE)
    for _ in range(3):
        tracker.step(frame, [target])
        assert place_of(target.box) == pytest.approx(place_of(HERE), abs=1e-3)


def test_lessons_at_once_and_in_slices_agree_on_a_still_scene(make, frame):
    boxes = []
    for iterations in (0, 1):
        tracker = make(iterations_per_frame=iterations)
        _, estimates = follow(tracker, [frame] * 9, HERE)
        assert any(estimate.updated for estimate in estimates)
        boxes.append([place_of(estimate.box) for estimate in estimates])
    assert np.array(boxes[0]) == pytest.approx(np.array(boxes[1]), abs=1e-3)


# A moving, growing, vanishing, returning object


def test_a_moving_object_is_followed(shipped_csn, square):
    places = [(50 + 6 * k, 60 + 4 * k) for k in range(16)]
    _, estimates = follow(shipped_csn, [square.frame(p) for p in places], square.box(*places[0]))
    for place, estimate in zip(places[1:], estimates):
        assert estimate.state is State.TRACKING
        assert estimate.classification > 0.5
        assert estimate.box.iou(square.box(*place)) > 0.7


@pytest.mark.parametrize('size_from', ['matching', 'classification'])
def test_the_size_follows_a_zoom(shipped_csn, square, size_from):
    tracker = shipped_csn.with_settings(
        shipped_csn.settings.replaced(
            size_from=size_from, scales=3, candidate_scales=3, candidate_step=1.04, scale_rate=0.59
        )
    )
    shown = [square.zoomed(160, 120, 1.02**k) for k in range(24)]
    target, estimates = follow(tracker, [f for f, _ in shown], shown[0][1])
    true = shown[-1][1]
    assert true.w > 1.5 * target.first.w
    assert target.box.w == pytest.approx(true.w, rel=0.2)
    assert estimates[-1].box.iou(true) > 0.6


def test_an_object_that_comes_back_elsewhere_is_found_there(shipped_csn, square):
    tracker = shipped_csn.with_settings(
        shipped_csn.settings.replaced(redetect_tiles=4, redetect_cells=5)
    )
    target = tracker.start(square.frame((30, 30)), square.box(30, 30))
    for _ in range(2):
        tracker.step(square.frame((30, 30)), [target])
    states = [tracker.step(square.frame(), [target])[0].state for _ in range(8)]
    assert states[-1] is State.LOST
    # Beyond what is searched around the last place: 255 / 127 of its window is 177 pixels.
    estimates = [tracker.step(square.frame((240, 170)), [target])[0] for _ in range(8)]
    assert estimates[-1].state is State.TRACKING
    assert estimates[-1].box.iou(square.box(240, 170)) > 0.5


def test_the_rendered_clip_is_followed():
    rendering = pytest.importorskip('siam_tracker_ros.rendering')
    pytest.importorskip('skimage')
    if not any(entry.tracker == 'csn' for entry in weights.entries()):
        pytest.skip('no csn weights ship with this checkout')
    clip, tracker = rendering.Clip(), trackers.create('csn', device='cpu')
    target = tracker.start(Frame.from_numpy(clip.draw(0)), clip.truth(0)[0])
    overlaps = []
    for index in range(1, 61):
        (estimate,) = tracker.step(Frame.from_numpy(clip.draw(index)), [target])
        overlaps.append(estimate.box.iou(clip.truth(index)[0]))
    assert np.mean(overlaps) >= 0.6
