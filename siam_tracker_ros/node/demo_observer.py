# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo's own node: drives the lifecycle, sends the box, and keeps what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lifecycle_msgs.msg import State, Transition
import numpy as np
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image as ImageMessage
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2D, Detection2DArray

from siam_tracker_ros.msg import InitResult, TargetStatus, TrackerStatus

from ..errors import UserError
from ..geometry import Box
from ..images import Image
from .companion import Companion, accompanied
from .demo_processes import Child
from .demo_report import NEW, TRACKING, Record
from .lifecycle_client import LifecycleClient
from .qos import RESULTS
from .roi import stamp_ns, to_detection

STATES = {
    TargetStatus.NEW: NEW,
    TargetStatus.TRACKED: TRACKING,
    TargetStatus.UNCERTAIN: 'uncertain',
    TargetStatus.LOST: 'lost',
}
NO_TARGET = 'none'
NO_IMAGE_LEFT = 'no image is left'
"""What the source answers at the end of its clip."""


class Observer(Companion):
    """A node beside the tracker that does what a robot's software would do.

    Parameters
    ----------
    tracker, source : str
        Names of the two other nodes.
    on_overlay : callable or None
        Takes each debug image: (H, W, 3) uint8, BGR. None: they are not asked for.
    children : sequence of Child
        Processes that must not end meanwhile; the tracker's is the first.

    Attributes
    ----------
    stamps : list of int
        Of the frames that the source published, nanoseconds.
    arrivals : dict
        Seconds from the stamp to the arrival of the detections, by stamp.
    statuses : dict
        TrackerStatus by stamp.
    overlays : set of int
        Stamps of the debug images that arrived.
    children : list of Child
    """

    def __init__(
        self,
        tracker: str,
        source: str,
        on_overlay: Callable[[Image], None] | None,
        children: Sequence[Child],
    ) -> None:
        super().__init__('siam_tracker_demo', children)
        self.tracker = tracker
        self.arrivals: dict[int, float] = {}
        self.statuses: dict[int, Any] = {}
        self.answers: list[Any] = []
        self.overlays: set[int] = set()
        self.stamps: list[int] = []
        self._on_overlay = on_overlay
        for kind, topic, callback in (
            (Detection2DArray, 'detections', self._detections),
            (TrackerStatus, 'status', self._status),
            (InitResult, 'init_result', self._answer),
            (ImageMessage, 'debug/overlay', self._overlay if on_overlay is not None else None),
        ):
            if callback is not None:
                self.create_subscription(kind, f'{tracker}/{topic}', callback, RESULTS)
        self._init = self.create_publisher(Detection2D, f'{tracker}/init', RESULTS)
        self._lifecycle = LifecycleClient(self, tracker, self.wait)
        self._step = self.create_client(Trigger, f'{source}/step')

    def _image(self, message: Any) -> None:
        self.stamps.append(stamp_ns(message.header.stamp))

    def _detections(self, message: Any) -> None:
        now = self.get_clock().now().nanoseconds
        stamp = stamp_ns(message.header.stamp)
        self.arrivals[stamp] = (now - stamp) / 1e9

    def _status(self, message: Any) -> None:
        self.statuses[stamp_ns(message.header.stamp)] = message

    def _answer(self, message: Any) -> None:
        self.answers.append(message)

    def _overlay(self, message: Any) -> None:
        pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
        image = pixels[:, : 3 * message.width].reshape(message.height, message.width, 3)
        self.overlays.add(stamp_ns(message.header.stamp))
        if self._on_overlay is not None:
            self._on_overlay(image.copy())

    def forget(self) -> None:
        """Drop what has come so far: of a demo without end, nobody wants it all."""
        for kept in (self.arrivals, self.statuses, self.answers, self.overlays, self.stamps):
            kept.clear()

    def wait_for_source(self, seconds: float) -> None:
        """Wait until the source is there: the tracker looks for the reliability that it offers."""
        self.wait(
            lambda: self.count_publishers('/image') > 0, seconds, 'the start of the video source'
        )

    def watch_images(self) -> None:
        """Begin to see the frames themselves; a source at camera rate waits for this."""
        self.create_subscription(ImageMessage, '/image', self._image, RESULTS)

    def activate(self, seconds: float) -> None:
        """Configure and activate the tracker node.

        Raises
        ------
        UserError
            It refuses; its log has the reason.
        """
        for transition, goal, name in (
            (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE, 'configure'),
            (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE, 'activate'),
        ):
            if not self._lifecycle.change(transition, goal, seconds, f'{name} of the tracker'):
                reason = self.children[0].last_error()
                raise UserError(f'the tracker node refused to {name}: {reason}')

    def wait_until_connected(self, seconds: float) -> None:
        """Wait until the tracker takes the images as reliably as the source offers them.

        Where it did not see the source when it was configured, it subscribes again a little later,
        and what is published in between is lost.
        """
        self.wait(self._is_connected, seconds, 'a reliable subscription of the tracker to /image')
        # The subscriptions are known; that their ends have found each other is not.
        self.rest(0.5)

    def _is_connected(self) -> bool:
        infos = self.get_subscriptions_info_by_topic('/image')
        name = self.tracker.lstrip('/')
        mine = [info.qos_profile.reliability for info in infos if info.node_name == name]
        return bool(mine) and all(policy == ReliabilityPolicy.RELIABLE for policy in mine)

    def send_box(self, box: Box, seconds: float) -> None:
        """Send the region of interest, without a stamp: it is taken on the next image."""
        self.wait(
            lambda: self._init.get_subscription_count() > 0,
            seconds,
            f'a subscription of {self.tracker}/init',
        )
        self._init.publish(to_detection(box, 'target'))
        # The image takes another way and must not overtake the box. DDS' own acknowledgement is
        # no help: it comes with a heartbeat after 3 s, and the node waits for the image 1 s.
        self.rest(0.3)

    def check_answer(self, seconds: float) -> None:
        """Wait for the answer to the box.

        Raises
        ------
        UserError
            It was refused.
        """
        self.wait(lambda: bool(self.answers), seconds, 'an answer to the box')
        answer = self.answers[0]
        if not answer.accepted:
            raise UserError(f'the node refused the box: {answer.reason}')
        if stamp_ns(answer.started_at) != self.stamps[0]:
            raise UserError(
                'the box was taken on another frame than the first, because this machine is very '
                'busy: run the demo again'
            )

    def step(self, seconds: float) -> bool:
        """Let the source publish its next frame, and wait for all about it; False at the end.

        Raises
        ------
        UserError
            The source cannot read the frame, or something about it does not arrive.
        """
        frame = len(self.stamps)
        self.wait(self._step.service_is_ready, seconds, f'the start of {self._step.srv_name}')
        response = self._step.call_async(Trigger.Request())
        # The frame itself is an answer, too. The service's own may be lost, as in
        # `lifecycle_client`; to ask again would leave a frame out.
        self.wait(
            lambda: response.done() or len(self.stamps) > frame, seconds, f'frame {frame}'
        )
        if not response.done():
            self._step.remove_pending_request(response)
        elif not response.result().success:
            if response.result().message != NO_IMAGE_LEFT:
                raise UserError(response.result().message)
            return False
        self.wait(
            lambda: self._is_complete(frame), seconds, f'an answer of the tracker to frame {frame}'
        )
        return True

    def _is_complete(self, frame: int) -> bool:
        parts = (self.arrivals, self.statuses, self.overlays)
        return len(self.stamps) > frame and all(self.stamps[frame] in part for part in parts)

    def records(self) -> list[Record]:
        """Return one record per answered frame, in the order of the clip."""
        result = []
        for frame, stamp in enumerate(self.stamps):
            if stamp not in self.arrivals:
                continue
            status = self.statuses.get(stamp)
            box, score, state = None, 0.0, NO_TARGET
            for target in status.targets if status is not None else ():
                # A target that was removed has no state of interest any more.
                if target.state in STATES:
                    box = Box(target.center_x, target.center_y, target.size_x, target.size_y)
                    score, state = target.score, STATES[target.state]
            result.append(Record(frame, stamp / 1e9, box, score, state, self.arrivals[stamp]))
        return result


@contextmanager
def observing(
    tracker: str,
    source: str,
    on_overlay: Callable[[Image], None] | None,
    children: Sequence[Child],
) -> Iterator[Observer]:
    """Make an `Observer` in a ROS context of its own, and end both."""
    with accompanied(lambda: Observer(tracker, source, on_overlay, children)) as observer:
        yield observer
