# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where traces are kept: a unit is done if its file is there and can be read.

Files appear whole or not at all, so that a run may be killed anywhere and started again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import fcntl
import hashlib
import json
import os
from pathlib import Path
import shutil
from typing import IO, Any
from urllib.parse import quote

import numpy as np

from ..errors import UserError
from ..sequences import Sequence
from .protocols.base import Protocol
from .protocols.one_pass import OnePass
from .sources import digest_class
from .traces import Trace, read_trace, write_trace
from .units import Key

MANIFEST = 'manifest.json'
LOCK = '.lock'


class Store:
    """A folder of traces; a context that keeps other processes out.

    ``PROTOCOL/TRACKER/SEQUENCE/INDEX_REPETITION.csv``, and a ``manifest.json`` beside a tracker's
    sequences that says what they were made with.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def __enter__(self) -> Store:
        if self.folder.exists() and not self.folder.is_dir():
            raise UserError(f'{self.folder} is a file: give a folder for the results')
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / LOCK).open('a+', encoding='ascii')
        try:
            # The system gives it back when the process ends, however that comes.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip()
            self._lock.close()
            raise UserError(
                f'process {owner} is writing to {self.folder}: wait for it, or choose another '
                'folder'
            ) from None
        self._lock.truncate(0)
        self._lock.write(f'{os.getpid()}\n')
        self._lock.flush()
        return self

    def __exit__(self, *details: object) -> None:
        assert self._lock is not None
        self._lock.close()

    def claim(
        self,
        protocol: Protocol,
        tracker: str,
        fingerprint: Mapping[str, object],
        sequences: Iterable[Sequence],
        seed: int,
        fresh: bool = False,
    ) -> None:
        """Say what the traces of a tracker are made with from now on.

        Parameters
        ----------
        protocol : Protocol
        tracker : str
            Its label.
        fingerprint : mapping
            See `Entrant.fingerprint`.
        sequences : iterable of Sequence
            That will be passed; those of earlier runs stay.
        seed : int
        fresh : bool
            Whether to forget the traces that are there.

        Raises
        ------
        UserError
            Stored traces were made with something else.
        """
        folder = self._tracker_folder(protocol.name, tracker)
        made_with: dict[str, Any] = {
            'seed': seed,
            'protocol': _describe_protocol(protocol),
            **fingerprint,
        }
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        passed = {sequence.name: digest_sequence(sequence) for sequence in sequences}
        before: dict[str, Any] = {'sequences': {}, 'beside_others': False}
        for file in folder.rglob('*.partial'):
            file.unlink()
        # A run that was stopped before its first trace binds nobody.
        traced = {path.parent.name for path in folder.rglob('*.csv')}
        if traced:
            before = _read_manifest(folder)
            # As JSON has it: tuples become lists.
            now = json.loads(json.dumps(made_with))
            _compare(folder, before['made_with'], now)
            for name in sorted(set(passed) & set(before['sequences'])):
                if safe_name(name) in traced:
                    _compare(folder, {name: before['sequences'][name]}, {name: passed[name]})
        write_json(
            folder / MANIFEST,
            {
                'made_with': made_with,
                'sequences': {**before['sequences'], **passed},
                'beside_others': before['beside_others'],
            },
        )

    def mark_beside_others(self, protocol: str, tracker: str) -> None:
        """Note that a tracker's times are measured while the machine does other work, too."""
        folder = self._tracker_folder(protocol, tracker)
        write_json(folder / MANIFEST, {**_read_manifest(folder), 'beside_others': True})

    def is_beside_others(self, protocol: str, tracker: str) -> bool:
        """Whether some of a tracker's times are worth nothing, see `mark_beside_others`."""
        return bool(_read_manifest(self._tracker_folder(protocol, tracker))['beside_others'])

    def read(self, key: Key, frames: int) -> Trace | None:
        """Read a trace; None where there is none, or it is damaged and has to be made again."""
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            trace = read_trace(path)
        except UserError:
            return None
        return trace if len(trace) == frames else None

    def write(self, key: Key, trace: Trace) -> None:
        """Keep a trace."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_trace(path, trace)

    def _tracker_folder(self, protocol: str, tracker: str) -> Path:
        return self.folder / protocol / safe_name(tracker)

    def _path(self, key: Key) -> Path:
        folder = self._tracker_folder(key.protocol, key.tracker) / safe_name(key.sequence)
        return folder / f'{key.index}_{key.repetition}.csv'


def safe_name(text: str) -> str:
    """A name for a file or folder, another one for every text."""
    return quote(text, safe=' =,+()')


def digest_sequence(sequence: Sequence) -> str:
    """What must be equal for two traces to be of the same sequence: images, labels and size."""
    digest = hashlib.sha256('\0'.join(path.name for path in sequence.images).encode())
    for array in (sequence.boxes, sequence.polygons, sequence.labelled):
        digest.update(b'none' if array is None else np.ascontiguousarray(array).tobytes())
    digest.update(str(sequence.resolution).encode())
    return f'{len(sequence.images)} images, {digest.hexdigest()[:16]}'


def write_json(path: Path, values: object) -> None:
    """Write a file of JSON so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    with partial.open('w', encoding='utf-8') as file:
        file.write(json.dumps(values, indent=2) + '\n')
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _describe_protocol(protocol: Protocol) -> str:
    # Of a function its name: what else stands in its text differs between processes.
    parameters = ', '.join(
        f'{name}={getattr(value, "__qualname__", None) or repr(value)}'
        for name, value in sorted(vars(protocol).items())
    )
    # All protocols share how a subject is started and stepped.
    source = digest_class(type(protocol)), digest_class(OnePass)
    return f'{protocol.name}({parameters}) {" ".join(source)}'


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text('utf-8'))
        return {
            'made_with': dict(manifest['made_with']),
            'sequences': dict(manifest['sequences']),
            'beside_others': bool(manifest['beside_others']),
        }
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f'{folder} holds traces, but {path.name} does not say what they were made with '
            f'({type(error).__name__}): choose another folder, or --fresh to make them again'
        ) from error


def _compare(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    differ = sorted(
        name for name in {*before, *now} if before.get(name) != now.get(name)
    )
    if differ:
        name = differ[0]
        more = f' (and {len(differ) - 1} more)' if len(differ) > 1 else ''
        raise UserError(
            f'the traces in {folder} were made with {name} {before.get(name)}, this run has '
            f'{now.get(name)}{more}: choose another folder, or --fresh to make them again'
        )
