# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What each step of the cascaded Siamese tracker costs on this machine, and what it reaches.

``benchmarks/csn_cost.py [--threads N]``: the rendered clip is followed with the settings of the
shipped weights and with each file of parameters that ``config/`` has for them; then the steps are
measured one by one, on the last frame. A table is printed and kept as JSON, which the tracker's
page shows (``scripts/update_docs.py``). Other work on the machine shows in all figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import statistics
import sys
import time
from typing import Any, NamedTuple

from common import (
    RESULTS,
    add_table,
    add_timing,
    cell,
    described,
    guarded,
    print_facts,
    print_rows,
    timed,
    timing,
)
import numpy as np
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.presets import PRESETS
from siam_tracker_ros.online.bbox_regression import learn_regression
from siam_tracker_ros.online.learner import Lesson, Samples
from siam_tracker_ros.online.patches import patch_features
from siam_tracker_ros.online.redetection import Sweep, look, redetect
from siam_tracker_ros.online.sampling import box_row
from siam_tracker_ros.rendering import Clip
from siam_tracker_ros.trackers.csn import CSNTarget, CSNTracker
from siam_tracker_ros.trackers.peaks import find_peaks

TABLE = RESULTS / 'csn_cost.json'
SHIPPED = 'shipped'
CONFIGURATIONS = {
    SHIPPED: {},
    **{preset.file: preset.values for preset in PRESETS if preset.tracker == 'csn'},
}

# Of each step: seconds that are spent on it, and runs at least and at most. A first frame as MDNet
# has it takes longer than that on a CPU, and is run once.
PATIENCE = 2.0
FEWEST, MOST = 1, 100

# Key, title, and how often a frame pays for it.
PARTS = (
    ('search', 'search crop and matching network', 'every frame'),
    ('peaks', 'peaks of the map', 'every frame'),
    ('classification', 'candidates of one peak, classified', 'every frame, for each peak'),
    (
        'refinement',
        'second match, of place and size',
        'every frame, with `size_from: matching`',
    ),
    (
        'looking',
        'a tile around the last place',
        'every frame without a peak that is taken for the target, with `look_around: true`',
    ),
    (
        'regression',
        'regression of a box',
        'every frame with a result that is taken for the target, with `box_regression: true`',
    ),
    (
        'remembering',
        "a frame's samples",
        'every frame that passes the gate, at most each `remember_every`-th',
    ),
    (
        'iteration',
        'an iteration of an update',
        '`update_iterations` times in `update_every` frames',
    ),
    ('first_frame', 'learning of the first frame', 'once'),
    ('first_regression', 'learning of the regression', 'once, with `box_regression: true`'),
    (
        'redetection',
        'tiles of one frame',
        'every frame while lost',
    ),
)
# Of the clip: key, head of the table, digits.
WHOLE = (
    ('fps', 'fps', 1), ('p50', 'median (ms)', 1), ('p99', 'p99 (ms)', 1),
    ('start', 'first frame (ms)', 0), ('iou', 'mean IoU', 3),
)  # fmt: skip


class Run(NamedTuple):
    """What the clip left behind, and how it went."""

    target: CSNTarget
    frame: Frame
    whole: dict[str, float]


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, print_result))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    add_timing(parser, 'cpu', 150)
    parser.add_argument('--weights', default='auto', metavar='FILE', help='checkpoint')
    add_table(parser, TABLE)
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    clip = [(rendered.image, rendered.box) for rendered in Clip(args.frames)]
    whole, parts = {}, {}
    device = 'cpu'
    for name, values in CONFIGURATIONS.items():
        tracker = trackers.create('csn', args.weights, args.device, overrides=values)
        assert isinstance(tracker, CSNTracker)
        device = str(tracker.device)
        run = follow(tracker, clip)
        whole[name] = run.whole
        with torch.inference_mode():
            parts[name] = take_apart(tracker, run.target, run.frame)
        print(f'{name}: {run.whole["fps"]:.1f} fps', flush=True)
    return {
        'run': timing(args, device),
        'whole': whole,
        'parts': [
            {'title': title, 'when': when, 'ms': {name: parts[name][key] for name in parts}}
            for key, title, when in PARTS
        ],
    }


