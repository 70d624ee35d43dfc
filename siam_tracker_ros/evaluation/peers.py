# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that come with OpenCV, for figures side by side in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BoxError, UserError
from ..geometry import Box
from ..images import Image, require_cv2
from ..trackers.base import State
from .subjects import Answer

Maker = Callable[[], Any]


class Peer:
    """A ``cv2.Tracker``; where it reports a failure, its last box stays and it counts as lost.

    Its score is the tracker's own where it has one, else 1 where it found something and 0 where
    it did not.

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
        """See `Subject.start`. OpenCV takes whole pixels only.

        Raises
        ------
        BoxError
            OpenCV's tracker fails on this box.
        """
        self._tracker = self._make()
        corner = tuple(round(value) for value in box.ltwh)
        try:
            self._tracker.init(image, corner)
        except require_cv2().error as error:
            raise BoxError(f'{self.name} refuses the box {corner}: choose another one') from error
        self._box = box

    def step(self, image: Image) -> Answer:
        """See `Subject.step`."""
        assert self._box is not None, 'start comes first'
        found, corner = self._tracker.update(image)
        if found:
            self._box = Box.from_ltwh(*(float(value) for value in corner))
        # From OpenCV 5 on every tracker is asked for a score; -1 says that it has none.
        own = getattr(self._tracker, 'getTrackingScore', lambda: -1.0)()
        score = float(found) if own < 0 else float(own)
        return Answer(self._box, score, State.TRACKING if found else State.LOST)


def peer_names() -> list[str]:
    """Names that `create_peer` knows."""
    return list(_KINDS)


def create_peer(name: str, folder: Path | str) -> Peer:
    """Make a tracker of OpenCV.

    Parameters
    ----------
    name : str
        One of `peer_names`.
    folder : Path or str
        Holds the networks that OpenCV does not bring along, see `peer_files`.

    Raises
    ------
    UserError
        Unknown name, this build of OpenCV lacks the tracker, or its networks are missing.
    """
    kind = _kind(name)
    cv2 = require_cv2()
    module = getattr(cv2, 'legacy', None) if kind.legacy else cv2
    create = getattr(module, f'Tracker{kind.suffix}_create', None)
    if create is None:
        raise UserError(
            f'{kind.suffix} is not in this build of OpenCV ({cv2.__version__}): '
            'install opencv-contrib-python-headless instead'
        )
    if not kind.files:
        return Peer(name, lambda: create())
    params = getattr(cv2, f'Tracker{kind.suffix}_Params')()
    for parameter, file in zip(kind.files, peer_files(name, folder)):
        setattr(params, parameter, str(file))
    return Peer(name, lambda: create(params))


def peer_files(name: str, folder: Path | str) -> list[Path]:
    """Networks that a tracker of OpenCV needs, as they lie in a folder.

    Raises
    ------
    UserError
        Unknown name, or one of them is missing.
    """
    files = [Path(folder) / file for file in _kind(name).files.values()]
    for file in files:
        if not file.is_file():
            raise UserError(
                f'{name} needs {file}, which does not exist: name the folder that holds it '
                '(--peers)'
            )
    return files


def peer_is_random(name: str) -> bool:
    """Whether another seed gives another result."""
    return _kind(name).random


def _kind(name: str) -> _Kind:
    if name not in _KINDS:
        raise UserError(f'unknown peer {name!r}: expected one of {", ".join(_KINDS)}')
    return _KINDS[name]


@dataclass(frozen=True)
class _Kind:
    """One of OpenCV's trackers.

    Attributes
    ----------
    suffix : str
        Behind ``cv2.Tracker``.
    files : mapping of str to str
        By the field of its parameters: what it needs of the folder.
    legacy : bool
        Whether it is in ``cv2.legacy``.
    random : bool
        Whether it draws random numbers; see `seeding`.
    """

    suffix: str
    files: Mapping[str, str] = field(default_factory=dict)
    legacy: bool = False
    random: bool = False


_KINDS = {
    'csrt': _Kind('CSRT'),
    'kcf': _Kind('KCF'),
    'mil': _Kind('MIL', random=True),
    'nanotrack': _Kind(
        'Nano',
        {
            'backbone': 'nanotrack_v2/nanotrack_backbone_sim.onnx',
            'neckhead': 'nanotrack_v2/nanotrack_head_sim.onnx',
        },
    ),
    'dasiamrpn': _Kind(
        'DaSiamRPN',
        {
            'model': 'dasiamrpn/dasiamrpn_model.onnx',
            'kernel_cls1': 'dasiamrpn/dasiamrpn_kernel_cls1.onnx',
            'kernel_r1': 'dasiamrpn/dasiamrpn_kernel_r1.onnx',
        },
    ),
    'goturn': _Kind(
        'GOTURN',
        {'modelTxt': 'goturn/goturn.prototxt', 'modelBin': 'goturn/goturn.caffemodel'},
    ),
    'vittrack': _Kind('Vit', {'net': 'vittrack/object_tracking_vittrack_2023sep.onnx'}),
    'boosting': _Kind('Boosting', legacy=True, random=True),
    'medianflow': _Kind('MedianFlow', legacy=True),
    'mosse': _Kind('MOSSE', legacy=True),
    'tld': _Kind('TLD', legacy=True, random=True),
}
