# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node adds to the tracker: from an image's stamp to the publication of its box.

``benchmarks/node_overhead.py [--tracker siamrpnpp]``: a camera and the node are two processes over
real DDS. The camera publishes raw images in three sizes, with and without the Fast DDS profile
that is shipped; once more the debug images are subscribed to. Its rate should be below that of
the tracker, so that no image waits for the one before. The node's own status says when a result
left and how long decoding and tracking took; what is left of the age is transport, waiting and
publishing. Decoding is measured apart, on the same image. A table is printed and kept as JSON,
which the page on speed shows (``scripts/update_docs.py``).

Another middleware is measured with ``RMW_IMPLEMENTATION``; the profile means nothing to it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
import os
from pathlib import Path
import re
import sys
import tempfile
import time
from typing import Any, NamedTuple

from common import (
    RESULTS,
    add_table,
    cell,
    described,
    guarded,
    keep_table,
    print_facts,
    print_rows,
    ros,
)
import numpy as np

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.machine import describe_machine, now, usable_cores
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.demo_environment import environment, profile_variable
from siam_tracker_ros.node.demo_processes import Child, free_domain_id
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.rendering import HEIGHT, WIDTH, Clip

TABLE = RESULTS / 'node_overhead.json'
NODE = 'siam_tracker'
SIZES = ((640, 480), (1280, 720), (1920, 1080))
START_SECONDS, WARM_SECONDS = 90.0, 2.0
# The target must not become too small to follow.
MIN_SIDE = 160
DEBUG_TOPICS = ('overlay', 'score_map')
CAMERA = Path(__file__).with_name('camera_load.py')


class Condition(NamedTuple):
    """What a row of the table is measured with."""

    width: int
    height: int
    profile: bool
    debug: bool


def conditions(sizes: Sequence[tuple[int, int]]) -> list[Condition]:
    """Rows of the table."""
    return [
        *(Condition(*size, profile, False) for size in sizes for profile in (False, True)),
        *(Condition(*size, True, True) for size in sizes),
    ]


# Columns: key in the file, head of the table, digits.
FIGURES = (
    ('share', 'images answered', 2),
    ('latency_p50', 'age p50', 1), ('latency_p95', 'age p95', 1),
    ('step_p50', 'step p50', 1), ('decode_p50', 'of it decoding', 2),
    ('rest_p50', 'the rest p50', 1), ('rest_p95', 'the rest p95', 1),
)  # fmt: skip


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: run(args))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    parser.add_argument('--tracker', default='siamrpnpp', choices=trackers.names())
    parser.add_argument('--device', default='cpu')
    parser.add_argument(
        '--seconds', type=float, default=10.0, help='of each condition (%(default)g)'
    )
    parser.add_argument('--rate', type=float, default=10.0, help='images a second (%(default)g)')
    parser.add_argument(
        '--size', type=size, nargs='+', default=SIZES, dest='sizes', metavar='WxH',
        help='of the images (640x480 1280x720 1920x1080)',
    )
    parser.add_argument(
        '--best-effort', action='store_true', help='the camera does not repeat what was not heard'
    )
    add_table(parser, TABLE)
    return parser.parse_args(words)


def size(text: str) -> tuple[int, int]:
    """Width and height of a word of the command line."""
    found = re.fullmatch(r'(\d+)x(\d+)', text)
    width, height = map(int, found.groups()) if found else (0, 0)
    if min(width, height) < MIN_SIDE:
        raise argparse.ArgumentTypeError(
            f'{text!r}: expected width and height such as 640x480, each at least {MIN_SIDE}'
        )
    return width, height


def run(args: argparse.Namespace) -> int:
    for name in ('seconds', 'rate'):
        value = getattr(args, name)
        if not value >= 1.0:
            raise UserError(f'--{name} is {value:g}: expected at least 1')
    prepare_output_file(args.table, 'table')
    rows = []
    for condition in conditions(args.sizes):
        row = measure(condition, args)
        rows.append({**condition._asdict(), **row})
        print(title(condition), {key: round(value, 2) for key, value in row.items()}, flush=True)
    result = {
        'run': {
            'date': now(), **describe_machine(), 'tracker': args.tracker, 'device': args.device,
            'cores': str(usable_cores()), 'seconds': f'{args.seconds:g}',
            'rate': f'{args.rate:g} Hz', 'middleware': middleware(),
            'camera': 'best effort' if args.best_effort else 'reliable',
        },
        'rows': rows,
    }  # fmt: skip
    print_result(result)
    keep_table(args.table, result)
    return 0


