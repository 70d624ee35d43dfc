# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The layers that tell a domain's object from its surroundings while the shared ones are trained.

Both kinds map V visits to logits, and say which patches count in the loss.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..models.classification import DEVIATION, FOREGROUND, ClassificationNetwork
from .domain_patches import Patches
from .normalised import Normalised

KINDS = ('branches', 'ridge')


class _Shared(nn.Module):
    """The shared layers, normalised, and with dropout as online learning has it."""

    def __init__(self, shared: ClassificationNetwork, dropout: float) -> None:
        super().__init__()
        self.shared = Normalised(shared)
        self.dropout = dropout

    def embed(self, images: Tensor, visits: int) -> Tensor:
        """Outputs of fc5: (V * P, 3, 107, 107) -> (V, P, hidden)."""
        x = self.shared.hidden(images, self.dropout)
        return x.view(visits, -1, x.shape[1])


class Branches(_Shared):
    """A binary layer, fc6, for each of K domains, learned with the rest (MDNet 3.2, Fig. 1).

    Parameters
    ----------
    shared : ClassificationNetwork
    dropout : float
    domains : int
        K.
    """

    def __init__(self, shared: ClassificationNetwork, dropout: float, domains: int) -> None:
        super().__init__(shared, dropout)
        # Parameters of their own: an optimiser passes over those that a step did not visit.
        self.heads = nn.ModuleList(nn.Linear(shared.fc5.out_features, 2) for _ in range(domains))
        for branch in self.heads:
            nn.init.normal_(branch.weight, std=DEVIATION)  # type: ignore[arg-type]
            nn.init.zeros_(branch.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor, patches: Patches) -> tuple[Tensor, Tensor]:
        """Logits (V, P, 2), and (V, P) bool: True, all patches count."""
        parts = self.embed(images, len(patches.domains))
        logits = [self.heads[d](part) for d, part in zip(patches.domains, parts)]
        return torch.stack(logits), torch.ones_like(patches.labels, dtype=torch.bool)


class RidgeHeads(_Shared):
    """A layer fitted in each visit to half of its views, and judged by the other half.

    That is what the classifier is for: to learn an object from what was seen of it, and know it
    later. The fit is a ridge regression, which is differentiable (Bertinetto et al. 2019,
    "Meta-learning with differentiable closed-form solvers"), so domains need no branches, and each
    visit teaches from the first one on, however many domains there are.

    Parameters
    ----------
    shared : ClassificationNetwork
    dropout : float
    """

    def __init__(self, shared: ClassificationNetwork, dropout: float) -> None:
        super().__init__(shared, dropout)
        self.heads = nn.ParameterDict(
            {
                # Logarithms of the ridge and of what turns the fit of +-1 into a margin.
                'ridge': nn.Parameter(torch.tensor(-2.0)),
                'scale': nn.Parameter(torch.tensor(1.0)),
                'bias': nn.Parameter(torch.tensor(0.0)),
            }
        )

    def forward(self, images: Tensor, patches: Patches) -> tuple[Tensor, Tensor]:
        """Logits (V, P, 2), and (V, P) bool: the patches that the fit has not seen."""
        x = self.embed(images, len(patches.domains)).float()
        x = torch.cat([x, x.new_ones(*x.shape[:2], 1)], dim=2)
        foreground = (patches.labels == FOREGROUND).to(x.dtype)
        judged = patches.views >= (patches.views.max() + 1) // 2
        # Both classes weigh the same, however many patches there are of each.
        weight = torch.zeros_like(foreground)
        for kind in (foreground, 1.0 - foreground):
            seen = kind * ~judged
            weight = weight + 0.5 * seen / seen.sum(dim=1, keepdim=True).clamp_min(1.0)
        weighted = (x * weight.unsqueeze(2)).transpose(1, 2)
        ridge = self.heads['ridge'].exp() * torch.eye(x.shape[2], device=x.device)
        answer = (2.0 * foreground - 1.0).unsqueeze(2)
        fit = torch.linalg.solve(weighted @ x + ridge, weighted @ answer)
        margin = (x @ fit).squeeze(2) * self.heads['scale'].exp() + self.heads['bias']
        return torch.stack([-margin / 2, margin / 2], dim=2), judged


def make_heads(
    kind: str, shared: ClassificationNetwork, dropout: float, domains: int
) -> Branches | RidgeHeads:
    """Heads of one of `KINDS`, around the shared layers."""
    if kind == 'branches':
        return Branches(shared, dropout, domains)
    return RidgeHeads(shared, dropout)
