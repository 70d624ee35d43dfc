# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is written beside the graphs, and what of a folder is refused."""

import json

import pytest

from siam_tracker_ros import trackers
from siam_tracker_ros.cli import main
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.export import read_folder, write
from siam_tracker_ros.export.folder import FACTS, digest
from siam_tracker_ros.export.packages import require

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


@pytest.fixture
def folder(small, tmp_path):
    network, checkpoint = small('siamfc')
    return write(network, checkpoint, 127, tmp_path / 'export')


def test_a_folder_is_read_as_it_was_written(folder, tmp_path):
    again = read_folder(folder.path)
    assert again.tracker == 'siamfc'
    assert again.source == {
        'file': 'siamfc.safetensors', 'sha256': digest(tmp_path / 'siamfc.safetensors')
    }  # fmt: skip
    assert {name: part.sha256 for name, part in again.graphs.items()} == {
        name: digest(folder.graph_file(name)) for name in ('template', 'search')
    }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith('.')]


@pytest.mark.parametrize('name', ['search.onnx', 'weights.safetensors'])
def test_a_damaged_or_missing_file_is_told(folder, name):
    file = folder.path / name
    file.write_bytes(file.read_bytes()[:-1] + b'?')
    with pytest.raises(UserError, match=f'{name} is damaged or another one: make it again'):
        read_folder(folder.path)
    file.unlink()
    with pytest.raises(UserError, match=f'{name} is missing: make it again'):
        read_folder(folder.path)


def changed(facts, **values):
    """The graphs of a folder, one of them with other values."""
    graphs = facts['graphs']
    return {**graphs, 'search': {**graphs['search'], **values}}


def test_facts_that_cannot_be_read_are_told(folder, tmp_path):
    file = folder.path / FACTS
    facts = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, 'format': 'siam_tracker_ros_export/0'}))
    with pytest.raises(UserError, match="its format is 'siam_tracker_ros_export/0', expected"):
        read_folder(folder.path)
    file.write_text(json.dumps({**facts, 'graphs': {'search': {'file': 'search.onnx'}}}))
    with pytest.raises(UserError, match=r'export.json cannot be read .* it is damaged'):
        read_folder(folder.path)
    for name, value, reason in (
        ('tracker', ['siamfc'], 'tracker is list, expected str'),
        ('source', {}, "'sha256'"),
        ('graphs', changed(facts, file=None), 'file of graph search is NoneType, expected str'),
        ('graphs', changed(facts, inputs=[]), 'inputs of graph search is list, expected dict'),
        ('graphs', changed(facts, inputs={'crops': 3}), "'int' object is not iterable"),
        ('graphs', changed(facts, step=0), 'graph search has a size of 0'),
    ):
        file.write_text(json.dumps({**facts, name: value}))
        with pytest.raises(UserError, match=r'export.json cannot be read') as refusal:
            read_folder(folder.path)
        assert reason in str(refusal.value)
    for text in ('no JSON', '[' * 10**5):
        file.write_text(text)
        with pytest.raises(UserError, match=r'export.json cannot be read .* it is damaged'):
            read_folder(folder.path)
    with pytest.raises(UserError, match=r'is no export: there is no export.json in it'):
        read_folder(tmp_path)


# The weights of siamfc serve dsiam.
@pytest.mark.parametrize('name', ['csn', 'dsiam'])
def test_a_tracker_refuses_the_folder_of_another_one(folder, name):
    with pytest.raises(UserError, match=f"belongs to tracker 'siamfc', expected '{name}'"):
        trackers.create(name, str(folder.path), backend='onnxruntime')


def test_a_folder_that_says_another_tracker_than_its_weights_is_refused(folder):
    file = folder.path / FACTS
    file.write_text(json.dumps({**json.loads(file.read_text()), 'tracker': 'csn'}))
    with pytest.raises(UserError, match="belong to tracker 'siamfc', expected 'csn'"):
        trackers.create('csn', str(folder.path), backend='onnxruntime')


def test_facts_that_do_not_fit_the_graphs_are_told(folder):
    file = folder.path / FACTS
    facts = json.loads(file.read_text())
    graphs = facts['graphs']
    for other, reason in (
        ({'template': graphs['template']}, 'graph search is missing: make it again'),
        (changed(facts, outputs=['map']), 'graph search has other inputs or outputs than'),
    ):
        file.write_text(json.dumps({**facts, 'graphs': other}))
        with pytest.raises(UserError, match=reason):
            trackers.create('siamfc', str(folder.path), backend='onnxruntime')


def test_torch_refuses_a_folder(folder):
    with pytest.raises(UserError, match=r'is a folder: torch wants a file; .*onnxruntime'):
        trackers.create('siamfc', str(folder.path), 'cpu')


def test_a_missing_package_is_told(monkeypatch):
    def refuse(name, *rest):
        raise ImportError(name)

    monkeypatch.setattr('importlib.import_module', refuse)
    with pytest.raises(UserError, match=r"onnxruntime is missing, .*pip install '\.\[export\]'"):
        require('onnxruntime')


def test_the_command_writes_a_folder_and_says_what_is_in_it(small, tmp_path, capsys):
    _, checkpoint = small('siamfc')
    out = str(tmp_path / 'out')
    words = ['export', 'siamfc', '--weights', checkpoint.source, '--out', out]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert 'search.onnx: template targets x 8 x 6 x 6, crops targets x scales x 3 x side' in said
    assert read_folder(out).source['sha256'] == digest(tmp_path / 'siamfc.safetensors')
    assert main(words) == 2
    assert 'exists already' in capsys.readouterr().err
    assert main([*words, '--format', 'engine']) == 2
    assert "--format is 'engine': expected one of onnx" in capsys.readouterr().err
