# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CameraInfo as it is written by drivers: window, binning, rectified images, wrong sizes."""

from types import SimpleNamespace

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.node.camera_info import camera_of_images, read_camera_info


def camera_info(**changes):
    """One of a 640x480 camera; its principal point is the centre of pixel 320, 240."""
    roi = {'x_offset': 0, 'y_offset': 0, 'width': 0, 'height': 0, **changes.pop('roi', {})}
    fields = {
        'width': 640, 'height': 480, 'distortion_model': 'plumb_bob',
        'd': [-0.2, 0.05, 0.0, 0.0, 0.0],
        'k': [400.0, 0.0, 320.0, 0.0, 410.0, 240.0, 0.0, 0.0, 1.0],
        'p': [360.0, 0.0, 310.0, -36.0, 0.0, 360.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        'binning_x': 0, 'binning_y': 0,
    }  # fmt: skip
    header = SimpleNamespace(frame_id=changes.pop('frame_id', 'camera'))
    return SimpleNamespace(
        header=header, roi=SimpleNamespace(**roi), **{**fields, **changes}
    )  # fmt: skip


def ahead(camera):
    """The pixel that looks straight ahead."""
    return camera.pixel((0.0, 0.0, 1.0))


def test_the_matrix_counts_from_the_centre_of_the_first_pixel():
    camera = read_camera_info(camera_info(), rectified=False)
    assert (camera.width, camera.height) == (640, 480)
    assert ahead(camera) == (320.5, 240.5)
    assert camera.coefficients == (-0.2, 0.05, 0.0, 0.0, 0.0)


def test_a_window_of_the_sensor_moves_the_principal_point():
    window = {'x_offset': 100, 'y_offset': 40, 'width': 320, 'height': 240}
    camera = read_camera_info(camera_info(roi=window), rectified=False)
    assert (camera.width, camera.height) == (320, 240)
    assert ahead(camera) == (220.5, 200.5)
    assert (camera.fx, camera.fy) == (400.0, 410.0)


def test_binned_pixels_are_larger_and_the_window_is_in_pixels_of_the_sensor():
    window = {'x_offset': 100, 'y_offset': 40, 'width': 321, 'height': 240}
    info = camera_info(roi=window, binning_x=2, binning_y=4)
    camera = read_camera_info(info, rectified=False)
    # The last column makes no whole bin.
    assert (camera.width, camera.height) == (160, 60)
    assert ahead(camera) == pytest.approx((220.5 / 2, 200.5 / 4))
    assert (camera.fx, camera.fy) == (200.0, 102.5)


def test_a_rectified_image_has_the_projection_of_p_and_no_lens():
    camera = read_camera_info(camera_info(), rectified=True)
    assert (camera.fx, camera.fy, ahead(camera)) == (360.0, 360.0, (310.5, 230.5))
    assert camera.coefficients == ()


def test_a_lens_without_name_and_distortion_is_none():
    plain = read_camera_info(camera_info(distortion_model='', d=[0.0] * 5), rectified=False)
    assert plain.coefficients == ()
    with pytest.raises(UserError, match="lens model is ''"):
        read_camera_info(camera_info(distortion_model=''), rectified=False)


@pytest.mark.parametrize(
    ('changes', 'rectified', 'words'),
    [
        ({'k': [0.0] * 9}, False, 'the camera is not calibrated'),
        ({'k': [0.0] * 9, 'p': [0.0] * 12}, True, 'the camera is not calibrated'),
        ({'p': [0.0] * 12}, True, 'its P is zero'),
        ({'k': [float('nan')] * 9}, False, 'focal lengths nan'),
        ({'width': 0}, False, 'images of 0x480'),
        ({'binning_x': 1000}, False, 'images of 0x480'),
        ({'distortion_model': 'equidistant'}, False, 'has 5 coefficients: expected 4'),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(changes, rectified, words):
    with pytest.raises(UserError, match=words):
        read_camera_info(camera_info(**changes), rectified)


def test_a_resized_image_has_a_resized_camera():
    camera = camera_of_images(camera_info(), False, 'camera', 320, 240)
    assert ahead(camera) == (160.25, 120.25)
    assert camera.ray(80.0, 60.0) == pytest.approx(
        read_camera_info(camera_info(), False).ray(160.0, 120.0)
    )


def test_an_image_of_another_shape_is_refused():
    with pytest.raises(UserError, match='is of 640x480 images, they are 640x360'):
        camera_of_images(camera_info(), False, 'camera', 640, 360)


def test_a_calibration_of_another_camera_is_refused():
    with pytest.raises(UserError, match="of frame 'camera', the images are of 'rear'"):
        camera_of_images(camera_info(), False, 'rear', 640, 480)
    for named, frame_id in (('', 'rear'), ('camera', '')):
        camera_of_images(camera_info(frame_id=named), False, frame_id, 640, 480)
