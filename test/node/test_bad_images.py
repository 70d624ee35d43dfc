# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Malformed images through real messages: dropped and counted; the next good one is tracked."""

from collections import Counter

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


# What is changed in a good image, and the reason under which it is counted.
KINDS = {
    'no width': (lambda image: setattr(image, 'width', 0), 'zero_size'),
    'no height': (lambda image: setattr(image, 'height', 0), 'zero_size'),
    'no step': (lambda image: setattr(image, 'step', 0), 'step_too_small'),
    'step under a row': (lambda image: setattr(image, 'step', image.step - 1), 'step_too_small'),
    'no data': (lambda image: setattr(image, 'data', []), 'data_too_short'),
    'one byte short': (lambda image: setattr(image, 'data', image.data[:-1]), 'data_too_short'),
    'forged height': (lambda image: setattr(image, 'height', 2**31), 'too_large'),
    'unknown encoding': (lambda image: setattr(image, 'encoding', 'bgr9'), 'unknown_encoding'),
    'no encoding': (lambda image: setattr(image, 'encoding', ''), 'unknown_encoding'),
    'grey labelled colour': (
        lambda image: (setattr(image, 'step', 160), setattr(image, 'data', image.data[::3])),
        'step_too_small',
    ),
    'endianness 9': (
        lambda image: [
            setattr(image, name, value)
            for name, value in (('encoding', 'mono16'), ('is_bigendian', 9), ('width', 80))
        ],
        'bad_endianness',
    ),
    'odd mosaic': (
        lambda image: (setattr(image, 'encoding', 'bayer_rggb8'), setattr(image, 'width', 159)),
        'odd_size',
    ),
    'nanoseconds of two seconds': (
        lambda image: setattr(image.header.stamp, 'nanosec', 2 * 10**9), 'bad_stamp',
    ),
}  # fmt: skip


def damaged(image, kind):
    KINDS[kind][0](image)
    return image


def reasons(entry):
    values = {v.key: v.value for v in entry.values}
    return {k.removeprefix('dropped: '): int(v) for k, v in values.items() if 'dropped: ' in k}


def test_i1_every_kind_is_dropped_and_counted_and_tracking_goes_on(bench, capfd):
    from ros_bench import image_message, scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    x, wanted = 50, Counter()
    for kind, (_, reason) in KINDS.items():
        before = len(bench.received['status'])
        bench.images.publish(damaged(image_message(scene(x, 40), bench.tick()), kind))
        wanted[reason] += 1
        bench.until(
            lambda reason=reason: bench.node._outputs.counters.snapshot().reasons[reason]
            == wanted[reason]
        )
        assert len(bench.received['status']) == before
        x += 3
        (target,) = bench.show(scene(x, 40)).targets
        assert target.center_x == x + 10
    entry = bench.diagnosed(lambda d: sum(reasons(d).values()) == len(KINDS))
    assert reasons(entry) == wanted
    status = bench.received['status'][-1]
    assert status.received == status.processed + status.dropped == 2 * len(KINDS) + 1
    assert status.dropped == len(KINDS)
    assert len(bench.received['detections']) == status.processed
    # The first of them is told, the others of these seconds are not.
    told = capfd.readouterr().err.count('image dropped (')
    assert 1 <= told <= len(KINDS) // 3


def test_i1_diagnostics_warn_of_malformed_images(bench):
    from ros_bench import image_message, scene

    bench.activate()
    bench.show(scene(50, 40))
    bench.images.publish(damaged(image_message(scene(50, 40), bench.tick()), 'no width'))
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
def test_i1_compressed_images(ros, data, reason):
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
