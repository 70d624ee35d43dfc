# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results as messages; the header of every one is the image's, untouched."""

from __future__ import annotations

from typing import Any

from builtin_interfaces.msg import Time
from vision_msgs.msg import Detection2DArray, ObjectHypothesisWithPose

from siam_tracker_ros.msg import InitResult, TargetStatus, TrackerStatus

from .exchange import Answer, FrameReport
from .roi import stamp_ns, to_detection
from .statistics import Counts
from .targets import TargetReport, TargetState

LONGEST_LATENCY_S = 10.0
"""A stamp that is older is of another clock: a bag's, or a camera's own."""


def detection(header: Any, report: TargetReport) -> Any:
    """Make the vision_msgs/Detection2D of a target."""
    message = to_detection(report.estimate.box, report.id)
    message.header = header
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = report.class_id
    hypothesis.hypothesis.score = report.estimate.score
    message.results.append(hypothesis)
    return message


def detections(report: FrameReport) -> Any:
    """Make the vision_msgs/Detection2DArray of an image: what is tracked in it."""
    found = [t for t in report.targets if t.state is TargetState.TRACKED]
    return Detection2DArray(
        header=report.header, detections=[detection(report.header, t) for t in found]
    )


def primary(report: FrameReport) -> TargetReport | None:
    """Return the first target that is still followed."""
    return next((t for t in report.targets if t.state is not TargetState.REMOVED), None)


def target_status(report: TargetReport) -> Any:
    """Make the message part of one target."""
    estimate = report.estimate
    message = TargetStatus(id=report.id, class_id=report.class_id, state=int(report.state))
    message.center_x, message.center_y = estimate.box.cx, estimate.box.cy
    message.size_x, message.size_y = estimate.box.w, estimate.box.h
    message.score = estimate.score
    message.similarity = estimate.similarity
    message.has_classification = estimate.classification is not None
    message.classification = estimate.classification or 0.0
    message.age_seconds = report.age_seconds
    message.frames_since_accepted = report.frames_since_accepted
    message.frames_since_seen = report.frames_since_seen
    message.model_updated = estimate.updated
    message.update_reason = estimate.update_reason
    if estimate.response is not None:
        window = estimate.response.window
        message.score_map_center_x, message.score_map_center_y = window.cx, window.cy
        message.score_map_size_x = message.score_map_size_y = window.side
    return message


def status(
    report: FrameReport, tracker: str, counts: Counts, step_seconds: float, now_ns: int
) -> Any:
    """Make the TrackerStatus of an image.

    Parameters
    ----------
    report : FrameReport
    tracker : str
        Registered name.
    counts : Counts
    step_seconds : float
        Decoding and tracking.
    now_ns : int
        The node's clock, nanoseconds.
    """
    return TrackerStatus(
        header=report.header,
        tracker=tracker,
        targets=[target_status(t) for t in report.targets],
        latency_seconds=latency(report.header.stamp, now_ns),
        step_seconds=step_seconds,
        received=counts.received,
        processed=counts.processed,
        dropped=counts.dropped,
    )


def latency(stamp: Any, now_ns: int) -> float:
    """Seconds since a stamp; -1 where it is zero or not of this clock."""
    since = stamp_ns(stamp)
    seconds = (now_ns - since) * 1e-9
    return seconds if since and 0.0 <= seconds <= LONGEST_LATENCY_S else -1.0


def init_result(answer: Answer) -> Any:
    """Make the InitResult of a region."""
    message = InitResult(
        id=answer.id,
        accepted=answer.started_at is not None,
        code=int(answer.code),
        reason=answer.reason,
        clipped=answer.clipped,
        started_at=answer.started_at if answer.started_at is not None else Time(),
    )
    if answer.header is not None:
        message.header = answer.header
    return message
