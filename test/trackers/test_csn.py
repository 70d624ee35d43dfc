# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import gc
import math

import numpy as np
import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.cost_process import resident_mib
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.cascaded import CascadedSiamese
from siam_tracker_ros.models.classification import Head
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.csn import CSNSettings, CSNTracker, proposals
from siam_tracker_ros.trackers.locate import peak_to_sidelobe

CPU = torch.device('cpu')
# A random network's numbers mean nothing, so its score is fixed where the state shall not matter.
SURE = {
    'confidence_bias': 9.0,
    'confidence_peak': 0.0,
    'confidence_sharpness': 0.0,
    'confidence_drop': 0.0,
    'confidence_margin': 0.0,
}
GONE = {**SURE, 'confidence_bias': -9.0}
# The score is the classifier's.
MARGIN = {**SURE, 'confidence_bias': 0.0, 'confidence_margin': 1.0}
STATES = {'certain_score': 0.5, 'lost_score': 0.2, 'found_score': 0.6, 'lost_patience': 3}
# What a frame needs at least, and little of it: maps of 9 cells, of 17 while lost.
SMALL = {
    **STATES,
    'exemplar_size': 127,
    'search_size': 191,
    'lost_search_size': 255,
    'upsampling': 8,
    'scales': 1,
    'scale_rate': 0.59,
    'window_influence': 0.176,
    'candidates_from': 'peaks',
    'decide_by': 'classification',
    'size_from': 'matching',
    'peak_count': 3,
    'peak_distance': 2.0,
    'peak_upsampling': 4,
    'candidate_scales': 3,
    'candidate_step': 1.02,
    'drawn_candidates': 16,
    'rival_candidate': 0.75,
    'rival_update': 0.8,
    'classification_share': 0.6,
    'gate_history': 6,
    'between': 'direct',
    'start_positives': 12,
    'start_negatives': 16,
    'start_iterations': 3,
    'start_rate': 0.01,
    'update_positives': 4,
    'update_negatives': 8,
    'update_iterations': 3,
    'update_rate': 0.01,
    'batch_positives': 4,
    'batch_negatives': 8,
    'negative_candidates': 16,
    'long_frames': 5,
    'short_frames': 3,
    'grid': 0,
    'iterations_per_frame': 0,
    'learning': True,
    'remember_every': 1,
    'update_every': 2,
    'redetect_tiles': 1,
    'redetect_cells': 5,
    'seed': 0,
}
# What the shipped network is run with where only its weights are meant.
FITTED = {
    **STATES,
    'lost_search_size': 255,
    'size_from': 'matching',
    'start_positives': 32,
    'start_negatives': 96,
    'remember_every': 2,
}
HERE, THERE, AWAY = Box(120, 100, 60, 50), Box(230, 140, 40, 56), Box(70, 190, 44, 44)


def small_network():
    torch.manual_seed(0)
    matching = {'widths': [8, 8, 16], 'depths': [2, 2]}
    return CascadedSiamese(matching, {'widths': [8, 12, 16], 'hidden': 24}).eval()


@pytest.fixture
def make():
    """Makes a tracker around a small random network."""
    return lambda **values: CSNTracker(
        small_network(), CSNSettings.from_dict({**SMALL, **SURE, **values}), CPU
    )


@pytest.fixture(scope='module')
def shipped_csn():
    if not any(entry.tracker == 'csn' for entry in weights.entries()):
        pytest.skip('no csn weights ship with this checkout')
    return trackers.create('csn', device='cpu', overrides=FITTED)


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture())


def place_of(box):
    return (box.cx, box.cy, box.w, box.h)


def bumps(cells, *peaks, floor=-6.0):
    """A map that is flat but for bumps, each of them (column, line, height) from the middle."""
    index = torch.arange(cells) - (cells - 1) / 2
    out = torch.full((cells, cells), floor)
    for column, line, height in peaks:
        squares = (index.view(1, -1) - column) ** 2 + (index.view(-1, 1) - line) ** 2
        out = torch.maximum(out, floor + (height - floor) * (-squares / 2).exp())
    return out


@pytest.fixture
def show(monkeypatch):
    """Makes a tracker's matching subnetwork see these bumps; the fine map has one in its middle.

    Heights may be lists, one of each target.
    """

    def show(tracker, *peaks, fine=2.0):
        def search(template, x):
            cells = (x.shape[-1] - 127) // 8 + 1
            shown = [(0, 0, fine)] if cells == 5 else peaks
            maps = [
                bumps(cells, *((c, r, h[n] if isinstance(h, list) else h) for c, r, h in shown))
                for n in range(len(x))
            ]
            return torch.stack(maps).unsqueeze(1).repeat(1, x.shape[1], 1, 1)

        monkeypatch.setattr(tracker.network.matching, 'search', search)

    return show


