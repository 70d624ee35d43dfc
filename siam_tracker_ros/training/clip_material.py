# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training on clips: one object in several images in the order of time (DSiam, section 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
import math

import numpy as np
import torch
from torch import Tensor

from ..geometry import Box, context_side
from ..settings import setting, varied
from .augment import lit
from .clips import Clips
from .fit import FitSettings
from .layers import Layer, Window, place, render, upload
from .material import Material
from .pairs import View
from .scenes import Images, ShiftSettings
from .sources import Shot


@dataclass(frozen=True)
class ClipSettings(FitSettings):
    """How long and how fast a network learns, and from which clips."""

    frames: int = setting(
        10, 'images of a clip', unit='frames', low=3, high=1000, source='DSiam 3.6'
    )
    max_skip: int = setting(
        1,
        'largest number of frames from one image of a clip to the next',
        unit='frames',
        low=1,
        high=1000,
        source='DSiam 3.6: successive frames',
    )


@dataclass(frozen=True)
class ClipScenes(ShiftSettings):
    """How a clip becomes crops: how wrong the last result is where the target is searched."""

    shift: float = varied(ShiftSettings, 'shift', 16.0, '')
    log_scale: float = varied(ShiftSettings, 'log_scale', 0.03, '')


@dataclass(frozen=True)
class ClipBatch:
    """Search crops of N clips of T images.

    Attributes
    ----------
    searches : Tensor
        (N, T, 3, X, X) float32, RGB in [0, 255]: Z_t. The target is in the middle of the first,
        and of its own size there, so that the middle of that crop is the first exemplar, O_1.
    places : Tensor
        (N, T, 2) the target's centre, x and y, in pixels of the crop from its middle.
    """

    searches: Tensor
    places: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """See `Crops.tensors`."""
        return self.searches, self.places


class ClipMaterial(Material[list[View], ClipBatch]):
    """Clips, each image of which is cropped around where the target was in the one before.

    Parameters
    ----------
    settings : ClipSettings
    scenes : ClipScenes
    context, exemplar_size : float, int
        The tracker's own.
    device : torch.device
    """

    scenes: ClipScenes

    def __init__(
        self,
        settings: ClipSettings,
        scenes: ClipScenes,
        context: float,
        exemplar_size: int,
        device: torch.device,
    ) -> None:
        self.settings = settings
        self.scenes = scenes
        self.context = context
        self.exemplar_size = exemplar_size
        self.device = device

    def usable(self, shots: Sequence[Shot]) -> list[Shot]:
        """See `Material.usable`."""
        return self.draw(shots, 0).shots

    def draw(self, shots: Sequence[Shot], seed: int) -> Clips:
        """See `Material.draw`."""
        return Clips(shots, seed, self.settings.frames, self.settings.max_skip)

    def make(self, drawn: Sequence[list[View]], rng: np.random.Generator) -> ClipBatch:
        """See `Material.make`."""
        size, images = self.settings.search_size, Images()
        layers, places = [], []
        for clip in drawn:
            for before, view in zip([None, *clip], clip):
                window = self._window(view.box if before is None else before.box, before, rng)
                layers.append([Layer(images.number(view.image), window)])
                places.append(_seen_at(view.box, window, size))
        frames = upload(images.all, layers, self.device)
        crops = render(frames, layers, size)
        return ClipBatch(
            crops.reshape(len(drawn), -1, *crops.shape[1:]),
            torch.tensor(places, device=self.device).reshape(len(drawn), -1, 2),
        )

    def _window(self, box: Box, before: View | None, rng: np.random.Generator) -> Window:
        """What is searched: around the last true box, but for the error of a tracker."""
        s, size = self.scenes, self.settings.search_size
        side = context_side(box.w, box.h, self.context) * size / self.exemplar_size
        if before is None:
            return place(box, side, (0.0, 0.0), 0.0, 0.0)
        x, y = (rng.uniform(-s.shift, s.shift, 2) / size).tolist()
        side *= math.exp(rng.uniform(-s.log_scale, s.log_scale))
        return place(box, side, (x, y), 0.0, 0.0)

    def varied(self, batch: ClipBatch) -> ClipBatch:
        """See `Material.varied`: another light for each clip, the same in all of its images.

        What changes from image to image is what the transformations learn.
        """
        searches = batch.searches
        count, length = searches.shape[:2]
        groups = torch.arange(count, device=self.device).repeat_interleave(length)
        crops = lit(searches.flatten(0, 1), groups)
        crops = crops.contiguous(memory_format=torch.channels_last)
        return replace(batch, searches=crops.view_as(searches))


def _seen_at(box: Box, window: Window, size: int) -> list[float]:
    """Place of a box in a window that is not turned, in pixels of the crop from its middle."""
    x, y = (box.cx - window[0, 2]) / window[0, 0], (box.cy - window[1, 2]) / window[1, 1]
    return [float(x * size), float(y * size)]
