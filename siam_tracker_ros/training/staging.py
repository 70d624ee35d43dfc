# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What happens in a rendered sequence: who moves where, and what makes it hard to follow.

Everything is drawn before any pixel is touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np
from torch import Tensor

from ..errors import UserError
from ..settings import Settings, setting
from .casting import Cast, cut_out, reduced
from .filming import Camera, Track
from .motion import Floats, Thing, smooth, walk
from .pairs import View

# Frames that an absence needs before and after it: to begin in view, to leave and to come back.
AROUND_ABSENCE = 60
# One absence in so many frames, where a track has any.
ABSENCE_EVERY = 120
# Longest way out of the frame, under a cover, or back.
PASSAGE = 20
# Least share of the target that is seen in the first frame, where tracking starts.
FIRST_VISIBLE = 0.9
# Frames at the beginning in which nothing passes over the target.
CALM = 10
# Smallest and largest side of the target while its scale changes, as a share of the frame's.
SMALLEST, LARGEST = 0.05, 0.6


@dataclass(frozen=True)
class TrackSettings(Settings):
    """What tracks show, and how hard they are."""

    frames: int = setting(120, 'length of a track', unit='frames', low=2, high=100000)
    size: int = setting(256, 'side of the frames', unit='px', low=64, high=2048)
    min_side: float = setting(
        0.1, 'smallest side of the target in its first frame', unit='frames', low=0.05, high=0.5
    )
    max_side: float = setting(
        0.35, 'largest side of the target in its first frame', unit='frames', low=0.05, high=0.5
    )
    visible: float = setting(
        0.15,
        'share of the target below which it counts as absent: the rest is outside or covered',
        low=0.0,
        high=0.9,
    )
    speed: float = setting(
        0.33, 'largest speed, in sides of the target per frame; 0: stands still', low=0.0, high=2.0
    )
    kicks: float = setting(
        0.3, 'share of tracks with sudden accelerations of the target', low=0.0, high=1.0
    )
    camera: float = setting(
        0.7, 'share of tracks whose camera pans, zooms and shakes', low=0.0, high=1.0
    )
    scaling: float = setting(
        0.7, 'share of tracks in which the target changes its size', low=0.0, high=1.0
    )
    scale: float = setting(2.0, 'largest factor of the size, up and down', low=1.0, high=8.0)
    turning: float = setting(
        0.6, 'share of tracks in which the target turns: rotation and stretch', low=0.0, high=1.0
    )
    rotation: float = setting(25.0, 'largest rotation', unit='deg', low=0.0, high=180.0)
    stretch: float = setting(
        0.35, 'largest stretch or squeeze of width or height', low=0.0, high=2.0
    )
    drifting: float = setting(
        0.7, 'share of tracks in which other parts of the still come into view', low=0.0, high=1.0
    )
    drift: float = setting(
        0.3, "largest shift of what is shown, in the object's sides", low=0.0, high=2.0
    )
    light: float = setting(0.5, 'share of tracks whose light changes', low=0.0, high=1.0)
    blur: float = setting(
        0.4, 'share of tracks with stretches of motion blur or defocus', low=0.0, high=1.0
    )
    noise: float = setting(0.5, 'share of tracks with noise of the sensor', low=0.0, high=1.0)
    distractors: float = setting(
        0.6, 'share of tracks with one to three other objects', low=0.0, high=1.0
    )
    occluders: float = setting(
        0.5, 'share of tracks in which things pass over the target', low=0.0, high=1.0
    )
    leaving: float = setting(
        0.35,
        'share of tracks in which the target is away for a while: outside or wholly covered',
        low=0.0,
        high=1.0,
    )
    min_absence: int = setting(10, 'shortest time away', unit='frames', low=1, high=10000)
    max_absence: int = setting(40, 'longest time away', unit='frames', low=1, high=10000)

    def check_together(self) -> None:
        """Refuse bounds that cross, and absences for which the tracks are too short."""
        for low, high in (('min_side', 'max_side'), ('min_absence', 'max_absence')):
            if getattr(self, low) > getattr(self, high):
                raise UserError(
                    f'{low} is {getattr(self, low)}: expected at most {high} '
                    f'({getattr(self, high)})'
                )
        if self.leaving > 0.0 and self.frames < self.max_absence + AROUND_ABSENCE:
            raise UserError(
                f'frames is {self.frames}: expected at least {self.max_absence + AROUND_ABSENCE} '
                f'(max_absence and {AROUND_ABSENCE}), so that the target can leave and come '
                'back; or set leaving to 0'
            )


