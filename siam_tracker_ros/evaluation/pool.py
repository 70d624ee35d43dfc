# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes on this machine that make units side by side.

Unlike an executor of the standard library, it knows which unit a process died of, and goes on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from collections.abc import Sequence as List
from contextlib import contextmanager, suppress
import multiprocessing
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
import signal

from ..memory import keep_large_buffers
from .progress import Bar
from .units import Key, Outcome, Unit, attempt

# A unit whose process dies is tried again, once: perhaps others had taken the memory.
TRIES = 2
GRACE_SECONDS = 5.0


def work_in_processes(
    units: List[Unit], seed: int, bar: Bar, jobs: int
) -> Iterator[tuple[Unit, Outcome]]:
    """Make units in processes of their own, and yield them as they end.

    Parameters
    ----------
    units : list of Unit
        In the order in which they shall begin.
    seed : int
    bar : Bar
    jobs : int
        Processes at most.
    """
    waiting = deque(units)
    deaths: Counter[Key] = Counter()
    workers = [Worker(seed) for _ in range(min(jobs, len(units)))]
    try:
        while True:
            for worker in workers:
                if worker.unit is None and waiting:
                    worker.give(waiting.popleft())
            busy = {worker.pipe: worker for worker in workers if worker.unit is not None}
            if not busy:
                return
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]  # only what was given comes back
                unit = worker.unit
                assert unit is not None
                try:
                    said = worker.pipe.recv()
                except (EOFError, OSError):
                    reason = f'its process died ({worker.bury()})'
                    workers[workers.index(worker)] = Worker(seed)
                    deaths[unit.key] += 1
                    if deaths[unit.key] < TRIES:
                        bar.note(f'{unit.key}: {reason}; trying once more')
                        waiting.appendleft(unit)
                    else:
                        yield unit, Outcome(None, f'{unit.key}: {reason} {TRIES} times')
                    continue
                if isinstance(said, Outcome):
                    worker.unit = None
                    yield unit, said
                else:
                    bar.hear(unit, said)
    finally:
        for worker in workers:
            worker.stop()


class Worker:
    """A process that makes one unit after the other, and the pipe to it.

    Parameters
    ----------
    seed : int

    Attributes
    ----------
    pipe : Connection
        Brings the numbers of frames that are done, and then the `Outcome`; ends where the process
        has died.
    unit : Unit or None
        What it makes; None where it has nothing to do.
    """

    def __init__(self, seed: int) -> None:
        # Not forked: threads of torch and OpenCV do not survive that.
        context = multiprocessing.get_context('spawn')
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, seed), daemon=True)
        # Started by the first process, it would unblock what is blocked here.
        resource_tracker.ensure_running()
        with _interrupts_blocked():
            self._process.start()
        # The end of the other process shows here only if nobody else holds its side.
        theirs.close()
        self.unit: Unit | None = None

    def give(self, unit: Unit) -> None:
        """Let the process make a unit."""
        self.unit = unit
        # A process that has just died is found out by the next `recv`.
        with suppress(OSError):
            self.pipe.send(unit)

    def bury(self) -> str:
        """Clear away after a process that has died; the result says of what."""
        self.pipe.close()
        self._process.join()
        code = self._process.exitcode
        if code == -signal.SIGKILL:
            return 'killed, as the system does where the memory is full'
        return f'exit status {code}'

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self._process.terminate()
        self._process.join(GRACE_SECONDS)
        self._process.kill()


def _serve(pipe: Connection, seed: int) -> None:
    """Make what the pipe brings until its other side is closed."""
    keep_large_buffers()
    # Whoever waits for us is gone as well: there is nobody to tell.
    with suppress(EOFError, OSError):
        while True:
            pipe.send(attempt(pipe.recv(), seed, pipe.send))


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Processes started here never see Ctrl-C: who started them decides what becomes of them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
