# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tracker as a lifecycle node: topics and services around the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
import gc
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
import torch
from vision_msgs.msg import Detection2D

from .. import trackers
from ..errors import UserError
from ..images import require_cv2
from ..kept import forget
from ..memory import give_back
from ..online.monitor import ScoreSettings
from ..settings import Settings
from ..trackers import Tracker
from . import diagnostics, qos
from .activity import Activity
from .bearing import Bearings
from .bond import Bond
from .codec import decode_image
from .compressed import decode_compressed
from .exchange import Answer, Change, Command, Stop
from .frame_buffer import Extent
from .image_rules import MalformedImage, check_image, check_stamp
from .lifecycle import GuardedLifecycleNode
from .parameters import Parameters, full_name
from .publishers import Publishers
from .roi import Refusal, RoiRequest, from_detection, from_region
from .settings import DebugSettings, NodeSettings
from .statistics import Counts
from .upload import retried
from .warmup import refuse_poor_device, warm_up

NAME = 'siam_tracker'
JOIN_SECONDS = 1.0
"""The image at work may take this long after deactivation; the process must end within 2 s."""

DEBUG = 'debug'
LEARNING = 'learning'
"""Setting of the trackers that learn while they track."""


def give_back_all() -> None:
    """Give back all memory of a tracker that nobody holds any more."""
    forget()
    gc.collect()
    torch.cuda.empty_cache()
    give_back()


