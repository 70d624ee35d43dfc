# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A whole evaluation: what is not stored yet is made, and everything is summarised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Sequence as List
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import torch

from ..errors import UserError
from ..images import require_cv2
from ..sequences import Sequence
from .cluster import work_on_cluster
from .entrants import Entrant
from .experiments import Experiment, find_experiment
from .machine import describe_machine, now
from .pool import work_in_processes
from .progress import Bar
from .results import Results
from .sections import make_section
from .store import Store, describe_protocol
from .units import Outcome, Unit, attempt

# Makes units in some order for a seed, and yields them as they end.
Crew = Callable[[List[Unit], int, Bar], Iterator[tuple[Unit, Outcome]]]


def evaluate(
    sequences: List[Sequence],
    entrants: List[Entrant],
    experiments: Iterable[str | Experiment],
    out: Path | str | Store,
    *,
    dataset: str = 'folder',
    repeat: int = 1,
    seed: int = 0,
    fresh: bool = False,
    jobs: int = 1,
    ray: str | None = None,
    progress: bool = True,
) -> Results:
    """Lead trackers through sequences, and say how well they followed.

    Every pass is stored as soon as it is done; the same call again goes on from there.

    Parameters
    ----------
    sequences : list of Sequence
    entrants : list of Entrant
        See `parse_entrants`.
    experiments : iterable of str or Experiment
        Names of `EXPERIMENTS`, or others.
    out : Path, str or Store
        Folder of the traces; or the `Store` itself, entered already by who keeps others out for
        longer than this takes.
    dataset : str
        For the title of the results.
    repeat : int
        How often a tracker that draws random numbers makes each pass, with another seed each
        time; the others would only repeat themselves.
    seed : int
    fresh : bool
        Whether to forget what is stored of these trackers and protocols.
    jobs : int
        Processes on this machine; 1 works in this one. The boxes do not depend on it.
    ray : str, optional
        Address of a ray cluster to work on instead; ``local`` makes one on this machine.
    progress : bool
        Whether a bar is shown on the standard error, where that is a terminal.

    Returns
    -------
    Results
        Without costs, see `cost.measure_costs`.

    Raises
    ------
    UserError
        There is nothing to do, or `out` holds results of something else or is in use.
    KeyboardInterrupt
        With a sentence that says how much is stored.
    """
    chosen = [find_experiment(e) if isinstance(e, str) else e for e in experiments]
    _check(sequences, entrants, chosen, repeat, jobs)
    with nullcontext(out) if isinstance(out, Store) else Store(Path(out)) as store:
        timed = {experiment.protocol.name for experiment in chosen if experiment.timed}
        ready, missing = _claim(store, sequences, entrants, chosen, seed, fresh, timed)
        work = _Work(store, _plan(sequences, ready, chosen, repeat))
        try:
            missing |= work.finish(timed, _crew(jobs, ray), seed, progress)
        except KeyboardInterrupt:
            again = 'the same command' + (' without --fresh' if fresh else '')
            raise KeyboardInterrupt(
                f'stopped: {len(work.traces)} of {len(work.units)} passes are stored in '
                f'{store.folder}; {again} goes on from there'
            ) from None
        sections = tuple(
            make_section(e, sequences, work.units, work.traces, _times_count(store, e, ready))
            for e in chosen
        )
    shown = {label for section in sections for label in section.passes}
    return Results(
        dataset=dataset,
        facts={'date': now(), **describe_machine(), 'seed': str(seed), 'repeat': str(repeat)},
        sequences=tuple(sequences),
        trackers=tuple(entrant.label for entrant in entrants if entrant.label in shown),
        missing={e.label: missing[e.label] for e in entrants if e.label in missing},
        sections=sections,
    )


def _check(
    sequences: List[Sequence],
    entrants: List[Entrant],
    experiments: List[Experiment],
    repeat: int,
    jobs: int,
) -> None:
    for what, names in (
        ('sequence', [sequence.name for sequence in sequences]),
        ('tracker', [entrant.label for entrant in entrants]),
        ('experiment', [experiment.name for experiment in experiments]),
    ):
        if not names:
            raise UserError(f'there is no {what}: name at least one')
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UserError(f'{what} {twice[0]!r} comes twice: name it once')
    described: dict[str, str] = {}
    for experiment in experiments:
        protocol = experiment.protocol
        if described.setdefault(protocol.name, describe_protocol(protocol)) != describe_protocol(
            protocol
        ):
            raise UserError(
                f'two protocols have the name {protocol.name!r}, under which their traces are '
                'stored, and are not the same: give one of them another name, or run them apart'
            )
    for what, number in (('repeat', repeat), ('jobs', jobs)):
        if number < 1:
            raise UserError(f'{what} is {number}: expected at least 1')


