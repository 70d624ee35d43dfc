# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import os

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import require_cv2, write_image
from siam_tracker_ros.video import Camera, VideoWriter, open_source


def pictures(count, height=96, width=128):
    """Grey pictures whose brightness tells their number."""
    return [np.full((height, width, 3), 20 + 10 * i, np.uint8) for i in range(count)]


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / 'clip.mp4'
    with VideoWriter(path, 10.0) as writer:
        for image in pictures(8):
            writer.write(image)
    return path


@pytest.fixture
def damaged(tmp_path):
    """A video whose header promises 40 frames and whose second half is missing."""
    cv2 = require_cv2()
    path = tmp_path / 'damaged.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (128, 96))
    noise = np.random.default_rng(0)
    for _ in range(40):
        writer.write(noise.integers(0, 255, (96, 128, 3), np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def collect(source, into):
    """Keep what a source gives before it fails."""
    for timed in source:
        into.append(timed)


def test_video_comes_back_in_order_with_its_stamps(clip):
    with open_source(str(clip)) as source:
        found = list(source)
    assert source.fps == pytest.approx(10.0)
    assert source.count == len(found) == 8
    np.testing.assert_allclose([f.stamp for f in found], np.arange(8) / 10, atol=1e-3)
    brightness = [f.image.mean() for f in found]
    np.testing.assert_allclose(brightness, 20 + 10 * np.arange(8), atol=4.5)
    assert found[0].image.shape == (96, 128, 3)


def test_folder_comes_in_the_order_of_its_numbers(tmp_path):
    for number, image in zip((1, 2, 10), pictures(3)):
        write_image(tmp_path / f'{number}.png', image)
    with open_source(str(tmp_path), fps=4.0) as source:
        found = list(source)
    assert [f.image[0, 0, 0] for f in found] == [20, 30, 40]
    assert [f.stamp for f in found] == [0.0, 0.25, 0.5]
    assert (source.count, source.fps) == (3, 4.0)


def test_video_that_ends_early_gives_its_frames_and_then_says_so(damaged):
    found = []
    with (
        open_source(str(damaged)) as source,
        pytest.raises(UserError, match=r'cannot be read after frame \d+ of 40') as caught,
    ):
        collect(source, found)
    assert 10 < len(found) < 30
    assert f'after frame {len(found)} of' in str(caught.value)


@pytest.mark.parametrize('content', [b'', b'no video at all' * 100])
def test_file_that_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / 'a.mp4'
    path.write_bytes(content)
    with pytest.raises(UserError, match=r'a\.mp4 cannot be opened'):
        open_source(str(path))


def test_cut_mp4_is_refused(clip):
    clip.write_bytes(clip.read_bytes()[:-100])
    with pytest.raises(UserError, match=r'clip\.mp4 .* damaged'):
        list(open_source(str(clip)))


def test_missing_source_is_refused():
    with pytest.raises(UserError, match='does not exist: give a video file, a folder'):
        open_source('nothing-here.mp4')


def test_folder_of_different_sizes_is_refused_at_the_odd_one(tmp_path):
    write_image(tmp_path / '1.png', pictures(1)[0])
    write_image(tmp_path / '2.png', pictures(1, 48, 64)[0])
    source = iter(open_source(str(tmp_path)))
    assert next(source).image.shape == (96, 128, 3)
    with pytest.raises(UserError, match=r'2\.png is 64x48, those before it are 128x96'):
        next(source)


def test_damaged_image_of_a_folder_is_named(tmp_path):
    (tmp_path / '1.jpg').write_bytes(b'xx')
    with pytest.raises(UserError, match=r'1\.jpg is not a readable image'):
        list(open_source(str(tmp_path)))


@pytest.mark.parametrize('fps', [0.0, -1.0, float('nan'), float('inf')])
def test_frame_rate_must_be_positive(tmp_path, fps):
    with pytest.raises(UserError, match='fps is'):
        open_source(str(tmp_path), fps)


def test_number_is_a_camera_unless_a_folder_has_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / '77').mkdir()
    write_image(tmp_path / '77' / '1.png', pictures(1)[0])
    assert open_source('77').count == 1
    with pytest.raises(UserError, match='camera 78 cannot be opened'):
        open_source('78')


class FakeCapture:
    """Stands in for a camera driver: three images, then it is unplugged."""

    def __init__(self, index):
        self.left = pictures(3)

    def isOpened(self):  # noqa: N802
        return True

    def get(self, key):
        return 0.0

    def read(self):
        return (True, self.left.pop(0)) if self.left else (False, None)

    def release(self):
        self.left = []


def test_camera_stamps_arrival_and_says_when_it_is_gone(monkeypatch):
    monkeypatch.setattr(require_cv2(), 'VideoCapture', FakeCapture)
    found = []
    with Camera(0) as camera, pytest.raises(UserError, match='camera 0 delivers no more images'):
        collect(camera, found)
    stamps = [timed.stamp for timed in found]
    assert camera.fps == 30.0
    assert len(stamps) == 3
    assert stamps[0] == 0.0
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ('name', 'words'),
    [('a.avi', 'must end in .mp4 or .webm'), ('no/a.mp4', 'there is no folder')],
)
def test_video_that_cannot_be_written_is_refused(tmp_path, name, words):
    with pytest.raises(UserError, match=words):
        VideoWriter(tmp_path / name, 30.0)


def test_video_for_browsers_is_written_without_a_word(tmp_path, capfd):
    with VideoWriter(tmp_path / 'a.webm', 10.0) as writer:
        for image in pictures(8):
            writer.write(image)
    assert capfd.readouterr().err == ''
    with open_source(str(tmp_path / 'a.webm')) as source:
        brightness = [found.image.mean() for found in source]
    np.testing.assert_allclose(brightness, 20 + 10 * np.arange(8), atol=4.5)


def test_stderr_works_after_a_video_was_begun(tmp_path, capfd):
    with VideoWriter(tmp_path / 'a.webm', 10.0) as writer:
        writer.write(pictures(1)[0])
        os.write(2, b'heard')
    assert capfd.readouterr().err == 'heard'


def test_frame_of_another_size_is_refused(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', 30.0) as writer:
        writer.write(pictures(1)[0])
        with pytest.raises(UserError, match='a frame is 64x48, the first one was 128x96'):
            writer.write(pictures(1, 48, 64)[0])


def test_writer_without_a_frame_leaves_no_file(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', 30.0):
        pass
    assert not (tmp_path / 'a.mp4').exists()
