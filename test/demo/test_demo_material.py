# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.node.demo_material import choose
from siam_tracker_ros.video import VideoWriter

BOX = Box.from_ltwh(10, 8, 20, 16)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'clip').mkdir()
    for number in range(1, 4):
        write_image(tmp_path / 'clip' / f'{number}.png', np.zeros((48, 64, 3), np.uint8))
    return tmp_path / 'clip'


def test_a_labelled_folder_brings_its_box_and_its_truth(folder, tmp_path):
    (folder / 'groundtruth.txt').write_text('10,8,20,16\nnan,nan,nan,nan\n12,8,20,16\n')
    material = choose(str(folder), None, tmp_path)
    assert material.box == BOX
    assert material.truth == {0: BOX, 2: Box.from_ltwh(12, 8, 20, 16)}
    other = Box.from_ltwh(11, 9, 20, 16)
    assert choose(str(folder), other, tmp_path).box == other


def test_a_malformed_ground_truth_is_refused(folder, tmp_path):
    (folder / 'groundtruth.txt').write_text('10,8,20,16\n')
    with pytest.raises(UserError, match='3 images and 1 lines'):
        choose(str(folder), None, tmp_path)


def test_a_folder_without_labels_needs_a_box(folder, tmp_path):
    with pytest.raises(UserError, match='--box x,y,w,h'):
        choose(str(folder), None, tmp_path)
    assert choose(str(folder), BOX, tmp_path).truth == {}


def test_a_video_brings_its_frame_rate(tmp_path):
    with VideoWriter(tmp_path / 'v.mp4', 20.0) as writer:
        for _ in range(5):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    assert choose(str(tmp_path / 'v.mp4'), BOX, tmp_path).fps == pytest.approx(20.0)


def test_a_box_outside_is_refused_before_anything_starts(folder, tmp_path):
    with pytest.raises(UserError, match='outside the 64x48 image'):
        choose(str(folder), Box.from_ltwh(100, 100, 20, 16), tmp_path)


def test_a_missing_video_is_refused(tmp_path):
    with pytest.raises(UserError, match='does not exist'):
        choose(str(tmp_path / 'nothing.mp4'), BOX, tmp_path)


def test_a_box_without_a_video_is_refused(tmp_path):
    with pytest.raises(UserError, match='give --video too'):
        choose(None, BOX, tmp_path)


def test_without_a_video_the_clip_is_rendered(tmp_path, monkeypatch):
    pytest.importorskip('skimage', reason='the rendered clip is made of its photographs')
    from siam_tracker_ros import rendering
    from siam_tracker_ros.node import demo_material

    monkeypatch.setattr(demo_material, 'Clip', lambda: rendering.Clip(3))
    material = choose(None, None, tmp_path)
    assert material.source == str(tmp_path / 'clip')
    assert material.box == rendering.Clip(3).truth(0)[0]
    assert sorted(material.truth) == [0, 1, 2]
