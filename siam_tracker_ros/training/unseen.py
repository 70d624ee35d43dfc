# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the shared layers are for: an object never seen before, learned from one view of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..models.classification import FOREGROUND, ClassificationNetwork
from ..online.learner import LearnerSettings, Lesson, Samples
from ..online.samples import SampleMemory
from .domain_patches import PatchMaker
from .domains import Domains, DomainSettings
from .sources import Shot


@torch.no_grad()
def measure_unseen(
    network: ClassificationNetwork,
    shots: Sequence[Shot],
    domains: DomainSettings,
    learner: LearnerSettings,
    seed: int,
    augment: nn.Module | None = None,
) -> dict[str, float]:
    """Learn each shot's object from its first view as tracking does, and find it in the others.

    Parameters
    ----------
    network : ClassificationNetwork
    shots : sequence of Shot
        None of them among those that the network was trained on.
    domains : DomainSettings
        Two views or more.
    learner : LearnerSettings
    seed : int
    augment : Module, optional
        Changes the colours of the patches: (N, 3, S, S) in [0, 255] -> the same.

    Returns
    -------
    dict
        Means over the shots, of patches of the other views: ``accuracy``, both classes weighing
        the same; ``auroc``, the share of pairs of both classes that are in order, a tie being
        half of one; ``best``, the share of views whose highest score is the object's.
    """
    device = next(network.parameters()).device
    network.eval()
    visits, maker = Domains(shots, seed, domains.views), PatchMaker(domains, device)
    rows = []
    for index in range(len(visits)):
        torch.manual_seed(index)
        patches = maker.make([visits[index]], np.random.default_rng((seed, index)))
        images = patches.images if augment is None else augment(patches.images)
        features = network.features(images.contiguous(memory_format=torch.channels_last))
        labels, views = patches.labels[0], patches.views[0]
        generator = torch.Generator().manual_seed(index)
        first, object_ = views == 0, labels == FOREGROUND
        lesson = Lesson(
            network.new_head(generator),
            [_pool(features[first & object_])],
            [_pool(features[first & ~object_])],
            [generator],
            learner.start_rate,
            learner.start_iterations,
            learner,
        )
        lesson.advance()
        margins = lesson.head.margins(features.unsqueeze(0))[0]
        rows.append(_judge(margins[~first], object_[~first], views[~first]))
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _judge(margins: Tensor, object_: Tensor, views: Tensor) -> dict[str, float]:
    inside, outside = margins[object_], margins[~object_]
    right = (inside > 0).float().mean() + (outside <= 0).float().mean()
    # A head to which all patches are the same is as good as a coin.
    pairs = inside.unsqueeze(1)
    order = ((pairs > outside).float() + 0.5 * (pairs == outside).float()).mean()
    best = [
        bool(object_[views == view][margins[views == view].argmax()])
        for view in sorted(set(views.tolist()))
    ]
    return {'accuracy': float(right) / 2, 'auroc': float(order), 'best': float(np.mean(best))}


def _pool(features: Tensor) -> Samples:
    memory = SampleMemory(1, len(features), features.shape[1], features.device, features.dtype)
    memory.push(features)
    return Samples(memory, memory.rows())
