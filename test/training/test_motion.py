# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from siam_tracker_ros.training.layers import soft_mask
from siam_tracker_ros.training.motion import Thing, at_time, smooth, walk


def rng(seed=0):
    return np.random.default_rng(seed)


def thing(x=50.0, y=60.0, w=40.0, h=20.0, angle=0.0, power=4.0, frames=2):
    """A part of an image of twice its size, which does not move."""
    return Thing(
        0,
        np.tile([100.0, 80.0, 2 * w, 2 * h], (frames, 1)),
        np.tile([x, y], (frames, 1)),
        np.tile([w, h], (frames, 1)),
        np.full(frames, angle),
        power,
        0.01,
    )


@pytest.mark.parametrize('from_zero', [False, True])
@pytest.mark.parametrize('period', [3.7, 20.0, 500.0])
def test_a_signal_is_smooth_and_bounded(period, from_zero):
    signal = smooth(rng(), 120, period, from_zero=from_zero)
    assert signal.shape == (120,)
    assert np.abs(signal).max() <= 1.0
    # Half a cosine is steepest in its middle.
    assert np.abs(np.diff(signal)).max() <= math.pi / period
    assert (signal[0] == 0.0) == from_zero


def test_a_walk_keeps_its_speed_and_its_area():
    way = walk(rng(), 2000, (50.0, 50.0), 4.0, (20.0, 80.0))
    assert way[0].tolist() == [50.0, 50.0]
    assert way.min() >= 20.0
    assert way.max() <= 80.0
    steps = np.diff(way, axis=0)
    assert np.hypot(*steps.T).max() <= 4.0 + 1e-9
    # It keeps its direction from one frame to the next, and goes everywhere.
    assert (steps[1:] * steps[:-1]).sum(axis=1).mean() > 0.5 * (steps**2).sum(axis=1).mean()
    assert (np.ptp(way, axis=0) > 50.0).all()


def test_a_walk_without_speed_stands_still():
    assert np.ptp(walk(rng(), 50, (5.0, 6.0), 0.0, (0.0, 9.0)), axis=0).tolist() == [0.0, 0.0]


def test_a_kick_is_sudden():
    still, kicked = (
        walk(rng(), 40, (500.0, 500.0), 1.0, (0.0, 1000.0), kicks) for kicks in ({}, {20: 9.0})
    )
    np.testing.assert_array_equal(still[:21], kicked[:21])
    speeds = np.hypot(*np.diff(kicked, axis=0).T)
    assert speeds[19] <= 1.0
    assert speeds[20] == pytest.approx(9.0)


def test_rows_between_two_frames():
    rows = np.array([[0.0, 4.0], [2.0, 8.0]])
    assert at_time(rows, 0.25).tolist() == [0.5, 5.0]
    assert at_time(rows, 1.0).tolist() == [2.0, 8.0]
    # The shutter may open before the first frame and close after the last.
    assert at_time(rows, -0.4).tolist() == [0.0, 4.0]
    assert at_time(rows, 1.4).tolist() == [2.0, 8.0]
    assert at_time(rows[:1], 0.3).tolist() == [0.0, 4.0]


@given(st.floats(10, 80), st.floats(10, 80), st.floats(-math.pi, math.pi), st.floats(1.5, 8.0))
def test_the_box_is_around_the_half_opaque_outline(w, h, angle, power):
    one = thing(64.0, 64.0, w, h, angle, power)
    layer = one.layer(0.0, 128)
    opacity = soft_mask(torch.from_numpy(layer.window[None]).float(), [layer.mask], 512)[0, 0]
    left, top, right, bottom = one.boxes()[0].ltrb
    inside = opacity > 0.5
    columns, rows = (torch.nonzero(inside.any(dim=d)).flatten() / 4 for d in (0, 1))
    # A sharp corner may pass between the samples, which are a quarter of a pixel apart.
    assert float(columns[0]) == pytest.approx(left, abs=0.6)
    assert float(columns[-1]) + 0.25 == pytest.approx(right, abs=0.6)
    assert float(rows[0]) == pytest.approx(top, abs=0.6)
    assert float(rows[-1]) + 0.25 == pytest.approx(bottom, abs=0.6)


def test_a_layer_shows_its_part_of_the_image():
    window = thing(angle=math.pi / 2).layer(0.5, 100).window
    # The centre, and half the width further along x of the image: down in the frame, clockwise.
    assert (window @ [0.0, 0.1, 1.0]).tolist() == pytest.approx([100.0, 80.0])
    assert (window @ [0.0, 0.3, 1.0]).tolist() == pytest.approx([140.0, 80.0])


def test_what_is_outside_is_not_visible():
    assert thing(50.0, 60.0).visible(100, [])[0] == 1.0
    assert thing(0.0, 60.0).visible(100, [])[0] == pytest.approx(0.5, abs=0.03)
    assert thing(0.0, 100.0).visible(100, [])[0] == pytest.approx(0.25, abs=0.03)
    assert thing(-30.0, 60.0).visible(100, [])[0] == 0.0


def test_what_is_covered_is_not_visible():
    under = thing(angle=0.5)
    assert under.visible(100, [thing(w=80.0, h=60.0)])[0] == 0.0
    assert under.visible(100, [thing(200.0, 60.0)])[0] == 1.0
    # The same shape, moved to the side by half of its width along its own axis.
    aside = thing(50.0 + 20 * math.cos(0.5), 60.0 + 20 * math.sin(0.5), angle=0.5)
    assert under.visible(100, [aside])[0] == pytest.approx(0.5, abs=0.05)
    both = [aside, thing(50.0 - 20 * math.cos(0.5), 60.0 - 20 * math.sin(0.5), angle=0.5)]
    assert under.visible(100, both)[0] < 0.1


def test_each_frame_has_its_own_share():
    two = thing()
    moved = Thing(
        0, two.shown, np.array([[50.0, 60.0], [0.0, 60.0]]), two.size, two.angle, 4.0, 0.01
    )
    assert moved.visible(100, []).tolist() == pytest.approx([1.0, 0.5], abs=0.03)
