# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a network as ONNX graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
import shutil
import tempfile
from typing import Any
import warnings

import torch
from torch import Tensor, nn

from .. import __version__
from ..outputs import check_output_folder
from ..weights import Checkpoint
from .folder import WEIGHTS, Folder, Part, digest
from .graphs import Graph
from .kinds import graphs_of
from .packages import require

EXEMPLAR = 'exemplar_size'
OPSET = 17
"""Of ONNX: one that TensorRT 8.5 and later read."""


class _Part(nn.Module):
    """A part of a network as a module, which the exporter wants."""

    def __init__(self, network: nn.Module, call: Callable[..., Any]) -> None:
        super().__init__()
        self.network = network
        self.call = call

    def forward(self, *inputs: Tensor) -> Any:
        return self.call(*inputs)


def write(network: nn.Module, checkpoint: Checkpoint, exemplar: int, path: Path) -> Folder:
    """Write an export; its folder appears whole or not at all.

    Parameters
    ----------
    network : Module
        With the checkpoint's weights, in evaluation mode, on the CPU; batch norms may be folded.
    checkpoint : Checkpoint
        Of the network, read from a file.
    exemplar : int
        Side of the exemplar's crop in pixels.
    path : Path
        Folder to make.

    Raises
    ------
    UserError
        A package is missing, this network cannot be exported, or the folder exists or cannot be
        made.
    """
    path = check_output_folder(path, 'export')
    # torch's exporter wants it.
    require('onnx')
    graphs = graphs_of(network, exemplar)
    with tempfile.TemporaryDirectory(prefix=f'.{path.name}.', dir=path.parent) as partial:
        folder = _write(network, checkpoint, graphs, Path(partial) / path.name)
        folder.path.replace(path)
    return replace(folder, path=path)


def _write(
    network: nn.Module, checkpoint: Checkpoint, graphs: Sequence[Graph], path: Path
) -> Folder:
    path.mkdir()
    source = Path(checkpoint.source)
    shutil.copyfile(source, path / WEIGHTS)
    parts = {}
    for graph in graphs:
        file = path / f'{graph.name}.onnx'
        _write_graph(network, graph, file)
        parts[graph.name] = Part(
            file.name, digest(file), graph.inputs, graph.outputs, graph.step, graph.rest
        )
    folder = Folder(
        path=path,
        tracker=checkpoint.meta.tracker,
        source={'file': source.name, 'sha256': digest(path / WEIGHTS)},
        network=dict(checkpoint.meta.network),
        settings=dict(checkpoint.meta.settings),
        made_with={
            'package': __version__, 'torch': torch.__version__, 'opset': str(OPSET)
        },
        graphs=parts,
    )  # fmt: skip
    folder.save()
    return folder


def _write_graph(network: nn.Module, graph: Graph, file: Path) -> None:
    free = {
        name: {axis: word for axis, word in enumerate(shape) if isinstance(word, str)}
        for name, shape in graph.inputs.items()
    }
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter, which torch calls the old one: it takes seconds, where the new one
        # takes minutes to follow free sizes through these graphs. It warns that it is old, and
        # that sizes become numbers, which are those of exemplars.
        warnings.simplefilter('ignore')
        torch.onnx.export(
            _Part(network, graph.call).eval(),
            graph.example(),
            str(file),
            dynamo=False,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes=free,
            opset_version=OPSET,
        )
