# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs compute what their networks do, for any number of targets and any size of crops."""

import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.export import write
from siam_tracker_ros.export.graphs import SIDE
from siam_tracker_ros.export.kinds import graphs_of, kind_of, running
from siam_tracker_ros.export.session import Session
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.models.proposing import Proposals

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

NAMES = {
    'siamfc': ['template', 'search'],
    'csn': ['matching_template', 'matching_search', 'classification'],
    'sasiam': [
        'appearance_template', 'appearance_search', 'semantic_template', 'semantic_search'
    ],
    'siamrpnpp': ['template', 'search'],
    'crpn': ['template', 'search'],
}  # fmt: skip


def drawn(graph, count, steps):
    """Random inputs of a graph: pixels for crops, numbers about 0 for the rest."""
    side = graph.step * steps + graph.rest
    tensors = []
    for shape in graph.inputs.values():
        sizes = [
            size if isinstance(size, int) else side if size == SIDE else count for size in shape
        ]
        is_crop = shape[-3] == 3
        tensors.append(255 * torch.rand(sizes) if is_crop else torch.randn(sizes))
    return tensors


def agree(found, expected):
    scale = expected.abs().max().item()
    assert scale > 0
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize('name', NAMES)
@torch.inference_mode()
def test_a_graph_is_what_torch_computes(name, small, tmp_path):
    network, checkpoint = small(name)
    folder = write(network, checkpoint, 127, tmp_path / 'export')
    graphs = graphs_of(network, 127)
    assert [graph.name for graph in graphs] == NAMES[name] == list(folder.graphs)
    for graph in graphs:
        session = Session(folder, graph.name)
        for count in (1, 3):
            # Another size than that it was traced with, and a larger one.
            for steps in (20, 31):
                inputs = drawn(graph, count, steps)
                expected = graph.call(*inputs)
                expected = expected if isinstance(expected, tuple) else (expected,)
                found = session(*inputs)
                assert len(found) == len(expected) == len(graph.outputs)
                for one, other in zip(found, expected):
                    agree(one, other)


@torch.inference_mode()
def test_proposals_of_graphs_are_those_of_the_network(small, tmp_path):
    network, checkpoint = small('crpn')
    graphs = running(network, write(network, checkpoint, 127, tmp_path / 'export'))
    z, x = (255 * torch.rand(2, 3, side, side) for side in (127, 255))
    assert graphs.stride == network.stride
    found = graphs.propose(graphs.template(z), x)
    expected = network.propose(network.template(z), x)
    assert isinstance(found, Proposals)
    agree(found.logits, expected.logits)
    agree(found.boxes, expected.boxes)
    assert torch.equal(found.kept, expected.kept)


@pytest.mark.parametrize('name', NAMES)
def test_what_runs_graphs_asks_for_those_that_are_written(name, small):
    network, _ = small(name)
    asked = []
    kind_of(network).runs(network, lambda graph: asked.append(graph), '')
    assert asked == NAMES[name] == [graph.name for graph in graphs_of(network, 127)]


def test_what_has_no_graphs_is_refused(small):
    network = DSiam(widths=[4, 8, 8, 8, 8]).eval()
    for work in (lambda: graphs_of(network, 127), lambda: running(network, None)):
        with pytest.raises(UserError, match=r'dsiam cannot be exported: .*use backend torch'):
            work()
    network, _ = small('siamfc')
    with pytest.raises(UserError, match=r'exemplar_size is 128: .*a multiple of 8 and 7 px more'):
        graphs_of(network, 128)


def test_crops_that_a_graph_was_not_made_for_are_refused(small, tmp_path):
    network, checkpoint = small('siamfc')
    folder = write(network, checkpoint, 127, tmp_path / 'export')
    with pytest.raises(UserError, match='got crops of 1 x 3 x 135 x 135, expected targets x 3 x'):
        Session(folder, 'template')(torch.zeros(1, 3, 135, 135))
    search = Session(folder, 'search')
    template = torch.zeros(1, 8, 6, 6)
    with pytest.raises(UserError, match='where side is a multiple of 8 and 7 more'):
        search(template, torch.zeros(1, 3, 3, 250, 250))
    assert search(template, torch.zeros(1, 5, 3, 255, 255))[0].shape == (1, 5, 17, 17)
