# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of what a tracker knows: the overlay of one frame, and a contact sheet of many.

Images are (H, W, 3) uint8 arrays, BGR; boxes are in continuous pixels of that image.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import TYPE_CHECKING

import numpy as np

from .errors import UserError
from .images import Image, require_cv2

if TYPE_CHECKING:
    from .geometry import Box
    from .trackers.base import Estimate, Response

Colour = tuple[int, int, int]

# BGR by the value of `State`: green, amber, red.
STATE_COLOURS: dict[str, Colour] = {
    'tracking': (80, 220, 60),
    'uncertain': (0, 190, 255),
    'lost': (60, 60, 240),
}

WINDOW_COLOUR: Colour = (235, 235, 235)
GAP_COLOUR = 24
MAP_OPACITY = 0.65


def draw_overlay(
    image: Image, estimates: Sequence[Estimate], labels: Sequence[str] | None = None
) -> Image:
    """Draw what is known about every target over a copy of its frame.

    Response maps come first, as colours that are the more opaque the higher the response is,
    outlined by the windows they cover; then boxes in the colour of the state, with label, state
    and score.

    Parameters
    ----------
    image : ndarray
        (H, W, 3) uint8, BGR.
    estimates : sequence of Estimate
        Of this frame.
    labels : sequence of str, optional
        A name for each estimate.

    Returns
    -------
    ndarray
        (H, W, 3) uint8, BGR; the input is left as it is.
    """
    canvas: Image = image.copy()
    for estimate in estimates:
        if estimate.response is not None:
            blend_score_map(canvas, estimate.response)
    for index, estimate in enumerate(estimates):
        name = f'{labels[index]} ' if labels is not None else ''
        colour = STATE_COLOURS[estimate.state.value]
        text = f'{name}{estimate.state.value} {estimate.score:.2f}'
        draw_box(canvas, estimate.box, colour, text)
    return canvas


def blend_score_map(canvas: Image, response: Response) -> None:
    """Blend a response map into the part of an image that it covers, in place, and outline it."""
    cv2 = require_cv2()
    window = response.window
    height, width = canvas.shape[:2]
    left, top = window.cx - window.side / 2, window.cy - window.side / 2
    x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
    x1 = min(width, math.ceil(left + window.side))
    y1 = min(height, math.ceil(top + window.side))
    if x1 <= x0 or y1 <= y0:
        return
    scores = np.clip(np.nan_to_num(response.probabilities().numpy()), 0.0, 1.0)
    cell = window.side / scores.shape[0]
    # OpenCV counts from centres: pixel x is at x + 0.5, cell k at left + (k + 0.5) cell.
    affine = np.array(
        [
            [1 / cell, 0.0, (x0 + 0.5 - left) / cell - 0.5],
            [0.0, 1 / cell, (y0 + 0.5 - top) / cell - 0.5],
        ]
    )
    part = cv2.warpAffine(
        scores,
        affine,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    colours = cv2.applyColorMap(np.rint(part * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    # Squared: a background that scores in the middle would otherwise tint the whole window.
    opacity = MAP_OPACITY * part[:, :, None] ** 2
    region = canvas[y0:y1, x0:x1]
    region[:] = np.rint(region * (1.0 - opacity) + colours * opacity).astype(np.uint8)
    corners = _pixel_corners(left, top, left + window.side, top + window.side)
    cv2.rectangle(canvas, *corners, WINDOW_COLOUR, 1)


def draw_box(canvas: Image, box: Box, colour: Colour, text: str = '') -> None:
    """Draw a box and, above it or inside where there is no room above, a text; in place."""
    cv2 = require_cv2()
    height, width = canvas.shape[:2]
    unit = max(1, round(max(height, width) / 640))
    (left, top), (right, bottom) = _pixel_corners(*box.ltrb)
    cv2.rectangle(canvas, (left, top), (right, bottom), colour, 2 * unit)
    if not text:
        return
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit
    (text_width, text_height), below = cv2.getTextSize(text, font, scale, unit)
    x = max(0, min(left, width - text_width - 4 * unit))
    y = top - 2 * unit - below
    if y - text_height < 0:
        y = min(bottom + text_height + 3 * unit, height - below - 1)
    cv2.rectangle(
        canvas, (x, y - text_height - unit), (x + text_width + 2 * unit, y + below), colour, -1
    )
    cv2.putText(canvas, text, (x + unit, y), font, scale, (0, 0, 0), unit, cv2.LINE_AA)


def contact_sheet(
    images: Sequence[Image], columns: int, cell_width: int = 320, gap: int = 4
) -> Image:
    """Put images side by side in rows, each fitted into a cell of the first image's aspect.

    Parameters
    ----------
    images : sequence of ndarray
        (H, W, 3) uint8, BGR; sizes may differ.
    columns : int
        Images in a row.
    cell_width : int
        Width of a cell in pixels.
    gap : int
        Pixels around each cell.

    Returns
    -------
    ndarray
        (H', W', 3) uint8, BGR.

    Raises
    ------
    UserError
        There are no images, or `columns` is not positive.
    """
    if not images:
        raise UserError('a contact sheet needs at least one image: none was given')
    if columns < 1:
        raise UserError(f'columns is {columns}: expected at least 1')
    cv2 = require_cv2()
    height, width = images[0].shape[:2]
    cell_height = max(1, round(cell_width * height / width))
    rows = math.ceil(len(images) / columns)
    shape = (rows * (cell_height + gap) + gap, columns * (cell_width + gap) + gap, 3)
    sheet = np.full(shape, GAP_COLOUR, np.uint8)
    for index, image in enumerate(images):
        scale = min(cell_width / image.shape[1], cell_height / image.shape[0])
        fitted_width = max(1, min(cell_width, round(image.shape[1] * scale)))
        fitted_height = max(1, min(cell_height, round(image.shape[0] * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        fitted = cv2.resize(image, (fitted_width, fitted_height), interpolation=method)
        row, column = divmod(index, columns)
        y = gap + row * (cell_height + gap) + (cell_height - fitted_height) // 2
        x = gap + column * (cell_width + gap) + (cell_width - fitted_width) // 2
        sheet[y : y + fitted_height, x : x + fitted_width] = fitted
    return sheet


def _pixel_corners(
    left: float, top: float, right: float, bottom: float
) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last pixel of a box: OpenCV counts both corners to the rectangle."""
    first = round(left), round(top)
    return first, (max(first[0], round(right) - 1), max(first[1], round(bottom) - 1))
