# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros import runtime
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.runtime import (
    computes_bfloat16,
    refuse_small_memory,
    resolve_device,
    resolve_precision,
)


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)


def test_devices_of_a_machine_with_two(two_gpus):
    assert resolve_device('auto') == torch.device('cuda')
    assert resolve_device('cpu') == torch.device('cpu')
    assert resolve_device('cuda') == torch.device('cuda')
    assert resolve_device('cuda:1') == torch.device('cuda:1')
    with pytest.raises(UserError, match=r"'cuda:2' is not here: torch .* sees 2 CUDA device"):
        resolve_device('cuda:2')


def test_devices_of_a_machine_with_none(no_gpu):
    assert resolve_device('auto') == torch.device('cpu')
    with pytest.raises(UserError, match=r'sees 0 CUDA device\(s\); use cpu or auto'):
        resolve_device('cuda')


@pytest.mark.parametrize(
    'word', ['', 'gpu', 'cpu:0', 'cpu:', 'cuda:', 'cuda:-1', 'cuda:x', 'CPU', 'cuda:1:2', 'mps']
)
def test_other_words_are_refused(two_gpus, word):
    with pytest.raises(UserError, match=r'unknown device .*: expected auto, cpu, cuda or cuda:N'):
        resolve_device(word)


def test_precisions():
    cpu, cuda = torch.device('cpu'), torch.device('cuda')
    assert resolve_precision('auto', cpu) == torch.float32
    assert resolve_precision('float32', cpu) == torch.float32
    assert resolve_precision('bfloat16', cpu) == torch.bfloat16
    assert resolve_precision('float16', cuda) == torch.float16
    with pytest.raises(UserError, match='float16 needs a CUDA device'):
        resolve_precision('float16', cpu)
    with pytest.raises(UserError, match="unknown precision 'half': expected auto, float32"):
        resolve_precision('half', cpu)


@pytest.mark.parametrize(
    ('text', 'able'),
    [
        ('processor : 0\nflags : fpu avx2 avx512_bf16 sse\n', True),
        ('flags : fpu amx_bf16\n', True),
        ('processor : 0\nFeatures : fp asimd bf16 i8mm\n', True),
        ('flags : fpu avx2 avx512f\nmodel name : avx512_bf16\n', False),
        (None, False),
    ],
)
def test_a_cpu_says_whether_it_computes_in_bfloat16(tmp_path, monkeypatch, text, able):
    if text is not None:
        (tmp_path / 'cpuinfo').write_text(text)
    monkeypatch.setattr(runtime, 'CPU_INFO', tmp_path / 'cpuinfo')
    assert computes_bfloat16(torch.device('cpu')) is able


@pytest.mark.parametrize(
    ('name', 'error', 'mend'),
    [
        ('cuda', torch.cuda.OutOfMemoryError('Tried to allocate 2 GiB'), 'or use --device cpu'),
        ('cpu', MemoryError(), 'free it'),
        ('cpu', RuntimeError("DefaultCPUAllocator: can't allocate memory"), 'free it'),
    ],
)
def test_memory_that_runs_out_is_told_wherever_it_is(name, error, mend):
    words = f'the memory of device {name} is too small'
    with pytest.raises(UserError, match=words) as told, refuse_small_memory(name):
        raise error
    assert str(told.value).endswith(mend)


def test_other_errors_are_no_lack_of_memory():
    with pytest.raises(ZeroDivisionError), refuse_small_memory('cpu'):
        raise ZeroDivisionError
