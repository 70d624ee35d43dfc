# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that no image is to blame for: memory is used up, or the device is gone."""

from __future__ import annotations

import torch

from .errors import UserError

# Only CUDA's allocator and Python's have a class of their own. In their order: torch's allocator
# of the CPU on Linux and on Windows, CUDA outside torch's allocator, cuBLAS, C++, OpenCV.
OUT_OF_MEMORY = (
    "can't allocate memory", 'not enough memory', 'out of memory', 'CUBLAS_STATUS_ALLOC_FAILED',
    'bad_alloc', 'Insufficient memory',
)  # fmt: skip
CUDA_FAULTS = ('CUDA error', 'CUDA driver error')
# What one call of a library was refused; the next one may work.
OF_ONE_CALL = 'CUBLAS_STATUS_'


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is used up, on a GPU or on the host."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return _says(error, OUT_OF_MEMORY)


def is_device_lost(error: BaseException) -> bool:
    """Whether an error says that CUDA has failed: this process can use it no more.

    Such an error is sticky: every later call returns it, until the process ends.
    """
    if is_out_of_memory(error):
        return False
    kind = getattr(torch, 'AcceleratorError', None)
    if kind is not None and isinstance(error, kind):
        return True
    # Before torch 2.8.
    return _says(error, CUDA_FAULTS) and OF_ONE_CALL not in str(error)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, which may be long or empty."""
    text = str(error)
    return text.splitlines()[0] if text else 'no details'


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    """Whether an error that is no sentence of ours has one of some words in its text."""
    if not isinstance(error, Exception) or isinstance(error, UserError):
        return False
    return any(word in str(error) for word in words)
