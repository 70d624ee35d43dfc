# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import sys

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
import torch

from siam_tracker_ros.bags import BagWriter
from siam_tracker_ros.definitions import read_definitions
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box, SearchWindow
from siam_tracker_ros.images import decode_image
from siam_tracker_ros.trackers import Estimate, Response, State

# Hash of the official vision_msgs/msg/Detection2D 4.1.1, which ours must equal to interoperate.
DETECTION2D = 'RIHS01_0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea'
START = 1_700_000_000_250_000_000
STATES = (State.TRACKING, State.TRACKING, State.UNCERTAIN, State.LOST, State.TRACKING)


def estimate(index, state):
    response = Response(torch.zeros(3, 3), SearchWindow(50.0, 40.0, 90.0)) if index else None
    return Estimate(
        Box(30.0 + index, 20.0, 10.0, 8.0), 0.75, 1.5, None, state, False, 'no model', response
    )


def picture(index):
    return np.full((48, 64, 3), (index * 40, 100, 50), np.uint8)


@pytest.fixture(scope='module', params=['jpeg', 'raw'])
def bag(request, tmp_path_factory):
    path = tmp_path_factory.mktemp('bags') / 'bag'
    with BagWriter(path, 'siamfc', request.param, START) as writer:
        for index, state in enumerate(STATES):
            writer.write(picture(index), index / 10, [estimate(index, state)], ['7'], 0.02)
    topics = {}
    with AnyReader([path]) as reader:
        digests = {c.msgtype: c.digest for c in reader.connections}
        # What the bag holds must describe itself: a viewer has no definitions of ours.
        for connection, time, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            topics.setdefault(connection.topic, []).append((time, message))
    return request.param, topics, digests


def test_every_topic_has_a_message_per_frame_with_the_image_header(bag):
    kind, topics, _ = bag
    image_topic = '/image' if kind == 'raw' else '/image/compressed'
    assert set(topics) == {image_topic, '/siam_tracker/detections', '/siam_tracker/status'}
    for messages in topics.values():
        assert len(messages) == len(STATES)
        for index, (time, message) in enumerate(messages):
            stamp = message.header.stamp
            assert stamp.sec * 10**9 + stamp.nanosec == time
            assert time == START + index * 10**8
            assert message.header.frame_id == 'camera'


def test_images_come_back(bag):
    kind, topics, _ = bag
    if kind == 'raw':
        for index, (_, message) in enumerate(topics['/image']):
            assert (message.width, message.height, message.step) == (64, 48, 192)
            assert message.encoding == 'bgr8'
            np.testing.assert_array_equal(message.data.reshape(48, 64, 3), picture(index))
    else:
        for index, (_, message) in enumerate(topics['/image/compressed']):
            assert 'jpeg' in message.format
            decoded = decode_image(message.data, 'image')
            assert np.abs(decoded.astype(int) - picture(index)).max() <= 4


def test_only_tracked_targets_are_detected(bag):
    _, topics, _ = bag
    found = [message.detections for _, message in topics['/siam_tracker/detections']]
    assert [len(detections) for detections in found] == [0, 1, 0, 0, 1]
    detection = found[4][0]
    assert detection.id == '7'
    assert (detection.bbox.center.position.x, detection.bbox.center.position.y) == (34.0, 20.0)
    assert (detection.bbox.size_x, detection.bbox.size_y) == (10.0, 8.0)
    assert detection.results[0].hypothesis.score == 0.75


def test_status_counts_and_names_states(bag):
    _, topics, _ = bag
    status = [message for _, message in topics['/siam_tracker/status']]
    targets = [message.targets[0] for message in status]
    constants = targets[0]
    assert [t.state for t in targets] == [
        constants.NEW, constants.TRACKED, constants.UNCERTAIN, constants.LOST, constants.TRACKED
    ]  # fmt: skip
    assert [t.frames_since_accepted for t in targets] == [0, 1, 2, 3, 4]
    assert [t.frames_since_seen for t in targets] == [0, 0, 1, 2, 0]
    np.testing.assert_allclose([t.age_seconds for t in targets], np.arange(5) / 10)
    assert [m.processed for m in status] == [1, 2, 3, 4, 5]
    assert status[0].tracker == 'siamfc'
    assert status[0].step_seconds == 0.02
    assert (targets[0].score_map_size_x, targets[1].score_map_size_x) == (0.0, 90.0)
    assert targets[1].score_map_center_x == 50.0
    assert not targets[1].has_classification


def test_detection_array_has_the_official_hash(bag, tmp_path):
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    types = {}
    for name, text in read_definitions('vision_msgs').items():
        types.update(get_types_from_msg(text, name))
    store.register(types)
    assert store.hash_rihs01('vision_msgs/msg/Detection2D') == DETECTION2D
    digest = store.hash_rihs01('vision_msgs/msg/Detection2DArray')
    assert bag[2]['vision_msgs/msg/Detection2DArray'] == digest


def test_bag_is_complete_after_an_error(tmp_path):
    def record():
        with BagWriter(tmp_path / 'bag', 'siamfc') as writer:
            writer.write(picture(0), 0.0, [estimate(0, State.TRACKING)], ['1'], 0.01)
            raise RuntimeError('the camera fell')

    with pytest.raises(RuntimeError, match='the camera fell'):
        record()
    with AnyReader([tmp_path / 'bag']) as reader:
        assert reader.message_count == 3


def test_existing_folder_and_unknown_image_kind_are_refused(tmp_path):
    with pytest.raises(UserError, match='exists already'):
        BagWriter(tmp_path, 'siamfc')
    with pytest.raises(UserError, match="bag images are 'png'"):
        BagWriter(tmp_path / 'bag', 'siamfc', 'png')
    assert not (tmp_path / 'bag').exists()


def test_missing_rosbags_is_one_sentence_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rosbags.rosbag2', None)
    with pytest.raises(UserError, match=r'a bag needs the package rosbags .*pip install'):
        BagWriter(tmp_path / 'bag', 'siamfc')
    assert not (tmp_path / 'bag').exists()


def test_unknown_definitions_are_refused():
    with pytest.raises(UserError, match='definitions of no_such_msgs are not on this machine'):
        read_definitions('no_such_msgs')


def test_definitions_come_from_share_where_there_is_no_checkout(tmp_path, monkeypatch):
    share = tmp_path / 'share' / 'vision_msgs' / 'msg'
    share.mkdir(parents=True)
    (share / 'Point2D.msg').write_text('float64 x\nfloat64 y\n')
    package = tmp_path / 'lib' / 'siam_tracker_ros'
    monkeypatch.setattr('siam_tracker_ros.definitions.PACKAGE', package)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert read_definitions('vision_msgs') == {'vision_msgs/msg/Point2D': 'float64 x\nfloat64 y\n'}
