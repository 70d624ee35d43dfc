#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write test/evaluation/reference/vot.json: what vot-toolkit says of made-up trackers.

Run it where vot-toolkit 0.9.0 is installed, `pip install vot-toolkit==0.9.0 attributee==0.1.9`
(attributee 0.1.10 does not load with Python 3.11); neither this package nor its tests need that.

The boxes of the trajectories have whole numbers and lie inside the image: there the toolkit's
overlaps, which count pixels, are exact. How far they are from that on rotated rectangles is
written down, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
import vot
from vot.analysis import longterm, supervised
from vot.experiment.multirun import SupervisedExperiment, UnsupervisedExperiment
from vot.region import Polygon, Rectangle, Special, calculate_overlap
from vot.tracker import ObjectStatus, OnlineTrackerRuntime, RealtimeTrackerRuntime, Trajectory
from vot.utilities.data import Grid

FILE = Path(__file__).parents[1] / 'test/evaluation/reference/vot.json'
SIZE = (320, 240)
BURN_IN = 10
SENSITIVITY = 30
INTERVAL = (20, 60)
FPS, GRACE, SKIP = 20.0, 3, 5
SIDES, PAIRS = (15, 30, 60, 120), 60

Boxes = NDArray[np.int64]


class Material:
    """A sequence as the toolkit's analyses use it: true boxes, None where absent."""

    def __init__(self, name: str, boxes: list[list[int] | None]) -> None:
        self.name = name
        self.boxes = boxes
        self.size = SIZE

    def __len__(self) -> int:
        return len(self.boxes)

    def groundtruth(self, index: int | None = None) -> Any:
        """The true region of one image, or all of them."""
        regions = [region(box) for box in self.boxes]
        return regions if index is None else regions[index]

    def objects(self) -> list[str]:
        """Names of the objects."""
        return ['object']

    def object(self, name: str) -> Any:
        """Regions of an object; the toolkit asks for pixels to ignore, too."""
        return self.groundtruth() if name == 'object' else None

    def frame(self, index: int) -> int:
        """An image; the scripted runtime needs its number only."""
        return index

    def tags(self, index: int | None = None) -> list[str]:
        """There are none."""
        return []

    def metadata(self, key: str, default: Any = None) -> Any:
        """What is not told: here the frame rate, so that the experiment's counts."""
        return default


def region(box: list[int] | None) -> Any:
    """A region of the toolkit."""
    return Special(0) if box is None else Rectangle(*box)


def true_boxes(random: np.random.Generator, count: int) -> Boxes:
    """A box that wanders inside the image."""
    size = random.integers(30, 60, 2)
    steps = random.integers(-4, 5, (count, 2)).cumsum(axis=0) + random.integers(60, 120, 2)
    corner = np.clip(steps, 0, np.array(SIZE) - size)
    return np.hstack([corner, np.broadcast_to(size, (count, 2))])


