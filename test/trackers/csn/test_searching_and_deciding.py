# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Matching proposes candidates, and classification decides between them."""

import math

from csn_bench import AWAY, HERE, THERE, bumps, cell_of
from places import place_of
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import State
from siam_tracker_ros.trackers.csn import positions
from siam_tracker_ros.trackers.locate import peak_to_sidelobe


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


@pytest.mark.parametrize(
    ('weights', 'chosen'),
    [
        ({}, 0),
        ({'similarity_weight': 1.0}, 0),
        ({'distance_weight': 1.0}, 1),
        ({'similarity_weight': 1.0, 'distance_weight': 1.0}, 1),
        ({'similarity_weight': 20.0, 'distance_weight': 1.0}, 0),
    ],
)
def test_similarity_and_distance_weigh_in_the_choice(
    make, frame, show, monkeypatch, weights, chosen
):
    tracker = make(**weights)
    # The higher peak is further off.
    peaks = [(-3.0, 0.0, 2.0), (1.0, 0.0, 1.9)]
    show(tracker, *peaks)
    target = tracker.start(frame, HERE)
    monkeypatch.setattr(tracker.classifier, 'margins', lambda f, t, b: [torch.ones(len(b[0]))])
    tracker.step(frame, [target])
    expected = cell_of(HERE, *peaks[chosen][:2])
    assert (target.box.cx, target.box.cy) == pytest.approx(expected, abs=1e-3)


def test_what_weighs_in_the_choice_is_logit_and_window(make, frame, show, monkeypatch):
    tracker = make(similarity_weight=0.5, distance_weight=3.0)
    peaks = [(-3.0, 1.0, 2.0), (1.0, 0.0, 1.9)]
    show(tracker, *peaks)
    target = tracker.start(frame, HERE)
    ((found,),) = tracker.finder.searcher.search(frame, [target])
    # Nine cells: a Hann window of eleven points without its zeros.
    expected = [
        0.5 * height
        + 3.0 * math.log(math.cos(math.pi * column / 10) ** 2 * math.cos(math.pi * row / 10) ** 2)
        for column, row, height in peaks
    ]
    assert found.bonus == pytest.approx(expected, abs=1e-4)
    target.lose()
    monkeypatch.setattr(positions, 'redetect', lambda *args: [None])
    ((found,),) = tracker.finder.searcher.search(frame, [target])
    assert found.bonus == pytest.approx([0.5 * height for *_, height in peaks], abs=1e-4)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('place', [0, 1])
def test_a_candidate_whose_margin_is_not_finite_is_none(
    make, frame, show, monkeypatch, value, place
):
    tracker = make()
    peaks = [(-2.0, 0.0, 2.0), (2.0, 0.0, 1.9)]
    show(tracker, *peaks)
    target = tracker.start(frame, HERE)
    margins = torch.ones(2)
    margins[place] = value
    monkeypatch.setattr(tracker.classifier, 'margins', lambda f, t, b: [margins])
    (estimate,) = tracker.step(frame, [target])
    expected = cell_of(HERE, *peaks[1 - place][:2])
    assert (estimate.box.cx, estimate.box.cy) == pytest.approx(expected, abs=1e-3)
    assert estimate.state is State.TRACKING


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


def test_a_learned_head_tells_the_target_from_another_that_matching_likes(
    shipped_csn, square, show
):
    """Both are peaks of one height; the classifier has learned which one is the target."""
    tracker = shipped_csn.with_settings(
        shipped_csn.settings.replaced(similarity_weight=0.0, distance_weight=0.0)
    )
    first = square.box(60, 90)
    target = tracker.start(square.frame((60, 90)), first)
    # A square of 44 px has a context of 88 px.
    shift = round(3.0 * 8 * 88 / 127)
    places = [(60 + shift, 90), (60 - shift, 90)]
    # The other one has the target's shape and other colours.
    for mine, others in (places, places[::-1]):
        frame = square.frame(mine, twin=others)
        show(tracker, (3.0, 0.0, 2.0), (-3.0, 0.0, 2.0))
        target.box = first
        ((found,),) = tracker.finder.searcher.search(frame, [target])
        assert len(found.places) == 2
        (estimate,) = tracker.step(frame, [target])
        assert estimate.box.iou(square.box(*mine)) > 0.6


def test_three_scales_at_each_peak_and_all_targets_in_one_run(make, frame, show, prefer):
    tracker = make(candidate_scales=3, candidate_step=1.02, size_from='classification')
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
    for part, name in (('matching', 'search'), ('classification', 'maps')):
        network = getattr(tracker.network, part)
        true = getattr(network, name)
        monkeypatch.setattr(
            network, name, lambda *args, true=true, name=name: counts.append(name) or true(*args)
        )
    tracker.step(frame, targets)
    # Matching has its second run for the sizes.
    assert sorted(counts) == ['maps', 'search', 'search']


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
    assert asked[0][0][:, :2].tolist() == [[0.0, 0.0]]
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
