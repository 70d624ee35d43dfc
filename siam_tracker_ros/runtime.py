# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the networks run: device and number format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from .errors import UserError
from .faults import first_line, is_out_of_memory

CPU_INFO = Path('/proc/cpuinfo')
# Linux's words for instructions that multiply in bfloat16, on x86 and on ARM.
BFLOAT16_FLAGS = {'avx512_bf16', 'amx_bf16', 'bf16'}

TORCH, ONNXRUNTIME = 'torch', 'onnxruntime'
BACKENDS = (TORCH, ONNXRUNTIME)
"""What runs the networks."""

PRECISIONS = {'float32': torch.float32, 'bfloat16': torch.bfloat16, 'float16': torch.float16}


def resolve_device(name: str) -> torch.device:
    """Return the device that a user's word names.

    Parameters
    ----------
    name : str
        ``auto`` (CUDA where there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises
    ------
    UserError
        An unknown word, or a CUDA device that this machine does not have.
    """
    if name == 'auto':
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    kind, _, index = name.partition(':')
    if not (name in ('cpu', 'cuda') or (kind == 'cuda' and index.isdecimal())):
        raise UserError(f'unknown device {name!r}: expected auto, cpu, cuda or cuda:N')
    if kind == 'cuda':
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(index or 0) >= found:
            raise UserError(
                f'device {name!r} is not here: torch {torch.__version__} sees {found} CUDA '
                'device(s); '
                'use cpu or auto, or install a torch built for your CUDA driver'
            )
    return torch.device(kind, int(index)) if index else torch.device(kind)


def resolve_backend(backend: str, device: str, precision: str) -> torch.device:
    """Return the device on which a backend runs the networks.

    Parameters
    ----------
    backend : str
        ``torch``, or ``onnxruntime``, which runs exported graphs on the CPU in float32.
    device : str
        See `resolve_device`; of ``onnxruntime`` ``auto`` means ``cpu``.
    precision : str
        See `resolve_precision`.

    Raises
    ------
    UserError
        An unknown word, or a device or number format that the backend does not have.
    """
    if backend not in BACKENDS:
        raise UserError(f'unknown backend {backend!r}: expected {" or ".join(BACKENDS)}')
    if backend == TORCH:
        return resolve_device(device)
    place = resolve_device('cpu' if device == 'auto' else device)
    if place.type != 'cpu':
        raise UserError(
            f'backend {backend} runs on the CPU, not on device {device!r}: choose cpu or auto, or '
            f'backend {TORCH}'
        )
    if resolve_precision(precision, place) != torch.float32:
        raise UserError(
            f'backend {backend} computes in float32, not in {precision}: choose float32 or auto, '
            f'or backend {TORCH}'
        )
    return place


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the number format that a user's word names.

    Parameters
    ----------
    name : str
        ``float32``, ``bfloat16``, ``float16`` or ``auto`` (float32).
    device : torch.device
        Where the network runs.

    Raises
    ------
    UserError
        An unknown word, or float16 on a CPU, whose convolutions have no fast path for it.
    """
    if name == 'auto':
        return torch.float32
    if name not in PRECISIONS:
        raise UserError(f'unknown precision {name!r}: expected auto, {", ".join(PRECISIONS)}')
    if name == 'float16' and device.type == 'cpu':
        raise UserError('precision float16 needs a CUDA device: on a CPU use float32 or bfloat16')
    return PRECISIONS[name]


def computes_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; one that has not is many times slower."""
    if device.type == 'cuda':
        return bool(torch.cuda.is_bf16_supported())
    lines = CPU_INFO.read_text(errors='replace').splitlines() if CPU_INFO.is_file() else []
    return any(
        not BFLOAT16_FLAGS.isdisjoint(line.split())
        for line in lines
        if line.startswith(('flags', 'Features'))
    )


@contextmanager
def refuse_small_memory(name: str) -> Iterator[None]:
    """Say it in a sentence where the memory of a device, or of the host, runs out.

    Parameters
    ----------
    name : str
        What the user called the device.

    Raises
    ------
    UserError
        It ran out.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        instead = '' if name == 'cpu' else ', choose another device, or use --device cpu'
        raise UserError(
            f'the memory of device {name} is too small or in use by others '
            f'({first_line(error)}): free it{instead}'
        ) from error
