# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo: a video source and the tracker as real processes over DDS, and what comes of it.

It leaves in its folder ``overlay.mp4``, ``contact_sheet.png``, ``detections.csv``,
``summary.txt`` and the logs of both processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
import json
import math
import os
from pathlib import Path
import signal
import sys
import time
from typing import TYPE_CHECKING

from .. import trackers
from ..arguments import Parser, parse_box
from ..drawing import contact_sheet
from ..errors import UserError
from ..geometry import Box
from ..images import Image, write_image
from ..video import VideoWriter
from . import demo_web
from .demo_environment import choose_domain, environment
from .demo_material import Material, choose
from .demo_processes import Child, deferred_signals
from .demo_report import Highlights, Summary, summarise, write_csv
from .settings import NodeSettings

if TYPE_CHECKING:
    from .demo_observer import Observer

TRACKER_NODE, SOURCE_NODE = '/siam_tracker', '/video_source'
START_SECONDS = 90.0
"""Importing torch and loading weights takes long on a small machine that does something else."""
FRAME_SECONDS = 30.0
RESULTS = VIDEO, SHEET, TABLE, SUMMARY = (
    'overlay.mp4', 'contact_sheet.png', 'detections.csv', 'summary.txt'
)
SHEET_IMAGES, SHEET_COLUMNS = 12, 4
DEFAULT_TRACKER = NodeSettings().tracker


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    out: Path
    video: str | None
    box: Box | None
    tracker: str
    weights: str
    domain: int | None
    realtime: bool
    web: str | None = None


def start(
    stack: ExitStack, options: Options, material: Material, logs: Path
) -> tuple[Child, Child]:
    """Start the tracker and the source; both end with the stack."""
    variables = {**os.environ, 'ROS_LOG_DIR': str(logs.resolve())}
    # Texts in quotes: the index of a camera would be taken for a number.
    commands = {
        'tracker_node': {
            'tracker': options.tracker,
            'weights': json.dumps(options.weights),
            'autostart': 'false',
        },
        'video_source': {
            'source': json.dumps(material.source),
            'mode': 'rate' if options.realtime else 'step',
            'loop': 'false' if options.web is None else 'true',
            # The tracker and the observer.
            'wait_for_subscribers': '2',
        },
    }
    children = []
    for name, parameters in commands.items():
        command = [sys.executable, '-m', f'siam_tracker_ros.node.{name}', '--ros-args']
        for key, value in parameters.items():
            command += ['-p', f'{key}:={value}']
        with deferred_signals():
            children.append(stack.enter_context(Child(name, command, logs, variables)))
    return children[0], children[1]


def begin(observer: Observer, source: Child | None, box: Box) -> None:
    """Have the node follow the box of the first frame.

    Parameters
    ----------
    observer : Observer
    source : Child or None
        A source that runs at camera rate and ends with its clip; None: it publishes a frame when
        it is told to, after the one before is answered.
    box : Box
    """
    observer.wait_for_source(START_SECONDS)
    if source is None:
        observer.watch_images()
    observer.activate(START_SECONDS)
    observer.wait_until_connected(START_SECONDS)
    observer.send_box(box, START_SECONDS)
    if source is None:
        observer.step(FRAME_SECONDS)
    else:
        observer.watch_images()
    observer.check_answer(FRAME_SECONDS)


def play(observer: Observer, source: Child | None) -> float:
    """Track the whole clip; return the seconds from the first answer to the last.

    Parameters
    ----------
    observer : Observer
    source : Child or None
        See `begin`.
    """
    began = time.monotonic()
    if source is None:
        while observer.step(FRAME_SECONDS):
            pass
        return time.monotonic() - began
    observer.wait(lambda: source.exit_code is not None, math.inf, 'the end of the clip')
    end = time.monotonic()
    if source.exit_code != 0:
        source.check_alive()
    # The last answers may still be under way.
    observer.rest(1.0)
    return end - began


def clear(out: Path, names: Sequence[str]) -> Path:
    """Remove results of an earlier run; return the folder of the logs.

    Raises
    ------
    UserError
        One may not write there.
    """
    logs = out / 'logs'
    try:
        logs.mkdir(parents=True, exist_ok=True)
        # A run that fails must not leave an older one's results.
        for name in names:
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f'cannot write to {out} ({error.strerror}): choose another folder with --out'
        ) from None
    return logs


