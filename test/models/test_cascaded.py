# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.cascaded import CascadedSiamese
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamfc import SiamFC

MATCHING = {'widths': [8, 8, 16], 'depths': [2, 2]}
CLASSIFICATION = {'widths': [8, 12, 16], 'hidden': 24}


def sizes(network):
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def test_each_subnetwork_takes_its_own_arguments():
    network = CascadedSiamese(MATCHING, CLASSIFICATION)
    assert sizes(network.matching) == sizes(Matching(**MATCHING))
    assert sizes(network.classification) == sizes(ClassificationNetwork(**CLASSIFICATION))


def test_what_is_left_out_is_the_papers():
    network = CascadedSiamese()
    assert sizes(network.matching) == sizes(Matching())
    assert sizes(network.classification) == sizes(ClassificationNetwork())


def test_they_share_no_layer():
    network = CascadedSiamese(MATCHING, CLASSIFICATION)
    names = set(network.state_dict())
    assert {name.partition('.')[0] for name in names} == {'matching', 'classification'}
    parts = [{p.data_ptr() for p in part.parameters()} for part in network.children()]
    assert not parts[0] & parts[1]


def test_a_checkpoint_of_each_makes_one_of_both():
    torch.manual_seed(0)
    matching, classification = Matching(**MATCHING), ClassificationNetwork(**CLASSIFICATION)
    network = CascadedSiamese(MATCHING, CLASSIFICATION)
    state = {f'matching.{name}': tensor for name, tensor in matching.state_dict().items()}
    state |= {f'classification.{n}': tensor for n, tensor in classification.state_dict().items()}
    network.load_state_dict(state)
    patches = 255 * torch.rand(2, 3, 107, 107)
    crops = 255 * torch.rand(1, 3, 127, 127)
    with torch.no_grad():
        for part, alone, method, x in (
            (network.matching, matching, 'template', crops),
            (network.classification, classification, 'features', patches),
        ):
            expected = getattr(alone.eval(), method)(x)
            torch.testing.assert_close(getattr(part.eval(), method)(x), expected)


def test_it_may_match_as_siamfc_does():
    shape = {'widths': [8, 8, 12, 12, 16], 'groups': 2}
    network = CascadedSiamese({'backbone': 'siamfc_alexnet', **shape}, CLASSIFICATION)
    assert sizes(network.matching) == sizes(SiamFC(**shape))


def test_features_that_nobody_knows_are_refused():
    with pytest.raises(ValueError, match="'vgg' is unknown: expected one of cropped_resnet, siam"):
        Matching(backbone='vgg')
