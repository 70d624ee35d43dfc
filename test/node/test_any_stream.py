# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any sequence of images, boxes, stops and faults: what holds of a session whatever comes."""

from collections import Counter
import math

from hypothesis import given, settings
from hypothesis import strategies as st
from session_stream import SECOND, Stream

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.exchange import Stop
from siam_tracker_ros.node.roi import Refusal, stamp_ns
from siam_tracker_ros.node.targets import TargetState

MILLISECOND = SECOND // 1000

# The usual is more frequent than what is wrong, so that targets live to see it.
IDS = st.sampled_from(('', 'a', 'b', '7'))
IMAGE = st.tuples(
    st.just('image'),
    # Milliseconds from the last stamp to this one; None: it has none.
    st.sampled_from((33, 33, 33, 33, 33, 33, 0, -95_000, 88_000, 5_000, None)),
    st.sampled_from((*[(160, 120)] * 6, (80, 60), (120, 160), (1, 1))),
)
BOX = st.tuples(
    st.just('box'),
    st.sampled_from((60.0, 60.0, 60.0, 155.0, -9.0, 1e9, math.nan)),
    st.sampled_from((20.0, 20.0, 20.0, 60.0, 3.9, 0.0, -5.0, 1e308, math.nan, math.inf)),
    # Milliseconds from the image that it was drawn on to the last one; None: it names none.
    st.sampled_from((None, None, None, 0, 33, 66, 9_000, -50)),
    IDS,
    st.sampled_from((False, False, True)),
)
STOP = st.tuples(st.just('stop'), IDS)
SPOIL = st.tuples(st.just('spoil'), st.sampled_from((None, 'box', 'score', 'outside')))
WAIT = st.tuples(st.just('wait'), st.sampled_from((0.1, 0.1, 3.0)))
EVENTS = st.one_of(IMAGE, IMAGE, IMAGE, BOX, BOX, STOP, SPOIL, WAIT)


def look(report, size):
    """Check what is published about the targets of an image of this size."""
    for target in report.targets:
        estimate = target.estimate
        left, top, right, bottom = estimate.box.ltrb
        assert 0 <= left < right <= size[0] + 1e-9
        assert 0 <= top < bottom <= size[1] + 1e-9
        assert 0.0 <= estimate.score <= 1.0
        assert math.isfinite(estimate.similarity)
        assert target.age_seconds >= 0.0
    ids = [t.id for t in report.targets if t.state is not TargetState.REMOVED]
    assert len(ids) == len(set(ids))


def play(events):
    """Let all of it come; return the stream after its end, what was asked and what was told."""
    stream, asked, told = Stream(), 0, Counter()
    for event, *values in events:
        if event == 'image':
            after, size = values
            stamp = 0 if after is None else max(0, stream.stamp + after * MILLISECOND)
            report = stream.show(size=size, stamp=stamp, seconds=0.033)
            assert stamp_ns(report.header.stamp) == stamp
            look(report, size)
            told.update(target.state for target in report.targets)
        elif event == 'box':
            x, side, before, id, replaces = values
            stamp = 0 if before is None else max(0, stream.stamp - before * MILLISECOND)
            stream.ask(Box(x, 50.0, side, side), stamp=stamp, id=id, replaces_all=replaces)
            asked += 1
        elif event == 'stop':
            stream.session.apply([Stop(values[0])])
        elif event == 'spoil':
            stream.tracker.spoil = values[0]
        else:
            stream.now += values[0]
            stream.session.expire(stream.now)
            stream.session.catch_up()
    stream.session.end()
    assert stream.session.end() is None
    return stream, asked, told


def test_i5_r3_g4_whatever_comes_boxes_are_answered_once_and_targets_lie_inside():
    told = Counter()

    @settings(max_examples=600)
    @given(st.lists(EVENTS, min_size=10, max_size=30))
    def whatever_comes(events):
        stream, asked, states = play(events)
        assert len(stream.answers) == asked
        for answer in stream.answers:
            assert (answer.code is Refusal.NONE) == (answer.started_at is not None)
            assert answer.reason or answer.code is Refusal.NONE
        assert stream.failures == []
        told.update(states)
        told.update(answer.code.name for answer in stream.answers)

    whatever_comes()
    # Else it would say nothing of them.
    assert min(told[state] for state in TargetState if state is not TargetState.UNCERTAIN) > 20
    unseen = {Refusal.WRONG_FRAME, Refusal.TOO_MANY_TARGETS, Refusal.TRACKER_ERROR}
    assert min(told[code.name] for code in set(Refusal) - unseen) > 10
