# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The worker's thread: nothing ends it but its mailbox, and every image is accounted for."""

import time
from types import SimpleNamespace

from fake_tracker import FakeTracker
import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node import worker
from siam_tracker_ros.node.exchange import Answer, Stop
from siam_tracker_ros.node.frame_buffer import FrameBuffer
from siam_tracker_ros.node.image_rules import MalformedImage
from siam_tracker_ros.node.mailbox import Mailbox
from siam_tracker_ros.node.roi import Refusal, RoiRequest
from siam_tracker_ros.node.session import Session
from siam_tracker_ros.node.settings import NodeSettings
from siam_tracker_ros.node.statistics import Counters
from siam_tracker_ros.node.worker import Worker

PIXELS = np.full((120, 160, 3), 30, np.uint8)


class Desk:
    """A worker with outputs that are only written down."""

    def __init__(self):
        self.counters = Counters()
        self.mailbox = Mailbox(self.counters)
        self.tracker = FakeTracker()
        self.log = []
        self.decode = lambda message: PIXELS
        self.buffer = FrameBuffer(lambda message: self.decode(message), 60.0, 256)
        session = Session(
            self.tracker, NodeSettings(), self.buffer, self.counters, self.log.append, self.failed,
            is_over=lambda: self.mailbox.is_closed)
        self.worker = Worker(
            self.mailbox, session, lambda message: self.decode(message), self, self.counters)
        self.stamp = 100
        self.published = []

    def publish(self, report, pixels, seconds):
        self.published.append(time.monotonic())
        self.log.append(('publish', len(report.targets)))

    def publish_end(self, report):
        self.log.append(('end', len(report.targets)))

    def malformed(self, error):
        self.log.append(('malformed', error.code))

    def failed(self, text):
        self.log.append(('failed', text))

    def broken(self, sentence, needs_restart=False):
        self.log.append(('broken', sentence, needs_restart))

    def hand_over(self):
        """Hand over an image."""
        self.stamp += 1
        header = SimpleNamespace(
            stamp=SimpleNamespace(sec=self.stamp, nanosec=0), frame_id='camera')
        message = SimpleNamespace(header=header, data=b'')
        self.buffer.put(message, time.monotonic())
        self.mailbox.put((message, time.monotonic()))

    def put(self):
        """Hand over an image and wait until it is accounted for."""
        self.hand_over()
        end = time.monotonic() + 5
        counts = self.counters.snapshot()
        while counts.received != counts.processed + counts.dropped:
            assert time.monotonic() < end
            time.sleep(0.001)
            counts = self.counters.snapshot()
        return counts


@pytest.fixture
def desk():
    desk = Desk()
    desk.worker.start()
    yield desk
    assert desk.worker.stop(5.0)


def raising(error):
    def decode(message):
        raise error

    return decode


@pytest.mark.parametrize(
    ('error', 'reason', 'told'),
    [
        (MalformedImage('zero_size', 'nothing in it'), 'zero_size', ('malformed', 'zero_size')),
        (UserError('install OpenCV'), 'tracker_error', ('failed', 'install OpenCV')),
        (ZeroDivisionError('of the test'), 'tracker_error', None),
    ],
)
def test_l3_whatever_fails_the_image_is_counted_and_the_next_one_taken(desk, error, reason, told):
    good, desk.decode = desk.decode, raising(error)
    assert desk.put().reasons[reason] == 1
    desk.decode = good
    assert desk.put().processed == 1
    desk.mailbox.close()
    assert desk.worker.stop(5.0)
    if told is not None:
        assert desk.log[0] == told
    else:
        assert 'Traceback' in desk.log[0][1]
        assert 'of the test' in desk.log[0][1]
    assert desk.log[-1] == ('publish', 0)


def test_p2_memory_of_a_target_that_ended_is_given_back_once(desk, monkeypatch):
    monkeypatch.setattr(worker, 'give_back', lambda: desk.log.append('given back'))
    desk.mailbox.command(RoiRequest(Box(60, 50, 20, 20), time.monotonic()))
    desk.put()
    desk.mailbox.command(Stop())
    desk.put()
    desk.put()
    assert desk.worker.stop(5.0)
    # The last image of the target tells its end.
    assert desk.log[1:] == [('publish', 1), ('publish', 1), 'given back', ('publish', 0)]


