# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: seeded, resumable, on any number of devices through Lightning Fabric."""

from __future__ import annotations

from collections.abc import Mapping
import copy
import csv
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..errors import UserError
from ..models.siamese import Siamese
from ..settings import Settings, setting
from .augment import photometric
from .losses import absent_peaks, balanced_logistic, disagreement, distance_map, place_entropy
from .pairs import Pair, Pairs, Window
from .resuming import (
    CHECKPOINT,
    DATA,
    METRICS,
    TEACHER,
    checksum,
    fingerprint,
    forget_later_rows,
    read_state,
)
from .scenes import Batch, SceneMaker, SceneSettings
from .sources import Shot

MOMENTUM = 0.9


@dataclass(frozen=True)
class FitSettings(Settings):
    """How long and how fast a network learns."""

    steps: int = setting(3000, 'optimiser steps', low=1)
    batch: int = setting(32, 'pairs in a step, over all devices', low=2, high=4096)
    optimiser: str = setting(
        'adamw',
        f'AdamW, or gradient descent with a momentum of {MOMENTUM}',
        choices=('adamw', 'sgd'),
        source='sgd: cascaded Siamese 4.1',
    )
    rate: float = setting(1e-3, 'highest learning rate', low=0.0, high=1.0)
    warmup: int = setting(100, 'steps of linear warm-up; then the rate falls as a cosine', low=0)
    decay: float = setting(0.02, 'weight decay', low=0.0, high=1.0)
    average: float = setting(
        0.998, 'decay of the running average of the weights that is kept', low=0.0, high=0.99999
    )
    clip: float = setting(5.0, 'largest norm of the gradient', low=0.0)
    search_size: int = setting(
        239, 'side of the search crop in training', unit='px', low=143, high=511
    )
    radius: float = setting(
        2.0, 'cells around the target that are positive', low=0.5, high=8.0, source='SiamFC Eq. 4'
    )
    place_weight: float = setting(
        0.3, 'weight of the softmax loss of the place', low=0.0, high=10.0
    )
    absent_weight: float = setting(
        0.25, 'weight of the loss of exemplars that are absent', low=0.0, high=10.0
    )
    teacher_weight: float = setting(
        1.0,
        'weight of the difference from the maps of a teacher, where there is one',
        low=0.0,
        high=10.0,
    )
    sequence_share: float = setting(
        0.5, 'share of pairs from sequences, where there are any', low=0.0, high=1.0
    )
    max_gap: int = setting(
        100, 'largest distance of the images of a pair', unit='frames', low=1, source='SiamFC 3'
    )
    held_out: float = setting(
        0.03, 'share of the shots that is only measured on', low=0.0, high=0.5
    )
    validate_every: int = setting(250, 'steps between two measurements and checkpoints', low=1)
    seed: int = setting(0, 'seed of everything random', low=0)

    def check_together(self) -> None:
        """Refuse crops that the strides do not divide: their maps lie beside the crop's middle."""
        if (self.search_size - 143) % 8:
            raise UserError(
                f'search_size is {self.search_size}: expected 143 plus a multiple of 8, so that '
                'the response map lies about the middle of the crop'
            )


def all_maps(network: Siamese, batch: Batch) -> Tensor:
    """Logits of every search crop (first) against every exemplar (second): (N, N, M, M)."""
    template = network.template(batch.exemplars)
    return network.match_all(template, network.features(batch.searches)).float()


