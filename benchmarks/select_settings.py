# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compare settings of a tracker on labelled sequences that nobody is judged by.

``benchmarks/select_settings.py FOLDER… --vary window_influence=0.1,0.176,0.3``: every combination
of the values is run over the sequences of all folders (GOT-10k layout; what `siam-tracker train`
mined from videos has it) and over rendered clips with other seeds than the demo's. Printed for
each: mean success AUC, and how often the state says lost while the box is right and the reverse.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
import sys
import tempfile

from common import guarded
import numpy as np
from tqdm import tqdm

from siam_tracker_ros import trackers
from siam_tracker_ros.arguments import parse_overrides
from siam_tracker_ros.evaluation.measures import success_curve
from siam_tracker_ros.evaluation.overlap import box_overlaps
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.images import read_image
from siam_tracker_ros.rendering import DEFAULT_SEED, Clip, write_sequence
from siam_tracker_ros.sequences import Sequence, read_sequences
from siam_tracker_ros.settings import describe
from siam_tracker_ros.trackers.base import State, Tracker


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folders', nargs='*', type=Path, help='folders of sequences')
    parser.add_argument('--tracker', default=trackers.DEFAULT, choices=trackers.names())
    parser.add_argument('--weights', default='auto')
    parser.add_argument('--vary', action='append', default=[], metavar='name=a,b,c')
    parser.add_argument('--clips', type=int, default=3, help='rendered clips (%(default)s)')
    parser.add_argument('--longest', type=int, default=0, help='sequences at most, evenly chosen')
    args = parser.parse_args()
    return guarded(__file__, lambda: compare(args))


def compare(args: argparse.Namespace) -> int:
    table = describe(trackers.settings_class(args.tracker))
    names = [word.partition('=')[0] for word in args.vary]
    values = [word.partition('=')[2].split(',') for word in args.vary]
    base = trackers.create(args.tracker, args.weights)
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(DEFAULT_SEED + 1, DEFAULT_SEED + 1 + args.clips):
            write_sequence(Clip(seed=seed), Path(scratch) / f'rendered_{seed}')
        sequences = [s for folder in args.folders for s in read_sequences(folder)]
        if args.longest and len(sequences) > args.longest:
            chosen = np.linspace(0, len(sequences) - 1, args.longest).round().astype(int)
            sequences = [sequences[i] for i in chosen]
        if args.clips:
            sequences += read_sequences(Path(scratch))
        print(f'{len(sequences)} sequences, {sum(len(s.images) for s in sequences)} frames')
        print(
            '| ' + ' | '.join([*names, 'AUC', 'lost though right', 'trusted though wrong']) + ' |'
        )
        print('|' + '---|' * (len(names) + 3))
        for combination in itertools.product(*values):
            words = [f'{n}={v}' for n, v in zip(names, combination)]
            settings = base.settings.replaced(**parse_overrides(words, table))
            figures = run(base.with_settings(settings), sequences)
            cells = [f'{figures[0]:.3f}', *(f'{100 * v:.1f} %' for v in figures[1:])]
            print('| ' + ' | '.join([*combination, *cells]) + ' |', flush=True)
    return 0


def run(tracker: Tracker, sequences: list[Sequence]) -> tuple[float, float, float]:
    """Mean AUC, share of right boxes called lost, share of wrong ones called tracking."""
    aucs, false_loss, false_trust = [], [], []
    for sequence in tqdm(sequences, leave=False, disable=None):
        boxes, states = [sequence.boxes[0]], [State.TRACKING]
        frame = Frame.from_numpy(read_image(sequence.images[0]), tracker.device)
        target = tracker.start(frame, sequence.first_box)
        for path in sequence.images[1:]:
            frame = Frame.from_numpy(read_image(path), tracker.device)
            (estimate,) = tracker.step(frame, [target])
            boxes.append(np.array(estimate.box.ltwh))
            states.append(estimate.state)
        seen = sequence.present
        overlap = box_overlaps(np.array(boxes), sequence.boxes)[seen]
        aucs.append(success_curve(overlap).mean())
        right = overlap > 0.5
        said = np.array([state.value for state in states])[seen]
        false_loss.extend(said[right] == State.LOST.value)
        false_trust.extend(said[~right] == State.TRACKING.value)
    return (
        float(np.mean(aucs)),
        float(np.mean(false_loss)) if false_loss else 0.0,
        float(np.mean(false_trust)) if false_trust else 0.0,
    )


if __name__ == '__main__':
    sys.exit(main())
