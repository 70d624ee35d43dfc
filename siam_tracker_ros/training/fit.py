# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: seeded, resumable, on any number of devices through Lightning Fabric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import copy
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..errors import UserError
from ..settings import Settings, setting
from .material import Material
from .objective import Objective
from .pairs import Window
from .resuming import CHECKPOINT, DATA, METRICS, fingerprint, forget_later_rows, read_state
from .sources import Shot

MOMENTUM = 0.9


@dataclass(frozen=True)
class FitSettings(Settings):
    """How long and how fast a network learns, whatever it learns."""

    steps: int = setting(3000, 'optimiser steps', low=1)
    batch: int = setting(
        32, 'pairs, clips or images in a step, over all devices', low=2, high=4096
    )
    optimiser: str = setting(
        'adamw',
        f'AdamW, or gradient descent with a momentum of {MOMENTUM}',
        choices=('adamw', 'sgd'),
        source='sgd: cascaded Siamese 4.1',
    )
    rate: float = setting(1e-3, 'highest learning rate', low=0.0, high=1.0)
    decay: float = setting(0.02, 'weight decay', low=0.0, high=1.0)
    average: float = setting(
        0.998, 'decay of the running average of the weights that is kept', low=0.0, high=0.99999
    )
    clip: float = setting(5.0, 'largest norm of the gradient', low=0.0)
    search_size: int = setting(
        239, 'side of the search crop in training', unit='px', low=143, high=511
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


def make_optimizer(
    parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]], settings: FitSettings
) -> torch.optim.Optimizer:
    """Return the optimiser that the settings name, for parameters or for groups of them."""
    if settings.optimiser == 'sgd':
        return torch.optim.SGD(
            parameters, lr=settings.rate, momentum=MOMENTUM, weight_decay=settings.decay
        )
    return torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=settings.decay)


class Fit:
    """One training run in one folder.

    Parameters
    ----------
    objective : Objective
        With a network that has the weights to begin from.
    material : Material
        What the objective is given.
    train, held_out : list of Shot
    settings : FitSettings
    folder : Path
        Receives ``last.ckpt`` and ``metrics.csv``.
    fabric : lightning_fabric.Fabric
        Engine: devices, precision, processes.
    workers : int
        Processes that decode images; 0 decodes in this one.
    begun : mapping, optional
        What a resumed run must share with the one that was stopped, beside settings, data and
        `Objective.facts`.
    """

    def __init__(
        self,
        objective: Objective[Any, Any],
        material: Material[Any, Any],
        train: list[Shot],
        held_out: list[Shot],
        settings: FitSettings,
        folder: Path,
        fabric: Any,
        workers: int = 0,
        begun: Mapping[str, object] | None = None,
    ) -> None:
        self.settings = settings
        self.recipe = {
            **settings.to_dict(),
            **material.scenes.to_dict(),
            DATA: fingerprint([*train, *held_out]),
            **objective.facts(),
            **(begun or {}),
        }
        self.folder = folder
        self.fabric = fabric
        self.workers = workers
        self.step = 0
        self.material = material
        self.examples = material.draw(train, settings.seed)
        self.objective = objective
        self.network: nn.Module = objective.network
        self.average: nn.Module = copy.deepcopy(self.network).to(fabric.device).eval()
        groups = [(list(parameters), share) for parameters, share in objective.groups()]
        self.shares = [share for _, share in groups]
        self.optimizer = make_optimizer([{'params': some} for some, _ in groups], settings)
        self.network.train().to(memory_format=torch.channels_last)
        objective.prepare(self.step)
        self._set_up()
        self.validation = self._validation(held_out)

    def _set_up(self) -> None:
        """Hand both to the engine, which takes note of what learns only when it is handed them."""
        self._engine = self.fabric.setup(self.objective, self.optimizer)

    def _validation(self, held_out: list[Shot]) -> list[Any]:
        """Batches of held-out shots, the same at every measurement."""
        if not held_out:
            return []
        drawn = self.material.draw(held_out, self.settings.seed + 1)
        rng = np.random.default_rng(self.settings.seed + 1)
        size = min(self.settings.batch, 32)
        return [
            self.material.make([drawn[k * size + i] for i in range(size)], rng) for k in range(4)
        ]

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

    def run(self) -> nn.Module:
        """Train to the last step and return the averaged network."""
        s = self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        share = max(1, s.batch // self.fabric.world_size)
        window = Window(
            self.step * s.batch, s.steps * s.batch, self.fabric.global_rank, self.fabric.world_size
        )
        loader = DataLoader(
            self.examples,
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
        for drawn in bar:
            row = self._learn(drawn)
            if self.step % s.validate_every == 0 or self.step == s.steps:
                self._check_weights()
                self.fabric.barrier()
                if self.validation:
                    row.update(self.objective.measure(self.average, self.validation))
                self.save()
            self._log(row)
            shown = ('loss', self.objective.headline)
            bar.set_postfix({k: f'{v:.3f}' for k, v in row.items() if k in shown})
            if self.step >= s.steps:
                break
        return self.average

    def _check_weights(self) -> None:
        """Refuse to keep what a last good checkpoint is better than."""
        if not all(torch.isfinite(p).all() for p in self.network.parameters()):
            raise UserError(self._diverged('network'))

    def _diverged(self, what: str) -> str:
        return (
            f'after {self.step} steps the {what} is not finite: training has diverged; begin '
            f'again with a lower --rate (now {self.settings.rate:g}) and another --out folder'
        )

    def _learn(self, drawn: list[Any]) -> dict[str, float]:
        """One optimiser step."""
        s = self.settings
        # Everything random of a step follows from its number, so a resumed run is the run that was
        # stopped.
        seed = (s.seed, self.step, self.fabric.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
        batch = self.material.varied(self.material.make(drawn, np.random.default_rng(seed)))
        if self.objective.prepare(self.step):
            self._set_up()
        objective, optimizer = self._engine
        rate = self.objective.rate(self.step)
        for group, share in zip(self.optimizer.param_groups, self.shares):
            group['lr'] = rate * share
        total, parts = objective(*batch.tensors)
        # Of all processes, because all of them must stop.
        if not torch.isfinite(self.fabric.all_reduce(total.detach())):
            raise UserError(self._diverged('loss'))
        self.fabric.backward(total)
        if s.clip > 0:
            self.fabric.clip_gradients(
                objective, optimizer, max_norm=s.clip, error_if_nonfinite=False
            )
        optimizer.step()
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
        columns = ['step', 'loss', *self.objective.columns]
        path = self.folder / METRICS
        fresh = not path.is_file()
        with path.open('a', newline='') as file:
            writer = csv.DictWriter(file, columns)
            if fresh:
                writer.writeheader()
            writer.writerow(
                {k: row[k] if k == 'step' else f'{row[k]:.6g}' for k in columns if k in row}
            )
