# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tuning of the allocator."""

import platform
import subprocess
import sys

import pytest

from siam_tracker_ros.cli import main
from siam_tracker_ros.memory import give_back, keep_large_buffers

of_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='mallopt and malloc_trim are of glibc'
)


def printed(program):
    """The number that a program prints which keeps large buffers.

    In a process of its own: the setting cannot be taken back.
    """
    begin = (
        'from siam_tracker_ros.memory import give_back, keep_large_buffers\n'
        'assert keep_large_buffers()\n'
    )
    result = subprocess.run(
        [sys.executable, '-c', begin + program], capture_output=True, text=True, check=True)
    return float(result.stdout)


@of_glibc
def test_a_freed_buffer_of_image_size_is_kept():
    faults = printed(
        'import resource\n'
        'faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n'
        'image = bytearray(6_000_000); del image\n'
        'before = faults()\n'
        'for _ in range(20):\n'
        '    image = bytearray(6_000_000); del image\n'
        'print(faults() - before)\n'
    )
    # 1465 pages an image where each one is given back.
    assert faults < 1465


@of_glibc
def test_what_is_free_is_given_back():
    mebibytes = printed(
        'from siam_tracker_ros.evaluation.cost_process import resident_mib\n'
        # Pieces of a heap; the last one keeps it from shrinking.
        'pieces = [bytearray(b"x") * 4_000_000 for _ in range(11)]\n'
        'del pieces[:10]\n'
        'before = resident_mib("VmRSS")\n'
        'give_back()\n'
        'print(before - resident_mib("VmRSS"))\n'
    )
    assert mebibytes > 35


def test_without_glibc_nothing_happens(monkeypatch):
    import ctypes

    monkeypatch.setattr(ctypes, 'CDLL', lambda name: object())
    assert keep_large_buffers() is False
    give_back()


@pytest.mark.parametrize('command', ['track', 'train'])
def test_commands_that_work_on_images_keep_them(command, monkeypatch, tmp_path):
    pytest.importorskip(f'siam_tracker_ros.cli.{command}')
    kept = []
    monkeypatch.setattr(
        f'siam_tracker_ros.cli.{command}.keep_large_buffers', lambda: kept.append(command)
    )
    words = {
        'track': [str(tmp_path), '--box', '1,2,30,40'],
        'train': ['siamfc', '--data', str(tmp_path / 'none'), '--out', str(tmp_path)],
    }
    assert main([command, *words[command]]) == 2
    assert kept == [command]
