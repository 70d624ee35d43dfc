# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Heads of region proposal networks that match before they have learned anything.

A depthwise block (SiamRPN++, section 3.4) multiplies template and search features channel by
channel, and then joins the products with weights that are learned. So it can do what SiamFC does,
whose response is one inner product over all channels (SiamFC, Eq. 1), where its layers begin with
the right numbers. Published networks begin at random and learn from millions of pairs what a
comparison is; from some ten thousand they learn a worse one than the inner product of the same
features. This start is in no paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..models.proposing import ProposalNetwork
from ..models.rpn import BACKGROUND, CLASSES, RPN, TARGET, DepthwiseBranch, DepthwiseRPN
from ..models.transfer import FeatureTransferBlock

SHIFT = 2.0
"""Standard deviations that features are raised by, so that a ReLU cuts few of them off."""

BIAS = 6.0
"""The same for the sum of all products."""

GAIN, OFFSET = 1.5, 3.0
"""Rise of the logit with a standard deviation of the sum, and how far below 0 its mean is."""


@torch.no_grad()
def begin_comparing(network: ProposalNetwork, exemplars: Tensor, searches: Tensor) -> None:
    """Give a network heads that compare what its backbone gives.

    The logit is then a rising linear function of the inner product of template and search
    features, as far as these lie in their principal directions; it is the same for all anchors of
    a cell. Deltas are 0: each proposal is its anchor.

    Parameters
    ----------
    network : ProposalNetwork
        With a backbone whose features are worth comparing. Layers that reduce channels become
        projections to principal directions, a `FeatureTransferBlock` sums what it is given, and
        blocks compare.
    exemplars, searches : Tensor
        (N, 3, 127, 127) and (N, 3, S, S) RGB in [0, 255]: crops of the same objects, on which
        directions and statistics of the features are measured.

    Raises
    ------
    UserError
        It has no depthwise blocks.
    """
    blocks = [module for module in network.modules() if isinstance(module, DepthwiseRPN)]
    if not blocks:
        raise UserError(
            'the network has no depthwise blocks, which alone can begin by comparing: choose '
            'another --network, or leave out --heads'
        )
    reducing = [layer for layer in network.adjust if isinstance(layer, nn.Sequential)]
    for layer, features in zip(reducing, _inputs(network, reducing, exemplars, searches)):
        _project(layer, features)
    for module in network.modules():
        if isinstance(module, FeatureTransferBlock):
            _pass_on(module)
    sides = [block.classes.search for block in blocks]
    for block, features in zip(blocks, _inputs(network, sides, exemplars, searches)):
        _compare(block.classes, features)
        _zeroed(block.deltas)
    # The statistics of all norms behind what has changed.
    _inputs(network, [], exemplars, searches)


def comparing_layers(network: ProposalNetwork) -> list[nn.Module]:
    """Layers that logits come through, but for the backbone.

    They are all of what `begin_comparing` gives a beginning. Deltas need those that reduce and
    join features as well.
    """
    joining = [m for m in network.modules() if isinstance(m, FeatureTransferBlock)]
    classes = [m.classes for m in network.modules() if isinstance(m, RPN)]
    return [network.adjust, *joining, *classes]


def _inputs(
    network: ProposalNetwork, modules: Sequence[nn.Module], exemplars: Tensor, searches: Tensor
) -> list[Tensor]:
    """What each module is given of search crops; the heads' norms take on their statistics."""
    found: dict[nn.Module, Tensor] = {}

    def keep(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        # The search crops come last.
        found[module] = arguments[0]

    hooks = [module.register_forward_pre_hook(keep) for module in modules]
    try:
        with _measuring(network):
            network.maps(network.template(exemplars), searches)
    finally:
        for hook in hooks:
            hook.remove()
    return [found[module] for module in modules]


@contextmanager
def _measuring(network: ProposalNetwork) -> Iterator[None]:
    """Let norms remember the statistics of one batch; those of the backbone stay as they are."""
    learning = network.training
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.train()
    network.backbone.eval()
    for norm in norms:
        norm.momentum = 1.0
    try:
        yield
    finally:
        network.train(learning)
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum


def principal(features: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Directions in which features differ most.

    Parameters
    ----------
    features : Tensor
        (N, C, h, w).
    count : int
        How many directions; C at most are found.

    Returns
    -------
    directions : Tensor
        (K, C) orthonormal, that of the largest spread first.
    spread : Tensor
        (K,) standard deviations of the features along them.
    """
    values = features.transpose(0, 1).flatten(1).double()
    variance, vectors = torch.linalg.eigh(torch.cov(values))
    directions = vectors.T.flip(0)[:count]
    spread = variance.flip(0)[:count].clamp_min(0).sqrt()
    return directions.to(features), spread.to(features)


def _project(layer: nn.Sequential, features: Tensor) -> None:
    """Make a convolution of one pixel and its norm a projection; the mean variance is 1."""
    convolution, norm = _normed(layer)
    directions, spread = principal(features, convolution.out_channels)
    count = len(directions)
    convolution.weight[:count] = directions[:, :, None, None]
    # Channels that are left over say nothing yet, but may learn to.
    norm.weight.zero_()
    norm.weight[:count] = spread / spread.square().mean().sqrt()


def _pass_on(block: FeatureTransferBlock) -> None:
    """Let each convolution give its output channels what its input channels are."""
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.dirac_(layer.weight)


def _compare(branch: nn.Module, features: Tensor) -> None:
    """Make a branch an inner product of features along their principal directions.

    Each direction has two channels, of either sign, both raised by b: (b + z)(b + x) + (b - z)(b
    - x) = 2 b^2 + 2 z x. The ReLU between cuts hardly anything off, and what z and x say alone
    cancels out.
    """
    assert isinstance(branch, DepthwiseBranch)
    half = features.shape[1] // 2
    directions, spread = principal(features, half)
    for side in (branch.template, branch.search):
        convolution, norm = _normed(side)
        middle = convolution.kernel_size[0] // 2
        convolution.weight[: 2 * half] = 0.0
        convolution.weight[: 2 * half, :, middle, middle] = torch.cat([directions, -directions])
        norm.weight[: 2 * half] = spread.repeat(2)
        norm.bias[: 2 * half] = SHIFT * spread.repeat(2)
    joined, norm = _normed(branch.fuse)
    joined.weight[0] = 1.0
    norm.bias[0] = BIAS
    weight, bias = _zeroed(branch)
    # The anchor changes fastest, see `ProposalMaps.from_channels`.
    weight, bias = weight.view(CLASSES, -1, len(weight[0])), bias.view(CLASSES, -1)
    for kind, sign in ((TARGET, 0.5), (BACKGROUND, -0.5)):
        weight[kind, :, 0] = sign * GAIN
        bias[kind] = -sign * (GAIN * BIAS + OFFSET)


def _normed(layers: nn.Sequential) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """The convolution that layers begin with, and its norm."""
    convolution, norm, *_ = layers
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return convolution, norm


def _zeroed(branch: nn.Module) -> tuple[Tensor, Tensor]:
    """Weights and biases of the convolution that a branch ends with, set to 0."""
    assert isinstance(branch, DepthwiseBranch)
    predicted = branch.fuse[-1]
    assert isinstance(predicted, nn.Conv2d)
    assert predicted.bias is not None
    return predicted.weight.zero_(), predicted.bias.zero_()
