# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The example that turns a robot: with the tracker node and a rendered camera, and as a process.

Time is that of ``/clock``, which the tests tell: nothing depends on how fast the machine is.
"""

from pathlib import Path
import runpy
import signal

import pytest
from turning_robot import CAMERA, PERIOD, TurningRobot

pytest.importorskip('rclpy', reason='rclpy is not installed')

SCRIPT = Path(__file__).resolve().parents[2] / 'examples' / 'follow_yaw.py'
BEGIN = 1000.0


@pytest.fixture(scope='module')
def example(ros):
    pytest.importorskip('rosgraph_msgs', reason='comes with ROS')
    return runpy.run_path(str(SCRIPT))


class Loop:
    """The example beside the bench's tracker, and a robot that obeys it."""

    def __init__(self, bench, example, robot, **parameters):
        from geometry_msgs.msg import Twist, TwistStamped
        from rclpy.parameter import Parameter
        from ros_bench import qos
        from rosgraph_msgs.msg import Clock

        self.bench = bench
        self.robot = robot
        self.ticks = 0
        self.seen = None
        self.commands = []
        self.history = []
        given = {'use_sim_time': True, **parameters}
        remap = ['--ros-args', '-r', f'bearing:={bench.name}/bearing',
                 '-r', f'status:={bench.name}/status', '-r', f'cmd_vel:={bench.name}/cmd_vel']
        self.node = example['FollowYaw'](
            cli_args=remap, parameter_overrides=[Parameter(k, value=v) for k, v in given.items()]
        )
        bench.executor.add_node(self.node)
        self._clock = bench.client.create_publisher(Clock, '/clock', 1)
        kind = TwistStamped if parameters.get('stamped') else Twist
        self.listener = bench.client.create_subscription(
            kind, f'{bench.name}/cmd_vel', self.commands.append, qos.RESULTS
        )
        bench.until(lambda: self._clock.get_subscription_count() == 1)
        bench.until(lambda: bench.client.count_publishers(f'{bench.name}/cmd_vel') == 1)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.bench.executor.remove_node(self.node)
        self.node.destroy_node()

    @property
    def now(self):
        """Nanoseconds of /clock."""
        return round((BEGIN + self.ticks * PERIOD) * 1e9)

    def tick(self):
        """Let one period pass: a command comes, and the robot obeys it."""
        from ros_bench import stamp
        from rosgraph_msgs.msg import Clock

        self.ticks += 1
        self.commands.clear()
        self._clock.publish(Clock(clock=stamp(self.now)))
        self.bench.until(lambda: self.commands)
        rate = getattr(self.commands[-1], 'twist', self.commands[-1]).angular.z
        self.history.append(rate)
        self.robot.turn(rate)
        return rate

    def see(self):
        """Show the camera's image to the tracker, and wait until the example knows of it."""
        from ros_bench import image_message

        bench, follower = self.bench, self.node._follower
        self.seen = self.now / 1e9
        status = bench.send(image_message(self.robot.image(), self.now))
        is_tracked = bool(status.targets) and status.targets[0].state == 1
        bench.until(
            lambda: (follower._stamp if is_tracked else follower._lost) == self.seen
        )
        return status

    def start(self):
        """Calibrate, and draw the first box around what the camera sees."""
        from ros_bench import detection
        from sensor_msgs.msg import CameraInfo

        bench, (x, y) = self.bench, CAMERA.pixel(self.robot.ray())
        bench.activate()
        # The bench listens to both, too.
        heard = [f'{bench.name}/bearing', f'{bench.name}/status']
        publishers = [p for p in bench.node.publishers if p.topic_name in heard]
        bench.until(lambda: [p.get_subscription_count() for p in publishers] == [2, 2])
        info = CameraInfo(
            width=CAMERA.width, height=CAMERA.height, distortion_model=CAMERA.model,
            d=CAMERA.coefficients,
            k=[CAMERA.fx, 0.0, CAMERA.cx - 0.5, 0.0, CAMERA.fy, CAMERA.cy - 0.5, 0.0, 0.0, 1.0],
        )  # fmt: skip
        bench.until(lambda: bench.node._calibration.reliability.name == 'RELIABLE')
        bench.until(lambda: bench.camera_info.get_subscription_count() > 0)
        bench.rest(0.1)
        bench.camera_info.publish(info)
        bench.until(lambda: bench.node._bearings._info is not None)
        self.tick()
        bench.init.publish(detection(x, y, 20, 20))
        bench.rest(0.1)
        self.see()
        bench.until(lambda: bench.received['init_result'])
        assert bench.received['init_result'][0].accepted


