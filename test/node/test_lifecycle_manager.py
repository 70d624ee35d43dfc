# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Under a lifecycle manager as nav2's, without bond and with: what it does, over its services.

nav2 itself is not here: `Manager` asks for the same transitions in the same order, and checks the
state after each, as its manager does.
"""

import sys
import time
import uuid

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')


class Manager:
    """Commands of nav2's lifecycle manager, for the node of a bench."""

    def __init__(self, bench):
        self.bench = bench

    def startup(self):
        from ros_bench import ACTIVATE, CONFIGURE

        self._ask((CONFIGURE, 'inactive'), (ACTIVATE, 'active'))

    def pause(self):
        from ros_bench import DEACTIVATE

        self._ask((DEACTIVATE, 'inactive'))

    def resume(self):
        from ros_bench import ACTIVATE

        self._ask((ACTIVATE, 'active'))

    def reset(self):
        from ros_bench import CLEANUP, DEACTIVATE

        self._ask((DEACTIVATE, 'inactive'), (CLEANUP, 'unconfigured'))

    def shutdown(self):
        from ros_bench import CLEANUP, DEACTIVATE, SHUTDOWN

        self._ask((DEACTIVATE, 'inactive'), (CLEANUP, 'unconfigured'),
                  (SHUTDOWN['unconfigured'], 'finalized'))

    def _ask(self, *transitions):
        for number, goal in transitions:
            assert self.bench.transition(number) == (True, goal)


class Side:
    """The manager's side of a bond, as bondcpp keeps it."""

    def __init__(self, bench):
        from bond.msg import Status

        self._type = Status
        self._bench = bench
        self.instance = str(uuid.uuid4())
        self.heard = []
        self._publisher = bench.client.create_publisher(Status, 'bond', 5)
        self._subscription = bench.client.create_subscription(Status, 'bond', self._hear, 100)

    def _hear(self, message):
        if message.id == self._bench.name.lstrip('/') and message.instance_id != self.instance:
            self.heard.append(message)

    def say(self, active, instance=None):
        message = self._type(
            id=self._bench.name.lstrip('/'), instance_id=instance or self.instance, active=active)
        self._publisher.publish(message)

    def is_formed(self):
        return bool(self.heard) and self.heard[-1].active

    def is_broken(self):
        return bool(self.heard) and not self.heard[-1].active

    def meet(self):
        """Say that it is alive until the node knows it."""
        self._bench.until(self.is_formed)

        def is_known():
            self.say(active=True)
            self._bench.rest(0.05)
            return self._bench.node._bond._manager == self.instance

        self._bench.until(is_known)


@pytest.fixture(scope='module')
def bond(ros, tmp_path_factory):
    """The messages of the package bond, in Python's path."""
    try:
        import bond.msg
    except ImportError:
        from bond_messages import build

        path = str(build(tmp_path_factory.mktemp('bond')))
        sys.path.insert(0, path)
        yield
        sys.path.remove(path)
        for name in [n for n in sys.modules if n == 'bond' or n.startswith('bond.')]:
            del sys.modules[name]
    else:
        yield bond.msg


@pytest.fixture
def bonded(ros, bond):
    from ros_bench import Bench

    with Bench(parameters={'bond': True}) as bench:
        yield bench


def track(bench):
    """Follow a target for two images."""
    from ros_bench import scene

    bench.match()
    bench.start(scene(50, 40), (60, 50, 20, 20))
    assert bench.show(scene(54, 40)).targets[0].state == 1


def test_l9_bringup_pause_resume_reset_and_shutdown_without_bond(bench):
    manager = Manager(bench)
    for _ in range(2):
        manager.startup()
        track(bench)
        manager.pause()
        manager.resume()
        track(bench)
        manager.reset()
    manager.startup()
    manager.shutdown()


