# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot that turns with its camera, and a target around it, in a plane."""

import math

import numpy as np

from siam_tracker_ros.camera import Camera

CAMERA = Camera(160, 120, 110.0, 110.0, 80.0, 60.0, coefficients=(-0.15, 0.02, 0.0, 0.0))
PERIOD = 0.02
"""Seconds between two commands."""


class TurningRobot:
    """Turns at the rate that it is told, after a short lag.

    Parameters
    ----------
    target : callable
        Direction of the target in the world at a time: radians to the left, or None where there
        is none.
    lag : float
        Time constant of the motion, seconds.
    """

    def __init__(self, target, lag=0.05):
        self.target = target
        self.time = 0.0
        self.yaw = 0.0
        self._lag = lag
        self._rate = 0.0

    def turn(self, rate, seconds=PERIOD):
        """Let time pass while a rate is commanded."""
        share = 1.0 - math.exp(-seconds / self._lag)
        self._rate += share * (rate - self._rate)
        self.yaw += self._rate * seconds
        self.time += seconds

    def error(self):
        """By how much it must turn, or None where there is no target."""
        angle = self.target(self.time)
        return None if angle is None else angle - self.yaw

    def ray(self):
        """Where the camera sees the target, or None where it does not."""
        error = self.error()
        if error is None:
            return None
        ray = (-math.sin(error), 0.0, math.cos(error))
        pixel = CAMERA.pixel(ray)
        return ray if pixel is not None and 0 <= pixel[0] < CAMERA.width else None

    def image(self, side=20):
        """What the camera sees: a bright square where the target is, (120, 160, 3) uint8."""
        pixels = np.full((CAMERA.height, CAMERA.width, 3), 30, np.uint8)
        ray = self.ray()
        if ray is not None:
            x, y = (round(v) - side // 2 for v in CAMERA.pixel(ray))
            pixels[max(0, y):y + side, max(0, x):x + side] = 250
        return pixels
