# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Does memory grow? A tracker follows a rendered clip, forwards and backwards, for minutes.

The resident memory and the time of a frame are printed at intervals, at the end the growth per
hour: the slope of a line through all values after the warm-up. Once in each round the target is
declared lost, so that the search for it is run, too.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time

from common import guarded, there_and_back
import numpy as np
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.arguments import parse_overrides
from siam_tracker_ros.evaluation.cost_process import resident_mib
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.rendering import Clip
from siam_tracker_ros.settings import describe

# Shares of the run after which memory counts, and at which it is read.
WARM_UP, INTERVAL = 0.2, 0.02


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--tracker', default='csn', choices=trackers.names())
    parser.add_argument('--weights', default='auto')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE')
    parser.add_argument('--minutes', type=float, default=120.0, help='(%(default)g)')
    parser.add_argument('--frames', type=int, default=60, help='of the clip (%(default)s)')
    parser.add_argument('--targets', type=int, default=1, help='(%(default)s)')
    args = parser.parse_args()
    for name, least in (('minutes', 0.01), ('frames', 2), ('targets', 1)):
        value = getattr(args, name)
        if not value >= least:
            parser.error(f'--{name} is {value:g}: expected at least {least:g}')
    return guarded(__file__, lambda: soak(args))


def soak(args: argparse.Namespace) -> int:
    overrides = parse_overrides(args.set, describe(trackers.settings_class(args.tracker)))
    tracker = trackers.create(args.tracker, args.weights, args.device, overrides=overrides)
    clip = Clip(args.frames)
    images = there_and_back([clip.draw(index) for index in range(len(clip))])
    box = clip.truth(0)[0]
    targets = [
        tracker.start(Frame.from_numpy(images[0], tracker.device), box)
        for _ in range(args.targets)
    ]
    print('| minutes | frames | ms a frame | MiB | tensors | lost |\n|---|---|---|---|---|---|')
    begin = last = time.monotonic()
    length = 60 * args.minutes
    marks: list[tuple[float, float]] = []
    count = before = lost = 0
    while last - begin < length:
        index = count % len(images)
        if index == len(images) // 2:
            for target in targets:
                target.lose()
        frame = Frame.from_numpy(images[index], tracker.device)
        estimates = tracker.step(frame, targets)
        count += 1
        lost += sum(estimate.state.value == 'lost' for estimate in estimates)
        now = time.monotonic()
        if now - last >= INTERVAL * length:
            # What a round of collection would free is no growth.
            gc.collect()
            tensors = sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())
            memory = resident_mib('VmRSS')
            speed = 1000 * (now - last) / (count - before)
            cells = (f'{(now - begin) / 60:.1f}', count, f'{speed:.0f}', f'{memory:.1f}')
            print('| ' + ' | '.join(map(str, (*cells, tensors, lost))) + ' |', flush=True)
            marks.append((now - begin, memory))
            before, last = count, time.monotonic()
    late = np.array([mark for mark in marks if mark[0] > WARM_UP * length])
    if len(late) < 3:
        print('too short to tell a growth: give more --minutes', file=sys.stderr)
        return 1
    slope = 3600 * np.polyfit(late[:, 0], late[:, 1], 1)[0]
    span = late[:, 1].max() - late[:, 1].min()
    print(
        f'\n{count} frames; after the warm-up {slope:+.1f} MiB an hour, all values within '
        f'{span:.1f} MiB'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
