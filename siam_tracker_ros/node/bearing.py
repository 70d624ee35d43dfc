# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the box of a target to the direction in which it is seen."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import Vector3Stamped

from ..camera import Camera
from ..errors import UserError
from ..geometry import Box
from .camera_info import camera_of_images

WAITING = 'none: no camera_info has come'
"""What the diagnostics say as long as there is no calibration."""

USED = 'from camera_info, for {}x{} images'


class Bearings:
    """Directions of targets, by the newest calibration.

    Parameters
    ----------
    rectified : bool
        Whether the images are rectified.

    Attributes
    ----------
    state : str
        For the diagnostics: what directions are computed from, or why there are none.
    """

    def __init__(self, rectified: bool) -> None:
        self.state = WAITING
        self._rectified = rectified
        # The callbacks' thread writes it, the worker's reads it.
        self._info: Any = None
        self._known: Any = None
        self._images: tuple[str, int, int] | None = None
        self._camera: Camera | None = None

    def take(self, info: Any) -> None:
        """Use a sensor_msgs/CameraInfo from the next image on."""
        self._info = info

    def look(self, header: Any, width: int, height: int) -> None:
        """Prepare for an image of this header and size; `state` tells whether it can be used."""
        info, images = self._info, (header.frame_id, width, height)
        if info is None or (info is self._known and images == self._images):
            return
        self._known, self._images, self._camera = info, images, None
        try:
            camera = camera_of_images(info, self._rectified, *images)
        except UserError as error:
            self.state = f'none: {error}'
            return
        self._camera = camera
        self.state = USED.format(width, height)

    def message(self, header: Any, box: Box) -> Any:
        """Make the geometry_msgs/Vector3Stamped of a box in the image that was looked at last.

        Returns
        -------
        Vector3Stamped or None
            None: there is no calibration that fits, or the lens model has no inverse there.
        """
        if self._camera is None:
            return None
        try:
            x, y, z = self._camera.ray(box.cx, box.cy)
        except UserError as error:
            self.state = f'none: {error}'
            return None
        self.state = USED.format(self._camera.width, self._camera.height)
        message = Vector3Stamped(header=header)
        message.vector.x, message.vector.y, message.vector.z = x, y, z
        return message
