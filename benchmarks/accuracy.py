# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Accuracy and speed of our trackers beside OpenCV's, on a folder of sequences, in one run.

One-pass evaluation: success AUC (21 thresholds), precision at 20 px, median frames per second.
Trackers that this machine lacks are named with the reason and left out.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
import datetime
import json
from pathlib import Path
import platform
import sys

import numpy as np
import torch
from tqdm import tqdm

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.measures import Score, score
from siam_tracker_ros.evaluation.peers import create_peer, peer_names
from siam_tracker_ros.evaluation.runner import LibrarySubject, Run, Subject, run_one_pass
from siam_tracker_ros.images import require_cv2, silence_opencv
from siam_tracker_ros.outputs import check_output_file
from siam_tracker_ros.sequences import Sequence, read_sequences

SHARED = Path(__file__).resolve().parents[2] / 'shared' / 'data'
FIGURES = '{:.3f} / {:.3f} / {:.0f}'
Row = tuple[Score, Run]
Results = dict[str, dict[str, Row]]


def main() -> int:
    args = parse_arguments()
    silence_opencv()
    if not args.folder.is_dir():
        print(f'skipped: there are no sequences at {args.folder}; name another folder')
        return 0
    if args.threads:
        torch.set_num_threads(args.threads)
        require_cv2().setNumThreads(args.threads)
    try:
        if args.json:
            # Before the work, which takes long.
            args.json.parent.mkdir(parents=True, exist_ok=True)
            check_output_file(args.json, 'report')
        sequences = read_sequences(args.folder)
        subjects, missing = make_subjects(args)
        results = evaluate(subjects, sequences)
    except UserError as error:
        print(f'accuracy: {error}', file=sys.stderr)
        return 2
    facts = describe_run()
    print_report(results, sequences, facts, missing)
    if args.json:
        args.json.write_text(json.dumps(as_json(results, facts, missing), indent=2) + '\n')
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'folder', nargs='?', type=Path, default=SHARED / 'eval', help='folder of sequences'
    )
    parser.add_argument(
        '--trackers', default=','.join([*trackers.names(), *peer_names()]), metavar='A,B',
        help='comma-separated; NAME=FILE gives one of ours other weights (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--peers', type=Path, default=SHARED / 'peers', help='folder with nanotrack_v2/*.onnx'
    )
    parser.add_argument('--device', default='auto', help='of our trackers')
    parser.add_argument('--precision', default='auto', help='of our trackers')
    parser.add_argument('--threads', type=int, help='CPU threads of torch and OpenCV')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures as well')
    return parser.parse_args()


def make_subjects(args: argparse.Namespace) -> tuple[list[Subject], dict[str, str]]:
    """What can be run, and why the rest cannot."""
    subjects: list[Subject] = []
    missing: dict[str, str] = {}
    for word in args.trackers.split(','):
        name, _, weights = word.partition('=')
        try:
            if name in peer_names():
                subjects.append(create_peer(name, args.peers))
            else:
                tracker = trackers.create(name, weights or 'auto', args.device, args.precision)
                subjects.append(LibrarySubject(word, tracker))
        except UserError as error:
            missing[word] = str(error)
    return subjects, missing


def evaluate(subjects: list[Subject], sequences: list[Sequence]) -> Results:
    """Score and run by tracker and sequence."""
    results: Results = {subject.name: {} for subject in subjects}
    frames = sum(len(sequence.images) for sequence in sequences) * len(subjects)
    with tqdm(total=frames, unit='frame', disable=None) as bar:
        # Tracker by tracker: OpenCV's MIL draws from a generator that all share, so that its
        # figures would otherwise depend on which others run.
        for subject in subjects:
            for sequence in sequences:
                bar.set_description(f'{sequence.name} {subject.name}')
                run = run_one_pass(subject, sequence)
                results[subject.name][sequence.name] = (score(run.boxes, sequence.boxes), run)
                bar.update(len(sequence.images))
    return results


def describe_run() -> dict[str, str]:
    """Where and when: no figure without it."""
    cpu = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if info.is_file():
        models = [line for line in info.read_text().splitlines() if line.startswith('model name')]
        if models:
            cpu = f'{len(models)} x {models[0].partition(":")[2].strip()}'
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else 'none'
    return {
        'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
        'cpu': cpu,
        'gpu': gpu,
        'python': platform.python_version(),
        'torch': torch.__version__,
        'opencv': require_cv2().__version__,
    }


def means(rows: dict[str, Row]) -> tuple[float, float, float]:
    """AUC and precision averaged over sequences; frames per second of the median step of all."""
    scores = np.array([(found.auc, found.precision) for found, _ in rows.values()])
    steps = np.concatenate([run.seconds[1:] for _, run in rows.values()])
    return float(scores[:, 0].mean()), float(scores[:, 1].mean()), float(1 / np.median(steps))


def print_report(
    results: Results, sequences: list[Sequence], facts: dict[str, str], missing: dict[str, str]
) -> None:
    """Print a Markdown table, one column per tracker."""
    print('\n' + ', '.join(f'{key} {value}' for key, value in facts.items()) + '\n')
    if results:
        print_row('AUC / P20 / fps', 'frames', list(results))
        print_row('---', '---', ['---'] * len(results))
        for sequence in sequences:
            rows = [tracker[sequence.name] for tracker in results.values()]
            cells = [(found.auc, found.precision, run.median_fps) for found, run in rows]
            print_row(sequence.name, len(sequence.images), [FIGURES.format(*c) for c in cells])
        total = sum(len(sequence.images) for sequence in sequences)
        cells = [means(rows) for rows in results.values()]
        print_row('**mean**', total, [f'**{FIGURES.format(*c)}**' for c in cells])
    for name, reason in missing.items():
        print(f'{name} is not available: {reason}')


def print_row(title: str, frames: object, cells: list[str]) -> None:
    print('| ' + ' | '.join([title, str(frames), *cells]) + ' |')


def as_json(
    results: Results, facts: dict[str, str], missing: dict[str, str]
) -> dict[str, object]:
    return {
        'run': facts,
        'missing': missing,
        'trackers': {
            name: {
                'mean': dict(zip(('auc', 'precision', 'fps'), means(rows))),
                'sequences': {
                    sequence: {**asdict(found), 'fps': run.median_fps}
                    for sequence, (found, run) in rows.items()
                },
            }
            for name, rows in results.items()
        },
    }


if __name__ == '__main__':
    sys.exit(main())
