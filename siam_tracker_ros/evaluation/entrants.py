# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is evaluated, as a few words that travel between processes and tell results apart."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as List
from dataclasses import dataclass
import hashlib
from pathlib import Path

import torch

from .. import __version__, trackers, weights
from ..arguments import parse_overrides
from ..errors import UserError
from ..images import require_cv2
from ..runtime import resolve_precision
from ..settings import Scalar, describe
from .peers import create_peer, peer_files, peer_is_random, peer_names
from .sources import digest_sources
from .subjects import LibrarySubject, Subject

# The files that decide what a tracker says; a change in any other leaves stored results valid.
OF_ALL = (
    'evaluation/peers.py',
    'evaluation/seeding.py',
    'evaluation/subjects.py',
    'evaluation/units.py',
    'geometry.py',
    'images.py',
)
OF_OURS = (
    'export', 'frames.py', 'models', 'online', 'runtime.py', 'settings.py', 'trackers', 'weights'
)  # fmt: skip


@dataclass(frozen=True)
class Entrant:
    """A tracker with everything that its results depend on.

    Attributes
    ----------
    label : str
        What the tables call it; no two of a run have the same.
    name : str
        Registered name of one of ours, or one of `peer_names`.
    weights : str
        ``auto`` or the path of a checkpoint; of ours only.
    device, precision : str
        See `runtime`; of ours only.
    overrides : tuple of pairs
        Settings that differ from the checkpoint's; of ours only.
    threads : int
        CPU threads of torch and OpenCV. The last bits of a sum depend on them.
    peers : str
        Folder of the networks that OpenCV does not bring along.
    """

    label: str
    name: str
    weights: str = weights.registry.AUTO
    device: str = 'cpu'
    precision: str = 'auto'
    overrides: tuple[tuple[str, Scalar], ...] = ()
    threads: int = 1
    peers: str = ''

    @property
    def is_peer(self) -> bool:
        """Whether it is OpenCV's, not ours."""
        return self.name in peer_names()

    @property
    def is_random(self) -> bool:
        """Whether another seed gives another result, so that repetitions make sense."""
        return self.is_peer and peer_is_random(self.name)

    def subject(self) -> Subject:
        """Make the tracker.

        Raises
        ------
        UserError
            This machine lacks it, or what it needs.
        """
        if self.is_peer:
            return create_peer(self.name, self.peers)
        tracker = trackers.create(
            self.name, self.weights, self.device, self.precision, dict(self.overrides)
        )
        return LibrarySubject(self.label, tracker)

    def fingerprint(self) -> dict[str, object]:
        """What must be equal for two results to be of the same tracker, ready for JSON.

        Raises
        ------
        UserError
            Its weights are missing, or the number format does not fit the device.
        """
        if self.is_peer:
            files = peer_files(self.name, self.peers)
            own: dict[str, object] = {}
        else:
            files = trackers.weight_files(self.name, self.weights, dict(self.overrides))
            place = torch.device('cuda' if self.device.startswith('cuda') else 'cpu')
            own = {
                'settings': dict(self.overrides),
                'device': self.device,
                'precision': str(resolve_precision(self.precision, place)),
                'torch': torch.__version__,
            }
        return {
            'tracker': self.name,
            'weights': [hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
            **own,
            'threads': self.threads,
            'opencv': require_cv2().__version__,
            'package': __version__,
            'code': digest_sources(OF_ALL if self.is_peer else OF_ALL + OF_OURS),
        }


def parse_entrants(
    words: Iterable[str],
    *,
    device: str = 'cpu',
    precision: str = 'auto',
    assignments: List[str] = (),
    threads: int = 1,
    peers: Path | str = '',
) -> list[Entrant]:
    """Read what a user asks for.

    Parameters
    ----------
    words : iterable of str
        ``siamfc``, ``siamfc=FILE`` for one of ours with other weights, or one of `peer_names`.
    device, precision : str
        Of ours; a device by its own name, not ``auto``, which could mean another one tomorrow.
    assignments : list of str
        ``name=value``: settings of ours.
    threads : int
    peers : Path or str
        See `Entrant.peers`.

    Raises
    ------
    UserError
        A name is unknown or comes twice, weights do not exist, or a setting is refused or
        of no use.
    """
    found: list[Entrant] = []
    for word in words:
        name, equals, file = word.partition('=')
        if name in peer_names():
            if equals:
                raise UserError(f'{word!r}: only our own trackers take weights; write {name}')
            entrant = Entrant(word, name, threads=threads, peers=str(Path(peers).absolute()))
        else:
            if name not in trackers.names():
                known = ', '.join([*trackers.names(), *peer_names()])
                raise UserError(f'unknown tracker {name!r}: expected one of {known}')
            path = Path(file).expanduser().absolute()
            if equals and not path.is_file():
                raise UserError(
                    f'weights {file!r} of {name}: there is no such file; expected NAME=FILE with '
                    'a .safetensors checkpoint, or the name alone for the shipped one'
                )
            settings = parse_overrides(assignments, describe(trackers.settings_class(name)))
            entrant = Entrant(
                word,
                name,
                str(path) if equals else weights.registry.AUTO,
                device,
                precision,
                tuple(sorted(settings.items())),
                threads,
            )
        if any(entrant.label == other.label for other in found):
            raise UserError(f'tracker {entrant.label!r} is asked for twice: name it once')
        found.append(entrant)
    if not found:
        raise UserError('no tracker is asked for: name one or more, with commas between them')
    if assignments and all(entrant.is_peer for entrant in found):
        raise UserError(
            f'{assignments[0]!r} is a setting of our own trackers, and only those of OpenCV are '
            'asked for: leave it out, or add one of ours'
        )
    return found
