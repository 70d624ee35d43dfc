# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Overlay videos: the boxes of all trackers and the true one over the images of a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...drawing import Colour, draw_box
from ...geometry import Box
from ...images import Image, read_image, require_cv2
from ...sequences import Sequence
from ...video import VideoWriter
from ..overlap import overlaps
from ..traces import SKIPPED, Trace
from .palette import Style

FPS = 25.0
LONGEST_SIDE = 480
# The encoder spends two bits on each pixel: this is about 24 MB.
MOST_PIXELS = 96_000_000
ROW_HEIGHT = 18
GROUND: Colour = (32, 27, 24)
TRUTH: Colour = (255, 255, 255)
TEXT: Colour = (225, 225, 225)


@dataclass(frozen=True)
class Overlay:
    """What is drawn of one tracker."""

    style: Style
    trace: Trace


@dataclass(frozen=True)
class _Layout:
    """Size of the picture, its scale, and which images it takes."""

    width: int
    height: int
    stride: int


def write_overlay(
    path: Path, sequence: Sequence, overlays: Mapping[str, Overlay]
) -> tuple[int, int]:
    """Write a video that browsers play.

    Long sequences are shown with fewer of their images, so that a file stays small.

    Parameters
    ----------
    path : Path
        Ends in ``.webm``.
    sequence : Sequence
    overlays : mapping of str to Overlay
        By tracker: one pass of each.

    Returns
    -------
    tuple of int
        Width and height of the video in pixels.

    Raises
    ------
    UserError
        An image cannot be read, or this OpenCV cannot write the video.
    """
    layout = _plan(read_image(sequence.images[0]), len(sequence.images))
    # Written whole or not at all: a run that is stopped leaves no video that looks finished.
    partial = path.with_name(f'partial-{path.name}')
    try:
        with VideoWriter(partial, FPS) as writer:
            for picture in _pictures(sequence, overlays, layout):
                writer.write(picture)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return layout.width, layout.height + _panel_height(overlays)


def _pictures(
    sequence: Sequence, overlays: Mapping[str, Overlay], layout: _Layout
) -> Iterator[Image]:
    cv2 = require_cv2()
    compared = {name: overlaps(o.trace.boxes, sequence) for name, o in overlays.items()}
    for index in range(0, len(sequence.images), layout.stride):
        image = read_image(sequence.images[index])
        scale = layout.width / image.shape[1], layout.height / image.shape[0]
        picture = cv2.resize(image, (layout.width, layout.height), interpolation=cv2.INTER_AREA)
        _draw_box(picture, sequence.boxes[index], scale, TRUTH)
        for overlay in overlays.values():
            if overlay.trace.events[index] != SKIPPED:
                _draw_box(picture, overlay.trace.boxes[index], scale, overlay.style.bgr)
        panel = _panel(layout.width, sequence, index, overlays, compared)
        yield np.vstack([picture, panel])


def _plan(image: Image, count: int) -> _Layout:
    """A picture of even sides, and a stride that keeps the file small."""
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    # The encoder halves the colours' resolution.
    width, height = (max(2, round(side * scale / 2) * 2) for side in (width, height))
    return _Layout(width, height, math.ceil(width * height * count / MOST_PIXELS))


def _draw_box(
    picture: Image, ltwh: NDArray[np.float64], scale: tuple[float, float], colour: Colour
) -> None:
    box = Box.from_ltwh(*ltwh.tolist())
    if not box.is_valid:
        return
    left, top, right, bottom = box.scaled(*scale).ltrb
    height, width = picture.shape[:2]
    # A tracker may say anything; OpenCV counts in 32 bits.
    left, right = (min(max(value, -9.0), width + 9.0) for value in (left, right))
    top, bottom = (min(max(value, -9.0), height + 9.0) for value in (top, bottom))
    draw_box(picture, Box.from_ltwh(left, top, right - left, bottom - top), colour)


def _panel_height(overlays: Mapping[str, Overlay]) -> int:
    """Even, as the height of the whole picture must be."""
    return (1 + len(overlays)) * ROW_HEIGHT + 6


def _panel(
    width: int,
    sequence: Sequence,
    index: int,
    overlays: Mapping[str, Overlay],
    compared: Mapping[str, NDArray[np.float64]],
) -> Image:
    """A row for each tracker: name, overlap, score and state."""
    panel = np.full((_panel_height(overlays), width, 3), GROUND, np.uint8)
    there = bool(sequence.present[index])
    truth = 'truth' if there else 'absent' if sequence.absent[index] else 'not labelled'
    _write(panel, 0, TRUTH, f'{index + 1}/{len(sequence.images)}  {truth}')
    for row, (name, overlay) in enumerate(overlays.items(), 1):
        trace = overlay.trace
        parts = [name[:24]]
        if trace.events[index] == SKIPPED:
            parts.append('not running')
        else:
            if there:
                parts.append(f'IoU {compared[name][index]:.2f}')
            if not math.isnan(trace.scores[index]):
                parts.append(f'score {trace.scores[index]:.2f}')
            parts.append(str(trace.states[index]))
            if trace.events[index]:
                parts.append(f'({trace.events[index]})')
        _write(panel, row, overlay.style.bgr, '  '.join(filter(None, parts)))
    return panel


def _write(panel: Image, row: int, colour: Colour, text: str) -> None:
    """One row: a patch of the colour, then the text in the letters that OpenCV has."""
    cv2 = require_cv2()
    top = 3 + row * ROW_HEIGHT
    panel[top + 4 : top + 14, 6:16] = colour
    letters = text.encode('ascii', 'replace').decode('ascii')
    cv2.putText(
        panel, letters, (22, top + 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, TEXT, 1, cv2.LINE_AA
    )
