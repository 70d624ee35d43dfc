# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from siam_tracker_ros.evaluation.protocols.realtime import RealTime
from siam_tracker_ros.evaluation.subjects import Answer
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.sequences import Sequence
from siam_tracker_ros.trackers.base import State


class Slow:
    """Takes prescribed seconds, and says a box that tells the number of the image."""

    name = 'slow'

    def __init__(self, seconds, boxes=None):
        self.now = 0.0
        self.seconds = iter(seconds)
        self.boxes = boxes
        self.calls = []

    def clock(self):
        return self.now

    def start(self, image, box):
        self._take(image)

    def step(self, image):
        index = self._take(image)
        left = index if self.boxes is None else None
        box = [left, 0, 40, 30] if self.boxes is None else self.boxes[index]
        return Answer(Box.from_ltwh(*box), index / 100, State.TRACKING)

    def _take(self, image):
        self.now += next(self.seconds)
        self.calls.append(int(image[0, 0, 0]))
        return self.calls[-1]


@pytest.fixture(scope='module')
def images(tmp_path_factory, reference):
    folder = tmp_path_factory.mktemp('numbered')
    width, height = reference['size']
    return [
        write_image(folder / f'{index}.png', np.full((height, width, 3), index, np.uint8))
        for index in range(60)
    ]


def run(images, seconds, **rules):
    subject = Slow(seconds)
    boxes = np.array([[0.0, 0, 40, 30]] * 12)
    sequence = Sequence('s', tuple(images[:12]), boxes)
    return subject, RealTime(clock=subject.clock, **rules).run(subject, sequence, 0)


def test_a_fast_tracker_gets_every_image(images):
    subject, trace = run(images, [0.01] * 12)
    assert subject.calls == list(range(12))
    np.testing.assert_allclose(trace.seconds, 0.01)


def test_a_slow_tracker_misses_images_and_its_last_answer_stays(images):
    subject, trace = run(images, [0.01, *[0.12] * 11], fps=20.0, grace=0)
    # 0.12 s is 0.07 s too late: one image of 0.05 s is missed, and 0.02 s are forgiven.
    assert subject.calls == [0, 1, 3, 5, 7, 9, 11]
    assert trace.boxes[:, 0].tolist() == [0, 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11]
    assert np.isnan(trace.seconds[[2, 4, 6, 8, 10]]).all()
    assert trace.scores[4] == trace.scores[3] == 0.03
    assert trace.states[4] == 'tracking'
    assert (trace.events[1:] == '').all()


def test_a_delay_below_one_image_is_forgiven(images):
    assert run(images, [0.09] * 12, grace=0)[0].calls == list(range(12))


def test_the_first_late_answers_are_free(images):
    # The start and the next two; then 0.27 s are 0.22 s too late: four images are missed.
    subject, _ = run(images, [0.27] * 12)
    assert subject.calls == [0, 1, 2, 3, 8]


def test_each_start_grants_the_free_answers_again(images):
    said = [[0, 0, 40, 30]] * 12
    said[1] = [100, 100, 40, 30]
    subject = Slow([0.27] * 12, said)
    sequence = Sequence('s', tuple(images[:12]), np.array([[0.0, 0, 40, 30]] * 12))
    RealTime(clock=subject.clock).run(subject, sequence, 0)
    # The start and one answer, a failure; another start with two answers, then a late one.
    assert subject.calls == [0, 1, 6, 7, 8, 9]


def test_a_late_start_holds_the_box_it_was_given(images):
    subject, trace = run(images, [0.16, *[0.01] * 11], grace=0)
    assert subject.calls == [0, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert trace.boxes[:4, 0].tolist() == [0, 0, 0, 3]
    assert np.isnan(trace.scores[:3]).all()


def test_other_rates(images):
    assert run(images, [0.01] * 12, fps=1000.0, grace=0)[0].calls == [0, 9]
    assert run(images, [0.3] * 12, fps=1.0, grace=0)[0].calls == list(range(12))


def test_the_calls_and_the_boxes_are_those_of_the_toolkit(images, reference):
    """Its own runtime was given the same seconds: see scripts/reference_vot.py."""
    for stored in reference['real_time']:
        subject = Slow(stored['seconds'], stored['said'])
        sequence = Sequence('s', tuple(images), np.array(stored['truth'], np.float64))
        trace = RealTime(clock=subject.clock).run(subject, sequence, 0)
        assert trace.events.tolist() == stored['events']
        assert subject.calls == stored['calls']
        told = [row for row in range(60) if stored['boxes'][row] is not None]
        np.testing.assert_array_equal(
            trace.boxes[told], [stored['boxes'][row] for row in told]
        )


def test_a_late_answer_counts_from_the_image_on_in_which_it_comes(images):
    # 0.081 s each, at 0.05 s an image. Image 1 comes at 0.05 and its answer at 0.131, while image
    # 2 is in view; that is taken then, and its answer comes at 0.212: image 3 is missed.
    subject, trace = run(images, [0.01, *[0.081] * 11], grace=0, strict=True)
    assert subject.calls == [0, 1, 2, 4, 5, 7, 9, 10]
    assert trace.boxes[:, 0].tolist() == [0, 0, 1, 1, 2, 4, 4, 5, 5, 7, 9, 9]


def test_strict_rules_make_no_difference_to_a_fast_tracker(images):
    subject, trace = run(images, [0.04] * 12, strict=True)
    assert subject.calls == list(range(12))
    assert trace.boxes[1:, 0].tolist() == list(range(1, 12))


def test_strict_rules_grant_the_same_grace(images):
    subject, trace = run(images, [0.27] * 12, strict=True)
    assert trace.boxes[:, 0].tolist() == [0, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3]
    assert subject.calls == [0, 1, 2, 3, 8]


def test_an_answer_from_before_a_failure_never_counts_after_the_next_start(images):
    said = [[0, 0, 40, 30]] * 12
    said[2] = [100, 100, 40, 30]  # comes while image 4 is in view: a failure
    said[4] = [5, 0, 40, 30]  # asked for at that image; comes when nobody waits for it
    subject = Slow([0.01, *[0.081] * 11], said)
    sequence = Sequence('s', tuple(images[:12]), np.array([[0.0, 0, 40, 30]] * 12))
    trace = RealTime(grace=0, strict=True, clock=subject.clock).run(subject, sequence, 0)
    assert trace.events.tolist()[:5] == ['init', '', '', '', 'failure']
    assert trace.events.tolist()[5:] == [*['skipped'] * 4, 'init', '', '']
    assert subject.calls == [0, 1, 2, 4, 9, 10]
    assert trace.boxes[10].tolist() == [0, 0, 40, 30]


def test_the_traces_of_both_rules_are_kept_apart():
    assert RealTime().name != RealTime(strict=True).name


def test_live_seconds_are_measured(images, recorder):
    sequence = Sequence('s', tuple(images[:4]), np.array([[0.0, 0, 40, 30]] * 4))
    trace = RealTime().run(recorder, sequence, 0)
    assert (trace.seconds > 0).all()
    assert recorder.count == 3