def test_a_bond_without_its_package_is_refused_with_one_sentence(ros, monkeypatch):
    from ros_bench import CONFIGURE, Bench

    monkeypatch.setitem(sys.modules, 'bond', None)
    texts = []
    with Bench(parameters={'bond': True}) as bench:
        logger = bench.node.get_logger()
        monkeypatch.setattr(logger, 'error', lambda text, **options: texts.append(text))
        monkeypatch.setattr(bench.node, 'get_logger', lambda: logger)
        assert bench.transition(CONFIGURE) == (False, 'unconfigured')
    assert len(texts) == 1
    assert 'parameter bond is true' in texts[0]
    assert 'bond_timeout' in texts[0]


def test_l9_bringup_pause_resume_reset_and_shutdown_with_bond(bonded):
    manager, first = Manager(bonded), Side(bonded)
    manager.startup()
    first.meet()
    assert first.heard[-1].heartbeat_period == pytest.approx(0.1)
    track(bonded)
    manager.pause()
    bonded.until(first.is_broken)
    # A manager forms a new bond for each activation.
    second = Side(bonded)
    manager.resume()
    second.meet()
    assert second.heard[-1].instance_id != first.heard[0].instance_id
    # What the first side says late does not break the second bond.
    first.say(active=False)
    bonded.rest(0.3)
    assert second.is_formed()
    track(bonded)
    manager.reset()
    bonded.until(second.is_broken)
    bonded.rest(0.3)
    assert second.is_broken()
    manager.startup()
    third = Side(bonded)
    third.meet()
    manager.shutdown()
    bonded.until(third.is_broken)


def test_l3_a_bond_that_cannot_be_broken_leaves_nothing_behind(bonded, monkeypatch):
    from ros_bench import CLEANUP, DEACTIVATE

    def fail(**options):
        raise ZeroDivisionError('of the test')

    Manager(bonded).startup()
    Side(bonded).meet()
    worker = bonded.node._activity.worker
    with monkeypatch.context() as patch:
        patch.setattr(bonded.node._bond, '_say', fail)
        assert bonded.transition(DEACTIVATE) == (True, 'inactive')
    assert not worker.is_alive()
    assert bonded.transition(CLEANUP) == (True, 'unconfigured')
    for topic in ('bond', f'{bonded.name}/status'):
        publishers = bonded.client.get_publishers_info_by_topic(topic)
        assert bonded.name.lstrip('/') not in {p.node_name for p in publishers}
    Manager(bonded).startup()
    track(bonded)


def test_heartbeats_come_while_an_image_takes_long(bonded):
    from ros_bench import image_message, scene

    side = Side(bonded)
    Manager(bonded).startup()
    side.meet()
    track(bonded)
    bonded.tracker.seconds = 1.0
    bonded.images.publish(image_message(scene(54, 40), bonded.tick()))
    bonded.rest(0.2)
    before, begin = len(side.heard), time.monotonic()
    bonded.rest(0.6)
    elapsed = time.monotonic() - begin
    assert len(side.heard) - before >= 0.3 * elapsed / 0.1
    bonded.tracker.seconds = 0.0
    bonded.until(lambda: len(bonded.received['status']) == 3)


def test_a_manager_that_leaves_is_answered_and_the_node_goes_on(bonded):
    side = Side(bonded)
    Manager(bonded).startup()
    side.meet()
    # Not the other side of this bond.
    side.say(active=False, instance='somebody else')
    bonded.rest(0.3)
    assert side.is_formed()
    side.say(active=False)
    bonded.until(side.is_broken)
    track(bonded)
    bonded.rest(0.3)
    assert side.is_broken()


def test_a_node_that_gives_up_breaks_its_bond(bonded):
    from ros_bench import image_message, scene

    side = Side(bonded)
    Manager(bonded).startup()
    side.meet()
    track(bonded)
    bonded.tracker.memory_errors = 2
    bonded.images.publish(image_message(scene(54, 40), bonded.tick()))
    bonded.until(side.is_broken)
    assert bonded.state() == 'inactive'
