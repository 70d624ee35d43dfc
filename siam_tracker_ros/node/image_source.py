# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that publishes a video, a folder of images or a camera as a camera driver would."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray

from ..errors import UserError
from ..settings import describe
from ..video import open_source
from . import qos
from .codec import fill_image
from .parameters import Parameters
from .playback import Playback
from .roi import stamp_ns
from .video_settings import VideoSettings

NAME = 'video_source'
POLL_SECONDS = 0.05
ANSWER_SECONDS = 10.0
"""In lockstep, an image that nobody answers for longer is given up."""


class VideoSource(Node):
    """Publishes images on ``image``, stamped with the node's clock when they are sent.

    In ``lockstep`` it waits for the message with the last image's stamp on ``processed``
    (vision_msgs/Detection2DArray; remap it to the tracker's ``~/detections``); in ``step`` it
    publishes one image for each call of ``~/step`` (std_srvs/Trigger), which fails at the end.

    Raises
    ------
    UserError
        A parameter is wrong or the source cannot be opened.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault('node_name', NAME)
        super().__init__(automatically_declare_parameters_from_overrides=True, **kwargs)
        try:
            self._set_up()
        except BaseException:
            self.destroy_node()
            raise

    def _set_up(self) -> None:
        names = [info.name for info in describe(VideoSettings)]
        parameters = Parameters(self, {'': VideoSettings}, read_only=names)
        settings = parameters.table('')
        assert isinstance(settings, VideoSettings)
        if not settings.source:
            raise UserError(
                'parameter source is empty: give a video file, a folder of images or the index of '
                'a camera'
            )
        self._settings = settings
        self._playback = Playback(
            lambda: open_source(settings.source, settings.fps or None), settings.fps, settings.loop
        )
        profile = QoSProfile(depth=5, reliability=qos.FIXED[settings.reliability])
        self._images = self.create_publisher(Image, 'image', profile)
        self._last_stamp: int | None = None
        self._give_up_at = 0.0
        self.published = 0
        if settings.mode == 'lockstep':
            self.create_subscription(
                Detection2DArray, 'processed', self._take_processed, qos.RESULTS
            )
        if settings.mode == 'step':
            self.create_service(Trigger, '~/step', self._step)
        self.get_logger().info(f'{self._playback.name} goes to {self._images.topic_name}')

    def run(self, executor: Any, is_stopped: Callable[[], bool]) -> None:
        """Publish until the end, or until `is_stopped`.

        Raises
        ------
        UserError
            An image cannot be read.
        """
        while not is_stopped():
            executor.spin_once(timeout_sec=min(POLL_SECONDS, self._wait()))
            if self._playback.is_finished and self._settings.mode != 'step':
                break
            if self._is_due():
                self._publish()
        self._images.wait_for_all_acked(Duration(seconds=1))

    def close(self) -> None:
        """Close the source."""
        self._playback.close()

    def _wait(self) -> float:
        """Seconds that nothing can be due."""
        if self._settings.mode == 'rate' and self._has_audience():
            return self._playback.delay(time.monotonic())
        return POLL_SECONDS

    def _has_audience(self) -> bool:
        wanted = self._settings.wait_for_subscribers
        return bool(self._images.get_subscription_count() >= wanted)

    def _is_due(self) -> bool:
        if self._settings.mode == 'step' or not self._has_audience():
            return False
        now = time.monotonic()
        if self._settings.mode == 'rate':
            return self._playback.delay(now) <= 0.0
        if self._last_stamp is not None and now > self._give_up_at:
            self.get_logger().warning(
                f'no answer to image {self.published} within {ANSWER_SECONDS:g} s: going on; is '
                'the topic processed remapped to the detections of an active tracker?'
            )
            self._last_stamp = None
        return self._last_stamp is None

    def _publish(self) -> bool:
        """Publish the next image; False at the end."""
        pixels = self._playback.take()
        if pixels is None:
            return False
        message = fill_image(Image(), pixels, 'bgr8')
        message.header.frame_id = self._settings.frame_id
        message.header.stamp = self.get_clock().now().to_msg()
        self._last_stamp = stamp_ns(message.header.stamp)
        self._give_up_at = time.monotonic() + ANSWER_SECONDS
        self._images.publish(message)
        self.published += 1
        return True

    def _take_processed(self, message: Any) -> None:
        if stamp_ns(message.header.stamp) == self._last_stamp:
            self._last_stamp = None

    def _step(self, request: Any, response: Any) -> Any:
        try:
            response.success = self._publish()
            response.message = (
                f'image {self.published}' if response.success else 'no image is left'
            )
        except UserError as error:
            response.success, response.message = False, str(error)
        return response
