# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images and boxes of any size."""

from csn_bench import GONE, HERE
import numpy as np
from places import place_of
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box


def test_rescale_follows_the_image_in_mid_track(make, texture):
    tracker = make(scales=1)
    full, half = texture(240, 320), texture(240, 320)[::2, ::2]
    target = tracker.start(Frame.from_numpy(full), HERE)
    tracker.step(Frame.from_numpy(full), [target])
    before = target.box
    target.rescale(0.5, 0.5)
    assert target.first == Box(60, 50, 30, 25)
    assert place_of(target.box) == pytest.approx([v / 2 for v in place_of(before)])
    for _ in range(3):
        (estimate,) = tracker.step(Frame.from_numpy(half), [target])
        assert inside(estimate.box, 160, 120)


def inside(box, width, height):
    left, top, right, bottom = box.ltrb
    return box.is_valid and -1e-6 <= left < right <= width + 1e-6 and (
        -1e-6 <= top < bottom <= height + 1e-6
    )


@pytest.mark.parametrize('values', [{}, {'candidates_from': 'draws'}], ids=str)
@pytest.mark.parametrize(
    ('height', 'width', 'ltwh'),
    [
        (240, 320, (20, 10, 290, 220)),  # more than half of the frame
        (240, 320, (-10, 200, 50, 60)),  # over the border
        (240, 320, (270, 0, 50, 40)),
        (60, 80, (20, 20, 24, 20)),  # a frame smaller than the crop
        (37, 211, (90, 4, 31, 29)),
        (171, 53, (0, 80, 53, 33)),
        (16, 16, (2, 2, 12, 11)),
        (240, 320, (100, 100, 4, 4)),  # the least that is tracked
    ],
)
def test_boxes_stay_inside_images_of_any_size(make, texture, values, height, width, ltwh):
    tracker = make(scales=3, size_from='matching', redetect_tiles=2, **values)
    image = texture(max(height, 64), max(width, 64))[:height, :width]
    target = tracker.start(Frame.from_numpy(image), Box.from_ltwh(*ltwh))
    for k in range(4):
        if k == 2:
            target.lose()
        moved = Frame.from_numpy(np.roll(image, (7 * k, 5 * k), (0, 1)))
        (estimate,) = tracker.step(moved, [target])
        assert inside(estimate.box, width, height)
        assert 0.0 <= estimate.score <= 1.0


def test_a_box_of_a_frame_that_shrank_is_still_inside(make, texture):
    tracker = make(**GONE, lost_patience=1)
    target = tracker.start(Frame.from_numpy(texture()), Box.from_ltwh(250, 180, 40, 40))
    for _ in range(2):
        (estimate,) = tracker.step(Frame.from_numpy(texture(64, 64)), [target])
        assert inside(estimate.box, 64, 64)


def test_a_box_that_cannot_be_tracked_is_refused(make, frame):
    with pytest.raises(UserError, match='lies outside the 320x240 image'):
        make().start(frame, Box.from_ltwh(400, 10, 40, 40))
