# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a tracker costs: time and memory, each tracker alone in a fresh process.

Apart from the passes that are scored: those run side by side, in each other's way.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as List
from dataclasses import asdict, replace
import json
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

import numpy as np
from tqdm import tqdm

from ..errors import UserError
from ..sequences import Sequence
from ..stages import STAGES
from .entrants import Entrant
from .machine import describe_machine, usable_cores
from .sources import digest_sources
from .store import digest_sequence, safe_name, write_json
from .summary import Measure

FOLDER = 'cost'
FRAMES = 300
# Without the folder that the command was given in, which may hold a module of any name.
PROGRAM = (
    'import sys; sys.path = [entry for entry in sys.path if entry]; '
    'from siam_tracker_ros.evaluation.cost_process import main; main()'
)
# What else decides the figures, see `Entrant.fingerprint`.
SOURCES = ('evaluation/cost_process.py', 'memory.py', 'stages.py')

MEASURES = (
    Measure('fps', 'fps', 'Frames per second of the median step.', '1/s', digits=0),
    *(
        Measure(
            f'p{percent}', f'p{percent}',
            f'Time within which {percent} % of the steps were done.', 'ms', 'low', 1,
        )
        for percent in (50, 95, 99)
    ),
    Measure('start', 'start', 'The first start after the tracker was made.', 'ms', 'low', 1),
    Measure(
        'start_up', 'start-up',
        'From a bare Python to a tracker that can start: imports and weights.', 's', 'low', 2,
    ),
    Measure(
        'memory', 'memory',
        'Growth of the resident memory at its peak, from before the imports.', 'MiB', 'low', 0,
    ),
    Measure(
        'gpu_memory', 'GPU memory',
        'Peak of what the tracker holds on the graphics card, without its context.', 'MiB',
        'low', 0,
    ),
    *(
        Measure(stage, stage, f'Mean time of the stage {stage} in a step.', 'ms', 'low', 2)
        for stage in STAGES
    ),
)  # fmt: skip


def measure_costs(
    entrants: List[Entrant],
    sequences: List[Sequence],
    out: Path | str | None = None,
    *,
    frames: int = FRAMES,
    threads: int | None = None,
    fresh: bool = False,
    progress: bool = True,
    failures: dict[str, str] | None = None,
) -> dict[str, dict[str, float]]:
    """Measure each tracker on the longest of the sequences, one after the other.

    Parameters
    ----------
    entrants : list of Entrant
    sequences : list of Sequence
    out : Path or str, optional
        Folder where the figures are kept, ``cost/TRACKER.json``; what is there of the same
        tracker, images and machine is not measured again.
    frames : int
        Images at most, at least 2; a slow tracker gets as many as it follows in half a minute.
    threads : int, optional
        CPU threads; as many as there are cores by default, as a user has it, whatever the
        passes were made with.
    fresh : bool
        Whether to measure again in any case.
    progress : bool
        Whether a bar is shown.
    failures : dict, optional
        Receives by `Entrant.label` why a tracker cannot be measured; the others go on.

    Returns
    -------
    dict
        By `Entrant.label` and the name of one of `MEASURES`; a figure that a tracker does not
        have, such as the split of a peer's time, is left out.

    Raises
    ------
    UserError
        All sequences have one image only, or a tracker does not run here and there are no
        `failures` to say it in.
    """
    longest = max(sequences, key=lambda sequence: len(sequence.images))
    count = min(frames, len(longest.images))
    if count < 2:
        raise UserError(
            f'the cost is measured over {count} image(s): expected at least 2, from a sequence '
            'with so many'
        )
    measured = {}
    for entrant in tqdm(entrants, 'cost', unit='tracker', disable=None if progress else True):
        alone = replace(entrant, threads=threads or usable_cores())
        made_with: dict[str, Any] = {
            **alone.fingerprint(),
            'sequence': f'{longest.name}: {digest_sequence(longest)}',
            'frames': count,
            'machine': describe_machine(),
            'measured_by': digest_sources(SOURCES),
        }
        file = None if out is None else Path(out) / FOLDER / f'{safe_name(entrant.label)}.json'
        figures = None if file is None or fresh else _stored(file, made_with)
        if figures is None:
            try:
                figures = _measure(alone, longest, count)
            except UserError as error:
                if failures is None:
                    raise
                failures[entrant.label] = str(error)
                continue
            if file is not None:
                write_json(file, {'made_with': made_with, 'figures': figures})
        measured[entrant.label] = figures
    return measured


def _stored(file: Path, made_with: Mapping[str, Any]) -> dict[str, float] | None:
    """Figures of an earlier run, None where they are of something else."""
    try:
        kept = json.loads(file.read_text('utf-8'))
        if kept['made_with'] == json.loads(json.dumps(made_with)):
            return {name: float(value) for name, value in kept['figures'].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return None


def _measure(entrant: Entrant, sequence: Sequence, count: int) -> dict[str, float]:
    task = {
        'is_peer': entrant.is_peer,
        'entrant': asdict(entrant),
        'images': [str(path.absolute()) for path in sequence.images[:count]],
        'box': sequence.first_box.ltwh,
    }
    # Whatever makes this package importable here.
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM],
        input=json.dumps(task) + '\n',
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True,
        text=True,
        errors='replace',
        check=False,
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines() or [f'exit status {done.returncode}']
        answer = {'error': said[-1]}
    else:
        answer = json.loads(lines[-1])
    if 'error' in answer:
        raise UserError(f'the cost of {entrant.label} cannot be measured: {answer["error"]}')
    return _figures(answer)


def _figures(answer: Mapping[str, Any]) -> dict[str, float]:
    p50, p95, p99 = (np.percentile(answer['steps'], [50, 95, 99]) * 1000).tolist()
    figures = {
        'fps': 1000 / p50,
        'p50': p50,
        'p95': p95,
        'p99': p99,
        'start': 1000 * answer['start'],
        'start_up': answer['start_up'],
        'memory': answer['memory'],
        'gpu_memory': answer['gpu_memory'],
        **{name: 1000 * seconds for name, seconds in answer['stages'].items()},
    }
    return {name: float(value) for name, value in figures.items() if value is not None}