def title(condition: Condition) -> str:
    """A condition as a user would say it."""
    words = f'{condition.width} x {condition.height}'
    words += ', with the profile' if condition.profile else ''
    return words + (', debug images subscribed' if condition.debug else '')


def middleware() -> str:
    """What carries the messages."""
    from rclpy.utilities import get_rmw_implementation_identifier

    return str(get_rmw_implementation_identifier())


def measure(condition: Condition, args: argparse.Namespace) -> dict[str, float]:
    """Figures of one condition, times in milliseconds.

    Raises
    ------
    UserError
        A process ended, or nothing was answered.
    """
    companion, beside = ros('siam_tracker_ros.node.companion'), ros('node_listener')
    os.environ.update(environment(free_domain_id()))
    if not condition.profile:
        os.environ.pop(profile_variable())
    camera = [
        sys.executable, str(CAMERA), str(condition.width), str(condition.height), str(args.rate),
        *(['--best-effort'] if args.best_effort else []),
    ]  # fmt: skip
    node = [
        sys.executable, '-m', 'siam_tracker_ros.node.tracker_node', '--ros-args',
        '-p', f'tracker:={args.tracker}', '-p', f'device:={args.device}',
        '-p', 'autostart:=true', '-r', 'image:=/image',
    ]  # fmt: skip
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        children = [
            stack.enter_context(Child(name, command, logs, {**os.environ}))
            for name, command in (('camera', camera), ('node', node))
        ]
        box = Box(*first_box(condition))
        listener = stack.enter_context(
            companion.accompanied(lambda: beside.Listener(NODE, box, children))
        )
        if condition.debug:
            listener.watch([f'debug/{topic}' for topic in DEBUG_TOPICS])
        listener.start(START_SECONDS, WARM_SECONDS)
        statuses = listener.collect(args.seconds)
    return summarise(statuses, args.rate, 1000 * np.median(decoding(condition)))


def first_box(condition: Condition) -> tuple[float, float, float, float]:
    """Centre and size of the target in the camera's first image."""
    box, _ = Clip(1).truth(0)
    right, down = condition.width / WIDTH, condition.height / HEIGHT
    return box.cx * right, box.cy * down, box.w * right, box.h * down


def summarise(statuses: list[Any], rate: float, decode: float) -> dict[str, float]:
    """Figures of the answers to the images of a camera of some rate, in milliseconds."""
    latency = 1000 * np.array([status.latency_seconds for status in statuses])
    step = 1000 * np.array([status.step_seconds for status in statuses])
    rest = latency - step
    sent = rate * (stamp(statuses[-1]) - stamp(statuses[0])) + 1
    return {
        'share': len(statuses) / sent,
        'latency_p50': float(np.percentile(latency, 50)),
        'latency_p95': float(np.percentile(latency, 95)),
        'step_p50': float(np.percentile(step, 50)),
        'decode_p50': float(decode),
        'rest_p50': float(np.percentile(rest, 50)),
        'rest_p95': float(np.percentile(rest, 95)),
    }


def stamp(status: Any) -> float:
    """Seconds of a status' image."""
    return float(status.header.stamp.sec) + status.header.stamp.nanosec / 1e9


def decoding(condition: Condition) -> list[float]:
    """Seconds that it takes to make a frame of a message of such an image."""
    from sensor_msgs.msg import Image

    from siam_tracker_ros.node.codec import decode_image, fill_image

    pixels = np.zeros((condition.height, condition.width, 3), np.uint8)
    message = fill_image(Image(), pixels, 'bgr8')
    seconds = []
    for _ in range(20):
        begin = time.perf_counter()
        Frame.from_numpy(decode_image(message, pixels.size))
        seconds.append(time.perf_counter() - begin)
    return seconds


def print_result(result: dict[str, Any]) -> None:
    print_facts(result['run'])
    rows = [
        [
            title(Condition(*(row[field] for field in Condition._fields))),
            *(cell(row[key], digits) for key, _, digits in FIGURES),
        ]
        for row in result['rows']
    ]
    print_rows(['images (ms)', *(name for _, name, _ in FIGURES)], *rows)


if __name__ == '__main__':
    sys.exit(main())
