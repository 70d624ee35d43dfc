# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine of a run: Lightning Fabric, which devices and machines share."""

from __future__ import annotations

import os
from typing import Any

from ..errors import UserError, install
from ..runtime import computes_bfloat16, resolve_device
from .run_settings import RunSettings

# What tells a process which machine of several it is on: torchrun, SLURM, or by hand.
RENDEZVOUS = ('WORLD_SIZE', 'SLURM_JOB_ID', 'NODE_RANK')


def make_fabric(run: RunSettings) -> Any:
    """Start the engine.

    Raises
    ------
    UserError
        Lightning Fabric is not installed, the accelerator is not here, or several machines cannot
        find each other.
    """
    if run.nodes > 1 and not any(name in os.environ for name in RENDEZVOUS):
        raise UserError(
            f'nodes is {run.nodes}: start the command with torchrun on each machine, so that they '
            'find each other, or leave out --nodes'
        )
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise UserError(
            f'training needs lightning-fabric ({error}): install it with {install("train")}'
        ) from error
    try:
        fabric = Fabric(
            accelerator=run.accelerator,
            devices=run.devices,
            num_nodes=run.nodes,
            precision=_precision(run),  # type: ignore[arg-type]  # its choices check it
        )
        fabric.launch()
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f'cannot train on accelerator {run.accelerator} with {run.devices} device(s): {error}'
        ) from error
    return fabric


def _precision(run: RunSettings) -> str:
    """The number format in the engine's words."""
    if run.precision != 'auto':
        return run.precision
    return 'bf16-mixed' if computes_bfloat16(resolve_device(run.accelerator)) else '32-true'
