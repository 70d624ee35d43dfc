# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One graph in ONNX Runtime, on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import UserError
from .folder import AGAIN, FACTS, Folder
from .graphs import SIDE
from .packages import require

PROVIDERS = ['CPUExecutionProvider']


class Session:
    """Runs a graph of an export: tensors in, tensors out, on the CPU in float32.

    Parameters
    ----------
    folder : Folder
    name : str
        Of the graph.

    Raises
    ------
    UserError
        ONNX Runtime is missing, or refuses the graph; or the folder has none of this name, or
        another one.
    """

    def __init__(self, folder: Folder, name: str) -> None:
        onnxruntime = require('onnxruntime')

        options = onnxruntime.SessionOptions()
        # As many as the rest of a step, which torch computes between two runs.
        options.intra_op_num_threads = torch.get_num_threads()
        # Threads that wait for the next run by spinning would take the cores from that rest.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        options.log_severity_level = 3
        self.title = f'export {folder.path}: graph {name}'
        if name not in folder.graphs:
            raise UserError(f'{self.title} is missing: {AGAIN}')
        self.part = folder.graphs[name]
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder.graph_file(name)), options, providers=PROVIDERS
            )
        except Exception as error:
            # Its errors have no base of their own.
            reason = ' '.join(str(error).split())
            raise UserError(
                f'{self.title} cannot be loaded by ONNX Runtime ({reason}): {AGAIN}'
            ) from error
        found = [
            [value.name for value in values]
            for values in (self._session.get_inputs(), self._session.get_outputs())
        ]
        if found != [list(self.part.inputs), list(self.part.outputs)]:
            raise UserError(f'{self.title} has other inputs or outputs than {FACTS} says: {AGAIN}')

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Run the graph.

        Parameters
        ----------
        *inputs : Tensor
            On the CPU, of the shapes that the graph's inputs have.

        Raises
        ------
        UserError
            One has another shape, such as that of another crop than the graph was made for.
        """
        feeds = {}
        for (name, shape), tensor in zip(self.part.inputs.items(), inputs, strict=True):
            self._check(name, shape, tuple(tensor.shape))
            feeds[name] = tensor.float().contiguous().numpy()
        return tuple(torch.from_numpy(a) for a in self._session.run(self.part.outputs, feeds))

    def _check(self, name: str, expected: tuple[int | str, ...], found: tuple[int, ...]) -> None:
        step, rest = self.part.step, self.part.rest
        fits = len(found) == len(expected) and all(
            (size % step == rest if word == SIDE else True)
            if isinstance(word, str)
            else size == word
            for word, size in zip(expected, found)
        )
        if not fits:
            wanted = ' x '.join(str(word) for word in expected)
            given = ' x '.join(str(size) for size in found)
            raise UserError(
                f'{self.title} got {name} of {given}, expected {wanted}, where side is a multiple '
                f'of {step} and {rest} more: set the sizes of crops that it was exported for, or '
                'use backend torch'
            )