def run(options: Options) -> Summary:
    """Run the demo and write its results.

    Raises
    ------
    UserError
        Anything went wrong, or the node published no detection.
    """
    out = options.out
    logs = clear(out, RESULTS)
    observing = load_observing()
    domain = choose_domain(options.domain)
    material = choose(options.video, options.box, out)
    os.environ.update(environment(domain))
    highlights = Highlights(SHEET_IMAGES)
    print(f'{material.name}: starting two processes in ROS domain {domain}, logs in {logs}')
    with ExitStack() as stack:
        writer = stack.enter_context(VideoWriter(out / VIDEO, material.fps))

        def keep(image: Image) -> None:
            writer.write(image)
            highlights.add(image)

        tracker, source = start(stack, options, material, logs)
        watched = [tracker] if options.realtime else [tracker, source]
        observer = stack.enter_context(observing(TRACKER_NODE, SOURCE_NODE, keep, watched))
        waited_for = source if options.realtime else None
        begin(observer, waited_for, material.box)
        seconds = play(observer, waited_for)
        records, published = observer.records(), len(observer.stamps)
    summary = summarise(records, published, seconds, material.truth)
    write_csv(out / TABLE, records, material.truth)
    if images := highlights.chosen():
        write_image(out / SHEET, contact_sheet(images, SHEET_COLUMNS))
    text = report(options, material, summary)
    (out / SUMMARY).write_text(text, encoding='utf-8')
    print(text, end='')
    if summary.detected == 0:
        raise UserError(f'no detection arrived in {published} frames: see {logs}')
    return summary


def run_web(options: Options) -> None:
    """Track the clip again and again, and show the page.

    Raises
    ------
    UserError
        Anything went wrong.
    """
    mode = demo_web.choose_mode(options.web or demo_web.AUTO)
    logs = clear(options.out, [demo_web.PICTURE])
    observing = load_observing()
    domain = choose_domain(options.domain)
    material = choose(options.video, options.box, options.out)
    os.environ.update(environment(domain))
    print(f'{material.name}: starting three processes in ROS domain {domain}, logs in {logs}')
    with ExitStack() as stack:
        children = start(stack, options, material, logs)
        observer = stack.enter_context(observing(TRACKER_NODE, SOURCE_NODE, None, children))
        begin(observer, children[1], material.box)
        server = demo_web.start(stack, TRACKER_NODE, logs)
        place = demo_web.address(server, observer)
        if mode == demo_web.CHECK:
            demo_web.look(place, options.out, is_wanted=options.web == demo_web.CHECK)
        else:
            demo_web.serve(server, observer, place)


def load_observing() -> Callable[..., AbstractContextManager[Observer]]:
    """Import what needs ROS 2.

    Raises
    ------
    UserError
        There is no ROS 2 in this Python.
    """
    try:
        from .demo_observer import observing
    except ImportError as error:
        raise UserError(
            f'the demo needs ROS 2 in this Python ({error}): `make demo` installs it, or '
            "pip install '.[ros]', or source /opt/ros/DISTRO/setup.bash"
        ) from None
    return observing


def report(options: Options, material: Material, summary: Summary) -> str:
    """Return the text of ``summary.txt``."""
    mode = (
        f'camera rate, {material.fps:g} frames per second, whatever the node manages'
        if options.realtime
        else 'every frame: the source waits until the last one is answered'
    )
    return f'clip: {material.name}\ntracker: {options.tracker}\nmode: {mode}\n{summary.line()}\n'


def parse_options(arguments: Sequence[str] | None) -> Options:
    """Read the command line."""
    parser = Parser(
        prog='python -m siam_tracker_ros.node.demo', description=(__doc__ or '').splitlines()[0]
    )
    parser.add_argument('--out', type=Path, default=Path('out/demo'), help='folder of the results')
    parser.add_argument('--video', help='video file or folder of images; a clip is rendered else')
    parser.add_argument('--box', help='x,y,w,h of the target in the first frame, in pixels')
    parser.add_argument('--tracker', default=DEFAULT_TRACKER, choices=trackers.names())
    parser.add_argument(
        '--weights', default='auto', help='checkpoint; auto for the shipped one'
    )
    parser.add_argument('--domain', type=int, help='ROS domain id; a free one is chosen else')
    parser.add_argument(
        '--realtime', action='store_true', help='publish at camera rate, without waiting'
    )
    parser.add_argument(
        '--web', nargs='?', const=demo_web.AUTO, choices=demo_web.MODES,
        help='show the page of siam-tracker web while the video is repeated: serve it until '
        'Ctrl-C, or check it once in a browser that nobody sees; auto (the default) serves where '
        'there is a terminal',
    )
    args = parser.parse_args(arguments)
    box = parse_box(args.box) if args.box is not None else None
    return Options(
        args.out, args.video, box, args.tracker, args.weights, args.domain,
        args.realtime or args.web is not None, args.web,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; the result is its exit status: 0, 2 after one sentence, 130 after Ctrl-C."""
    # As Ctrl-C, so that the children are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = parse_options(arguments)
        if options.web is None:
            run(options)
        else:
            run_web(options)
    except UserError as error:
        print(f'demo: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        # All is stopped: a second signal would only spoil the exit status.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        print('demo: stopped', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
