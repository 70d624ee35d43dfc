# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Overlap over the frames of a sequence as a small picture, coloured by what the tracker said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...sequences import Sequence
from ..overlap import overlaps
from ..traces import INIT, SKIPPED, Trace

Array = NDArray[np.float64]

# Columns of a picture at most: more could not be seen.
COLUMNS = 96
# Height of the part for the overlap; the state stands below it.
HEIGHT = 20
# The worse, the later: a column shows the worst state of its frames, so that no loss is hidden.
KINDS = ('silent', 'tracking', 'uncertain', 'lost')


@dataclass(frozen=True)
class Strip:
    """Overlap and state by frame.

    Attributes
    ----------
    overlap : ndarray
        (N,) in [0, 1]; NaN where there is nothing to compare.
    state : ndarray
        (N,) index into `KINDS`; -1 where nobody tracked.
    absent : ndarray
        (N,) whether the target is known to be out of view.
    """

    overlap: Array
    state: NDArray[np.int64]
    absent: NDArray[np.bool_]

    @classmethod
    def of(cls, sequence: Sequence, trace: Trace) -> Strip:
        """Compare a pass with the labels."""
        skipped = trace.events == SKIPPED
        known = sequence.present & ~skipped
        # Nobody asks for a state where a tracker is given the box; one that tells states has it.
        tells = bool((trace.states != '').any())
        states = np.where((trace.events == INIT) & tells, 'tracking', trace.states)
        codes = [np.where(states == kind, code, 0) for code, kind in enumerate(KINDS)]
        return cls(
            overlap=np.where(known, overlaps(trace.boxes, sequence), np.nan),
            state=np.where(skipped, -1, np.sum(codes, axis=0)),
            absent=sequence.absent,
        )

    @property
    def label(self) -> str:
        """What the picture says, in words."""
        known = self.overlap[~np.isnan(self.overlap)]
        mean = f'mean {known.mean():.2f}' if len(known) else 'nothing to compare'
        parts = [f'IoU over {len(self.overlap)} frames: {mean}']
        parts += [
            f'{kind} in {count}'
            for kind, count in (
                ('uncertain', int((self.state == 2).sum())),
                ('lost', int((self.state == 3).sum())),
                ('target absent', int(self.absent.sum())),
            )
            if count
        ]
        return ', '.join(parts)

    def svg(self) -> str:
        """The picture as markup, as wide as its place."""
        strip = self._binned()
        count = len(strip.overlap)
        tops = np.rint(HEIGHT * (1.0 - np.nan_to_num(strip.overlap))).astype(int)
        shapes = [
            *(
                ('absent', f'M{begin} 0h{end - begin}v{HEIGHT}H{begin}z')
                for value, begin, end in _runs(strip.absent.astype(np.int64))
                if value
            ),
            *(
                (KINDS[value], _column(tops[begin:end], begin))
                for value, begin, end in _runs(strip.state)
                if value >= 0
            ),
        ]
        paths = {kind: ''.join(d for k, d in shapes if k == kind) for kind, _ in shapes}
        drawn = ''.join(f'<path class="{kind}" d="{d}"/>' for kind, d in paths.items())
        return (
            f'<svg class="strip" viewBox="0 0 {count} {HEIGHT + 5}" preserveAspectRatio="none" '
            f'role="img" aria-label="{escape(self.label)}"><title>{escape(self.label)}</title>'
            f'{drawn}</svg>'
        )

    def _binned(self) -> Strip:
        """At most `COLUMNS` columns: mean overlap, worst state, and whether mostly absent."""
        count = len(self.overlap)
        if count <= COLUMNS:
            return self
        first = np.linspace(0, count, COLUMNS, endpoint=False).astype(int)
        sizes = np.diff(np.append(first, count))
        known = np.add.reduceat((~np.isnan(self.overlap)).astype(np.float64), first)
        total = np.add.reduceat(np.nan_to_num(self.overlap), first)
        absent = np.add.reduceat(self.absent.astype(np.float64), first)
        return Strip(
            overlap=np.divide(total, known, out=np.full(COLUMNS, np.nan), where=known > 0),
            state=np.maximum.reduceat(self.state, first),
            absent=absent > sizes / 2,
        )


def _runs(values: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Value, begin and end of each stretch of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    for begin, end in pairwise(bounds):
        yield int(values[begin]), begin, end


def _column(tops: NDArray[np.int64], begin: int) -> str:
    """Outline of the overlap above the ground line, and a bar of the state below it."""
    steps = ''.join(f'V{top}h1' for top in tops.tolist())
    return f'M{begin} {HEIGHT}{steps}V{HEIGHT}zM{begin} {HEIGHT + 2}h{len(tops)}v3H{begin}z'
