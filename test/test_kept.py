# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Constant tensors that are kept for a device."""

import ast
import gc
from pathlib import Path
import weakref

import torch

from siam_tracker_ros.kept import forget
from siam_tracker_ros.models.anchors import Anchors, anchor_boxes
from siam_tracker_ros.models.windows import hann_window
from siam_tracker_ros.trackers.locate import cosine_window
from siam_tracker_ros.trackers.peaks import _from_middle

PACKAGE = Path(__file__).resolve().parents[1] / 'siam_tracker_ros'


def test_what_is_kept_is_made_once_until_it_is_forgotten():
    cpu = torch.device('cpu')
    for make in (
        lambda: anchor_boxes(Anchors(), 5, cpu),
        lambda: cosine_window(5, cpu),
        lambda: hann_window(5, 5, cpu),
        lambda: _from_middle(5, cpu),
    ):
        first = make()
        assert make() is first
        alive = weakref.ref(first)
        forget()
        del first
        gc.collect()
        assert alive() is None


def test_no_other_cache_holds_tensors_of_a_device():
    for folder in ('models', 'online', 'trackers'):
        for path in (PACKAGE / folder).rglob('*.py'):
            assert 'functools import lru_cache' not in path.read_text(), path


def test_a_node_lets_go_of_it_at_cleanup():
    """By the text, because a node needs ROS: what it leaves on a GPU is tested where both are."""
    tree = ast.parse((PACKAGE / 'node' / 'tracker.py').read_text())
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    given_back, configure = (
        {getattr(n, 'id', '') for n in ast.walk(functions[name])}
        for name in ('give_back_all', 'configure')
    )
    assert 'forget' in given_back
    # Noted there for cleanup to do.
    assert 'give_back_all' in configure