class Staging:
    """All that is drawn at random for one track.

    Parameters
    ----------
    cast : Cast
    number : int
        The shot that lends the target.
    settings : TrackSettings
    seed : tuple of int
        Of this track alone.
    """

    def __init__(
        self, cast: Cast, number: int, settings: TrackSettings, seed: tuple[int, ...]
    ) -> None:
        self.cast = cast
        self.number = number
        self.settings = settings
        self.seed = seed
        self.frames = settings.frames
        self.side = settings.size
        self.images: list[Tensor] = []

    def rng(self, purpose: str) -> np.random.Generator:
        """Randomness for one purpose, whatever else is drawn."""
        return np.random.default_rng((*self.seed, *purpose.encode()))

    def chosen(self, purpose: str) -> bool:
        """Whether the track is in the share that a setting names."""
        return bool(self.rng(f'share of {purpose}').random() < getattr(self.settings, purpose))

    def track(self) -> Track:
        """Put everything together."""
        s, rng = self.settings, self.rng('target')
        shake = self._shake()
        window = self._window(shake)
        view = self.cast.view(self.number, rng)
        side = self.side * math.exp(rng.uniform(math.log(s.min_side), math.log(s.max_side)))
        target = self._thing(view, side, rng)
        speed = s.speed * side
        way = walk(
            rng,
            self.frames,
            rng.uniform(0.3 * self.side, 0.7 * self.side, 2),
            speed * math.exp(rng.uniform(math.log(0.04), 0.0)),
            (0.12 * self.side, 0.88 * self.side),
            self._kicks(speed),
        )
        target = replace(target, at=way)
        target, covers, jumps = self._absences(target)
        below, above = self._distractors(view, target, side)
        above += self._occluders(target) + covers
        things = [replace(t, at=t.at + shake) for t in (*below, target, *above)]
        shutter, defocus = self._blur()
        for jump in jumps:
            # Between two frames it would be seen on its way, where it never was.
            shutter[max(jump - 1, 0) : jump + 1] = 0.0
        noise = math.exp(self.rng('noise').uniform(math.log(2.0), math.log(12.0)))
        camera = Camera(
            window, self._tone(), shutter, defocus, noise if self.chosen('noise') else 0.0
        )
        return Track(self.images, things, len(below), camera, s.size, s.visible, self.seed)

    def _shake(self) -> Floats:
        """How far the camera's shaking moves the whole image, (T, 2)."""
        rng = self.rng('shake')
        strength = self.side * max(0.0, rng.uniform(-0.008, 0.008))
        steps = rng.normal(0.0, strength, (self.frames, 2))
        steps *= 0.5 + 0.5 * smooth(rng, self.frames, 20.0, from_zero=False)[:, None]
        for t in range(1, self.frames):
            steps[t] += 0.5 * steps[t - 1]
        return steps * self.chosen('camera')

    def _window(self, shake: Floats) -> Floats:
        """What the camera sees of another shot, which becomes the first image."""
        rng, moves = self.rng('camera'), self.chosen('camera')
        image = self.cast.backdrop(self.number, rng)
        extent = np.array([image.shape[1], image.shape[0]], dtype=np.float64)
        side = extent.min() * rng.uniform(0.55, 0.85)
        zoom = moves * rng.uniform(0.0, 0.3) * self._signal(rng, (40.0, 120.0))
        sides = np.minimum(side * np.exp(zoom), 0.97 * extent.min())
        pan = rng.uniform(-1.0, 1.0, 2)
        steps = np.stack([self._signal(rng, (40.0, 120.0)) for _ in range(2)], axis=1)
        pan = np.clip(pan + moves * rng.uniform(0.3, 1.5) * steps, -1.0, 1.0)
        room = (extent - sides[:, None]) / 2
        centre = extent / 2 + room * pan - shake * sides[:, None] / self.side
        centre = np.clip(centre, sides[:, None] / 2, extent - sides[:, None] / 2)
        image, factor = reduced(image, np.full(2, self.side / sides.min()))
        self.images.append(image)
        # Its pixels may be a little off square after rounding; a third of a pixel in all.
        return np.column_stack([centre * factor, sides * math.sqrt(factor[0] * factor[1])])

    def _tone(self) -> Floats:
        rng = self.rng('light')
        changes = [
            rng.uniform(0.0, most) * self._signal(rng, (15.0, 90.0))
            for most in (0.15, 0.15, 0.15, 0.5, 0.6)
        ]
        *cast, gamma, gain = (change * self.chosen('light') for change in changes)
        return np.exp(np.stack([*(c + gain for c in cast), gamma], axis=1))

    def _blur(self) -> tuple[Floats, Floats]:
        """Times of the shutter, in frames, and widths of the defocus, in pixels."""
        rng, kind = self.rng('blur'), self.rng('kind of blur').random()
        in_motion = smooth(rng, self.frames, 20.0, from_zero=False) > 0.0
        shutter = rng.uniform(0.3, 1.0) * in_motion
        defocus = np.maximum(smooth(rng, self.frames, 25.0, from_zero=False), 0.0)
        defocus *= rng.uniform(0.006, 0.016) * self.side
        blurred = self.chosen('blur')
        moves, soft = blurred and kind < 0.7, blurred and kind > 0.4
        return np.asarray(shutter * moves), np.asarray(defocus * soft)

    def _signal(self, rng: np.random.Generator, periods: tuple[float, float]) -> Floats:
        """A smooth change since the first frame, in [-1, 1], at a random pace."""
        return smooth(rng, self.frames, rng.uniform(*periods), from_zero=True)

    def _kicks(self, speed: float) -> dict[int, float]:
        rng = self.rng('kicks')
        when = rng.integers(1, self.frames, int(rng.integers(1, 5)))
        fast = rng.uniform(0.5, 1.0, len(when)) * speed
        return dict(zip(when.tolist(), fast.tolist())) if self.chosen('kicks') else {}

    def _thing(
        self, view: View, side: float, rng: np.random.Generator, *, rigid: bool = False
    ) -> Thing:
        """An object with all its changes but its place.

        Parameters
        ----------
        view : View
        side : float
            Geometric mean of its sides in the first frame, in pixels.
        rng : numpy Generator
        rigid : bool
            Whether it keeps its size, its direction and its look.
        """
        s, box, alive = self.settings, view.box, not rigid
        grow = rng.uniform(0.5, 1.0) * self._signal(rng, (30.0, 120.0))
        turn = rng.uniform(0.3, 1.0) * self._signal(rng, (15.0, 90.0))
        slim = rng.uniform(0.3, 1.0) * self._signal(rng, (15.0, 90.0))
        upright = bool(rng.random() < 0.7)
        moves = [rng.uniform(0.3, 1.0) * self._signal(rng, (30.0, 120.0)) for _ in range(4)]
        power, softness = rng.uniform(2.0, 6.0), rng.uniform(0.02, 0.1)

        sides = side * s.scale ** (grow * (alive and self.chosen('scaling')))
        if alive:
            sides = np.clip(sides, SMALLEST * self.side, LARGEST * self.side)
        size = sides[:, None] * np.array([box.w, box.h]) / math.sqrt(box.area)
        turns = alive and self.chosen('turning')
        # A body that turns about its own axis becomes narrower and wider, not lower.
        size[:, 0 if upright else 1] *= (1.0 + s.stretch) ** (slim * turns)
        drift = s.drift * np.stack(moves, axis=1) * (alive and self.chosen('drifting'))
        whole = np.array([view.image.shape[1], view.image.shape[0]], dtype=np.float64)
        extent = np.minimum(np.exp(drift[:, 2:]) * (box.w, box.h), whole)
        centre = np.clip((box.cx, box.cy) + drift[:, :2] * extent, extent / 2, whole - extent / 2)
        kept, shown = cut_out(view.image, np.hstack([centre, extent]), size)
        self.images.append(kept)
        return Thing(
            len(self.images) - 1,
            shown,
            np.zeros((self.frames, 2)),
            size,
            math.radians(s.rotation) * turn * turns,
            power,
            softness,
        )

    def _absences(self, target: Thing) -> tuple[Thing, list[Thing], list[int]]:
        """Take the target away for a while, now and then.

        Returns the target on its new way, what covers it, and the frames in which it is
        suddenly elsewhere, unseen.
        """
        s, rng = self.settings, self.rng('leaving')
        covers: list[Thing] = []
        jumps: list[int] = []
        if not self.chosen('leaving'):
            return target, covers, jumps
        way, reach = target.at.copy(), target.reach()
        slots = max(1, self.frames // max(ABSENCE_EVERY, s.max_absence + AROUND_ABSENCE))
        for slot in range(slots):
            first, last = (self.frames * k // slots for k in (slot, slot + 1))
            away = int(rng.integers(s.min_absence, s.max_absence + 1))
            begin = int(rng.integers(first + CALM + PASSAGE, last - PASSAGE - away + 1))
            end, middle = begin + away, begin + away // 2
            size = reach[begin:end].max(axis=0)
            covered, elsewhere = rng.random(2) < 0.5
            # What hides a large target would fill the frame.
            if covered and size.max() < 0.2 * self.side:
                lifted = middle if elsewhere else end
                covers.append(self._cover(target, begin, lifted, size, rng))
                if not elsewhere:
                    continue
            else:
                out = self._outside(way[begin], size, rng)
                going = self._passage(out - way[begin], target.size[begin])
                share = (np.arange(1, going + 1)[:, None] / (going + 1)) ** 1.5
                way[begin - going : begin] += share * (out - way[begin - going : begin])
                way[begin:middle] = out
            out = self._outside(way[end], size, rng)
            coming = self._passage(out - way[end], target.size[end])
            share = (np.arange(coming, 0, -1)[:, None] / (coming + 1)) ** 1.5
            way[end : end + coming] += share * (out - way[end : end + coming])
            way[middle:end] = out
            jumps.append(middle)
        return replace(target, at=way), covers, jumps

    def _outside(self, near: Floats, reach: Floats, rng: np.random.Generator) -> Floats:
        """A place just outside, beyond one of the two nearest borders."""
        beyond = reach + 0.05 * self.side
        along = np.clip(
            near + rng.normal(0.0, 0.1 * self.side, 2), 0.15 * self.side, 0.85 * self.side
        )
        places = np.array(
            [
                (-beyond[0], along[1]),
                (self.side + beyond[0], along[1]),
                (along[0], -beyond[1]),
                (along[0], self.side + beyond[1]),
            ]
        )
        order = np.argsort(np.hypot(*(places - near).T))
        return np.asarray(places[order[int(rng.integers(2))]])

    def _passage(self, way: Floats, size: Floats) -> int:
        """Frames for a way at about the largest speed."""
        speed = self.settings.speed * math.sqrt(float(size.prod()))
        return round(min(max(float(np.hypot(*way)) / max(speed, 1.0), 6.0), float(PASSAGE)))

    def _cover(
        self, target: Thing, begin: int, lifted: int, reach: Floats, rng: np.random.Generator
    ) -> Thing:
        """A thing that comes over the target, hides it from `begin` to `lifted`, and moves off."""
        view = self.cast.view(self.cast.lenders.draw(self.number, rng), rng)
        # Square enough to hide the corners of what is under it, and with an edge that does not
        # let them through.
        grow = rng.uniform(1.6, 2.2) * 2 * max(reach[0] / view.box.w, reach[1] / view.box.h)
        cover = self._thing(view, grow * math.sqrt(view.box.area), rng, rigid=True)
        cover = replace(cover, power=rng.uniform(3.0, 6.0), softness=0.03)
        turns = rng.uniform(0.0, 2 * math.pi, 2)
        far = 1.5 * float(np.hypot(*(reach + cover.reach()[0])))
        coming, going = rng.integers(8, PASSAGE + 1, 2)
        t = np.arange(self.frames)
        before, after = np.maximum(begin - t, 0) / coming, np.maximum(t - lifted, 0) / going
        ways = np.stack([np.cos(turns), np.sin(turns)], axis=1) * far
        return replace(cover, at=target.at + before[:, None] * ways[0] + after[:, None] * ways[1])

    def _distractors(
        self, view: View, target: Thing, side: float
    ) -> tuple[list[Thing], list[Thing]]:
        """Other objects that move by themselves, those under the target and those over it."""
        below: list[Thing] = []
        above: list[Thing] = []
        rng = self.rng('distractors')
        for _ in range(int(rng.integers(1, 4)) if self.chosen('distractors') else 0):
            kin = self.cast.kin(self.number, view, rng)
            thing = self._thing(kin, side * math.exp(rng.uniform(-0.4, 0.4)), rng)
            starts = rng.uniform(0.0, self.side, (6, 2))
            start = starts[np.argmax(np.hypot(*(starts - target.at[0]).T))]
            speed = self.settings.speed * side * math.exp(rng.uniform(math.log(0.04), 0.0))
            way = walk(rng, self.frames, start, speed, (0.0, float(self.side)))
            if rng.random() < 0.6:
                self._cross(way, target, side, rng)
            thing = replace(thing, at=way)
            over = rng.random() < 0.4 and target.visible(self.side, [thing])[0] > FIRST_VISIBLE
            (above if over else below).append(thing)
        return below, above

    def _cross(self, way: Floats, target: Thing, side: float, rng: np.random.Generator) -> None:
        """Bend a way so that it once comes near to where the target is then."""
        when = int(rng.integers(min(CALM, self.frames - 1), self.frames))
        span = rng.uniform(10.0, 25.0)
        away = np.minimum(np.abs(np.arange(self.frames) - when) / span, 1.0)
        turn, reach = rng.uniform(0.0, 2 * math.pi), rng.uniform(0.1, 1.2) * side
        place = np.clip(target.at[when], 0.0, self.side)
        place = place + reach * np.array([math.cos(turn), math.sin(turn)])
        way += (1.0 + np.cos(math.pi * away))[:, None] / 2 * (place - way[when])

    def _occluders(self, target: Thing) -> list[Thing]:
        """Things that pass over the target on straight ways, partly or wholly."""
        passing: list[Thing] = []
        rng = self.rng('occluders')
        for _ in range(int(rng.integers(1, 4)) if self.chosen('occluders') else 0):
            when = int(rng.integers(min(2 * CALM, self.frames - 1), self.frames))
            view = self.cast.view(self.cast.lenders.draw(self.number, rng), rng)
            side = math.sqrt(float(target.size[when].prod()))
            thing = self._thing(view, side * math.exp(rng.uniform(-0.5, 0.6)), rng, rigid=True)
            turn, miss = rng.uniform(0.0, 2 * math.pi), rng.uniform(-0.7, 0.7) * side
            ahead = np.array([math.cos(turn), math.sin(turn)])
            # From touching the target on one side to touching it on the other.
            length = 2 * float(np.hypot(*(target.reach()[when] + thing.reach()[when]) / 1.4))
            way = (np.arange(self.frames) - when) * length / rng.uniform(8.0, 40.0)
            place = np.clip(target.at[when], 0.0, self.side) + miss * ahead[::-1] * (-1.0, 1.0)
            thing = replace(thing, at=place + way[:, None] * ahead)
            if target.visible(self.side, [thing])[0] > FIRST_VISIBLE:
                passing.append(thing)
            else:
                self.images.pop()
        return passing
