# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting the score: what a response map says about the probability that its peak is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..models.siamese import Siamese
from ..trackers.locate import locate
from ..trackers.siamfc import SiamFCSettings
from .augment import photometric
from .pairs import Pair, Pairs
from .scenes import SceneMaker, SceneSettings

VIEWS = 3
RIGHT_WITHIN = 2.0
"""Cells: a quarter of the exemplar's target, from where a box of its size overlaps by half."""


@torch.no_grad()
def evidence(
    network: Siamese, pairs: Sequence[Pair], tracker: SiamFCSettings, seed: int, batch: int = 16
) -> tuple[Tensor, Tensor]:
    """What response maps of held-out pairs look like, and whether their peaks are right.

    Every exemplar meets its own search crop and, as a target that left, those of the batch that
    do not show it. The trusted history is the mean peak of a few clean views of the same object.

    Parameters
    ----------
    network : Siamese
    pairs : sequence of Pair
        Of shots that were not trained on.
    tracker : SiamFCSettings
        Sizes and window influence of tracking.
    seed : int
    batch : int
        Pairs at a time.

    Returns
    -------
    features : Tensor
        (K, 3): peak, logarithm of the peak-to-sidelobe ratio, peak minus trusted peak.
    right : Tensor
        (K,) 1 where the peak is within `RIGHT_WITHIN` cells of the target, 0 elsewhere.
    """
    network.eval()
    device = next(network.parameters()).device
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    size = (tracker.exemplar_size, tracker.search_size, tracker.context, device)
    hard = SceneMaker(SceneSettings(), *size)
    clean = SceneMaker(SceneSettings(foreign=0.0, distractors=0.0, occluders=0.0), *size)
    augment = photometric()
    features, right = [], []
    for begin in range(0, len(pairs) - batch + 1, batch):
        some = pairs[begin : begin + batch]
        test = hard.make(some, rng)
        template = network.template(augment(test.exemplars))
        trusted = torch.stack(
            [
                _judged(network, template, clean.make(some, rng).searches, tracker)[0].diagonal()
                for _ in range(VIEWS)
            ]
        ).mean(dim=0)
        peak, sharpness, column, line, cells = _judged(
            network, template, augment(test.searches), tracker
        )
        place = test.centres / network.backbone.stride + (cells - 1) / 2
        near = (column - place[:, :1]).abs() + (line - place[:, 1:]).abs() <= RIGHT_WITHIN
        own = torch.eye(batch, dtype=torch.bool, device=device)
        drop = peak - trusted.view(1, -1)
        table = torch.stack([peak, sharpness.clamp_min(1e-3).log(), drop], dim=2)
        # One absent exemplar per search crop, so that both outcomes weigh about the same.
        absent = torch.roll(own, 1, dims=1) & test.foreign
        for chosen, label in ((own, near), (absent, torch.zeros_like(near))):
            features.append(table[chosen])
            right.append(label[chosen].float())
    return torch.cat(features).cpu(), torch.cat(right).cpu()


def _judged(
    network: Siamese, template: Tensor, searches: Tensor, tracker: SiamFCSettings
) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    """Peak, sharpness, column and row, (N, N) each, of all exemplars (second) on all crops."""
    maps = network.match_all(template, network.features(searches)).float()
    n, m, cells, _ = maps.shape
    rows = locate(
        maps.reshape(n * m, 1, cells, cells),
        maps.new_ones(1),
        tracker.window_influence,
        tracker.upsampling,
    ).reshape(n, m, 5)
    return rows[..., 3], rows[..., 4], rows[..., 1], rows[..., 2], cells


def fit_logistic(
    features: Tensor, labels: Tensor, ridge: float = 1e-3, shares: Tensor | None = None
) -> tuple[float, Tensor]:
    """Logistic regression by Newton's method, on standardised features with a small ridge.

    Parameters
    ----------
    features : Tensor
        (K, F).
    labels : Tensor
        (K,) of 0 and 1.
    ridge : float
        Weight of the squared coefficients, so that separable data stay finite.
    shares : Tensor, optional
        (K,) how much each row weighs against the others; all the same by default.

    Returns
    -------
    bias : float
    weights : Tensor
        (F,), both for the features as they were given.
    """
    share = torch.ones(len(features)) if shares is None else shares * (len(shares) / shares.sum())
    share = share.double()
    mean = (features.double() * share.unsqueeze(1)).mean(dim=0)
    centred = features.double() - mean
    spread = (centred.square() * share.unsqueeze(1)).mean(dim=0).sqrt().clamp_min(1e-9)
    x = torch.cat([torch.ones(len(features), 1), centred / spread], dim=1)
    y = labels.double()
    beta = torch.zeros(x.shape[1], dtype=torch.float64)
    penalty = ridge * len(x) * torch.eye(len(beta), dtype=torch.float64)
    for _ in range(50):
        p = torch.sigmoid(x @ beta)
        gradient = x.T @ (share * (p - y)) + penalty @ beta
        curvature = x.T @ (x * (share * p * (1 - p)).unsqueeze(1)) + penalty
        step = torch.linalg.solve(curvature, gradient)
        beta = beta - step
        if float(step.abs().max()) < 1e-9:
            break
    weights = beta[1:] / spread
    return float(beta[0] - (weights * mean).sum()), weights


def calibrate(network: Siamese, held_out: Pairs, count: int, seed: int) -> dict[str, float]:
    """Fit the score of a network and return the tracker's settings for it.

    Parameters
    ----------
    network : Siamese
    held_out : Pairs
        Pairs of shots that were not trained on.
    count : int
        Pairs to use.
    seed : int

    Returns
    -------
    dict
        ``confidence_*`` of `SiamFCSettings`.
    """
    tracker = SiamFCSettings()
    features, right = evidence(network, [held_out[i] for i in range(count)], tracker, seed)
    bias, weights = fit_logistic(features, right)
    peak, sharpness, drop = weights.tolist()
    return {
        'confidence_bias': round(bias, 4),
        'confidence_peak': round(peak, 4),
        'confidence_sharpness': round(sharpness, 4),
        'confidence_drop': round(drop, 4),
    }
