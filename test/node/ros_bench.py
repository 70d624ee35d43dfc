# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker node and a client beside it in one process, talking over real DDS."""

from collections import defaultdict
import itertools
import time

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from fake_tracker import FakeTracker
from geometry_msgs.msg import Vector3Stamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Detection2D, Detection2DArray, VisionInfo

from siam_tracker_ros.msg import InitResult, TrackerStatus
from siam_tracker_ros.node import qos
from siam_tracker_ros.node.codec import fill_image
from siam_tracker_ros.node.tracker import TrackerNode

CONFIGURE = Transition.TRANSITION_CONFIGURE
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE
CLEANUP = Transition.TRANSITION_CLEANUP
SHUTDOWN = {
    'unconfigured': Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
    'inactive': Transition.TRANSITION_INACTIVE_SHUTDOWN,
    'active': Transition.TRANSITION_ACTIVE_SHUTDOWN,
}

# Nodes of different tests never answer for each other, even while one is being destroyed.
NUMBERS = itertools.count()


def stamp(nanoseconds):
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def scene(x, y, size=20, width=160, height=120):
    """A dark image with a bright square whose left-top corner is at x, y."""
    pixels = np.full((height, width, 3), 30, np.uint8)
    pixels[y:y + size, x:x + size] = 250
    return pixels


def image_message(pixels, nanoseconds, frame_id='camera', encoding='bgr8'):
    message = fill_image(Image(), pixels, encoding)
    message.header.stamp = stamp(nanoseconds)
    message.header.frame_id = frame_id
    return message


def detection(cx, cy, w, h, nanoseconds=0, frame_id='', id='', class_id=None):
    message = Detection2D(id=id)
    message.header.stamp = stamp(nanoseconds)
    message.header.frame_id = frame_id
    message.bbox.center.position.x = float(cx)
    message.bbox.center.position.y = float(cy)
    message.bbox.size_x = float(w)
    message.bbox.size_y = float(h)
    if class_id is not None:
        from vision_msgs.msg import ObjectHypothesisWithPose

        message.results.append(ObjectHypothesisWithPose())
        message.results[0].hypothesis.class_id = class_id
    return message


