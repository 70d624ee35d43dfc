# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.peers import create_peer, peer_names
from siam_tracker_ros.evaluation.runner import LibrarySubject, run_one_pass
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import read_image, require_cv2, write_image
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.sequences import Sequence
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker


@pytest.fixture(scope='module')
def sequence(tmp_path_factory):
    """A patch of noise that moves 3 px a frame over a smooth ground."""
    cv2 = require_cv2()
    noise = np.random.default_rng(0)
    ground = cv2.GaussianBlur(noise.integers(0, 255, (160, 200, 3), np.uint8), (0, 0), 6)
    patch = noise.integers(0, 255, (32, 40, 3), np.uint8)
    folder = tmp_path_factory.mktemp('sequence')
    files, boxes = [], []
    for index in range(6):
        left = 60 + 3 * index
        image = ground.copy()
        image[50:82, left : left + 40] = patch
        files.append(write_image(folder / f'{index}.png', image))
        boxes.append([left, 50.0, 40.0, 32.0])
    return Sequence('moving', tuple(files), np.array(boxes))


class Recorder:
    """Says a box that tells which image it has seen."""

    name = 'recorder'

    def __init__(self):
        self.starts = []

    def start(self, image, box):
        self.starts.append((image, box))
        self.count = 0

    def step(self, image):
        self.count += 1
        return Box.from_ltwh(self.count, 0, 10, 10)


def test_one_pass_starts_once_and_never_corrects(sequence):
    subject = Recorder()
    run = run_one_pass(subject, sequence)
    [(image, box)] = subject.starts
    np.testing.assert_array_equal(image, read_image(sequence.images[0]))
    assert box == sequence.first_box
    np.testing.assert_array_equal(run.boxes[0], sequence.boxes[0])
    np.testing.assert_array_equal(run.boxes[1:, 0], [1, 2, 3, 4, 5])
    assert run.seconds.shape == (6,)
    assert (run.seconds >= 0).all()
    assert run.median_fps == pytest.approx(1 / np.median(run.seconds[1:]))


def test_sequence_of_one_image_has_no_speed(sequence):
    alone = Sequence('alone', sequence.images[:1], sequence.boxes[:1])
    run = run_one_pass(Recorder(), alone)
    assert run.boxes.shape == (1, 4)
    assert np.isnan(run.median_fps)


def test_library_subject_gives_the_boxes_of_the_library(sequence):
    torch.manual_seed(0)
    network = SiamFC(widths=(8, 16, 16, 16, 16), groups=1)
    tracker = SiamFCTracker(network, SiamFCSettings(), torch.device('cpu'))
    run = run_one_pass(LibrarySubject('ours', tracker), sequence)
    images = [read_image(path) for path in sequence.images]
    target = tracker.start(Frame.from_numpy(images[0]), sequence.first_box)
    for index, image in enumerate(images[1:], 1):
        box = tracker.step(Frame.from_numpy(image), [target])[0].box
        np.testing.assert_allclose(run.boxes[index], box.ltwh, atol=1e-6)


def test_peer_follows_the_patch(sequence):
    run = run_one_pass(create_peer('mil', 'no folder needed'), sequence)
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
    run = run_one_pass(peer, short)
    np.testing.assert_array_equal(run.boxes[1:], [[1, 2, 3, 4], [1, 2, 3, 4]])


def test_peers_that_are_not_here_are_refused(monkeypatch, tmp_path):
    cv2 = require_cv2()
    monkeypatch.delattr(cv2, 'TrackerCSRT_create', raising=False)
    with pytest.raises(UserError, match='CSRT is not in this build of OpenCV'):
        create_peer('csrt', tmp_path)
    with pytest.raises(UserError, match=r'NanoTrack needs .*backbone_sim\.onnx'):
        create_peer('nanotrack', tmp_path)
    with pytest.raises(UserError, match="unknown peer 'sift'"):
        create_peer('sift', tmp_path)
    assert set(peer_names()) == {'csrt', 'kcf', 'mil', 'nanotrack'}
