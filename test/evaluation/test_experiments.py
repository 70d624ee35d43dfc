# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.experiments import EXPERIMENTS
from siam_tracker_ros.evaluation.protocols.realtime import RealTime
from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.evaluation.vot import INTERVALS, ExpectedOverlap, LongTerm
from siam_tracker_ros.sequences import Sequence

SQUARE = [10.0, 10.0, 40.0, 40.0]


def test_lasot_divides_by_all_frames_and_needs_no_pass_of_its_own():
    boxes = np.array([SQUARE, SQUARE, [np.nan] * 4, SQUARE])
    trace = Trace.empty(4)
    trace.boxes[:] = SQUARE
    trace.events[:] = [INIT, TRACKED, TRACKED, TRACKED]
    ope, lasot = (
        EXPERIMENTS[name].analyses[0].summarise([Sequence('one', (), boxes)], {'one': [trace]})
        for name in ('ope', 'lasot')
    )
    assert ope.overall['auc'] == pytest.approx(20 / 21)
    assert lasot.overall['auc'] == pytest.approx(20 / 21 * 3 / 4)
    assert lasot.overall['normalised_precision_20'] == pytest.approx(3 / 4)
    assert EXPERIMENTS['ope'].protocol.name == EXPERIMENTS['lasot'].protocol.name


@pytest.mark.parametrize('name', INTERVALS)
def test_a_challenge_has_its_published_interval(name):
    eao = EXPERIMENTS[name].analyses[0]
    assert isinstance(eao, ExpectedOverlap)
    assert eao.interval == INTERVALS[name]


def test_others_find_theirs_in_the_sequences():
    for name in ('vot', 'vot-realtime', 'vot-realtime-strict'):
        eao = EXPERIMENTS[name].analyses[0]
        assert isinstance(eao, ExpectedOverlap)
        assert eao.interval is None


def test_the_rules_of_real_time():
    for name, strict in (('vot-realtime', False), ('vot-realtime-strict', True)):
        protocol = EXPERIMENTS[name].protocol
        assert isinstance(protocol, RealTime)
        assert (protocol.fps, protocol.grace, protocol.skip) == (20, 3, 5)
        assert protocol.strict is strict
        assert EXPERIMENTS[name].timed


def test_the_start_counts_in_long_term_tracking_as_in_the_toolkit():
    longterm = EXPERIMENTS['vot-lt'].analyses[0]
    assert isinstance(longterm, LongTerm)
    assert longterm.count_start
