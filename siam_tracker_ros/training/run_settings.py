# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a run of training happens, and what it begins with."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Settings, setting
from .recipe import LIGHT
from .recipes import RECIPES

NO_INIT = NONE = 'none'
AUTO = 'auto'
RANDOM, COMPARING = 'random', 'comparing'

FOLLOWER = 'siamfc'
"""Who follows objects in videos where nobody is named: quick, and ready in one frame."""


def _words(kind: str) -> str:
    """Words for networks of one kind, an attribute of `Recipe`, and whose they are."""
    whose = {name: getattr(recipe, kind) for name, recipe in RECIPES.items()}
    return '; '.join(f'{name}: {", ".join(words)}' for name, words in whose.items() if words)


@dataclass(frozen=True)
class RunSettings(Settings):
    """Where a run happens and what its checkpoint says about itself."""

    precision: str = setting(
        'auto',
        'number format; auto is bf16-mixed where the device has instructions for it, else 32-true',
        choices=('auto', '32-true', 'bf16-mixed', '16-mixed'),
    )
    accelerator: str = setting('auto', 'device kind', choices=('auto', 'cpu', 'cuda'))
    devices: int = setting(1, 'devices on this machine', low=1, high=1024)
    nodes: int = setting(1, 'machines, each started by torchrun', low=1, high=1024)
    workers: int = setting(
        0, 'processes that decode images; 0 decodes in the main one', low=0, high=256
    )
    teacher: str = setting(
        NONE,
        'whose response maps are learned, too: a tracker, for its shipped weights, a checkpoint, '
        f'or {NONE}',
        source='own; distillation of Hinton et al. 2015',
    )
    backbone: str = setting(
        NONE,
        'whose backbone a network begins with, where all else begins anew: a tracker, for its '
        f'shipped weights, a checkpoint, a .pth file of torchvision, or {NONE}',
    )
    network: str = setting(
        LIGHT,
        f'which network begins anew, with --init {NO_INIT}: {LIGHT}; one with the layers of a '
        f'classifier of torchvision, or of csn ({_words("others")}); or {LIGHT} but for one part, '
        f'to measure what that is worth ({_words("variants")}); or what any network that training '
        f'begins from becomes, with further layers ({_words("extensions")})',
        choices=tuple(dict.fromkeys(word for r in RECIPES.values() for word in r.networks)),
    )
    heads: str = setting(
        RANDOM,
        f'what heads of siamrpnpp and crpn know where they begin anew: {RANDOM}: nothing; '
        f'{COMPARING}: how to compare what the backbone gives, as siamfc does',
        source=f'{COMPARING}: own',
        choices=(RANDOM, COMPARING),
    )
    follower: str = setting(
        AUTO,
        'who follows objects in videos: a tracker whose weights ship, or '
        f'{AUTO}: the teacher, or else what training begins from, or {FOLLOWER} where that makes '
        'no response maps',
    )
    licence: str = setting(
        'not stated', 'licence of the weights and terms of the data, for the model card'
    )
