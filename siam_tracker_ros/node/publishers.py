# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node's outputs: everything that the worker says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import threading
from typing import Any

from geometry_msgs.msg import Vector3Stamped
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray, VisionInfo

from siam_tracker_ros.msg import InitResult, TrackerStatus

from ..trackers import Response
from . import debug, messages, qos
from .bearing import Bearings
from .diagnostics import Health
from .exchange import Answer, FrameReport
from .image_rules import MalformedImage
from .settings import DebugSettings
from .statistics import Counters
from .targets import TargetState

LOG_PERIOD_S = 5.0


class Publishers:
    """Publishers of the results, made at configuration; the `Outputs` of the worker.

    Parameters
    ----------
    node : rclpy.lifecycle.LifecycleNode
    tracker, weights : str
        Named in the messages.
    parts : sequence of str
        What a response is made of, see `Tracker.parts`: each has a topic of its own.
    debug_settings : DebugSettings
        May be replaced at any time.
    bearings : Bearings
        Has the camera's calibration.
    health : Health
    on_broken : callable
        Called from the worker's thread when it gives up.
    """

    def __init__(
        self,
        node: Any,
        tracker: str,
        weights: str,
        parts: Sequence[str],
        debug_settings: DebugSettings,
        bearings: Bearings,
        health: Health,
        on_broken: Callable[[], None],
    ) -> None:
        self._node = node
        self._tracker = tracker
        self.debug_settings = debug_settings
        self._bearings = bearings
        self._health = health
        self._on_broken = on_broken
        self.counters = Counters()
        # Answers come from the callbacks' thread while inactive and from the worker's while
        # active.
        self._answering = threading.Lock()
        create = node.create_lifecycle_publisher
        self._detection = create(Detection2D, '~/detection', qos.RESULTS)
        self._detections = create(Detection2DArray, '~/detections', qos.RESULTS)
        self._bearing = create(Vector3Stamped, '~/bearing', qos.RESULTS)
        self._status = create(TrackerStatus, '~/status', qos.LATEST)
        self._score_map = create(Image, '~/debug/score_map', qos.DEBUG)
        self._part_maps = {
            part: create(Image, f'~/debug/score_map/{part}', qos.DEBUG) for part in parts
        }
        self._overlay = create(Image, '~/debug/overlay', qos.DEBUG)
        self._managed = [
            self._detection, self._detections, self._bearing, self._status, self._score_map,
            self._overlay, *self._part_maps.values(),
        ]
        # Not managed: a region that comes while the node is inactive is answered, too.
        self._init_result = node.create_publisher(InitResult, '~/init_result', qos.RESULTS)
        self._vision_info = node.create_publisher(VisionInfo, '~/vision_info', qos.LATEST)
        self._vision_info.publish(VisionInfo(method=tracker, database_location=weights))

    def close(self) -> None:
        """Destroy all publishers."""
        for publisher in self._managed:
            self._node.destroy_lifecycle_publisher(publisher)
        for publisher in (self._init_result, self._vision_info):
            self._node.destroy_publisher(publisher)

    def renew_counters(self) -> None:
        """Count from zero, for a new activation."""
        self.counters = Counters()

    def publish(self, report: FrameReport, pixels: NDArray[np.uint8], seconds: float) -> None:
        """See `Outputs.publish`."""
        first = messages.primary(report)
        tracked = first if first is not None and first.state is TargetState.TRACKED else None
        if tracked is not None:
            self._detection.publish(messages.detection(report.header, tracked))
        self._detections.publish(messages.detections(report))
        status = self._publish_status(report, seconds)
        self._health.steps.add(seconds)
        if status.latency_seconds >= 0:
            self._health.latencies.add(status.latency_seconds)
        # After all that does not need them: what fails in these fails alone.
        self._bearings.look(report.header, pixels.shape[1], pixels.shape[0])
        if tracked is not None:
            bearing = self._bearings.message(report.header, tracked.estimate.box)
            if bearing is not None:
                self._bearing.publish(bearing)
        if first is not None:
            self._publish_map(self._score_map, report, first.estimate.response)
            for part, publisher in self._part_maps.items():
                self._publish_map(publisher, report, first.estimate.parts.get(part))
        if self._overlay.get_subscription_count():
            scale = self.debug_settings.overlay_scale
            self._overlay.publish(debug.overlay(report, pixels, scale))

    @staticmethod
    def _publish_map(publisher: Any, report: FrameReport, response: Response | None) -> None:
        if response is not None and publisher.get_subscription_count():
            publisher.publish(debug.score_map(report.header, response))

    def publish_end(self, report: FrameReport) -> None:
        """See `Outputs.publish_end`."""
        self._publish_status(report, 0.0)

    def _publish_status(self, report: FrameReport, seconds: float) -> Any:
        now = self._node.get_clock().now().nanoseconds
        counts = self.counters.snapshot()
        message = messages.status(report, self._tracker, counts, seconds, now)
        self._status.publish(message)
        return message

    def answer(self, answer: Answer) -> None:
        """Publish the answer to a region, count and log it."""
        accepted = answer.started_at is not None
        self.counters.answered('accepted' if accepted else answer.code.name.lower())
        with self._answering:
            self._init_result.publish(messages.init_result(answer))
        logger = self._node.get_logger()
        if accepted:
            logger.info(f'target {answer.id!r} accepted')
        else:
            # Separate calls: rclpy throttles by the place of the call.
            logger.warning(f'region of interest refused: {answer.reason}')

    def malformed(self, error: MalformedImage) -> None:
        """See `Outputs.malformed`."""
        self._node.get_logger().warning(
            f'image dropped ({error.code}): {error.sentence}', throttle_duration_sec=LOG_PERIOD_S
        )

    def failed(self, text: str) -> None:
        """See `Outputs.failed`."""
        self._node.get_logger().error(
            f'an image was dropped: {text}', throttle_duration_sec=LOG_PERIOD_S
        )

    def broken(self, sentence: str, needs_restart: bool = False) -> None:
        """See `Outputs.broken`."""
        self._health.give_up(sentence, needs_restart)
        self._node.get_logger().error(f'deactivating: {sentence}')
        self._on_broken()
