# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Multi-domain training of the classification subnetwork (MDNet 3.2): seeded and resumable."""

from __future__ import annotations

from collections.abc import Sequence
import copy
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from ..errors import UserError
from ..models.classification import FOREGROUND, ClassificationNetwork
from ..settings import Settings, setting
from .augment import lit, photometric
from .domain_heads import KINDS, make_heads
from .domain_patches import PatchMaker
from .domains import Domains, DomainSettings
from .resuming import CHECKPOINT, DATA, METRICS, fingerprint, forget_later_rows, read_state
from .sources import Shot


@dataclass(frozen=True)
class ClassificationFitSettings(Settings):
    """How long and how fast the shared layers learn."""

    steps: int = setting(5000, 'optimiser steps', low=1)
    domains: int = setting(
        512,
        'domains at most, each with a branch of its own; many branches are each visited rarely',
        low=2,
        symbol='K',
        source='MDNet 3.2',
    )
    heads: str = setting(
        'branches',
        'learned layers of each domain (branches), or ones fitted in each visit to half of its '
        'views (ridge)',
        choices=KINDS,
        source='branches: MDNet 3.2; ridge: own, after Bertinetto et al. 2019',
    )
    visits: int = setting(
        1, 'domains in a step', low=1, high=64, source='MDNet 3.2; the code of 2019 sums up 50'
    )
    # From scratch: AdamW, as for our other networks. MDNet begins from VGG-M, with SGD.
    rate: float = setting(1e-3, 'highest learning rate (AdamW)', low=0.0, high=1.0, source='own')
    head_multiplier: float = setting(
        10.0, 'how much faster the heads learn', low=0.0, high=1000.0, source='MDNet code'
    )
    warmup: float = setting(
        0.05,
        'share of the steps in which the rate rises; then it falls as a cosine',
        low=0.0,
        high=1.0,
        source='own',
    )
    decay: float = setting(0.02, 'weight decay', low=0.0, high=1.0, source='own')
    dropout: float = setting(
        0.5,
        'share of the units of fc4 and fc5 that are left out',
        low=0.0,
        high=0.9,
        source='MDNet code',
    )
    average: float = setting(
        0.995,
        'decay of the running average of the weights that is kept',
        low=0.0,
        high=0.99999,
        source='own',
    )
    clip: float = setting(
        10.0, 'largest norm of the gradient', low=0.0, source='MDNet code of 2019'
    )
    held_out: float = setting(
        0.05, 'share of the shots that is only measured on', low=0.0, high=0.5, source='own'
    )
    save_every: int = setting(100, 'steps between two checkpoints', low=1, source='own')
    seed: int = setting(0, 'seed of everything random', low=0, source='own')


