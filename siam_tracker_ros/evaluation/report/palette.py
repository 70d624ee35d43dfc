# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One look for each tracker, the same in every plot, table and video."""

from __future__ import annotations

from dataclasses import dataclass

# Light and dark page. Most readers with a colour vision deficiency can tell them apart (after
# Okabe and Ito 2008, darkened to a contrast of 3 to 1 against the page); dashes and markers
# carry the same information.
PAIRS = (
    ('#0072b2', '#5cb3f0'),
    ('#d55e00', '#ff9457'),
    ('#008a64', '#3ecf9e'),
    ('#ae4f94', '#e79bd2'),
    ('#a87400', '#efb944'),
    ('#4d5560', '#c3cad4'),
    ('#8a1e4a', '#f27ba3'),
)
DASHES = ('-', '--', ':', '-.')
# As matplotlib calls them, and as letters.
MARKERS = {'o': '●', 's': '■', 'D': '◆', '^': '▲', 'v': '▼', 'P': '✚', 'X': '✖'}

# Parts of a frame's time, one for each of `STAGES`: dark to light in one hue, and three muted
# ones. They are no trackers.
STAGE_PAIRS = (
    ('#123f63', '#8cc4ee'),
    ('#2a6a9c', '#5f9fd0'),
    ('#5b98c7', '#3d7aab'),
    ('#94bfe0', '#285b86'),
    ('#c6ddf0', '#1b4163'),
    ('#8b93a0', '#8b93a0'),
    ('#6b6286', '#aba2c9'),
    ('#b3a8c9', '#77698f'),
)

INK = '#1a2029'
MUTED = '#5d6674'
GRID = '#dfe3e9'


@dataclass(frozen=True)
class Style:
    """How a tracker is drawn.

    Attributes
    ----------
    index : int
        Position of its colours in `PAIRS`.
    colour : str
        ``#rrggbb`` on a light ground.
    dash : str
        As matplotlib calls it.
    marker : str
    """

    index: int
    colour: str
    dash: str
    marker: str

    @property
    def bgr(self) -> tuple[int, int, int]:
        """The colour on a dark ground, as OpenCV takes it."""
        dark = PAIRS[self.index][1]
        red, green, blue = (int(dark[at : at + 2], 16) for at in (1, 3, 5))
        return blue, green, red


def tracker_styles(trackers: tuple[str, ...]) -> dict[str, Style]:
    """A style for each tracker, by its position."""
    return {tracker: _style(position) for position, tracker in enumerate(trackers)}


def theme_variables() -> tuple[dict[str, str], dict[str, str]]:
    """CSS variables with the colours of trackers and stages: of the light and the dark page."""
    names = [
        *(f'--tracker-{index}' for index in range(len(PAIRS))),
        *(f'--stage-{index}' for index in range(len(STAGE_PAIRS))),
    ]
    light, dark = zip(*PAIRS, *STAGE_PAIRS)
    return dict(zip(names, light)), dict(zip(names, dark))


def _style(position: int) -> Style:
    cycle, index = divmod(position, len(PAIRS))
    return Style(
        index=index,
        colour=PAIRS[index][0],
        dash=DASHES[cycle % len(DASHES)],
        marker=list(MARKERS)[index],
    )
