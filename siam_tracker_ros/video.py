# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images in time: video files, cameras and folders as sources, and a writer of videos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import time
from types import TracebackType
from typing import Any, TypeVar

from .errors import UserError
from .images import Image, list_images, read_image, require_cv2
from .outputs import check_output_file

DEFAULT_FPS = 30.0

# By the ending of a video that is written: codecs that every build of OpenCV has. Browsers play
# the second one only.
CODECS = {'.mp4': 'mp4v', '.webm': 'VP80'}

S = TypeVar('S', bound='Source')


@dataclass(frozen=True)
class TimedImage:
    """One image of a source.

    Attributes
    ----------
    image : ndarray
        (H, W, 3) uint8, BGR.
    stamp : float
        Seconds since the source's first image; strictly increasing.
    """

    image: Image
    stamp: float


class Source(ABC):
    """Images in the order of time; a context manager that frees the device or file.

    Attributes
    ----------
    name : str
        What messages call it.
    fps : float
        Images per second, as far as the source tells.
    count : int or None
        Number of images, as far as the source tells.
    """

    name: str
    fps: float
    count: int | None

    @abstractmethod
    def __iter__(self) -> Iterator[TimedImage]:
        """Yield the images.

        Raises
        ------
        UserError
            An image cannot be read.
        """

    def close(self) -> None:  # noqa: B027
        """Free the device or file; a source without one has nothing to free."""

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_source(text: str, fps: float | None = None) -> Source:
    """Open what a user names.

    Parameters
    ----------
    text : str
        A folder of images, a video file, or the index of a camera. A number means a camera unless
        a file or folder of that name exists.
    fps : float, optional
        Images per second of a folder, which does not tell; `DEFAULT_FPS` by default. Other sources
        have stamps of their own.

    Raises
    ------
    UserError
        There is no such thing, it cannot be opened, or `fps` is not positive.
    """
    if fps is not None and not 0 < fps <= 10_000:
        raise UserError(f'fps is {fps:g}: expected a number from above 0 to 10000')
    path = Path(text).expanduser()
    if path.is_dir():
        return ImageFolder(path, fps or DEFAULT_FPS)
    if path.exists():
        return VideoFile(path)
    if text.isdecimal():
        return Camera(int(text))
    raise UserError(
        f'source {text} does not exist: give a video file, a folder of images or the index of a '
        'camera'
    )


class ImageFolder(Source):
    """The images of a folder, in the order of the numbers in their names.

    Parameters
    ----------
    folder : Path
    fps : float
        Images per second, for the stamps.
    """

    def __init__(self, folder: Path, fps: float = DEFAULT_FPS) -> None:
        self.files = list_images(folder)
        self.name = f'folder {folder}'
        self.fps = fps
        self.count = len(self.files)

    def __iter__(self) -> Iterator[TimedImage]:
        first: tuple[int, ...] | None = None
        for index, file in enumerate(self.files):
            image = read_image(file)
            shape = image.shape
            first = first or shape
            if shape != first:
                raise UserError(
                    f'image {file} is {shape[1]}x{shape[0]}, those before it are '
                    f'{first[1]}x{first[0]}: all images of a folder must have one size'
                )
            yield TimedImage(image, index / self.fps)


