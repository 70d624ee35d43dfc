# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node does with images and regions, without ROS and without a network."""

from fake_tracker import FakeTracker
import pytest
from session_stream import BOX, SECOND, START, Stream
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.node.exchange import CameraImage, Stop
from siam_tracker_ros.node.roi import Refusal
from siam_tracker_ros.node.targets import TargetState
from siam_tracker_ros.node.warmup import refuse_poor_device, warm_up
from siam_tracker_ros.trackers import State, Target


@pytest.fixture
def stream():
    return Stream()


def test_a_region_starts_on_the_next_image_and_is_followed(stream):
    stream.show()
    stream.ask(class_id='cat')
    first = stream.show().targets[0]
    assert (first.id, first.class_id, first.state) == ('1', 'cat', TargetState.NEW)
    assert first.estimate.box == BOX
    assert stream.tracker.steps == 0
    second = stream.show(x=70).targets[0]
    assert second.state is TargetState.TRACKED
    assert second.estimate.box == Box(70, 50, 20, 20)
    assert second.age_seconds == pytest.approx(0.1)
    assert (second.frames_since_accepted, second.frames_since_seen) == (1, 0)
    (answer,) = stream.answers
    assert answer.code is Refusal.NONE
    assert answer.started_at.nanosec == 200_000_000


def test_a_region_drawn_on_the_image_before_starts_there(stream):
    stream.show()
    drawn_on = stream.stamp
    stream.ask(stamp=drawn_on)
    report = stream.show(x=66)
    assert report.targets[0].state is TargetState.TRACKED
    assert report.targets[0].estimate.box.cx == 66
    assert stream.answers[0].started_at.nanosec == drawn_on % SECOND


