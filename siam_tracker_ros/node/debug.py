# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Debug images: the response map, and what is known drawn over the camera's image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from ..drawing import draw_overlay
from ..images import require_cv2
from ..trackers import Response
from .codec import fill_image
from .exchange import FrameReport
from .targets import TargetState


def score_map(header: Any, response: Response) -> Any:
    """Make the 32FC1 image of a response map, in [0, 1]."""
    scores = np.nan_to_num(response.probabilities().numpy(), nan=0.0, posinf=1.0, neginf=0.0)
    return fill_image(Image(header=header), scores.astype(np.float32), '32FC1')


def overlay(report: FrameReport, pixels: NDArray[np.uint8], scale: float) -> Any:
    """Make the bgr8 image of everything known about an image.

    Parameters
    ----------
    report : FrameReport
    pixels : ndarray
        (H, W, 3) BGR or (H, W) grey, uint8.
    scale : float
        Size of the result against the image.
    """
    canvas = np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
    alive = [t for t in report.targets if t.state is not TargetState.REMOVED]
    canvas = draw_overlay(
        np.ascontiguousarray(canvas), [t.estimate for t in alive], [t.id for t in alive]
    )
    if scale < 1.0:
        cv2 = require_cv2()
        canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return fill_image(Image(header=report.header), canvas, 'bgr8')