@pytest.fixture
def prefer(monkeypatch):
    """Makes a tracker's classifier see these places, the best one first; returns all calls.

    Of several boxes at one place the largest is the best. Elsewhere the margin is -1.
    """

    def prefer(tracker, *places, margin=3.0):
        calls = []

        def margins(frame, targets, boxes):
            calls.append([b.clone() for b in boxes])
            return [torch.tensor([score(b) for b in some.tolist()]) for some in boxes]

        def score(box):
            for rank, (x, y) in enumerate(places):
                if math.hypot(box[0] - x, box[1] - y) < 4:
                    return margin - rank + box[2] / 1000
            return -1.0

        monkeypatch.setattr(tracker.classifier, 'margins', margins)
        return calls

    return prefer


@pytest.fixture
def watch(monkeypatch):
    """Notes for each call of a method of a tracker's classifier which targets it was about."""

    def watch(tracker, name):
        calls = []
        true = getattr(tracker.classifier, name)

        def spy(*args, **more):
            calls.append(next(a for a in args if isinstance(a, list)))
            return true(*args, **more)

        monkeypatch.setattr(tracker.classifier, name, spy)
        return calls

    return watch


def cell_of(box, column, line):
    """Place in the image of a cell, counted from the middle of a search around a box."""
    side = math.sqrt((box.w + (box.w + box.h) / 2) * (box.h + (box.w + box.h) / 2))
    return box.cx + column * 8 * side / 127, box.cy + line * 8 * side / 127


def spoil(target):
    """Put a NaN into a learned layer."""
    head = target.classifier.head.row(0)
    with torch.inference_mode():
        head.weights[1][0, 3, 5] = torch.nan
    target.classifier.head = head


def follow(tracker, frames, box):
    target = tracker.start(frames[0], box)
    return target, [tracker.step(frame, [target])[0] for frame in frames[1:]]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.tensors, other.tensors))


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
    tracker = shipped_csn.with_settings(
        shipped_csn.settings.replaced(
            peak_upsampling=4, upsampling=16, window_influence=0.3, update_every=4, **values
        )
    )
    still, box = Frame.from_numpy(texture(240, 320, seed)), Box.from_ltwh(*ltwh)
    target = tracker.start(still, box)
    before = target.classifier.head
    for _ in range(15):
        (estimate,) = tracker.step(still, [target])
        assert place_of(estimate.box) == pytest.approx(place_of(box), abs=1e-3)
        assert estimate.state is State.TRACKING
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


# Proposing and deciding


def test_the_classifier_decides_between_equal_peaks(make, frame, show, prefer):
    tracker = make()
    # At the lower one, two cells to the right.
    lower = cell_of(HERE, 2.0, -1.0)
    show(tracker, (-2.0, 1.0, 2.0), (2.0, -1.0, 1.9))
    target = tracker.start(frame, HERE)
    prefer(tracker, lower)
    (estimate,) = tracker.step(frame, [target])
    assert (estimate.box.cx, estimate.box.cy) == pytest.approx(lower, abs=1e-3)
    assert estimate.classification == pytest.approx(1 / (1 + math.exp(-3.0)), abs=0.01)


@pytest.mark.parametrize(('size_from', 'height'), [('classification', 1.9), ('matching', 1.5)])
def test_the_evidence_is_of_the_peak_that_was_chosen(
    make, frame, show, prefer, size_from, height
):
    tracker = make(size_from=size_from)
    peaks = [(-2.0, 1.0, 2.0), (2.0, -1.0, 1.9)]
    show(tracker, *peaks, fine=1.5)
    target = tracker.start(frame, HERE)
    prefer(tracker, cell_of(HERE, 2.0, -1.0))
    (estimate,) = tracker.step(frame, [target])
    where = (torch.tensor([3.0]), torch.tensor([6.0]), torch.tensor([1.9]))
    sharpness = float(peak_to_sidelobe(bumps(9, *peaks).unsqueeze(0), *where))
    expected = (height, math.log(sharpness))
    assert target.monitor.features[:2] == pytest.approx(expected, abs=1e-3)
    assert estimate.similarity == pytest.approx(1 / (1 + math.exp(-height)), abs=1e-4)


def test_matching_alone_takes_the_higher_peak(make, frame, show, prefer):
    tracker = make(decide_by='matching', window_influence=0.0)
    show(tracker, (-2.0, 1.0, 2.0), (2.0, -1.0, 1.9))
    target = tracker.start(frame, HERE)
    asked = prefer(tracker, cell_of(HERE, 2.0, -1.0))
    (estimate,) = tracker.step(frame, [target])
    higher = cell_of(HERE, -2.0, 1.0)
    assert (estimate.box.cx, estimate.box.cy) == pytest.approx(higher, abs=1e-3)
    assert estimate.classification is None
    assert asked == []


