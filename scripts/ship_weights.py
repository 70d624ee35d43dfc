# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Put a trained checkpoint into the package, with its entry in the registry.

``scripts/ship_weights.py RUN/siamfc.safetensors --data TEXT --licence TEXT [--recipe TEXT]
[--scores FILE]``: FILE is what ``benchmarks/regression.py --store --table FILE`` wrote for this
checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
import dataclasses
import hashlib
import json
from pathlib import Path
import sys
from typing import Any

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.weights.registry import FOLDER

LARGEST = 10 * 2**20


def main() -> int:
    """Copy, describe, verify."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('--data', required=True, help='what it was trained on')
    parser.add_argument('--licence', required=True, help='licence and terms of the data')
    parser.add_argument('--recipe', help='commands, where there was more than the last one')
    parser.add_argument('--scores', type=Path, help='JSON of benchmarks/regression.py')
    args = parser.parse_args()
    try:
        entry = ship(args.checkpoint, args.data, args.licence, args.recipe, args.scores)
    except UserError as error:
        print(f'ship_weights: {error}', file=sys.stderr)
        return 2
    print(f'{entry.file} {entry.sha256}')
    return 0


def ship(
    source: Path, data: str, licence: str, recipe: str | None, scores: Path | None
) -> weights.Entry:
    """Copy a checkpoint and replace its tracker's entry.

    Raises
    ------
    UserError
        Not a checkpoint, too large to ship, or scores of another one.
    """
    checkpoint = weights.load(source)
    meta = checkpoint.meta
    if source.stat().st_size > LARGEST:
        raise UserError(
            f'{source} has {source.stat().st_size} bytes: at most {LARGEST} are shipped'
        )
    # Before anything is written: weights without their entry are damaged ones.
    measured = _mean_scores(meta.tracker, scores)
    command = recipe or str(meta.training.get('command', ''))
    # What was typed names folders of the machine that trained.
    card = {**portable(meta.training), 'command': command, 'data': data, 'licence': licence}
    card.pop('init', None)
    file = FOLDER / f'{meta.tracker}.safetensors'
    shipped = dataclasses.replace(meta, training=card)
    weights.save(file, weights.Checkpoint(checkpoint.tensors, shipped))
    entry = weights.Entry(
        tracker=meta.tracker,
        file=file.name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        licence=licence,
        data=data,
        recipe=command,
        scores=measured,
    )
    others = [e for e in weights.entries() if e.tracker != meta.tracker]
    items = [dataclasses.asdict(e) for e in [*others, entry]]
    (FOLDER / 'registry.json').write_text(json.dumps(items, indent=2) + '\n')
    entry.verify()
    return entry


def portable(card: Mapping[str, Any]) -> dict[str, Any]:
    """A model card, or that of a part, whose backbone is named without the folder it lay in."""
    return {
        key: Path(value).name
        if key == 'backbone'
        else portable(value)
        if isinstance(value, Mapping)
        else value
        for key, value in card.items()
    }


def _mean_scores(tracker: str, scores: Path | None) -> dict[str, object]:
    """The means of one tracker, and where they were measured.

    Raises
    ------
    UserError
        The file is no table of the benchmark, or has none or several rows of this tracker.
    """
    if scores is None:
        return {}
    try:
        report = json.loads(scores.read_text(encoding='utf-8'))
        # The row of a candidate is called NAME=FILE.
        rows = [
            row
            for label, row in report['trackers'].items()
            if label.partition('=')[0] == tracker
        ]
        # A row that was kept when others were measured anew has a run of its own.
        found = [{**row['mean'], **row.get('run', report['run'])} for row in rows]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f'{scores} is no table of benchmarks/regression.py ({type(error).__name__}): give '
            'what its --store --table wrote'
        ) from error
    if len(found) != 1:
        raise UserError(
            f'{scores} has {len(found)} rows of {tracker}: expected one, that of this checkpoint'
        )
    return {name: value for name, value in found[0].items() if value is not None}


if __name__ == '__main__':
    sys.exit(main())
