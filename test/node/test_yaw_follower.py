# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The law that turns to a target: signs, limits, stops, and a closed loop with a delay."""

from collections import deque
from itertools import pairwise
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest
from turning_robot import PERIOD, TurningRobot

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.node.yaw_follower import FollowSettings, YawFollower, rate_for, turn_to

SETTINGS = FollowSettings()


def ray_of(angle):
    """Direction at an angle to the left, level."""
    return (-math.sin(angle), 0.0, math.cos(angle))


def test_a_timeout_within_one_period_is_refused():
    with pytest.raises(UserError, match=r'timeout is 0\.15 s at 5 commands'):
        FollowSettings(timeout=0.15, rate=5.0)


def test_what_is_on_the_right_needs_a_turn_to_the_right():
    assert turn_to((0.5, 0.0, 0.5), 0.0) == pytest.approx(-math.pi / 4)
    assert turn_to((-0.5, 0.3, 0.5), 0.0) == pytest.approx(math.pi / 4)
    assert turn_to((0.0, 0.4, 0.9), 0.0) == 0.0


@given(st.floats(-3, 3), st.floats(-0.5, 1.2), st.floats(-1.4, 1.4))
def test_a_camera_that_looks_down_is_taken_into_account(angle, pitch, below):
    # Level frame: forward, left, up; then turned about the axis to the left.
    forward, left = math.cos(below) * math.cos(angle), math.cos(below) * math.sin(angle)
    up = -math.sin(below)
    z = forward * math.cos(pitch) - up * math.sin(pitch)
    y = -forward * math.sin(pitch) - up * math.cos(pitch)
    assert turn_to((-left, y, z), pitch) == pytest.approx(angle, abs=1e-9)


def test_a_target_straight_below_is_not_turned_to():
    assert turn_to((0.01, 0.01, 1.0), 1.5) == pytest.approx(0.0)
    assert turn_to((0.04, 1.0, 0.05), 0.0) == 0.0


@given(st.floats(-math.pi, math.pi))
def test_the_rate_has_the_sign_of_the_angle_and_is_limited(error):
    rate = rate_for(error, SETTINGS)
    assert abs(rate) <= SETTINGS.max_rate
    assert rate * error >= 0
    assert rate_for(-error, SETTINGS) == -rate


def test_the_rate_is_proportional_near_and_a_root_far_away():
    settings = FollowSettings(gain=2.0, max_acceleration=0.4, max_rate=20.0)
    assert rate_for(0.1, settings) == pytest.approx(0.2)
    # Both formulas meet at a / gain^2 = 0.1, with the same slope.
    assert rate_for(0.1 + 1e-6, settings) == pytest.approx(0.2 + 2e-6, rel=1e-6)
    assert rate_for(0.55, settings) == pytest.approx(math.sqrt(2 * 0.4 * 0.5))


def test_what_it_has_turned_since_counts_far_away_only_and_the_rate_does_not_jump():
    settings = FollowSettings(gain=2.0, max_acceleration=0.4, max_rate=20.0)
    assert rate_for(-0.75, settings, 0.2) == pytest.approx(rate_for(-0.55, settings))
    assert rate_for(0.1 + 1e-6, settings, 0.2) == pytest.approx(rate_for(0.1, settings))
    assert rate_for(0.1, settings, 0.2) == rate_for(0.1, settings)


@given(st.floats(0.3, 5.0), st.floats(0.2, 5.0), st.floats(0.0, 3.0))
def test_on_its_own_way_the_rate_never_has_to_fall_faster_than_is_allowed(gain, most, error):
    settings = FollowSettings(gain=gain, max_acceleration=most, max_rate=20.0)
    step = 1e-4
    # dv/dt = v dv/ds.
    rate = rate_for(error + step, settings)
    fall = rate * (rate - rate_for(error, settings)) / step
    assert fall <= most * 1.01


def test_it_begins_softly_and_stops_at_once():
    follower = YawFollower(SETTINGS)
    follower.see(ray_of(1.0), 5.0, 5.0)
    rates = [follower.command(5.0 + n * PERIOD, PERIOD) for n in range(20)]
    step = SETTINGS.max_acceleration * PERIOD
    assert rates[:4] == pytest.approx([step, 2 * step, 3 * step, 4 * step])
    assert rates[11] == pytest.approx(12 * step)
    # From 5.24 to 5.26 the image would become older than 0.25 s.
    assert rates[12:] == [0.0] * 8


@pytest.mark.parametrize(
    ('stamp', 'now'),
    [
        (4.7, 5.0),  # older than allowed when it arrives
        (0.0, 5.0),  # a camera that gives no stamps
        (5.0, 4.9),  # the clock jumped back after it
    ],
)
def test_a_bearing_whose_age_is_wrong_moves_nothing(stamp, now):
    follower = YawFollower(SETTINGS)
    follower.see(ray_of(1.0), stamp, 5.0)
    assert follower.command(now, PERIOD) == 0.0


