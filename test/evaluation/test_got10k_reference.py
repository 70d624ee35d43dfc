# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Our measures and those of the GOT-10k toolkit, as scripts/reference_got10k.py stored them."""

import json
from pathlib import Path

import numpy as np
import pytest

from siam_tracker_ros.evaluation.average_overlap import AverageOverlap
from siam_tracker_ros.evaluation.measures import centre_errors
from siam_tracker_ros.evaluation.overlap import box_corners, box_overlaps, polygon_overlaps
from siam_tracker_ros.evaluation.success import Success
from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence

CLOSE = {'rel': 0, 'abs': 1e-9}


@pytest.fixture(scope='module')
def reference():
    path = Path(__file__).parent / 'reference/got10k.json'
    return json.loads(path.read_text(encoding='ascii'))


@pytest.fixture(scope='module')
def made(reference):
    """The sequences, without a box where nothing is seen, and the runs through them."""
    sequences, passes = [], {}
    for case in reference['sequences']:
        cover = np.array(case['cover'])
        truth = np.array(case['truth'])
        truth[cover == 0] = np.nan
        sequences.append(Sequence(case['name'], (), truth, resolution=tuple(reference['size'])))
        passes[case['name']] = [make_trace(np.array(boxes)) for boxes in case['runs']]
    return sequences, passes


def make_trace(boxes):
    trace = Trace.empty(len(boxes))
    trace.boxes[:] = boxes
    trace.events[:] = TRACKED
    trace.events[0] = INIT
    return trace


def test_the_cases_are_of_all_kinds(reference, made):
    sequences, passes = made
    overlaps = np.array(reference['pairs']['overlaps'])
    assert (overlaps == 0).any()
    assert (overlaps == 1).any()
    assert ((overlaps > 0) & (overlaps < 1)).sum() > 50
    assert not np.allclose(overlaps, reference['pairs']['bounded'])
    assert any(sequence.absent.any() for sequence in sequences)
    assert {len(traces) for traces in passes.values()} == {1, 2}


def test_overlaps_and_errors_agree(reference):
    pairs = reference['pairs']
    first, second = np.array(pairs['first']), np.array(pairs['second'])
    found = box_overlaps(first, second)
    np.testing.assert_allclose(found, pairs['overlaps'], rtol=0, atol=1e-9)
    found = box_overlaps(first, second, tuple(reference['size']))
    np.testing.assert_allclose(found, pairs['bounded'], rtol=0, atol=1e-9)
    found = centre_errors(first, second)
    np.testing.assert_allclose(found, pairs['centre_errors'], rtol=0, atol=1e-9)


def test_polygon_overlaps_agree(reference):
    cases = reference['polygons']
    pair = np.array(cases['polygons']), box_corners(np.array(cases['boxes']))
    found = polygon_overlaps(*pair)
    np.testing.assert_allclose(found, cases['overlaps'], rtol=0, atol=1e-9)
    found = polygon_overlaps(*pair, tuple(reference['size']))
    np.testing.assert_allclose(found, cases['bounded'], rtol=0, atol=1e-9)
    assert not np.allclose(cases['overlaps'], cases['bounded'])


def test_success_and_precision_agree(reference, made):
    sequences, passes = made
    first = {name: traces[:1] for name, traces in passes.items()}
    found = Success().summarise(sequences, first)
    expected = reference['otb']
    keys = {'auc': 'success_score', 'precision': 'precision_score', 'sr50': 'success_rate'}
    for ours, theirs in keys.items():
        assert found.overall[ours] == pytest.approx(expected['overall'][theirs], **CLOSE)
        for name, figures in expected['seq_wise'].items():
            assert found.sequences[name][ours] == pytest.approx(figures[theirs], **CLOSE)
    success, precision, _ = found.curves
    theirs = expected['overall']
    np.testing.assert_allclose(success.y, theirs['success_curve'], rtol=0, atol=1e-9)
    np.testing.assert_allclose(precision.y, theirs['precision_curve'], rtol=0, atol=1e-9)
    for sequence in sequences:
        alone = Success().summarise([sequence], first).curves
        theirs = expected['seq_wise'][sequence.name]
        np.testing.assert_allclose(alone[0].y, theirs['success_curve'], rtol=0, atol=1e-9)
        np.testing.assert_allclose(alone[1].y, theirs['precision_curve'], rtol=0, atol=1e-9)


def test_average_overlap_agrees(reference, made):
    found = AverageOverlap().summarise(*made)
    expected = reference['got10k']
    for ours, theirs in {'ao': 'ao', 'sr50': 'sr'}.items():
        assert found.overall[ours] == pytest.approx(expected['overall'][theirs], **CLOSE)
        for name, figures in expected['seq_wise'].items():
            assert found.sequences[name][ours] == pytest.approx(figures[theirs], **CLOSE)
    [curve] = found.curves
    theirs = expected['overall']['succ_curve']
    np.testing.assert_allclose(curve.y, theirs, rtol=0, atol=1e-9)
    assert found.overall['sr75'] == pytest.approx(theirs[75], **CLOSE)


def test_average_overlap_agrees_where_only_the_label_tells_that_nothing_is_seen(reference):
    sequences, passes = [], {}
    for case in reference['sequences']:
        labels = {'cover': np.array(case['cover'])}
        truth = np.array(case['truth'])
        sequences.append(
            Sequence(
                case['name'], (), truth, frame_labels=labels, resolution=tuple(reference['size'])
            )
        )
        passes[case['name']] = [make_trace(np.array(boxes)) for boxes in case['runs']]
    found = AverageOverlap().summarise(sequences, passes).overall['ao']
    assert found == pytest.approx(reference['got10k']['overall']['ao'], **CLOSE)
