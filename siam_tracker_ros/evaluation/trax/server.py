# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker that answers over TraX, for one object or several."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import sys

from ...errors import BoxError, UserError
from ...frames import Frame
from ...geometry import Box
from ...images import read_image
from ...trackers.base import Target, Tracker
from .messages import Message, format_region, parse_image, parse_message, parse_region

VERSION = '4'


def serve(
    tracker: Tracker, name: str, lines: Iterable[str], write: Callable[[str], object]
) -> None:
    """Talk to a client until it quits or hangs up.

    Parameters
    ----------
    tracker : Tracker
    name : str
        What it is called in the greeting.
    lines : iterable of str
        What the client says; lines that are no messages are passed over.
    write : callable
        Takes a line without its end, and sends it at once.

    Raises
    ------
    UserError
        The client said something wrong, or sent an image that cannot be used. It has been told
        why by then, as it has of whatever else the tracker raises. A box that cannot be tracked
        stands still instead, with confidence 0.
    """
    write(str(_greeting(name)))
    session = _Session(tracker)
    try:
        for line in lines:
            message = parse_message(line)
            if message is None:
                continue
            if message.kind == 'quit':
                return
            for answer in session.answers(message):
                write(str(answer))
    except Exception as error:
        write(str(Message('quit', properties={'trax.reason': str(error)})))
        raise


def _greeting(name: str) -> Message:
    return Message(
        'hello',
        properties={
            'trax.version': VERSION,
            'trax.name': name,
            'trax.description': 'siam_tracker_ros',
            'trax.image': 'path;',
            'trax.region': 'rectangle;',
            'trax.channels': 'color;',
            'trax.multiobject': '1',
        },
    )


class _Session:
    """The targets of one client."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        # A box in the place of a target that cannot be tracked.
        self._targets: list[Target | Box] = []
        # Boxes that wait for the next image.
        self._new: list[Box] = []

    def answers(self, message: Message) -> list[Message]:
        """What is to be said to a message of the client."""
        if message.kind == 'initialize' and not message.arguments:
            self._targets, self._new = [], []
            return []
        if message.kind == 'initialize':
            self._new.append(parse_region(_only(message, 'region')))
            return []
        if message.kind == 'frame':
            return self._follow(message)
        raise UserError(
            f'the client sent {message.kind!r}: expected initialize, frame or quit of TraX '
            f'version {VERSION}'
        )

    def _follow(self, message: Message) -> list[Message]:
        path = parse_image(_only(message, 'image'))
        if not self._targets and not self._new:
            raise UserError('the client sent an image before any object: initialize comes first')
        frame = Frame.from_numpy(read_image(path), self._tracker.device)
        tracked = [target for target in self._targets if isinstance(target, Target)]
        estimates = iter(self._tracker.step(frame, tracked) if tracked else [])
        states = []
        for target in self._targets:
            if isinstance(target, Target):
                estimate = next(estimates)
                states.append(_state(estimate.box, {'confidence': f'{estimate.score:.9g}'}))
            else:
                states.append(_state(target, {'confidence': '0'}))
        # No confidence in a box that was given: vot-toolkit makes that 0, and it is not said.
        states += [_state(box, {}) for box in self._new]
        self._targets += [self._start(frame, box) for box in self._new]
        self._new = []
        return states

    def _start(self, frame: Frame, box: Box) -> Target | Box:
        try:
            return self._tracker.start(frame, box)
        except BoxError as error:
            # A toolkit starts where the truth is, in view or not, and a client that quits ends
            # its whole experiment.
            print(f'{error}: it stands still, with confidence 0', file=sys.stderr)
            return box


def _only(message: Message, what: str) -> str:
    if len(message.arguments) != 1:
        raise UserError(
            f'the client sent {message.kind!r} with {len(message.arguments)} arguments: '
            f'expected one {what}, as in TraX version {VERSION}'
        )
    return message.arguments[0]


def _state(box: Box, properties: dict[str, str]) -> Message:
    return Message('state', (format_region(box),), properties)
