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
from .machine import describe_machine
from .protocols.base import Protocol
from .sources import digest_class, digest_sources
from .traces import Trace, read_trace, write_trace
from .units import Key

MANIFEST = 'manifest.json'
LOCK = '.lock'
# Of a name; file systems take 255 bytes, some of which endings need.
LONGEST_NAME = 200
# What every protocol stands on, beside its own class.
PROTOCOLS = (
    'evaluation/overlap.py',
    'evaluation/protocols',
    'evaluation/traces.py',
    'evaluation/vot/regions.py',
    'geometry.py',
    'images.py',
    'sequences.py',
)


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
        # Manifests of folders whose traces are to be forgotten as soon as there is a new one:
        # a run that cannot even begin takes nothing away.
        self._fresh: dict[Path, dict[str, Any]] = {}

    def __enter__(self) -> Store:
        if self.folder.exists() and not self.folder.is_dir():
            raise UserError(f'{self.folder} is a file: give a folder for the results')
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / LOCK).open('a+', encoding='ascii')
        except OSError as error:
            raise UserError(
                f'{self.folder} cannot be written to ({error.strerror}): choose another folder'
            ) from error
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
        timed: bool = False,
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
            Whether to forget the traces that are there, once there is a new one.
        timed : bool
            Whether they depend on how long a tracker takes, and so on the machine.

        Raises
        ------
        UserError
            Stored traces were made with something else.
        """
        folder = self._tracker_folder(protocol.name, tracker)
        machine = {name: describe_machine()[name] for name in ('cpu', 'gpu')}
        made_with: dict[str, Any] = {
            'seed': seed,
            'protocol': describe_protocol(protocol),
            **fingerprint,
            **({'machine': machine} if timed else {}),
        }
        passed = {sequence.name: digest_sequence(sequence) for sequence in sequences}
        manifest: dict[str, Any] = {
            'made_with': made_with, 'sequences': passed, 'machine': machine,
            'times_count': True,
        }  # fmt: skip
        if fresh and folder.exists():
            self._fresh[folder] = manifest
            return
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
            manifest['sequences'] = {**before['sequences'], **passed}
            manifest['times_count'] = before['times_count'] and before['machine'] == machine
        write_json(folder / MANIFEST, manifest)

    def mark_times(self, protocol: str, tracker: str) -> None:
        """Note that a tracker's times count for nothing: the machine does other work, too."""
        self._begin()
        folder = self._tracker_folder(protocol, tracker)
        write_json(folder / MANIFEST, {**_read_manifest(folder), 'times_count': False})

    def times_count(self, protocol: str, tracker: str) -> bool:
        """Whether all times of a tracker are of this machine, which did nothing else."""
        folder = self._tracker_folder(protocol, tracker)
        return bool((self._fresh.get(folder) or _read_manifest(folder))['times_count'])

    def read(self, key: Key, frames: int) -> Trace | None:
        """Read a trace; None where there is none, or it is damaged and has to be made again."""
        path = self._path(key)
        if self._tracker_folder(key.protocol, key.tracker) in self._fresh or not path.is_file():
            return None
        try:
            trace = read_trace(path)
        except UserError:
            return None
        return trace if len(trace) == frames else None

    def write(self, key: Key, trace: Trace) -> None:
        """Keep a trace."""
        self._begin()
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_trace(path, trace)

    def _begin(self) -> None:
        """Forget what was to be forgotten."""
        for folder, manifest in self._fresh.items():
            shutil.rmtree(folder, ignore_errors=True)
            write_json(folder / MANIFEST, manifest)
        self._fresh.clear()

    def _tracker_folder(self, protocol: str, tracker: str) -> Path:
        return self.folder / protocol / safe_name(tracker)

    def _path(self, key: Key) -> Path:
        folder = self._tracker_folder(key.protocol, key.tracker) / safe_name(key.sequence)
        return folder / f'{key.index}_{key.repetition}.csv'


def safe_name(text: str) -> str:
    """A name for a file or folder, another one for every text."""
    name = quote(text, safe=' =,+()', errors='surrogateescape')
    if not name.strip('.'):
        # These mean other folders.
        return name.replace('.', '%2E') or '%'
    if len(name) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return f'{name[: LONGEST_NAME - len(digest) - 1]}-{digest}'
    return name


def digest_sequence(sequence: Sequence) -> str:
    """What must be equal for two traces to be of the same sequence, in a few words.

    Names and sizes of all images, the contents of three of them, and the labels. Reading every
    image would take as long as some trackers do.
    """
    digest = hashlib.sha256()
    for path in sequence.images:
        size = path.stat().st_size if path.is_file() else None
        digest.update(os.fsencode(f'{path.name}\0{size}\0'))
    count = len(sequence.images)
    for index in (0, count // 2, count - 1) if count else ():
        path = sequence.images[index]
        digest.update(path.read_bytes() if path.is_file() else b'')
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


def describe_protocol(protocol: Protocol) -> str:
    """What must be equal for two traces to be of the same protocol, in a few words."""
    # Of a function its name: what else stands in its text differs between processes.
    parameters = ', '.join(
        f'{name}={getattr(value, "__qualname__", None) or repr(value)}'
        for name, value in sorted(vars(protocol).items())
    )
    source = digest_class(type(protocol)), digest_sources(PROTOCOLS)
    return f'{protocol.name}({parameters}) {" ".join(source)}'


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text('utf-8'))
        return {
            'made_with': dict(manifest['made_with']),
            'sequences': dict(manifest['sequences']),
            'machine': dict(manifest['machine']),
            'times_count': bool(manifest['times_count']),
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
