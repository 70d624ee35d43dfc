# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv

import numpy as np
import pytest

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.demo_report import Highlights, Record, summarise, write_csv

HERE = Box(10, 10, 4, 4)
BESIDE = Box(12, 10, 4, 4)  # shares a third of the union with HERE


def record(frame, box=HERE, state='tracking', latency=0.02):
    return Record(frame, 5.0 + frame / 10, box, 0.75, state, latency)


def test_the_given_box_counts_for_nothing():
    summary = summarise([record(0, BESIDE)], 1, 0.0, {0: HERE})
    assert summary.mean_iou is None
    assert summary.detected == 0
    assert summary.fps == 0.0


def test_figures_of_a_run():
    records = [
        record(0),
        record(1),
        record(2, BESIDE, 'uncertain', latency=0.04),
        record(3, None, 'none', latency=0.06),
    ]
    truth = dict.fromkeys(range(4), HERE)
    summary = summarise(records, 5, 2.0, truth)
    assert (summary.published, summary.processed, summary.dropped) == (5, 4, 1)
    assert summary.detected == 1
    assert summary.fps == pytest.approx(2.0)
    assert summary.latency_p50 == pytest.approx(40.0)
    assert summary.latency_p95 == pytest.approx(58.0)
    assert summary.known == 3
    assert summary.mean_iou == pytest.approx((1 + 1 / 3 + 0) / 3)


def test_in_a_dropped_frame_the_box_before_it_counts():
    truth = dict.fromkeys(range(4), HERE)
    summary = summarise([record(0, BESIDE), record(2), record(3, None)], 4, 1.0, truth)
    assert summary.mean_iou == pytest.approx((1 / 3 + 1 + 0) / 3)
    assert summary.dropped == 1


def test_absent_targets_and_unpublished_frames_are_left_out():
    truth = {0: HERE, 2: HERE, 9: HERE}
    summary = summarise([record(0), record(1, BESIDE), record(2)], 3, 1.0, truth)
    assert summary.known == 1
    assert summary.mean_iou == 1.0


def test_summary_line_names_the_iou_only_where_it_is_known():
    records = [record(0), record(1)]
    assert 'IoU' not in summarise(records, 2, 1.0, {}).line()
    line = summarise(records, 2, 1.0, {1: HERE}).line()
    assert line == (
        '2 frames published, 2 processed, 0 dropped, 1 with a detection; 2.0 fps, '
        'latency p50 20.0 ms, p95 20.0 ms; mean IoU 1.000 over 1 frames'
    )


def test_csv_has_corner_and_size_per_frame(tmp_path):
    path = tmp_path / 'detections.csv'
    write_csv(path, [record(0), record(1, None, 'none')], {0: HERE})
    rows = list(csv.DictReader(path.open()))
    assert [float(rows[0][name]) for name in 'xywh'] == [8, 8, 4, 4]
    assert float(rows[0]['stamp']) == 5.0
    assert rows[0]['state'] == 'tracking'
    assert float(rows[0]['latency_ms']) == 20.0
    assert float(rows[0]['iou']) == 1.0
    assert rows[1]['x'] == ''
    assert rows[1]['iou'] == ''


@pytest.mark.parametrize('count', [1, 3, 11, 12, 13, 150, 1000])
def test_highlights_are_spread_over_the_whole_stream(count):
    highlights = Highlights(12)
    for index in range(count):
        highlights.add(np.full((1, 1, 3), index, np.uint16))
    chosen = [int(image[0, 0, 0]) for image in highlights.chosen()]
    assert len(chosen) == min(count, 12)
    assert chosen == sorted(set(chosen))
    assert chosen[0] == 0
    assert chosen[-1] >= 0.85 * (count - 1)
    steps = np.diff(chosen)
    if count > 12:
        assert steps.max() <= 2 * steps.min()


def test_no_highlights_of_nothing():
    assert Highlights(12).chosen() == []
