# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages built here are those that other nodes know: same hashes, same bytes.

The other side is ``rosbags``, which computes hashes and CDR in pure Python and shares no code with
ROS. The official vision_msgs are written down below by the names and types of their fields.
"""

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('vision_msgs.msg', reason='needs vision_msgs')
pytest.importorskip('siam_tracker_ros.msg', reason='the messages are not built')

import rclpy
import rclpy.context
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
import vision_msgs.msg

import siam_tracker_ros.msg

pytestmark = pytest.mark.ros

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = {
    'Point2D': 'float64 x\nfloat64 y',
    'Pose2D': 'Point2D position\nfloat64 theta',
    'BoundingBox2D': 'Pose2D center\nfloat64 size_x\nfloat64 size_y',
    'ObjectHypothesis': 'string class_id\nfloat64 score',
    'ObjectHypothesisWithPose':
        'ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose',
    'Detection2D': 'std_msgs/Header header\nObjectHypothesisWithPose[] results\n'
                   'BoundingBox2D bbox\nstring id',
    'Detection2DArray': 'std_msgs/Header header\nDetection2D[] detections',
    'VisionInfo': 'std_msgs/Header header\nstring method\nstring database_location\n'
                  'int32 database_version',
}
OWN = ('InitResult', 'TargetStatus', 'TrackerStatus')
# Of the official release 4.1.1.
DETECTION_2D = 'RIHS01_0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea'


@pytest.fixture(scope='module')
def typestore():
    store = get_typestore(Stores.ROS2_JAZZY)
    definitions = {f'vision_msgs/msg/{name}': text for name, text in OFFICIAL.items()}
    definitions |= {f'siam_tracker_ros/msg/{name}': (ROOT / f'msg/{name}.msg').read_text()
                    for name in OWN}
    for name, text in definitions.items():
        store.register({key: value for key, value in get_types_from_msg(text, name).items()
                        if key not in store.types})
    return store


@pytest.fixture(scope='module')
def node():
    context = rclpy.context.Context()
    rclpy.init(context=context, domain_id=98)
    node = rclpy.create_node('hashes', context=context, start_parameter_services=False,
                             enable_rosout=False)
    yield node
    node.destroy_node()
    context.shutdown()


def hash_on_the_wire(node, message_type):
    """The type hash that a publisher announces to other nodes."""
    publisher = node.create_publisher(message_type, 'announced', 1)
    try:
        (info,) = node.get_publishers_info_by_topic('announced')
    finally:
        node.destroy_publisher(publisher)
    if not hasattr(info, 'topic_type_hash'):
        pytest.skip('this ROS 2 is older than type hashes')
    return str(info.topic_type_hash)


def test_the_known_official_hash(node, typestore):
    assert hash_on_the_wire(node, vision_msgs.msg.Detection2D) == DETECTION_2D
    assert typestore.hash_rihs01('vision_msgs/msg/Detection2D') == DETECTION_2D


@pytest.mark.parametrize('name', OFFICIAL)
def test_hash_is_the_official_one(node, typestore, name):
    found = hash_on_the_wire(node, getattr(vision_msgs.msg, name))
    assert found == typestore.hash_rihs01(f'vision_msgs/msg/{name}')


@pytest.mark.parametrize('name', OWN)
def test_hash_of_our_own_messages(node, typestore, name):
    found = hash_on_the_wire(node, getattr(siam_tracker_ros.msg, name))
    assert found == typestore.hash_rihs01(f'siam_tracker_ros/msg/{name}')


def detection():
    message = vision_msgs.msg.Detection2D(id='7')
    message.header.stamp.sec = 12
    message.header.stamp.nanosec = 34
    message.header.frame_id = 'camera_optical_frame'
    message.bbox.center.position.x = 320.25
    message.bbox.center.position.y = 240.75
    message.bbox.center.theta = 0.125
    message.bbox.size_x = 64.5
    message.bbox.size_y = 48.0
    result = vision_msgs.msg.ObjectHypothesisWithPose()
    result.hypothesis.class_id = 'person'
    result.hypothesis.score = 0.875
    result.pose.pose.orientation.w = 1.0
    message.results = [result]
    return message


def test_detection_round_trip():
    message = detection()
    assert deserialize_message(serialize_message(message), vision_msgs.msg.Detection2D) == message


def test_detection_is_read_by_another_implementation(typestore):
    read = typestore.deserialize_cdr(serialize_message(detection()), 'vision_msgs/msg/Detection2D')
    assert (read.header.stamp.sec, read.header.stamp.nanosec) == (12, 34)
    assert read.header.frame_id == 'camera_optical_frame'
    centre = read.bbox.center
    assert (centre.position.x, centre.position.y, centre.theta) == (320.25, 240.75, 0.125)
    assert (read.bbox.size_x, read.bbox.size_y, read.id) == (64.5, 48.0, '7')
    (result,) = read.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ('person', 0.875)


def test_detection_of_another_implementation_is_read(typestore):
    message = detection()
    name = 'vision_msgs/msg/Detection2D'
    other = typestore.deserialize_cdr(serialize_message(message), name)
    written = bytes(typestore.serialize_cdr(other, name))
    assert deserialize_message(written, vision_msgs.msg.Detection2D) == message