def test_a_learned_head_tells_the_target_from_its_twin_of_another_colour(shipped_csn, square):
    """Matching may like the twin as well; the classifier has learned that it is background."""
    places = ((60, 90), (150, 90))
    target = shipped_csn.start(square.frame(*places), square.box(*places[0]))
    for k in range(1, 9):
        (estimate,) = shipped_csn.step(
            square.frame((60 + 4 * k, 90), (150 + 4 * k, 90)), [target]
        )
    assert estimate.box.iou(square.box(92, 90)) > 0.6


def test_three_scales_at_each_peak_and_all_targets_in_one_run(make, frame, show, prefer):
    tracker = make(candidate_scales=3, candidate_step=1.02)
    boxes = (HERE, THERE)
    show(tracker, (0.0, 0.0, 2.0))
    targets = [tracker.start(frame, box) for box in boxes]
    # The second target sees the first peak only.
    show(tracker, (-2.0, 0.0, 2.0), (2.0, 1.0, [1.9, -3.0]))
    asked = prefer(tracker)
    tracker.step(frame, targets)
    [calls] = asked
    for box, rows, peaks in zip(boxes, calls, ([(-2, 0), (2, 1)], [(-2, 0)])):
        expected = [
            [*cell_of(box, *peak), box.w * factor, box.h * factor]
            for peak in peaks
            for factor in (1 / 1.02, 1.0, 1.02)
        ]
        torch.testing.assert_close(rows, torch.tensor(expected), atol=1e-3, rtol=0)


def test_one_run_of_each_subnetwork_serves_all_targets(make, frame, monkeypatch):
    tracker = make(learning=False)
    targets = [tracker.start(frame, box) for box in (HERE, THERE, AWAY)]
    counts = []
    for part, name in (('matching', 'search'), ('classification', 'features')):
        network = getattr(tracker.network, part)
        true = getattr(network, name)
        monkeypatch.setattr(
            network, name, lambda *args, true=true, name=name: counts.append(name) or true(*args)
        )
    tracker.step(frame, targets)
    # Matching has its second run for the sizes.
    assert sorted(counts) == ['features', 'search', 'search']


def test_peaks_below_gamma_p_are_no_candidates(make, frame, show, prefer):
    # Heights of 0.9 and 0.75 are a ratio of 0.83.
    peaks = [(-2.0, 0.0, math.log(9)), (2.0, 0.0, math.log(3))]
    for share, count in ((0.80, 2), (0.86, 1)):
        tracker = make(rival_candidate=share, rival_update=0.9, candidate_scales=1)
        show(tracker, *peaks)
        target = tracker.start(frame, HERE)
        asked = prefer(tracker)
        tracker.step(frame, [target])
        assert len(asked[0][0]) == count


def test_the_classifiers_scale_sets_the_size(make, frame, show, prefer):
    tracker = make(size_from='classification', candidate_step=1.1, scale_rate=0.5)
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    prefer(tracker, (HERE.cx, HERE.cy))  # the largest
    tracker.step(frame, [target])
    assert place_of(target.box) == pytest.approx((120, 100, 60 * 1.05, 50 * 1.05), abs=1e-3)


def test_candidates_stay_in_the_frame(make, frame, show, prefer):
    tracker = make()
    show(tracker, (-4.0, -4.0, 2.0))
    target = tracker.start(frame, Box(20, 20, 40, 40))
    asked = prefer(tracker)
    tracker.step(frame, [target])
    assert asked[0][0][:, :2].tolist() == [[0.0, 0.0]] * 3
    assert (target.box.cx, target.box.cy) == (0.0, 0.0)


def test_drawn_candidates_leave_matching_out(make, frame, prefer, monkeypatch):
    tracker = make(candidates_from='draws', drawn_candidates=64)
    target = tracker.start(frame, HERE)
    monkeypatch.setattr(tracker.network.matching, 'search', None)
    asked = prefer(tracker, (HERE.cx, HERE.cy))
    (estimate,) = tracker.step(frame, [target])
    assert len(asked[0][0]) == 64
    assert math.hypot(estimate.box.cx - HERE.cx, estimate.box.cy - HERE.cy) < 4
    assert estimate.updated


def test_drawn_candidates_that_are_all_background_move_nothing(make, frame, prefer):
    tracker = make(candidates_from='draws')
    target = tracker.start(frame, HERE)
    prefer(tracker)
    tracker.step(frame, [target])
    assert target.box == HERE


def test_the_size_of_drawn_candidates_is_bounded(make, frame, monkeypatch):
    tracker = make(candidates_from='draws', size_low=0.9, size_high=1.1)
    for sign, bound in ((1.0, 1.1), (-1.0, 0.9)):
        target = tracker.start(frame, HERE)
        # The largest or the smallest is the best.
        monkeypatch.setattr(
            tracker.classifier,
            'margins',
            lambda f, t, boxes, sign=sign: [100 + sign * b[:, 2] for b in boxes],
        )
        for _ in range(6):
            tracker.step(frame, [target])
        assert target.box.w / HERE.w == pytest.approx(bound, rel=1e-3)


