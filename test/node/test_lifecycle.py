# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every transition through the services, and an exception in each of them."""

import gc
import math
import weakref

import pytest

from siam_tracker_ros.errors import UserError

pytest.importorskip('rclpy', reason='rclpy is not installed')


def numbers():
    from ros_bench import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE

    return CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP


def put_into(bench, state):
    configure, activate, _, _ = numbers()
    if state != 'unconfigured':
        assert bench.transition(configure) == (True, 'inactive')
    if state == 'active':
        assert bench.transition(activate) == (True, 'active')


def fail(error):
    def body():
        raise error

    return body


def test_the_diagnostics_tell_the_state(bench):
    for state in ('unconfigured', 'inactive', 'active'):
        if state != 'unconfigured':
            bench.transition(numbers()[('inactive', 'active').index(state)])
        told = bench.diagnosed(lambda d, s=state: {'state': s}.items() <= {
            v.key: v.value for v in d.values}.items())
        assert told.level == b'\x00'


def test_l1_all_legal_transitions(bench):
    import time

    configure, activate, deactivate, cleanup = numbers()
    assert bench.state() == 'unconfigured'
    times = []
    for _ in range(2):
        for number, state in (
            (configure, 'inactive'), (cleanup, 'unconfigured'), (configure, 'inactive'),
            (activate, 'active'), (deactivate, 'inactive'), (activate, 'active'),
            (deactivate, 'inactive'), (cleanup, 'unconfigured'),
        ):
            begin = time.monotonic()
            assert bench.transition(number) == (True, state)
            times.append(time.monotonic() - begin)
    # Of the test, its services and the executor that both nodes share; others use the machine.
    assert sorted(times)[len(times) // 2] <= 0.5


@pytest.mark.parametrize('state', ['unconfigured', 'inactive', 'active'])
def test_l7_a_destroyed_node_leaves_the_graph(bench, state):
    put_into(bench, state)
    name = bench.node.get_name()

    def is_there():
        return name in bench.client.get_node_names()

    bench.until(is_there)
    bench.executor.remove_node(bench.node)
    bench.node.close()
    bench.node.destroy_node()
    bench.until(lambda: not is_there())


def test_l4_kept_images_go_with_deactivation(bench):
    from ros_bench import DEACTIVATE, scene

    bench.activate()
    bench.show(scene(50, 40))
    kept = weakref.ref(bench.node._activity.buffer)
    gc.collect()
    gc.disable()
    try:
        assert bench.transition(DEACTIVATE) == (True, 'inactive')
        assert kept() is None
    finally:
        gc.enable()


@pytest.mark.parametrize('state', ['unconfigured', 'inactive', 'active'])
def test_l1_shutdown_from_each_state(bench, state):
    from ros_bench import SHUTDOWN

    put_into(bench, state)
    assert bench.transition(SHUTDOWN[state]) == (True, 'finalized')
    assert bench.node._activity is None
    assert bench.node._tracker is None


@pytest.mark.parametrize(
    ('state', 'illegal'),
    [('unconfigured', (1, 2, 3)), ('inactive', (0, 2)), ('active', (0, 1, 3))],
)
def test_l2_illegal_transitions_are_refused_and_keep_the_state(bench, logged, state, illegal):
    from ros_bench import SHUTDOWN, Transition

    put_into(bench, state)
    for index in illegal:
        assert bench.transition(numbers()[index]) == (False, state)
    others = [number for name, number in SHUTDOWN.items() if name != state]
    # Those that only the state machine itself makes, and one that nobody knows.
    for number in (*others, Transition.TRANSITION_ON_CONFIGURE_SUCCESS, 77):
        assert bench.transition(number) == (False, state)


def test_l2_nothing_leads_out_of_finalized(bench):
    from ros_bench import SHUTDOWN

    assert bench.transition(SHUTDOWN['unconfigured']) == (True, 'finalized')
    for number in (*numbers(), *SHUTDOWN.values()):
        assert bench.transition(number) == (False, 'finalized')


@pytest.mark.parametrize(
    ('body', 'before', 'transition', 'after'),
    [
        ('configure', 'unconfigured', 0, 'unconfigured'),
        ('activate', 'inactive', 1, 'inactive'),
        ('deactivate', 'active', 2, 'unconfigured'),
        ('release', 'inactive', 3, 'unconfigured'),
    ],
)
def test_l3_an_exception_in_a_transition(
    bench, logged, monkeypatch, body, before, transition, after
):
    put_into(bench, before)
    with monkeypatch.context() as patch:
        patch.setattr(bench.node, body, fail(ZeroDivisionError('of the test')))
        assert bench.transition(numbers()[transition]) == (False, after)
    assert 'ZeroDivisionError: of the test' in logged[0]
    assert 'Traceback' in logged[0]
    # What cannot be undone is tried once more in the error processing, and fails there, too.
    assert len(logged) == (1 if body in ('configure', 'activate') else 2)
    assert not any(p.is_activated for p in bench.node._managed_entities)
    if after == 'inactive':
        assert bench.transition(numbers()[3]) == (True, 'unconfigured')
    bench.activate()
    answers = len(bench.received['init_result'])
    bench.start(*scene_and_box())
    bench.rest(0.3)
    # Nothing of before listens still: each region is taken once.
    assert len(bench.received['init_result']) == answers + 1
    assert bench.received['status'][-1].targets


def scene_and_box():
    from ros_bench import scene

    return scene(50, 40), (60, 50, 20, 20)


@pytest.mark.parametrize('state', ['inactive', 'active'])
def test_l3_an_exception_in_shutdown_finalizes_all_the_same(bench, logged, monkeypatch, state):
    from ros_bench import SHUTDOWN

    put_into(bench, state)
    with monkeypatch.context() as patch:
        patch.setattr(bench.node, 'deactivate', fail(ZeroDivisionError('of the test')))
        patch.setattr(bench.node, 'release', fail(KeyError('of the test')))
        assert bench.transition(SHUTDOWN[state]) == (True, 'finalized')
    assert ['ZeroDivisionError' in logged[0], 'KeyError' in logged[1]] == [True, True]
    assert not any(p.is_activated for p in bench.node._managed_entities)


def test_l3_an_exception_in_error_processing_leaves_no_stuck_state(bench, logged, monkeypatch):
    put_into(bench, 'active')
    with monkeypatch.context() as patch:
        # The first calls fail in the deactivation, the second ones in on_error.
        patch.setattr(bench.node, 'deactivate', fail(ZeroDivisionError('of the test')))
        patch.setattr(bench.node, 'release', fail(KeyError('of the test')))
        assert bench.transition(numbers()[2]) == (False, 'unconfigured')
    assert sum('ZeroDivisionError' in text for text in logged) == 2
    assert not any(p.is_activated for p in bench.node._managed_entities)
    assert bench.transition(numbers()[0]) == (True, 'inactive')


def test_g3_a_mistake_of_the_user_is_one_sentence_without_a_traceback(bench, logged, monkeypatch):
    monkeypatch.setattr(
        bench.node, '_create_tracker', lambda *a, **o: fail(UserError('no such weights'))())
    assert bench.transition(numbers()[0]) == (False, 'unconfigured')
    assert logged == ['configure failed: no such weights']


def test_l4_nothing_is_left_after_cleanup(bench):
    _, _, deactivate, cleanup = numbers()
    bench.activate()
    bench.start(*scene_and_box())
    tracker = weakref.ref(bench.tracker)
    topics = dict(bench.node.get_publisher_names_and_types_by_node(
        bench.node.get_name(), bench.node.get_namespace()))
    assert f'{bench.name}/detections' in topics
    bench.tracker = None
    assert bench.transition(deactivate) == (True, 'inactive')
    assert bench.transition(cleanup) == (True, 'unconfigured')
    gc.collect()
    assert tracker() is None
    assert bench.node._managed_entities == set()
    topics = dict(bench.node.get_publisher_names_and_types_by_node(
        bench.node.get_name(), bench.node.get_namespace()))
    assert f'{bench.name}/detections' not in topics


def cycle(node):
    """Up and down again, without the services."""
    from rclpy.lifecycle import TransitionCallbackReturn

    for name in ('configure', 'activate', 'deactivate', 'cleanup'):
        assert getattr(node, f'trigger_{name}')() == TransitionCallbackReturn.SUCCESS


def test_l4_cycles_leave_nothing_behind(bench):
    """A few of them; benchmarks/node_soak.py does five hundred."""
    import os
    import threading

    from siam_tracker_ros.evaluation.cost_process import resident_mib

    def counts():
        return threading.active_count(), len(os.listdir('/proc/self/fd'))

    # What the first ones bring is kept.
    for _ in range(2):
        cycle(bench.node)
    before, memory = counts(), resident_mib('VmRSS')
    for _ in range(8):
        cycle(bench.node)
    # Those of the test before may still be closing.
    assert all(now <= then for now, then in zip(counts(), before))
    if not math.isnan(memory):
        assert resident_mib('VmRSS') - memory <= 5.0
    bench.activate()
    bench.start(*scene_and_box())


@pytest.mark.gpu
def test_l4_no_memory_of_the_gpu_is_left_after_cleanup(ros, random_weights):
    import torch

    if not torch.cuda.is_available():
        pytest.skip('no CUDA device here')
    from ros_bench import Bench

    from siam_tracker_ros import trackers

    _, _, deactivate, cleanup = numbers()
    parameters = {'weights': str(random_weights), 'device': 'cuda'}
    with Bench(create=trackers.create, parameters=parameters) as bench:
        bench.activate()
        bench.start(*scene_and_box())
        assert torch.cuda.memory_allocated() > 0
        assert bench.transition(deactivate) == (True, 'inactive')
        assert bench.transition(cleanup) == (True, 'unconfigured')
        assert torch.cuda.memory_allocated() == 0
        free = []
        for _ in range(50):
            cycle(bench.node)
            assert torch.cuda.memory_allocated() == torch.cuda.memory_reserved() == 0
            free.append(torch.cuda.mem_get_info()[0])
        # The context stays as it is; other processes may use the device, too.
        assert (free[0] - free[-1]) / len(free) <= 2**20


@pytest.mark.parametrize('state', ['unconfigured', 'inactive', 'finalized'])
def test_l5_messages_while_it_is_not_active_are_cheap_and_publish_nothing(bench, state):
    import time

    from ros_bench import SHUTDOWN, image_message

    bench.activate()
    bench.start(*scene_and_box())
    for number in numbers()[2:] if state == 'unconfigured' else numbers()[2:3]:
        assert bench.transition(number)[0]
    if state == 'finalized':
        assert bench.transition(SHUTDOWN['inactive']) == (True, 'finalized')
    # The end of its target is said after the deactivation.
    bench.rest(0.2)
    told = {topic: len(bench.received[topic]) for topic in ('detection', 'detections', 'status')}
    steps = bench.tracker.steps
    message = image_message(scene_and_box()[0], bench.tick())
    bench.images.publish(message)
    bench.rest(0.2)
    times = []
    for _ in range(21):
        begin = time.perf_counter()
        bench.node._take_image(message)
        times.append(time.perf_counter() - begin)
    assert sorted(times)[10] <= 0.001
    bench.rest(0.1)
    assert told == {topic: len(bench.received[topic]) for topic in told}
    assert bench.tracker.steps == steps


def test_l6_the_state_is_told_while_an_image_takes_long(bench):
    import time

    from ros_bench import image_message

    bench.activate()
    bench.start(*scene_and_box())
    bench.tracker.seconds = 0.8
    bench.images.publish(image_message(scene_and_box()[0], bench.tick()))
    bench.rest(0.1)
    begin = time.monotonic()
    assert bench.state() == 'active'
    assert time.monotonic() - begin < 0.4
    assert bench.transition(numbers()[2]) == (True, 'inactive')


def test_a_target_does_not_survive_deactivation(bench):
    _, activate, deactivate, _ = numbers()
    bench.activate()
    bench.start(*scene_and_box())
    assert bench.transition(deactivate) == (True, 'inactive')
    bench.until(lambda: bench.received['status'][-1].targets[0].state == 4)
    assert bench.transition(activate) == (True, 'active')
    bench.match()
    assert bench.show(scene_and_box()[0]).targets == []


def test_l6_the_state_is_told_at_once_while_every_image_takes_long(bench):
    import time

    from ros_bench import GetState, image_message, scene

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    bench.tracker.seconds = 0.3
    waits = []
    for _ in range(60):
        bench.images.publish(image_message(scene(50, 40), bench.tick()))
        begin = time.monotonic()
        answer = bench.call(bench.get_state, GetState.Request())
        waits.append(time.monotonic() - begin)
        assert answer.current_state.label == 'active'
    assert sorted(waits)[-2] <= 0.05
    assert bench.node._outputs.counters.snapshot().dropped > 0
