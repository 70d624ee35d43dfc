# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Memory and gradients of a tracker that runs for hours."""

import gc
import math

from csn_bench import HERE, follow
import numpy as np
import pytest
import torch

from siam_tracker_ros.evaluation.cost_process import resident_mib
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box


@pytest.mark.skipif(math.isnan(resident_mib('VmRSS')), reason='the memory is not known here')
def test_memory_does_not_grow(make, texture):
    tracker = make(
        exemplar_size=95, search_size=127, lost_search_size=143, size_from='classification',
        candidate_scales=1, peak_count=2, iterations_per_frame=1, update_every=5, grid=5,
        update_positives=2, remember_every=2, redetect_cells=1, history=5,
    )  # fmt: skip
    frames = [Frame.from_numpy(np.roll(texture(96, 128), 3 * k, 1)) for k in range(5)]
    target = tracker.start(frames[0], Box(60, 50, 24, 20))
    sizes, tensors = [], []
    for count in (100, 400):
        for k in range(count):
            if k % 50 == 20:
                target.lose()
            tracker.step(frames[k % 5], [target])
        # In the same phase of a lesson.
        while target.classifier.learning:
            tracker.step(frames[0], [target])
        gc.collect()
        tensors.append(sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects()))
        sizes.append(resident_mib('VmRSS'))
    assert tensors[1] == tensors[0]
    # A head has 0.02 MiB and a map or a crop more: none of them is kept in each frame.
    assert sizes[1] - sizes[0] < 4


def test_the_rest_of_a_program_may_record_gradients(make, frame):
    weight = torch.ones(1, requires_grad=True)
    loss = 2.0 * weight
    target, _ = follow(make(), [frame] * 3, HERE)
    assert torch.is_grad_enabled()
    loss.backward()
    assert weight.grad.item() == 2.0
    assert not any(t.requires_grad for t in target.classifier.head.tensors)
