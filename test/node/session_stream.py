# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A session, and a camera and a clock that the test controls."""

from types import SimpleNamespace

from fake_tracker import FakeTracker
import numpy as np

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.exchange import CameraImage
from siam_tracker_ros.node.frame_buffer import FrameBuffer
from siam_tracker_ros.node.roi import RoiRequest, stamp_ns
from siam_tracker_ros.node.session import Session
from siam_tracker_ros.node.settings import NodeSettings
from siam_tracker_ros.node.statistics import Counters

SECOND = 10**9
START = 1_000 * SECOND
BOX = Box(60, 50, 20, 20)


class TimedTracker(FakeTracker):
    """Notes in which images it searched for which targets; its time is the test's clock's."""

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.cost = self.start_cost = 0.0
        self.searched = []

    def start(self, frame, box):
        self.stream.now += self.start_cost
        return super().start(frame, box)

    def step(self, frame, targets):
        stamp = round((frame.stamp or 0) * SECOND)
        self.searched.append((stamp, tuple(targets)))
        self.stream.now += self.cost
        return super().step(frame, targets)


class Stream:
    """Images come through `show`, one by one, or through `play`, as the worker takes them."""

    def __init__(self, step_seconds=0.0, **settings):
        self.tracker = TimedTracker(self)
        self.answers = []
        self.failures = []
        self.counters = Counters()
        self.decode = lambda message: message.pixels
        settings = NodeSettings(**settings)
        self.buffer = FrameBuffer(
            lambda message: self.decode(message), settings.frame_buffer_seconds,
            settings.frame_buffer_megabytes,
        )
        self.session = Session(
            self.tracker, settings, self.buffer, self.counters, self.answers.append,
            self.failures.append, step_seconds, lambda: self.now,
        )
        self.stamp = START
        self.arrival = self.now = 50.0

    def header(self, stamp):
        sec, nanosec = divmod(stamp, SECOND)
        return SimpleNamespace(
            stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id='camera')

    def arrive(self, x=60, y=50, size=(160, 120), seconds=0.1, stamp=None, waited=None):
        """Let the next image come, with a bright square around x, y; return its message."""
        self.arrival += seconds if waited is None else waited
        self.now = max(self.now, self.arrival)
        self.stamp = self.stamp + round(seconds * SECOND) if stamp is None else stamp
        pixels = np.full((size[1], size[0], 3), 30, np.uint8)
        pixels[max(0, y - 10):y + 10, max(0, x - 10):x + 10] = 250
        header = self.header(self.stamp)
        message = SimpleNamespace(header=header, pixels=pixels, data=bytes(pixels.size))
        self.buffer.put(message, self.arrival)
        return message

    def process(self, message):
        return self.session.process(
            CameraImage(message.header, message.pixels, self.arrival))

    def show(self, *arguments, **options):
        """Let the next image come and process it."""
        return self.process(self.arrive(*arguments, **options))

    def play(self, seconds, every=1 / 30, place=lambda stamp: 60):
        """Let images come at a rate and take them as the worker does; yield each report.

        An image that comes while another one waits takes its place.
        """
        end = self.arrival + seconds
        waiting = None
        while self.arrival + every < end:
            while self.arrival + every <= self.now:
                now = self.now
                waiting = self.arrive(place(self.stamp + round(every * SECOND)), seconds=every)
                self.now = now
            if waiting is not None:
                message, waiting = waiting, None
                yield self.process(message)
            elif not self.session.catch_up():
                self.now = self.arrival + every

    def ask(self, box=BOX, **options):
        self.session.apply([RoiRequest(box, self.now, **options)])

    def states(self, report):
        return {target.id: target.state for target in report.targets}


def place(stamp):
    """Where the square is: it moves by 20 pixels a second."""
    return 40 + round(20 * (stamp - START) / SECOND)


def box_at(stamp):
    return Box(place(stamp), 50, 20, 20)


def watched(seconds=2.5, cost=0.0, start_cost=0.0, **settings):
    """A stream that has run for a while, and the stamps of all images that came.

    From then on a search and a start take the seconds of `cost` and `start_cost`.
    """
    stream = Stream(cost, **settings)
    reports = list(stream.play(seconds, place=place))
    stream.tracker.cost, stream.tracker.start_cost = cost, start_cost
    return stream, [stamp_ns(report.header.stamp) for report in reports]


def drawn(stream, stamps, age):
    """Ask for the square on the image of this many images ago; return its stamp."""
    stamp = stamps[-1 - age]
    stream.ask(box_at(stamp), stamp=stamp)
    return stamp