class VideoFile(Source):
    """A video file, with the stamps that its container holds."""

    def __init__(self, path: Path) -> None:
        cv2 = require_cv2()
        self.name = f'video {path}'
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise UserError(
                f'{self.name} cannot be opened: it is damaged or of a kind that OpenCV does not '
                'know; convert it to H.264 mp4'
            )
        self._position = cv2.CAP_PROP_POS_MSEC
        self.fps = _plausible_fps(self._capture.get(cv2.CAP_PROP_FPS))
        count = round(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.count = count if count > 0 else None

    def __iter__(self) -> Iterator[TimedImage]:
        start: float | None = None
        stamp, read = 0.0, 0
        while True:
            good, image = self._capture.read()
            if not good:
                break
            position = self._capture.get(self._position) / 1000.0
            start = position if start is None else start
            # Some containers hold no times, or the same one twice.
            later = position - start
            if read > 0:
                stamp = later if later > stamp else stamp + 1.0 / self.fps
            read += 1
            yield TimedImage(image, stamp)
        self._check_end(read, stamp)

    def _check_end(self, read: int, stamp: float) -> None:
        """Refuse a file that ends long before its header says so.

        OpenCV reports a frame that cannot be decoded as the end. Where a container tells only its
        duration, the count is an estimate: with a varying frame rate, the time decides.
        """
        if read == 0:
            raise UserError(
                f'{self.name} has no readable frame: it is damaged; convert or record it again'
            )
        slack = 3
        if (
            self.count is not None
            and read < self.count - slack
            and stamp < (self.count - slack) / self.fps
        ):
            raise UserError(
                f'{self.name} cannot be read after frame {read} of {self.count}: '
                'the rest is damaged or missing; convert it or cut it there'
            )

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class Camera(Source):
    """A camera by its index, with the times at which its images arrived."""

    def __init__(self, index: int) -> None:
        cv2 = require_cv2()
        self.name = f'camera {index}'
        self._capture = cv2.VideoCapture(index)
        if not self._capture.isOpened():
            raise UserError(
                f'{self.name} cannot be opened: is it plugged in, free, and may you read '
                f'/dev/video{index}?'
            )
        self.fps = _plausible_fps(self._capture.get(cv2.CAP_PROP_FPS))
        self.count = None

    def __iter__(self) -> Iterator[TimedImage]:
        start: float | None = None
        while True:
            good, image = self._capture.read()
            now = time.monotonic()
            if not good:
                raise UserError(f'{self.name} delivers no more images: is it still plugged in?')
            start = now if start is None else start
            yield TimedImage(image, now - start)

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()


def _plausible_fps(fps: float) -> float:
    """What a container or driver says, or the default where it says nothing usable."""
    return float(fps) if 0 < fps <= 1000 else DEFAULT_FPS


def check_video_file(path: Path | str) -> Path:
    """Return the path of a video to write, or refuse it.

    Raises
    ------
    UserError
        It ends in none of `CODECS`, or see `check_output_file`.
    """
    path = check_output_file(path, 'video')
    if path.suffix.lower() not in CODECS:
        raise UserError(f'video {path} must end in {" or ".join(CODECS)}')
    return path


class VideoWriter:
    """A video file; a context manager that completes it.

    Parameters
    ----------
    path : Path or str
        Ends in one of `CODECS`; replaced where it exists.
    fps : float
        Frames per second.

    Raises
    ------
    UserError
        Another ending, or the place cannot be written.
    """

    def __init__(self, path: Path | str, fps: float) -> None:
        self.path = check_video_file(path)
        self.fps = fps
        self._writer: Any = None
        self._size = (0, 0)

    def write(self, image: Image) -> None:
        """Append a frame: (H, W, 3) uint8, BGR, of the first one's size.

        Raises
        ------
        UserError
            The file cannot be made, or the size differs from the first frame's.
        """
        cv2 = require_cv2()
        size = (image.shape[1], image.shape[0])
        if self._writer is None:
            codec = cv2.VideoWriter.fourcc(*CODECS[self.path.suffix.lower()])
            with _silent_stderr():
                self._writer = cv2.VideoWriter(str(self.path), codec, self.fps, size)
            self._size = size
        if not self._writer.isOpened():
            raise UserError(
                f'video {self.path} cannot be written: this OpenCV has no encoder for it or the '
                'disk refused it; reinstall opencv-python-headless or choose another place'
            )
        if size != self._size:
            raise UserError(
                f'video {self.path}: a frame is {size[0]}x{size[1]}, the first one was '
                f'{self._size[0]}x{self._size[1]}: all frames must have one size'
            )
        self._writer.write(image)

    def close(self) -> None:
        """Complete the file; without a frame there is none."""
        if self._writer is not None:
            self._writer.release()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what is written to stderr meanwhile, also by code that is not Python.

    For a file that ends in ``.webm`` OpenCV writes a line about its codec that no setting of its
    log turns off.
    """
    try:
        kept = os.dup(2)
    except OSError:  # A service may run without it.
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
