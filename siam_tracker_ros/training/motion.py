# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Things that move over the frames of a rendered sequence, and where exactly they are seen.

Nothing here touches pixels: a thing is where its outline is. The outline is the superellipse at
which its mask is half opaque, so boxes and hidden shares are known to a fraction of a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
from typing import Any

import numpy as np

from ..geometry import Box
from .layers import Layer, Mask

Floats = np.ndarray[Any, np.dtype[np.float64]]

# Points along each side of the grid on which hidden shares are counted.
GRID = 24
# How much of the last velocity is left in the next frame: a walk keeps its direction for about a
# dozen frames.
INERTIA = 0.92


def smooth(rng: np.random.Generator, frames: int, period: float, *, from_zero: bool) -> Floats:
    """A smooth random signal: random heights, a period apart, joined by half cosines.

    Parameters
    ----------
    rng : numpy Generator
    frames : int
        T, the length.
    period : float
        Frames from one height to the next.
    from_zero : bool
        Whether it begins at 0, for what changes while the sequence runs.

    Returns
    -------
    ndarray
        (T,) in [-1, 1].
    """
    knots = rng.uniform(-1.0, 1.0, int(frames / period) + 2)
    if from_zero:
        knots[0] = 0.0
    number, rest = np.divmod(np.arange(frames) / period, 1.0)
    before = number.astype(int)
    blend = (1.0 - np.cos(math.pi * rest)) / 2
    return np.asarray(knots[before] * (1.0 - blend) + knots[before + 1] * blend)


def walk(
    rng: np.random.Generator,
    frames: int,
    start: Sequence[float] | Floats,
    speed: float,
    area: tuple[float, float],
    kicks: Mapping[int, float] | None = None,
) -> Floats:
    """A random walk of second order: the velocity wanders, and the place follows it.

    Parameters
    ----------
    rng : numpy Generator
    frames : int
        T, the length.
    start : sequence of float
        First place, x and y in pixels.
    speed : float
        Largest speed in pixels per frame.
    area : tuple of float
        Least and most of x and of y; who comes near them turns back.
    kicks : mapping of int to float, optional
        Frames in which it suddenly goes another way, and how fast then, in pixels per frame.

    Returns
    -------
    ndarray
        (T, 2) in pixels.
    """
    low, high = area
    soft = 0.15 * (high - low)
    pace = 0.6 + 0.4 * smooth(rng, frames, 30.0, from_zero=False)
    velocity = rng.normal(0.0, 0.5 * speed, 2)
    place = np.array(start, dtype=np.float64)
    most = 0.0
    out = np.empty((frames, 2))
    for t in range(frames):
        out[t] = place
        velocity = INERTIA * velocity + rng.normal(0.0, 0.35 * speed, 2)
        velocity += 0.4 * speed * ((place < low + soft) * 1.0 - (place > high - soft) * 1.0)
        # What a kick has made fast slows down over some frames.
        most = max(speed * pace[t], 0.85 * most)
        if kicks and t in kicks:
            turn, most = rng.uniform(0.0, 2 * math.pi), kicks[t]
            velocity = most * np.array([math.cos(turn), math.sin(turn)])
        fast = float(np.hypot(*velocity))
        if fast > most:
            velocity *= most / fast
        place = np.clip(place + velocity, low, high)
    return out


def at_time(rows: Floats, t: float) -> Floats:
    """A row between two of (T, ...), at a time that need not be whole."""
    t = min(max(t, 0.0), len(rows) - 1.0)
    first = min(int(t), len(rows) - 2) if len(rows) > 1 else 0
    rest = t - first
    if rest == 0.0:
        return np.asarray(rows[first])
    return np.asarray(rows[first] * (1.0 - rest) + rows[first + 1] * rest)


@dataclass(frozen=True)
class Thing:
    """A part of an image that moves over T frames, seen through a soft mask.

    Attributes
    ----------
    image : int
        Which of the images.
    shown : ndarray
        (T, 4) what is shown of the image: centre x and y, width and height, in its pixels.
    at : ndarray
        (T, 2) place of the centre in the frame, in its continuous pixels.
    size : ndarray
        (T, 2) width and height in the frame, before rotation, in pixels.
    angle : ndarray
        (T,) rotation in the frame, in radians, clockwise.
    power, softness : float
        See `Mask`.
    """

    image: int
    shown: Floats
    at: Floats
    size: Floats
    angle: Floats
    power: float
    softness: float

    def layer(self, t: float, side: int) -> Layer:
        """The thing in a square frame at a time that need not be whole."""
        cx, cy, w, h = at_time(self.shown, t).tolist()
        cos, sin = math.cos(turn := float(at_time(self.angle, t))), math.sin(turn)
        linear = np.array([[cos, sin], [-sin, cos]])
        linear *= (np.array([w, h]) / at_time(self.size, t))[:, None]
        middle = linear @ (side / 2 - at_time(self.at, t)) + (cx, cy)
        mask = Mask(Box(cx, cy, w, h), self.power, self.softness)
        return Layer(self.image, np.column_stack([side * linear, middle]), mask)

    def reach(self) -> Floats:
        """Half width and half height of the upright box around the outline, (T, 2), in pixels."""
        # A superellipse reaches as far as the dual norm of the direction.
        q = self.power / (self.power - 1.0)
        cos, sin = np.abs(np.cos(self.angle)), np.abs(np.sin(self.angle))
        turned = np.stack([np.stack([cos, sin], axis=1), np.stack([sin, cos], axis=1)], axis=1)
        return np.asarray(((turned * self.size[:, None] / 2) ** q).sum(axis=2) ** (1.0 / q))

    def boxes(self) -> list[Box]:
        """The upright box around the outline in each frame, whatever the frame shows of it."""
        return [
            Box(x, y, 2 * a, 2 * b)
            for (x, y), (a, b) in zip(self.at.tolist(), self.reach().tolist())
        ]

    def visible(self, side: int, covers: Sequence[Thing]) -> Floats:
        """Share of the area inside the outline that is in the frame and under nothing, (T,).

        Parameters
        ----------
        side : int
            Side of the frame in pixels.
        covers : sequence of Thing
            What lies over it.
        """
        steps = (np.arange(GRID) + 0.5) * 2 / GRID - 1.0
        points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
        points = points[(np.abs(points) ** self.power).sum(axis=1) < 1.0]
        x, y = (points * self.size[:, None] / 2).transpose(2, 0, 1)
        cos, sin = np.cos(self.angle)[:, None], np.sin(self.angle)[:, None]
        frame = np.stack([cos * x - sin * y, sin * x + cos * y], axis=2) + self.at[:, None]
        seen = ((frame > 0.0) & (frame < side)).all(axis=2)
        for cover in covers:
            seen &= ~cover.contains(frame)
        return np.asarray(seen.mean(axis=1))

    def contains(self, points: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether points of the frames, (T, P, 2), are inside the outline, (T, P)."""
        x, y = (points - self.at[:, None]).transpose(2, 0, 1)
        cos, sin = np.cos(self.angle)[:, None], np.sin(self.angle)[:, None]
        own = np.stack([cos * x + sin * y, cos * y - sin * x], axis=2) / self.size[:, None] * 2
        # Far away nothing needs its power, which would overflow.
        inside = np.minimum(np.abs(own), 2.0) ** self.power
        return np.asarray(inside.sum(axis=2) < 1.0)
