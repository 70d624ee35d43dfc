# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Debug images: what they show, and that they cost nothing while nobody looks."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


def test_p5_nobody_looks_and_nothing_is_made(bench, monkeypatch):
    from fake_tracker import CountingResponse
    from ros_bench import qos, scene
    from sensor_msgs.msg import Image

    from siam_tracker_ros.node import debug

    drawn = []
    real = debug.overlay
    monkeypatch.setattr(debug, 'overlay', lambda *a: drawn.append(1) or real(*a))
    monkeypatch.setattr(CountingResponse, 'copies', 0)
    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    for x in (52, 54):
        bench.show(scene(x, 40))
    assert drawn == []
    assert CountingResponse.copies == 0
    bench.listen(Image, 'debug/overlay', qos.DEBUG)
    bench.listen(Image, 'debug/score_map', qos.DEBUG)
    bench.until(lambda: bench.node._outputs._overlay.get_subscription_count() == 1)
    bench.until(lambda: bench.node._outputs._score_map.get_subscription_count() == 1)
    bench.show(scene(56, 40))
    bench.until(lambda: bench.received['debug/overlay'] and bench.received['debug/score_map'])
    assert drawn == [1]
    assert CountingResponse.copies == 2


@pytest.mark.parametrize('encoding', ['bgr8', 'mono8'])
def test_the_overlay_shows_the_box_over_the_image(ros, encoding):
    from ros_bench import Bench, qos, scene
    from sensor_msgs.msg import Image

    from siam_tracker_ros.node.codec import decode_image

    with Bench(parameters={'debug.overlay_scale': 0.5}) as bench:
        bench.listen(Image, 'debug/overlay', qos.DEBUG)
        bench.listen(Image, 'debug/score_map', qos.DEBUG)
        bench.activate()
        pixels = scene(50, 40)
        pixels = pixels[:, :, 0] if encoding == 'mono8' else pixels
        bench.init.publish(region())
        bench.rest(0.1)
        for number in (1, 2):
            bench.show(pixels, encoding=encoding)
            # Only the newest is kept: taken before the next replaces it.
            bench.until(lambda number=number: len(bench.received['debug/overlay']) == number)
        bench.until(lambda: len(bench.received['debug/score_map']) == 1)
        overlay = decode_image(bench.received['debug/overlay'][-1], 10**6)
        assert overlay.shape == (60, 80, 3)
        # Drawn in colours: the image itself is grey.
        assert np.ptp(overlay.astype(int), axis=2).max() > 50
        message = bench.received['debug/score_map'][0]
        assert (message.encoding, message.width, message.height) == ('32FC1', 5, 5)
        scores = np.frombuffer(message.data, np.float32).reshape(5, 5)
        assert scores[2, 2] == pytest.approx(0.982, abs=1e-3)
        assert scores[0, 0] == 0.5


def test_each_part_of_the_response_has_a_topic(ros):
    from fake_tracker import CountingResponse, FakeTracker
    from ros_bench import Bench, qos, scene
    from sensor_msgs.msg import Image

    tracker = FakeTracker()
    tracker.parts = ('appearance', 'semantic', 'idle')
    with Bench(tracker) as bench:
        for part in tracker.parts:
            bench.listen(Image, f'debug/score_map/{part}', qos.DEBUG)
        bench.activate()
        bench.start(scene(50, 40), (60, 50, 20, 20))
        maps = bench.node._outputs._part_maps
        bench.until(lambda: all(p.get_subscription_count() == 1 for p in maps.values()))
        CountingResponse.copies = 0
        bench.show(scene(52, 40))
        for part in tracker.parts[:-1]:
            bench.until(lambda part=part: bench.received[f'debug/score_map/{part}'])
            message = bench.received[f'debug/score_map/{part}'][-1]
            assert (message.encoding, message.width, message.height) == ('32FC1', 5, 5)
            scores = np.frombuffer(message.data, np.float32).reshape(5, 5)
            assert scores[2, 2] == pytest.approx(0.881, abs=1e-3)
        # Nobody looks at the whole, and what does not count has no map.
        assert CountingResponse.copies == 2
        assert not bench.received['debug/score_map/idle']


def region():
    from ros_bench import detection

    return detection(60, 50, 20, 20)
