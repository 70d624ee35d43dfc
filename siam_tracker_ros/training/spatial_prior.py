# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a network expects targets, whatever it sees (SiamRPN++, section 3.1, Fig. 1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..models.siamrpnpp import SiamRPN
from .scenes import Batch


@torch.no_grad()
def spatial_prior(network: SiamRPN, batches: Sequence[Batch]) -> Tensor:
    """Aggregate the heat maps of crops: "prior probabilities of positive samples".

    Where the targets of the crops are spread evenly over them, that of a network without a bias
    is even.

    Parameters
    ----------
    network : SiamRPN
    batches : sequence of Batch

    Returns
    -------
    Tensor
        (M, M), the mean over all crops of the probability that the likeliest anchor of a cell is
        on the target.
    """
    network.eval()
    maps = []
    for batch in batches:
        maps.append(network.search(network.template(batch.exemplars), batch.searches))
    return torch.cat([found.logits.sigmoid().amax(dim=1) for found in maps]).mean(dim=0)


def rings(prior: Tensor) -> list[float]:
    """Means of a prior over square rings of cells, from its middle to its border.

    Parameters
    ----------
    prior : Tensor
        (M, M).
    """
    places = torch.arange(len(prior), device=prior.device) - (len(prior) - 1) / 2
    distance = torch.maximum(places.abs().unsqueeze(0), places.abs().unsqueeze(1))
    return [float(prior[distance == d].mean()) for d in sorted(set(distance.flatten().tolist()))]
