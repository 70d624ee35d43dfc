# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.online.samples import SampleMemory

CPU = torch.device('cpu')


def frame(number, count=3):
    """Samples whose numbers tell which they are: frame 7's are 70, 71, 72."""
    return (10.0 * number + torch.arange(count)).unsqueeze(1).expand(-1, 2).clone()


def numbers(memory, newest=None):
    return memory.take(memory.rows(newest))[:, 0].tolist()


def test_an_empty_memory_has_no_rows():
    memory = SampleMemory(4, 3, 2, CPU)
    assert len(memory) == 0
    assert memory.rows().shape == (0,)
    assert memory.take(memory.rows()).shape == (0, 2)


def test_the_newest_frames_are_remembered_the_oldest_first():
    memory = SampleMemory(3, 3, 2, CPU)
    for k in range(1, 6):
        memory.push(frame(k))
    assert len(memory) == 3
    assert numbers(memory) == [30, 31, 32, 40, 41, 42, 50, 51, 52]
    assert numbers(memory, 2) == [40, 41, 42, 50, 51, 52]
    assert numbers(memory, 99) == numbers(memory)


def test_frames_may_have_fewer_samples():
    memory = SampleMemory(2, 3, 2, CPU)
    for k, count in ((1, 3), (2, 1), (3, 2)):
        memory.push(frame(k, count))
    assert numbers(memory) == [20, 30, 31]


def test_more_samples_than_a_frame_may_have_are_an_error():
    with pytest.raises(AssertionError, match='more samples'):
        SampleMemory(2, 3, 2, CPU).push(frame(1, 4))


def test_rows_stay_for_as_many_frames_as_are_spare():
    memory = SampleMemory(3, 3, 2, CPU, spare=2)
    for k in range(1, 5):
        memory.push(frame(k))
    rows, before = memory.rows(), numbers(memory)
    for k in (5, 6):
        memory.push(frame(k))
        assert memory.take(rows)[:, 0].tolist() == before
    memory.push(frame(7))
    assert memory.take(rows)[:, 0].tolist() != before
    assert numbers(memory) == [50, 51, 52, 60, 61, 62, 70, 71, 72]


@pytest.mark.parametrize('pushed', [0, 2, 3, 4, 7])
def test_more_spare_frames_may_be_reserved(pushed):
    memory = SampleMemory(3, 3, 2, CPU, spare=1)
    for k in range(pushed):
        memory.push(frame(k, 1 + k % 3))
    before = numbers(memory)
    place = memory.features.data_ptr()
    memory.reserve(1)
    assert memory.features.data_ptr() == place
    memory.reserve(4)
    assert memory.nbytes == 7 * 3 * 2 * 4
    assert numbers(memory) == before
    rows = memory.rows()
    for k in range(10, 14):
        memory.push(frame(k))
        assert memory.take(rows)[:, 0].tolist() == before
    assert numbers(memory) == [110, 111, 112, 120, 121, 122, 130, 131, 132]


def test_memory_does_not_grow():
    memory = SampleMemory(4, 3, 2, CPU, spare=1)
    size, place = memory.nbytes, memory.features.data_ptr()
    assert size == 5 * 3 * 2 * 4
    for k in range(5000):
        memory.push(frame(k))
    assert (memory.nbytes, memory.features.data_ptr()) == (size, place)
    assert len(memory._counts) == 5
    assert len(memory.rows()) == 12


def test_other_number_formats_are_kept():
    memory = SampleMemory(1, 3, 2, CPU, torch.float16)
    memory.push(frame(1))
    assert memory.take(memory.rows()).dtype == torch.float16


@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
def test_samples_that_are_not_finite_are_left_out(value):
    memory = SampleMemory(2, 3, 2, CPU)
    broken = frame(1)
    broken[1, 1] = value
    memory.push(broken)
    assert numbers(memory) == [10, 12]
    memory.push(torch.full((3, 2), value))
    assert numbers(memory) == [10, 12]
    memory.push(frame(3))
    assert numbers(memory) == [30, 31, 32]


def test_samples_whose_sum_half_precision_does_not_hold_are_kept():
    memory = SampleMemory(1, 1, 3000, CPU, torch.float16)
    memory.push(torch.full((1, 3000), 100.0, dtype=torch.float16))
    assert len(memory.rows()) == 1