def said_boxes(random: np.random.Generator, truth: Boxes, noise: int) -> Boxes:
    """A tracker's boxes: near the truth, and now and then far away from it."""
    said = truth + random.integers(-noise, noise + 1, truth.shape)
    far = random.random(len(truth)) < 0.02
    said[far, 0] = np.where(truth[far, 0] > SIZE[0] // 2, 0, SIZE[0] - 70)
    said[:, 2:] = np.clip(said[:, 2:], 8, 65)
    said[:, :2] = np.clip(said[:, :2], 0, np.array(SIZE) - said[:, 2:])
    return said


class Scripted(OnlineTrackerRuntime):
    """A tracker that says given boxes, image by image, and takes given seconds."""

    def __init__(self, boxes: Boxes, seconds: list[float]) -> None:
        super().__init__(None)
        self.boxes = boxes
        self.seconds = seconds
        self.calls: list[int] = []

    def initialize(self, frame: int, new: Any = None) -> Any:
        """Start on an image."""
        return self.update(frame)

    def update(self, frame: int, new: Any = None) -> Any:
        """Say the box of an image."""
        self.calls.append(frame)
        box = Rectangle(*self.boxes[frame].tolist())
        return ObjectStatus(box, {}), self.seconds[len(self.calls) - 1]

    def stop(self) -> None:
        """Nothing is to be stopped."""

    def restart(self) -> None:
        """Nothing is to be restarted."""


class Paced(RealtimeTrackerRuntime, OnlineTrackerRuntime):
    """The toolkit's real-time runtime, which 0.9.0 forgot to declare as an online one."""


def supervise(material: Material, boxes: Boxes, seconds: list[float] | None) -> dict[str, Any]:
    """Run the toolkit's own experiment; in real time where seconds are given."""
    script = Scripted(boxes, seconds or [0.0] * len(boxes))
    runtime = script if seconds is None else Paced(script, GRACE, 1.0 / FPS)
    kept: list[Trajectory] = []

    class Experiment(SupervisedExperiment):
        def results(self, *_: Any) -> None:
            return None

        def _get_runtime(self, *_: Any) -> Any:
            return runtime

    with (
        mock.patch.object(Trajectory, 'exists', return_value=False),
        mock.patch.object(Trajectory, 'write', lambda self, *_: kept.append(self)),
    ):
        Experiment('supervised', None, skip_initialize=SKIP, early_stop=False).execute(
            None, material
        )
    return {'trajectory': kept[0], 'calls': script.calls}


def events(trajectory: Trajectory) -> list[str]:
    """What happened at each image, in this package's words."""
    names = {0: 'skipped', 1: 'init', 2: 'failure'}
    return [names[r.code] if isinstance(r, Special) else '' for r in trajectory.regions()]


def regions(trajectory: Trajectory) -> list[list[int] | None]:
    """The boxes that count."""
    return [
        None if isinstance(r, Special) else [int(v) for v in (r.x, r.y, r.width, r.height)]
        for r in trajectory.regions()
    ]


@contextmanager
def double_precision() -> Iterator[None]:
    """The toolkit's curve is single precision, which agrees with nothing to 1e-9."""
    wider = SimpleNamespace(**{name: getattr(np, name) for name in dir(np)})
    wider.float32 = np.float64
    with mock.patch.object(supervised, 'np', wider):
        yield


def short_term(random: np.random.Generator) -> dict[str, Any]:
    """Supervised runs, and the toolkit's accuracy, robustness and expected overlap."""
    materials, passes, said = [], {}, {}
    for index, count in enumerate((90, 64, 40, 12, 75)):
        truth = true_boxes(random, count)
        material = Material(f's{index}', truth.tolist())
        boxes = [said_boxes(random, truth, 6 + 4 * index) for _ in range(3)]
        if index == 2:
            # By hand: the target is lost near the end, too late for another start.
            boxes[0][-4:, 0] = np.where(truth[-4:, 0] > SIZE[0] // 2, 0, SIZE[0] - 70)
        materials.append(material)
        said[material.name] = [b.tolist() for b in boxes]
        passes[material.name] = [supervise(material, b, None)['trajectory'] for b in boxes]
    experiment = SimpleNamespace(gather=lambda tracker, s, **_: passes[s.name])
    analysis = supervised.AccuracyRobustness(sensitivity=SENSITIVITY, burnin=BURN_IN)
    rows = [analysis.subcompute(experiment, None, m, []) for m in materials]
    average = supervised.AverageAccuracyRobustness(
        analysis={'sensitivity': SENSITIVITY, 'burnin': BURN_IN}
    )
    accuracy, failures, (robustness, _), length = average.aggregate(None, materials, rows)
    single = supervised.EAOCurve().subcompute(experiment, None, materials, [])[0]
    with double_precision():
        curve = supervised.EAOCurve().subcompute(experiment, None, materials, [])[0]
    low, high = INTERVAL
    return {
        'interval': INTERVAL,
        'sequences': {m.name: m.boxes for m in materials},
        'said': said,
        'events': {m.name: [events(t) for t in passes[m.name]] for m in materials},
        'per_sequence': {m.name: [*row[:2], row[2][0]] for m, row in zip(materials, rows)},
        'accuracy': accuracy,
        'failures': failures,
        'robustness': robustness,
        'length': length,
        'curve': [float(v) for v in curve],
        'eao': float(np.mean(curve[low : high + 1])),
        'eao_single': float(np.mean(np.asarray(single)[low : high + 1])),
    }


def real_time(random: np.random.Generator) -> list[dict[str, Any]]:
    """Real-time runs of trackers that take given seconds."""
    runs = []
    for typical in (0.03, 0.07, 0.12, 0.26):
        truth = true_boxes(random, 60)
        boxes = said_boxes(random, truth, 5)
        seconds = [round(float(s), 4) for s in random.normal(typical, 0.03, 60).clip(0.001)]
        run = supervise(Material('s', truth.tolist()), boxes, seconds)
        runs.append(
            {
                'truth': truth.tolist(),
                'said': boxes.tolist(),
                'seconds': seconds,
                'calls': run['calls'],
                'events': events(run['trajectory']),
                'boxes': regions(run['trajectory']),
            }
        )
    return runs


def pixel_overlaps(random: np.random.Generator) -> dict[str, Any]:
    """Overlaps of rotated rectangles with upright boxes, which the toolkit finds by pixels."""
    found = {}
    for side in SIDES:
        pairs = []
        while len(pairs) < PAIRS:
            size = side * random.uniform(0.6, 1.6, 2)
            angle = random.uniform(0.0, np.pi)
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2
            polygon = np.round(corners @ turn.T + 300 + random.uniform(0, 1, 2), 2)
            low, high = polygon.min(axis=0), polygon.max(axis=0)
            middle = (low + high) / 2 + random.uniform(-0.4, 0.4, 2) * side
            extent = size * random.uniform(0.7, 1.3, 2)
            box = np.round(np.hstack([middle - extent / 2, extent]), 2)
            overlap = calculate_overlap(Polygon(polygon.tolist()), Rectangle(*box), (600, 600))
            if overlap > 0.3:
                pairs.append([*polygon.ravel().tolist(), *box.tolist(), overlap])
        found[str(side)] = pairs
    return found


def long_term(random: np.random.Generator, levels: int | None) -> dict[str, Any]:
    """One-pass runs with absent targets, and the toolkit's precision, recall and F.

    Scores are absent where `levels` is None, or rounded to so many levels.
    """
    materials, passes, scores, said = [], {}, {}, {}
    for index, count in enumerate((80, 45, 60)):
        truth = true_boxes(random, count)
        absent = np.zeros(count, np.bool_)
        absent[20 + index : 32] = True
        boxes = said_boxes(random, truth, 8)
        # Sure where the target is, mostly.
        score = np.clip(random.normal(np.where(absent, 0.35, 0.65), 0.2), 0.01, 0.99)
        if levels:
            score = np.round(score * levels) / levels
        score = np.round(score, 6)
        trajectory = Trajectory(count)
        trajectory.set(0, Special(Trajectory.INITIALIZATION), {})
        for row in range(1, count):
            said_too = {} if levels is None else {'confidence': float(score[row])}
            trajectory.set(row, Rectangle(*boxes[row].tolist()), said_too)
        rows = [None if gone else box for gone, box in zip(absent, truth.tolist())]
        material = Material(f'l{index}', rows)
        materials.append(material)
        passes[material.name] = [trajectory]
        said[material.name] = boxes.tolist()
        scores[material.name] = None if levels is None else score.tolist()
    experiment = mock.Mock(spec=UnsupervisedExperiment)
    experiment.gather = lambda tracker, s, **_: passes[s.name]
    found = [longterm._ConfidenceScores().subcompute(experiment, None, m, []) for m in materials]
    thresholds = Grid(1, 1)
    thresholds[0, 0] = longterm._Thresholds().aggregate(None, materials, found)
    tables = [
        longterm.PrecisionRecallCurves().subcompute(experiment, None, m, thresholds)
        for m in materials
    ]
    curves = Grid(1, 1)
    curves[0, 0] = longterm.PrecisionRecallCurve().aggregate(None, materials, tables)
    f_curves = longterm.FScoreCurve().compute(experiment, [None], materials, [curves])
    point = longterm.PrecisionRecall().compute(experiment, [None], materials, [curves, f_curves])
    precision, recall, f = point[0, 0]
    return {
        'sequences': {m.name: m.boxes for m in materials},
        'said': said,
        'scores': scores,
        'thresholds': [v if math.isfinite(v) else str(v) for v in curves[0, 0][1]],
        'recall_curve': [float(r) for r, _ in curves[0, 0][0]],
        'precision_curve': [float(p) for _, p in curves[0, 0][0]],
        'f_curve': [float(v) for v in f_curves[0, 0][0]],
        'precision': float(precision),
        'recall': float(recall),
        'f': float(f),
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=2018, metavar='N')
    random = np.random.default_rng(parser.parse_args().seed)
    content = {
        'toolkit': f'vot-toolkit {vot.__version__}',
        'size': SIZE,
        'short_term': short_term(random),
        'real_time': real_time(random),
        'long_term': {
            'many scores': long_term(random, 10**6),
            'few scores': long_term(random, 20),
            'no scores': long_term(random, None),
        },
        'pixel_overlaps': pixel_overlaps(random),
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(content, separators=(',', ':')) + '\n', encoding='ascii')
    print(f'{FILE}: {FILE.stat().st_size} bytes')


if __name__ == '__main__':
    main()
