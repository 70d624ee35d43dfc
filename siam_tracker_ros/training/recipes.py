# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be trained, by name, and with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..models.backbones.resnet import CROP
from ..models.classifier import Classifier
from ..models.crpn import CRPN
from ..models.dsiam import DSiam
from ..models.matching import Matching
from ..models.semantic import Semantic
from ..models.siamese import Siamese
from ..models.siamfc import SiamFC
from ..models.siamrpnpp import SiamRPN
from ..settings import Scalar
from .calibrate import calibrate
from .class_material import ClassMaterial, ClassScenes, classes_of
from .class_objective import ClassObjective, ClassSettings
from .clip_material import ClipMaterial, ClipScenes
from .joint_objective import JointObjective, JointSettings
from .pair_material import SurroundedMaterial
from .proposal_objective import ProposalObjective
from .proposal_settings import CascadeSettings, ProposalSettings
from .recipe import Recipe
from .response_objective import ResponseObjective, ResponseSettings
from .scenes import SceneSettings
from .shapes import BRANCHES, CASCADES, IMAGENET, LEVELS, PARTS, SIAMFC, SIAMRPNPP
from .sources import Shot
from .spatial_sampling import SpatialScenes


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
    return ProposalObjective(network, settings, tracker)


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
