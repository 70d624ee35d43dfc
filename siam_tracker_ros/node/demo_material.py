# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the demo tracks: the rendered clip, a labelled folder, or a video and a box."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..geometry import Box, check_initial_box
from ..rendering import FRAME_RATE, Clip, write_sequence
from ..sequences import GROUND_TRUTH, read_sequence
from ..video import Camera, open_source


@dataclass(frozen=True)
class Material:
    """What is tracked.

    Attributes
    ----------
    source : str
        What the video source opens.
    box : Box
        Where the target is in the first frame, in continuous pixels.
    truth : dict
        Known boxes by the number of the frame.
    fps : float
        Of the source.
    name : str
        For people.
    """

    source: str
    box: Box
    truth: dict[int, Box]
    fps: float
    name: str


def render(folder: Path) -> Material:
    """Render the clip with known boxes into a folder."""
    write_sequence(Clip(), folder)
    return labelled(folder, None, 'rendered clip')


def labelled(folder: Path, box: Box | None, name: str) -> Material:
    """Take a folder with images and a ground truth."""
    sequence = read_sequence(folder)
    boxes = {index: sequence.box(index) for index in range(len(sequence.images))}
    truth = {index: known for index, known in boxes.items() if known is not None}
    return Material(str(folder), box or sequence.first_box, truth, FRAME_RATE, name)


def unlabelled(video: str, box: Box | None) -> Material:
    """Take a video, a camera or a folder of images; its box must be given."""
    if box is None:
        raise UserError(
            f'{video} has no {GROUND_TRUTH} that says where the target is: give its box in the '
            'first frame with --box x,y,w,h (make demo VIDEO=… BOX=x,y,w,h)'
        )
    with open_source(video) as source:
        if not isinstance(source, Camera):
            image = next(iter(source)).image
            check_initial_box(box, image.shape[1], image.shape[0])
        return Material(video, box, {}, source.fps, source.name)


def choose(video: str | None, box: Box | None, out: Path) -> Material:
    """Choose what is tracked.

    Parameters
    ----------
    video : str or None
        Video file, folder of images or index of a camera; None for the rendered clip.
    box : Box or None
        Of the target in the first frame; None where a ground truth says it.
    out : Path
        Folder of the demo, where a clip may be rendered.

    Raises
    ------
    UserError
        The video cannot be read, or the box is missing or does not fit.
    """
    if video is None:
        if box is not None:
            raise UserError('--box belongs to a video: give --video too, or leave both out')
        return render(out / 'clip')
    folder = Path(video).expanduser()
    if (folder / GROUND_TRUTH).is_file():
        return labelled(folder, box, f'folder {folder}')
    return unlabelled(video, box)
