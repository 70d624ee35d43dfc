# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.vot import INTERVALS, ExpectedOverlap, typical_lengths
from siam_tracker_ros.evaluation.vot.expected_overlap import expected_curve


def test_a_perfect_tracker(still, make_trace):
    for interval in (None, (5, 20), 'vot2018'):
        analysis = ExpectedOverlap(interval)
        found = analysis.summarise([still], {'s': [make_trace(still.boxes)]})
        if interval == 'vot2018':
            assert np.isnan(found.overall['eao']), 'no sequence is that long'
        else:
            assert found.overall['eao'] == 1.0
        np.testing.assert_array_equal(found.curves[0].y, np.ones(29))


def test_a_box_that_stays_where_it_was(make_sequence, make_trace):
    truth = make_sequence([[10 + n, 20, 40, 30] for n in range(30)])
    trace = make_trace(np.broadcast_to(truth.boxes[0], (30, 4)))
    found = ExpectedOverlap((10, 20)).summarise([truth], {'s': [trace]})
    overlaps = [(40 - n) / (40 + n) for n in range(1, 30)]
    curve = [np.mean(overlaps[:n]) for n in range(1, 30)]
    np.testing.assert_allclose(found.curves[0].y, curve, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found.curves[0].x, np.arange(1, 30))
    assert found.overall['eao'] == pytest.approx(np.mean(curve[9:20]), abs=1e-12)


def test_a_failed_run_goes_on_with_nothing_and_a_finished_one_says_no_more():
    # After 1 image: 0.5 and 0.8; after 2: 0.5 and 0.4; after 3 the finished run is silent.
    failed = (np.array([0.0, 0.8]), True)
    finished = (np.array([0.0, 0.5, 0.5]), False)
    longer = (np.array([0.0, 1.0, 1.0, 1.0]), False)
    np.testing.assert_allclose(expected_curve([failed, finished]), [0, 0.65, 0.45], atol=1e-12)
    np.testing.assert_allclose(
        expected_curve([failed, finished, longer]),
        [0, 2.3 / 3, 1.9 / 3, (0.8 / 3 + 1) / 2],
        atol=1e-12,
    )


def test_runs_begin_at_starts_and_end_at_failures(still, make_trace):
    events = ['init', *[''] * 9, 'failure', *['skipped'] * 4, 'init', *[''] * 14]
    found = ExpectedOverlap((1, 20)).summarise([still], {'s': [make_trace(still.boxes, events)]})
    # Two runs: 9 images and then nothing, and 14 images to the end. The failure adds no image.
    n = np.arange(1, 15)
    wanted = (np.minimum(n, 9) / n + 1) / 2
    np.testing.assert_allclose(found.curves[0].y, wanted, rtol=0, atol=1e-12)


def test_images_without_truth_are_left_out(make_sequence, make_trace):
    boxes = [[10, 20, 40, 30]] * 12
    truth = make_sequence([*boxes[:5], None, None, *boxes[7:]])
    found = ExpectedOverlap((1, 9)).summarise([truth], {'s': [make_trace(np.array(boxes))]})
    np.testing.assert_array_equal(found.curves[0].y, np.ones(9))


def test_attributes_use_the_same_interval(make_sequence, make_trace):
    first = make_sequence([[10, 20, 40, 30]] * 30, 'first', attributes=('blur',))
    second = make_sequence([[10, 20, 40, 30]] * 30, 'second')
    passes = {
        'first': [make_trace(first.boxes * [1, 1, 1, 0.5])],
        'second': [make_trace(second.boxes)],
    }
    found = ExpectedOverlap((5, 10)).summarise([first, second], passes)
    assert found.attributes == {'blur': {'eao': pytest.approx(0.5)}}
    assert found.overall['eao'] == pytest.approx(0.75)


def test_a_sequence_that_nobody_started_on_says_nothing(make_sequence, make_trace):
    never = make_sequence([[10, 20, 3, 3]] * 30, 'never', attributes=('tiny',))
    still = make_sequence([[10, 20, 40, 30]] * 30, 'still')
    passes = {
        'never': [make_trace(never.boxes, ['skipped'] * 30)], 'still': [make_trace(still.boxes)]
    }  # fmt: skip
    analysis = ExpectedOverlap((5, 10))
    found = analysis.summarise([never, still], passes)
    assert found.overall == {'eao': 1.0}
    assert np.isnan(found.attributes['tiny']['eao'])
    assert np.isnan(analysis.summarise([never], passes).overall['eao'])


def test_without_a_length_there_is_no_figure(make_sequence, make_trace):
    one = make_sequence([[10, 20, 40, 30]])
    found = ExpectedOverlap().summarise([one], {'s': [make_trace(one.boxes)]})
    assert np.isnan(found.overall['eao'])
    for interval in (None, 'vot2018'):
        assert np.isnan(ExpectedOverlap(interval).summarise([], {}).overall['eao'])


def test_without_a_name_the_interval_is_that_of_the_sequences(make_sequence, make_trace):
    lengths = [40, 44, 46, 50, 90]
    sequences = [
        make_sequence([[10, 20 + n / 4, 40, 30] for n in range(length)], str(length))
        for length in lengths
    ]
    passes = {
        s.name: [make_trace(np.broadcast_to(s.boxes[0], s.boxes.shape))] for s in sequences
    }
    low, high = typical_lengths(lengths)
    assert 1 < low < high < 89
    found = ExpectedOverlap().summarise(sequences, passes)
    assert found.curves[0].title.endswith(f'(mean over {low} to {high})')
    wanted = ExpectedOverlap((low, high)).summarise(sequences, passes).overall['eao']
    assert found.overall['eao'] == wanted != ExpectedOverlap((1, 89)).summarise(
        sequences, passes
    ).overall['eao']


def test_the_interval_of_a_challenge():
    assert ExpectedOverlap('vot2015').interval == INTERVALS['vot2015'] == (108, 371)
    assert ExpectedOverlap('vot2018').interval == (100, 356)


@pytest.mark.parametrize('interval', ['vot1815', (0, 5), (20, 10)])
def test_bad_intervals_are_refused(interval):
    with pytest.raises(UserError, match='expected'):
        ExpectedOverlap(interval)