def test_a_stamp_ahead_of_the_clock_does_not_keep_a_bearing_alive():
    follower = YawFollower(SETTINGS)
    follower.see(ray_of(1.0), 3600.0, 5.0)
    assert follower.command(5.0, PERIOD) > 0
    assert follower.command(5.26, PERIOD) == 0.0


def test_a_loss_stops_at_once_also_where_it_overtakes_the_last_bearing():
    follower = YawFollower(SETTINGS)
    follower.see(ray_of(1.0), 5.0, 5.0)
    assert follower.command(5.0, PERIOD) > 0
    follower.lose(5.04)
    assert follower.command(5.05, PERIOD) == 0.0
    follower.see(ray_of(1.0), 5.02, 5.06)
    assert follower.command(5.06, PERIOD) == 0.0
    follower.see(ray_of(1.0), 5.08, 5.08)
    assert follower.command(5.08, PERIOD) > 0
    # Of an image before the bearing's.
    follower.lose(5.06)
    assert follower.command(5.1, PERIOD) > 0


def test_after_a_clock_that_jumped_back_bearings_count_again():
    follower = YawFollower(SETTINGS)
    follower.lose(100.0)
    follower.see(ray_of(1.0), 5.0, 5.0)
    assert follower.command(5.0, PERIOD) > 0


@pytest.mark.parametrize('bad', [math.nan, math.inf])
def test_a_bearing_that_is_no_number_stops(bad):
    follower = YawFollower(SETTINGS)
    follower.see(ray_of(1.0), 5.0, 5.0)
    assert follower.command(5.0, PERIOD) > 0
    follower.see((bad, 0.0, 1.0), 5.02, 5.02)
    assert follower.command(5.02, PERIOD) == 0.0


def loop(target, seconds, settings=SETTINGS, delay=0.1, lag=0.05):
    """Close the loop with 25 images a second; return times, errors, rates and when it was seen."""
    robot, follower = TurningRobot(target, lag), YawFollower(settings)
    under_way = deque()
    records, seen = [], -math.inf
    for tick in range(round(seconds / PERIOD)):
        ray = robot.ray() if tick % 2 == 0 else None
        if ray is not None:
            under_way.append((ray, robot.time))
            seen = robot.time
        while under_way and robot.time - under_way[0][1] >= delay - 1e-9:
            follower.see(*under_way.popleft(), robot.time)
        rate = follower.command(robot.time, PERIOD)
        records.append((robot.time, robot.error(), rate, seen))
        robot.turn(rate)
    return records


@pytest.mark.parametrize('delay', [0.02, 0.1, 0.15])
@pytest.mark.parametrize('angle', [0.55, -0.55, 0.1])
def test_a_target_that_stands_still_is_brought_ahead_without_overshoot(angle, delay):
    records = loop(lambda time: angle, 5.0, delay=delay)
    errors = [error for _, error, _, _ in records]
    assert abs(errors[-1]) < 0.01
    assert max(-error * math.copysign(1, angle) for error in errors) < 0.02
    rates = [rate for _, _, rate, _ in records]
    assert max(map(abs, rates)) <= SETTINGS.max_rate
    step = SETTINGS.max_acceleration * PERIOD
    assert all(abs(b - a) <= step + 1e-9 for a, b in pairwise(rates))


@pytest.mark.parametrize(
    ('gain', 'most', 'delay', 'lag'),
    [(2.4, 0.5, 0.1, 0.04), (3.6, 1.5, 0.06, 0.03), (1.5, 0.3, 0.15, 0.05), (1.5, 0.3, 0.2, 0.04)],
)
def test_with_a_delay_and_little_acceleration_it_does_not_overshoot(gain, most, delay, lag):
    settings = FollowSettings(gain=gain, max_acceleration=most, max_rate=3.0)
    errors = [e for _, e, _, _ in loop(lambda time: 0.55, 6.0, settings, delay, lag)]
    assert abs(errors[-1]) < 0.01
    assert max(-error for error in errors) < 0.01 * 0.55


def test_a_target_that_walks_is_followed_at_the_distance_of_a_proportional_law():
    records = loop(lambda time: 0.3 * time, 6.0)
    # At rest relative to it: rate = gain * error, whatever the delay.
    assert records[-1][1] == pytest.approx(0.3 / SETTINGS.gain, abs=0.01)


def test_a_large_gain_is_slowed_down_by_the_limit_of_acceleration():
    settings = FollowSettings(gain=4.0, max_acceleration=0.5, max_rate=3.0)
    errors = [e for _, e, _, _ in loop(lambda time: 0.55, 6.0, settings, delay=0.02, lag=0.01)]
    assert abs(errors[-1]) < 0.01
    assert max(-error for error in errors) < 0.03


@pytest.mark.parametrize('delay', [0.02, 0.1, 0.2])
def test_it_stands_within_250_ms_after_the_target_is_gone(delay):
    records = loop(lambda time: 0.2 + 0.8 * time if time < 0.9 else None, 3.0, delay=delay)
    last = records[-1][3]
    assert last == pytest.approx(0.88)
    moving = [time for time, _, rate, _ in records if rate != 0]
    assert moving
    # A command holds for one period.
    assert max(moving) + PERIOD <= last + 0.25 + 1e-9
