# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one interface of all trackers: the algorithm holds no target, a target all the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

import torch
from torch import Tensor

from ..frames import Frame
from ..geometry import Box, SearchWindow
from ..settings import Settings

T = TypeVar('T', bound='Tracker')


class State(str, Enum):
    """What is known about a target after a frame."""

    TRACKING = 'tracking'
    UNCERTAIN = 'uncertain'
    LOST = 'lost'


@dataclass(frozen=True)
class Response:
    """A response map and the window of the image that it covers.

    Attributes
    ----------
    logits : Tensor
        (M, M), on the tracker's device until somebody asks for it.
    window : SearchWindow
        Centre and side, in image pixels, of the area spanned by the map's M x M cells.
    """

    logits: Tensor
    window: SearchWindow

    def probabilities(self) -> Tensor:
        """The map in [0, 1], float32, on the CPU."""
        return self.logits.detach().float().sigmoid().cpu()


@dataclass(frozen=True)
class Estimate:
    """What is known about one target after a frame.

    Attributes
    ----------
    box : Box
        Where the target is or, when lost, was last seen; inside the image, in continuous pixels.
    score : float
        Confidence in the box, in [0, 1].
    similarity : float
        The matching network's score as its paper defines it.
    classification : float or None
        The online classifier's score as its paper defines it, where there is one.
    state : State
    updated : bool
        Whether the target's model learned from this frame.
    update_reason : str
        Why it did or did not.
    response : Response or None
        The response map, where the tracker has one.
    parts : mapping
        Maps that the response was made of, by their names; empty where it was made of one.
    """

    box: Box
    score: float
    similarity: float
    classification: float | None
    state: State
    updated: bool
    update_reason: str
    response: Response | None
    parts: Mapping[str, Response] = field(default_factory=dict)


class Target:
    """Everything that belongs to one object: subclasses add templates, histories, learned layers.

    Attributes
    ----------
    box : Box
        The last trusted box, in continuous pixels.
    state : State
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        self.state = State.TRACKING

    def lose(self) -> None:
        """Declare the target lost because the stream broke off: it must be found again."""
        self.state = State.LOST

    def pause(self) -> None:
        """Say that no frame came for a while: it may have gone farther than between two frames."""

    def rescale(self, fx: float, fy: float) -> None:
        """Follow a change of the image's size by these factors."""
        self.box = self.box.scaled(fx, fy)


class Tracker(ABC):
    """An algorithm: network and settings, no target in it.

    Attributes
    ----------
    settings : Settings
    device : torch.device
        Where its networks run; frames must be on the same device.
    parts : tuple of str
        Names that `Estimate.parts` may have; those that do not count at present are left out.
    """

    settings: Settings
    device: torch.device
    parts: tuple[str, ...] = ()

    @abstractmethod
    def start(self, frame: Frame, box: Box) -> Target:
        """Begin to track the object in a box.

        Parameters
        ----------
        frame : Frame
        box : Box
            In continuous pixels of the frame.

        Raises
        ------
        UserError
            The box is not finite, has no area, is too small or lies outside the image.
        """

    @abstractmethod
    def step(self, frame: Frame, targets: Sequence[Target]) -> list[Estimate]:
        """Find all targets in the next frame with one run of the network.

        Parameters
        ----------
        frame : Frame
        targets : sequence of Target
            Made by this tracker's `start`; each is updated in place.

        Returns
        -------
        list of Estimate
            In the order of the targets.
        """

    @abstractmethod
    def with_settings(self: T, settings: Settings) -> T:
        """Return a tracker with other settings that shares this one's network and targets."""
