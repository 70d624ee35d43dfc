# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Directions of pixels: closed forms, and the lens models forwards and back."""

import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.camera import Camera
from siam_tracker_ros.errors import UserError

SHAPE = {'width': 640, 'height': 480, 'fx': 400.0, 'fy': 410.0, 'cx': 330.0, 'cy': 230.0}
LENSES = {
    'none': {},
    'plumb_bob': {'coefficients': (-0.28, 0.09, 0.001, -0.002, -0.01)},
    'rational_polynomial': {
        'model': 'rational_polynomial',
        'coefficients': (0.6, 0.1, 0.001, -0.002, 0.01, 0.9, 0.2, 0.03),
    },
    'equidistant': {'model': 'equidistant', 'coefficients': (-0.03, 0.01, -0.004, 0.001)},
}


@pytest.fixture(params=LENSES)
def camera(request):
    return Camera(**SHAPE, **LENSES[request.param])


def test_a_pinhole_looks_along_its_similar_triangles():
    camera = Camera(**SHAPE)
    assert camera.ray(330.0, 230.0) == (0.0, 0.0, 1.0)
    assert camera.ray(330.0 + 400.0, 230.0) == pytest.approx((math.sqrt(0.5), 0, math.sqrt(0.5)))
    x, y, z = camera.ray(30.0, 435.0)
    assert (x / z, y / z) == pytest.approx((-0.75, 0.5))


def test_right_and_down_in_the_image_are_positive(camera):
    x, y, z = camera.ray(600.0, 400.0)
    assert x > 0
    assert y > 0
    assert z > 0


def test_every_lens_looks_straight_ahead_at_its_principal_point(camera):
    assert camera.ray(330.0, 230.0) == (0.0, 0.0, 1.0)


def test_radial_distortion_is_that_of_its_formula():
    # x' = x (1 + k1 r^2) at x = 0.5: 0.5 (1 - 0.2 * 0.25).
    camera = Camera(**SHAPE, coefficients=(-0.2, 0.0, 0.0, 0.0))
    x, y, z = camera.ray(330.0 + 400.0 * 0.475, 230.0)
    assert (x / z, y / z) == pytest.approx((0.5, 0.0), abs=1e-9)


def test_an_ideal_fisheye_has_its_angles_in_its_radii():
    camera = Camera(**SHAPE, model='fisheye', coefficients=(0.0, 0.0, 0.0, 0.0))
    for angle in (0.1, 0.7, 1.2):
        x, _, z = camera.ray(330.0 + 400.0 * angle, 230.0)
        assert math.atan2(x, z) == pytest.approx(angle, abs=1e-9)


@given(st.floats(40, 600), st.floats(40, 440), st.sampled_from(sorted(LENSES)))
def test_a_direction_is_of_length_one_and_projects_back_to_its_pixel(x, y, lens):
    camera = Camera(**SHAPE, **LENSES[lens])
    ray = camera.ray(x, y)
    assert math.hypot(*ray) == pytest.approx(1.0)
    assert camera.pixel(ray) == pytest.approx((x, y), abs=0.02)


def test_a_pixel_beyond_what_the_lens_can_show_is_refused_not_guessed():
    # r (1 - 0.3 r^2) never exceeds 0.703: no direction is seen at 0.8.
    camera = Camera(**SHAPE, coefficients=(-0.3, 0.0, 0.0, 0.0))
    camera.ray(330.0 + 0.6 * 400.0, 230.0)
    with pytest.raises(UserError, match='no inverse at pixel 650'):
        camera.ray(330.0 + 0.8 * 400.0, 230.0)
    behind = Camera(**SHAPE, model='equidistant', coefficients=(0.0,) * 4)
    with pytest.raises(UserError, match='no inverse'):
        behind.ray(330.0 + 1.7 * 400.0, 230.0)


def test_what_is_behind_the_camera_has_no_pixel(camera):
    assert camera.pixel((0.1, 0.1, -1.0)) is None
    assert camera.pixel((1.0, 0.0, 0.0)) is None


def test_a_crop_shows_the_same_things_elsewhere(camera):
    part = camera.cropped(100.0, 50.0, 320, 240)
    assert (part.width, part.height) == (320, 240)
    assert part.ray(150.0, 90.0) == pytest.approx(camera.ray(250.0, 140.0))


def test_a_resized_image_shows_the_same_things_at_the_same_share(camera):
    half = camera.resized(320, 120)
    assert half.ray(150.0, 40.0) == pytest.approx(camera.ray(300.0, 160.0))


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        ({'width': 0}, 'images of 0x480: expected at least 1x1'),
        ({'fx': 0.0}, 'focal lengths 0, 410 px'),
        ({'fy': -1.0}, 'expected positive focal lengths'),
        ({'cx': math.nan}, 'principal point nan'),
        ({'coefficients': (math.inf, 0.0, 0.0, 0.0)}, 'finite numbers'),
        ({'model': 'fov'}, "lens model is 'fov': expected one of equidistant"),
        ({'model': 'equidistant'}, 'equidistant has 0 coefficients: expected 4;'),
        ({'coefficients': (0.1, 0.2)}, 'plumb_bob has 2 coefficients: expected 0, 4, 5'),
    ],
)
def test_an_impossible_camera_is_refused_with_the_reason(wrong, words):
    with pytest.raises(UserError, match=words):
        Camera(**{**SHAPE, **wrong})
