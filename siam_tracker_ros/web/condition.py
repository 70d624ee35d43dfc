# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How things are, in one word for programs and one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import math

from .pairing import Status

SILENCE_S = 3.0
"""A node that says nothing for longer is taken for gone; its diagnostics come twice a second."""

CAMERA_SILENCE_S = 2.0


@dataclass(frozen=True)
class Health:
    """What the node says of itself in ``/diagnostics``.

    Attributes
    ----------
    level : str
        ok, warning, error or stale.
    message : str
    state : str
        active, inactive or unconfigured.
    values : mapping
        All numbers of the entry, as texts.
    """

    level: str
    message: str
    state: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What a condition is judged by; ages are seconds, None: it never came.

    Attributes
    ----------
    node : str
        Full name of the tracker's node.
    topic : str or None
        Where its images come from, where that is known.
    health : Health or None
    health_age, status_age, picture_age : float or None
    status : Status or None
        The newest one.
    looking : float
        For how long somebody has looked, seconds.
    """

    node: str
    topic: str | None = None
    health: Health | None = None
    health_age: float | None = None
    status: Status | None = None
    status_age: float | None = None
    picture_age: float | None = None
    looking: float = math.inf


@dataclass(frozen=True)
class Condition:
    """How things are.

    Attributes
    ----------
    word : str
        looking, absent, idle, fault, no images, waiting, or the state of the primary target.
    sentence : str
    """

    word: str
    sentence: str


def judge(facts: Facts) -> Condition:
    """Return what matters most."""
    heard = [age for age in (facts.health_age, facts.status_age) if age is not None]
    if not heard and facts.looking < SILENCE_S:
        return Condition('looking', f'Looking for the node {facts.node}.')
    if not heard or min(heard) > SILENCE_S:
        return Condition(
            'absent',
            f'There is no node {facts.node}: start it, or give its name with --node.',
        )
    health = facts.health
    if health is not None and health.level == 'error':
        return Condition('fault', f'The node gave up: {health.message.rstrip(".")}.')
    if health is not None and health.state != 'active':
        return Condition(
            'idle', f'The node is {health.state}: its lifecycle manager must activate it.'
        )
    if facts.picture_age is None and facts.looking < CAMERA_SILENCE_S:
        return Condition('looking', 'The first image is waited for.')
    if facts.picture_age is None or facts.picture_age > CAMERA_SILENCE_S:
        place = f' on {facts.topic}' if facts.topic else ''
        return Condition('no images', f'No images come{place}: is the camera running?')
    targets = [t for t in facts.status.targets if t.state != 'removed'] if facts.status else []
    if not targets:
        return Condition('waiting', 'Nothing is followed: drag a box around a target.')
    words = ', '.join(f'target {target.id} is {target.state}' for target in targets)
    return Condition(targets[0].state, f'{words[0].upper()}{words[1:]}.')