# Evidence and states


def test_scores_are_probabilities(make, texture):
    tracker = make(
        confidence_bias=0.0, confidence_peak=3.0, confidence_sharpness=1.0, confidence_drop=-2.0,
        confidence_margin=5.0,
    )  # fmt: skip
    frames = [Frame.from_numpy(texture(seed=k)) for k in range(6)]
    _, estimates = follow(tracker, frames, HERE)
    for estimate in estimates:
        for score in (estimate.score, estimate.similarity, estimate.classification):
            assert 0.0 <= score <= 1.0
    # They are not all the same.
    assert len({estimate.score for estimate in estimates}) > 1


@pytest.mark.parametrize(('margin', 'bounded'), [(3.0, 3.0), (500.0, 8.0), (-500.0, -8.0)])
def test_the_margin_is_evidence_but_never_more_than_certain(
    make, frame, show, monkeypatch, margin, bounded
):
    tracker = make(**MARGIN)
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    monkeypatch.setattr(
        tracker.classifier, 'margins', lambda f, t, boxes: [torch.full((len(boxes[0]),), margin)]
    )
    (estimate,) = tracker.step(frame, [target])
    assert estimate.score == pytest.approx(1 / (1 + math.exp(-bounded)))
    assert estimate.similarity == pytest.approx(1 / (1 + math.exp(-2.0)), abs=1e-6)
    assert target.monitor.features[3] == bounded


@pytest.mark.parametrize('candidates_from', ['peaks', 'draws'])
def test_a_nan_in_a_learned_layer_loses_the_target_until_it_is_rebuilt(
    make, frame, candidates_from
):
    tracker = make(candidates_from=candidates_from)
    target = tracker.start(frame, HERE)
    tracker.step(frame, [target])
    before = target.box
    spoil(target)
    (first,) = tracker.step(frame, [target])
    assert (first.state, first.score, first.updated) == (State.LOST, 0.0, False)
    assert math.isfinite(first.similarity)
    assert first.classification == 0.0
    assert target.box == before
    # Its new layers find it from the frame after this one on.
    (second,) = tracker.step(frame, [target])
    assert target.classifier.head.finite().all()
    assert (second.state, second.score) == (State.LOST, 0.0)
    (third,) = tracker.step(frame, [target])
    assert third.state is State.TRACKING
    assert third.score > 0.9


def test_a_lesson_that_ends_ill_loses_the_target_until_it_is_rebuilt(make, frame):
    tracker = make()
    target = tracker.start(frame, HERE)
    before = target.classifier.head
    target.classifier.healthy = False
    (first,) = tracker.step(frame, [target])
    assert (first.state, first.score) == (State.LOST, 0.0)
    assert target.classifier.healthy
    assert not equal(target.classifier.head, before)
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize('values', [{}, {'decide_by': 'matching'}], ids=str)
@pytest.mark.parametrize('where', ['template', 'fill'])
def test_a_nan_in_the_map_loses_the_target_and_keeps_its_box(make, frame, where, values):
    tracker = make(**values)
    target = tracker.start(frame, Box(20, 120, 36, 60))
    true = getattr(target, where)
    setattr(target, where, torch.full_like(true, torch.nan))
    (estimate,) = tracker.step(frame, [target])
    assert (estimate.state, estimate.score, estimate.updated) == (State.LOST, 0.0, False)
    assert estimate.similarity == 0.0
    assert target.box == Box(20, 120, 36, 60)
    assert estimate.box.is_valid
    setattr(target, where, true)
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize('fault', ['layer', 'map', 'lesson'])
def test_an_ill_target_does_not_touch_the_others(make, texture, fault):
    tracker = make()
    frames = [Frame.from_numpy(np.roll(texture(), (k, 2 * k), (0, 1))) for k in range(6)]
    expected = follow(tracker, frames, HERE)[1]
    healthy, ill = tracker.start(frames[0], HERE), tracker.start(frames[0], THERE)
    if fault == 'layer':
        spoil(ill)
    elif fault == 'map':
        ill.template = torch.full_like(ill.template, torch.nan)
    else:
        ill.classifier.healthy = False
    states = []
    for shown, alone in zip(frames[1:], expected):
        good, bad = tracker.step(shown, [healthy, ill])
        states.append(bad.state)
        assert good.state is alone.state is State.TRACKING
        assert place_of(good.box) == pytest.approx(place_of(alone.box), abs=1e-3)
        assert good.score == pytest.approx(alone.score, abs=1e-4)
        assert good.updated is alone.updated
    assert states[0] is State.LOST


