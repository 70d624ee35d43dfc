# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from siam_tracker_ros.errors import BoxError
from siam_tracker_ros.evaluation.protocols.supervised import Supervised
from siam_tracker_ros.evaluation.subjects import Answer
from siam_tracker_ros.evaluation.vot import AccuracyRobustness
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.sequences import Sequence

BOX = [10.0, 12.0, 20.0, 16.0]
AWAY = [40.0, 40.0, 10.0, 10.0]
NOTHING = [np.nan] * 4
SHORT = {'': '.', 'init': 'I', 'failure': 'F', 'skipped': '-'}


class Scripted:
    """Says the box that it was told for the image, which carries its number."""

    name = 'scripted'

    def __init__(self, boxes):
        self.boxes = boxes
        self.starts = []

    def start(self, image, box):
        self.starts.append((int(image[0, 0, 0]), box.ltwh))

    def step(self, image):
        box = Box.from_ltwh(*self.boxes[int(image[0, 0, 0])])
        return Answer(box, 0.5, None)


@pytest.fixture(scope='module')
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp('numbered')
    return tuple(
        write_image(folder / f'{index}.png', np.full((64, 80, 3), index, np.uint8))
        for index in range(20)
    )


def run(images, said, truth=None):
    boxes = np.array([BOX] * len(images) if truth is None else truth)
    subject = Scripted(said)
    trace = Supervised().run(subject, Sequence('s', images, boxes), 0)
    return subject, trace, ''.join(SHORT[event] for event in trace.events)


def test_nothing_fails(images):
    subject, trace, events = run(images, [BOX] * 20)
    assert events == 'I' + '.' * 19
    assert subject.starts == [(0, tuple(BOX))]
    np.testing.assert_array_equal(trace.boxes, [BOX] * 20)
    assert np.isfinite(trace.seconds).all()


@pytest.mark.parametrize('wrong', [AWAY, NOTHING], ids=['away', 'nan'])
def test_a_failure_is_followed_by_a_start_five_images_later(images, wrong):
    said = [BOX] * 20
    said[3] = wrong
    subject, trace, events = run(images, said)
    assert events == 'I..F----I' + '.' * 11
    assert [index for index, _ in subject.starts] == [0, 8]
    np.testing.assert_array_equal(trace.boxes[3], wrong)
    assert np.isnan(trace.boxes[4:8]).all()
    assert np.isnan(trace.seconds[4:8]).all()


def test_touching_is_no_overlap_and_a_sliver_is_one(images):
    said = [BOX] * 20
    said[5] = [29.99, 12, 20, 16]
    said[10] = [30.0, 12, 20, 16]
    assert run(images, said)[2] == 'I.........F----I....'


def test_what_is_outside_the_image_does_not_overlap(images):
    truth = [[70.0, 12, 20, 16]] * 20
    said = [truth[0]] * 20
    said[2] = [80.0, 12, 20, 16]
    assert run(images, said, truth)[2].startswith('I.F----I')


def test_no_start_behind_the_end(images):
    said = [BOX] * 20
    said[16] = AWAY
    subject, _, events = run(images, said)
    assert events == 'I' + '.' * 15 + 'F---'
    assert len(subject.starts) == 1


def test_a_start_in_the_last_image(images):
    said = [BOX] * 20
    said[14] = AWAY
    assert run(images, said)[2] == 'I' + '.' * 13 + 'F----I'


def test_a_start_waits_for_the_target(images):
    said = [BOX] * 20
    said[3] = AWAY
    truth = [BOX] * 20
    truth[8:11] = [NOTHING] * 3
    assert run(images, said, truth)[2] == 'I..F-------I........'
    truth[8:] = [NOTHING] * 12
    assert run(images, said, truth)[2] == 'I..F' + '-' * 16


def test_no_failure_where_nobody_knows_the_target(images):
    truth = [BOX] * 20
    truth[6:9] = [NOTHING] * 3
    said = [BOX] * 20
    said[6:9] = [AWAY] * 3
    assert run(images, said, truth)[2] == 'I' + '.' * 19


def test_polygons_are_compared_exactly(images):
    pytest.importorskip('shapely')
    diamond = np.array([[20.0, 10], [30, 20], [20, 30], [10, 20]])
    truth = np.array([[10.0, 10, 20, 20]] * 20)
    sequence = Sequence('s', images, truth, polygons=np.broadcast_to(diamond, (20, 4, 2)))
    said = [BOX] * 20
    said[4] = [10.0, 10, 4, 4]  # in the corner of the bounds, outside the diamond
    trace = Supervised().run(Scripted(said), sequence, 0)
    assert trace.events[4] == 'failure'
    trace = Supervised().run(Scripted(said), replace(sequence, polygons=None), 0)
    assert trace.events[4] == ''


def test_the_events_are_those_of_the_toolkit(reference, tmp_path):
    """Its own experiment was run with the same boxes: see scripts/reference_vot.py."""
    stored = reference['short_term']
    width, height = reference['size']
    files = [
        write_image(tmp_path / f'{index}.png', np.full((height, width, 3), index, np.uint8))
        for index in range(90)
    ]
    for name, truth in stored['sequences'].items():
        sequence = Sequence(name, tuple(files[: len(truth)]), np.array(truth, np.float64))
        for said, events in zip(stored['said'][name], stored['events'][name]):
            trace = Supervised().run(Scripted(said), sequence, 0)
            assert trace.events.tolist() == events


class Refusing(Scripted):
    """Does not start in the left of the image."""

    def start(self, image, box):
        super().start(image, box)
        if box.cx < 30:
            raise BoxError('too far to the left')


def test_a_refused_start_is_a_failure(images):
    sequence = Sequence('s', images, np.array([BOX] * 12 + [[40.0, 10, 20, 20]] * 8))
    trace = Supervised().run(Refusing([[40.0, 10, 20, 20]] * 20), sequence, 0)
    assert ''.join(SHORT[event] for event in trace.events) == 'IF----IF----I.......'
    found = AccuracyRobustness().summarise([sequence], {'s': [trace]}).overall
    assert found['total_failures'] == 2


def test_a_start_that_is_refused_in_the_last_image(images):
    sequence = Sequence('s', images[:1], np.array([BOX]))
    assert Supervised().run(Refusing([BOX]), sequence, 0).events.tolist() == ['init']
