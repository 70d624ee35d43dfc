# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the scripts beside it share: where tables are kept, how they are printed, what may stop."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
import importlib
import json
import math
from pathlib import Path
import signal
import sys
from types import ModuleType
from typing import Any, TypeVar

import torch

from siam_tracker_ros.errors import UserError, install
from siam_tracker_ros.evaluation.cost import measure_costs
from siam_tracker_ros.evaluation.entrants import Entrant
from siam_tracker_ros.evaluation.machine import describe_machine, now, usable_cores
from siam_tracker_ros.evaluation.results import Results
from siam_tracker_ros.evaluation.runner import evaluate
from siam_tracker_ros.evaluation.store import Store, write_json
from siam_tracker_ros.evaluation.units import use_threads
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.outputs import prepare_output_file
from siam_tracker_ros.runtime import refuse_small_memory
from siam_tracker_ros.sequences import Sequence

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks' / 'results'

NEVER_LOST: Mapping[str, float] = {'lost_score': 0.0}
"""Settings of trackers whose score is not fitted, which says nothing of a loss then, and of those
whose steps are compared: a lost target is searched in another crop, and learns nothing."""

NEVER_LOST_WORD = ','.join(f'{name}={value:g}' for name, value in NEVER_LOST.items())
"""The same as an assignment."""

PICTURES = ('.png', '.svg')

T = TypeVar('T')


def guarded(script: str, work: Callable[[], int], stopped: str = 'stopped') -> int:
    """Exit status of a script: a mistake of its user is one sentence, and so is a stop.

    SIGTERM stops it as Ctrl-C does, so that processes that it has started are ended.
    """
    name = Path(script).stem
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return work()
    except UserError as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f'{name}: {str(stop) or stopped}', file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def timed(
    args: argparse.Namespace,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    show: Callable[[dict[str, Any]], None],
) -> int:
    """Measure times on some threads of the CPU, and keep the table.

    Parameters
    ----------
    args : Namespace
        Of `add_timing` and `add_table`.
    measure : callable
        Makes the table.
    show : callable
        Prints it.
    """
    for name, least in (('frames', 2), ('threads', 1)):
        if getattr(args, name) < least:
            raise UserError(f'--{name} is {getattr(args, name)}: expected at least {least}')
    prepare_output_file(args.table, 'table')
    keep_large_buffers()
    before = torch.get_num_threads()
    try:
        use_threads(args.threads)
        with refuse_small_memory(args.device):
            table = measure(args)
    finally:
        torch.set_num_threads(before)
    show(table)
    keep_table(args.table, table)
    return 0


def timing(args: argparse.Namespace, device: torch.device | str) -> dict[str, str]:
    """What times depend on."""
    return {
        'date': now(), **describe_machine(), 'device': str(device),
        'threads': str(args.threads), 'frames': str(args.frames),
    }  # fmt: skip


def described(text: str | None) -> argparse.ArgumentParser:
    """A parser whose help begins with a script's description, as it is written."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_evaluation(parser: argparse.ArgumentParser, forgotten: str) -> None:
    """Options of scripts that have trackers follow the targets of a folder of sequences."""
    parser.add_argument(
        '--jobs', type=int, default=usable_cores(), metavar='N',
        help='processes that follow targets (%(default)s)',
    )  # fmt: skip
    parser.add_argument('--fresh', action='store_true', help=f'forget {forgotten}')


def add_timing(parser: argparse.ArgumentParser, device: str, frames: int) -> None:
    """Options of scripts that measure times on the rendered clip, with their defaults."""
    parser.add_argument('--device', default=device, help='auto, cpu, cuda or cuda:N (%(default)s)')
    parser.add_argument(
        '--frames', type=int, default=frames, metavar='N', help='of the clip (%(default)s)'
    )
    parser.add_argument(
        '--threads', type=int, default=usable_cores(), metavar='N', help='of the CPU (%(default)s)'
    )


def picture_file(path: Path) -> Path:
    """The path of a picture to write, whose folder is made, or a refusal of it."""
    if path.suffix not in PICTURES:
        raise UserError(f'picture {path}: expected a file that ends in {" or ".join(PICTURES)}')
    return prepare_output_file(path, 'picture')


def add_table(parser: argparse.ArgumentParser, path: Path) -> None:
    parser.add_argument('--table', type=Path, default=path, metavar='JSON', help='receives it')


def keep_table(path: Path, table: Any) -> None:
    """Write what `add_table` has a place for, and say so."""
    write_json(path, table)
    print(f'\nWritten: {path}; scripts/update_docs.py shows it.')


def follow(
    trackers: list[Entrant],
    sequences: list[Sequence],
    folder: Path,
    store: Store,
    args: argparse.Namespace,
) -> Results:
    """As `passed`, and time each tracker."""
    results = passed(trackers, sequences, folder, store, args)
    # Apart from the evaluation, whose processes are in each other's way.
    able = [tracker for tracker in trackers if tracker.label in results.trackers]
    return replace(results, costs=measure_costs(able, sequences, args.out, fresh=args.fresh))


def passed(
    trackers: list[Entrant],
    sequences: list[Sequence],
    folder: Path,
    store: Store,
    args: argparse.Namespace,
) -> Results:
    """Have trackers follow the targets of a folder's sequences once.

    Parameters
    ----------
    trackers : list of Entrant
    sequences : list of Sequence
    folder : Path
        What they were read from.
    store : Store
        Keeps what is finished.
    args : Namespace
        Of `add_evaluation`, and `out`, the folder of the store.
    """
    return evaluate(
        sequences, trackers, ['ope'], store, dataset=folder.resolve().name,
        jobs=args.jobs, fresh=args.fresh,
    )  # fmt: skip


def stored_tables(path: Path, fits: Callable[[str, Any], bool]) -> dict[str, Any]:
    """Tables of an earlier run.

    Parameters
    ----------
    path : Path
    fits : callable
        Whether a name and what stands under it are of the script.

    Raises
    ------
    UserError
        The file is not of this script.
    """
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(map(fits, found.keys(), found.values())):
        raise UserError(f'table {path} is not of this script: give another name')
    return found


def refuse_missing(results: Results) -> None:
    """Refuse to keep a table that lacks some of its trackers."""
    if results.missing:
        raise UserError('; '.join(f'{name}: {why}' for name, why in results.missing.items()))


def there_and_back(frames: list[T]) -> list[T]:
    """Frames of a clip, forwards and backwards: no jump where it begins anew."""
    return frames + frames[-2:0:-1]


def ros(module: str) -> ModuleType:
    """Import a module beside this one that needs ROS 2.

    Raises
    ------
    UserError
        It is not here.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UserError(f'ROS 2 is not here ({error}): {install("ros")}') from error


def finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """Figures for a file: JSON has no NaN."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}


def print_facts(facts: Mapping[str, str], title: str = '') -> None:
    words = ', '.join(f'{key} {value}' for key, value in facts.items())
    print(f'\n{title}; {words}' if title else f'\n{words}')


def print_rows(header: list[str], *rows: list[str]) -> None:
    """Print a table in Markdown."""
    print()
    for line in (header, ['---'] * len(header), *rows):
        print('| ' + ' | '.join(line) + ' |')


def cell(value: float | None, digits: int) -> str:
    """A figure as text; nothing where there is none."""
    return '' if value is None else f'{value:.{digits}f}'