@pytest.fixture
def network(ros, random_weights):
    """A bench with a real network."""
    from ros_bench import Bench

    from siam_tracker_ros import trackers

    parameters = {'weights': str(random_weights), 'device': 'cpu'}
    with Bench(create=trackers.create, parameters=parameters) as bench:
        yield bench


def test_the_robot_looks_at_the_target_and_stands_when_the_camera_is_gone(network, example):
    angle = 0.3
    robot = TurningRobot(lambda time: angle)
    with Loop(network, example, robot, gain=4.0) as loop:
        loop.start()
        errors = []
        for tick in range(71):
            loop.tick()
            if tick % 4 == 0:
                loop.see()
            errors.append(robot.error())
        assert abs(errors[-1]) < 0.03
        assert min(errors) > -0.03
        assert max(loop.history) <= 0.8
        # The target moves on, and this is the last image of it.
        angle += 0.12
        assert loop.see().targets[0].state == 1
        assert loop.tick() > 0
        rates = [loop.tick() for _ in range(14)]
        # After eleven ticks the image is 0.22 s old, and 0.24 s when the command ends.
        assert rates[9] > 0
        assert rates[10:] == [0.0] * 4


def test_a_target_that_is_not_tracked_stops_the_robot_at_once(bench, example):
    from siam_tracker_ros.trackers import State

    robot = TurningRobot(lambda time: -0.4)
    with Loop(bench, example, robot, stamped=True, frame_id='base') as loop:
        assert loop.tick() == 0.0
        loop.start()
        for _ in range(5):
            loop.see()
            loop.tick()
        assert loop.history[-1] < 0
        header = loop.commands[-1].header
        assert header.frame_id == 'base'
        assert header.stamp.nanosec == loop.now % 10**9
        bench.tracker.state = State.UNCERTAIN
        loop.see()
        assert loop.tick() == 0.0
        bench.tracker.state = State.TRACKING
        loop.see()
        assert loop.tick() < 0
        bench.node.trigger_deactivate()
        bench.until(lambda: loop.node._follower._lost == loop.seen)
        assert loop.tick() == 0.0


def test_only_the_turn_is_commanded_and_gains_may_change(bench, example):
    from rclpy.parameter import Parameter

    robot = TurningRobot(lambda time: 0.4)
    with Loop(bench, example, robot) as loop:
        loop.start()
        loop.see()
        loop.tick()
        twist = loop.commands[-1]
        others = (twist.linear.x, twist.linear.y, twist.linear.z, twist.angular.x, twist.angular.y)
        assert others == (0.0,) * 5
        (result,) = loop.node.set_parameters([Parameter('max_rate', value=0.0)])
        assert result.successful
        for _ in range(3):
            loop.see()
            rate = loop.tick()
        assert rate == 0.0
        (result,) = loop.node.set_parameters([Parameter('gain', value=-1.0)])
        assert not result.successful
        assert 'gain' in result.reason
        (result,) = loop.node.set_parameters([Parameter('rate', value=10.0)])
        assert not result.successful


def test_a_signal_ends_it_with_zero_as_its_last_command(example, bench, tmp_path):
    from geometry_msgs.msg import Twist, Vector3Stamped
    from ros_bench import qos
    from test_process import Process

    client, commands = bench.client, []
    client.create_subscription(Twist, 'cmd_vel', commands.append, qos.RESULTS)
    bearings = client.create_publisher(Vector3Stamped, 'bearing', qos.RESULTS)
    # Nothing becomes too old meanwhile.
    with Process(tmp_path, '../examples/follow_yaw.py', 'timeout:=5.0') as process:

        def turns():
            message = Vector3Stamped()
            message.header.stamp = client.get_clock().now().to_msg()
            message.vector.x = message.vector.z = 0.7
            bearings.publish(message)
            return commands and commands[-1].angular.z < 0

        bench.until(turns, 60.0)
        code, seconds = process.end(signal.SIGTERM)
    assert code == 0, process.log
    assert seconds < 2.0
    assert 'Traceback' not in process.log
    bench.rest(0.1)
    assert commands[-1] == Twist()


def test_a_wrong_parameter_is_one_sentence_and_exit_code_2(tmp_path):
    from test_process import Process

    with Process(tmp_path, '../examples/follow_yaw.py', 'timeout:=9.0') as process:
        assert process.process.wait(60.0) == 2
    assert process.log.startswith('follow_yaw: timeout is 9.0: expected a number from 0.02 to 5')