def test_a_target_is_lost_after_its_patience_and_then_keeps_its_box(make, frame):
    tracker = make(**GONE, lost_patience=3)
    target = tracker.start(frame, HERE)
    states = []
    for _ in range(2):
        states.append(tracker.step(frame, [target])[0].state)
    box = target.box
    for _ in range(3):
        states.append(tracker.step(frame, [target])[0].state)
    assert states == [State.UNCERTAIN, State.UNCERTAIN, State.LOST, State.LOST, State.LOST]
    assert target.box == box


def test_a_target_declared_lost_must_be_found_again(make, frame):
    doubtful = make(**{**SURE, 'confidence_bias': 0.2})  # a score of 0.55: certain, but not found
    target = doubtful.start(frame, HERE)
    assert doubtful.step(frame, [target])[0].state is State.TRACKING
    target.lose()
    assert doubtful.step(frame, [target])[0].state is State.LOST
    assert make().step(frame, [target])[0].state is State.TRACKING


# Looking for a lost target


@pytest.fixture
def hit(monkeypatch):
    """Makes re-detection find the same in each frame; returns the boxes of all lost targets."""

    def hit(*found):
        asked = []

        def redetect(network, frame, heads, boxes, sweeps, settings):
            asked.append(boxes)
            return list(found)[: len(boxes)]

        monkeypatch.setattr(proposals, 'redetect', redetect)
        return asked

    return hit


def test_a_hit_is_where_the_target_is_searched(make, frame, hit):
    tracker = make(**GONE, lost_patience=1)
    places = [tracker.start(frame, box) for box in (HERE, THERE, AWAY)]
    for target in (places[0], places[2]):
        target.lose()
    asked = hit(Box(200, 60, 60, 50), None)
    found, tracked, nowhere = tracker.step(frame, places)
    assert asked == [[HERE, AWAY]]
    windows = [e.response.window for e in (found, tracked, nowhere)]
    centres = [(w.cx, w.cy) for w in windows]
    assert centres == [(200, 60), (THERE.cx, THERE.cy), (AWAY.cx, AWAY.cy)]
    cells = [e.response.logits.shape[0] for e in (found, tracked, nowhere)]
    assert cells == [9, 9, 17]


def test_a_hit_that_the_score_confirms_is_the_target(make, frame, hit, show):
    tracker = make()
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    target.lose()
    target.sweep.seen = 7
    hit(Box(200, 60, 60, 50))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.TRACKING
    assert place_of(target.box) == pytest.approx((200, 60, 60, 50), abs=1)
    # The next search begins at its place.
    assert target.sweep.seen == 0


def test_a_hit_that_the_score_refuses_changes_nothing(make, frame, hit, show):
    tracker = make(**GONE)
    show(tracker, (0.0, 0.0, 2.0))
    target = tracker.start(frame, HERE)
    target.lose()
    hit(Box(200, 60, 60, 50))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.state is State.LOST
    assert target.box == HERE


def test_each_frame_looks_into_other_tiles(make, frame):
    tracker = make(**GONE, redetect_tiles=2)
    target = tracker.start(frame, HERE)
    target.lose()
    for seen in (2, 4, 6):
        tracker.step(frame, [target])
        assert target.sweep.seen == seen
    none = tracker.with_settings(tracker.settings.replaced(redetect_tiles=0))
    none.step(frame, [target])
    assert target.sweep.seen == 6


# Learning


NO_RIVAL = (0.0, 0.0, 2.0)
RIVAL = ((-2.0, 0.0, 2.0), (2.0, 0.0, 1.9))


@pytest.mark.parametrize(
    ('peaks', 'values', 'past', 'updated', 'reason'),
    [
        ([NO_RIVAL], {}, 3.0, True, 'no rival peak'),
        (RIVAL, {}, 3.0, True, 'a rival peak, but both scores hold'),
        (RIVAL, {'classification_share': 0.999}, 9.0, False, 'and the classification score'),
        (RIVAL, {'rival_update': 0.8}, None, False, 'no history to compare with'),
        ([NO_RIVAL], {**GONE, 'lost_patience': 1}, 3.0, False, 'the target is lost'),
        ([NO_RIVAL], {'learning': False}, 3.0, False, 'learning is off'),
        ([NO_RIVAL], {'remember_every': 5}, 3.0, False, 'one frame in 5 is remembered'),
        ([NO_RIVAL], {'remember_every': 2}, 3.0, True, 'no rival peak'),
        ([NO_RIVAL], {'decide_by': 'matching'}, 3.0, False, 'matching alone does not learn'),
    ],
)
def test_a_frame_is_learned_from_only_where_the_gate_is_open(
    make, frame, show, prefer, watch, peaks, values, past, updated, reason
):
    tracker = make(**values)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    if past is not None:
        # A frame before this one, for the history.
        prefer(tracker, (HERE.cx, HERE.cy), margin=past)
        tracker.step(frame, [target])
    show(tracker, *peaks)
    at = cell_of(target.box, *peaks[0][:2])
    prefer(tracker, at)
    remembered = watch(tracker, 'remember')
    (estimate,) = tracker.step(frame, [target])
    assert estimate.updated is updated
    assert reason in estimate.update_reason
    assert remembered == ([[target.classifier]] if updated else [])


