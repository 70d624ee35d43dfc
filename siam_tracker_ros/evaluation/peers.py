# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that come with OpenCV, for figures side by side in the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import UserError
from ..geometry import Box
from ..images import Image, require_cv2

Maker = Callable[[], Any]


class Peer:
    """A ``cv2.Tracker``; where it reports a failure, its last box stays.

    Parameters
    ----------
    name : str
    make : callable
        Makes a fresh ``cv2.Tracker``.
    """

    def __init__(self, name: str, make: Maker) -> None:
        self.name = name
        self._make = make
        self._tracker: Any = None
        self._box: Box | None = None

    def start(self, image: Image, box: Box) -> None:
        """See `Subject.start`. OpenCV takes whole pixels only."""
        self._tracker = self._make()
        self._tracker.init(image, tuple(round(value) for value in box.ltwh))
        self._box = box

    def step(self, image: Image) -> Box:
        """See `Subject.step`."""
        assert self._box is not None, 'start comes first'
        found, corner = self._tracker.update(image)
        if found:
            self._box = Box.from_ltwh(*(float(value) for value in corner))
        return self._box


def peer_names() -> list[str]:
    """Names that `create_peer` knows."""
    return list(_MAKERS)


def create_peer(name: str, folder: Path | str) -> Peer:
    """Make a tracker of OpenCV.

    Parameters
    ----------
    name : str
        One of `peer_names`.
    folder : Path or str
        Holds the networks that OpenCV does not bring along: ``nanotrack_v2/*.onnx``.

    Raises
    ------
    UserError
        Unknown name, this build of OpenCV lacks the tracker, or its networks are missing.
    """
    if name not in _MAKERS:
        raise UserError(f'unknown peer {name!r}: expected one of {", ".join(_MAKERS)}')
    return Peer(name, _MAKERS[name](require_cv2(), Path(folder)))


def _plain(kind: str) -> Callable[[ModuleType, Path], Maker]:
    """Maker of a tracker that needs no files."""

    def prepare(cv2: ModuleType, folder: Path) -> Maker:
        create = getattr(cv2, f'Tracker{kind}_create', None)
        if create is None:
            raise UserError(
                f'{kind} is not in this build of OpenCV ({cv2.__version__}): '
                'install opencv-contrib-python-headless instead'
            )
        return lambda: create()

    return prepare


def _nanotrack(cv2: ModuleType, folder: Path) -> Maker:
    if not hasattr(cv2, 'TrackerNano_create'):
        raise UserError(f'NanoTrack is not in this build of OpenCV ({cv2.__version__})')
    networks = folder / 'nanotrack_v2'
    params = cv2.TrackerNano_Params()
    params.backbone = str(networks / 'nanotrack_backbone_sim.onnx')
    params.neckhead = str(networks / 'nanotrack_head_sim.onnx')
    for file in (params.backbone, params.neckhead):
        if not Path(file).is_file():
            raise UserError(f'NanoTrack needs {file}, which does not exist')
    return lambda: cv2.TrackerNano_create(params)


_MAKERS: dict[str, Callable[[ModuleType, Path], Maker]] = {
    'csrt': _plain('CSRT'),
    'kcf': _plain('KCF'),
    'mil': _plain('MIL'),
    'nanotrack': _nanotrack,
}
