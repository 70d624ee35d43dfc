# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The text of TraX: messages, regions and the places of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import math
from pathlib import Path
import re

from ...errors import UserError
from ...geometry import Box

PREFIX = '@@TRAX:'
FILE_SCHEME = 'file://'

# No path has a NUL, and the system takes none.
_WORD = re.compile(r'\s*(?:"((?:[^"\\\0]|\\[^\0])*)"|([^\s"\0]+))(?=\s|$)')
_PROPERTY = re.compile(r'([A-Za-z0-9._]{1,64})=(.*)', re.DOTALL)
_ESCAPED = re.compile(r'\\(.)')


@dataclass(frozen=True)
class Message:
    """A line of the protocol.

    Attributes
    ----------
    kind : str
        ``hello``, ``initialize``, ``frame``, ``state`` or ``quit``.
    arguments : tuple of str
    properties : mapping of str to str
        The arguments of the form ``key=value``.
    """

    kind: str
    arguments: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Text of the line, without its end."""
        words = [*self.arguments, *(f'{key}={value}' for key, value in self.properties.items())]
        return ' '.join([PREFIX + self.kind, *map(_quote, words)])


def parse_message(line: str) -> Message | None:
    """Read a line; None where it is no message, but something that a program printed.

    Raises
    ------
    UserError
        It begins like a message, and its quotes do not match, or it has a NUL.
    """
    if not line.startswith(PREFIX):
        return None
    kind, _, rest = line[len(PREFIX) :].strip().partition(' ')
    arguments: list[str] = []
    properties: dict[str, str] = {}
    place = 0
    while place < len(rest):
        word = _WORD.match(rest, place)
        if word is None:
            raise UserError(
                f'the TraX message {line.strip()[:80]!r} is malformed: expected arguments with '
                'spaces in between, each in double quotes'
            )
        place = word.end()
        text = word[2] if word[1] is None else _ESCAPED.sub(_unescape, word[1])
        pair = _PROPERTY.fullmatch(text)
        if pair is None:
            arguments.append(text)
        else:
            properties[pair[1]] = pair[2]
    return Message(kind, tuple(arguments), properties)


def parse_region(text: str) -> Box:
    """Read a rectangle ``left,top,width,height`` or a polygon ``x1,y1,x2,y2,...``.

    Returns
    -------
    Box
        In continuous pixels; the bounds of a polygon.

    Raises
    ------
    UserError
        It is neither, such as a mask.
    """
    try:
        numbers = [float(word) for word in text.split(',')]
    except ValueError:
        numbers = []
    if not all(map(math.isfinite, numbers)):
        numbers = []
    if len(numbers) == 4:
        return Box.from_ltwh(*numbers)
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        left, top = min(numbers[::2]), min(numbers[1::2])
        width, height = max(numbers[::2]) - left, max(numbers[1::2]) - top
        return Box.from_ltwh(left, top, width, height)
    raise UserError(
        f'the region {text[:60]!r} is not understood: expected a rectangle '
        'left,top,width,height or a polygon x1,y1,x2,y2,x3,y3 and so on'
    )


def format_region(box: Box) -> str:
    """Write a rectangle, to a ten-thousandth of a pixel as libtrax does."""
    return ','.join(f'{value:.4f}' for value in box.ltwh)


def parse_image(text: str) -> Path:
    """Read the place of an image: ``file:///a/path``, or the path alone.

    Raises
    ------
    UserError
        The image itself is in the message, or elsewhere on the network.
    """
    scheme = re.match(r'[A-Za-z][A-Za-z0-9+.-]*:', text)
    if scheme is not None and not text.startswith(FILE_SCHEME):
        raise UserError(
            f'an image came as {scheme[0]}..., which is not supported: '
            'send the path of a file, file:///folder/image.jpg'
        )
    # libtrax writes the path as it is: a % in it is no escape.
    return Path(text.removeprefix(FILE_SCHEME))


def _quote(text: str) -> str:
    escaped = text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
    return f'"{escaped}"'


def _unescape(match: re.Match[str]) -> str:
    return '\n' if match[1] == 'n' else match[1]
