# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lessons beside tracking, with stand-ins for the CUDA stream and its events."""

from contextlib import nullcontext
import gc
from types import SimpleNamespace

import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import ClassificationNetwork, Head
from siam_tracker_ros.online.classifier import OnlineClassifier
from siam_tracker_ros.online.classifier_settings import ClassifierSettings
from siam_tracker_ros.online.learner import LearnerSettings, Lesson, Samples
from siam_tracker_ros.online.samples import SampleMemory
from siam_tracker_ros.online.schedule import Beside

CPU = torch.device('cpu')
QUICK = LearnerSettings(batch_positives=4, batch_negatives=4, negative_candidates=8)


class Stream:
    """Remembers which events it was told to wait for."""

    def __init__(self, device):
        self.device = device
        self.awaited = []

    def wait_stream(self, stream):
        self.awaited.append(stream)

    def wait_event(self, event):
        self.awaited.append(event)


class Event:
    """Done when a test says so, or when it is waited for."""

    def __init__(self):
        self.done = False
        self.stream = None

    def record(self, stream):
        self.stream = stream

    def query(self):
        return self.done

    def synchronize(self):
        self.done = True


@pytest.fixture
def cuda(monkeypatch):
    """What happened on the stand-in: its main stream, the events, the tensors lent to streams."""
    seen = SimpleNamespace(main=Stream(CPU), events=[], lent=[])

    def make_event():
        seen.events.append(Event())
        return seen.events[-1]

    def record_stream(tensor, stream):
        seen.lent.append((tensor.data_ptr(), stream))

    monkeypatch.setattr(torch.cuda, 'Stream', Stream)
    monkeypatch.setattr(torch.cuda, 'Event', make_event)
    monkeypatch.setattr(torch.cuda, 'current_stream', lambda device: seen.main)
    monkeypatch.setattr(torch.cuda, 'stream', lambda stream: nullcontext())
    monkeypatch.setattr(torch.Tensor, 'record_stream', record_stream)
    return seen


def samples(dimension):
    memory = SampleMemory(1, 6, dimension, CPU)
    memory.push(torch.randn(6, dimension))
    return Samples(memory, memory.rows())


@pytest.fixture
def make_lesson():
    """Makes a lesson of two targets."""

    def make():
        network = ClassificationNetwork((4, 6, 8), 8)
        generators = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
        return Lesson(
            Head.stack([network.new_head(g) for g in generators]),
            [samples(network.dimension) for _ in generators],
            [samples(network.dimension) for _ in generators],
            generators,
            1e-3,
            2,
            QUICK,
        )

    return make


def test_a_head_may_be_used_when_its_lesson_is_done(cuda, make_lesson):
    schedule, lesson = Beside(CPU), make_lesson()
    assert not schedule.begin(lesson)
    assert lesson.done
    assert not schedule.advance(lesson)
    assert cuda.main.awaited == []
    cuda.events[0].done = True
    assert schedule.advance(lesson)
    # What tracks comes after what learned, on the device as well.
    assert cuda.main.awaited == cuda.events


def test_the_last_frame_waits(cuda, make_lesson):
    schedule, lesson = Beside(CPU, frames=3), make_lesson()
    schedule.begin(lesson)
    assert [schedule.advance(lesson) for _ in range(3)] == [False, False, True]


def test_a_lesson_may_be_asked_for_again(cuda, make_lesson):
    # Its targets may be advanced one after the other.
    schedule, lesson = Beside(CPU), make_lesson()
    schedule.begin(lesson)
    cuda.events[0].done = True
    assert schedule.advance(lesson)
    assert schedule.advance(lesson)
    assert cuda.main.awaited == 2 * cuda.events


def test_a_lesson_is_forgotten_with_its_targets(cuda, make_lesson):
    schedule, lesson = Beside(CPU), make_lesson()
    schedule.begin(lesson)
    assert len(schedule._begun) == 1
    del lesson
    gc.collect()
    assert len(schedule._begun) == 0


def test_memory_is_not_given_away_while_the_lesson_works_with_it(cuda, make_lesson):
    schedule, lesson = Beside(CPU), make_lesson()
    memories = [deck.memory.features for deck in (*lesson._positives, *lesson._negatives)]
    used = [*lesson.head.tensors, *lesson._velocity, *memories]
    schedule.begin(lesson)
    assert {place for place, _ in cuda.lent} == {tensor.data_ptr() for tensor in used}
    assert {stream for _, stream in cuda.lent} == {schedule._stream}


def test_targets_that_learn_together_may_be_advanced_apart(cuda, texture):
    settings = ClassifierSettings.from_dict(
        {
            **QUICK.to_dict(),
            'start_positives': 4,
            'start_negatives': 4,
            'start_iterations': 1,
            'update_positives': 2,
            'update_negatives': 2,
        }
    )
    classifier = OnlineClassifier(ClassificationNetwork((4, 6, 8), 8), settings)
    classifier.schedule = Beside(CPU)
    frame = Frame.from_numpy(texture(), order='rgb')
    boxes = (Box(110.0, 100.0, 50.0, 40.0), Box(210.0, 150.0, 40.0, 50.0))
    one, other = (classifier.start(frame, box, seed) for seed, box in enumerate(boxes))
    before = other.head
    classifier.learn([one, other])
    learned = other.lesson.head.row(other.seat)
    cuda.events[0].done = True
    classifier.advance([one])
    assert (one.learning, other.learning) == (False, True)
    assert other.head is before
    classifier.advance([other])
    assert not other.learning
    assert all(torch.equal(a, b) for a, b in zip(other.head.tensors, learned.tensors))


@pytest.mark.parametrize('iterations', [0, 1, 2])
def test_a_lesson_goes_on_on_its_stream_under_other_settings(cuda, texture, iterations):
    network = ClassificationNetwork((4, 6, 8), 8)
    values = {**QUICK.to_dict(), 'start_positives': 4, 'start_negatives': 4}
    before, after = (
        OnlineClassifier(
            network, ClassifierSettings.from_dict({**values, 'iterations_per_frame': count})
        )
        for count in (1, iterations)
    )
    before.schedule = Beside(CPU)
    frame = Frame.from_numpy(texture(), order='rgb')
    target = before.start(frame, Box(110.0, 100.0, 50.0, 40.0), 0)
    head = target.head
    before.learn([target])
    after.advance([target])
    # It is not done on the device yet.
    assert target.learning
    assert target.head is head
    cuda.events[0].done = True
    after.advance([target])
    assert not target.learning
    assert target.head is not head
    assert cuda.main.awaited == cuda.events
