# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Regions drawn on an earlier image, through real messages."""

from collections import defaultdict

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


def test_r2_a_box_drawn_on_an_earlier_image_starts_there_and_catches_up(bench):
    import time

    from ros_bench import detection, image_message, scene

    bench.activate()
    bench.tracker.seconds = 0.005
    drawn_on = [bench.show(scene(20 + k, 40)).header for k in range(40)][12]
    region = detection(42, 50, 20, 20, id='a')
    region.header = drawn_on
    bench.init.publish(region)
    asked = time.monotonic()
    sent, state = [], None
    while state != 1:
        assert time.monotonic() < asked + 5
        message = image_message(scene(60 + len(sent), 40), bench.tick())
        sent.append(message.header)
        bench.images.publish(message)
        bench.rest(0.04)
        targets = bench.received['status'][-1].targets
        state = targets[0].state if targets else state
        assert state in (None, 0, 1)
    # Half a second, and what a machine with other work adds.
    assert time.monotonic() - asked < 1.0
    (answer,) = bench.received['init_result']
    assert answer.header == drawn_on
    assert answer.started_at == drawn_on.stamp
    bench.until(lambda: bench.received['detection'])
    for found in bench.received['detection']:
        assert found.bbox.center.position.x == 70 + sent.index(found.header)
    filled = [array.header for array in bench.received['detections'] if array.detections]
    assert filled[0] == bench.received['detection'][0].header
    # All 27 between, and those that came meanwhile.
    values = counted(bench, lambda v: int(v['catching up: searched']) > 0 and sum(
        int(v[f'catching up: {word}']) for word in ('searched', 'left out')) >= 27)
    assert values['regions: accepted'] == '1'
    assert int(values['kept images']) > 40


def counted(bench, condition):
    """Values of the first diagnostics from now on that fulfil a condition."""
    def values(entry):
        return defaultdict(str, {v.key: v.value for v in entry.values})

    return values(bench.diagnosed(lambda entry: condition(values(entry))))


def test_the_diagnostics_count_answers_and_what_is_kept(ros):
    from rclpy.parameter import Parameter
    from ros_bench import Bench, scene

    with Bench(parameters={'frame_buffer_megabytes': 1}) as bench:
        bench.activate()
        bench.start(scene(50, 40), (60, 50, 20, 20))
        bench.start(scene(50, 40), (900, 50, 20, 20))
        for _ in range(20):
            bench.show(scene(50, 40))
        values = counted(bench, lambda v: v['kept images'] == '17')
        assert values['kept images (s)'] == '0.64'
        assert values['kept images (MB)'] == '1.0'
        answers = {k: v for k, v in values.items() if k.startswith('regions: ')}
        assert answers == {'regions: accepted': '1', 'regions: outside': '1'}
        bench.node.set_parameters([Parameter('frame_buffer_megabytes', value=0)])
        counted(bench, lambda v: v['kept images'] == '1')
