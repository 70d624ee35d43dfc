# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Photometric augmentation of whole batches, on their device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import UserError, install


def photometric(jpeg: bool = True, colour: bool = True) -> nn.Module:
    """Colour, grey, blur, motion blur, noise and JPEG, each for its own random part of a batch.

    Parameters
    ----------
    jpeg : bool
        JPEG takes more time than all others together: for many small crops leave it out.
    colour : bool
        Whether colours change, and some images are grey; see `lit`, too.

    Returns
    -------
    Module
        (N, 3, S, S) RGB in [0, 255] -> the same.

    Raises
    ------
    UserError
        kornia is not installed.
    """
    try:
        from kornia import augmentation
    except ImportError as error:
        raise UserError(
            f'training needs kornia ({error}): install it with {install("train")}'
        ) from error
    colours = [
        augmentation.ColorJitter(0.3, 0.3, 0.3, 0.04, p=0.6),
        augmentation.RandomGrayscale(p=0.12),
    ]
    steps = [
        *(colours if colour else []),
        augmentation.RandomGaussianBlur((5, 5), (0.3, 1.8), p=0.2),
        augmentation.RandomMotionBlur((3, 13), 90.0, 0.5, p=0.15),
        augmentation.RandomGaussianNoise(0.0, 0.03, p=0.2),
    ]
    if jpeg:
        steps.append(augmentation.RandomJPEG((20.0, 80.0), p=0.03))
    return _Bytes(nn.Sequential(*steps))


@torch.no_grad()
def lit(images: Tensor, groups: Tensor) -> Tensor:
    """Another light on each group of images: one contrast, and one gain for each colour.

    Parameters
    ----------
    images : Tensor
        (N, 3, H, W) in [0, 255].
    groups : Tensor
        (N,) int64 from 0 on: images of one group are in the same light, so that colours within it
        can be compared.
    """
    count = int(groups.max()) + 1
    noise = 2.0 * torch.rand(count, 5) - 1.0
    gamma = (0.3 * noise[:, :1]).exp()
    gain = (0.15 * noise[:, 1:2] + 0.08 * noise[:, 2:]).exp()
    numbers = torch.cat([gamma, gain], dim=1).to(images.device)[groups][:, :, None, None]
    # Rounding may leave a black slightly below 0, which has no power.
    unit = (images / 255.0).clamp_min(0.0)
    return (unit ** numbers[:, :1] * numbers[:, 1:]).clamp_(0.0, 1.0) * 255.0


class _Bytes(nn.Module):
    """Runs augmentations that expect [0, 1] on images in [0, 255]."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Augment a batch."""
        # JPEG wants sides that are multiples of 16; reflecting keeps the picture's statistics at
        # the rim.
        size = images.shape[-1]
        pad = -size % 16
        out = nn.functional.pad(images / 255.0, (0, pad, 0, pad), mode='reflect').clamp(0.0, 1.0)
        out = self.inner(out)[..., :size, :size]
        augmented: Tensor = out.clamp(0.0, 1.0) * 255.0
        return augmented
