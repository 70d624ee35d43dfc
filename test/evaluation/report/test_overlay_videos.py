# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.report import videos, write_report
from siam_tracker_ros.evaluation.report.palette import tracker_styles
from siam_tracker_ros.evaluation.report.videos import Overlay, write_overlay
from siam_tracker_ros.evaluation.traces import TRACKED, Trace
from siam_tracker_ros.images import write_image
from siam_tracker_ros.sequences import Sequence
from siam_tracker_ros.video import open_source

STYLES = tracker_styles(('ours', 'theirs'))


def make_sequence(folder, count=12, width=320, height=200):
    """Black images with a box in the middle that grows."""
    folder.mkdir(exist_ok=True)
    files = [
        write_image(folder / f'{index}.png', np.zeros((height, width, 3), np.uint8))
        for index in range(count)
    ]
    boxes = np.array([[100.0, 60.0, 80.0 + index, 60.0] for index in range(count)])
    return Sequence('black', tuple(files), boxes)


def make_trace(sequence, box):
    trace = Trace.empty(len(sequence.images))
    trace.boxes[:] = box
    trace.events[:] = TRACKED
    trace.scores[:] = 0.5
    return trace


@pytest.fixture
def sequence(tmp_path):
    return make_sequence(tmp_path)


def read(path):
    with open_source(str(path)) as source:
        return [timed.image for timed in source]


def near(pixel, colour):
    # Coarser in colour than in light: the encoder halves that resolution.
    return np.abs(pixel.astype(float) - colour).max() < 70


def test_boxes_stand_where_the_trackers_said(sequence, tmp_path):
    overlays = {
        'ours': Overlay(STYLES['ours'], make_trace(sequence, [200.0, 20.0, 60.0, 60.0])),
        'theirs': Overlay(STYLES['theirs'], make_trace(sequence, [20.0, 120.0, 60.0, 60.0])),
    }
    width, height = write_overlay(tmp_path / 'a.webm', sequence, overlays)
    images = read(tmp_path / 'a.webm')
    assert len(images) == 12
    assert images[0].shape == (height, width, 3)
    assert (width, height) == (320, 200 + 3 * videos.ROW_HEIGHT + 6)
    assert near(images[5][50, 200], STYLES['ours'].bgr)
    assert near(images[5][150, 20], STYLES['theirs'].bgr)
    assert near(images[5][90, 100], videos.TRUTH)
    assert near(images[5][10, 10], 0)
    # The patches beside the names.
    assert near(images[5][200 + 3 + videos.ROW_HEIGHT + 9, 11], STYLES['ours'].bgr)


def test_nothing_is_drawn_where_nobody_tracked_or_nothing_is_known(sequence, tmp_path):
    trace = make_trace(sequence, [200.0, 20.0, 60.0, 60.0])
    trace.events[:6] = 'skipped'
    trace.boxes[8] = np.nan
    trace.boxes[10] = [-1e12, -1e12, 3e12, 3e12]
    write_overlay(tmp_path / 'a.webm', sequence, {'ours': Overlay(STYLES['ours'], trace)})
    images = read(tmp_path / 'a.webm')
    assert len(images) == 12
    drawn = [near(image[50, 200], STYLES['ours'].bgr) for image in images]
    assert drawn == [False] * 6 + [True, True, False, True, False, True]


def test_large_and_long_sequences_become_small_videos(tmp_path, monkeypatch):
    sequence = make_sequence(tmp_path, width=1000, height=501)
    monkeypatch.setattr(videos, 'MOST_PIXELS', 480 * 240 * 6)
    trace = make_trace(sequence, [500.0, 250.0, 100.0, 100.0])
    overlays = {'ours': Overlay(STYLES['ours'], trace)}
    width, height = write_overlay(tmp_path / 'a.webm', sequence, overlays)
    images = read(tmp_path / 'a.webm')
    assert (width, height) == (480, 240 + 2 * videos.ROW_HEIGHT + 6)
    assert len(images) == 6
    assert near(images[0][140, 240], STYLES['ours'].bgr)


def test_images_of_other_sizes_are_fitted(tmp_path):
    sequence = make_sequence(tmp_path)
    write_image(sequence.images[3], np.zeros((100, 160, 3), np.uint8))
    trace = make_trace(sequence, [200.0, 20.0, 60.0, 60.0])
    trace.boxes[3] /= 2
    write_overlay(tmp_path / 'a.webm', sequence, {'ours': Overlay(STYLES['ours'], trace)})
    assert near(read(tmp_path / 'a.webm')[3][50, 200], STYLES['ours'].bgr)


def test_an_image_that_is_gone_leaves_no_video(sequence, tmp_path):
    sequence.images[4].unlink()
    overlays = {'ours': Overlay(STYLES['ours'], make_trace(sequence, [0.0, 0.0, 9.0, 9.0]))}
    with pytest.raises(UserError, match=r'4\.png cannot be read'):
        write_overlay(tmp_path / 'a.webm', sequence, overlays)
    assert list(tmp_path.glob('*.webm')) == []


def test_the_worst_sequences_get_videos(build, tmp_path):
    results = build(trackers=('a', 'b'), sequences=3, frames=20, attributes=False)
    real = tuple(
        replace(
            sequence,
            name=name,
            images=make_sequence(tmp_path / str(index), 20, 160, 100).images,
        )
        for index, (sequence, name) in enumerate(zip(results.sequences, 'A/a'))
    )
    renamed = dict(zip([s.name for s in results.sequences], 'A/a'))
    [section] = results.sections
    section = replace(
        section,
        passes={
            tracker: {renamed[name]: traces for name, traces in passes.items()}
            for tracker, passes in section.passes.items()
        },
    )
    summaries = {
        tracker: {a.name: a.summarise(real, passes) for a in section.analyses}
        for tracker, passes in section.passes.items()
    }
    results = replace(
        results, sequences=real, sections=(replace(section, summaries=summaries),)
    )
    path = write_report(results, tmp_path / 'report', videos=True, most_videos=2)
    figures = summaries['a']['success'].sequences
    worst = sorted('A/a', key=lambda name: figures[name]['auc'])[:2]
    names = {'A': '0001-a.webm', '/': '0002-x.webm', 'a': '0003-a.webm'}
    found = {file.name for file in (tmp_path / 'report' / 'videos').iterdir()}
    assert found == {names[name] for name in worst}
    for name in found:
        assert f'src="videos/{name}"' in path.read_text('utf-8')

