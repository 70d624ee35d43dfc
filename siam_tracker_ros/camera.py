# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A calibrated camera: the direction in which a pixel looks.

The lens models are those of sensor_msgs/CameraInfo, computed by OpenCV. Directions are of the
camera's optical frame (REP 103): x to the right, y down, z forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .images import require_cv2

Ray = tuple[float, float, float]

FISHEYE = ('equidistant', 'fisheye')
"""Names of Kannala and Brandt's model; the first is that of ROS."""

POLYNOMIAL = ('plumb_bob', 'rational_polynomial')
"""Names of OpenCV's model with radial and tangential terms; their number chooses the formula."""

COUNTS = {**dict.fromkeys(FISHEYE, (4,)), **dict.fromkeys(POLYNOMIAL, (0, 4, 5, 8, 12, 14))}
"""How many coefficients a model may have, by its name."""

TOLERANCE_PX = 0.01
"""A direction must project back to its pixel as closely."""

ITERATIONS = 200
"""At most, for the inverse of a polynomial lens: it converges slowly at a wide lens's border."""


@dataclass(frozen=True)
class Camera:
    """A camera without skew, with its lens.

    Parameters
    ----------
    width, height : int
        Size of its images.
    fx, fy : float
        Focal lengths, in pixels.
    cx, cy : float
        Principal point in continuous pixels, see `geometry`. OpenCV and ROS count from the centre
        of the first pixel: theirs is 0.5 less.
    model : str
        A name in `COUNTS`.
    coefficients : tuple of float
        Of the lens, in OpenCV's order; they do not depend on the size of the images.

    Raises
    ------
    UserError
        A number is impossible, or the lens model is not known.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    model: str = 'plumb_bob'
    coefficients: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise UserError(
                f'the camera has images of {self.width}x{self.height}: expected at least 1x1; '
                'calibrate it again'
            )
        numbers = (self.fx, self.fy, self.cx, self.cy, *self.coefficients)
        if not (all(map(math.isfinite, numbers)) and self.fx > 0 and self.fy > 0):
            raise UserError(
                f'the camera has focal lengths {self.fx:g}, {self.fy:g} px, principal point '
                f'{self.cx:g}, {self.cy:g} and coefficients {list(self.coefficients)}: expected '
                'positive focal lengths and finite numbers; calibrate it again'
            )
        if self.model not in COUNTS:
            raise UserError(
                f'the lens model is {self.model!r}: expected one of {", ".join(COUNTS)}; '
                'calibrate the camera with one of them'
            )
        if len(self.coefficients) not in COUNTS[self.model]:
            counts = ', '.join(map(str, COUNTS[self.model]))
            raise UserError(
                f'the lens model {self.model} has {len(self.coefficients)} coefficients: expected '
                f'{counts}; calibrate the camera again'
            )

    def cropped(self, left: float, top: float, width: int, height: int) -> Camera:
        """Return the camera that sees a part of the images alone.

        Parameters
        ----------
        left, top : float
            Corner of the part, in continuous pixels.
        width, height : int
            Its size.
        """
        return replace(self, width=width, height=height, cx=self.cx - left, cy=self.cy - top)

    def resized(self, width: int, height: int) -> Camera:
        """Return the camera whose images are these, resized."""
        sx, sy = width / self.width, height / self.height
        return replace(
            self, width=width, height=height,
            fx=self.fx * sx, fy=self.fy * sy, cx=self.cx * sx, cy=self.cy * sy,
        )  # fmt: skip

    def ray(self, x: float, y: float) -> Ray:
        """Return the unit vector from the camera to what a pixel shows.

        Parameters
        ----------
        x, y : float
            Continuous pixels.

        Raises
        ------
        UserError
            The lens model has no inverse there: it was calibrated for less than the whole image,
            or the direction is not in front of the camera.
        """
        seen = ((x - self.cx) / self.fx, (y - self.cy) / self.fy)
        u, v = self._undistorted(*seen)
        if math.isfinite(u) and math.isfinite(v):
            again = self._distorted(u, v)
            misses = (abs(a - s) * f for a, s, f in zip(again, seen, (self.fx, self.fy)))
            if all(miss <= TOLERANCE_PX for miss in misses):
                norm = math.hypot(u, v, 1.0)
                return u / norm, v / norm, 1.0 / norm
        raise UserError(
            f'the lens model {self.model} has no inverse at pixel {x:.1f}, {y:.1f}: calibrate the '
            'camera with marks up to the border of its images'
        )

    def pixel(self, ray: Ray) -> tuple[float, float] | None:
        """Return where a direction is seen, in continuous pixels, also outside the image.

        Parameters
        ----------
        ray : tuple of float
            x, y, z, of any length.

        Returns
        -------
        tuple of float or None
            None: it is not in front of the camera.
        """
        if ray[2] <= 0.0:
            return None
        u, v = self._distorted(ray[0] / ray[2], ray[1] / ray[2])
        return u * self.fx + self.cx, v * self.fy + self.cy

    # Below, points lie in the plane at z = 1, before and behind the lens: no size, no half pixels.

    def _undistorted(self, x: float, y: float) -> tuple[float, float]:
        if not self.coefficients:
            return x, y
        cv2 = require_cv2()
        if self.model in FISHEYE:
            return _point(cv2.fisheye.undistortPoints(_points(x, y), np.eye(3), self._lens))
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, ITERATIONS, 1e-12)
        # OpenCV 5 has joined the two.
        undistort = getattr(cv2, 'undistortPointsIter', cv2.undistortPoints)
        return _point(
            undistort(_points(x, y), np.eye(3), self._lens, R=None, P=None, criteria=criteria)
        )

    def _distorted(self, u: float, v: float) -> tuple[float, float]:
        if not self.coefficients:
            return u, v
        cv2 = require_cv2()
        if self.model in FISHEYE:
            return _point(cv2.fisheye.distortPoints(_points(u, v), np.eye(3), self._lens))
        still = np.zeros(3)
        point = np.array([[[u, v, 1.0]]])
        return _point(cv2.projectPoints(point, still, still, np.eye(3), self._lens)[0])

    @property
    def _lens(self) -> NDArray[np.float64]:
        return np.array(self.coefficients, np.float64)


def _points(x: float, y: float) -> NDArray[np.float64]:
    """One point as OpenCV takes many: (1, 1, 2)."""
    return np.array([[[x, y]]], np.float64)


def _point(points: Any) -> tuple[float, float]:
    x, y = np.asarray(points).reshape(2)
    return float(x), float(y)
