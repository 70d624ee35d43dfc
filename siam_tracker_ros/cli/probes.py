# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trying things in a process of their own, so that no broken library can take ours down."""

from __future__ import annotations

from dataclasses import dataclass, field
import json
import os
import signal
import subprocess
import sys
from typing import Any

TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Probe:
    """Result of a try.

    Attributes
    ----------
    reason : str
        Why it failed; empty where it did not.
    facts : dict
        What it printed.
    """

    reason: str = ''
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Whether it did not fail."""
        return not self.reason


def probe(code: str) -> Probe:
    """Run Python code in a new process.

    Parameters
    ----------
    code : str
        Prints one line of JSON, a dictionary, as its last.
    """
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            [sys.executable, '-c', code],
            env=environment,
            capture_output=True,
            text=True,
            errors='replace',
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Probe(f'no answer within {TIMEOUT_SECONDS} s')
    if done.returncode < 0:
        return Probe(f'the process died of {signal.Signals(-done.returncode).name}')
    if done.returncode > 0:
        lines = [line for line in done.stderr.splitlines() if line and not line[0].isspace()]
        return Probe(lines[-1] if lines else f'exit status {done.returncode}')
    lines = done.stdout.splitlines()
    return Probe(facts=json.loads(lines[-1]) if lines else {})
