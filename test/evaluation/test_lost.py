# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Traces made by hand, a letter for each frame; the first frame is the start.

Truth: p present, a absent, u unlabelled. Box: r right (IoU 1), n near (IoU 1/3), o off (IoU 0).
State: t tracking, u uncertain, l lost, - none told.
"""

import math

import numpy as np
import pytest

from siam_tracker_ros.evaluation.episodes import HORIZON, loss_delays, return_delays, runs
from siam_tracker_ros.evaluation.lost import LostSignal
from siam_tracker_ros.evaluation.traces import FAILURE, INIT, SKIPPED, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence

NAN = math.nan
INF = math.inf
LEFTS = {'r': 100.0, 'n': 105.0, 'o': 300.0}
STATES = {'t': 'tracking', 'u': 'uncertain', 'l': 'lost', '-': ''}


def make_sequence(truth, name='s', **more):
    boxes = np.full((len(truth), 4), np.nan)
    boxes[[letter == 'p' for letter in truth]] = [100.0, 100.0, 10.0, 10.0]
    labelled = np.array([letter != 'u' for letter in truth])
    return Sequence(name, ('x.png',) * len(truth), boxes, labelled=labelled, **more)


def make_trace(boxes, states, scores=None):
    trace = Trace.empty(len(boxes))
    trace.boxes[:] = [[LEFTS[letter], 100.0, 10.0, 10.0] for letter in boxes]
    trace.states[:] = [STATES[letter] for letter in states]
    trace.events[:] = TRACKED
    trace.events[0] = INIT
    trace.scores[1:] = np.nan if scores is None else scores
    return trace


def events(truth, boxes, states):
    [run] = runs(make_sequence(truth), make_trace(boxes, states))
    return loss_delays(run).tolist(), return_delays(run).tolist()


@pytest.mark.parametrize(
    ('truth', 'boxes', 'states', 'losses', 'returns'),
    [
        # Never lost, never gone.
        ('pppppp', 'rrrrrr', '-ttttt', [], []),
        # The box leaves the target: told at once, after two frames, never, and before it left.
        ('pppppp', 'rroooo', '-tllll', [0], []),
        ('pppppp', 'rroooo', '-tuull', [2], []),
        ('pppppp', 'rroooo', '-tuuuu', [INF], []),
        ('pppppp', 'rroooo', '-lllll', [0], []),
        # LOST was said, but taken back before the box left.
        ('pppppp', 'rrrooo', '-lttul', [2], []),
        # Lost at once, in the first frame after the start.
        ('ppp', 'ooo', '-ll', [0], []),
        # A near box neither begins a loss nor ends it.
        ('pppppp', 'rrnnnn', '-ttttt', [], []),
        ('ppppppp', 'rronoon', '-ttttll', [3], []),
        # Right again before LOST was said: two losses, the first never told.
        ('pppppppp', 'rroorooo', '-tttttll', [INF, 1], []),
        # Gone, said, back; the frame in which it comes back counts as 0.
        ('ppaaapp', 'rrroorr', '-tulltt', [1], [0]),
        ('ppaaapppp', 'rrooooorr', '-tttttttt', [INF], [2]),
        # On the target, but still saying LOST: not back yet.
        ('ppaapppp', 'rroorrrr', '-tllllut', [0], [2]),
        # Never back.
        ('ppaappp', 'rrooooo', '-tlllll', [0], [INF]),
        # A box that stays where the target comes back to.
        ('ppaapp', 'rrrrrr', '-ttttt', [INF], [0]),
        # Two absences: back after the first one, not before the second ends the wait.
        ('ppaappaapp', 'rroorroorr', '-tlttttltt', [0, 1], [0, 0]),
        ('ppaappaapp', 'rrooooorrr', '-tltttttut', [0], [INF, 0]),
        # Absent to the end: nothing to come back to.
        ('ppaaa', 'rrooo', '-ttul', [2], []),
        # A frame that nobody labelled neither counts nor splits an absence, but time goes on.
        ('ppauaapp', 'rrroooor', '-ttttttt', [INF], [1]),
        ('ppauaapp', 'rrooooor', '-tutulut', [3], [1]),
        # A tracker that tells no states has no events.
        ('ppaapp', 'rroorr', '------', [], []),
    ],
)
def test_events(truth, boxes, states, losses, returns):
    assert events(truth, boxes, states) == (losses, returns)


def test_what_comes_back_late_is_no_return():
    truth = 'pa' + 'p' * (HORIZON + 2)
    for late, expected in ((HORIZON, HORIZON), (HORIZON + 1, INF)):
        boxes = 'ro' + 'o' * late + 'r' * (HORIZON + 2 - late)
        assert events(truth, boxes, 't' * len(truth))[1] == [expected]


def test_runs_are_split_at_starts_and_given_boxes_do_not_count():
    sequence = make_sequence('pppppppp')
    trace = make_trace('rrooorro', '-ttl--tl', scores=np.arange(1.0, 8.0))
    trace.events[3:6] = [FAILURE, SKIPPED, INIT]
    first, second = runs(sequence, trace)
    assert first.frames.tolist() == [1, 2, 3]
    assert second.frames.tolist() == [6, 7]
    assert first.scores.tolist() == [1, 2, 3]
    # The loss of the first run does not wait for what the second one says.
    assert loss_delays(first).tolist() == [1]
    assert loss_delays(second).tolist() == [0]


def test_a_pass_that_never_started_has_no_runs():
    assert runs(make_sequence('ppp'), Trace.empty(3)) == []


def test_a_start_in_the_last_frame_has_an_empty_run():
    trace = Trace.empty(2)
    trace.events[1] = INIT
    [run] = runs(make_sequence('pp'), trace)
    assert len(run.frames) == len(loss_delays(run)) == len(return_delays(run)) == 0


def summarise(*parts, **more):
    """Parts are (truth, boxes, states, scores), one for each sequence with one pass."""
    sequences = [make_sequence(part[0], f's{i}', **more) for i, part in enumerate(parts)]
    passes = {f's{i}': [make_trace(*part[1:])] for i, part in enumerate(parts)}
    return LostSignal().summarise(sequences, passes)


def test_all_figures_of_one_sequence():
    summary = summarise((
        'ppppaaaapppp',
        'rrrnoooooorr',
        '-tlutlllltut',
        [0.9, 0.2, 0.6, 0.7, 0.1, 0.3, 0.1, 0.1, 0.5, 0.8, 0.9],
    ))  # fmt: skip
    # Right: 0.9 0.2 0.8 0.9, not: 0.6 0.7 0.1 0.3 0.1 0.1 0.5.
    assert summary.overall['auroc_overlap'] == pytest.approx((7 + 3 + 7 + 7) / 28)
    # Present: 0.9 0.2 0.6 0.1 0.5 0.8 0.9, absent: 0.7 0.1 0.3 0.1.
    assert summary.overall['auroc_presence'] == pytest.approx((4 + 2 + 3 + 1 + 3 + 4 + 4) / 28)
    assert summary.overall['lost_delay'] == 1
    assert summary.overall['lost_missed'] == 0
    assert summary.overall['losses'] == 1
    assert summary.overall['false_boxes'] == 1 / 4
    assert summary.overall['false_alarms'] == 1 / 4
    assert summary.overall['recovery'] == 1
    assert summary.overall['recovery_delay'] == 2
    assert summary.overall['auroc_sequences'] == summary.overall['auroc_overlap']
    single = dict(summary.overall)
    del single['auroc_sequences']
    assert summary.sequences == {'s0': single}
    curves = {curve.name: curve for curve in summary.curves}
    assert set(curves) == {'roc_overlap', 'roc_presence', 'reliability', 'loss_told', 'recovered'}
    assert curves['roc_overlap'].value == summary.overall['auroc_overlap']
    assert curves['reliability'].value == summary.overall['calibration_error']
    assert curves['loss_told'].y[:3].tolist() == [0, 1, 1]
    assert curves['recovered'].y[:4].tolist() == [0, 0, 1, 1]
    assert curves['recovered'].x.tolist() == list(range(HORIZON + 1))


def test_all_frames_count_alike_and_sequences_only_in_their_own_mean():
    # In each sequence the order is perfect; across them it is not.
    summary = summarise(
        ('ppp', 'rro', '-tt', [0.9, 0.8]),
        ('ppppp', 'rrroo', '-tttt', [0.3, 0.2, 0.1, 0.1]),
        ('pp', 'rr', '-t', [0.5]),
    )
    assert summary.overall['auroc_sequences'] == 1.0
    # Right: 0.9 0.3 0.2 0.5, not: 0.8 0.1 0.1.
    assert summary.overall['auroc_overlap'] == pytest.approx((3 + 2 + 2 + 2) / 12)
    assert math.isnan(summary.sequences['s2']['auroc_overlap'])
    assert summary.overall['lost_missed'] == 1.0
    assert summary.overall['losses'] == 2


def test_passes_of_a_sequence_are_pooled():
    # Each of the two right frames is above two of the others and ties with two.
    passes = [make_trace('rroo', '-tll', [1, 0, 0]), make_trace('rroo', '-ttt', [1, 1, 1])]
    summary = LostSignal().summarise([make_sequence('pppp', 's')], {'s': passes})
    assert summary.overall['lost_missed'] == 0.5
    assert summary.overall['auroc_overlap'] == (2 + 2 / 2) / 4


def test_losses_are_those_of_one_pass():
    """A tracker that is repeated would else lose more than one that is not."""
    often, once = make_sequence('pppp', 'often'), make_sequence('pppp', 'once')
    passes = {
        'often': [make_trace('rroo', '-tll', [1, 0, 0]), make_trace('rrrr', '-ttt', [1, 1, 1])],
        'once': [make_trace('rroo', '-tll', [1, 0, 0])],
    }
    summary = LostSignal().summarise([often, once], passes)
    assert summary.overall['losses'] == 1.5
    assert summary.sequences['often']['losses'] == 0.5
    [told] = [curve for curve in summary.curves if curve.name == 'loss_told']
    assert told.value == 1.0 - summary.overall['lost_missed'] == 1.0


def test_without_absences_their_measures_are_not_defined():
    summary = summarise(('pppp', 'rrro', '-ttl', [0.9, 0.8, 0.1]))
    undefined = {name for name, value in summary.overall.items() if math.isnan(value)}
    assert undefined == {'auroc_presence', 'false_boxes', 'recovery', 'recovery_delay'}
    assert {c.name for c in summary.curves} == {'roc_overlap', 'reliability', 'loss_told'}


def test_a_perfect_tracker_has_nothing_to_tell():
    summary = summarise(('pppp', 'rrrr', '-ttt', [0.9, 0.8, 0.7]))
    defined = {name for name, value in summary.overall.items() if not math.isnan(value)}
    assert defined == {'false_alarms', 'calibration_error', 'losses'}
    assert summary.overall['losses'] == 0
    assert summary.overall['false_alarms'] == 0


def test_without_scores_states_count_and_without_states_scores():
    silent = ('ppaapp', 'rroorr')
    scored = summarise((*silent, '------', [0.9, 0.1, 0.2, 0.8, 0.9])).overall
    stated = summarise((*silent, '-tulut', None)).overall
    scores = {'auroc_overlap', 'auroc_sequences', 'auroc_presence', 'calibration_error'}
    assert {name for name, value in scored.items() if not math.isnan(value)} == scores
    assert {name for name, value in stated.items() if math.isnan(value)} == scores
    assert stated['false_boxes'] == 0.5


def test_a_score_that_is_no_probability_is_ranked_and_not_calibrated():
    overall = summarise(('pppp', 'rrro', '-ttt', [7.0, 8.0, -3.0])).overall
    assert overall['auroc_overlap'] == 1.0
    assert math.isnan(overall['calibration_error'])


def test_unlabelled_frames_and_the_start_never_count():
    plain = summarise(('pppp', 'rroo', '-ttl', [0.9, 0.3, 0.4])).overall
    mixed = summarise(('ppuppu', 'rrroor', '-tltlt', [0.9, 0, 0.3, 0.4, 1]))
    for name in ('auroc_overlap', 'false_alarms', 'calibration_error', 'lost_delay'):
        assert mixed.overall[name] == plain[name]


def test_attributes_are_taken_over_their_sequences():
    sequences = [
        make_sequence('pppp', 'a', attributes=('fast', 'blur')),
        make_sequence('pppp', 'b', attributes=('blur',)),
        make_sequence('pppp', 'c'),
    ]
    good, bad = make_trace('rrro', '-ttl', [1, 1, 0]), make_trace('rrro', '-llt', [0, 0, 1])
    summary = LostSignal().summarise(sequences, {'a': [good], 'b': [bad], 'c': [bad]})
    assert summary.attributes['fast']['auroc_overlap'] == 1.0
    assert summary.attributes['blur']['auroc_overlap'] == 0.5
    assert summary.attributes['blur']['auroc_sequences'] == 0.5
    assert summary.attributes['blur']['false_alarms'] == 0.5
    assert set(summary.attributes) == {'fast', 'blur'}


def test_every_measure_is_given_and_none_for_nothing():
    summary = LostSignal().summarise([], {})
    assert list(summary.overall) == [measure.name for measure in LostSignal.measures]
    assert all(map(math.isnan, summary.overall.values()))
    assert summary.curves == ()
