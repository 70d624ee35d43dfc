# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.web.pairing import (
    MOST_BYTES,
    MOST_KEPT,
    PATIENCE_S,
    Pairing,
    Picture,
    Status,
)
from siam_tracker_ros.web.scene import Scene


@given(
    st.lists(
        st.tuples(
            st.booleans(), st.integers(0, 12), st.sampled_from([0.0, 0.1, 1.5, 7.0]),
            st.sampled_from([1, MOST_BYTES // 2, 2 * MOST_BYTES]),
        ),
        max_size=60,
    )
)  # fmt: skip
def test_a_result_never_stands_over_another_image(events):
    """Whatever comes, in whatever order, lost or twice, large or late."""
    now = 0.0
    scene = Scene('/n', lambda: now)
    for is_picture, stamp, step, size in events:
        now += step
        if is_picture:
            scene.add_picture(Picture(stamp, '', 1, 1, size, bytes))
        else:
            scene.add_status(Status(stamp, '', [], None, 0.0))
        view = scene.view()
        assert view is None or view.status is None or view.status.stamp == view.picture.stamp


@pytest.mark.parametrize('first', ['picture', 'status'])
def test_either_may_be_the_first(first, make_picture, make_status):
    pairing = Pairing()
    picture, status = make_picture(5), make_status(5)
    if first == 'picture':
        pairing.add_picture(picture, 0.0)
        assert pairing.view(0.0) is None
        pairing.add_status(status, 0.0)
    else:
        pairing.add_status(status, 0.0)
        assert pairing.view(0.0) is None
        pairing.add_picture(picture, 0.0)
    view = pairing.view(0.0)
    assert view.picture is picture
    assert view.status is status


def test_images_that_the_node_left_out_are_passed_over(make_picture, make_status):
    pairing = Pairing()
    for stamp in (1, 2, 3, 4):
        pairing.add_picture(make_picture(stamp), 0.0)
    pairing.add_status(make_status(3), 0.0)
    assert pairing.view(0.0).picture.stamp == 3
    # One that was passed over is not gone back to; the one after it still waits.
    pairing.add_status(make_status(2), 0.0)
    assert pairing.view(0.0).picture.stamp == 3
    pairing.add_status(make_status(4), 0.0)
    assert pairing.view(0.0).picture.stamp == 4


def test_a_bag_that_loops_goes_on(make_picture, make_status):
    pairing = Pairing()
    for stamp in (100, 200, 50):
        pairing.add_picture(make_picture(stamp), 0.0)
        pairing.add_status(make_status(stamp), 0.0)
        assert pairing.view(0.0).picture.stamp == stamp


def test_what_is_said_once_more_of_the_shown_image_replaces_the_result(make_picture, make_status):
    pairing = Pairing()
    pairing.add_picture(make_picture(1), 0.0)
    pairing.add_status(make_status(1, a='tracked'), 0.0)
    pairing.add_picture(make_picture(2), 0.0)
    pairing.add_status(make_status(1, a='removed'), 0.0)
    view = pairing.view(0.0)
    assert view.picture.stamp == 1
    assert [t.state for t in view.status.targets] == ['removed']


def test_without_results_images_are_shown_alone_after_a_while(make_picture, make_status):
    pairing = Pairing()
    for index in range(20):
        now = 0.1 * index
        pairing.add_picture(make_picture(index + 1), now)
        view = pairing.view(now)
        if now <= PATIENCE_S:
            assert view is None
        else:
            assert (view.picture.stamp, view.status) == (index + 1, None)
    # The result of an image that waits still finds it, and then results are waited for again.
    pairing.add_status(make_status(20), 1.95)
    assert pairing.view(1.95).status.stamp == 20
    pairing.add_picture(make_picture(21), 2.0)
    assert pairing.view(2.0 + PATIENCE_S).picture.stamp == 20
    assert pairing.view(2.1 + PATIENCE_S).picture.stamp == 21


def test_a_slow_tracker_has_more_time(make_picture, make_status):
    pairing = Pairing()
    pairing.add_picture(make_picture(1), 0.0)
    pairing.add_status(make_status(1), 2.0)
    for index, now in enumerate((2.0, 4.0, 6.0, 7.9, 8.1)):
        pairing.add_picture(make_picture(2 + index), now)
        assert pairing.view(now).picture.stamp == (1 if now < 8.0 else 6)


def test_without_stamps_the_newest_of_both_belong_together(make_picture, make_status):
    pairing = Pairing()
    for _ in range(3):
        old, new = make_picture(0), make_picture(0)
        pairing.add_picture(old, 0.0)
        pairing.add_picture(new, 0.0)
        status = make_status(0)
        pairing.add_status(status, 0.0)
        view = pairing.view(0.0)
        assert view.picture is new
        assert view.status is status


def test_what_waits_is_bounded_in_number_and_bytes(make_picture, make_status):
    pairing = Pairing()
    for stamp in range(1, MOST_KEPT + 11):
        pairing.add_picture(make_picture(stamp), 0.0)
    pairing.add_status(make_status(10), 0.0)
    assert pairing.view(0.0) is None
    pairing.add_status(make_status(11), 0.0)
    assert pairing.view(0.0).picture.stamp == 11
    # Files that are too large are dropped.
    pairing = Pairing()
    file = bytes(1 + MOST_BYTES // 2)
    for stamp in (1, 2, 3):
        pairing.add_picture(make_picture(stamp, len(file), lambda: file), 0.0)
        while (picture := pairing.surplus()) is not None:
            picture.jpeg()
    pairing.add_status(make_status(2), 0.0)
    assert pairing.view(0.0) is None
    # One alone may be larger.
    pairing = Pairing()
    pairing.add_picture(make_picture(4, size=2 * MOST_BYTES), 0.0)
    assert pairing.surplus() is None
    pairing.add_status(make_status(4), 0.0)
    assert pairing.view(0.0).picture.stamp == 4


@pytest.mark.parametrize(('size', 'rate', 'latency'), [
    (1920 * 1080 * 3, 30, 0.72), (3840 * 2160 * 3, 30, 1.9), (640 * 480 * 3, 30, 0.05),
])  # fmt: skip
def test_a_slow_tracker_finds_its_large_images(size, rate, latency, make_picture, make_status):
    """Each image has its result some time later, and is shown with it; memory is bounded."""
    now = 0.0
    scene = Scene('/n', lambda: now)
    pictures, made, held = [], [], []
    behind = round(latency * rate)
    for index in range(90):
        now = index / rate
        encode = lambda index=index: made.append(index) or bytes(50_000)  # noqa: E731
        pictures.append(make_picture(1 + index, size, encode))
        scene.add_picture(pictures[-1])
        held.append(sum(picture.size for picture in pictures[-behind - 1:]))
        if index >= behind:
            scene.add_status(make_status(1 + index - behind))
            view = scene.view()
            assert view.status is not None
            assert view.picture.stamp == view.status.stamp == 1 + index - behind
    assert max(held) <= MOST_BYTES
    # None whose message fits.
    assert bool(made) == (size * behind > MOST_BYTES)


def test_an_image_that_cannot_be_made_small_is_told_once(make_picture):
    def fail():
        raise UserError('the file is corrupt')

    scene = Scene('/n', lambda: 0.0)
    for stamp in (1, 2, 3):
        scene.add_picture(make_picture(stamp, MOST_BYTES, fail))
    assert [s['sentence'] for s in scene.news(0, 0)[0]['sayings']] == [
        'an image cannot be shown: the file is corrupt'
    ]


def test_a_file_is_made_once_and_only_when_it_is_wanted(make_picture):
    made = []
    picture = make_picture(1, encode=lambda: made.append(1) or b'file')
    assert made == []
    assert [picture.jpeg(), picture.jpeg()] == [b'file', b'file']
    assert made == [1]


def test_a_file_that_cannot_be_made_is_not_tried_again(make_picture):
    def fail():
        raise UserError('why')

    picture = make_picture(1, encode=fail)
    with pytest.raises(UserError, match='why'):
        picture.jpeg()
    assert picture.jpeg() == b''
