#!/usr/bin/env python3
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Train the classification subnetwork of the cascaded Siamese tracker.

``scripts/train_csn_classification.py --data DIR [DIR ...] --out DIR``; the options are the
settings tables. An unfinished run in --out goes on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import shlex
import sys

import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import silence_opencv
from siam_tracker_ros.memory import keep_large_buffers
from siam_tracker_ros.settings import Settings, describe
from siam_tracker_ros.training.domains import DomainSettings
from siam_tracker_ros.training.fit_classification import ClassificationFitSettings
from siam_tracker_ros.training.run_classification import train_classification

TABLES: dict[str, type[Settings]] = {
    'learning': ClassificationFitSettings,
    'domains': DomainSettings,
}


def main() -> int:
    """Train, and say where the checkpoint is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', nargs='+', required=True, type=Path, metavar='DIR')
    parser.add_argument('--out', required=True, type=Path, metavar='DIR')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads; 0: all cores')
    parser.add_argument('--licence', default='not stated', help='for the model card')
    for title, table in TABLES.items():
        group = parser.add_argument_group(title)
        for info in describe(table):
            flag = '--' + info.name.replace('_', '-')
            group.add_argument(
                flag, type=info.kind, default=info.default, help=f'{info.help} (%(default)s)'
            )
    args = parser.parse_args()
    silence_opencv()
    keep_large_buffers()
    if args.threads > 0:
        torch.set_num_threads(args.threads)
    try:
        fit, domains = (
            table.from_dict({info.name: getattr(args, info.name) for info in describe(table)})
            for table in TABLES.values()
        )
        assert isinstance(fit, ClassificationFitSettings)
        assert isinstance(domains, DomainSettings)
        path = train_classification(
            args.data,
            args.out,
            fit,
            domains,
            args.device,
            args.licence,
            'scripts/train_csn_classification.py ' + shlex.join(sys.argv[1:]),
        )
    except UserError as error:
        print(f'train_csn_classification: {error}', file=sys.stderr)
        return 2
    print(path)
    return 0


if __name__ == '__main__':
    sys.exit(main())
