# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences from unlabelled videos: track forwards, track back, keep what returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..frames import Frame
from ..geometry import MIN_TARGET_SIDE, Box
from ..images import Image, require_cv2, write_image
from ..sequences import GROUND_TRUTH, write_ground_truth
from ..settings import Settings, setting
from ..trackers.base import State, Tracker
from ..video import open_source


@dataclass(frozen=True)
class MiningSettings(Settings):
    """How much is taken from each video, and what counts as a return."""

    segments: int = setting(6, 'stretches of each video, evenly spread', low=1, high=1000)
    length: int = setting(24, 'images of a stretch', unit='frames', low=3, high=1000)
    skip: int = setting(3, 'every how many frames an image is taken', low=1, high=100)
    objects: int = setting(4, 'objects that are tried in a stretch', low=1, high=64)
    agreement: float = setting(
        0.6,
        'smallest overlap (IoU) of the start box and the box that came back',
        low=0.0,
        high=1.0,
    )
    travel: float = setting(
        0.25,
        'how far an object must get from its start, as a share of its size: '
        'what stands still teaches nothing that a photograph does not',
        low=0.0,
        high=100.0,
    )
    max_side: int = setting(480, 'longer images are reduced to this side', unit='px', low=64)


def mine(
    videos: Sequence[Path],
    folder: Path,
    tracker: Tracker,
    settings: MiningSettings,
    seed: int,
) -> list[Path]:
    """Write what can be followed in some videos as labelled sequences in GOT-10k's layout.

    A box that a tracker brings from the first image to the last and back to where it began was
    probably on something; where both passes agree in between, it was probably on the same thing.
    It is the forward-backward criterion of Kalal et al. 2010, with a whole tracker in both
    directions.

    Parameters
    ----------
    videos : sequence of Path
    folder : Path
        Receives a folder per object. A video that was mined before is not mined again.
    tracker : Tracker
    settings : MiningSettings
    seed : int

    Returns
    -------
    list of Path
        The sequences' folders.
    """
    for number, video in enumerate(tqdm(videos, desc='mining', unit='video')):
        done = folder / f'{number:03d}-{video.stem}.done'
        if done.is_file():
            continue
        rng = np.random.default_rng((seed, number))
        for index, images in enumerate(_segments(video, settings)):
            for kind, boxes in enumerate(_follow(images, tracker, settings, rng)):
                name = f'{number:03d}-{video.stem}-{index:02d}-{kind:02d}'
                _write(folder / name, images, boxes)
        done.parent.mkdir(parents=True, exist_ok=True)
        done.touch()
    return sorted(path.parent for path in folder.glob(f'*/{GROUND_TRUTH}'))


def _segments(video: Path, settings: MiningSettings) -> list[list[Image]]:
    """Read the stretches of a video: only they are kept, the rest is decoded and dropped."""
    with open_source(str(video)) as source:
        count = sum(1 for _ in source)
    span = settings.length * settings.skip
    last = max(0, count - span)
    starts = sorted({round(s) for s in np.linspace(0, last, settings.segments)})
    segments: list[list[Image]] = [[] for _ in starts]
    with open_source(str(video)) as source:
        for position, item in enumerate(source):
            wanted = [
                segment
                for start, segment in zip(starts, segments)
                if start <= position < start + span and (position - start) % settings.skip == 0
            ]
            if wanted:
                image = _reduced(item.image, settings.max_side)
                for segment in wanted:
                    segment.append(image)
    return [segment for segment in segments if len(segment) >= 3]


def _reduced(image: Image, max_side: int) -> Image:
    factor = max_side / max(image.shape[:2])
    if factor >= 1.0:
        return image
    cv2 = require_cv2()
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def propose(images: Sequence[Image], count: int, rng: np.random.Generator) -> list[Box]:
    """Boxes worth a try: of many random ones, those with most structure and motion, apart.

    Parameters
    ----------
    images : sequence of ndarray
        (H, W, 3) uint8; boxes are for the first, motion is its difference from the next.
    count : int
        How many at most.
    rng : numpy Generator
    """
    grey = images[0].mean(axis=2)
    structure: NDArray[Any] = np.abs(np.gradient(grey)).sum(axis=0)
    motion = np.abs(images[1].mean(axis=2) - grey)
    height, width = grey.shape
    interest = structure / (structure.mean() + 1e-6) + 2.0 * motion / (motion.mean() + 1e-6)
    ranked = []
    for _ in range(16 * count):
        side = min(height, width) * np.exp(rng.uniform(np.log(0.1), np.log(0.5)))
        aspect = np.exp(rng.uniform(-0.4, 0.4))
        w, h = float(side * aspect), float(side / aspect)
        cx, cy = rng.uniform(w / 2, width - w / 2), rng.uniform(h / 2, height - h / 2)
        box = Box(float(cx), float(cy), w, h).clipped(width, height)
        assert box is not None
        left, top, right, bottom = (round(v) for v in box.ltrb)
        ranked.append((float(interest[top:bottom, left:right].mean()), box))
    ranked.sort(key=lambda item: -item[0])
    chosen: list[Box] = []
    for _, box in ranked:
        if len(chosen) < count and all(box.iou(other) < 0.2 for other in chosen):
            chosen.append(box)
    return chosen


def _follow(
    images: list[Image], tracker: Tracker, settings: MiningSettings, rng: np.random.Generator
) -> list[list[Box | None]]:
    """Boxes of each object that returned; None where the two passes disagree."""
    frames = [Frame.from_numpy(image, tracker.device) for image in images]
    begun = [box for box in propose(images, settings.objects, rng) if _can_start(box)]
    forward = _pass(frames, begun, tracker)
    survivors = [track for track in forward if track[-1] is not None and _can_start(track[-1])]
    ends = [box for track in survivors for box in track[-1:] if box is not None]
    backward = _pass(frames[::-1], ends, tracker)
    kept = []
    for there, back in zip(survivors, backward):
        back = back[::-1]
        home = back[0]
        start = there[0]
        if home is None or start is None or home.iou(start) < settings.agreement:
            continue
        boxes = [
            a if a is not None and b is not None and a.iou(b) >= settings.agreement else None
            for a, b in zip(there, back)
        ]
        seen = [box for box in boxes if box is not None]
        if len(seen) >= len(boxes) // 2 and _travel(start, seen) >= settings.travel:
            kept.append(boxes)
    return kept


def _can_start(box: Box) -> bool:
    """Whether a tracker would begin with this box: at the image's edge little may be left."""
    return min(box.w, box.h) >= MIN_TARGET_SIDE


def _travel(start: Box, boxes: Sequence[Box]) -> float:
    """Largest distance of the boxes' centres from the start's, as a share of its size."""
    farthest = max(math.hypot(box.cx - start.cx, box.cy - start.cy) for box in boxes)
    return farthest / math.sqrt(start.area)


def _pass(frames: list[Frame], begun: list[Box], tracker: Tracker) -> list[list[Box | None]]:
    """Track some boxes through frames; None where a target is lost."""
    targets = [tracker.start(frames[0], box) for box in begun]
    tracks: list[list[Box | None]] = [[box] for box in begun]
    for frame in frames[1:]:
        for track, estimate in zip(tracks, tracker.step(frame, targets)):
            track.append(None if estimate.state is State.LOST else estimate.box)
    return tracks


def _write(folder: Path, images: list[Image], boxes: list[Box | None]) -> None:
    """Write one sequence; the labels come last, so that an interrupted one is not taken."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images, 1):
        write_image(folder / f'{number:08d}.jpg', image)
    write_ground_truth(folder, boxes)
