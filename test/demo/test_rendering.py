# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
import torch

from siam_tracker_ros import rendering
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import list_images, read_image
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker

pytest.importorskip('skimage', reason='the rendered clip is made of its photographs')

FRAMES = 150


@pytest.fixture(scope='module')
def clip():
    return rendering.Clip(FRAMES)


def boxes(clip):
    return [clip.truth(index)[0] for index in range(len(clip))]


# The first frame, the distractor's nearest, the occluder's middle, the last.
@pytest.mark.parametrize('index', [0, 52, 97, 149])
def test_box_encloses_exactly_what_the_target_changes(clip, index):
    frame = clip.frame(index)
    without = clip.draw(index, with_target=False)
    # The noise is the same in both, so that only the target differs.
    changed = np.abs(frame.image.astype(int) - without).max(axis=2) > 40
    left, top, right, bottom = (round(v) for v in frame.box.ltrb)
    outside = changed.copy()
    outside[top:bottom, left:right] = False
    assert not outside.any()
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert columns[0] - left <= 6
    assert right - 1 - columns[-1] <= 6
    assert rows[0] - top <= 6
    # The occluder hides the lower edge in its frames.
    if frame.visibility == 1.0:
        assert bottom - 1 - rows[-1] <= 6


@pytest.mark.parametrize('seed', range(5))
def test_boxes_stay_inside_the_image(seed):
    clip = rendering.Clip(FRAMES, seed)
    for box in boxes(clip):
        left, top, right, bottom = box.ltrb
        # A target that touched the border would be cut off there, and so would its box.
        assert left > 0
        assert top > 0
        assert right < rendering.WIDTH
        assert bottom < rendering.HEIGHT


def test_clip_is_a_tracking_test(clip):
    """Motion, change of scale, occlusion and a distractor are all there."""
    found = boxes(clip)
    steps = [np.hypot(b.cx - a.cx, b.cy - a.cy) for a, b in itertools.pairwise(found)]
    assert np.mean(steps) > 5
    assert np.max(steps) < 40
    widths = [box.w for box in found]
    assert max(widths) > 1.5 * min(widths)
    seen = [clip.truth(index)[1] for index in range(FRAMES)]
    assert 0.4 < min(seen) < 0.7
    assert sum(v < 0.9 for v in seen) >= 10
    assert seen[0] == 1.0
    gaps = []
    for target, index in zip(found, range(FRAMES)):
        other = clip._distractor_pose(index)
        gaps.append(np.hypot(other.x - target.cx, other.y - target.cy) / target.w)
    assert min(gaps) < 1.2


@pytest.mark.slow
def test_an_untrained_network_loses_the_target():
    """Whoever follows this clip has learned something."""
    torch.manual_seed(0)
    network = SiamFC(widths=(16, 32, 48, 48, 48))
    tracker = SiamFCTracker(network, SiamFCSettings(), torch.device('cpu'))
    target, overlaps = None, []
    for rendered in rendering.Clip(FRAMES):
        frame = Frame.from_numpy(rendered.image)
        if target is None:
            target = tracker.start(frame, rendered.box)
        else:
            (estimate,) = tracker.step(frame, [target])
            overlaps.append(estimate.box.iou(rendered.box))
    assert np.mean(overlaps) < 0.5


def test_background_moves_too(clip):
    first, later = clip._camera(0), clip._camera(40)
    assert np.hypot(later.x - first.x, later.y - first.y) > 20


def test_same_seed_same_clip_and_another_seed_another(clip):
    same = rendering.Clip(FRAMES)
    np.testing.assert_array_equal(clip.draw(77), same.draw(77))
    other = rendering.Clip(FRAMES, seed=7)
    assert boxes(other) != boxes(clip)


def test_frames_do_not_depend_on_the_order(clip):
    late = clip.frame(90).image
    clip.frame(3)
    np.testing.assert_array_equal(late, clip.frame(90).image)


def test_sequence_on_disk_has_the_same_images_and_boxes(tmp_path):
    clip = rendering.Clip(4)
    rendering.write_sequence(clip, tmp_path / 'clip')
    files = list_images(tmp_path / 'clip')
    assert [path.name for path in files] == [f'{i:08d}.jpg' for i in range(1, 5)]
    rows = np.loadtxt(tmp_path / 'clip' / 'groundtruth.txt', delimiter=',')
    for path, row, frame in zip(files, rows, clip):
        assert Box.from_ltwh(*row) == frame.box
        error = np.abs(read_image(path).astype(int) - frame.image)
        assert error.mean() < 4


def test_sequence_refuses_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='cannot write the rendered clip'):
        rendering.write_sequence(rendering.Clip(1), tmp_path / 'file' / 'clip')


def test_missing_scikit_image_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, 'skimage', None)
    with pytest.raises(UserError, match='scikit-image'):
        rendering.photograph('coffee')
