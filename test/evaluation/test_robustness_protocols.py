# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where SRE and TRE start a tracker."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.protocols.spatial import SpatialRobustness, perturbed
from siam_tracker_ros.evaluation.protocols.temporal import TemporalRobustness, segment_starts
from siam_tracker_ros.geometry import Box, check_initial_box
from siam_tracker_ros.sequences import Sequence


def make_sequence(boxes):
    return Sequence('made', (), np.array(boxes, float), resolution=(640, 480))


def uniform(count):
    return np.tile([10.0, 10.0, 40.0, 30.0], (count, 1))


def test_starts_inside_the_image_are_those_of_the_toolkit():
    # Worked out by hand: 10 % are 2.5 and 3.4 pixels, up to 3 and 4 for a shift of the centre.
    boxes = perturbed(Box.from_ltwh(50, 60, 25, 34), (640, 480))
    np.testing.assert_allclose(
        [box.ltwh for box in boxes],
        [
            (47, 60, 25, 34),
            (53, 60, 25, 34),
            (50, 56, 25, 34),
            (50, 64, 25, 34),
            # 47.5 is rounded up, and 56.6 too; the opposite corner stays.
            (48, 57, 27, 37),
            (50, 57, 28, 37),
            (48, 60, 27, 37),
            (50, 60, 28, 37),
            # Centre 62.5, 77: 52.5 and 63.4; 51.25 and 61.7; 48.75 and 58.3; 47.5 and 56.6.
            (53, 63, 20, 27),
            (51, 62, 23, 31),
            (49, 58, 28, 37),
            (48, 57, 30, 41),
        ],
        atol=1e-9,
    )


def test_edges_that_stay_keep_their_fractions():
    boxes = perturbed(Box.from_ltwh(50.25, 60.5, 20.5, 40.25), (640, 480))
    # Moved by 3 and 5; the corner's edges, 48.2 and 56.475, are rounded, the others stay.
    assert boxes[0].ltwh == pytest.approx((47.25, 60.5, 20.5, 40.25))
    assert boxes[4].ltrb == pytest.approx((48, 56, 70.75, 100.75))
    assert boxes[7].ltrb == pytest.approx((50.25, 60.5, 73, 105))


def test_starts_at_the_border_are_moved_in_or_cut_off():
    first = perturbed(Box.from_ltwh(0, 0, 40, 40), (100, 100))
    # Moved in, at the same size: as if there had been no shift.
    assert first[0].ltwh == pytest.approx((0, 0, 40, 40))
    assert first[4].ltwh == pytest.approx((0, 0, 44, 44))
    assert first[11].ltwh == pytest.approx((0, 0, 48, 48))
    last = perturbed(Box.from_ltwh(60, 60, 40, 40), (100, 100))
    # Cut off, so that it is smaller.
    assert last[1].ltwh == pytest.approx((64, 60, 36, 40))
    assert last[7].ltwh == pytest.approx((60, 60, 40, 40))
    assert last[11].ltwh == pytest.approx((56, 56, 44, 44))


def test_a_start_that_our_trackers_would_refuse_is_the_true_box():
    small = Box.from_ltwh(50, 60, 4, 5)
    boxes = perturbed(small, (100, 100))
    # 0.8 of 4 px are 3 px, 0.9 of them are 4.
    assert boxes[8] == small
    assert boxes[9].ltwh == pytest.approx((50, 60, 4, 5))
    border = Box.from_ltwh(96, 60, 6, 20)
    shifted = perturbed(border, (100, 100))
    # To the right, 3 px would remain.
    assert shifted[1] == border
    assert shifted[0].ltwh == pytest.approx((95, 60, 5, 20))


@given(
    st.integers(0, 80), st.integers(0, 80), st.integers(10, 100), st.integers(10, 100)
)
def test_starts_are_near_the_true_box_and_in_the_image(left, top, w, h):
    true = Box.from_ltwh(left, top, w, h)
    boxes = perturbed(true, (200, 190))
    assert len(boxes) == 12
    for box in boxes:
        x, y, width, height = box.ltwh
        assert min(x, y) >= 0
        assert x + width <= 200 + 1e-9
        assert y + height <= 190 + 1e-9
        # Least of all: 0.8 of the target's sides, and half a pixel of rounding.
        assert true.iou(box) > 0.5


def test_spatial_passes_all_start_in_the_first_image(sequence, recorder):
    # At the right border of images of 200 x 160, where their size matters.
    sequence = replace(sequence, boxes=sequence.boxes + np.array([100.0, 0, 0, 0]))
    protocol = SpatialRobustness()
    assert protocol.passes(sequence) == 12
    traces = [protocol.run(recorder, sequence, index) for index in range(12)]
    expected = [box.ltwh for box in perturbed(sequence.first_box, (200, 160))]
    np.testing.assert_allclose([trace.boxes[0] for trace in traces], expected)
    assert len({tuple(box) for _, box in recorder_starts(recorder)}) == 12
    for trace in traces:
        assert trace.events.tolist() == ['init', *[''] * 5]