class ClassificationFit:
    """One training run in one folder.

    Parameters
    ----------
    network : ClassificationNetwork
        With the weights to begin from.
    train : sequence of Shot
        A domain each.
    settings : ClassificationFitSettings
    domains : DomainSettings
    folder : Path
        Receives ``last.ckpt`` and ``metrics.csv``.
    device : torch.device
    """

    def __init__(
        self,
        network: ClassificationNetwork,
        train: Sequence[Shot],
        settings: ClassificationFitSettings,
        domains: DomainSettings,
        folder: Path,
        device: torch.device,
    ) -> None:
        if settings.heads == 'ridge' and domains.views < 2:
            raise UserError(
                f'views is {domains.views}: expected at least 2 with ridge heads, which are '
                'fitted to half of the views and judged by the others'
            )
        self.settings = settings
        self.recipe = {**settings.to_dict(), **domains.to_dict(), DATA: fingerprint(train)}
        self.folder = folder
        self.device = device
        self.step = 0
        self.domains = Domains(
            train, settings.seed, domains.views, domains.distractors
        )
        self.maker = PatchMaker(domains, device)
        self.augment = photometric(jpeg=False, colour=False)
        model = make_heads(settings.heads, network, settings.dropout, len(self.domains))
        model.to(device).train()
        # Convolution and pooling are quicker with the channels innermost.
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model = model
        self.average = copy.deepcopy(model.shared).eval()
        self.optimizer = torch.optim.AdamW(
            [
                {'params': list(model.shared.parameters())},
                {'params': list(model.heads.parameters())},
            ],
            lr=settings.rate,
            weight_decay=settings.decay,
        )
        total = settings.steps + 1
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            [settings.rate, settings.rate * settings.head_multiplier],
            total_steps=total,
            # It divides by the steps of the rise, of which it takes one off.
            pct_start=0.0 if settings.warmup * total == 1.0 else settings.warmup,
            cycle_momentum=False,
        )

    def resume(self) -> bool:
        """Go on from ``last.ckpt`` where there is one; returns whether there was."""
        state = read_state(self.folder, self.recipe, self.device)
        if state is None:
            forget_later_rows(self.folder, 0)
            return False
        try:
            self.model.load_state_dict(state['model'])
        except RuntimeError as error:
            raise UserError(
                f'{self.folder / CHECKPOINT} holds a network of other widths or domains: give '
                'the same data to resume, or another --out folder to begin anew'
            ) from error
        self.average.load_state_dict(state['average'])
        self.optimizer.load_state_dict(state['optimizer'])
        self.schedule.load_state_dict(state['schedule'])
        self.step = state['step']
        forget_later_rows(self.folder, self.step)
        return True

    def save(self) -> None:
        """Write ``last.ckpt``: everything that `resume` needs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f'{CHECKPOINT}.part'
        torch.save(
            {
                'model': self.model.state_dict(),
                'average': self.average.state_dict(),
                'optimizer': self.optimizer.state_dict(),
                'schedule': self.schedule.state_dict(),
                'step': self.step,
                'recipe': self.recipe,
            },
            partial,
        )
        partial.replace(self.folder / CHECKPOINT)

    def run(self) -> ClassificationNetwork:
        """Train to the last step and return the averaged shared layers, their norms folded."""
        s = self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        bar = tqdm(range(self.step, s.steps), initial=self.step, total=s.steps, unit='step')
        for _ in bar:
            row = self._learn()
            self._log(row)
            if self.step % s.save_every == 0 or self.step == s.steps:
                self.save()
            bar.set_postfix({k: f'{v:.3f}' for k, v in row.items()})
        return self.average.folded()

    def _learn(self) -> dict[str, float]:
        """One optimiser step."""
        s = self.settings
        # Everything random of a step follows from its number, so a resumed run is the run that was
        # stopped.
        seed = (s.seed, self.step)
        torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        visits = [self.domains[self.step * s.visits + i] for i in range(s.visits)]
        patches = self.maker.make(visits, np.random.default_rng(seed))
        # Every view has its own light: what is online told apart is seen in one.
        number = torch.arange(s.visits, device=self.device).unsqueeze(1)
        views = (patches.views + number * self.domains.views).flatten()
        images = self.augment(lit(patches.images, views))
        images = images.contiguous(memory_format=torch.channels_last)
        logits, counted = self.model(images, patches)
        logits, labels = logits[counted], patches.labels[counted]
        loss = functional.cross_entropy(logits, labels)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if s.clip > 0:
            nn.utils.clip_grad_norm_(self.model.parameters(), s.clip)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        self._average()
        right = (logits.detach().argmax(dim=1) == labels).float()
        foreground = labels == FOREGROUND
        return {
            'loss': float(loss.detach()),
            'accuracy_object': float(right[foreground].mean()),
            'accuracy_surroundings': float(right[~foreground].mean()),
        }

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights with a running average, quicker at the start."""
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        kept, current = self.average.state_dict(), self.model.shared.state_dict()
        for name, tensor in kept.items():
            if tensor.is_floating_point():
                tensor.lerp_(current[name], 1.0 - keep)

    def _log(self, row: dict[str, float]) -> None:
        path = self.folder / METRICS
        fresh = not path.is_file()
        with path.open('a', newline='') as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(['step', *row])
            writer.writerow([self.step, *(f'{value:.6g}' for value in row.values())])
