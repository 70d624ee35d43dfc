# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node promises under faults and load, row by row, and the tests that hold it.

A test belongs to a row by its name: ``test_l3_…`` to L3, ``test_g1_g2_…`` to two rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
import re

from markdown_tables import table

TESTS = Path(__file__).resolve().parent.parent / 'test'
NAMED = re.compile(r'^def test_((?:[lirpgb]\d_)+)', re.MULTILINE)
NO_DEVICE = 'no GPU was at hand'


@dataclass(frozen=True)
class Row:
    """A row of the matrix.

    Attributes
    ----------
    id : str
    when, promise : str
        What happens, and what is promised then.
    not_run : str
        What of it has not been run yet, and why; empty: nothing.
    """

    id: str
    when: str
    promise: str
    not_run: str = ''


GROUPS: dict[str, tuple[Row, ...]] = {
    'Lifecycle': (
        Row('L1', 'every legal transition', 'the right state'),
        Row('L2', 'every illegal transition', 'refused; the state is kept'),
        Row(
            'L3', 'an exception in any transition, callback, service or part of the worker',
            'logged with its traceback and undone, or the image is dropped; never stuck',
        ),
        Row(
            'L4', '500 cycles of the lifecycle',
            'memory grows by at most 5 MiB, open files and threads by none; no tensor stays',
            f'on a GPU: {NO_DEVICE}; 500 at once, `make soak CYCLES=500`, have passed, see below',
        ),
        Row('L5', 'messages while it is not active', 'nothing is published; at most 1 ms each'),
        Row('L6', '`get_state` while every image takes long', 'answered within 50 ms'),
        Row(
            'L7', 'SIGINT or SIGTERM in any state or in the middle of work',
            'code 0 within 2 s, no traceback; it leaves the graph, and nothing in shared memory',
            '100 runs at once: `make signals`; 60 have passed, and 40 without *loading* before',
        ),
        Row('L8', 'the process is killed and started again', 'it takes a box again'),
        Row(
            'L9', "nav2's lifecycle manager, with bond and without",
            'bringup, pause, resume, reset, shutdown',
            'nav2 itself, for which `test/node/test_nav2.py` is: it is not on PyPI',
        ),
    ),
    'Input': (
        Row('I1', 'malformed images', 'dropped, counted by reason; the next good one is tracked'),
        Row('I2', 'any fields, files, settings', 'taken, or refused with the reason'),
        Row('I3', 'encodings and padded rows', 'the same pixels'),
        Row('I4', 'another resolution', 'rescaled or lost, in the same image'),
        Row('I5', 'stamps that are zero, equal, backwards, far ahead', 'no stale box'),
        Row('I6', 'clock jumps, a bag that loops', 'targets are lost; a new box works'),
        Row('I7', 'a silent or changed camera', 'a warning within 2 s; it recovers alone'),
    ),
    'Boxes': (
        Row('R1', 'boxes of any numbers', 'clipped, or refused; running targets are untouched'),
        Row('R2', 'boxes drawn on an earlier image', 'start there, live within 0.5 s'),
        Row('R3', 'boxes without images, in floods, at once', 'an answer to each; the last wins'),
        Row('R4', "another camera's box", 'refused with both names'),
    ),
    'Load': (
        Row(
            'P1', 'work of 10 to 300 ms at 30 Hz', 'age bounded by the work; it does not grow',
            'from minute to minute: by the soak, see P2',
        ),
        Row(
            'P2', 'an hour at 30 Hz', 'memory +1 % at most, every image accounted for',
            f'on a GPU: {NO_DEVICE}; the hour, `make soak MINUTES=60`, has passed, see below',
        ),
        Row(
            'P3', 'several cameras',
            'ids and stamps never mix; each gets its share within 10 % and three images',
            f'on one GPU: {NO_DEVICE}',
        ),
        Row('P4', '720p at 30 Hz on a GPU', 'p50 20 ms, p95 33 ms', NO_DEVICE),
        Row(
            'P5', 'debug topics', 'no work while nobody subscribes',
            'with a subscriber: results of 720p were as old as without, of 1080p older by two '
            'thirds on two cores, see [Speed](speed.md#what-the-node-adds)',
        ),
        Row(
            'P6', 'Fast DDS, Cyclone DDS and Zenoh', '95 % of the images arrive',
            'Cyclone DDS and Zenoh, which the test takes where they are: they are not on PyPI',
        ),
    ),
    'GPU and memory': (
        Row(
            'G1', 'memory runs out, on a GPU or on the host',
            'to load: refused with the sizes; in an image: tried again, then deactivated',
            f"a GPU's own allocator: {NO_DEVICE}; injected errors and those of the host's "
            'allocator are run',
        ),
        Row(
            'G2', 'a GPU fails', 'inactive within 1 s, and a sentence; code 3 where wanted',
            f'a real fault: {NO_DEVICE}; injected errors are run',
        ),
        Row('G3', 'a wrong device, missing or damaged weights', 'refused with a sentence'),
        Row('G4', 'numbers that are not finite in a network', 'that target is lost; none is told'),
    ),
    'Behaviour': (
        Row(
            'B1', 'the node against the library', 'the same boxes', f'on a GPU: {NO_DEVICE}',
        ),
        Row(
            'B2', 'a target that leaves', 'lost within 0.5 s; the same id when it is back',
            '`crpn` does not keep it: it doubts, but does not say that the target is lost; how '
            'often each tracker fails to on real sequences is in the README, as *false boxes*',
        ),
        Row('B3', 'headers of all outputs', "the image's, bit for bit"),
        Row(
            'B4', 'Humble, Jazzy, Lyrical, Python 3.10 to 3.14', 'all tests pass',
            'the distributions: `.ci/distribution jazzy` needs docker; run are the wheels of PyPI '
            '(Kilted), on one Python',
        ),
        Row(
            'B5', 'every launch file', 'starts, is active, ends with 0',
            '`launch` is not on PyPI: run where a distribution has it',
        ),
    ),
}


def rows() -> Iterable[Row]:
    """Return all rows."""
    return (row for group in GROUPS.values() for row in group)


def files_by_row(folder: Path = TESTS) -> dict[str, dict[str, int]]:
    """Return the number of test functions in each file, by row."""
    found: dict[str, dict[str, int]] = {}
    for path in sorted(folder.rglob('test_*.py')):
        name = path.relative_to(folder.parent).as_posix()
        for ids in NAMED.findall(path.read_text(encoding='utf-8')):
            for id in ids.strip('_').upper().split('_'):
                files = found.setdefault(id, {})
                files[name] = files.get(name, 0) + 1
    return found


def matrix() -> str:
    """Return the tables of all groups."""
    tests = files_by_row()
    unknown = set(tests) - {row.id for row in rows()}
    if unknown:
        raise ValueError(f'tests are named after rows that do not exist: {sorted(unknown)}')
    parts = []
    for title, group in GROUPS.items():
        lines = []
        for row in group:
            files = tests.get(row.id, {})
            if not files and not row.not_run:
                raise ValueError(f'row {row.id} has neither a test nor a reason')
            held = '<br>'.join(f'`{file}` ({count})' for file, count in files.items())
            lines.append([row.id, row.when, row.promise, held, row.not_run])
        header = ['row', 'when', 'promise', 'tests', 'not run yet']
        parts.append(f'**{title}**\n\n{table(header, lines)}')
    return '\n'.join(parts)
