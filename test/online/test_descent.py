# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn
from torch.nn import functional

from siam_tracker_ros.models.classification import Head, affine
from siam_tracker_ros.online.descent import Descent, clip_each, gradients

D, HIDDEN, N = 12, 7, 9


def head_of(targets, seed=0):
    torch.manual_seed(seed)
    shapes = [(HIDDEN, D), (HIDDEN, HIDDEN), (2, HIDDEN)]
    return Head(
        tuple(torch.randn(targets, *shape, dtype=torch.float64) for shape in shapes),
        tuple(torch.randn(targets, shape[0], dtype=torch.float64) for shape in shapes),
    )


def task(targets):
    features = torch.randn(targets, N, D, dtype=torch.float64)
    labels = torch.randint(2, (targets, N))
    masks = tuple((torch.rand(targets, N, HIDDEN) < 0.5).double() * 2 for _ in range(2))
    return features, labels, masks


def autograd(head, features, labels, masks):
    """The losses of `gradients`, differentiated by PyTorch."""
    tensors = [t.clone().requires_grad_() for t in head.tensors]
    a, b = (masks[0], masks[1]) if masks else (1.0, 1.0)
    x = affine(features, tensors[0], tensors[3]).relu() * a
    x = affine(x, tensors[1], tensors[4]).relu() * b
    logits = affine(x, tensors[2], tensors[5])
    losses = functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction='none'
    ).view(labels.shape)
    losses = losses.mean(dim=1)
    return losses, torch.autograd.grad(losses.sum(), tensors)


@pytest.mark.parametrize('targets', [1, 3])
@pytest.mark.parametrize('dropout', [False, True])
def test_the_gradient_is_autograds(targets, dropout):
    head = head_of(targets)
    features, labels, masks = task(targets)
    masks = masks if dropout else None
    losses, found = gradients(head, features, labels, masks)
    expected_losses, expected = autograd(head, features, labels, masks)
    torch.testing.assert_close(losses, expected_losses)
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b)


def test_steps_are_those_of_torchs_sgd_on_one_target():
    head = head_of(1)
    layers = [nn.Linear(D, HIDDEN), nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 2)]
    for layer, weight, bias in zip(layers, head.weights, head.biases):
        layer.double()
        layer.weight.data, layer.bias.data = weight[0].clone(), bias[0].clone()
    rates = (0.01, 0.01, 0.1, 0.02, 0.02, 0.2)
    parameters = [layer.weight for layer in layers] + [layer.bias for layer in layers]
    sgd = torch.optim.SGD(
        [{'params': [p], 'lr': rate} for p, rate in zip(parameters, rates)],
        lr=0.01,
        momentum=0.9,
        weight_decay=5e-4,
    )
    descent = Descent(rates, 0.9, 5e-4)
    velocity = [torch.zeros_like(t) for t in head.tensors]
    for _ in range(4):
        features, labels, masks = task(1)
        x = layers[0](features[0]).relu() * masks[0][0]
        x = layers[1](x).relu() * masks[1][0]
        loss = functional.cross_entropy(layers[2](x), labels[0])
        sgd.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        sgd.step()

        _, slopes = gradients(head, features, labels, masks)
        clip_each(slopes, 1.0)
        descent.step(head.tensors, slopes, velocity)
    for mine, theirs in zip(head.tensors, parameters):
        torch.testing.assert_close(mine[0], theirs.detach(), rtol=1e-5, atol=1e-8)


def test_each_target_is_clipped_by_its_own_norm():
    slopes = [torch.tensor([[3.0], [0.3]]), torch.tensor([[4.0], [0.4]])]
    clip_each(slopes, 1.0)
    assert slopes[0].flatten().tolist() == pytest.approx([0.6, 0.3])
    assert slopes[1].flatten().tolist() == pytest.approx([0.8, 0.4])


def test_no_clipping():
    slopes = [torch.full((1, 2), 1e6)]
    clip_each(slopes, 0.0)
    assert slopes[0].tolist() == [[1e6, 1e6]]


def test_a_target_that_broke_does_not_break_others():
    head = head_of(2)
    features, labels, masks = task(2)
    features[0, 0, 0] = float('nan')
    _, slopes = gradients(head, features, labels, masks)
    clip_each(slopes, 1.0)
    Descent((0.1,) * 6, 0.9, 0.0).step(
        head.tensors, slopes, [torch.zeros_like(t) for t in head.tensors]
    )
    assert head.finite().tolist() == [False, True]
