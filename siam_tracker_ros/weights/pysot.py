# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of pysot's model zoo: the published weights of SiamRPN++.

The models of the zoo are under CC BY-SA 3.0; none ships with this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import UserError
from .checkpoint import Checkpoint, Meta
from .pickled import read_tensors
from .pysot_layout import FIRST_KERNELS, converted, renamed

TRACKER = 'siamrpnpp'
"""Registered name of the tracker that these weights belong to."""


@dataclass(frozen=True)
class Family:
    """An entry of the zoo.

    Attributes
    ----------
    name : str
        What the zoo calls it.
    kernel : tuple of int
        Shape of the first kernel, which tells the backbone.
    channels : tuple of int
        What the levels are reduced to; none where they are not.
    weighted : bool
        Whether the weights of the levels are learned.
    backbone : dict
        Arguments of `models.siamrpnpp.SiamRPN` that build the backbone.
    settings : dict
        How it is to search, from ``experiments/NAME/config.yaml`` of pysot.
    """

    name: str
    kernel: tuple[int, ...]
    channels: tuple[int, ...]
    weighted: bool
    backbone: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def network(self) -> dict[str, Any]:
        """Arguments of `models.siamrpnpp.SiamRPN`; the anchors are its defaults."""
        return {
            **self.backbone,
            'channels': [*self.channels] or None,
            'weighted': self.weighted,
            'normalise': False,
        }


def _settings(search: int, penalty: float, window: float, rate: float) -> dict[str, Any]:
    """INSTANCE_SIZE in pixels, PENALTY_K, WINDOW_INFLUENCE and LR."""
    return {
        'search_size': search,
        'penalty': penalty,
        'window_influence': window,
        'size_rate': rate,
        # The proposals as they are.
        'keep_first_box': False,
    }


# How pysot's long-term tracker is lost and found, by the score of the best proposal as it is, and
# searches meanwhile: ``siamrpnlt_tracker.py``, TRACK.CONFIDENCE_LOW, CONFIDENCE_HIGH and
# LOST_INSTANCE_SIZE.
LONG_TERM = {
    'confidence_bias': 0.0,
    'confidence_peak': 1.0,
    'confidence_sharpness': 0.0,
    'confidence_drop': 0.0,
    'confidence_margin': 0.0,
    'certain_score': 0.8,
    'lost_score': 0.8,
    'found_score': 0.998,
    'lost_patience': 1,
    'lost_search_size': 831,
}

ALEXNET = {'backbone': 'alexnet', 'arguments': {'levels': [5]}}
RESNET = {'backbone': 'dilated_resnet', 'arguments': {'depth': 50, 'levels': [2, 3, 4]}}
MOBILENET = {'backbone': 'mobilenetv2', 'arguments': {'width': 1.4, 'levels': [3, 5, 7]}}

FAMILIES = (
    # siamrpn_alex_dwxcorr_otb differs from it in nothing but the numbers in its tensors.
    Family(
        'siamrpn_alex_dwxcorr',
        (96, 3, 11, 11),
        (),
        False,
        ALEXNET,
        _settings(287, 0.16, 0.40, 0.30),
    ),
    Family(
        'siamrpn_r50_l234_dwxcorr',
        (64, 3, 7, 7),
        (256, 256, 256),
        True,
        RESNET,
        _settings(255, 0.05, 0.42, 0.38),
    ),
    Family(
        'siamrpn_r50_l234_dwxcorr_otb',
        (64, 3, 7, 7),
        (256, 256, 256),
        False,
        RESNET,
        _settings(255, 0.24, 0.50, 0.25),
    ),
    Family(
        'siamrpn_r50_l234_dwxcorr_lt',
        (64, 3, 7, 7),
        (128, 256, 512),
        True,
        RESNET,
        {**_settings(255, 0.05, 0.28, 0.22), **LONG_TERM},
    ),
    Family(
        'siamrpn_mobilev2_l234_dwxcorr',
        (44, 3, 3, 3),
        (256, 256, 256),
        False,
        MOBILENET,
        _settings(255, 0.04, 0.40, 0.50),
    ),
)


def load(path: Path | str) -> Checkpoint:
    """Read a checkpoint of pysot's model zoo; nothing in the file is ever executed.

    Returns
    -------
    Checkpoint
        In the layout of `models.siamrpnpp.SiamRPN`, with the arguments and settings of its family.

    Raises
    ------
    UserError
        No such file, not a PyTorch checkpoint, damaged, or of a network that is not in the zoo.
    """
    return convert(read_tensors(path), Path(path))


def convert(published: Mapping[str, Tensor], path: Path) -> Checkpoint:
    """Make a checkpoint of tensors by pysot's names; see `load`."""
    tensors = {}
    for name, tensor in published.items():
        own = renamed(name)
        if own is None:
            raise UserError(
                f'weights {path}: no SiamRPN of pysot has a tensor {name!r}; expected one of '
                f'{_names()}: use a file of these'
            )
        tensors[own] = tensor
    family = _family(path, tensors)
    training = {'origin': "pysot's model zoo", 'model': family.name, 'licence': 'CC BY-SA 3.0'}
    meta = Meta(TRACKER, family.network, family.settings, training)
    return Checkpoint(converted(tensors), meta, str(path))


def _family(path: Path, tensors: Mapping[str, Tensor]) -> Family:
    """What tensors in our layout are of."""
    kernels = [tuple(tensors[name].shape) for name in FIRST_KERNELS if name in tensors]
    reduced = [tensors.get(f'adjust.{level}.0.weight') for level in range(3)]
    channels = tuple(n for weight in reduced if weight is not None for n in weight.shape[:1])
    weighted = 'aggregation.alpha' in tensors
    found = (kernels, channels, weighted)
    for family in FAMILIES:
        if found == ([family.kernel], family.channels, family.weighted):
            return family
    raise UserError(
        f'weights {path}: expected one of {_names()}; found first kernels of shape {kernels}, '
        f'levels of {[*channels]} channels, {"learned" if weighted else "no"} weights of these: '
        'use a file of those'
    )


def _names() -> str:
    return ', '.join(family.name for family in FAMILIES)
