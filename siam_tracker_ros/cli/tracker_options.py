# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Options of every sub-command that makes one tracker."""

from __future__ import annotations

import argparse

from ..runtime import BACKENDS, TORCH


def add_tracker_options(parser: argparse.ArgumentParser) -> None:
    """Add which checkpoint, where and how it runs, its seed and its settings."""
    parser.add_argument(
        '--weights',
        default='auto',
        metavar='FILE',
        help='checkpoint; auto for the shipped one; for onnxruntime also the folder of an export',
    )
    parser.add_argument(
        '--backend',
        default=TORCH,
        help=f'what runs the network: {" or ".join(BACKENDS)} (%(default)s)',
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:N (%(default)s)')
    parser.add_argument(
        '--precision', default='auto', help='auto, float32, bfloat16 or float16 (%(default)s)'
    )
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='(%(default)s)')
    parser.add_argument(
        '--set',
        action='append',
        default=[],
        metavar='name=value',
        help='change a setting of the tracker; may be repeated',
    )