def test_a_low_matching_score_closes_the_gate(make, frame, show, prefer, watch):
    tracker = make()
    show(tracker, *RIVAL, fine=2.0)
    target = tracker.start(frame, HERE)
    prefer(tracker, cell_of(HERE, -2.0, 0.0))
    tracker.step(frame, [target])
    remembered = watch(tracker, 'remember')
    show(tracker, *RIVAL, fine=0.0)
    prefer(tracker, cell_of(target.box, -2.0, 0.0))
    (estimate,) = tracker.step(frame, [target])
    assert not estimate.updated
    assert 'the matching score 0.5 is not above' in estimate.update_reason
    assert remembered == []


def test_only_fit_targets_of_a_frame_are_remembered(make, frame, show, watch):
    tracker = make()
    targets = [tracker.start(frame, box) for box in (HERE, THERE)]
    targets[1].lose()
    show(tracker, NO_RIVAL)
    strict = tracker.with_settings(tracker.settings.replaced(found_score=1.0))
    remembered = watch(strict, 'remember')
    estimates = strict.step(frame, targets)
    assert [e.updated for e in estimates] == [True, False]
    assert remembered == [[targets[0].classifier]]


def test_a_lesson_is_begun_in_its_frames_and_only_with_news(make, frame, show, watch):
    tracker = make(update_every=3)
    target = tracker.start(frame, HERE)
    learned = watch(tracker, 'learn')
    counts = []
    # A rival without a history is no news, and neither is one whose scores fall.
    show(tracker, NO_RIVAL)
    for _ in range(6):
        tracker.step(frame, [target])
        counts.append(len(learned))
    show(tracker, *RIVAL, fine=-5.0)
    for _ in range(3):
        assert not tracker.step(frame, [target])[0].updated
        counts.append(len(learned))
    assert counts == [0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_a_frozen_classifier_learns_nothing(make, frame, show):
    tracker = make(update_every=2)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    assert tracker.step(frame, [target])[0].updated
    frozen = tracker.with_settings(tracker.settings.replaced(learning=False))
    before = target.classifier.head
    for _ in range(3):
        frozen.step(frame, [target])
    assert target.classifier.head is before
    for _ in range(2):
        tracker.step(frame, [target])
    assert target.classifier.head is not before


def test_news_wait_for_a_lesson_in_progress(make, frame, show, watch):
    tracker = make(update_every=2, update_iterations=3, iterations_per_frame=1)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    learned = watch(tracker, 'learn')
    news = []
    for _ in range(6):
        tracker.step(frame, [target])
        news.append(target.news)
    # Begun in frame 2 and done in frame 5: frame 4 begins none, frame 6 does.
    assert news == [1, 0, 1, 2, 3, 0]
    assert len(learned) == 2


def test_a_lost_target_does_not_begin_a_lesson(make, frame, show, watch):
    tracker = make(update_every=2)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    tracker.step(frame, [target])
    target.lose()
    learned = watch(tracker, 'learn')
    gone = tracker.with_settings(tracker.settings.replaced(found_score=1.0))
    gone_learned = watch(gone, 'learn')
    gone.step(frame, [target])
    assert target.news == 1
    assert learned == gone_learned == []


# Several targets, seeds


@pytest.mark.parametrize(
    'values',
    [{}, {'iterations_per_frame': 1, 'grid': 5}, {'candidates_from': 'draws'}],
    ids=str,
)
def test_targets_in_one_step_equal_targets_alone(make, texture, values):
    tracker = make(**values)
    frames = [Frame.from_numpy(np.roll(texture(), (2 * k, 3 * k), (0, 1))) for k in range(7)]
    boxes = (HERE, THERE, AWAY)
    together, alone = ([tracker.start(frames[0], box) for box in boxes] for _ in range(2))
    for number, shown in enumerate(frames[1:]):
        if number == 2:
            together[1].lose()
            alone[1].lose()
        batch = tracker.step(shown, together)
        singles = [tracker.step(shown, [target])[0] for target in alone]
        for one, other in zip(batch, singles):
            assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-3)
            assert one.score == pytest.approx(other.score, abs=1e-4)
            assert one.similarity == pytest.approx(other.similarity, abs=1e-4)
            assert one.classification == pytest.approx(other.classification, abs=1e-3)
            assert (one.state, one.updated) == (other.state, other.updated)
            assert one.update_reason.split('score')[0] == other.update_reason.split('score')[0]


