# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker costs, measured in a process that has done nothing else yet; see `cost`.

Nothing heavy is imported at the top: how long that takes is part of the answer.
"""

from __future__ import annotations

import json
from pathlib import Path
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..geometry import Box
    from .subjects import Subject

KIB_PER_MIB = 1024
# A pass through the images ends early after so long; a slow tracker has its figures all the same.
PATIENCE_SECONDS = 30.0


def main() -> None:
    """Read a task, one line of JSON, and answer it with one; ``error`` is a user's mistake."""
    task = json.loads(sys.stdin.readline())
    if task['is_peer']:
        # Our own code around it is not the peer's cost; OpenCV, not imported here, is.
        from . import entrants, units  # noqa: F401
    memory = resident_mib('VmRSS')
    begin = time.perf_counter()
    from ..errors import UserError
    from ..runtime import refuse_small_memory

    try:
        with refuse_small_memory(task['entrant']['device']):
            answer = _measure(task, begin, memory)
    except UserError as error:
        answer = {'error': str(error)}
    print(json.dumps(answer))


def resident_mib(field: str, process: int | str = 'self') -> float:
    """Memory of a process, ``VmRSS`` now or ``VmHWM`` at most; NaN where it is not known.

    Not `resource.getrusage`: its peak is that of the parent, where that was larger.
    """
    status = Path(f'/proc/{process}/status')
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith(f'{field}:'):
                return int(line.split()[1]) / KIB_PER_MIB
    return float('nan')


def _measure(task: dict[str, Any], begin: float, memory: float) -> dict[str, object]:
    from .entrants import Entrant

    entrant = Entrant(**task['entrant'])
    subject = entrant.subject()
    start_up = time.perf_counter() - begin

    import torch

    from ..geometry import Box
    from ..memory import keep_large_buffers
    from .units import use_threads

    # As the command line and the node do.
    keep_large_buffers()
    use_threads(entrant.threads)
    box = Box.from_ltwh(*task['box'])
    start, steps = _follow(subject, task['images'], box)
    followed = task['images'][: 1 + len(steps)]
    on_gpu = not entrant.is_peer and entrant.device.startswith('cuda')
    return {
        'start_up': start_up,
        'start': start,
        'steps': steps,
        'memory': resident_mib('VmHWM') - memory,
        'gpu_memory': torch.cuda.max_memory_allocated() / (1 << 20) if on_gpu else None,
        # Not in the same pass: a stage that waits for the device slows the whole down.
        'stages': {} if entrant.is_peer else _split(subject, followed, box),
    }


def _follow(subject: Subject, images: list[str], box: Box) -> tuple[float, list[float]]:
    """Seconds of the start and of each step; reading the images is not in them."""
    from ..images import read_image

    seconds = []
    for index, path in enumerate(images):
        image = read_image(path)
        begin = time.perf_counter()
        if index == 0:
            subject.start(image, box)
        else:
            subject.step(image)
        seconds.append(time.perf_counter() - begin)
        if index > 0 and sum(seconds) > PATIENCE_SECONDS:
            break
    return seconds[0], seconds[1:]


def _split(subject: Subject, images: list[str], box: Box) -> dict[str, float]:
    """Mean seconds of each stage of a step."""
    from ..images import read_image
    from ..stages import record

    subject.start(read_image(images[0]), box)
    totals: dict[str, float] = {}
    for path in images[1:]:
        image = read_image(path)
        with record() as seconds:
            subject.step(image)
        for name, value in seconds.items():
            totals[name] = totals.get(name, 0.0) + value
    return {name: total / (len(images) - 1) for name, total in totals.items()}
