# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be trained, by name, and with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from ..errors import UserError
from ..models.backbones.alexnet import DEEP
from ..models.backbones.resnet import CROP
from ..models.classifier import Classifier
from ..models.crpn import CRPN, LAST, RESULTS
from ..models.dsiam import DSiam
from ..models.matching import Matching
from ..models.semantic import Semantic
from ..models.siamese import Siamese
from ..models.siamfc import SiamFC
from ..models.siamrpnpp import SiamRPN
from ..settings import Scalar, Settings
from .calibrate import calibrate
from .class_material import ClassMaterial, ClassScenes, classes_of
from .class_objective import ClassObjective, ClassSettings
from .clip_material import ClipMaterial, ClipScenes
from .fit import FitSettings
from .joint_objective import JointObjective, JointSettings
from .material import Material
from .objective import Objective
from .pair_material import PairMaterial, SurroundedMaterial
from .pairs import Pairs
from .proposal_objective import ProposalObjective
from .proposal_settings import CascadeSettings, ProposalSettings
from .response_objective import ResponseObjective, ResponseSettings
from .scenes import SceneSettings
from .sources import Shot
from .spatial_sampling import SpatialScenes

LIGHT = 'light'


@dataclass(frozen=True)
class Recipe:
    """What is trained under a name.

    Attributes
    ----------
    summary : str
        What it is, for the command line's help.
    network : callable
        Makes the network.
    light : mapping
        Its arguments where training begins anew: what CPU cores can train in an hour and run at
        camera rate.
    learning, scenes : type
        Its settings tables.
    objective : callable
        Makes what it learns, from network, settings, the teacher, if there is one, and the
        tracker's settings of the weights that training begins from.
    material : callable
        Makes what it learns from, of both settings, the tracker's context and size of the
        exemplar, and the device.
    calibrate : callable, optional
        Fits its score after training, from network, held-out pairs, their number and a seed.
    others : mapping
        Arguments of other networks where training begins anew, by the words for them.
    variants : mapping
        Arguments by which networks differ from the light one, to measure what a part of it is
        worth, by the words for them. Of arguments that are mappings only what they name differs.
    extensions : mapping
        Arguments by which networks go beyond the light one, or beyond one that is trained, all of
        which they keep; by the words for them.
    frozen : bool
        Whether its backbone never learns here, and has to be given.
    told : callable
        Arguments of its network that the shots tell.
    """

    summary: str
    network: Callable[..., nn.Module]
    light: Mapping[str, Any]
    learning: type[FitSettings]
    scenes: type[Settings]
    objective: Callable[[Any, Any, Siamese | None, Mapping[str, Scalar]], Objective[Any, Any]]
    material: Callable[[Any, Any, float, int, torch.device], Material[Any, Any]] = PairMaterial
    calibrate: Callable[[Any, Pairs, int, int], dict[str, float]] | None = None
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    frozen: bool = False
    told: Callable[[Sequence[Shot]], Mapping[str, Any]] = lambda shots: {}

    @property
    def networks(self) -> list[str]:
        """Words for its networks."""
        return [LIGHT, *self.others, *self.variants, *self.extensions]

    @property
    def teachable(self) -> bool:
        """Whether it makes one response map, which a teacher may show and can be followed.

        A branch that sees more of an exemplar does not: teachers and followers are given less.
        """
        pairs = self.material is PairMaterial
        return pairs and issubclass(self.learning, ResponseSettings)

    def arguments(self, word: str) -> Mapping[str, Any]:
        """Arguments of the network that a word names.

        Raises
        ------
        UserError
            It names none of this recipe's.
        """
        if word not in self.networks:
            raise UserError(
                f'network is {word}: expected one of those of {self.summary}, '
                f'{", ".join(self.networks)}'
            )
        if word in self.others:
            return self.others[word]
        differing = {**self.variants, **self.extensions}.get(word, {})
        return {
            **self.light,
            **{
                name: {**self.light[name], **value} if isinstance(value, Mapping) else value
                for name, value in differing.items()
            },
        }


def _responses(
    network: Siamese,
    settings: ResponseSettings,
    teacher: Siamese | None,
    tracker: Mapping[str, Scalar],
) -> ResponseObjective:
    return ResponseObjective(network, settings, teacher)


def _proposals(
    network: SiamRPN | CRPN,
    settings: ProposalSettings,
    teacher: Siamese | None,
    tracker: Mapping[str, Scalar],
) -> ProposalObjective:
    return ProposalObjective(network, settings)


def _classes(
    network: Classifier,
    settings: ClassSettings,
    teacher: Siamese | None,
    tracker: Mapping[str, Scalar],
) -> ClassObjective:
    return ClassObjective(network, settings)


def _told_classes(shots: Sequence[Shot]) -> dict[str, Any]:
    return {'classes': classes_of(shots)}


def _jointly(
    network: DSiam,
    settings: JointSettings,
    teacher: Siamese | None,
    tracker: Mapping[str, Scalar],
) -> JointObjective:
    return JointObjective(network, settings, tracker)


def _resnet(depth: int) -> dict[str, Any]:
    return {
        'backbone': 'dilated_resnet',
        'arguments': {'depth': depth, 'levels': [2, 3, 4]},
        'channels': [256, 256, 256],
    }


# The backbone of csn's matching subnetwork, whose three last units are the levels.
CROPPED: Mapping[str, Any] = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [24, 64, 256], 'depths': [4, 3], 'expansion': 2},
}