def test_a_region_of_a_coming_image_waits_for_it(stream):
    stream.show()
    stream.ask(stamp=stream.stamp + SECOND // 5)
    assert stream.show().targets == []
    assert stream.states(stream.show()) == {'1': TargetState.NEW}


def test_r3_regions_that_wait_in_vain_are_refused(stream):
    stream.ask()
    stream.session.expire(stream.arrival + 1.9)
    assert stream.answers == []
    stream.session.expire(stream.arrival + 2.0)
    assert stream.answers[-1].code is Refusal.NO_IMAGE
    stream.show()
    stream.ask(stamp=stream.stamp + 3600 * SECOND)
    stream.session.expire(stream.arrival + 2.0)
    assert stream.answers[-1].code is Refusal.TOO_NEW
    stream.ask()
    stream.session.expire(stream.arrival + 2.0)
    assert stream.answers[-1].code is Refusal.NO_IMAGE
    assert 'silent' in stream.answers[-1].reason
    assert len(stream.answers) == 3


def test_r1_a_refused_region_leaves_running_targets_alone(stream):
    stream.show()
    stream.ask(id='a')
    stream.show()
    stream.ask(Box(900, 50, 20, 20), id='a')
    stream.ask(Box(900, 50, 20, 20), replaces_all=True)
    assert stream.states(stream.show()) == {'a': TargetState.TRACKED}
    assert [a.code for a in stream.answers] == [Refusal.NONE, Refusal.OUTSIDE, Refusal.OUTSIDE]


@pytest.mark.parametrize(
    ('bad', 'code'),
    [
        ({'box': Box(float('nan'), 50, 20, 20)}, Refusal.NON_FINITE),
        ({'box': Box(900, 50, 20, 20)}, Refusal.OUTSIDE),
        ({'frame_id': 'rear'}, Refusal.WRONG_FRAME),
        ({'stamp': 1}, Refusal.TOO_OLD),
        ({'stamp': START + 100 * SECOND}, Refusal.TOO_NEW),
    ],
)
@pytest.mark.parametrize('kind', [{'id': 'a'}, {'replaces_all': True}])
def test_r3_a_newer_region_that_is_refused_replaces_none(stream, kind, bad, code):
    stream.show()
    stream.ask(id='a')
    stream.ask(**kind, **bad)
    assert stream.states(stream.show()) == {'a': TargetState.NEW}
    stream.session.expire(stream.arrival + 2.0)
    assert sorted(answer.code for answer in stream.answers) == [Refusal.NONE, code]


def test_r3_one_of_an_image_that_has_come_replaces_an_older_one_that_waits(stream):
    stream.show()
    stream.ask(id='a', stamp=stream.stamp + SECOND // 5)
    stream.ask(id='a')
    assert stream.states(stream.show()) == {'a': TargetState.NEW}
    assert [answer.code for answer in stream.answers] == [Refusal.SUPERSEDED, Refusal.NONE]
    assert stream.states(stream.show()) == {'a': TargetState.TRACKED}


def test_i4_a_target_that_ended_lies_inside_an_image_of_another_size(stream):
    stream.ask(Box(140, 110, 20, 20))
    stream.show(x=140, y=110)
    stream.session.apply([Stop()])
    (target,) = stream.show(size=(64, 48)).targets
    assert target.state is TargetState.REMOVED
    assert target.estimate.box == Box(63.5, 47.5, 1, 1)


def test_stop_also_drops_what_waits_for_an_image(stream):
    stream.ask(id='a')
    stream.ask(id='b')
    stream.session.apply([Stop('a')])
    assert stream.states(stream.show()) == {'b': TargetState.NEW}
    stream.ask(id='c')
    stream.session.apply([Stop()])
    assert stream.states(stream.show()) == {'b': TargetState.REMOVED}
    codes = [(a.id, a.code) for a in stream.answers]
    assert codes == [
        ('a', Refusal.SUPERSEDED), ('b', Refusal.NONE), ('c', Refusal.SUPERSEDED)]


@pytest.mark.parametrize(
    ('stamp', 'next_stamp'),
    [
        pytest.param(START - 95 * SECOND, None, id='backwards'),
        pytest.param(START + 88 * SECOND, None, id='ahead'),
        pytest.param(0, 0, id='none any more'),
    ],
)
def test_i5_a_jump_of_the_stamps_loses_targets_and_a_new_region_works(stream, stamp, next_stamp):
    stream.ask()
    stream.show()
    stream.show()
    report = stream.show(stamp=stamp)
    assert stream.states(report) == {'1': TargetState.LOST}
    assert report.targets[0].age_seconds >= 0
    stream.ask(id='new')
    states = stream.states(stream.show(stamp=next_stamp))
    assert states['new'] is TargetState.NEW
    assert states['1'] is TargetState.TRACKED


def test_a_region_of_before_the_jump_is_too_old(stream):
    stream.show()
    old = stream.stamp
    stream.show(stamp=START + 88 * SECOND)
    stream.ask(stamp=old)
    stream.show()
    assert stream.answers[-1].code is Refusal.TOO_OLD


def test_i4_a_larger_image_of_the_same_aspect_rescales_the_targets(stream):
    stream.ask()
    stream.show()
    report = stream.show(x=140, y=100, size=(320, 240))
    assert report.targets[0].state is TargetState.TRACKED
    assert report.targets[0].estimate.box == Box(140, 100, 40, 40)


def test_i4_a_rotated_image_loses_the_targets_in_the_same_frame(stream):
    stream.ask(Box(140, 110, 20, 20))
    stream.show(x=140, y=110)
    report = stream.show(x=30, y=30, size=(120, 160))
    assert report.targets[0].state is TargetState.LOST
    left, top, right, bottom = report.targets[0].estimate.box.ltrb
    assert left >= 0
    assert top >= 0
    assert right <= 120
    assert bottom <= 160


@pytest.mark.parametrize('spoil', ['box', 'score'])
def test_g4_numbers_that_are_none_make_the_target_lost_where_it_was(stream, spoil):
    stream.ask()
    stream.show()
    stream.show(x=70)
    stream.tracker.spoil = spoil
    target = stream.show(x=80).targets[0]
    assert target.state is TargetState.LOST
    assert target.estimate.box == Box(70, 50, 20, 20)
    assert target.estimate.score == 0.0
    stream.tracker.spoil = None
    assert stream.show(x=80).targets[0].state is TargetState.TRACKED


def test_a_box_never_leaves_the_image(stream):
    stream.ask()
    stream.show()
    stream.tracker.spoil = 'outside'
    box = stream.show().targets[0].estimate.box
    assert 0 <= box.ltrb[0] < box.ltrb[2] <= 160


def test_a_target_that_is_lost_for_long_is_removed():
    stream = Stream(lost_timeout=0.5)
    stream.ask()
    stream.show()
    stream.tracker.state = State.LOST
    states = [stream.states(stream.show())['1'] for _ in range(7)]
    assert states == [TargetState.LOST] * 6 + [TargetState.REMOVED]
    assert stream.show().targets == []


def test_unseen_images_are_counted(stream):
    stream.ask()
    stream.show()
    stream.tracker.state = State.UNCERTAIN
    stream.show()
    target = stream.show().targets[0]
    assert target.state is TargetState.UNCERTAIN
    assert (target.frames_since_accepted, target.frames_since_seen) == (2, 2)


@pytest.fixture
def told(monkeypatch):
    """Targets that were told of a pause."""
    targets = []
    monkeypatch.setattr(Target, 'pause', lambda target: targets.append(target))
    return targets


@pytest.mark.parametrize('rate', [0.1, 1.0, 10.0])
@pytest.mark.parametrize(
    ('every', 'gap', 'pauses'),
    [(0.1, 0.4, 0), (0.1, 0.7, 1), (0.1, 5.0, 1), (0.4, 0.8, 0), (0.4, 1.5, 1), (3.0, 3.0, 0)],
)
def test_i7_a_pause_of_the_camera_is_told_once(told, every, gap, pauses, rate):
    stream = Stream()
    for _ in range(3):
        stream.show(seconds=every, waited=every / rate)
    stream.ask()
    for seconds in (*[every] * 3, gap, every, every):
        report = stream.show(seconds=seconds, waited=seconds / rate)
        assert stream.states(report)['1'] in (TargetState.NEW, TargetState.TRACKED)
    assert len(told) == pauses


def test_i7_a_slow_tracker_is_no_pause_but_one_that_it_missed_is(told):
    stream = Stream()
    stream.show()
    stream.ask()
    stream.show()
    for _ in range(3):
        # What comes meanwhile gives way to the last one.
        for _ in range(20):
            stream.arrive()
        stream.show()
    assert told == []
    stream.arrive(seconds=2.0)
    stream.show()
    stream.show()
    assert len(told) == 1
    # The one between two images, of which the later one came after another pause.
    waiting = stream.arrive(seconds=2.0)
    arrival = stream.arrival
    later = stream.arrive(seconds=3.0)
    stream.session.process(CameraImage(waiting.header, waiting.pixels, arrival))
    assert len(told) == 2
    stream.process(later)
    assert len(told) == 3


def test_i7_a_camera_without_stamps_pauses_by_its_arrivals(told):
    stream = Stream()
    stream.show(stamp=0)
    stream.ask()
    for seconds in (0.1, 0.1, 2.0, 0.1):
        stream.show(seconds=seconds, stamp=0)
    assert len(told) == 1


def test_a_tracker_that_cannot_start_refuses_the_region(stream):
    stream.show()
    stream.tracker.error = ZeroDivisionError('of the test')
    stream.ask()
    assert stream.show().targets == []
    assert stream.answers[-1].code is Refusal.TRACKER_ERROR
    assert 'ZeroDivisionError' in stream.failures[0]


@pytest.mark.parametrize(
    'error',
    [
        torch.cuda.OutOfMemoryError('tried to allocate 2.00 GiB'),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_g1_one_failed_allocation_is_retried(stream, error):
    stream.tracker.memory_error = error
    # Once in the start on an image, once in the search in another one.
    stream.tracker.memory_errors = 1
    stream.ask()
    assert stream.show().targets[0].state is TargetState.NEW
    stream.tracker.memory_errors = 1
    assert stream.show().targets[0].state is TargetState.TRACKED
    stream.tracker.memory_errors = 2
    with pytest.raises(type(error)):
        stream.show()
    assert stream.show().targets[0].state is TargetState.TRACKED
    assert stream.failures == []


def test_the_end_answers_and_reports_what_is_left(stream):
    stream.ask()
    stream.show()
    stream.ask(id='late')
    report = stream.session.end()
    assert stream.states(report) == {'1': TargetState.REMOVED}
    assert stream.answers[-1].code is Refusal.INACTIVE
    assert stream.session.end() is None


def test_g1_a_warm_up_tells_how_long_a_search_takes_or_that_memory_is_too_little():
    tracker = FakeTracker()
    tracker.seconds = 0.02
    assert 0.02 <= warm_up(tracker) < 1.0
    # Twice while it is tracked, of which the second time counts, after a pause, and lost.
    assert tracker.steps == 4
    tracker.memory_errors = 1
    with (
        pytest.raises(UserError, match=r'device cuda:1 .*640x480.*2.00 GiB.*parameters device'),
        refuse_poor_device('cuda:1'),
    ):
        warm_up(tracker)
    tracker.error = RuntimeError('CUDA error: unspecified launch failure')
    with pytest.raises(UserError, match='restart this process'), refuse_poor_device('cuda:1'):
        warm_up(tracker)
    tracker.error = ZeroDivisionError('of the test')
    with pytest.raises(ZeroDivisionError), refuse_poor_device('cuda:1'):
        warm_up(tracker)