def follow(tracker: CSNTracker, clip: list[tuple[Any, Box]]) -> Run:
    """Time the clip as a user has it; the upload of the image belongs to a step."""
    device, seconds, overlaps = tracker.device, [], []
    (image, box), *rest = clip
    # Kernels are chosen and memory is taken before, as the node does it.
    frame = Frame.from_numpy(image, device)
    tracker.step(frame, [tracker.start(frame, box)])
    begin = clock(device)
    target = tracker.start(Frame.from_numpy(image, device), box)
    start = clock(device) - begin
    for image, truth in rest:
        begin = clock(device)
        frame = Frame.from_numpy(image, device)
        [estimate] = tracker.step(frame, [target])
        seconds.append(clock(device) - begin)
        overlaps.append(estimate.box.iou(truth))
    p50, p99 = (1000 * np.percentile(seconds, [50, 99])).tolist()
    whole = {
        'fps': len(seconds) / sum(seconds),
        'p50': p50,
        'p99': p99,
        'start': 1000 * start,
        'iou': statistics.fmean(overlaps),
    }
    return Run(target, frame, whole)


def take_apart(tracker: CSNTracker, target: CSNTarget, frame: Frame) -> dict[str, float | None]:
    """Milliseconds of each of `PARTS`; None where the settings leave it out."""
    s, box, learned = tracker.settings, target.box, target.classifier
    matcher, classifier, device = tracker.matcher, tracker.classifier, tracker.device
    network, regression = tracker.network.classification, target.regression
    rows = box_row(box).unsqueeze(0)
    maps, _ = matcher.respond(frame, [target], [box], s.search_size, [1.0])
    candidates = torch.tensor(
        [[box.cx, box.cy, box.w * f, box.h * f] for f in s.candidate_factors]
    )
    lesson = Lesson(
        learned.head,
        [Samples(learned.positives, learned.positives.rows())],
        [Samples(learned.negatives, learned.negatives.rows())],
        [learned.generator],
        s.update_rate,
        MOST + 1,
        s,
    )

    def find() -> None:
        peaks = find_peaks(
            maps[:, 0], s.rival_candidate, s.peak_count, s.peak_distance, s.peak_upsampling
        )
        # A tracker waits for them.
        peaks.ratios.tolist()

    steps: dict[str, Callable[[], Any] | None] = {
        'search': lambda: matcher.respond(frame, [target], [box], s.search_size, [1.0]),
        'peaks': find,
        'classification': lambda: classifier.margins(frame, [learned], [candidates]),
        'refinement': (
            lambda: matcher.match(
                frame, [target], [box], s.fine_size, s.factors, 0.0
            )
        ) if s.size_from == 'matching' else None,
        'looking': (
            lambda: look(network, frame, [learned.head], [rows], s.redetect_cells)
        ) if s.look_around else None,
        'regression': (
            lambda: regression.apply(patch_features(network, frame, rows), rows)
        ) if regression is not None else None,
        'first_regression': (
            lambda: learn_regression(network, frame, box, s, learned.generator)
        ) if s.box_regression else None,
        'iteration': lambda: lesson.advance(1),
        'redetection': (
            lambda: redetect(network, frame, [learned.head], [box], [Sweep()], s)
        ) if s.redetect_tiles else None,
        'first_frame': lambda: classifier.start(frame, box, s.seed),
        # Last: it changes what is remembered.
        'remembering': lambda: classifier.remember(frame, [learned], [box]),
    }  # fmt: skip
    return {
        name: None if step is None else milliseconds(step, device) for name, step in steps.items()
    }


def milliseconds(step: Callable[[], Any], device: torch.device) -> float:
    """Median time of a step."""
    seconds: list[float] = []
    while len(seconds) < FEWEST or (len(seconds) < MOST and sum(seconds) < PATIENCE):
        begin = clock(device)
        step()
        seconds.append(clock(device) - begin)
    return 1000 * statistics.median(seconds)


def clock(device: torch.device) -> float:
    """Seconds, once the device has done all its work."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
    return time.perf_counter()


def print_result(result: dict[str, Any]) -> None:
    print_facts(result['run'])
    print_rows(
        ['settings', *(title for _, title, _ in WHOLE)],
        *(
            [name, *(cell(row[key], digits) for key, _, digits in WHOLE)]
            for name, row in result['whole'].items()
        ),
    )
    print_rows(
        ['step (ms)', 'paid', *CONFIGURATIONS],
        *(
            [part['title'], part['when'], *(cell(ms, 1) for ms in part['ms'].values())]
            for part in result['parts']
        ),
    )


if __name__ == '__main__':
    sys.exit(main())
