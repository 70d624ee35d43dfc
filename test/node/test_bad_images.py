# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Malformed images through real messages: dropped and counted; the next good one is tracked."""

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


def damaged(image, kind):
    data = image.data
    if kind == 'zero_size':
        image.width = 0
    if kind == 'step_too_small':
        image.step = image.width * 3 - 1
    if kind == 'data_too_short':
        image.data = data[:-1]
    if kind == 'unknown_encoding':
        image.encoding = 'bgr9'
    if kind == 'too_large':
        image.width = image.height = 2**31
    if kind == 'bad_endianness':
        image.encoding, image.is_bigendian, image.width = 'mono16', 9, 80
    if kind == 'odd_size':
        image.encoding, image.width = 'bayer_rggb8', 159
    if kind == 'bad_stamp':
        image.header.stamp.nanosec = 2 * 10**9
    return image


KINDS = [
    'zero_size', 'step_too_small', 'data_too_short', 'unknown_encoding', 'too_large',
    'bad_endianness', 'odd_size', 'bad_stamp',
]


def reasons(entry):
    values = {v.key: v.value for v in entry.values}
    return {k.removeprefix('dropped: '): int(v) for k, v in values.items() if 'dropped: ' in k}


def test_every_kind_is_dropped_and_counted_and_tracking_goes_on(bench):
    from ros_bench import image_message, scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    x = 50
    for kind in KINDS:
        before = len(bench.received['status'])
        bench.images.publish(damaged(image_message(scene(x, 40), bench.tick()), kind))
        bench.until(lambda kind=kind: bench.node._outputs.counters.snapshot().reasons[kind] == 1)
        assert len(bench.received['status']) == before
        x += 3
        (target,) = bench.show(scene(x, 40)).targets
        assert target.center_x == x + 10
    entry = bench.diagnosed(lambda d: len(reasons(d)) == len(KINDS))
    assert reasons(entry) == dict.fromkeys(KINDS, 1)
    status = bench.received['status'][-1]
    assert status.received == status.processed + status.dropped == 2 * len(KINDS) + 1
    assert status.dropped == len(KINDS)
    assert len(bench.received['detections']) == status.processed


def test_diagnostics_warn_of_malformed_images(bench):
    from ros_bench import image_message, scene

    bench.activate()
    bench.show(scene(50, 40))
    bench.images.publish(damaged(image_message(scene(50, 40), bench.tick()), 'zero_size'))
    bench.until(lambda: any('1 zero_size' in d.message for d in bench.received['diagnostics']))


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (b'', 'data_too_short'),
        (b'no image', 'unknown_encoding'),
        ('truncated', 'corrupt_file'),
        ('too large', 'too_large'),
    ],
)
def test_compressed_images(ros, data, reason):
    from ros_bench import Bench, scene, stamp
    from sensor_msgs.msg import CompressedImage

    from siam_tracker_ros.images import require_cv2

    def message(pixels, kind='.png'):
        data = require_cv2().imencode(kind, pixels)[1].tobytes()
        result = CompressedImage(format='png', data=data)
        result.header.stamp = stamp(bench.tick())
        result.header.frame_id = 'camera'
        return result

    parameters = {'image_transport': 'compressed', 'max_image_pixels': 40_000}
    with Bench(parameters=parameters) as bench:
        bench.activate()
        bench.init.publish(region())
        bench.rest(0.1)
        bench.compressed.publish(message(scene(50, 40)))
        bench.until(lambda: bench.received['init_result'])
        bad = message(scene(0, 0, width=400, height=400))
        if data == 'truncated':
            bad.data = message(scene(0, 0), '.jpg').data[:-40]
        elif data != 'too large':
            bad.data = data
        bench.compressed.publish(bad)
        bench.until(lambda: bench.node._outputs.counters.snapshot().reasons[reason] == 1)
        bench.compressed.publish(message(scene(60, 40)))
        bench.until(lambda: len(bench.received['status']) == 2)
        assert bench.received['status'][-1].targets[0].center_x == 70


def region():
    from ros_bench import detection

    return detection(60, 50, 20, 20)
