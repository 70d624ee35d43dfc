# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Does the node stay as it is? Its process goes through lifecycle cycles, then tracks for an hour.

A camera sends a rendered clip, forwards and backwards, at its rate. Now and then an image is
malformed, or has no stamp, which loses the target; and now and then the target is gone for a
while, so that all that a search for it needs was once in memory before anything counts (in two
minutes or more at 30 images a second). Memory, open files, threads and the age of results are
printed at intervals. The exit code is 1 where one of them grows, where images are unaccounted for,
or where anything that is published is not a number inside the image.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
import math
import os
from pathlib import Path
import signal
import sys
import tempfile
import time

from common import guarded, print_rows, ros, there_and_back
from node_signals import ended
import numpy as np

from siam_tracker_ros import trackers
from siam_tracker_ros.evaluation.cost_process import resident_mib
from siam_tracker_ros.node.demo_environment import environment
from siam_tracker_ros.node.demo_processes import Child, free_domain_id
from siam_tracker_ros.rendering import Clip

NAME = 'siam_tracker'
START_SECONDS, ANSWER_SECONDS = 120.0, 30.0
# Cycles and share of the run after which things count; how often they are read.
FIRST_CYCLES, WARM_UP, INTERVAL = 10, 0.2, 0.02
# One image of so many is malformed, one has no stamp; none of both is a multiple of the other.
MALFORMED_EVERY, UNSTAMPED_EVERY = 97, 1009
# The target is gone from the last ones of so many images.
GONE_EVERY, GONE = 607, 45
CYCLES_MIB, HOUR_SHARE, AGE_MS = 5.0, 0.01, 5.0
# A machine that is busy with other things leaves images in the network.
ARRIVED = 0.5


@dataclass(frozen=True)
class Mark:
    """What was read at one time.

    Attributes
    ----------
    seconds : float
        Since the beginning.
    memory : float
        MiB.
    files, threads : int
        Open ones.
    age : float
        Median age of the results since the last mark, ms; NaN where there were none.
    """

    seconds: float
    memory: float
    files: int
    threads: int
    age: float = math.nan


def look(pid: int, begin: float, age: float = math.nan) -> Mark:
    """Read what a process holds."""
    folder = Path(f'/proc/{pid}')
    memory = resident_mib('VmRSS', pid)
    files, threads = (len(os.listdir(folder / name)) for name in ('fd', 'task'))
    return Mark(time.monotonic() - begin, memory, files, threads, age)


def grown_in_cycles(first: Mark, last: Mark) -> list[str]:
    """Say what lifecycle cycles have left behind."""
    faults = []
    if not last.memory - first.memory <= CYCLES_MIB:
        faults.append(f'cycles: {last.memory - first.memory:+.1f} MiB, at most {CYCLES_MIB:g}')
    for what in ('files', 'threads'):
        more = getattr(last, what) - getattr(first, what)
        if more > 0:
            faults.append(f'cycles: {more} more {what}')
    return faults


def grown(marks: Sequence[Mark]) -> list[str]:
    """Say what has grown from the second fifth of a run to its last one."""
    length = marks[-1].seconds if marks else 0.0
    early = [m for m in marks if WARM_UP < m.seconds / length <= 2 * WARM_UP] if length else []
    late = [m for m in marks if m.seconds / length > 1 - WARM_UP] if length else []
    if len(early) < 3 or len(late) < 3:
        return ['too short to tell a growth: give more --minutes']

    def medians(what: str) -> tuple[float, float]:
        first, last = ([getattr(m, what) for m in part] for part in (early, late))
        return float(np.nanmedian(first)), float(np.nanmedian(last))

    faults = []
    before, after = medians('memory')
    allowed = before * HOUR_SHARE * max(1.0, length / 3600)
    if not after - before <= allowed:
        faults.append(f'memory: {after - before:+.1f} MiB, at most {allowed:.1f}')
    for what in ('files', 'threads'):
        before, after = medians(what)
        if after > before:
            faults.append(f'{what}: {before:g} became {after:g}')
    before, after = medians('age')
    # Others use the machine, too: what comes of a queue is many times more.
    if not after <= 1.5 * before + AGE_MS:
        faults.append(f'age of results: {before:.0f} ms became {after:.0f}')
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--minutes', type=float, default=60.0, help='(%(default)g)')
    parser.add_argument('--cycles', type=int, default=500, help='of the lifecycle (%(default)s)')
    parser.add_argument('--tracker', default=trackers.DEFAULT, choices=trackers.names())
    parser.add_argument('--weights', default='auto')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--rate', type=float, default=30.0, help='images a second (%(default)g)')
    parser.add_argument('--frames', type=int, default=60, help='of the clip (%(default)s)')
    parser.add_argument('--logs', type=Path, help="folder for the node's log")
    args = parser.parse_args()
    for name, least in (('minutes', 0.1), ('cycles', 0), ('rate', 1), ('frames', 2)):
        value = getattr(args, name)
        if not value >= least:
            parser.error(f'--{name} is {value:g}: expected at least {least:g}')
    return guarded(__file__, lambda: soak(args))


