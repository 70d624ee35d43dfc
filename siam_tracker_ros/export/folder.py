# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an export consists of: graphs, the weights they were made from, and a file about both.

Nothing in it is ever executed: the file is JSON, the weights are a checkpoint, and a graph is
data for an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

from ..errors import UserError
from .graphs import Shape

FORMAT = 'siam_tracker_ros_export/1'
FACTS, WEIGHTS = 'export.json', 'weights.safetensors'
AGAIN = 'make it again with `siam-tracker export`'


@dataclass(frozen=True)
class Part:
    """One graph of an export.

    Attributes
    ----------
    file : str
        Its name in the folder.
    sha256 : str
    inputs : mapping of str to tuple
        Shapes, with names for free dimensions.
    outputs : tuple of str
    step, rest : int
        See `Graph`.
    """

    file: str
    sha256: str
    inputs: Mapping[str, Shape]
    outputs: Sequence[str]
    step: int
    rest: int


PART_TYPES: Mapping[str, type] = {
    'file': str, 'sha256': str, 'inputs': dict, 'outputs': list, 'step': int, 'rest': int,
}  # fmt: skip
"""Of a `Part`, as JSON has them."""


@dataclass(frozen=True)
class Folder:
    """An export that was verified.

    Attributes
    ----------
    path : Path
    tracker : str
        Registered name.
    source : mapping
        ``file`` and ``sha256`` of the weights that it was made from; `weights_file` is their copy.
    network, settings : mapping
        Those of the checkpoint; see `Meta`.
    made_with : mapping
        Versions.
    graphs : mapping of str to Part
    """

    path: Path
    tracker: str
    source: Mapping[str, str]
    network: Mapping[str, Any]
    settings: Mapping[str, Any]
    made_with: Mapping[str, str]
    graphs: Mapping[str, Part]

    @property
    def weights_file(self) -> Path:
        """The checkpoint with the layers that are no graph's, and those that are."""
        return self.path / WEIGHTS

    def graph_file(self, name: str) -> Path:
        """Where a graph is."""
        return self.path / self.graphs[name].file

    def save(self) -> None:
        """Write the file about the rest, last: a folder without it is no export."""
        facts = asdict(self)
        del facts['path']
        text = json.dumps({'format': FORMAT, **facts}, indent=2)
        (self.path / FACTS).write_text(text + '\n', encoding='utf-8')


def read_folder(path: Path | str) -> Folder:
    """Read an export, and verify that its files are those that were written.

    Raises
    ------
    UserError
        There is none, or a file is missing, damaged or of another version.
    """
    path = Path(path)
    file = path / FACTS
    if not file.is_file():
        raise UserError(
            f'folder {path} is no export: there is no {FACTS} in it; give a folder that '
            '`siam-tracker export` wrote'
        )
    try:
        facts = json.loads(file.read_text(encoding='utf-8'))
        kind = facts.pop('format')
        graphs = {name: Part(**part) for name, part in facts.pop('graphs').items()}
        folder = Folder(path, graphs=graphs, **facts)
        _check_types(folder)
        sums = {WEIGHTS: folder.source['sha256']}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f'export {path}: {FACTS} cannot be read ({error}); it is damaged: {AGAIN}'
        ) from error
    if kind != FORMAT:
        raise UserError(f'export {path}: its format is {kind!r}, expected {FORMAT!r}: {AGAIN}')
    sums |= {part.file: part.sha256 for part in graphs.values()}
    for name, expected in sums.items():
        if not (path / name).is_file():
            raise UserError(f'export {path}: {name} is missing: {AGAIN}')
        if digest(path / name) != expected:
            raise UserError(f'export {path}: {name} is damaged or another one: {AGAIN}')
    return folder


def _check_types(folder: Folder) -> None:
    """Raise TypeError or ValueError where the file holds what `Folder.save` does not write."""
    for name, value in asdict(folder).items():
        if name != 'path':
            _check_type(name, value, str if name == 'tracker' else dict)
    for name, part in folder.graphs.items():
        for word, kind in PART_TYPES.items():
            _check_type(f'{word} of graph {name}', getattr(part, word), kind)
        sizes = [size for shape in part.inputs.values() for size in shape]
        for size in [*sizes, part.step]:
            if isinstance(size, int) and size < 1:
                raise ValueError(f'graph {name} has a size of {size}')


def _check_type(title: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f'{title} is {type(value).__name__}, expected {kind.__name__}')


def digest(file: Path) -> str:
    """sha256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
