# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.geometry import MIN_TARGET_SIDE, Box
from siam_tracker_ros.images import require_cv2
from siam_tracker_ros.trackers import Estimate, State
from siam_tracker_ros.training.mining import MiningSettings, mine, propose
from siam_tracker_ros.training.sources import discover

SETTINGS = MiningSettings(segments=1, length=6, skip=1, objects=3, travel=0.0)


def write_clip(path, images):
    cv2 = require_cv2()
    height, width, _ = images[0].shape
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    return path


@pytest.fixture
def clip(tmp_path, texture):
    """A video of a patch that moves by three pixels per frame over a still picture."""
    background, patch = texture(180, 240, 0), texture(50, 50, 9)
    patch[10:40, 10:40] = (20, 60, 230)
    images = [background.copy() for _ in range(8)]
    for k, image in enumerate(images):
        image[60:110, 40 + 3 * k : 90 + 3 * k] = patch
    return write_clip(tmp_path / 'clip.avi', images)


class Scripted:
    """A tracker that answers with a function of the start box, the pass (1, 2) and the step."""

    device = 'cpu'

    def __init__(self, answer):
        self.answer = answer
        self.passes = 0
        self.stepping = True
        self.seen = []

    def start(self, frame, box):
        assert min(box.w, box.h) >= MIN_TARGET_SIDE
        if self.stepping:
            self.passes += 1
            self.seen.append(frame.pixels)
        self.stepping = False
        return {'box': box, 'pass': self.passes, 'step': 0}

    def step(self, frame, targets):
        self.stepping = True
        self.seen.append(frame.pixels)
        estimates = []
        for target in targets:
            target['step'] += 1
            box = self.answer(target['box'], target['pass'], target['step'])
            state = State.LOST if box is None else State.TRACKING
            shown = box or target['box']
            estimates.append(Estimate(shown, 0.9, 1.0, None, state, False, 'never', None))
        return estimates


def test_what_returns_is_kept_as_a_labelled_sequence(clip, tmp_path):
    found = mine([clip], tmp_path / 'out', Scripted(lambda box, *_: box), SETTINGS, 0)
    assert 1 <= len(found) <= 3
    shots = discover([tmp_path / 'out']).shots
    assert len(shots) == len(found)
    for shot in shots:
        assert len(shot.images) == 6
        assert len(shot.visible) == 6


@pytest.mark.parametrize(('shift', 'kept'), [(0.0, False), (0.04, False), (0.06, True)])
def test_what_stands_still_is_dropped(clip, tmp_path, shift, kept):
    # Six images are five steps: a shift of 5 % each ends at a quarter of the object's size.
    def sideways(box, number, step):
        way = shift * (box.w * box.h) ** 0.5
        return Box(box.cx + (way if number == 1 else -way) * step, box.cy, box.w, box.h)

    found = mine(
        [clip], tmp_path / 'out', Scripted(sideways), replace(SETTINGS, travel=0.25), 0
    )
    assert bool(found) == kept


def test_what_does_not_return_is_dropped(clip, tmp_path):
    def drifts(box, number, step):
        # Only the last step of the way back: all other images agree.
        away = number == 2 and step == 5
        return Box(box.cx + 200.0, box.cy, box.w, box.h) if away else box

    assert mine([clip], tmp_path / 'out', Scripted(drifts), SETTINGS, 0) == []


def test_the_way_back_is_the_way_there_reversed(clip, tmp_path):
    tracker = Scripted(lambda box, *_: box)
    mine([clip], tmp_path / 'out', tracker, SETTINGS, 0)
    there, back = tracker.seen[:6], tracker.seen[6:]
    assert len(back) == 6
    assert not torch.equal(there[0], there[-1])
    assert all(torch.equal(a, b) for a, b in zip(there, back[::-1]))


def test_what_is_lost_is_dropped(clip, tmp_path):
    lost = Scripted(lambda box, number, step: None if step > 3 else box)
    assert mine([clip], tmp_path / 'out', lost, SETTINGS, 0) == []


def test_images_on_which_the_passes_disagree_have_no_box(clip, tmp_path):
    def strays(box, number, step):
        # Only on the way there, only in the second image.
        away = number == 1 and step == 1
        return Box(box.cx + 200.0, box.cy, box.w, box.h) if away else box

    mine([clip], tmp_path / 'out', Scripted(strays), SETTINGS, 0)
    shots = discover([tmp_path / 'out']).shots
    assert shots
    for shot in shots:
        assert shot.visible == [0, 2, 3, 4, 5]


def test_a_sliver_at_the_rim_is_no_start_for_the_way_back(clip, tmp_path):
    sliver = Scripted(lambda box, *_: Box(1.0, box.cy, 2.0, box.h))
    assert mine([clip], tmp_path / 'out', sliver, SETTINGS, 0) == []


def test_a_video_is_mined_once(clip, tmp_path):
    kept = mine([clip], tmp_path / 'out', Scripted(lambda box, *_: box), SETTINGS, 0)

    def never(*_):
        raise AssertionError('mined again')

    assert mine([clip], tmp_path / 'out', Scripted(never), SETTINGS, 0) == kept


def test_proposals_are_apart_and_inside(texture):
    images = [texture(120, 160, 0), texture(120, 160, 1)]
    boxes = propose(images, 4, np.random.default_rng(0))
    assert 1 <= len(boxes) <= 4
    for i, box in enumerate(boxes):
        assert box.clipped(160, 120).iou(box) == pytest.approx(1.0)
        assert all(box.iou(other) < 0.2 for other in boxes[:i])


def test_proposals_seek_motion(texture):
    still = np.full((120, 160, 3), 90, np.uint8)
    moved = still.copy()
    moved[60:90, 20:50] = 200
    boxes = propose([still, moved], 1, np.random.default_rng(0))
    assert boxes[0].intersection(Box.from_ltwh(20, 60, 30, 30)) > 0


def test_a_tiny_video_is_no_error(tmp_path):
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (24, 32, 3), np.uint8) for _ in range(6)]
    path = write_clip(tmp_path / 'tiny.avi', images)
    found = mine([path], tmp_path / 'out', Scripted(lambda box, *_: box), SETTINGS, 0)
    assert all((folder / 'groundtruth.txt').is_file() for folder in found)


def test_the_shipped_tracker_mines_a_moving_object(shipped_weights, clip, tmp_path):
    tracker = trackers.create('siamfc', str(shipped_weights), 'cpu')
    found = mine([clip], tmp_path / 'out', tracker, SETTINGS, 0)
    assert found
    assert discover([tmp_path / 'out']).shots
