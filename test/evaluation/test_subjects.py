# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import BoxError, UserError
from siam_tracker_ros.evaluation.peers import create_peer, peer_names
from siam_tracker_ros.evaluation.protocols.one_pass import OnePass
from siam_tracker_ros.evaluation.subjects import LibrarySubject
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.images import read_image, require_cv2
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.sequences import Sequence
from siam_tracker_ros.stages import record
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker


def test_library_subject_gives_the_boxes_of_the_library(sequence):
    torch.manual_seed(0)
    network = SiamFC(widths=(8, 16, 16, 16, 16), groups=1)
    tracker = SiamFCTracker(network, SiamFCSettings(), torch.device('cpu'))
    run = OnePass().run(LibrarySubject('ours', tracker), sequence, 0)
    images = [read_image(path) for path in sequence.images]
    target = tracker.start(Frame.from_numpy(images[0]), sequence.first_box)
    for index, image in enumerate(images[1:], 1):
        estimate = tracker.step(Frame.from_numpy(image), [target])[0]
        np.testing.assert_allclose(run.boxes[index], estimate.box.ltwh, atol=1e-6)
        assert run.scores[index] == pytest.approx(estimate.score)
        assert run.states[index] == estimate.state.value


def test_library_subject_tells_its_stages(sequence):
    network = SiamFC(widths=(8, 16, 16, 16, 16), groups=1)
    tracker = SiamFCTracker(network, SiamFCSettings(), torch.device('cpu'))
    subject = LibrarySubject('ours', tracker)
    image = read_image(sequence.images[0])
    subject.start(image, sequence.first_box)
    with record() as seconds:
        subject.step(image)
    assert set(seconds) == {'upload', 'crop', 'network', 'post-processing'}


def test_peer_follows_the_patch(sequence):
    run = OnePass().run(create_peer('mil', 'no folder needed'), sequence, 0)
    moved = run.boxes[-1] - sequence.boxes[-1]
    assert np.abs(moved[:2]).max() < 10
    assert run.boxes[-1, 0] > 65


class Failing:
    """Stands in for a cv2 tracker that loses its target after the first step."""

    def __init__(self):
        self.answers = [(True, (1, 2, 3, 4)), (False, (0, 0, 0, 0))]

    def init(self, image, corner):
        assert all(isinstance(value, int) for value in corner)

    def update(self, image):
        return self.answers.pop(0)


def test_peer_keeps_its_box_where_it_fails(sequence, monkeypatch):
    cv2 = require_cv2()
    monkeypatch.setattr(cv2, 'TrackerKCF_create', Failing, raising=False)
    peer = create_peer('kcf', 'none')
    short = Sequence('short', sequence.images[:3], sequence.boxes[:3] + 0.25)
    run = OnePass().run(peer, short, 0)
    np.testing.assert_array_equal(run.boxes[1:], [[1, 2, 3, 4], [1, 2, 3, 4]])
    np.testing.assert_array_equal(run.scores[1:], [1, 0])
    assert run.states.tolist() == ['', 'tracking', 'lost']


def test_peer_that_fails_on_a_box_refuses_it(sequence, monkeypatch):
    def fail(self, image, corner):
        raise require_cv2().error('assertion failed')

    monkeypatch.setattr(Failing, 'init', fail)
    monkeypatch.setattr(require_cv2(), 'TrackerKCF_create', Failing, raising=False)
    peer = create_peer('kcf', 'none')
    with pytest.raises(BoxError, match=r'kcf refuses the box \(60, 50, 40, 32\)'):
        peer.start(read_image(sequence.images[0]), sequence.first_box)


def test_peer_with_a_score_of_its_own_tells_it(sequence, monkeypatch):
    monkeypatch.setattr(Failing, 'getTrackingScore', lambda self: 0.7, raising=False)
    monkeypatch.setattr(require_cv2(), 'TrackerKCF_create', Failing, raising=False)
    short = Sequence('short', sequence.images[:3], sequence.boxes[:3])
    run = OnePass().run(create_peer('kcf', 'none'), short, 0)
    np.testing.assert_array_equal(run.scores[1:], [0.7, 0.7])


def test_a_score_of_minus_one_is_none(sequence, monkeypatch):
    monkeypatch.setattr(Failing, 'getTrackingScore', lambda self: -1.0, raising=False)
    monkeypatch.setattr(require_cv2(), 'TrackerKCF_create', Failing, raising=False)
    short = Sequence('short', sequence.images[:3], sequence.boxes[:3])
    run = OnePass().run(create_peer('kcf', 'none'), short, 0)
    np.testing.assert_array_equal(run.scores[1:], [1, 0])


def test_peers_that_are_not_here_are_refused(monkeypatch, tmp_path):
    cv2 = require_cv2()
    monkeypatch.delattr(cv2, 'TrackerCSRT_create', raising=False)
    with pytest.raises(UserError, match='CSRT is not in this build of OpenCV'):
        create_peer('csrt', tmp_path)
    with pytest.raises(UserError, match=r'nanotrack needs .*backbone_sim\.onnx'):
        create_peer('nanotrack', tmp_path)
    with pytest.raises(UserError, match="unknown peer 'sift'"):
        create_peer('sift', tmp_path)
    assert {'csrt', 'kcf', 'mil', 'nanotrack'} <= set(peer_names())