class TrackerNode(GuardedLifecycleNode):
    """Follows targets in a camera's images; see the interface's page for topics and parameters.

    Parameters
    ----------
    create_tracker : callable
        Makes the tracker from name, weights, device, precision, overrides and backend, as
        `trackers.create` does.
    loading : callable
        Makes what is entered while a tracker is loaded and warmed up.
    **kwargs
        For rclpy's LifecycleNode.

    Attributes
    ----------
    must_end : bool
        Whether the process should end, as the parameter ``exit_on_gpu_fault`` wants.

    Raises
    ------
    UserError
        A parameter from a file or the command line is wrong.
    """

    def __init__(
        self,
        create_tracker: Callable[..., Tracker] = trackers.create,
        loading: Callable[[], AbstractContextManager[None]] = nullcontext,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault('node_name', NAME)
        super().__init__(automatically_declare_parameters_from_overrides=True, **kwargs)
        self._create_tracker = create_tracker
        self._loading = loading
        self._tracker: Tracker | None = None
        self._step_seconds = 0.0
        # What undoes `configure`.
        self._made = ExitStack()
        self._outputs: Publishers | None = None
        self._images: qos.ImageSubscription | None = None
        self._calibration: qos.ImageSubscription | None = None
        self._bearings = Bearings(rectified=False)
        self._bond: Bond | None = None
        self._activity: Activity | None = None
        self.must_end = False
        self._health = diagnostics.Health()
        try:
            self.parameters = Parameters(
                self,
                {
                    '': NodeSettings,
                    DEBUG: DebugSettings,
                    **{name: trackers.settings_class(name) for name in trackers.names()},
                },
                read_only=('autostart',),
                is_configured=lambda: self._tracker is not None,
                changed=self._change,
            )
            self._settings = self._node_settings()
            self._diagnostics = self.create_publisher(
                DiagnosticArray, '/diagnostics', qos.RESULTS
            )
            # Steady: a paused simulation must not stop the diagnostics.
            self.create_timer(
                diagnostics.PERIOD_S,
                self.guarded(self._look_after),
                clock=Clock(clock_type=ClockType.STEADY_TIME),
            )
            # A transition belongs to the executor's thread; the worker can only ask for it.
            self._gave_up = self.create_guard_condition(self.guarded(self._give_up))
        except BaseException:
            self.destroy_node()
            raise

    def _node_settings(self) -> NodeSettings:
        table = self.parameters.table('')
        assert isinstance(table, NodeSettings)
        return table

    def _tracker_table(self) -> str:
        """Prefix of the tracker's parameters; its presets share them."""
        return self._settings.tracker.split('/')[0]

    def _state_label(self) -> str:
        if self._activity is not None:
            return 'active'
        return 'inactive' if self._tracker is not None else 'unconfigured'

    # Transitions

    def configure(self) -> None:
        """Load and warm up the tracker, create publishers, subscriptions and services."""
        made = self._made
        made.callback(give_back_all)
        settings = self._settings = self._node_settings()
        debug_settings = self.parameters.table(DEBUG)
        assert isinstance(debug_settings, DebugSettings)
        compressed = settings.image_transport == 'compressed'
        if compressed:
            # Raw images need it for few encodings only.
            require_cv2()
        table = self._tracker_table()
        with self._loading(), refuse_poor_device(settings.device):
            tracker = self._create_tracker(
                settings.tracker,
                weights=settings.weights,
                device=settings.device,
                precision=settings.precision,
                overrides=self.parameters.explicit(table),
                backend=settings.backend,
            )
            self._step_seconds = warm_up(tracker)
        self.parameters.show(table, tracker.settings)
        self._tracker = tracker
        self._health = diagnostics.Health()
        if settings.bond:
            self._bond = Bond(self, self.guarded)
            made.callback(self._bond.close)
        self._bearings = Bearings(settings.image_rectified)
        self._outputs = Publishers(
            self, settings.tracker, settings.weights, tracker.parts, debug_settings,
            self._bearings, self._health, self._gave_up.trigger,
        )
        made.callback(self._outputs.close)
        self._images = qos.ImageSubscription(
            self,
            CompressedImage if compressed else Image,
            'image/compressed' if compressed else 'image',
            settings.image_reliability,
            self.guarded(self._take_image),
        )
        made.callback(self._images.close)
        self._calibration = qos.ImageSubscription(
            # The setting is about images: drivers may offer another reliability for this topic.
            self, CameraInfo, 'camera_info', 'auto', self.guarded(self._bearings.take),
        )
        made.callback(self._calibration.close)
        for kind, topic, callback in (
            (Detection2D, '~/init', self._take_detection),
            (RegionOfInterest, '~/init_roi', self._take_region),
            (String, '~/stop', self._take_stop),
        ):
            subscription = self.create_subscription(
                kind, topic, self.guarded(callback), qos.RESULTS
            )
            made.callback(self.destroy_subscription, subscription)
        for kind, name, answer in (
            (Trigger, '~/reset', self._reset),
            (SetBool, '~/freeze', self._freeze),
        ):
            service = self.create_service(kind, name, self.answering(answer))
            made.callback(self.destroy_service, service)
        self.get_logger().info(
            f'{settings.tracker} runs on {tracker.device}, images come from {self._images.name}'
        )

    def activate(self) -> None:
        """Start the worker with an empty mailbox and no targets."""
        assert self._tracker is not None
        assert self._outputs is not None
        self._outputs.renew_counters()
        self._health.restart()
        self._activity = Activity(
            self._tracker, self._settings, self._decode, self._outputs, self._step_seconds
        )
        if self._bond is not None:
            self._bond.form()
        self.get_logger().info('active: waiting for a region of interest on ~/init or ~/init_roi')

    def deactivate(self) -> None:
        """Stop accepting, wait for the worker; its targets go with it, the weights stay."""
        activity, self._activity = self._activity, None
        if self._bond is not None:
            # Logged where it fails: the node is inactive all the same.
            self._done('sever the bond', self._bond.sever)
        if activity is not None and not activity.worker.stop(JOIN_SECONDS):
            raise UserError(
                f'the image at work was not done within {JOIN_SECONDS} s and is left to itself: '
                'choose a quicker tracker, or smaller images'
            )

    def release(self) -> None:
        """Destroy what `configure` made; no tensor stays."""
        made, self._made = self._made, ExitStack()
        self._images = self._calibration = self._outputs = self._bond = self._tracker = None
        # All of it, even where something cannot be destroyed.
        made.close()

    def close(self) -> None:
        """Stop and release, whatever the state."""
        try:
            self.trigger_shutdown()
        except Exception:
            # Finalized already, or a signal came in the middle of a transition.
            self.get_logger().debug('no shutdown transition from here')
        self._done('stop', self.deactivate)
        self._done('release', self.release)

    # Inputs: the executor's thread

    def _take_image(self, message: Any) -> None:
        activity, publishers = self._activity, self._outputs
        if activity is None or publishers is None:
            return
        arrival = time.monotonic()
        self._health.arrivals.add(arrival)
        try:
            # Here already, so that a bad image never takes a good one's place.
            if self._settings.image_transport == 'raw':
                check_image(message, self._settings.max_image_pixels)
            else:
                check_stamp(message.header.stamp)
        except MalformedImage as error:
            publishers.counters.refused(error.code)
            publishers.malformed(error)
            return
        activity.take(message, arrival)

    def _take_detection(self, message: Any) -> None:
        self._request(from_detection(message, time.monotonic()))

    def _take_region(self, message: Any) -> None:
        self._request(from_region(message, time.monotonic()))

    def _request(self, request: RoiRequest) -> None:
        if not self._command(request) and self._outputs is not None:
            self._outputs.answer(
                Answer(
                    request.header,
                    request.id,
                    Refusal.INACTIVE,
                    'the node is not active: activate it first',
                )
            )

    def _take_stop(self, message: Any) -> None:
        self._command(Stop(message.data))

    def _reset(self, request: Any, response: Any) -> Any:
        response.success = self._command(Stop())
        response.message = (
            'all targets are dropped' if response.success else 'the node is not active'
        )
        return response

    def _freeze(self, request: Any, response: Any) -> Any:
        tracker, prefix = self._settings.tracker, self._tracker_table()
        table, name = self.parameters.table(prefix), full_name(prefix, LEARNING)
        if not (isinstance(table, ScoreSettings) and table.learns):
            response.success = bool(request.data)
            response.message = (
                f'tracker {tracker} does not learn while it tracks: its model never changes'
            )
            return response
        # The parameter tells what is in effect, and may be set instead.
        [result] = self.set_parameters([Parameter(name, value=not request.data)])
        response.success = result.successful
        response.message = result.reason or (
            f'tracker {tracker} keeps its models as they are ({name}: false)'
            if request.data
            else f'tracker {tracker} learns while it tracks ({name}: true)'
        )
        return response

    def _command(self, command: Command) -> bool:
        activity = self._activity
        return activity is not None and activity.mailbox.command(command)

    def _change(self, tables: Mapping[str, Settings]) -> None:
        """Take over parameters that are about to change."""
        table = tables.get(self._tracker_table())
        if self._tracker is not None and table is not None:
            # First, because it may fail.
            self._tracker = self._tracker.with_settings(table)
        new = tables.get('')
        if isinstance(new, NodeSettings):
            self._settings = new
            if self._activity is not None:
                self._activity.buffer.limit(new.frame_buffer_seconds, new.frame_buffer_megabytes)
        debug_settings = tables.get(DEBUG)
        if isinstance(debug_settings, DebugSettings) and self._outputs is not None:
            self._outputs.debug_settings = debug_settings
        if self._tracker is not None:
            self._command(Change(self._settings, self._tracker))

    # The worker's thread

    def _decode(self, message: Any) -> NDArray[np.uint8]:
        raw = self._settings.image_transport == 'raw'
        decode = decode_image if raw else decode_compressed
        return retried(lambda: decode(message, self._settings.max_image_pixels))

    # Housekeeping: the executor's thread

    def _give_up(self) -> None:
        # Asked for by the worker and by the timer: the later one may find the node active anew.
        if self._activity is not None and self._health.fault:
            self.trigger_deactivate()
        self.must_end = self._health.needs_restart and self._settings.exit_on_gpu_fault

    def _look_after(self) -> None:
        """Follow the camera's quality of service, and say how things are."""
        for source in (self._images, self._calibration):
            if source is not None:
                source.refresh()
        if self._activity is not None and not self._activity.worker.is_alive():
            # An exception in the report of another one.
            if not self._health.fault:
                self._health.give_up('the thread that tracks has ended: activate again')
            self._give_up()
        now = time.monotonic()
        counts = self._outputs.counters.snapshot() if self._outputs is not None else Counts()
        activity = self._activity
        level, text = self._health.judge(
            activity.since if activity is not None else None, counts, now
        )
        extent = activity.buffer.extent() if activity is not None else Extent()
        values = self._health.values(counts, extent, now)
        values['state'] = self._state_label()
        values['tracker'] = self._settings.tracker
        values['GPU memory'] = diagnostics.gpu_memory(
            self._tracker.device if self._tracker is not None else None
        )
        if self._images is not None:
            values['bearing'] = self._bearings.state
            offered = self._images.offered
            values['image publishers'] = str(len(offered))
            values['image reliability'] = self._images.reliability.name.lower()
            if activity is not None and not offered and level != DiagnosticStatus.ERROR:
                text += f'; nobody publishes {self._images.name}'
        entry = diagnostics.entry(
            f'{self.get_fully_qualified_name()}: tracker', self._settings.device, level, text,
            values
        )
        stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(diagnostics.message(stamp, [entry]))
