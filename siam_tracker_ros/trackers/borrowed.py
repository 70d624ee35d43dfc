# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The classification subnetwork of another tracker's shipped weights, for those without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .. import weights as checkpoints
from ..errors import UserError
from ..models.classification import ClassificationNetwork
from ..online.monitor import ScoreSettings
from ..online.teaching_settings import TeachingSettings
from ..settings import Scalar, describe

PREFIX = 'classification.'


@dataclass(frozen=True)
class Borrowed:
    """A classification subnetwork, and the settings that it was shipped with.

    Attributes
    ----------
    network : ClassificationNetwork
        In evaluation mode, on the CPU.
    settings : mapping of str to scalar
        Those of `TeachingSettings` that are about learning: a narrow network needs its own rates.
        The lender's fitted score and thresholds are left behind, but for the margin's weight.
    """

    network: ClassificationNetwork
    settings: Mapping[str, Scalar]


def borrow_classifier(lender: str) -> Borrowed:
    """Load the classification subnetwork of a tracker, and nothing else of it.

    Parameters
    ----------
    lender : str
        Registered name of a tracker that has one.

    Raises
    ------
    UserError
        No weights of it ship with this package, or they are damaged.
    """
    if lender not in {entry.tracker for entry in checkpoints.entries()}:
        raise UserError(
            f'online is true, and the classifier for it is that of {lender}, whose weights do not '
            'ship with this package: set online to false, or install a package that has them'
        )
    whole = checkpoints.load(checkpoints.resolve(lender, checkpoints.registry.AUTO))
    part = replace(
        whole,
        tensors={
            name.removeprefix(PREFIX): tensor
            for name, tensor in whole.tensors.items()
            if name.startswith(PREFIX)
        },
    )
    network = ClassificationNetwork(**whole.meta.network['classification']).eval()
    part.fill(network)
    about_scores = {info.name for info in describe(ScoreSettings)}
    about_learning = {info.name for info in describe(TeachingSettings)} - about_scores
    return Borrowed(
        network,
        {name: v for name, v in whole.meta.settings.items() if name in about_learning},
    )
