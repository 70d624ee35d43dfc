# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.web.commands import (
    LATEST_STAMP,
    LONGEST_ID,
    MOST_LETTERS,
    Ready,
    Start,
    Stop,
    StopAll,
    pack,
    parse,
    unpack,
)

STAMP = 1_795_864_344_909_124_643
SIMPLE = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
JSON = SIMPLE | st.lists(st.floats() | st.integers() | st.none(), min_size=3, max_size=5)


def start(**fields):
    known = {'type': 'start', 'box': [1, 2.5, 3, 4], 'stamp': str(STAMP), 'id': ''}
    return json.dumps({**known, **fields})


def test_commands_are_read():
    assert parse('{"type": "ready"}') == Ready()
    assert parse(start()) == Start((1.0, 2.5, 3.0, 4.0), STAMP)
    assert parse(start(id='a b', stamp='0')) == Start((1.0, 2.5, 3.0, 4.0), 0, 'a b')
    assert parse('{"type": "stop", "id": "1"}') == Stop('1')
    assert parse('{"type": "stop_all"}') == StopAll()


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('', 'expected a JSON object'),
        ('[]', 'expected a JSON object'),
        ('[' * 1500, 'expected a JSON object'),
        ('{}', 'the command None is unknown'),
        ('{"type": "dance"}', "the command 'dance' is unknown"),
        (' ' * (MOST_LETTERS + 1), 'expected at most 2048'),
        (start(box=[1, 2, 3]), 'expected four numbers'),
        (start(box=[1, 2, 3, '4']), 'expected four numbers'),
        (start(box=[1, 2, 3, True]), 'expected four numbers'),
        (start(box=[1, 2, 3, float('nan')]), 'expected four numbers'),
        (start(box=[1, 2, 3, float('inf')]), 'expected four numbers'),
        (start(box=[1, 2, 3, 1e7]), 'expected four numbers'),
        (start(box=[1, 2, 3, 10**400]), 'expected four numbers'),
        (start(box={}), 'expected four numbers'),
        (start(box=[1, 2, 0, 4]), 'both must be positive'),
        (start(box=[1, 2, 3, -4]), 'both must be positive'),
        (start(stamp=STAMP), 'expected digits in a text'),
        (start(stamp='-1'), 'expected digits in a text'),
        (start(stamp='²'), 'expected digits in a text'),
        (start(stamp='9' * 30), 'expected digits in a text'),
        (start(stamp=str(LATEST_STAMP)), 'before 2038'),
        (start(id=7), 'printable letters'),
        (start(id='a' * (LONGEST_ID + 1)), 'printable letters'),
        (start(id='a\n'), 'printable letters'),
        # An empty id would stop all.
        ('{"type": "stop", "id": ""}', 'the id is missing'),
        ('{"type": "stop"}', 'the id is missing'),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        parse(text)
    assert '\n' not in str(caught.value)
    assert len(str(caught.value)) < 250


@given(st.sampled_from(['start', 'stop', 'ready', 'stop_all']), JSON, JSON, JSON)
def test_whatever_comes_is_a_command_or_a_sentence(kind, box, stamp, id):
    text = json.dumps({'type': kind, 'box': box, 'stamp': stamp, 'id': id})
    with contextlib.suppress(UserError):
        parse(text)


def test_a_message_is_a_header_and_a_file():
    assert unpack(pack({'a': [1, 'ü']}, b'\xff\xd8')) == ({'a': [1, 'ü']}, b'\xff\xd8')
    assert unpack(pack({}, b'')) == ({}, b'')
    with pytest.raises(ValueError, match='JSON compliant'):
        pack({'a': float('nan')}, b'')