class Bench:
    """The node under test and a client; both belong to one executor, spun by `until`."""

    def __init__(self, tracker=None, create=None, parameters=None):
        self.tracker = tracker or FakeTracker()
        self.creations = []
        name = f'siam_tracker_{next(NUMBERS)}'
        remap = ['--ros-args', '-r', f'image:={name}/image',
                 '-r', f'image/compressed:={name}/image/compressed',
                 '-r', f'camera_info:={name}/camera_info']
        # Whose settings the fake tracker has.
        given = {'tracker': 'siamfc', **(parameters or {})}
        overrides = [Parameter(key, value=value) for key, value in given.items()]
        self.node = TrackerNode(
            create_tracker=create or self._create, node_name=name, cli_args=remap,
            parameter_overrides=overrides,
        )
        self.client = Node(f'{name}_client', cli_args=remap)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.client)
        self.name = f'/{name}'
        self.received = defaultdict(list)
        self.topics = []
        self.clock = 10**18
        results = (
            (Detection2D, 'detection', qos.RESULTS),
            (Detection2DArray, 'detections', qos.RESULTS),
            (Vector3Stamped, 'bearing', qos.RESULTS),
            (TrackerStatus, 'status', qos.LATEST),
            (InitResult, 'init_result', qos.RESULTS),
            (VisionInfo, 'vision_info', qos.LATEST),
        )
        for kind, topic, profile in results:
            self.listen(kind, topic, profile)
        self.client.create_subscription(
            DiagnosticArray, '/diagnostics', self._take_diagnostics, qos.RESULTS
        )
        publisher = self.client.create_publisher
        self.images = publisher(Image, 'image', qos.RESULTS)
        self.compressed = publisher(CompressedImage, 'image/compressed', qos.RESULTS)
        self.camera_info = publisher(CameraInfo, 'camera_info', qos.RESULTS)
        self.init = publisher(Detection2D, f'{self.name}/init', qos.RESULTS)
        self.init_roi = publisher(RegionOfInterest, f'{self.name}/init_roi', qos.RESULTS)
        self.stop = publisher(String, f'{self.name}/stop', qos.RESULTS)
        client = self.client.create_client
        self.change_state = client(ChangeState, f'{self.name}/change_state')
        self.get_state = client(GetState, f'{self.name}/get_state')
        self.reset = client(Trigger, f'{self.name}/reset')
        self.freeze = client(SetBool, f'{self.name}/freeze')

    def _create(self, *arguments, **options):
        self.creations.append((arguments, options))
        return self.tracker

    def _take_diagnostics(self, message):
        for entry in message.status:
            if entry.name.startswith(f'{self.name}:'):
                self.received['diagnostics'].append(entry)

    def listen(self, kind, topic, profile):
        """Collect what the node publishes on one of its own topics."""
        self.topics.append(f'{self.name}/{topic}')
        return self.client.create_subscription(
            kind, f'{self.name}/{topic}', self.received[topic].append, profile
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.node.close()
        self.executor.shutdown()
        self.client.destroy_node()
        self.node.destroy_node()

    def diagnosed(self, condition):
        """Wait until the newest diagnostics fulfil a condition."""
        entries = self.received['diagnostics']
        self.until(lambda: entries and condition(entries[-1]))
        return entries[-1]

    def until(self, condition, seconds=10.0):
        """Spin until a condition holds; fail where it does not in time."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, 'the condition did not hold in time'
            self.executor.spin_once(timeout_sec=0.02)

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)

    def call(self, client, request):
        self.until(client.service_is_ready)
        future = client.call_async(request)
        self.until(future.done)
        return future.result()

    def transition(self, number):
        """Ask for a transition over its service; return whether it succeeded, and the state."""
        request = ChangeState.Request()
        request.transition.id = number
        success = self.call(self.change_state, request).success
        return success, self.state()

    def state(self):
        return self.call(self.get_state, GetState.Request()).current_state.label

    def activate(self):
        assert self.transition(CONFIGURE) == (True, 'inactive')
        assert self.transition(ACTIVATE) == (True, 'active')
        self.match()

    def match(self):
        """Wait until both sides know each other."""
        image = self.compressed if self.node.parameters.value('image_transport') == 'compressed' \
            else self.images
        for publisher in (image, self.init, self.init_roi, self.stop):
            self.until(lambda publisher=publisher: publisher.get_subscription_count() > 0)
        # Matched with best effort at first, where the node knew no publisher yet.
        self.until(lambda: self.node._images.reliability.name == 'RELIABLE'
                   or self.node.parameters.value('image_reliability') == 'best_effort')
        self.until(lambda: image.get_subscription_count() > 0)
        self.until(lambda: all(
            publisher.get_subscription_count() > 0
            for publisher in self.node.publishers if publisher.topic_name in self.topics
        ))
        self.rest(0.1)

    def tick(self, seconds=0.04):
        self.clock += int(seconds * 10**9)
        return self.clock

    def show(self, pixels, seconds=0.04, **options):
        """Publish an image and return the status about it."""
        message = image_message(pixels, self.tick(seconds), **options)
        return self.send(message)

    def send(self, message):
        before = len(self.received['status'])
        arrays = len(self.received['detections'])
        self.images.publish(message)
        self.until(lambda: len(self.received['status']) > before)
        self.until(lambda: len(self.received['detections']) > arrays)
        return self.received['status'][-1]

    def ask(self, publisher, message):
        """Publish a region and return its answer, which must not need an image."""
        before = len(self.received['init_result'])
        publisher.publish(message)
        self.until(lambda: len(self.received['init_result']) > before)
        return self.received['init_result'][-1]

    def offer(self, pixels, publisher, *regions):
        """Publish regions and then an image; return the last answer and the status."""
        before = len(self.received['init_result'])
        for region in regions:
            publisher.publish(region)
        # Nothing orders two topics: the image must not overtake the regions.
        self.rest(0.1)
        status = self.show(pixels)
        self.until(lambda: len(self.received['init_result']) == before + len(regions))
        return self.received['init_result'][-1], status

    def start(self, pixels, box, **options):
        """Start a target on an image and return the answer."""
        return self.offer(pixels, self.init, detection(*box, **options))[0]
