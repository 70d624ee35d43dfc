# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any value for any parameter of the node and of the trackers: taken in its type, or refused."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.node.settings import DebugSettings, NodeSettings
from siam_tracker_ros.settings import describe

TABLES = [NodeSettings, DebugSettings, *map(trackers.settings_class, trackers.names())]
INFOS = [(table, info) for table in TABLES for info in describe(table)]
# What a ROS parameter may be.
VALUES = st.one_of(
    st.floats(), st.integers(), st.booleans(), st.text(max_size=4),
    st.sampled_from((None, [], [1.0], b'', 'auto', 2**63, -(2**63), 1e308)),
)  # fmt: skip


def near(table, info, share):
    """A value in the range of a number, or beside it."""
    low = -10.0 if info.low is None else info.low
    high = low + 10.0 if info.high is None else info.high
    value = low + share * (high - low)
    return round(value) if info.kind is int else value


def tried(work):
    """What came of something, and the sentence where it was refused."""
    try:
        return work(), ''
    except UserError as refusal:
        return None, str(refusal)


@settings(max_examples=1500)
@given(st.sampled_from(INFOS), VALUES, st.floats(-0.1, 1.1), st.booleans())
def test_i2_a_value_is_taken_in_its_type_or_refused_with_the_name(which, value, share, is_near):
    table, info = which
    if is_near and info.kind in (int, float):
        value = near(table, info, share)
    taken, refusal = tried(lambda: info.check(value))
    if refusal:
        assert info.name in refusal
        assert 'expected' in refusal
        assert '\n' not in refusal.replace(repr(value), '')
        return
    assert type(taken) is info.kind
    assert taken == value
    if info.kind in (int, float):
        assert math.isfinite(taken)
        assert info.low is None or taken >= info.low
        assert info.high is None or taken <= info.high
    changed, refusal = tried(lambda: table.from_dict({info.name: taken}))
    # It may contradict another one.
    assert info.name in refusal if refusal else getattr(changed, info.name) == taken
