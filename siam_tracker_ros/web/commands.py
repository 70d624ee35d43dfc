# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a page and the server say to each other.

A page sends JSON texts, which may be anything: a browser is not the only one that can. The server
sends binary messages: four bytes with the length of a JSON text, that text, and a JPEG file, which
may be empty.
"""

from __future__ import annotations

from dataclasses import dataclass
import json
from typing import Any

from ..errors import UserError

MOST_LETTERS = 2048
LONGEST_ID = 64
LARGEST_PIXEL = 1e6
LATEST_STAMP = 2**31 * 10**9
"""The seconds of a ROS stamp have 31 bits."""


@dataclass(frozen=True)
class Ready:
    """The last message is shown: the next one may come."""


@dataclass(frozen=True)
class Start:
    """Follow what is in this box.

    Attributes
    ----------
    box : tuple of float
        Left, top, width and height in continuous pixels of the camera's image.
    stamp : int
        Of the image that it was drawn on, nanoseconds; 0: the camera gives none.
    id : str
        Of a target that is started again; empty: a further target.
    """

    box: tuple[float, float, float, float]
    stamp: int
    id: str = ''


@dataclass(frozen=True)
class Stop:
    """Drop the target with this id."""

    id: str


@dataclass(frozen=True)
class StopAll:
    """Drop all targets."""


Command = Ready | Start | Stop | StopAll


def parse(text: str) -> Command:
    """Read what a page sent.

    Raises
    ------
    UserError
        It is no command; the sentence says why.
    """
    if len(text) > MOST_LETTERS:
        raise UserError(f'a command has {len(text)} letters: expected at most {MOST_LETTERS}')
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError('a command is not understood: expected a JSON object') from None
    if not isinstance(fields, dict):
        raise UserError('a command is not understood: expected a JSON object')
    kind = fields.get('type')
    if kind == 'ready':
        return Ready()
    if kind == 'start':
        return Start(_box(fields.get('box')), _stamp(fields.get('stamp')), _id(fields, empty=True))
    if kind == 'stop':
        return Stop(_id(fields, empty=False))
    if kind == 'stop_all':
        return StopAll()
    raise UserError(
        f'the command {_short(kind)} is unknown: expected ready, start, stop or stop_all'
    )


def _box(value: Any) -> tuple[float, float, float, float]:
    def is_place(number: Any) -> bool:
        return (
            isinstance(number, (int, float))
            and not isinstance(number, bool)
            # Neither is NaN, which JSON of Python has.
            and abs(number) <= LARGEST_PIXEL
        )

    if not (isinstance(value, list) and len(value) == 4 and all(map(is_place, value))):
        raise UserError(
            f'the box {_short(value)} is not understood: expected four numbers left, top, width, '
            'height in pixels'
        )
    left, top, width, height = map(float, value)
    if width <= 0 or height <= 0:
        raise UserError(f'the box is {width:g} x {height:g} pixels: both must be positive')
    return left, top, width, height


def _stamp(value: Any) -> int:
    # A text: JavaScript's numbers do not hold nanoseconds since 1970.
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20):
        raise UserError(f'the stamp {_short(value)} is not understood: expected digits in a text')
    stamp = int(value)
    if stamp >= LATEST_STAMP:
        raise UserError(f'the stamp {stamp} is too late: expected nanoseconds before 2038')
    return stamp


def _id(fields: dict[str, Any], empty: bool) -> str:
    value = fields.get('id', '')
    if not (isinstance(value, str) and len(value) <= LONGEST_ID and value.isprintable()):
        raise UserError(
            f'the id {_short(value)} is not understood: expected a text of at most {LONGEST_ID} '
            'printable letters'
        )
    if not value and not empty:
        raise UserError('the id is missing: expected that of a target')
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f'{text[:37]}...'


def pack(header: dict[str, Any], jpeg: bytes) -> bytes:
    """Return a message to a page."""
    text = json.dumps(header, separators=(',', ':'), allow_nan=False).encode()
    return len(text).to_bytes(4, 'big') + text + jpeg


def unpack(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and JPEG file of a message to a page."""
    end = 4 + int.from_bytes(message[:4], 'big')
    return json.loads(message[4:end]), message[end:]
