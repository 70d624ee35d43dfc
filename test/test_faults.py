# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which errors mean that memory is used up, and which that the device is gone."""

import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.faults import first_line, is_device_lost, is_out_of_memory
from siam_tracker_ros.images import require_cv2

# More than any address space has.
TOO_MUCH = 2**50
PIXELS = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize(
    'allocate',
    [
        lambda: torch.empty(TOO_MUCH),
        lambda: np.empty(TOO_MUCH * 8),
        lambda: bytes(TOO_MUCH * 8),
        lambda: require_cv2().resize(PIXELS, (2**30, 2**20)),
    ],
    ids=['torch', 'numpy', 'python', 'opencv'],
)
def test_g1_what_an_allocation_that_fails_raises_is_known(allocate):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of four libraries
        allocate()
    assert is_out_of_memory(caught.value)
    assert not is_device_lost(caught.value)


@pytest.mark.parametrize(
    ('error', 'memory', 'device'),
    [
        (torch.cuda.OutOfMemoryError('Tried to allocate 2.00 GiB'), True, False),
        (RuntimeError('CUDA error: out of memory'), True, False),
        (RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublas'), True, False),
        (RuntimeError('std::bad_alloc'), True, False),
        (RuntimeError('CUDA error: an illegal memory access was encountered'), False, True),
        (RuntimeError('CUDA driver error: unknown error'), False, True),
        (RuntimeError('CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling'), False, False),
        (RuntimeError('shapes do not match'), False, False),
        (UserError('the file does not say out of memory'), False, False),
        (KeyboardInterrupt('out of memory'), False, False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_g2_an_error_is_of_memory_of_the_device_or_of_neither(error, memory, device):
    assert (is_out_of_memory(error), is_device_lost(error)) == (memory, device)


@pytest.mark.skipif(not hasattr(torch, 'AcceleratorError'), reason='torch before 2.8')
def test_g2_the_class_of_torch_is_enough():
    assert is_device_lost(torch.AcceleratorError('unspecified launch failure'))
    assert not is_device_lost(torch.AcceleratorError('CUDA error: out of memory'))


def test_of_a_long_text_the_first_line_is_told():
    assert first_line(RuntimeError('one\ntwo')) == 'one'
    assert first_line(MemoryError()) == 'no details'
