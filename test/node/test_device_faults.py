# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory that runs out and a GPU that fails: the node says so, and works again where it can."""

from contextlib import nullcontext
import time

import pytest
import torch

pytest.importorskip('rclpy', reason='rclpy is not installed')

CPU_ALLOCATOR = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")
GPU_FAULT = RuntimeError('CUDA error: an illegal memory access was encountered')


def hand_over(bench, x=50):
    """Give the node an image as a subscription does, without the way through DDS."""
    from ros_bench import image_message, scene

    bench.node._take_image(image_message(scene(x, 40), bench.tick()))


def track(bench):
    """Start a target and follow it for an image, as above."""
    from ros_bench import detection

    counters, searched = bench.node._outputs.counters, bench.tracker.steps
    bench.node._take_detection(detection(60, 50, 20, 20))
    for number in (1, 2):
        hand_over(bench)
        bench.until(lambda number=number: counters.snapshot().processed == number)
    assert bench.tracker.steps > searched


@pytest.mark.parametrize(
    'error',
    [torch.cuda.OutOfMemoryError('tried to allocate 2.00 GiB'), MemoryError(), CPU_ALLOCATOR],
    ids=lambda error: type(error).__name__,
)
def test_g1_without_memory_twice_the_node_deactivates_itself_and_recovers(bench, error):
    from diagnostic_msgs.msg import DiagnosticStatus
    from ros_bench import ACTIVATE, image_message, scene

    bench.tracker.memory_error = error
    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    bench.tracker.memory_errors = 1
    assert bench.show(scene(54, 40)).targets[0].state == 1
    bench.tracker.memory_errors = 2
    published = len(bench.received['detections'])
    bench.images.publish(image_message(scene(50, 40), bench.tick()))
    bench.until(lambda: bench.state() == 'inactive')
    entry = bench.diagnosed(lambda d: d.level == DiagnosticStatus.ERROR)
    assert 'memory' in entry.message
    assert len(bench.received['detections']) == published
    assert bench.transition(ACTIVATE) == (True, 'active')
    bench.match()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    assert bench.show(scene(54, 40)).targets[0].state == 1
    bench.diagnosed(lambda d: d.level == DiagnosticStatus.OK)


def test_g1_twenty_times_of_twenty_it_works_again(bench):
    bench.node.trigger_configure()
    for _ in range(20):
        bench.node.trigger_activate()
        track(bench)
        bench.tracker.memory_errors = 2
        hand_over(bench)
        bench.until(lambda: bench.node._state_label() == 'inactive')
        assert not bench.tracker.memory_errors
    bench.node.trigger_activate()
    track(bench)


def test_g1_a_late_call_to_give_up_leaves_a_new_activation_alone(bench):
    bench.node.trigger_configure()
    bench.node.trigger_activate()
    bench.node._give_up()
    assert bench.node._state_label() == 'active'
    track(bench)


@pytest.mark.parametrize('where', ['load', 'warm-up'])
@pytest.mark.parametrize('error', [MemoryError(), CPU_ALLOCATOR], ids=['python', 'torch'])
def test_g1_too_little_memory_to_load_is_one_sentence(bench, logged, where, error):
    from ros_bench import CONFIGURE

    def none(*arguments, **options):
        raise error

    if where == 'load':
        bench.node._create_tracker = none
    else:
        bench.tracker.memory_error, bench.tracker.memory_errors = error, 1
    assert bench.transition(CONFIGURE) == (False, 'unconfigured')
    (text,) = logged
    assert 'device auto has too little memory to load the tracker' in text
    assert 'Traceback' not in text
    assert bench.node._tracker is None
    bench.node._create_tracker = bench._create
    assert bench.transition(CONFIGURE) == (True, 'inactive')


@pytest.mark.parametrize('ends', [False, True])
def test_g2_a_gpu_that_failed_ends_tracking_within_a_second(ros, ends):
    from diagnostic_msgs.msg import DiagnosticStatus
    from ros_bench import Bench, image_message, scene

    with Bench(parameters={'exit_on_gpu_fault': ends}) as bench:
        bench.activate()
        bench.start(scene(50, 40), (60, 50, 20, 20))
        bench.show(scene(54, 40))
        bench.tracker.error = GPU_FAULT
        published = len(bench.received['detections'])
        bench.images.publish(image_message(scene(50, 40), bench.tick()))
        begin = time.monotonic()
        bench.until(lambda: bench.node._state_label() == 'inactive')
        assert time.monotonic() - begin <= 1.0
        entry = bench.diagnosed(lambda d: d.level == DiagnosticStatus.ERROR)
        assert 'a restart of this process is needed' in entry.message
        assert bench.node.must_end == ends
        assert len(bench.received['detections']) == published


def test_g2_the_process_ends_with_3(ros, monkeypatch):
    """The program itself, in this process: its executor spins a node whose GPU fails."""
    from fake_tracker import FakeTracker
    from ros_bench import detection, image_message, scene

    from siam_tracker_ros.node import process, tracker, tracker_node

    class Failing(tracker.TrackerNode):
        def __init__(self, **options):
            fake = FakeTracker()
            super().__init__(
                create_tracker=lambda *arguments, **kwargs: fake, node_name='failing', **options,
                cli_args=['--ros-args', '-p', 'autostart:=true', '-p', 'exit_on_gpu_fault:=true'])

            def fail():
                fake.error = GPU_FAULT
                self._take_detection(detection(60, 50, 20, 20))
                self._take_image(image_message(scene(50, 40), 10**18))

            # Runs only once the node spins: after its warm-up.
            self.create_timer(0.05, fail)

    class NoSignals:
        requested = False
        at_once = nullcontext

        def ready(self):
            pass

    monkeypatch.setattr(tracker, 'TrackerNode', Failing)
    monkeypatch.setattr(tracker_node, 'StopSignals', NoSignals)
    monkeypatch.setattr(ros, 'init', lambda **options: None)
    monkeypatch.setattr(ros, 'try_shutdown', lambda: None)
    end = time.monotonic() + 20
    spin = process.spin

    def bounded(executor, is_done):
        spin(executor, lambda: is_done() or time.monotonic() > end)

    monkeypatch.setattr(tracker_node, 'spin', bounded)
    assert tracker_node.main([]) == 3


@pytest.mark.gpu
def test_g1_an_allocator_without_memory_on_a_gpu(ros, random_weights):
    """The real allocator, which is given next to nothing; the node works when it has it again."""
    if not torch.cuda.is_available():
        pytest.skip('no CUDA device here')
    from ros_bench import ACTIVATE, Bench, scene

    from siam_tracker_ros import trackers

    parameters = {'weights': str(random_weights), 'device': 'cuda'}
    with Bench(create=trackers.create, parameters=parameters) as bench:
        bench.activate()
        bench.start(scene(50, 40), (60, 50, 20, 20))
        try:
            torch.cuda.empty_cache()
            torch.cuda.set_per_process_memory_fraction(1e-6)
            hand_over(bench)
            bench.until(lambda: bench.node._state_label() == 'inactive')
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        assert bench.transition(ACTIVATE) == (True, 'active')
        bench.match()
        bench.start(scene(50, 40), (60, 50, 20, 20))
        bench.show(scene(54, 40))