# As published, with pixels that are normalised: backbones of torchvision's classifiers. The last
# one is our own.
SIAMRPNPP: Mapping[str, Mapping[str, Any]] = {
    **{f'resnet{depth}': _resnet(depth) for depth in (18, 34, 50)},
    'mobilenetv2': {
        'backbone': 'mobilenetv2',
        # torchvision's width; pysot's is 1.4.
        'arguments': {'width': 1.0, 'levels': [3, 5, 7]},
        'channels': [256, 256, 256],
    },
    'alexnet': {
        'backbone': 'alexnet',
        # torchvision's widths, not pysot's.
        'arguments': {'widths': [64, 192, 384, 256, 256], 'levels': [5]},
        'channels': None,
        'weighted': False,
    },
    'cropped-resnet': {**CROPPED, 'channels': [96, 96, 96]},
}

# A level alone (SiamRPN++, Table 1); the light network joins all three.
LEVELS: Mapping[str, Mapping[str, Any]] = {
    f'level{number}': {'arguments': {'levels': [depth]}, 'channels': [96]}
    for number, depth in enumerate(DEEP, start=1)
}

# The first is the paper's network.
CASCADES: Mapping[str, Mapping[str, Any]] = {
    'alexnet': {
        'backbone': 'alexnet',
        # torchvision's widths.
        'arguments': {'widths': [64, 192, 384, 256, 256]},
    },
    'cropped-resnet': {**CROPPED, 'channels': [64, 64, 64], 'block': 'depthwise'},
}

# With the paper's blocks; and what its parts are worth, in Tables 4, 5 and 6.
PARTS: Mapping[str, Mapping[str, Any]] = {
    'up-channel': {'block': 'up_channel'},
    'one-stage': {'stages': 1, 'channels': [64]},
    'two-stages': {'stages': 2, 'channels': [64, 64]},
    'unfiltered': {'theta': 1.0},
    'last-layer': {'fusion': LAST, 'channels': [64]},
    'fused-results': {'fusion': RESULTS},
}

# A quarter of SiamFC's 2.3 M parameters.
SIAMFC: Mapping[str, Any] = {'widths': [48, 128, 192, 192, 192], 'groups': 2}

# What the parts of the semantic branch are worth (SA-Siam, Table 1): ML and Att. left out.
LAST_LAYER: Mapping[str, Any] = {'levels': [5], 'channels': [256]}
BRANCHES: Mapping[str, Mapping[str, Any]] = {
    'last-layer': LAST_LAYER,
    'unweighted': {'attention': False},
    'basic': {**LAST_LAYER, 'attention': False},
}

# The classifier of the paper: torchvision's widths.
IMAGENET: Mapping[str, Any] = {
    'backbone': 'alexnet',
    'arguments': {'widths': [64, 192, 384, 256, 256]},
}

RECIPES: Mapping[str, Recipe] = {
    'siamfc': Recipe(
        'SiamFC',
        SiamFC,
        SIAMFC,
        ResponseSettings,
        SceneSettings,
        _responses,
        calibrate=calibrate,
    ),
    # SiamFC's network, and of two layers the paper's DSiamM.
    'dsiam': Recipe(
        'DSiam',
        DSiam,
        SIAMFC,
        JointSettings,
        ClipScenes,
        _jointly,
        ClipMaterial,
        extensions={'multi': {'layers': [4, 5]}},
    ),
    # The layers of CIResNet-22.
    'csn-matching': Recipe(
        'the matching subnetwork of the cascaded Siamese tracker',
        Matching,
        {'widths': [24, 64, 256], 'depths': [4, 3], 'padding': CROP, 'expansion': 2},
        ResponseSettings,
        SceneSettings,
        _responses,
        calibrate=calibrate,
    ),
    # The backbone of siamfc, whose three last convolutions are the levels.
    'siamrpnpp': Recipe(
        'SiamRPN++',
        SiamRPN,
        {
            'backbone': 'siamfc_alexnet',
            'arguments': SIAMFC,
            'channels': [96, 96, 96],
        },
        ProposalSettings,
        SpatialScenes,
        _proposals,
        others=SIAMRPNPP,
        variants=LEVELS,
    ),
    # The same backbone, whose three last convolutions feed a stage each, as in the paper.
    'crpn': Recipe(
        'C-RPN',
        CRPN,
        {
            'backbone': 'siamfc_alexnet',
            'arguments': SIAMFC,
            'channels': [64, 64, 64],
            # The paper's up-channel blocks are hard to train (SiamRPN++, section 3.4), and were
            # so here: --network up-channel.
            'block': 'depthwise',
        },
        CascadeSettings,
        SpatialScenes,
        _proposals,
        others=CASCADES,
        variants=PARTS,
    ),
    # The layers of siamfc; what it learns is for the branch that follows.
    'sasiam-classes': Recipe(
        'the classifier whose features the semantic branch of SA-Siam has',
        Classifier,
        {'backbone': 'siamfc_alexnet', 'arguments': SIAMFC},
        ClassSettings,
        ClassScenes,
        _classes,
        ClassMaterial,
        others={'alexnet': IMAGENET},
        told=_told_classes,
    ),
    'sasiam-semantic': Recipe(
        'the semantic branch of SA-Siam',
        Semantic,
        {'backbone': 'siamfc_alexnet', 'arguments': SIAMFC, 'channels': [128, 128]},
        ResponseSettings,
        SceneSettings,
        _responses,
        SurroundedMaterial,
        others={'alexnet': {**IMAGENET, 'channels': [128, 128]}},
        variants=BRANCHES,
        frozen=True,
    ),
}