def losses(
    network: Siamese, batch: Batch, settings: FitSettings, taught: Tensor | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the weighted sum of a batch's losses, and each of them.

    Parameters
    ----------
    network : Siamese
    batch : Batch
    settings : FitSettings
    taught : Tensor, optional
        The teacher's maps of the batch, (N, N, M, M).
    """
    maps = all_maps(network, batch)
    own = maps.diagonal(dim1=0, dim2=1).permute(2, 0, 1)
    distance = distance_map(batch.centres, maps.shape[-1], network.backbone.stride)
    parts = {
        'logistic': balanced_logistic(own, distance, settings.radius),
        'place': place_entropy(own, distance, settings.radius / 2),
        'absent': absent_peaks(maps, batch.foreign),
    }
    total = (
        parts['logistic']
        + settings.place_weight * parts['place']
        + settings.absent_weight * parts['absent']
    )
    if taught is not None:
        parts['teacher'] = disagreement(maps, taught, distance, settings.radius)
        total = total + settings.teacher_weight * parts['teacher']
    return total, parts


class Objective(nn.Module):
    """Crops in, loss out: one forward pass, as engines for several devices expect it."""

    def __init__(self, network: Siamese, settings: FitSettings) -> None:
        super().__init__()
        self.network = network
        self.settings = settings

    def forward(
        self,
        exemplars: Tensor,
        searches: Tensor,
        centres: Tensor,
        foreign: Tensor,
        taught: Tensor | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """See `losses`; the first four arguments are the fields of a `Batch`."""
        batch = Batch(exemplars, searches, centres, foreign)
        return losses(self.network, batch, self.settings, taught)


@torch.no_grad()
def measure(network: Siamese, batches: list[Batch], settings: FitSettings) -> dict[str, float]:
    """Held-out loss, share of peaks within two cells of the target, AUROC of presence."""
    network.eval()
    totals, hits, present, absent = [], [], [], []
    for batch in batches:
        total, _ = losses(network, batch, settings)
        totals.append(float(total))
        maps = all_maps(network, batch)
        own = maps.diagonal(dim1=0, dim2=1).permute(2, 0, 1)
        distance = distance_map(batch.centres, maps.shape[-1], network.backbone.stride)
        place = own.flatten(1).argmax(dim=1, keepdim=True)
        hits.append((distance.flatten(1).gather(1, place) <= 2.0).float())
        present.append(own.flatten(1).amax(dim=1))
        absent.append(maps.flatten(2).amax(dim=2)[batch.foreign])
    network.train()
    p, a = torch.cat(present), torch.cat(absent)
    return {
        'held_out_loss': sum(totals) / len(totals),
        'held_out_hit': float(torch.cat(hits).mean()),
        'held_out_auroc': float((p.view(-1, 1) > a.view(1, -1)).float().mean()),
    }


def rate_at(step: int, settings: FitSettings) -> float:
    """Share of the highest rate at a step: linear warm-up, then a cosine to 1 %."""
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    progress = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))


def make_optimizer(network: nn.Module, settings: FitSettings) -> torch.optim.Optimizer:
    """Return the optimiser that the settings name."""
    if settings.optimiser == 'sgd':
        return torch.optim.SGD(
            network.parameters(),
            lr=settings.rate,
            momentum=MOMENTUM,
            weight_decay=settings.decay,
        )
    return torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)


class Fit:
    """One training run in one folder.

    Parameters
    ----------
    network : Siamese
        With the weights to begin from.
    train, held_out : list of Shot
    settings : FitSettings
    scenes : SceneSettings
    context, exemplar_size : float, int
        The tracker's own.
    folder : Path
        Receives ``last.ckpt`` and ``metrics.csv``.
    fabric : lightning_fabric.Fabric
        Engine: devices, precision, processes.
    workers : int
        Processes that decode images; 0 decodes in this one.
    teacher : Siamese, optional
        A trained network of the same stride, whose maps are learned, too.
    """

    def __init__(
        self,
        network: Siamese,
        train: list[Shot],
        held_out: list[Shot],
        settings: FitSettings,
        scenes: SceneSettings,
        context: float,
        exemplar_size: int,
        folder: Path,
        fabric: Any,
        workers: int = 0,
        teacher: Siamese | None = None,
    ) -> None:
        self.settings = settings
        self.teacher = None if teacher is None else teacher.eval().to(fabric.device)
        data = fingerprint([*train, *held_out])
        self.recipe = {
            **settings.to_dict(),
            **scenes.to_dict(),
            DATA: data,
            TEACHER: None if teacher is None else checksum(teacher),
        }
        self.folder = folder
        self.fabric = fabric
        self.workers = workers
        self.step = 0
        self.pairs = Pairs(train, settings.seed, settings.max_gap, settings.sequence_share)
        self.maker = SceneMaker(
            scenes, exemplar_size, settings.search_size, context, fabric.device
        )
        self.augment = photometric()
        self.average = copy.deepcopy(network).to(fabric.device).eval()
        optimizer = make_optimizer(network, settings)
        network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network
        self.objective, self.optimizer = fabric.setup(Objective(network, settings), optimizer)
        self.validation = self._validation(held_out)

    def _validation(self, held_out: list[Shot]) -> list[Batch]:
        """Batches of held-out shots, the same at every measurement."""
        if not held_out:
            return []
        pairs = Pairs(
            held_out, self.settings.seed + 1, self.settings.max_gap, self.settings.sequence_share
        )
        rng = np.random.default_rng(self.settings.seed + 1)
        size = min(self.settings.batch, 32)
        return [self.maker.make([pairs[k * size + i] for i in range(size)], rng) for k in range(4)]

    def resume(self) -> bool:
        """Go on from ``last.ckpt`` where there is one; returns whether there was."""
        state = read_state(self.folder, self.recipe, self.fabric.device)
        if state is None:
            self._forget_later_rows()
            return False
        try:
            self.network.load_state_dict(state['network'])
        except RuntimeError as error:
            raise UserError(
                f'{self.folder / CHECKPOINT} holds a network of other widths: give the same '
                '--init to resume, or another --out folder to begin anew'
            ) from error
        self.average.load_state_dict(state['average'])
        self.optimizer.load_state_dict(state['optimizer'])
        self.step = state['step']
        self._forget_later_rows()
        return True

    def _forget_later_rows(self) -> None:
        if self.fabric.is_global_zero:
            forget_later_rows(self.folder, self.step)

    def save(self) -> None:
        """Write ``last.ckpt``: everything that `resume` needs."""
        state = {
            'network': self.network.state_dict(),
            'average': self.average.state_dict(),
            'optimizer': self.optimizer.state_dict(),
            'step': self.step,
            'recipe': self.recipe,
        }
        partial = self.folder / f'{CHECKPOINT}.part'
        self.fabric.save(str(partial), state)
        if self.fabric.is_global_zero:
            partial.replace(self.folder / CHECKPOINT)

    def run(self) -> Siamese:
        """Train to the last step and return the averaged network."""
        s = self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        share = max(1, s.batch // self.fabric.world_size)
        window = Window(
            self.step * s.batch, s.steps * s.batch, self.fabric.global_rank, self.fabric.world_size
        )
        loader = DataLoader(
            self.pairs,
            batch_size=share,
            sampler=window,
            num_workers=self.workers,
            collate_fn=list,
            drop_last=True,
        )
        bar = tqdm(
            loader,
            initial=self.step,
            total=s.steps,
            unit='step',
            disable=not self.fabric.is_global_zero,
        )
        for pairs in bar:
            row = self._learn(pairs)
            if self.step % s.validate_every == 0 or self.step == s.steps:
                self.fabric.barrier()
                if self.validation:
                    row.update(measure(self.average, self.validation, s))
                self.save()
            self._log(row)
            bar.set_postfix(
                {k: f'{v:.3f}' for k, v in row.items() if k in ('loss', 'held_out_hit')}
            )
            if self.step >= s.steps:
                break
        return self.average

    def _learn(self, pairs: list[Pair]) -> dict[str, float]:
        """One optimiser step."""
        s = self.settings
        # Everything random of a step follows from its number, so a resumed run is the run that was
        # stopped.
        seed = (s.seed, self.step, self.fabric.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        batch = self.maker.make(pairs, np.random.default_rng(seed))
        exemplars, searches = (
            self.augment(crop).contiguous(memory_format=torch.channels_last)
            for crop in (batch.exemplars, batch.searches)
        )
        seen = Batch(exemplars, searches, batch.centres, batch.foreign)
        for group in self.optimizer.param_groups:
            group['lr'] = s.rate * rate_at(self.step, s)
        taught = None
        if self.teacher is not None:
            with torch.no_grad(), self.fabric.autocast():
                taught = all_maps(self.teacher, seen)
        total, parts = self.objective(
            seen.exemplars, seen.searches, seen.centres, seen.foreign, taught
        )
        self.fabric.backward(total)
        if s.clip > 0:
            self.fabric.clip_gradients(
                self.objective, self.optimizer, max_norm=s.clip, error_if_nonfinite=False
            )
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self._average()
        return {
            'step': self.step,
            'loss': float(total.detach()),
            **{k: float(v.detach()) for k, v in parts.items()},
        }

    @torch.no_grad()
    def _average(self) -> None:
        """Follow the weights with a running average, quicker at the start."""
        keep = min(self.settings.average, (1 + self.step) / (10 + self.step))
        current = self.network.state_dict()
        for name, tensor in self.average.state_dict().items():
            if tensor.is_floating_point():
                tensor.lerp_(current[name].to(tensor.dtype), 1.0 - keep)
            else:
                tensor.copy_(current[name])

    def _log(self, row: Mapping[str, float]) -> None:
        if not self.fabric.is_global_zero:
            return
        columns = [
            'step',
            'loss',
            'logistic',
            'place',
            'absent',
            'held_out_loss',
            'held_out_hit',
            'held_out_auroc',
            'teacher',
        ]
        path = self.folder / METRICS
        fresh = not path.is_file()
        with path.open('a', newline='') as file:
            writer = csv.DictWriter(file, columns)
            if fresh:
                writer.writeheader()
            writer.writerow(
                {k: row[k] if k == 'step' else f'{row[k]:.6g}' for k in columns if k in row}
            )
