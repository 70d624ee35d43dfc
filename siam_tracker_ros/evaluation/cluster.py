# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same units, spread over the machines of a ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as List
from contextlib import contextmanager
from functools import lru_cache
import os
import re
import socket
from types import ModuleType

from ..errors import UserError, install
from .entrants import Entrant
from .pool import TRIES, Worker
from .progress import Bar
from .units import Outcome, Unit

# An address that means: a cluster of this machine alone, made for this run.
LOCAL = 'local'
PATIENCE_SECONDS = 10.0
# The graphics cards that ray lends a process.
CARDS = 'CUDA_VISIBLE_DEVICES'
COLOUR = re.compile(r'\x1b\[[0-9;]*m')


def require_ray() -> ModuleType:
    """Return the module ``ray``.

    Raises
    ------
    UserError
        It is not installed.
    """
    # Before the import, which reads it: nobody is told that we were here.
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    try:
        import ray
    except ImportError as error:
        raise UserError(
            f'a cluster needs ray ({error}): install it with {install("ray")}, or leave out --ray'
        ) from error
    module: ModuleType = ray
    return module


def work_on_cluster(
    units: List[Unit], seed: int, bar: Bar, address: str, jobs: int
) -> Iterator[tuple[Unit, Outcome]]:
    """Make units on a cluster, and yield them as they end.

    Its machines have this package at the same version, and the images and weights at the same
    paths. Traces come back to this process, which stores them.

    Parameters
    ----------
    units : list of Unit
        In the order in which they shall begin.
    seed : int
    bar : Bar
    address : str
        ``HOST:PORT``, ``auto``, ``ray://HOST:PORT``, or `LOCAL`.
    jobs : int
        Processes of a `LOCAL` cluster; another one has as many as it has cores for.

    Raises
    ------
    UserError
        ray is not installed, no cluster answers, or it lacks the cores or graphics cards.
    """
    if not units:
        return
    ray = require_ray()
    with _connection(ray, address, jobs):
        _check_resources(ray, address, {unit.entrant for unit in units})
        task = ray.remote(max_retries=TRIES - 1)(_attempt)
        waiting = list(reversed(units))
        running: dict[object, Unit] = {}
        # Enough for every core to go on at once; all of them would fill the cluster's memory.
        window = 2 * int(ray.cluster_resources().get('CPU', 1))
        while waiting or running:
            while waiting and len(running) < window:
                unit = waiting.pop()
                running[task.options(**_needs(unit.entrant)).remote(unit, seed)] = unit
            [done], _ = ray.wait(list(running))
            unit = running.pop(done)
            try:
                outcome = ray.get(done)
            except ray.exceptions.RayError as error:
                outcome = Outcome(None, f'{unit.key}: the cluster gave it up ({_reason(error)})')
            yield unit, outcome


def _attempt(unit: Unit, seed: int) -> Outcome:
    """Make a unit on one of the cluster's machines.

    Not in ray's own process: its threads draw from C's generator, too, which a tracker had seeded.
    """
    reason = ''
    for _ in range(TRIES):
        worker = _worker(seed, os.environ.get(CARDS))
        worker.give(unit)
        try:
            while not isinstance(said := worker.pipe.recv(), Outcome):
                pass
            return said
        except (EOFError, OSError):
            _worker.cache_clear()
            reason = worker.bury()
    return Outcome(None, f'{unit.key}: its process died ({reason}) {TRIES} times')


@lru_cache(maxsize=1)
def _worker(seed: int, cards: str | None) -> Worker:
    """The process beside this one of ray's; it ends with it, or when its pipe is forgotten.

    Another one for other cards: ray lends them anew for each unit, and a process that has used
    one keeps it.
    """
    return Worker(seed)


@contextmanager
def _connection(ray: ModuleType, address: str, jobs: int) -> Iterator[None]:
    """Connect, unless the program has already done so itself."""
    if ray.is_initialized():
        yield
        return
    own = {'num_cpus': jobs, 'include_dashboard': False} if address == LOCAL else {}
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level='ERROR', **own)
    except Exception as error:
        raise UserError(
            f'no ray cluster answers at {address!r} ({_reason(error)}): start one with '
            f'`ray start --head`, or use --ray {LOCAL}'
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Find out in seconds that nobody answers; ray would try for minutes, and write about it."""
    host, _, port = address.removeprefix('ray://').rpartition(':')
    if host and port.isdecimal():
        socket.create_connection((host.strip('[]'), int(port)), PATIENCE_SECONDS).close()


def _reason(error: Exception) -> str:
    """What ray says, in one line that is not too long."""
    return ' '.join(COLOUR.sub('', str(error)).split())[:300]


def _needs(entrant: Entrant) -> dict[str, float]:
    """What a machine must have free for one unit, in ray's words."""
    on_gpu = not entrant.is_peer and entrant.device.startswith('cuda')
    return {'num_cpus': entrant.threads, 'num_gpus': 1 if on_gpu else 0}


def _check_resources(ray: ModuleType, address: str, entrants: set[Entrant]) -> None:
    """Refuse what no machine has: ray would wait for one for ever."""
    nodes = [node['Resources'] for node in ray.nodes() if node['Alive']]
    for entrant in entrants:
        needs = _needs(entrant)
        if not any(
            node.get('CPU', 0) >= needs['num_cpus'] and node.get('GPU', 0) >= needs['num_gpus']
            for node in nodes
        ):
            raise UserError(
                f'no machine of the ray cluster at {address!r} has {needs["num_cpus"]} core(s) '
                f'and {needs["num_gpus"]} graphics card(s) for {entrant.label}: '
                + (
                    f'--jobs is the number of its cores with --ray {LOCAL}'
                    if address == LOCAL
                    else 'choose fewer --threads, or another --device'
                )
            )
