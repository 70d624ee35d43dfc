# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The health of the node as one entry of ``/diagnostics``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import torch

from .frame_buffer import Extent
from .statistics import REPLACED, Counts, Recent, rate

SILENCE_S = 1.0
"""A camera that sends nothing for longer is silent; the timer sees it within 2 s."""

PERIOD_S = 0.5


@dataclass
class Health:
    """What the entry is made of; the worker's thread writes some of it.

    Attributes
    ----------
    fault : str
        Why the node gave up; empty: it did not.
    needs_restart : bool
        Whether only a new process can mend that.
    counts : Counts
        At the last entry: what was malformed since then is a warning.
    """

    fault: str = ''
    needs_restart: bool = False
    steps: Recent = field(default_factory=Recent)
    latencies: Recent = field(default_factory=Recent)
    arrivals: Recent = field(default_factory=Recent)
    counts: Counts = field(default_factory=Counts)

    def restart(self) -> None:
        """Forget an earlier activation."""
        self.fault = ''
        self.needs_restart = False
        self.counts = Counts()
        for series in (self.steps, self.latencies, self.arrivals):
            series.clear()

    def give_up(self, fault: str, needs_restart: bool = False) -> None:
        """Say why the node works no more, until it is activated again."""
        self.needs_restart = needs_restart
        self.fault = fault

    def judge(self, since: float | None, counts: Counts, now: float) -> tuple[Any, str]:
        """Return the level and the sentence of the entry.

        Parameters
        ----------
        since : float, optional
            Monotonic time of activation; None: the node is not active.
        counts : Counts
        now : float
            Monotonic time.
        """
        before, self.counts = self.counts, counts
        if self.fault:
            return DiagnosticStatus.ERROR, self.fault
        if since is None:
            return DiagnosticStatus.OK, 'not active'
        arrivals = self.arrivals.values()
        silent = now - max(since, arrivals[-1] if arrivals else since)
        if silent > SILENCE_S:
            return DiagnosticStatus.WARN, f'no image for {silent:.1f} s'
        new = counts.reasons - before.reasons
        bad = {reason: n for reason, n in new.items() if reason != REPLACED}
        if bad:
            words = ', '.join(f'{n} {reason}' for reason, n in sorted(bad.items()))
            return DiagnosticStatus.WARN, f'images dropped: {words}'
        return DiagnosticStatus.OK, 'active'

    def values(self, counts: Counts, kept: Extent, now: float) -> dict[str, str]:
        """Return the numbers of the entry; `kept` is what the frame buffer holds."""
        arrivals = self.arrivals.values()
        values = {
            'input rate (Hz)': f'{rate(arrivals, now):.1f}',
            'frame age (s)': f'{now - arrivals[-1]:.3f}' if arrivals else 'no image yet',
            'received': str(counts.received),
            'processed': str(counts.processed),
            'dropped': str(counts.dropped),
            'step p50 (ms)': f'{1e3 * self.steps.percentile(0.50):.1f}',
            'step p95 (ms)': f'{1e3 * self.steps.percentile(0.95):.1f}',
            'latency p50 (ms)': f'{1e3 * self.latencies.percentile(0.50):.1f}',
            'latency p95 (ms)': f'{1e3 * self.latencies.percentile(0.95):.1f}',
            'kept images': str(kept.images),
            'kept images (s)': f'{kept.seconds:.2f}',
            'kept images (MB)': f'{kept.megabytes:.1f}',
            'catching up: searched': str(counts.searched),
            'catching up: left out': str(counts.left_out),
        }
        for reason, number in sorted(counts.reasons.items()):
            values[f'dropped: {reason}'] = str(number)
        for answer, number in sorted(counts.regions.items()):
            values[f'regions: {answer}'] = str(number)
        return values


def gpu_memory(device: torch.device | None) -> str:
    """Memory held on a device, in words."""
    if device is None or device.type != 'cuda':
        return 'no GPU in use'
    return f'{torch.cuda.memory_allocated(device) / 2**20:.1f} MiB'


def entry(name: str, hardware: str, level: Any, text: str, values: dict[str, str]) -> Any:
    """Make a diagnostic_msgs/DiagnosticStatus."""
    return DiagnosticStatus(
        level=level,
        name=name,
        message=text,
        hardware_id=hardware,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


def message(stamp: Any, entries: Sequence[Any]) -> Any:
    """Make a diagnostic_msgs/DiagnosticArray."""
    array = DiagnosticArray(status=list(entries))
    array.header.stamp = stamp
    return array
