# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of trackers that never ran, drawn from fixed seeds."""

from pathlib import Path

import numpy as np
import pytest

from siam_tracker_ros.evaluation.average_overlap import AverageOverlap
from siam_tracker_ros.evaluation.lost import LostSignal
from siam_tracker_ros.evaluation.results import Results, Section
from siam_tracker_ros.evaluation.speed import Speed
from siam_tracker_ros.evaluation.success import Success
from siam_tracker_ros.evaluation.traces import INIT, TRACKED, Trace
from siam_tracker_ros.sequences import Sequence

# A name that no page and no file system can be careless with.
AWKWARD = '<b>"Ü/\'&$x$ 跟踪</b>'
ACCURACY = (Success(),)
HARD = ('fast motion', 'occlusion', 'out of view', 'scale change')


def make_sequence(name, count, rng, attributes=(), gone=True):
    """A box that wanders; in the middle it is out of view."""
    centres = 160 + np.cumsum(rng.normal(0, 2, (count, 2)), axis=0)
    boxes = np.column_stack([centres - 20, np.full((count, 2), 40.0)])
    if gone and count >= 20:
        boxes[count // 2 : count // 2 + count // 8] = np.nan
    images = tuple(Path(f'{index:05d}.jpg') for index in range(count))
    return Sequence(name, images, boxes, attributes=attributes)


def make_trace(sequence, skill, rng, fps, tells=True):
    """Follows with errors that are the larger the smaller the skill is, and fails now and then."""
    count = len(sequence.images)
    trace = Trace.empty(count)
    trace.events[:] = TRACKED
    trace.events[0] = INIT
    lost = np.zeros(count, bool)
    if rng.random() > skill:
        begin = rng.integers(count // 4, count)
        lost[begin : begin + rng.integers(count // 4, count)] = True
    lost |= sequence.absent
    error = rng.normal(0, 3 + 12 * (1 - skill), (count, 2)) + 90.0 * lost[:, None]
    seen = np.nan_to_num(sequence.boxes, nan=100.0)
    trace.boxes[:] = seen
    trace.boxes[1:, :2] += error[1:]
    trace.scores[:] = np.clip(0.85 - 0.5 * lost + rng.normal(0, 0.12, count), 0, 1)
    if tells:
        trace.states[:] = np.select(
            [trace.scores < 0.4, trace.scores < 0.65], ['lost', 'uncertain'], 'tracking'
        )
    trace.seconds[:] = rng.gamma(20, 1 / 20, count) / fps
    return trace


def make_results(
    trackers=('siamfc', 'nanotrack', 'csrt', 'kcf'),
    sequences=12,
    frames=90,
    attributes=True,
    names=None,
    gone=True,
    costs=True,
    analyses=ACCURACY,
):
    rng = np.random.default_rng(0)
    names = names or [f'sequence {index:02d}' for index in range(sequences)]
    made = tuple(
        make_sequence(
            name, frames, rng, HARD[index % 2 :: 2] if attributes else (), gone=gone
        )
        for index, name in enumerate(names)
    )
    skills = np.linspace(0.85, 0.3, len(trackers))
    speeds = np.geomspace(41, 260, len(trackers))
    passes = {
        tracker: {
            sequence.name: [make_trace(sequence, skill, rng, speed, tells=tracker != 'kcf')]
            for sequence in made
        }
        for tracker, skill, speed in zip(trackers, skills, speeds)
    }
    summaries = {
        tracker: {a.name: a.summarise(made, passes[tracker]) for a in analyses}
        for tracker in trackers
    }
    return Results(
        dataset='Invented & drawn',
        facts={'cpu': '2 x some processor', 'torch': '2.4', 'date': '2026-01-02 03:04 UTC'},
        sequences=made,
        trackers=tuple(trackers),
        missing={'mil': 'MIL is not in this build of OpenCV'},
        sections=(Section('ope', 'One-pass evaluation', analyses, passes, summaries),),
        costs={
            tracker: {
                'fps': 40.0 * 2**index, 'p50': 25.0 / 2**index, 'p99': 40.0 / 2**index,
                'start_up': 2.5, 'memory': 310.0,
                # OpenCV's trackers do not tell.
                **({'crop': 3.0, 'network': 17.5, 'post-processing': 2.1} if index < 2 else {}),
            }
            for index, tracker in enumerate(trackers)
        }
        if costs
        else {},
    )


@pytest.fixture(scope='session')
def results():
    """Those of all analyses that one-pass evaluation has."""
    return make_results(analyses=(Success(), AverageOverlap(), LostSignal(), Speed()))


@pytest.fixture(scope='session')
def build():
    """Makes results, see `make_results`."""
    return make_results


@pytest.fixture(scope='session')
def awkward():
    return AWKWARD
