# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SA-Siam: SiamFC, and beside it what a classifier's features say.

He et al., "A Twofold Siamese Network for Real-Time Object Tracking", 2018. Sections cited without
a paper are of that one. Another classifier, which learns each target, may choose among the peaks
of the response, which no paper does.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box
from ..models.backbones.base import centre
from ..models.interfaces import PatchNetwork, TwofoldNetwork, placed
from ..settings import Settings
from .crops import exemplar_crop
from .following import Following
from .matcher import Matcher
from .matches import MatchTarget
from .sasiam_settings import SASiamSettings
from .second_opinion import check_change
from .template import TemplateTracker

APPEARANCE, SEMANTIC = 'appearance', 'semantic'
"""Branches, and the parts of a response that are theirs."""


def layer_parts(network: TwofoldNetwork) -> tuple[str, ...]:
    """Names of what each layer of the semantic branch adds to its map."""
    return tuple(f'{SEMANTIC}_{name}' for name in network.semantic.layer_names)


class SASiamTarget(MatchTarget):
    """One object: what it looks like, what it means, and the history of its matches.

    Attributes
    ----------
    semantic : Tensor
        (C, h, w) fused features of the semantic branch, whose channels are weighed; computed once
        from the first frame (section 3.2).
    """

    def __init__(self, box: Box, template: Tensor, semantic: Tensor, fill: Tensor) -> None:
        super().__init__(box, template, fill)
        self.semantic = semantic


class TwofoldMatcher(Matcher):
    """A `Matcher` whose maps are those of both branches, weighted (Eq. 5)."""

    settings: SASiamSettings

    def __init__(
        self,
        network: TwofoldNetwork,
        settings: SASiamSettings,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        super().__init__(network.appearance, settings, device, dtype)
        self.semantic = placed(network.semantic, device, dtype)
        self.layer_parts = layer_parts(network)

    def begin(self, frame: Frame, box: Box) -> SASiamTarget:
        """Make a target with both templates, f_a(z) and g(xi * f_s(z))."""
        s = self.settings
        around, fill = exemplar_crop(frame, box, s, self.dtype, self.semantic.surroundings)
        # z has the pixels of the middle of z^s.
        template = self.network.template(centre(around, s.exemplar_size))
        return SASiamTarget(box, template[0], self.semantic.template(around)[0], fill)

    def compare(self, targets: Sequence[MatchTarget], crops: Tensor) -> Tensor:
        """See `Matcher.compare`; a branch that does not count does not run."""
        mine = [t for t in targets if isinstance(t, SASiamTarget)]
        share = self.settings.appearance_share
        parts: dict[str, Tensor] = {}
        if share > 0.0:
            templates = torch.stack([t.template for t in mine])
            parts[APPEARANCE] = self.network.search(templates, crops)
        if share < 1.0:
            templates = torch.stack([t.semantic for t in mine])
            layers = self.semantic.layer_maps(templates, crops)
            parts[SEMANTIC] = layers.sum(dim=1) + self.semantic.bias
            parts.update(zip(self.layer_parts, layers.unbind(dim=1)))
        for i, target in enumerate(mine):
            target.parts = {name: maps[i] for name, maps in parts.items()}
        weighted = [
            weight * parts[name]
            for name, weight in ((APPEARANCE, share), (SEMANTIC, 1.0 - share))
            if name in parts
        ]
        return torch.stack(weighted).sum(dim=0)


class SASiamTracker(TemplateTracker):
    """Three-scale matching of the first frame's exemplar in two ways.

    Parameters
    ----------
    network : TwofoldNetwork
    settings : SASiamSettings
    device : torch.device
    dtype : torch.dtype
        Number format of the network; positions and learned layers are always float32.
    classification : PatchNetwork, optional
        What learns the targets where `settings` say ``online``; of no use elsewhere.

    Raises
    ------
    UserError
        It is needed, and there is none.
    """

    kind = SASiamTarget
    matcher: TwofoldMatcher
    reason = 'SA-Siam keeps its first exemplar'

    def __init__(
        self,
        network: TwofoldNetwork,
        settings: SASiamSettings,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        classification: PatchNetwork | None = None,
    ) -> None:
        matcher = TwofoldMatcher(network, settings, device, dtype)
        super().__init__(Following(matcher, settings.rule, settings, classification))
        self.parts = (APPEARANCE, SEMANTIC, *layer_parts(network))
        self.network = network
        self.settings: SASiamSettings = settings

    def with_settings(self, settings: Settings) -> SASiamTracker:
        """See `Tracker.with_settings`; lessons that are not done go on.

        Raises
        ------
        UserError
            `online` would change.
        """
        assert isinstance(settings, SASiamSettings)
        check_change(self.settings, settings)
        return SASiamTracker(
            self.network,
            settings,
            self.device,
            self.matcher.dtype,
            self.following.classification,
        )

    def begin(self, frame: Frame, box: Box) -> SASiamTarget:
        """See `TemplateTracker.begin`."""
        return self.matcher.begin(frame, box)
