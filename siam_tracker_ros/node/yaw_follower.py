# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From bearings to a rate of turn that brings the target ahead; no ROS in it.

Angles and rates are those of REP 103: about the axis that points up, positive to the left.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from ..camera import Ray
from ..errors import UserError
from ..settings import Settings, setting

LEAST_HORIZONTAL = 0.1
"""A direction with less of its length in the horizontal plane is straight down or up: turning
does not bring it ahead."""


@dataclass(frozen=True)
class FollowSettings(Settings):
    """How fast to turn to a target, and when to stop."""

    gain: float = setting(
        1.5, 'rate of turn for each radian to the target; keep its product with the delay from '
        'image to motion below 0.37', unit='1/s', low=0.01, high=20.0, dynamic=True,
    )
    max_rate: float = setting(
        0.8, 'fastest rate of turn', unit='rad/s', low=0.0, high=20.0, dynamic=True
    )
    max_acceleration: float = setting(
        1.5, 'fastest change of the rate of turn, except to stop', unit='rad/s^2', low=0.01,
        high=100.0, dynamic=True,
    )
    timeout: float = setting(
        0.25, 'the command is zero once the image of the last bearing is older', unit='s',
        low=0.02, high=5.0, dynamic=True,
    )
    camera_pitch: float = setting(
        0.0, 'how far the camera looks down from the horizontal', unit='rad', low=-1.5, high=1.5,
        dynamic=True,
    )
    rate: float = setting(
        50.0, 'commands per second', unit='Hz', low=5.0, high=500.0
    )
    stamped: bool = setting(False, 'publish TwistStamped instead of Twist')
    frame_id: str = setting('base_link', 'frame_id of TwistStamped: the frame that turns')

    def check_together(self) -> None:
        """A command holds for one period: no bearing may become too old meanwhile."""
        if self.timeout * self.rate <= 1.0:
            raise UserError(
                f'timeout is {self.timeout:g} s at {self.rate:g} commands per second: it must be '
                'longer than the time between two commands; raise rate or timeout'
            )


def turn_to(ray: Ray, camera_pitch: float) -> float:
    """Return by how much to turn so that a direction is ahead.

    Parameters
    ----------
    ray : tuple of float
        In the camera's optical frame: x to the right, y down, z forward.
    camera_pitch : float
        How far the camera looks down, radians; it must look ahead and not be rolled.

    Returns
    -------
    float
        Radians in [-pi, pi], positive to the left; 0 for straight up and down.
    """
    x, y, z = ray
    ahead = z * math.cos(camera_pitch) - y * math.sin(camera_pitch)
    if math.hypot(x, ahead) < LEAST_HORIZONTAL * math.hypot(x, y, z):
        return 0.0
    return math.atan2(-x, ahead)


def rate_for(error: float, settings: FollowSettings, turned: float = 0.0) -> float:
    """Return the rate at which to turn by an angle, so that one can still slow down in time.

    Proportional near zero. Farther away it grows with the root only, ``v^2 = 2 a s``, of the angle
    that is left: on the way to zero it then never falls faster than `max_acceleration`, however
    old the angle is. Nearer, what is left is not asked for, because a target that moves would then
    be followed at a greater distance.

    Parameters
    ----------
    error : float
        Radians, when it was seen.
    settings : FollowSettings
    turned : float
        By how much one has turned to it since, radians, at least 0.

    Returns
    -------
    float
        rad/s, within `max_rate`.
    """
    size, most = abs(error), settings.max_acceleration
    linear = most / settings.gain**2
    if size <= linear:
        rate = settings.gain * size
    else:
        rate = math.sqrt(2 * most * (max(size - turned, linear) - linear / 2))
    return math.copysign(min(rate, settings.max_rate), error)


class YawFollower:
    """Turns to the target that is seen, and stops when it is not.

    Every time is of one clock, in seconds. A bearing is as old as its image; one whose stamp lies
    ahead of the clock is as old as its arrival.

    Attributes
    ----------
    settings : FollowSettings
        May be replaced at any time.
    """

    def __init__(self, settings: FollowSettings) -> None:
        self.settings = settings
        self._error = 0.0
        self._stamp = self._seen = self._lost = -math.inf
        self._rate = 0.0

    def see(self, ray: Ray, stamp: float, now: float) -> None:
        """Take a bearing.

        Parameters
        ----------
        ray : tuple of float
            Of the camera's optical frame.
        stamp : float
            Of its image.
        now : float
        """
        if not all(map(math.isfinite, ray)):
            self.lose(stamp)
        # Topics are not in step: the loss may overtake the last bearing before it.
        elif not 0.0 <= self._lost - stamp <= self.settings.timeout:
            self._error = turn_to(ray, self.settings.camera_pitch)
            self._stamp, self._seen = stamp, min(stamp, now)

    def lose(self, stamp: float) -> None:
        """Learn that the target is not tracked in the image with this stamp."""
        self._lost = stamp
        if self._stamp <= stamp:
            self._seen = -math.inf

    def command(self, now: float, period: float) -> float:
        """Return the rate of turn until the next command.

        Parameters
        ----------
        now : float
        period : float
            Seconds until the next command; the last bearing must not be too old by then.

        Returns
        -------
        float
            rad/s.
        """
        age = now - self._seen
        if not 0.0 <= age <= self.settings.timeout - period:
            self._rate = 0.0
            return 0.0
        step = self.settings.max_acceleration * period
        towards = math.copysign(1.0, self._error) * self._rate
        wanted = rate_for(self._error, self.settings, max(0.0, towards * age))
        self._rate = min(max(wanted, self._rate - step), self._rate + step)
        return self._rate
