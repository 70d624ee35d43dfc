# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive the demo, and a ROS domain that nobody else uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
import os
from pathlib import Path
import random
import signal
import socket
import subprocess
from types import TracebackType

from ..errors import UserError

# From asking to insisting: what ROS nodes handle, what every process handles, what none can.
STOP_SIGNALS = ((signal.SIGINT, 5.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))
DOMAINS = range(1, 102)
"""Domain ids whose ports lie below Linux's range of ephemeral ports."""
STRIDE = 17
PARTICIPANTS = 4
"""Whose ports are looked at: the first of a domain may have ended before the others."""


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Put SIGINT and SIGTERM off until the end of the block.

    An exception between a child's start and its registration, or in the middle of its end, would
    leave it behind. Blocking the signals instead would block them in the child, too.
    """
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {
        number: signal.signal(number, lambda found, _: received.append(found))
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


class Child:
    """A child process with a log file; a context manager that ends it.

    Parameters
    ----------
    name : str
        What messages and the log file call it.
    command : sequence of str
    logs : Path
        Folder for ``NAME.log``, which holds stdout and stderr.
    environment : mapping, optional
        Variables of the child; this process' by default.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        logs: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = logs / f'{name}.log'
        with self.log.open('wb') as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                # Ctrl-C then reaches the demo alone, which stops its children in order.
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def check_alive(self) -> None:
        """Raise `UserError` with the last error of its log where the process has ended."""
        code = self.exit_code
        if code is not None:
            raise UserError(f'{self.name} ended with exit code {code}: {self.last_error()}')

    def last_error(self) -> str:
        """Return the last line of the log that reports an error, else the last line."""
        lines = self.log.read_text(encoding='utf-8', errors='replace').splitlines()
        lines = [line.strip() for line in lines if line.strip()]
        errors = [line for line in lines if 'error' in line.lower() or '[FATAL]' in line]
        last = (errors or lines or ['it wrote nothing'])[-1]
        # Of ROS' "[ERROR] [1700000000.123456789] [node]: text" only the text is for people.
        return f'{last.split("]: ", 1)[-1]} (see {self.log})'

    def stop(self) -> None:
        """End the process and all it started, patiently first."""
        for number, seconds in STOP_SIGNALS:
            if self._process.poll() is not None:
                break
            self._signal(number)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        # What the child itself started and left behind is in its process group.
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the child's process group, if there still is one."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with deferred_signals():
            self.stop()


def free_domain_id(number: int | None = None) -> int:
    """Return a ROS domain id that no process of this machine uses.

    Parameters
    ----------
    number : int, optional
        Processes that choose at once choose apart where theirs follow on each other, as those of
        processes do. None: by chance.

    Raises
    ------
    UserError
        Every one is in use.
    """
    candidates = list(DOMAINS)
    if number is None:
        # Two demos that start at once then rarely try the same one.
        random.SystemRandom().shuffle(candidates)
    else:
        # By strides, so that the one after a domain in use is not the next process' own.
        candidates = [DOMAINS[(number + STRIDE * k) % len(DOMAINS)] for k in range(len(DOMAINS))]
    for domain in candidates:
        if _is_free(domain):
            return domain
    raise UserError(
        f'no free ROS domain id from {DOMAINS[0]} to {DOMAINS[-1]}: '
        'end other ROS processes, or choose one with --domain'
    )


def _is_free(domain: int) -> bool:
    """Whether a domain's first participants could bind their ports.

    Unicast discovery of a participant is at port 7400 + 250 domain + 10 + 2 participant (DDSI-RTPS
    2.5, section 9.6.2.3).
    """
    for participant in range(PARTICIPANTS):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', 7400 + 250 * domain + 10 + 2 * participant))
            except OSError:
                return False
    return True
