# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Does the node's process end as it should? Signals in every state, again and again.

In each run one process for each situation is brought there and gets SIGINT or SIGTERM in turn. It
must end within two seconds with code 0 and without a traceback, and leave nothing in shared
memory.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
import os
from pathlib import Path
import signal
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from common import guarded, ros
import numpy as np
from slow_node import LOADING, SEARCHING

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.demo_processes import Child, free_domain_id

if TYPE_CHECKING:
    from node_signals_client import Client

START_SECONDS = 90.0
STOP_SECONDS = 2.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)
SHARED_MEMORY = Path('/dev/shm')
LOCK = '_el'
SIZE, BOX = (120, 160, 3), Box(60.0, 50.0, 20.0, 20.0)


@dataclass(frozen=True)
class Situation:
    """What a process does when the signal comes.

    Attributes
    ----------
    name : str
    said : str
        Stands in its log when it has come so far by itself.
    load, search : float
        Seconds, see `slow_node`.
    autostart : bool
    transitions : tuple of str
        What it is then asked for.
    loads : bool
        Whether it is then asked to configure, which it is not done with when the signal comes.
    follows : bool
        Whether it is then given a target, so that it searches.
    """

    name: str
    said: str
    load: float = 0.0
    search: float = 0.0
    autostart: bool = True
    transitions: tuple[str, ...] = ()
    loads: bool = False
    follows: bool = False


IDLE, ACTIVE = 'unconfigured: use', 'active: waiting for a region'
SITUATIONS = (
    Situation('configuring', LOADING, load=60.0),
    Situation('unconfigured', IDLE, autostart=False),
    Situation('loading', IDLE, load=60.0, autostart=False, loads=True),
    Situation('inactive', IDLE, autostart=False, transitions=('configure',)),
    Situation('active', ACTIVE),
    Situation('searching', ACTIVE, search=1.0, follows=True),
    Situation('hanging', ACTIVE, search=60.0, follows=True),
    Situation('finalized', IDLE, autostart=False, transitions=('unconfigured_shutdown',)),
)


def command(situation: Situation) -> list[str]:
    """The node's program in a situation; its name is that of the situation."""
    return [
        sys.executable, '-u', str(Path(__file__).parent / 'slow_node.py'), '--ros-args',
        '-r', f'__node:={situation.name}',
        '-p', 'tracker:=siamfc', '-p', f'autostart:={str(situation.autostart).lower()}',
    ]  # fmt: skip


@contextmanager
def started(situation: Situation, logs: Path) -> Iterator[Child]:
    """A process on its way into a situation."""
    environment = {
        **os.environ, 'SLOW_LOAD': str(situation.load), 'SLOW_SEARCH': str(situation.search),
        'ROS_LOG_DIR': str(logs),
    }  # fmt: skip
    with Child(situation.name, command(situation), logs, environment) as child:
        yield child


def wait_for(child: Child, text: str, spin: Callable[[float], None] = time.sleep) -> None:
    """Wait until a process has said something."""
    end = time.monotonic() + START_SECONDS
    while text not in child.log.read_text():
        child.check_alive()
        if time.monotonic() > end:
            raise UserError(
                f'{child.name} did not say {text!r} within {START_SECONDS:g} s, but: '
                f'{child.last_error()}'
            )
        spin(0.02)


def brought_there(situation: Situation, child: Child, client: Client) -> None:
    """Bring a process into its situation."""
    wait_for(child, situation.said)
    for transition in situation.transitions:
        client.change(situation.name, transition)
    if situation.loads:
        client.ask(situation.name, 'configure')
        wait_for(child, LOADING, client.rest)
    if situation.follows:
        client.give_target(situation.name, np.zeros(SIZE, np.uint8), BOX)
        wait_for(child, SEARCHING, client.show)


def shared_memory(pid: int) -> dict[Path, int]:
    """Locks of the files in shared memory that belong to a process, with their inodes.

    Fast DDS keeps one beside each of its files, and leaves both where a process does not end in
    order. Other middleware has none.
    """
    held = {}
    for link in Path(f'/proc/{pid}').glob('fd/*'):
        # It may be closed meanwhile.
        with suppress(FileNotFoundError):
            path = Path(os.readlink(link))
            if path.parent == SHARED_MEMORY and path.name.endswith(LOCK):
                held[path] = link.stat().st_ino
    return held


def remaining(locks: dict[Path, int]) -> list[Path]:
    """Those of `shared_memory` that are still there.

    The files of a port are named after its number, which the next process may have taken.
    """
    found = []
    for path, inode in locks.items():
        with suppress(FileNotFoundError):
            if path.stat().st_ino == inode:
                found.append(path)
    return found


def ended(child: Child, number: int, most: float = STOP_SECONDS) -> list[str]:
    """Send a signal; say what is wrong about the end, which may take so many seconds."""
    locks = shared_memory(child.pid)
    begin = time.monotonic()
    os.kill(child.pid, number)
    while child.exit_code is None and time.monotonic() - begin < 10 * STOP_SECONDS:
        time.sleep(0.005)
    seconds = time.monotonic() - begin
    faults = []
    if child.exit_code != 0:
        faults.append(f'code {child.exit_code}')
    if seconds > most:
        faults.append(f'{seconds:.1f} s')
    if 'Traceback' in child.log.read_text():
        faults.append('a traceback')
    faults += [f'{lock} in shared memory' for lock in remaining(locks)]
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--runs', type=int, default=100, help='(%(default)s)')
    args = parser.parse_args()
    if args.runs < 1:
        parser.error(f'--runs is {args.runs}: expected at least 1')
    return guarded(__file__, lambda: repeat(args.runs))


def repeat(runs: int) -> int:
    companion, beside = ros('siam_tracker_ros.node.companion'), ros('node_signals_client')
    os.environ['ROS_DOMAIN_ID'] = str(free_domain_id())
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    wrong = 0
    with companion.accompanied(beside.Client) as client:
        for run in range(runs):
            faults = one_run(client, run)
            wrong += bool(faults)
            for fault in faults:
                print(f'FAILED: run {run}: {fault}', flush=True)
    processes = len(SITUATIONS)
    print(f'{runs - wrong} of {runs} runs, each of {processes} processes, ended as they should')
    return 1 if wrong else 0


def one_run(client: Client, run: int) -> list[str]:
    """Bring one process into each situation, all at once, and end them one by one."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        children: dict[Situation, Any] = {
            situation: stack.enter_context(started(situation, Path(folder)))
            for situation in SITUATIONS
        }
        for place, (situation, child) in enumerate(children.items()):
            brought_there(situation, child, client)
            number = SIGNALS[(run + place) % 2]
            found = ended(child, number)
            faults += [f'{situation.name}, {number.name}: {fault}' for fault in found]
    return faults


if __name__ == '__main__':
    sys.exit(main())
