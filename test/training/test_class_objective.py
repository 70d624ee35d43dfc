# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch
from torch import nn

from siam_tracker_ros.models.classifier import Classifier
from siam_tracker_ros.training.class_material import ClassBatch
from siam_tracker_ros.training.class_objective import ClassObjective, ClassSettings

SHAPE = {'backbone': 'siamfc_alexnet', 'arguments': {'widths': [4, 8, 8, 8, 6], 'groups': 2}}
LETTERS = 'abcdefgh'


def classifier(classes=LETTERS):
    torch.manual_seed(2)
    return Classifier(list(classes), **SHAPE)


@torch.no_grad()
def test_what_an_image_shows_is_the_mean_over_its_places():
    network = classifier().eval()
    images = torch.rand(2, 3, 143, 143) * 255
    features = torch.relu(network.backbone((images - 127.5) / 64.0))
    assert features.shape == (2, 6, 8, 8)
    linear = network.head[1]
    wanted = features.mean(dim=(2, 3)) @ linear.weight.T + linear.bias
    torch.testing.assert_close(network(images), wanted)


class Fixed(nn.Module):
    """Logits that are known."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, images):
        return self.logits[images[:, 0, 0, 0].long()]


def test_the_shares_count_ranks():
    # Of six images of eight classes: right at the ranks 0, 0, 1, 4, 5 and 7.
    ranks = torch.tensor([0, 0, 1, 4, 5, 7])
    logits = -torch.arange(8.0).expand(6, 8)
    images = torch.arange(6.0).view(6, 1, 1, 1).expand(6, 3, 2, 2)
    objective = ClassObjective(classifier(), ClassSettings())
    batches = [ClassBatch(images[k:k + 3], ranks[k:k + 3]) for k in (0, 3)]
    found = objective.measure(Fixed(logits), batches)
    assert found['held_out_top1'] == pytest.approx(2 / 6)
    assert found['held_out_top5'] == pytest.approx(4 / 6)
    partition = math.log(sum(math.exp(-k) for k in range(8)))
    assert found['held_out_loss'] == pytest.approx(float(ranks.float().mean()) + partition)


def test_the_loss_is_smoothed_cross_entropy():
    network = classifier('ab').eval()
    images, labels = torch.rand(4, 3, 143, 143) * 255, torch.tensor([0, 1, 1, 0])
    settings = ClassSettings.from_dict({'smoothing': 0.2})
    loss, parts = ClassObjective(network, settings)(images, labels)
    logs = network(images).log_softmax(dim=1)
    wanted = -(0.9 * logs.gather(1, labels[:, None]) + 0.1 * logs.gather(1, 1 - labels[:, None]))
    assert float(loss.detach()) == pytest.approx(float(wanted.mean().detach()), rel=1e-5)
    assert parts == {'class': loss}
    loss.backward()
    assert all(p.grad is not None for p in network.parameters())


def test_the_rate_rises_and_falls():
    objective = ClassObjective(classifier(), ClassSettings.from_dict({'steps': 400, 'rate': 0.1}))
    rates = [objective.rate(step) for step in range(400)]
    assert max(rates) == pytest.approx(0.1, rel=0.02)
    assert rates.index(max(rates)) in range(98, 103)
    assert rates[0] < 0.002
    assert rates[-1] < 0.01
