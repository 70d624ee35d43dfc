# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker track``: follow one object through images, without ROS."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
import statistics
import sys
import time
from typing import Any

import torch
from tqdm import tqdm

from .. import trackers
from ..arguments import Subparsers, parse_box, parse_overrides
from ..bags import IMAGE_KINDS
from ..errors import UserError
from ..frames import Frame
from ..geometry import Box
from ..images import silence_opencv
from ..memory import keep_large_buffers
from ..outputs import check_output_file, check_output_folder
from ..runtime import refuse_small_memory
from ..settings import describe
from ..trackers.base import Estimate, State, Target, Tracker
from ..video import DEFAULT_FPS, Source, check_video_file, open_source
from .interruption import Interruption
from .sinks import STDOUT, BagSink, CsvSink, Sink, Step, VideoSink
from .tracker_options import add_tracker_options

INTERRUPTED = 130


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    names = trackers.names()
    parser = subparsers.add_parser(
        'track',
        description='Follow one object, given by a box in the first image.',
        epilog='`siam-tracker settings NAME` lists what --set may change.',
    )
    parser.add_argument(
        'source',
        metavar='SOURCE',
        help='video file, folder of images, or index of a camera',
    )
    parser.add_argument(
        '--box',
        required=True,
        metavar='x,y,w,h',
        help='left-top corner and size in 0-based pixels of the first image',
    )
    parser.add_argument(
        '--tracker',
        default=trackers.DEFAULT,
        metavar='NAME',
        help=f'one of {", ".join(names)} (%(default)s)',
    )
    parser.add_argument(
        '--csv',
        default=STDOUT,
        metavar='FILE',
        help='a row frame,x,y,w,h,score,state per image; - for the standard output (the default)',
    )
    parser.add_argument('--video', type=Path, metavar='FILE', help='annotated .mp4 or .webm')
    parser.add_argument(
        '--bag', type=Path, metavar='DIR', help='rosbag2 (MCAP) with images, detections and status'
    )
    parser.add_argument(
        '--bag-images',
        choices=IMAGE_KINDS,
        default=IMAGE_KINDS[0],
        help='how the bag holds the images (%(default)s)',
    )
    add_tracker_options(parser)
    parser.add_argument(
        '--fps', type=float, help=f'images per second of a folder ({DEFAULT_FPS:g})'
    )
    parser.add_argument('--frames', type=int, metavar='N', help='stop after N images')


def run(args: argparse.Namespace) -> int:
    """Track, and write what was asked for.

    Raises
    ------
    UserError
        Anything in the arguments or in the source is wrong; what was written before stays.
    """
    silence_opencv()
    keep_large_buffers()
    box = parse_box(args.box)
    overrides = parse_overrides(args.set, describe(trackers.settings_class(args.tracker)))
    if args.frames is not None and args.frames < 1:
        raise UserError(f'--frames is {args.frames}: expected at least 1')
    _check_outputs(args)
    torch.manual_seed(args.seed)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(args.source, args.fps))
        stack.enter_context(refuse_small_memory(args.device))
        tracker = trackers.create(
            args.tracker, args.weights, args.device, args.precision, overrides, args.backend
        )
        interruption = stack.enter_context(Interruption())
        return _track(args, source, tracker, box, interruption)


def _check_outputs(args: argparse.Namespace) -> None:
    """Refuse places that cannot be written before anything is loaded or replaced."""
    if args.csv != STDOUT:
        check_output_file(args.csv, 'CSV')
    if args.video is not None:
        check_video_file(args.video)
    if args.bag is not None:
        check_output_folder(args.bag, 'bag')


def _track(
    args: argparse.Namespace,
    source: Source,
    tracker: Tracker,
    box: Box,
    interruption: Interruption,
) -> int:
    states: Counter[State] = Counter()
    times: list[float] = []
    total = min(n for n in (source.count, args.frames, sys.maxsize) if n is not None)
    with ExitStack() as stack:
        bar = stack.enter_context(
            tqdm(total=None if total == sys.maxsize else total, unit='frame', disable=None)
        )
        sinks: list[Sink] = []
        for step in follow(tracker, source, box):
            if not sinks:
                # Not before the box is accepted: a refused one replaces no file.
                sinks = [stack.enter_context(closing(s)) for s in _sinks(args, source.fps)]
            for sink in sinks:
                sink.write(step)
            states[step.estimate.state] += 1
            times.append(step.seconds)
            bar.update()
            if interruption.requested or len(times) == args.frames:
                break
    print(_summary(args.tracker, states, times), file=sys.stderr)
    return INTERRUPTED if interruption.requested else 0


def _sinks(args: argparse.Namespace, fps: float) -> Iterator[Sink]:
    yield CsvSink(args.csv)
    if args.video is not None:
        yield VideoSink(args.video, fps)
    if args.bag is not None:
        yield BagSink(args.bag, args.tracker, args.bag_images)


def follow(tracker: Tracker, source: Source, box: Box) -> Iterator[Step]:
    """Track one target through a source.

    Parameters
    ----------
    tracker : Tracker
    source : Source
    box : Box
        In continuous pixels of the first image.

    Yields
    ------
    Step
        One per image; the first holds the box as it was accepted, with score 1.
    """
    target: Target | None = None
    for index, timed in enumerate(source):
        begin = time.perf_counter()
        frame = Frame.from_numpy(timed.image, tracker.device, stamp=timed.stamp)
        if target is None:
            target = tracker.start(frame, box)
            estimate = _accepted(target.box)
        else:
            estimate = tracker.step(frame, [target])[0]
        seconds = time.perf_counter() - begin
        yield Step(index, timed.image, timed.stamp, estimate, seconds)


def _accepted(box: Box) -> Estimate:
    """What is known on the first frame: what the user said."""
    return Estimate(
        box=box,
        score=1.0,
        similarity=0.0,
        classification=None,
        state=State.TRACKING,
        updated=False,
        update_reason='first frame',
        response=None,
    )


def _summary(name: str, states: Counter[State], times: list[float]) -> str:
    words = ', '.join(f'{states[state]} {state.value}' for state in State if states[state])
    text = f'{name}: {len(times)} frames, {words}'
    if len(times) > 1:
        median = statistics.median(times[1:])
        text += f'; {1 / median:.1f} fps ({1000 * median:.1f} ms a frame, median)'
    return text
