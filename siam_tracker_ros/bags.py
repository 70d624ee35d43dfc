# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""rosbag2 files (MCAP) of what a tracker saw and said, written without ROS.

They hold the topics that the node publishes, so that everything that reads the node's topics can
replay them. Positions are continuous pixels, as in the node's messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from .definitions import read_definitions
from .errors import UserError
from .images import Image, encode_jpeg
from .outputs import check_output_folder

if TYPE_CHECKING:
    from .trackers.base import Estimate

NODE = '/siam_tracker'
FRAME_ID = 'camera'
IMAGE_KINDS = ('jpeg', 'raw')


@dataclass
class _History:
    """What TargetStatus says about the frames before this one."""

    first_stamp: float
    frames: int = -1
    unseen: int = 0


class BagWriter:
    """A rosbag2 folder; a context manager that completes it.

    Parameters
    ----------
    path : Path or str
        Folder to make.
    tracker : str
        Registered name, for the status.
    images : {'jpeg', 'raw'}
        ``jpeg`` writes sensor_msgs/CompressedImage to ``/image/compressed``, ``raw`` writes
        sensor_msgs/Image to ``/image``, about twenty times as large and without loss.
    start : int, optional
        Unix time of stamp 0 in nanoseconds; now by default. A header's stamp 0 would mean
        "unknown".

    Raises
    ------
    UserError
        The folder exists, cannot be made, or the package ``rosbags`` is missing.
    """

    def __init__(
        self, path: Path | str, tracker: str, images: str = 'jpeg', start: int | None = None
    ) -> None:
        if images not in IMAGE_KINDS:
            raise UserError(
                f'bag images are {images!r}: expected one of {", ".join(IMAGE_KINDS)}'
            )
        self.path = check_output_folder(path, 'bag')
        self.tracker = tracker
        self.images = images
        self._start = time.time_ns() if start is None else start
        self._histories: dict[str, _History] = {}
        self._processed = 0
        self._open()

    def _open(self) -> None:
        try:
            from rosbags.rosbag2 import StoragePlugin, Writer
            from rosbags.typesys import Stores, get_types_from_msg, get_typestore
        except ImportError as error:
            raise UserError(
                f'a bag needs the package rosbags with MCAP ({error}): '
                "install it with `pip install 'rosbags>=0.10.11'`"
            ) from error
        self._store = get_typestore(Stores.ROS2_JAZZY)
        for package in ('vision_msgs', 'siam_tracker_ros'):
            types: dict[str, Any] = {}
            for name, text in read_definitions(package).items():
                types.update(get_types_from_msg(text, name))
            self._store.register({k: v for k, v in types.items() if k not in self._store.types})
        self._writer = Writer(self.path, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self._connections = {
            kind: self._writer.add_connection(topic, kind, typestore=self._store)
            for topic, kind in (
                ('/image', 'sensor_msgs/msg/Image')
                if self.images == 'raw'
                else ('/image/compressed', 'sensor_msgs/msg/CompressedImage'),
                (f'{NODE}/detections', 'vision_msgs/msg/Detection2DArray'),
                (f'{NODE}/status', 'siam_tracker_ros/msg/TrackerStatus'),
            )
        }

    def write(
        self,
        image: Image,
        stamp: float,
        estimates: Sequence[Estimate],
        labels: Sequence[str],
        step_seconds: float,
    ) -> None:
        """Append one frame with all that is known about it.

        Parameters
        ----------
        image : ndarray
            (H, W, 3) uint8, BGR.
        stamp : float
            Seconds since `start`.
        estimates : sequence of Estimate
        labels : sequence of str
            Id of each estimate's target, the same in every frame; the first frame of an id is the
            one on which its tracking started.
        step_seconds : float
            Time that the tracker took.
        """
        nanoseconds = self._start + round(stamp * 1e9)
        header = self._message(
            'std_msgs/msg/Header',
            stamp=self._time(nanoseconds),
            frame_id=FRAME_ID,
        )
        self._processed += 1
        for label in labels:
            history = self._histories.setdefault(label, _History(stamp))
            history.frames += 1
        self._append(nanoseconds, self._image(header, image))
        pairs = list(zip(estimates, labels))
        detections = self._message(
            'vision_msgs/msg/Detection2DArray',
            header=header,
            detections=[
                self._detection(header, estimate, label)
                for estimate, label in pairs
                if self._is_found(estimate, label)
            ],
        )
        self._append(nanoseconds, detections)
        status = self._message(
            'siam_tracker_ros/msg/TrackerStatus',
            header=header,
            tracker=self.tracker,
            targets=[self._target(e, label, stamp) for e, label in pairs],
            # There is no clock to compare the stamp with.
            latency_seconds=-1.0,
            step_seconds=step_seconds,
            received=self._processed,
            processed=self._processed,
            dropped=0,
        )
        self._append(nanoseconds, status)

    def close(self) -> None:
        """Complete the bag."""
        self._writer.close()

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _is_found(self, estimate: Estimate, label: str) -> bool:
        """Whether the target was looked for in this frame and found: only then it is detected."""
        return self._histories[label].frames > 0 and estimate.state.value == 'tracking'

    def _image(self, header: Any, image: Image) -> Any:
        if self.images == 'jpeg':
            return self._message(
                'sensor_msgs/msg/CompressedImage',
                header=header,
                format='bgr8; jpeg compressed bgr8',
                data=np.frombuffer(encode_jpeg(image), np.uint8),
            )
        return self._message(
            'sensor_msgs/msg/Image',
            header=header,
            height=image.shape[0],
            width=image.shape[1],
            encoding='bgr8',
            is_bigendian=0,
            step=image.shape[1] * 3,
            data=np.ascontiguousarray(image).reshape(-1),
        )

    def _detection(self, header: Any, estimate: Estimate, label: str) -> Any:
        box = estimate.box
        zero = self._message('geometry_msgs/msg/Point', x=0.0, y=0.0, z=0.0)
        upright = self._message('geometry_msgs/msg/Quaternion', x=0.0, y=0.0, z=0.0, w=1.0)
        pose = self._message('geometry_msgs/msg/Pose', position=zero, orientation=upright)
        result = self._message(
            'vision_msgs/msg/ObjectHypothesisWithPose',
            hypothesis=self._message(
                'vision_msgs/msg/ObjectHypothesis', class_id='', score=estimate.score
            ),
            pose=self._message(
                'geometry_msgs/msg/PoseWithCovariance', pose=pose, covariance=np.zeros(36)
            ),
        )
        centre = self._message(
            'vision_msgs/msg/Pose2D',
            position=self._message('vision_msgs/msg/Point2D', x=box.cx, y=box.cy),
            theta=0.0,
        )
        return self._message(
            'vision_msgs/msg/Detection2D',
            header=header,
            results=[result],
            bbox=self._message(
                'vision_msgs/msg/BoundingBox2D', center=centre, size_x=box.w, size_y=box.h
            ),
            id=label,
        )

    def _target(self, estimate: Estimate, label: str, stamp: float) -> Any:
        kind = 'siam_tracker_ros/msg/TargetStatus'
        constants = self._store.types[kind]
        history = self._histories[label]
        states = {
            'tracking': constants.TRACKED,
            'uncertain': constants.UNCERTAIN,
            'lost': constants.LOST,
        }
        state = constants.NEW if history.frames == 0 else states[estimate.state.value]
        seen = estimate.state.value == 'tracking'
        history.unseen = 0 if seen else history.unseen + 1
        box, response = estimate.box, estimate.response
        window = None if response is None else response.window
        return self._message(
            kind,
            id=label,
            class_id='',
            state=state,
            center_x=box.cx,
            center_y=box.cy,
            size_x=box.w,
            size_y=box.h,
            score=estimate.score,
            similarity=estimate.similarity,
            has_classification=estimate.classification is not None,
            classification=estimate.classification or 0.0,
            age_seconds=stamp - history.first_stamp,
            frames_since_accepted=history.frames,
            frames_since_seen=history.unseen,
            model_updated=estimate.updated,
            update_reason=estimate.update_reason,
            score_map_center_x=0.0 if window is None else window.cx,
            score_map_center_y=0.0 if window is None else window.cy,
            score_map_size_x=0.0 if window is None else window.side,
            score_map_size_y=0.0 if window is None else window.side,
        )

    def _time(self, nanoseconds: int) -> Any:
        seconds, rest = divmod(nanoseconds, 1_000_000_000)
        return self._message('builtin_interfaces/msg/Time', sec=seconds, nanosec=rest)

    def _message(self, kind: str, **fields: Any) -> Any:
        return self._store.types[kind](**fields)

    def _append(self, nanoseconds: int, message: Any) -> None:
        kind = message.__msgtype__
        data = self._store.serialize_cdr(message, kind)
        self._writer.write(self._connections[kind], nanoseconds, data)