@pytest.mark.parametrize('values', [{}, {'decide_by': 'matching'}], ids=str)
def test_a_lost_and_a_tracked_target_in_one_step(make, frame, values):
    tracker = make(**GONE, redetect_tiles=0, **values)
    boxes = (HERE, THERE)
    lost, tracked = (tracker.start(frame, box) for box in boxes)
    alone = tracker.start(frame, THERE)
    lost.lose()
    first, second = tracker.step(frame, [lost, tracked])
    (expected,) = tracker.step(frame, [alone])
    # In the order of the targets, whichever is searched first.
    assert first.state is State.LOST
    assert second.state is expected.state is State.UNCERTAIN
    assert place_of(second.box) == pytest.approx(place_of(expected.box), abs=1e-3)


def test_no_targets_give_no_estimates(make, frame):
    assert make().step(frame, []) == []


@pytest.mark.parametrize(
    'values', [{}, {'grid': 5, 'iterations_per_frame': 1}, {'candidates_from': 'draws'}], ids=str
)
def test_a_seed_determines_everything(make, texture, values):
    frames = [Frame.from_numpy(np.roll(texture(), 3 * k, 1)) for k in range(6)]
    runs = []
    for seed in (0, 0, 1):
        target, estimates = follow(make(seed=seed, **values), frames, HERE)
        numbers = [(*place_of(e.box), e.score, e.similarity, e.classification) for e in estimates]
        runs.append((numbers, target.classifier.head))
    (first, head), (again, same), (_, other) = runs
    assert first == again
    assert equal(head, same)
    assert not equal(head, other)


# Settings


def test_new_settings_share_the_network_and_serve_old_targets(make, frame):
    tracker = make()
    target = tracker.start(frame, HERE)
    assert tracker.step(frame, [target])[0].state is State.TRACKING
    strict = tracker.with_settings(
        tracker.settings.replaced(
            certain_score=1.0, lost_score=1.0, found_score=1.0, lost_patience=1
        )
    )
    assert strict.network is tracker.network
    assert strict.step(frame, [target])[0].state is State.LOST
    assert tracker.step(frame, [target])[0].state is State.TRACKING


@pytest.mark.parametrize('change', [{'update_rate': 0.02}, {'lost_score': 0.1}], ids=str)
def test_a_lesson_goes_on_under_new_settings(make, frame, show, change):
    tracker = make(update_every=2, update_iterations=3, iterations_per_frame=1)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    for _ in range(2):
        tracker.step(frame, [target])
    lesson, before = target.classifier.lesson, target.classifier.head
    assert lesson is not None
    other = tracker.with_settings(tracker.settings.replaced(**change))
    # On a GPU it alone knows the lesson.
    assert other.classifier.schedule is tracker.classifier.schedule
    for _ in range(3):
        assert target.classifier.head is before
        assert target.classifier.lesson is lesson
        other.step(frame, [target])
    assert target.classifier.head is not before
    assert target.classifier.healthy


def test_a_lesson_in_slices_is_done_where_new_settings_learn_at_once(make, frame, show):
    tracker = make(update_every=2, update_iterations=3, iterations_per_frame=1)
    show(tracker, NO_RIVAL)
    target = tracker.start(frame, HERE)
    for _ in range(2):
        tracker.step(frame, [target])
    assert target.classifier.learning
    quick = tracker.with_settings(
        tracker.settings.replaced(iterations_per_frame=0, update_every=1000)
    )
    quick.step(frame, [target])
    assert not target.classifier.learning


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'exemplar_size': 90}, 'exemplar_size is 90: expected at least 95, and 7 more than'),
        ({'exemplar_size': 87, 'search_size': 151}, 'exemplar_size is 87: expected at least 95'),
        ({'exemplar_size': 97, 'search_size': 161}, 'exemplar_size is 97: .* and 7 more than'),
        ({'candidate_scales': 2}, 'candidate_scales is 2: expected an odd number, so that one'),
        (
            {'candidates_from': 'draws', 'decide_by': 'matching'},
            "candidates_from is 'draws' and decide_by is matching: one of the two subnetworks",
        ),
        ({'candidates_from': 'luck'}, "candidates_from is 'luck': expected one of peaks, draws"),
        ({'redetect_cells': 4}, 'redetect_cells is 4: expected an odd number'),
        ({'search_size': 192}, r'search_size is 192: expected exemplar_size \(127\) plus a mult'),
        ({'scales': 2}, 'scales is 2: expected an odd number'),
        ({'grid': 4}, 'grid is 4: expected 0 or an odd number'),
        ({'rival_candidate': 0.9}, 'rival_candidate is 0.9: expected at most rival_update'),
        ({'lost_score': 0.6}, r'lost_score is 0.6: expected at most certain_score \(0.5\)'),
    ],
    ids=str,
)
def test_settings_that_contradict_each_other_are_refused(values, sentence):
    given = {**SMALL, **values}
    if 'exemplar_size' in values:
        given['lost_search_size'] = given['exemplar_size'] + 64
        given['search_size'] = given['exemplar_size'] + 32
    with pytest.raises(UserError, match=sentence):
        CSNSettings.from_dict(given)


