# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker that ONNX Runtime runs finds what torch finds."""

import numpy as np
import pytest
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.rendering import Clip
from siam_tracker_ros.runtime import resolve_backend
from siam_tracker_ros.weights import entries

FRAMES = 8

with_shipped = pytest.mark.skipif(
    'siamfc' not in {entry.tracker for entry in entries()}, reason='no weights of siamfc ship'
)


def boxes(tracker, clip):
    """Where one target is in each frame, found by the tracker alone."""
    target = tracker.start(Frame.from_numpy(clip[0].image), clip[0].box)
    rows = []
    for rendered in clip[1:]:
        (estimate,) = tracker.step(Frame.from_numpy(rendered.image), [target])
        rows.append(estimate.box.ltrb)
    return np.array(rows)


@with_shipped
def test_both_backends_find_the_same_boxes_over_a_whole_clip(tmp_path):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    clip = list(Clip(FRAMES))
    expected = boxes(trackers.create('siamfc', device='cpu'), clip)
    assert np.ptp(expected[:, 0]) > 1.0
    trackers.export('siamfc', 'auto', tmp_path / 'export')
    for weights in ('auto', str(tmp_path / 'export')):
        found = boxes(trackers.create('siamfc', weights, backend='onnxruntime'), clip)
        assert np.abs(found - expected).max() <= 0.1


@pytest.mark.parametrize('name', ['csn', 'siamrpnpp', 'sasiam'])
def test_each_kind_of_tracker_runs_graphs(name, small):
    pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    _, checkpoint = small(name)
    settings = {'csn': {'start_iterations': 2, 'start_negatives': 16}}.get(name, {})
    clip = list(Clip(3))
    found, expected = (
        boxes(
            trackers.create(name, checkpoint.source, 'cpu', overrides=settings, backend=backend),
            clip,
        )
        for backend in ('onnxruntime', 'torch')
    )
    assert np.abs(found - expected).max() <= 0.1


def test_words_that_a_backend_does_not_know_are_refused():
    assert resolve_backend('onnxruntime', 'auto', 'auto') == torch.device('cpu')
    assert resolve_backend('torch', 'cpu', 'bfloat16') == torch.device('cpu')
    with pytest.raises(UserError, match="unknown backend 'tensorrt': expected torch or onnx"):
        resolve_backend('tensorrt', 'cpu', 'auto')
    with pytest.raises(UserError, match='computes in float32, not in bfloat16: choose float32'):
        resolve_backend('onnxruntime', 'cpu', 'bfloat16')


def test_a_graphics_card_is_refused(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    monkeypatch.setattr('torch.cuda.device_count', lambda: 1)
    with pytest.raises(UserError, match="runs on the CPU, not on device 'cuda:0'"):
        resolve_backend('onnxruntime', 'cuda:0', 'auto')
    assert resolve_backend('onnxruntime', 'auto', 'auto') == torch.device('cpu')