def soak(args: argparse.Namespace) -> int:
    # Late, because the mistakes of a command line are told without ROS as well.
    companion, beside = ros('siam_tracker_ros.node.companion'), ros('node_soak_client')
    clip = Clip(args.frames)
    images = there_and_back([clip.draw(index) for index in range(len(clip))])
    without = there_and_back([clip.draw(index, with_target=False) for index in range(len(clip))])
    os.environ.update(environment(free_domain_id()))
    with tempfile.TemporaryDirectory() as scratch:
        logs = args.logs or Path(scratch)
        logs.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, '-m', 'siam_tracker_ros.node.tracker_node', '--ros-args']
        for name in ('tracker', 'weights', 'device'):
            command += ['-p', f'{name}:={getattr(args, name)}']
        with (
            Child(NAME, command, logs) as child,
            companion.accompanied(lambda: beside.Client(child, f'/{NAME}')) as client,
        ):
            faults = cycled(client, child, args.cycles)
            faults += tracked(client, child, images, without, clip, args)
            faults += ended(child, signal.SIGTERM)
    for fault in faults:
        print(f'FAILED: {fault}')
    print('failed' if faults else 'passed')
    return 1 if faults else 0


def cycled(client, child: Child, cycles: int) -> list[str]:
    """Send the node up and down; say what stays."""
    begin = time.monotonic()
    first = None
    for number in range(cycles):
        client.up(START_SECONDS)
        client.down(ANSWER_SECONDS)
        if number == min(FIRST_CYCLES, cycles - 1):
            first = look(child.pid, begin)
    if first is None:
        return []
    last = look(child.pid, begin)
    print(
        f'{cycles} cycles in {last.seconds:.0f} s: {first.memory:.1f} MiB became '
        f'{last.memory:.1f}, {first.files} files {last.files}, {first.threads} threads '
        f'{last.threads}'
    )
    return grown_in_cycles(first, last)


def tracked(
    client, child: Child, images, without, clip: Clip, args: argparse.Namespace
) -> list[str]:
    """Send images for minutes; say what grows or is wrong."""
    client.up(START_SECONDS)
    client.connect(ANSWER_SECONDS)
    length = 60 * args.minutes
    begin = due = last = time.monotonic()
    marks: list[Mark] = []
    sent = 0
    print_rows(['minutes', 'sent', 'received', 'processed', 'dropped', 'tracked', 'ms old', 'MiB',
                'files', 'threads'])
    while last - begin < length:
        index = sent % len(images)
        is_gone = sent % GONE_EVERY >= GONE_EVERY - GONE
        if index == 0 and not is_gone and not client.is_following():
            client.send_box(clip.truth(0)[0])
        shown = (without if is_gone else images)[index]
        if sent % MALFORMED_EVERY == MALFORMED_EVERY - 1:
            client.send_malformed(shown)
        else:
            client.send(shown, stamped=sent % UNSTAMPED_EVERY != UNSTAMPED_EVERY - 1)
        sent += 1
        due += 1 / args.rate
        client.rest(due - time.monotonic())
        # A machine that was held up does not send all at once.
        due = max(due, time.monotonic() - 1 / args.rate)
        if time.monotonic() - last >= INTERVAL * length:
            last = time.monotonic()
            status = client.newest
            mark = look(child.pid, begin, client.take_age())
            marks.append(mark)
            cells = (
                f'{mark.seconds / 60:.1f}', sent, status.received, status.processed,
                status.dropped, client.tracked, f'{mark.age:.0f}', f'{mark.memory:.1f}',
                mark.files, mark.threads,
            )  # fmt: skip
            print('| ' + ' | '.join(map(str, cells)) + ' |', flush=True)
    # With nothing on its way, every image is in one of the counts.
    client.rest(2.0)
    client.send(images[0])
    sent += 1
    client.rest(2.0)
    return [*grown(marks), *accounted(client, sent), *client.faults]


def accounted(client, sent: int) -> list[str]:
    """Say where images are unaccounted for."""
    status = client.newest
    faults = []
    if status.received != status.processed + status.dropped:
        faults.append(
            f'received {status.received} is not processed {status.processed} + dropped '
            f'{status.dropped}'
        )
    if not status.received >= ARRIVED * sent:
        faults.append(f'{status.received} of {sent} images arrived')
    if not client.tracked:
        faults.append('nothing was ever tracked')
    return faults


if __name__ == '__main__':
    sys.exit(main())