def recorder_starts(recorder):
    return [(image.shape, box.ltwh) for image, box in recorder.starts]


def test_a_size_that_the_benchmark_tells_is_used(sequence, recorder):
    narrow = Sequence('narrow', sequence.images, sequence.boxes, resolution=(99, 160))
    trace = SpatialRobustness().run(recorder, narrow, 1)
    assert trace.boxes[0].tolist() == pytest.approx([64, 50, 35, 32])


def test_twenty_segments_of_a_long_sequence():
    # 381 frames can be started in: 1 + k * 381 / 19, rounded down, and the last of them.
    starts = segment_starts(make_sequence(uniform(400)))
    assert starts == [
        0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220, 240, 260, 280, 300, 320, 340, 360,
        380,
    ]  # fmt: skip


def test_segments_of_a_length_that_does_not_divide():
    # 31 of 50 frames: 1 + k * 31 / 19 is 1, 2.6, 4.3, 5.9, 7.5, ..., 28.7, 30.4.
    starts = segment_starts(make_sequence(uniform(50)))
    assert starts[:5] == [0, 1, 3, 4, 6]
    assert starts[-3:] == [27, 29, 30]
    assert len(starts) == 20


def test_a_short_sequence_is_not_started_twice_in_one_frame():
    assert segment_starts(make_sequence(uniform(24))) == [0, 1, 2, 3, 4]
    assert segment_starts(make_sequence(uniform(20))) == [0]
    assert segment_starts(make_sequence(uniform(7))) == [0]


def test_segments_start_where_there_is_something_to_start_on():
    boxes = uniform(60)
    boxes[10:30] = np.nan
    boxes[30:34, 0] = -1.0
    boxes[34, 2] = 3.0
    # Less than half of it is in the image, and then less than 4 px of it.
    boxes[35, :2] = 621, 10
    boxes[36] = 633, 10, 7, 30
    boxes[37] = 637, 10, 6, 30
    # In the image by the toolkit's rule, whose first pixel is 1.
    boxes[38, 0] = -0.5
    starts = segment_starts(make_sequence(boxes))
    assert starts[0] == 0
    assert starts[-1] == 40
    assert set(starts) == {*range(10), 36, 38, 39, 40}


@given(st.floats(-0.9, 660), st.floats(-0.9, 500), st.floats(1, 90), st.floats(1, 90))
def test_our_trackers_accept_every_start(left, top, w, h):
    boxes = uniform(30)
    boxes[5] = left, top, w, h
    for index in segment_starts(make_sequence(boxes)):
        check_initial_box(Box.from_ltwh(*boxes[index].tolist()), 640, 480)


def test_the_size_of_the_images_is_measured_where_nobody_tells(sequence):
    images = sequence.images * 5
    boxes = np.tile([150.0, 50, 80, 32], (30, 1))
    boxes[::2, 0] = 180.0
    # Images of 200 x 160: of the boxes at 180, less than half is inside.
    assert segment_starts(Sequence('wide', images, boxes)) == [1, 3, 5, 7, 9]
    wider = Sequence('wide', images, boxes, resolution=(640, 480))
    assert segment_starts(wider) == list(range(11))


def test_a_missing_image_is_told_by_the_pass(recorder, tmp_path):
    protocol = TemporalRobustness()
    lost = Sequence('lost', (tmp_path / '1.png',) * 40, uniform(40))
    assert protocol.passes(lost) == 1
    with pytest.raises(UserError, match=r'1\.png cannot be read'):
        protocol.run(recorder, lost, 0)


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_segments_are_few_ascending_and_long_enough(present):
    boxes = np.where(np.array(present)[:, None], uniform(len(present)), np.nan)
    starts = segment_starts(make_sequence(boxes))
    good = [i for i, p in enumerate(present) if p and len(present) - i >= 20]
    assert 1 <= len(starts) <= 20
    assert starts == sorted(set(starts))
    if good:
        assert set(starts) <= set(good)
        assert (starts[0], starts[-1]) == (good[0], good[-1])
    assert len(starts) == 20 or len(good) < 20


def test_temporal_passes_skip_what_is_before(sequence, recorder):
    longer = Sequence('longer', sequence.images * 5, np.tile(sequence.boxes, (5, 1)))
    protocol = TemporalRobustness()
    assert protocol.passes(longer) == 11
    trace = protocol.run(recorder, longer, 10)
    assert trace.events.tolist() == ['skipped'] * 10 + ['init'] + [''] * 19
    np.testing.assert_array_equal(trace.boxes[10], longer.boxes[10])
