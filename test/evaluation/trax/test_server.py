# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.trax import serve
from siam_tracker_ros.evaluation.trax.messages import parse_message
from siam_tracker_ros.geometry import Box, check_initial_box
from siam_tracker_ros.trackers.base import Estimate, State, Target, Tracker


class Rightward(Tracker):
    """Says that each target moves a pixel to the right with each image."""

    device = torch.device('cpu')

    def start(self, frame, box):
        check_initial_box(box, 320, 240)
        return Target(box)

    def step(self, frame, targets):
        for target in targets:
            target.box = Box(target.box.cx + 1, target.box.cy, target.box.w, target.box.h)
        return [
            Estimate(t.box, 0.25, 0.0, None, State.TRACKING, False, '', None) for t in targets
        ]

    def with_settings(self, settings):
        return self


def talk(lines):
    said = []
    serve(Rightward(), 'rightward', lines, said.append)
    return [parse_message(line) for line in said]


@pytest.fixture
def frame(sequence):
    return f'@@TRAX:frame "file://{sequence.images[0]}"\n'


def test_the_greeting():
    (hello,) = talk([])
    assert hello.kind == 'hello'
    assert hello.properties['trax.version'] == '4'
    assert hello.properties['trax.name'] == 'rightward'
    assert hello.properties['trax.image'] == 'path;'
    assert hello.properties['trax.region'] == 'rectangle;'
    assert hello.properties['trax.channels'] == 'color;'


def test_one_object(frame):
    start = '@@TRAX:initialize "10,20,30,40" "label=cow"\n'
    _, *states = talk([start, frame, 'noise\n', frame, '@@TRAX:quit\n', frame])
    assert [state.arguments for state in states] == [
        ('10.0000,20.0000,30.0000,40.0000',),
        ('11.0000,20.0000,30.0000,40.0000',),
    ]
    assert [dict(state.properties) for state in states] == [{}, {'confidence': '0.25'}]


def test_another_start_forgets_the_object(frame):
    start, empty = '@@TRAX:initialize "{},0,30,40"\n', '@@TRAX:initialize \n'
    _, *states = talk([start.format(1), frame, frame, empty, start.format(90), frame, frame])
    assert [state.arguments[0].split('.')[0] for state in states] == ['1', '2', '90', '91']


def test_several_objects_and_one_that_comes_later(frame):
    start = '@@TRAX:initialize "{},0,30,40"\n'
    _, *states = talk([start.format(1), start.format(50), frame, start.format(90), frame, frame])
    lefts = [int(state.arguments[0].split('.')[0]) for state in states]
    assert lefts == [1, 50, 2, 51, 90, 3, 52, 91]


def test_a_box_that_cannot_be_tracked_stands_still(frame, capsys):
    start = '@@TRAX:initialize "{},0,30,40"\n'
    _, *states = talk([start.format(1), start.format(-200), start.format(90), frame, frame, frame])
    assert [float(state.arguments[0].split(',')[0]) for state in states] == [
        1, -200, 90, 2, -200, 91, 3, -200, 92
    ]  # fmt: skip
    said = [state.properties.get('confidence') for state in states]
    assert said == [None] * 3 + ['0.25', '0', '0.25'] * 2
    assert capsys.readouterr().err.count('it stands still, with confidence 0\n') == 1


@pytest.mark.parametrize(
    ('lines', 'reason'),
    [
        (['@@TRAX:frame "file:///1.png"\n'], 'initialize comes first'),
        (['@@TRAX:initialize "1,2,3,4" "5,6,7,8"\n'], 'expected one region'),
        (['@@TRAX:initialize "m0,0,2,2,4"\n'], 'expected a rectangle'),
        (['@@TRAX:initialize "1,2,3,4"\n', '@@TRAX:frame "file:///no/1.png"\n'], 'cannot be read'),
        (['@@TRAX:initialize "1,2,3,4"\n', '@@TRAX:frame "image:1;1;gray8;AA"\n'], 'file:///'),
        (['@@TRAX:hello\n'], 'expected initialize, frame or quit'),
        (['@@TRAX:frame "open\n'], 'malformed'),
    ],
)
def test_the_client_is_told_why_it_ends(lines, reason):
    said = []
    with pytest.raises(UserError, match=reason):
        serve(Rightward(), 'rightward', lines, said.append)
    last = parse_message(said[-1])
    assert last.kind == 'quit'
    assert reason in last.properties['trax.reason']


def test_the_client_is_told_of_a_fault_of_the_tracker(frame, monkeypatch):
    def fail(*_):
        raise RuntimeError('first line\nsecond line')

    monkeypatch.setattr(Rightward, 'step', fail)
    said = []
    start = '@@TRAX:initialize "1,2,30,40"\n'
    with pytest.raises(RuntimeError):
        serve(Rightward(), 'rightward', [start, frame, frame], said.append)
    last = parse_message(said[-1])
    assert last.kind == 'quit'
    assert last.properties['trax.reason'] == 'first line\nsecond line'
