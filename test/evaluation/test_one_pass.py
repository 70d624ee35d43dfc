# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from siam_tracker_ros.errors import BoxError, UserError
from siam_tracker_ros.evaluation.protocols.one_pass import OnePass, follow
from siam_tracker_ros.evaluation.subjects import Answer
from siam_tracker_ros.evaluation.success import Success
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import read_image


def test_one_pass_starts_once_and_never_corrects(sequence, recorder):
    run = OnePass().run(recorder, sequence, 0)
    [(image, box)] = recorder.starts
    np.testing.assert_array_equal(image, read_image(sequence.images[0]))
    assert box == sequence.first_box
    np.testing.assert_array_equal(run.boxes[0], sequence.boxes[0])
    np.testing.assert_array_equal(run.boxes[1:, 0], [1, 2, 3, 4, 5])
    np.testing.assert_allclose(run.scores, [np.nan, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert run.states.tolist() == ['', *['tracking'] * 5]
    assert run.events.tolist() == ['init', *[''] * 5]
    assert (run.seconds >= 0).all()
    assert OnePass().passes(sequence) == 1


def test_a_later_start_skips_what_is_before(sequence, recorder):
    run = follow(recorder, sequence, 4, Box.from_ltwh(1, 2, 30, 40))
    assert run.events.tolist() == ['skipped'] * 4 + ['init', '']
    assert np.isnan(run.boxes[:4]).all()
    assert np.isnan(run.seconds[:4]).all()
    np.testing.assert_array_equal(run.boxes[4], [1, 2, 30, 40])
    np.testing.assert_array_equal(recorder.starts[0][0], read_image(sequence.images[4]))
    assert run.tracked.tolist() == [False] * 5 + [True]


class Picky:
    """Refuses boxes that begin left of a column, and answers with the box it was given."""

    name = 'picky'

    def start(self, image, box):
        if box.ltwh[0] < 65:
            raise BoxError('too far to the left')
        self.box = box

    def step(self, image):
        return Answer(self.box, 1.0, None)


def test_a_refused_start_misses_all_images(sequence):
    run = OnePass().run(Picky(), sequence, 0)
    assert run.events.tolist() == ['init', *[''] * 5]
    np.testing.assert_array_equal(run.boxes[0], sequence.boxes[0])
    assert np.isnan(run.boxes[1:]).all()
    assert np.isnan(run.seconds).all()
    summary = Success().summarise([sequence], {sequence.name: [run]})
    # The start counts as found, as with everybody.
    assert summary.overall['auc'] == pytest.approx(20 / 21 / 6)


def test_an_image_that_cannot_be_read_is_no_refusal(sequence, tmp_path, recorder):
    broken = replace(sequence, images=(tmp_path / 'none.png', *sequence.images[1:]))
    with pytest.raises(UserError, match='none'):
        OnePass().run(recorder, broken, 0)
