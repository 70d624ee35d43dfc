# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node against the library: the same images, the real tracker, every image processed."""

from itertools import pairwise

import numpy as np
import pytest

from siam_tracker_ros import trackers
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.trackers import State

pytest.importorskip('rclpy', reason='rclpy is not installed')

FIRST = {'a': Box(90.0, 80.0, 44.0, 36.0), 'b': Box(230.5, 150.25, 30.0, 50.0)}
SPEED = {'a': (3, 2), 'b': (-4, 1)}
COUNT = 12
STATES = {1: State.TRACKING, 2: State.UNCERTAIN, 3: State.LOST}


@pytest.fixture(scope='module')
def images():
    """Two patches of coloured noise that move over a ground of soft noise."""
    from siam_tracker_ros.images import require_cv2

    cv2 = require_cv2()
    rng = np.random.default_rng(11)

    def soft(height, width, spread):
        noise = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        return cv2.GaussianBlur(noise, (0, 0), spread)

    ground = cv2.normalize(soft(240, 320, 6), None, 60, 160, cv2.NORM_MINMAX)
    patches = {name: cv2.normalize(soft(round(box.h), round(box.w), 2), None, 0, 255,
                                   cv2.NORM_MINMAX) for name, box in FIRST.items()}
    frames = []
    for k in range(COUNT):
        image = ground.copy()
        for name, (dx, dy) in SPEED.items():
            left, top, width, height = (round(v) for v in FIRST[name].ltwh)
            x, y = left + k * dx, top + k * dy
            image[y:y + height, x:x + width] = patches[name]
        frames.append(image)
    return frames


def tracked_by_the_library(tracker, images, boxes):
    frames = [Frame.from_numpy(image) for image in images]
    targets = [tracker.start(frames[0], box) for box in boxes]
    return [tracker.step(frame, targets) for frame in frames[1:]]


@pytest.mark.parametrize(
    ('name', 'names', 'shipped'),
    [
        ('siamfc', 'a', True),
        ('siamfc', 'ab', True),
        ('siamfc', 'ab', False),
        ('csn', 'ab', True),
    ],
)
def test_b1_the_boxes_are_the_librarys(ros, random_weights, images, name, names, shipped):
    from ros_bench import Bench, detection

    weights = 'auto' if shipped else str(random_weights)
    tracker = trackers.create(name, weights=weights, device='cpu')
    boxes = [FIRST[name] for name in names]
    expected = tracked_by_the_library(tracker, images, boxes)
    parameters = {'tracker': name, 'weights': weights, 'device': 'cpu'}
    with Bench(create=trackers.create, parameters=parameters) as bench:
        bench.activate()
        regions = [detection(*_numbers(FIRST[name]), id=name) for name in names]
        _, status = bench.offer(images[0], bench.init, *regions)
        assert [t.state for t in status.targets] == [0] * len(names)
        found = [bench.show(image).targets for image in images[1:]]
        last = bench.received['status'][-1]
    assert (last.received, last.processed, last.dropped) == (len(images), len(images), 0)
    for reported, estimates in zip(found, expected):
        assert [t.id for t in reported] == list(names)
        for target, estimate in zip(reported, estimates):
            box = (target.center_x, target.center_y, target.size_x, target.size_y)
            assert box == pytest.approx(_numbers(estimate.box), abs=1e-3)
            assert target.score == pytest.approx(estimate.score, abs=1e-6)
            assert STATES[target.state] is estimate.state
            assert target.similarity == pytest.approx(estimate.similarity, abs=1e-6)
            assert target.has_classification == (name == 'csn')
            assert target.classification == pytest.approx(
                estimate.classification or 0.0, abs=1e-6
            )
            assert target.model_updated == estimate.updated
            assert target.update_reason == estimate.update_reason
    assert any(b[0].box != a[0].box for a, b in pairwise(expected)), 'nothing moved'
    if shipped:
        for name, estimate in zip(names, expected[-1]):
            assert estimate.box.iou(_last(name)) > 0.5
            assert estimate.state is State.TRACKING


@pytest.mark.parametrize(('name', 'seconds', 'found'), [
    ('siamfc', 2.0, True), ('siamfc', 0.04, False), ('csn', 2.0, True), ('siamrpnpp', 2.0, True)])
def test_i7_what_moved_far_while_the_camera_was_silent_is_found(ros, images, name, seconds, found):
    from ros_bench import Bench

    box, far = FIRST['a'], 110
    image = images[0].copy()
    left, top, width, height = (round(v) for v in box.ltwh)
    patch = image[top:top + height, left:left + width].copy()
    image[top:top + height, left:left + width] = image[:height, :width]
    image[top:top + height, left + far:left + far + width] = patch
    with Bench(create=trackers.create, parameters={'tracker': name, 'device': 'cpu'}) as bench:
        bench.activate()
        bench.start(images[0], _numbers(box))
        bench.show(images[0])
        (target,) = bench.show(image, seconds=seconds).targets
        assert (abs(target.center_x - box.cx - far) < 5) is found
        assert (target.state == 1) is found


def _last(name):
    """Where a patch is in the last image."""
    left, top, width, height = (round(v) for v in FIRST[name].ltwh)
    dx, dy = SPEED[name]
    return Box.from_ltwh(left + (COUNT - 1) * dx, top + (COUNT - 1) * dy, width, height)


def _numbers(box):
    return box.cx, box.cy, box.w, box.h