def _claim(
    store: Store,
    sequences: List[Sequence],
    entrants: List[Entrant],
    experiments: List[Experiment],
    seed: int,
    fresh: bool,
    timed: set[str],
) -> tuple[dict[Entrant, dict[str, object]], dict[str, str]]:
    """Those that can run, with their fingerprints, and why the others cannot."""
    protocols = {experiment.protocol.name: experiment.protocol for experiment in experiments}
    ready, missing = {}, {}
    for entrant in entrants:
        try:
            fingerprint = entrant.fingerprint()
        except UserError as error:
            missing[entrant.label] = str(error)
            continue
        for protocol in protocols.values():
            store.claim(
                protocol, entrant.label, fingerprint, sequences, seed, fresh,
                protocol.name in timed,
            )  # fmt: skip
        ready[entrant] = fingerprint
    return ready, missing


def _plan(
    sequences: List[Sequence],
    entrants: Mapping[Entrant, Mapping[str, object]],
    experiments: List[Experiment],
    repeat: int,
) -> list[Unit]:
    """All passes: tracker by tracker, the longest first, so that all processes end together."""
    protocols = {experiment.protocol.name: experiment.protocol for experiment in experiments}
    return [
        Unit(entrant, protocol, sequence, index, repetition, fingerprint)
        for entrant, fingerprint in entrants.items()
        for sequence in sorted(sequences, key=lambda s: (-len(s.images), s.name))
        for protocol in protocols.values()
        for index in range(protocol.passes(sequence))
        for repetition in range(repeat if entrant.is_random else 1)
    ]


def _times_count(store: Store, experiment: Experiment, entrants: Iterable[Entrant]) -> bool:
    """Whether this machine made all traces and did nothing else meanwhile."""
    name = experiment.protocol.name
    return all(store.times_count(name, entrant.label) for entrant in entrants)


def _crew(jobs: int, ray: str | None) -> Crew:
    if ray is not None:
        return partial(work_on_cluster, address=ray, jobs=jobs)
    return work_alone if jobs == 1 else partial(work_in_processes, jobs=jobs)


class _Work:
    """Making what is not stored yet.

    Attributes
    ----------
    store : Store
    units : list of Unit
        All of the run.
    traces : dict of Key to Trace
        Those of the units that are done.
    """

    def __init__(self, store: Store, units: list[Unit]) -> None:
        self.store = store
        self.units = units
        stored = ((unit.key, store.read(unit.key, unit.frames)) for unit in units)
        self.traces = {key: trace for key, trace in stored if trace is not None}
        self._failures: dict[str, list[str]] = {}

    def finish(self, timed: set[str], crew: Crew, seed: int, progress: bool) -> dict[str, str]:
        """Make the rest; the result says of each tracker why some of it could not be made."""
        rest = [unit for unit in self.units if unit.key not in self.traces]
        # What depends on measured times is made after all else, when the machine is idle.
        stages = [
            (crew, [unit for unit in rest if unit.protocol.name not in timed]),
            (work_alone, [unit for unit in rest if unit.protocol.name in timed]),
        ]
        with Bar(self.units, self.traces, progress) as bar:
            for workers, units in stages:
                self._work(workers, units, seed, bar)
        return {label: self._reason(label) for label in self._failures}

    def _work(self, crew: Crew, units: list[Unit], seed: int, bar: Bar) -> None:
        marked: set[tuple[str, str]] = set()
        for unit, outcome in crew(units, seed, bar):
            if outcome.trace is None:
                self._failures.setdefault(unit.entrant.label, []).append(outcome.reason)
            else:
                folder = unit.key.protocol, unit.key.tracker
                if crew is not work_alone and folder not in marked:
                    # Before the trace: one that is stored without the mark would count.
                    self.store.mark_times(*folder)
                    marked.add(folder)
                self.store.write(unit.key, outcome.trace)
                self.traces[unit.key] = outcome.trace
            bar.hear(unit, unit.frames)

    def _reason(self, label: str) -> str:
        reasons = self._failures[label]
        total = sum(unit.entrant.label == label for unit in self.units)
        if len(set(reasons)) == 1 and len(reasons) == total:
            return reasons[0]
        return f'{len(reasons)} of {total} passes failed, the first one because: {reasons[0]}'


def work_alone(units: List[Unit], seed: int, bar: Bar) -> Iterator[tuple[Unit, Outcome]]:
    """Make units one after the other in this process; see `Crew`."""
    if not units:
        return
    before = torch.get_num_threads(), require_cv2().getNumThreads()
    try:
        for unit in units:
            yield unit, attempt(unit, seed, partial(bar.hear, unit))
    finally:
        torch.set_num_threads(before[0])
        require_cv2().setNumThreads(before[1])
