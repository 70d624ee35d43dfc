# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker evaluate``: how well trackers follow, ours and OpenCV's, on a benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Sequence as List
from dataclasses import replace
from pathlib import Path
import signal
import sys
from typing import Any

from ..arguments import Subparsers
from ..errors import UserError
from ..evaluation import datasets, submissions
from ..evaluation.cluster import LOCAL, require_ray
from ..evaluation.cost import measure_costs
from ..evaluation.datasets.plain import FOLDER
from ..evaluation.entrants import Entrant, parse_entrants
from ..evaluation.experiments import EXPERIMENTS, find_experiment
from ..evaluation.machine import usable_cores
from ..evaluation.reporting import require_report
from ..evaluation.results import Results
from ..evaluation.runner import evaluate
from ..evaluation.store import Store, write_json
from ..evaluation.tables import as_json, markdown
from ..images import silence_opencv
from ..memory import keep_large_buffers
from ..runtime import resolve_device, resolve_precision
from ..sequences import Sequence
from ..weights import entries

INCOMPLETE = 1
INTERRUPTED = 130
RESULTS = 'results.json'
REPORT = 'report'
SUBMISSIONS = 'submissions'
# What a format takes the results of, where there is no experiment of its name.
USUAL_EXPERIMENT = 'ope'


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    shipped = ','.join(dict.fromkeys(entry.tracker for entry in entries()))
    parser = subparsers.add_parser(
        'evaluate',
        description=(
            'Compare trackers on a benchmark or on your own labelled sequences. A run that was '
            'stopped goes on where it was: give the same command again.'
        ),
    )
    parser.add_argument('folder', metavar='FOLDER', help='where the benchmark was unpacked')
    parser.add_argument(
        '--out', required=True, type=Path, metavar='DIR', help='receives traces and report'
    )
    what = parser.add_argument_group('what is compared')
    what.add_argument(
        '--dataset', default=FOLDER.name, metavar='NAME',
        help=f'one of {", ".join(datasets.names())} (%(default)s)',
    )  # fmt: skip
    what.add_argument('--sequences', metavar='A,B', help='some of its sequences only')
    what.add_argument(
        '--trackers', default=shipped, metavar='A,B',
        help='ours, NAME=FILE for one of ours with other weights, or csrt, kcf, mil, nanotrack '
        'and other trackers of OpenCV (%(default)s)',
    )  # fmt: skip
    what.add_argument(
        '--peers', type=Path, default=Path(), metavar='DIR',
        help='folder of the networks that OpenCV does not bring along: nanotrack_v2/*.onnx',
    )  # fmt: skip
    what.add_argument(
        '--experiments', metavar='A,B',
        help=f'of {", ".join(EXPERIMENTS)}; by default those of the dataset',
    )  # fmt: skip
    ours = parser.add_argument_group('our trackers')
    ours.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (%(default)s)')
    ours.add_argument(
        '--precision', default='auto', help='auto, float32, bfloat16 or float16 (%(default)s)'
    )
    ours.add_argument(
        '--set', action='append', default=[], metavar='name=value',
        help='change a setting; may be repeated',
    )  # fmt: skip
    how = parser.add_argument_group('how it is done')
    how.add_argument('--jobs', type=int, default=1, metavar='N', help='processes (%(default)s)')
    how.add_argument(
        '--threads', type=int, default=1, metavar='N',
        help='CPU threads of each process (%(default)s)',
    )  # fmt: skip
    how.add_argument(
        '--ray', metavar='ADDRESS',
        help='spread the work over a ray cluster: HOST:PORT, auto, or local',
    )  # fmt: skip
    how.add_argument(
        '--repeat', type=int, default=1, metavar='N',
        help='passes of trackers that draw random numbers (%(default)s)',
    )  # fmt: skip
    how.add_argument('--seed', type=int, default=0, metavar='N', help='(%(default)s)')
    how.add_argument(
        '--fresh', action='store_true', help='forget what is stored of these trackers'
    )
    result = parser.add_argument_group('what comes out')
    result.add_argument(
        '--cost', action=argparse.BooleanOptionalAction, default=True,
        help='measure time and memory of each tracker alone (%(default)s)',
    )  # fmt: skip
    result.add_argument(
        '--report', action=argparse.BooleanOptionalAction, default=True,
        help=f'write {REPORT}/index.html (%(default)s)',
    )  # fmt: skip
    result.add_argument('--videos', action='store_true', help='overlay videos for the report')
    result.add_argument(
        '--submit', metavar='FORMAT',
        help=f'write results for a server: one of {", ".join(submissions.formats())}',
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the table and write what was asked for.

    Raises
    ------
    UserError
        Anything in the arguments or in the data is wrong, or no tracker could run.
    """
    silence_opencv()
    keep_large_buffers()
    # What ends a job on a cluster or a service: children are ended with it, as after Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        names = _words(args.experiments, 'experiments')
        names = names or list(datasets.default_experiments(args.dataset))
        for name in names:
            find_experiment(name)
        _check(args, names)
        entrants = _entrants(args)
        chosen = _words(args.sequences, 'sequences')
        sequences = datasets.read(args.dataset, args.folder, chosen or None)
        # Until everything is written: another command would measure beside this one.
        with Store(args.out) as store:
            results = _evaluate(args, store, sequences, entrants, names)
            facts = {'dataset': results.dataset, **results.facts}
            print(', '.join(f'{name} {value}' for name, value in facts.items()) + '\n')
            print(markdown(results))
            for label, reason in results.missing.items():
                print(f'{label} is not or not wholly in the table: {reason}')
            _write(args, results)
    except KeyboardInterrupt as stop:
        print(str(stop) or 'stopped: what is stored stays for the next run', file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return INCOMPLETE if results.missing else 0


def _evaluate(
    args: argparse.Namespace,
    store: Store,
    sequences: List[Sequence],
    entrants: List[Entrant],
    names: List[str],
) -> Results:
    results = evaluate(
        sequences, entrants, names, store,
        dataset=_title(args), repeat=args.repeat, seed=args.seed, fresh=args.fresh,
        jobs=args.jobs, ray=args.ray,
    )  # fmt: skip
    if not results.trackers:
        label, reason = next(iter(results.missing.items()))
        raise UserError(f'no tracker could be evaluated; {label}: {reason}')
    if args.cost:
        able = [entrant for entrant in entrants if entrant.label in results.trackers]
        failures: dict[str, str] = {}
        costs = measure_costs(able, sequences, args.out, fresh=args.fresh, failures=failures)
        results = replace(results, costs=costs, missing={**failures, **results.missing})
    return results


def _title(args: argparse.Namespace) -> str:
    """What the table is of: a benchmark by its name, another folder by its own."""
    if args.dataset == FOLDER.name:
        return Path(args.folder).resolve().name
    return str(args.dataset)


def _check(args: argparse.Namespace, experiments: list[str]) -> None:
    """Refuse before the work what would fail after it."""
    cores = usable_cores()
    if args.threads < 1:
        raise UserError(f'--threads is {args.threads}: expected at least 1')
    if args.ray is None and args.jobs > 1 and args.jobs * args.threads > cores:
        raise UserError(
            f'{args.jobs} processes of {args.threads} thread(s) are more than the {cores} core(s) '
            'of this machine: choose fewer --jobs or --threads'
        )
    if args.ray is not None:
        require_ray()
        if args.jobs > 1 and args.ray != LOCAL:
            raise UserError(
                f'--jobs is the number of processes of --ray {LOCAL}: leave it out, the cluster '
                f'at {args.ray} has as many as it has cores'
            )
        if args.device.startswith('cuda:'):
            raise UserError(
                f'--device is {args.device}, but ray chooses the graphics card of each pass: '
                'expected cuda'
            )
    if args.submit is not None:
        submissions.get(args.submit)
        needed = _submitted(args.submit)
        if not any(find_experiment(name).protocol.name == needed for name in experiments):
            fitting = [e.name for e in EXPERIMENTS.values() if e.protocol.name == needed]
            raise UserError(
                f'format {args.submit} takes results of experiment {" or ".join(fitting)}: '
                'add one to --experiments'
            )
    if args.videos and not args.report:
        raise UserError('--videos are for the report: leave out --no-report')
    if args.report:
        require_report()


def _entrants(args: argparse.Namespace) -> list[Entrant]:
    device = args.device
    # A cluster's machines may have the graphics cards that this one lacks.
    if args.ray is None or device != 'cuda':
        place = resolve_device(device)
        resolve_precision(args.precision, place)
        device = str(place)
    return parse_entrants(
        _words(args.trackers, 'trackers'), device=device, precision=args.precision,
        assignments=args.set, threads=args.threads, peers=args.peers,
    )  # fmt: skip


def _write(args: argparse.Namespace, results: Results) -> None:
    write_json(args.out / RESULTS, as_json(results))
    print(f'figures: {args.out / RESULTS}')
    if args.submit is not None:
        section = next(
            section
            for section in results.sections
            if find_experiment(section.name).protocol.name == _submitted(args.submit)
        )
        folder = args.out / SUBMISSIONS / args.submit
        for label, passes in section.passes.items():
            path = submissions.write(args.submit, folder, label, results.sequences, passes)
            print(f'{label} for {args.submit}: {path}')
        server = submissions.get(args.submit).server
        if server is not None and (args.dataset != server or args.sequences):
            print(
                f'the server of {args.submit} wants all sequences of {server}: '
                f'it will not take these {len(results.sequences)}'
            )
    if args.report:
        # Late: it needs packages that the rest does not.
        from ..evaluation.report import write_report

        print(f'report: {write_report(results, args.out / REPORT, args.videos)}')


def _submitted(format: str) -> str:
    """The protocol whose traces a format takes."""
    return find_experiment(format if format in EXPERIMENTS else USUAL_EXPERIMENT).protocol.name


def _words(text: str | None, option: str) -> list[str]:
    """The words of an option; none where it was not given."""
    words = [word for word in (text or '').split(',') if word]
    if text is not None and not words:
        raise UserError(f'--{option} names nothing: expected names with commas between them')
    return words