def test_factors_of_candidates_rise_around_one():
    settings = CSNSettings.from_dict({**SMALL, 'candidate_scales': 5, 'candidate_step': 1.1})
    expected = [1.1**-2, 1 / 1.1, 1.0, 1.1, 1.21]
    assert settings.candidate_factors == pytest.approx(expected)


# Images and boxes of any size


def test_rescale_follows_the_image_in_mid_track(make, texture):
    tracker = make(scales=1)
    full, half = texture(240, 320), texture(240, 320)[::2, ::2]
    target = tracker.start(Frame.from_numpy(full), HERE)
    tracker.step(Frame.from_numpy(full), [target])
    before = target.box
    target.rescale(0.5, 0.5)
    assert target.first == Box(60, 50, 30, 25)
    assert place_of(target.box) == pytest.approx([v / 2 for v in place_of(before)])
    for _ in range(3):
        (estimate,) = tracker.step(Frame.from_numpy(half), [target])
        assert inside(estimate.box, 160, 120)


def inside(box, width, height):
    left, top, right, bottom = box.ltrb
    return box.is_valid and -1e-6 <= left < right <= width + 1e-6 and (
        -1e-6 <= top < bottom <= height + 1e-6
    )


@pytest.mark.parametrize('values', [{}, {'candidates_from': 'draws'}], ids=str)
@pytest.mark.parametrize(
    ('height', 'width', 'ltwh'),
    [
        (240, 320, (20, 10, 290, 220)),  # more than half of the frame
        (240, 320, (-10, 200, 50, 60)),  # over the border
        (240, 320, (270, 0, 50, 40)),
        (60, 80, (20, 20, 24, 20)),  # a frame smaller than the crop
        (37, 211, (90, 4, 31, 29)),
        (171, 53, (0, 80, 53, 33)),
        (16, 16, (2, 2, 12, 11)),
        (240, 320, (100, 100, 4, 4)),  # the least that is tracked
    ],
)
def test_boxes_stay_inside_images_of_any_size(make, texture, values, height, width, ltwh):
    tracker = make(scales=3, size_from='matching', redetect_tiles=2, **values)
    image = texture(max(height, 64), max(width, 64))[:height, :width]
    target = tracker.start(Frame.from_numpy(image), Box.from_ltwh(*ltwh))
    for k in range(4):
        if k == 2:
            target.lose()
        moved = Frame.from_numpy(np.roll(image, (7 * k, 5 * k), (0, 1)))
        (estimate,) = tracker.step(moved, [target])
        assert inside(estimate.box, width, height)
        assert 0.0 <= estimate.score <= 1.0


def test_a_box_of_a_frame_that_shrank_is_still_inside(make, texture):
    tracker = make(**GONE, lost_patience=1)
    target = tracker.start(Frame.from_numpy(texture()), Box.from_ltwh(250, 180, 40, 40))
    for _ in range(2):
        (estimate,) = tracker.step(Frame.from_numpy(texture(64, 64)), [target])
        assert inside(estimate.box, 64, 64)


def test_a_box_that_cannot_be_tracked_is_refused(make, frame):
    with pytest.raises(UserError, match='lies outside the 320x240 image'):
        make().start(frame, Box.from_ltwh(400, 10, 40, 40))


# Hours


@pytest.mark.skipif(math.isnan(resident_mib('VmRSS')), reason='the memory is not known here')
def test_memory_does_not_grow(make, texture):
    tracker = make(
        exemplar_size=95, search_size=127, lost_search_size=143, size_from='classification',
        candidate_scales=1, peak_count=2, iterations_per_frame=1, update_every=5, grid=5,
        update_positives=2, remember_every=2, redetect_cells=1, history=5,
    )  # fmt: skip
    frames = [Frame.from_numpy(np.roll(texture(96, 128), 3 * k, 1)) for k in range(5)]
    target = tracker.start(frames[0], Box(60, 50, 24, 20))
    sizes, tensors = [], []
    for count in (100, 400):
        for k in range(count):
            if k % 50 == 20:
                target.lose()
            tracker.step(frames[k % 5], [target])
        # In the same phase of a lesson.
        while target.classifier.learning:
            tracker.step(frames[0], [target])
        gc.collect()
        tensors.append(sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects()))
        sizes.append(resident_mib('VmRSS'))
    assert tensors[1] == tensors[0]
    # A head has 0.02 MiB and a map or a crop more: none of them is kept in each frame.
    assert sizes[1] - sizes[0] < 4


def test_the_rest_of_a_program_may_record_gradients(make, frame):
    target, _ = follow(make(), [frame] * 3, HERE)
    assert isinstance(target.classifier.head, Head)
    assert not any(t.requires_grad for t in target.classifier.head.tensors)
