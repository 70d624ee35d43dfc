# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The camera that a sensor_msgs/CameraInfo describes, for the images that come beside it.

Pure functions over objects with the fields of the message.
"""

from __future__ import annotations

from typing import Any

from ..camera import Camera
from ..errors import UserError
from .targets import ASPECT_TOLERANCE


def read_camera_info(info: Any, rectified: bool) -> Camera:
    """Return the camera of the images that a driver with this calibration publishes.

    The matrices of the message are of the whole sensor; its window ``roi`` is cut out first, then
    ``binning`` joins pixels.

    Parameters
    ----------
    info : sensor_msgs/CameraInfo
    rectified : bool
        Whether the images are rectified: then P holds, and no lens.

    Raises
    ------
    UserError
        The camera is not calibrated, or the numbers are impossible.
    """
    if not info.k[0]:
        raise UserError(
            'the camera is not calibrated (K of camera_info is zero): calibrate it, and give the '
            'file to its driver'
        )
    if rectified:
        if not info.p[0]:
            raise UserError(
                'camera_info does not say how images were rectified (its P is zero): publish it '
                'with P, or track the raw image and set image_rectified to false'
            )
        fx, fy, cx, cy = info.p[0], info.p[5], info.p[2], info.p[6]
        lens = {}
    else:
        fx, fy, cx, cy = info.k[0], info.k[4], info.k[2], info.k[5]
        lens = {'model': info.distortion_model, 'coefficients': tuple(map(float, info.d))}
        if not info.distortion_model and not any(info.d):
            # Drivers of cameras without distortion leave the name out.
            lens = {}
    whole = Camera(
        int(info.width), int(info.height), float(fx), float(fy),
        float(cx) + 0.5, float(cy) + 0.5, **lens,
    )  # fmt: skip
    roi = info.roi
    width, height = int(roi.width) or whole.width, int(roi.height) or whole.height
    bin_x, bin_y = max(1, int(info.binning_x)), max(1, int(info.binning_y))
    columns, rows = width // bin_x, height // bin_y
    # Pixels that make no whole bin are left out.
    seen = whole.cropped(int(roi.x_offset), int(roi.y_offset), columns * bin_x, rows * bin_y)
    return seen.resized(columns, rows)


def camera_of_images(
    info: Any, rectified: bool, frame_id: str, width: int, height: int
) -> Camera:
    """Return the camera of images of this size.

    Parameters
    ----------
    info : sensor_msgs/CameraInfo
    rectified : bool
        See `read_camera_info`.
    frame_id : str
        Of the images.
    width, height : int
        Of the images. Where they are a resized version of what `info` describes, it is adapted.

    Raises
    ------
    UserError
        As `read_camera_info`; or the images cannot be of this camera.
    """
    named = info.header.frame_id
    if named and frame_id and named != frame_id:
        raise UserError(
            f'camera_info is of frame {named!r}, the images are of {frame_id!r}: remap both to '
            'the same camera'
        )
    camera = read_camera_info(info, rectified)
    if (camera.width, camera.height) == (width, height):
        return camera
    stretch = (width / camera.width) / (height / camera.height)
    if abs(stretch - 1.0) > ASPECT_TOLERANCE:
        raise UserError(
            f'camera_info is of {camera.width}x{camera.height} images, they are {width}x{height}: '
            'expected the same ratio of width and height; calibrate at this size, or state the '
            'window in roi'
        )
    return camera.resized(width, height)