def test_the_end_of_its_targets_is_published(desk):
    desk.mailbox.command(RoiRequest(Box(60, 50, 20, 20), time.monotonic()))
    desk.put()
    assert desk.worker.stop(5.0)
    assert desk.log[1:] == [('publish', 1), ('end', 1)]


def test_starts_that_would_take_long_are_left_out_when_it_ends(desk, monkeypatch):
    def start(frame, box):
        if desk.tracker.starts == 2:
            desk.mailbox.close()
        return real(frame, box)

    real = desk.tracker.start
    monkeypatch.setattr(desk.tracker, 'start', start)
    for number in range(8):
        desk.mailbox.command(
            RoiRequest(Box(60, 50, 20, 20), time.monotonic(), id=str(number)))
    desk.hand_over()
    end = time.monotonic() + 5
    while not desk.mailbox.is_closed:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert desk.worker.stop(5.0)
    answers = [entry for entry in desk.log if isinstance(entry, Answer)]
    assert [answer.id for answer in answers] == [str(number) for number in range(8)]
    assert [answer.code for answer in answers] == [Refusal.NONE] * 3 + [Refusal.INACTIVE] * 5


@pytest.mark.parametrize(
    ('errors', 'error', 'reason', 'words'),
    [
        (2, None, 'out_of_memory', '2.00 GiB'),
        (
            0, RuntimeError('CUDA error: an illegal memory access was encountered'), 'gpu_fault',
            'illegal memory access was encountered): a restart of this process is needed',
        ),
    ],
    ids=['g1', 'g2'],
)  # fmt: skip
def test_g1_g2_it_gives_up_and_says_so(desk, errors, error, reason, words):
    desk.put()
    desk.mailbox.command(RoiRequest(Box(60, 50, 20, 20), time.monotonic()))
    desk.tracker.memory_errors, desk.tracker.error = errors, error
    assert desk.put().reasons[reason] == 1
    assert desk.worker.stop(5.0)
    (word, sentence, needs_restart), answer = desk.log[1:]
    assert word == 'broken'
    assert words in sentence
    assert needs_restart == (reason == 'gpu_fault')
    assert answer.code is Refusal.INACTIVE


def test_one_that_hangs_is_told_apart_from_one_that_ended(desk):
    desk.mailbox.command(RoiRequest(Box(60, 50, 20, 20), time.monotonic()))
    desk.put()
    desk.tracker.seconds = 0.5
    desk.hand_over()
    time.sleep(0.1)
    assert not desk.worker.stop(0.05)


def drawn_earlier(desk, images):
    """Let images pass, and ask for a region of the first."""
    for _ in range(images):
        desk.put()
    first = (desk.stamp - images + 1) * 10**9
    desk.mailbox.command(RoiRequest(Box(60, 50, 20, 20), time.monotonic(), stamp=first))
    desk.put()


def test_r2_between_images_a_target_is_led_to_the_newest_one(desk):
    drawn_earlier(desk, 10)
    end = time.monotonic() + 5
    while desk.counters.snapshot().searched < 10:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert desk.put().left_out == 0
    assert desk.tracker.steps == 11


def test_it_ends_at_once_while_a_target_catches_up(desk):
    desk.tracker.seconds = 0.05
    drawn_earlier(desk, 40)
    time.sleep(0.02)
    begin = time.monotonic()
    assert desk.worker.stop(5.0)
    assert time.monotonic() - begin < 0.3
    assert desk.log[-1] == ('end', 1)


@pytest.mark.parametrize('work', [0.01, 0.04, 0.1, 0.3])
def test_p1_the_age_of_results_is_bounded_by_the_work_and_does_not_grow(desk, work):
    every = 1 / 30
    desk.mailbox.command(RoiRequest(Box(60, 50, 20, 20), time.monotonic()))
    desk.put()
    desk.tracker.seconds = work
    desk.published.clear()
    arrivals = []
    process = desk.worker._session.process

    def noted(image):
        arrivals.append(image.arrival)
        return process(image)

    desk.worker._session.process = noted
    end = time.monotonic() + max(0.5, 5 * work)
    while time.monotonic() < end:
        desk.hand_over()
        time.sleep(every)
    assert desk.worker.stop(5.0)
    ages = [done - came for came, done in zip(arrivals, desk.published)]
    assert len(ages) >= 3
    for part in (ages, ages[len(ages) // 2:]):
        assert sorted(part)[len(part) // 2] <= work + 1.5 * every
