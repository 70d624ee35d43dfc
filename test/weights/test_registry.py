# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
from pathlib import Path

import pytest

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError

ENTRIES = weights.entries()
MIB = 1 << 20


@pytest.fixture
def folder(tmp_path, monkeypatch, small_weights):
    """A weights folder with two entries of our own."""
    data = small_weights.read_bytes()
    entries = [
        {
            'tracker': 'siamfc',
            'file': name,
            'sha256': hashlib.sha256(data).hexdigest(),
            'licence': 'none',
            'data': 'none',
            'recipe': 'none',
        }
        for name in ('first.safetensors', 'second.safetensors')
    ]
    for entry in entries:
        (tmp_path / entry['file']).write_bytes(data)
    (tmp_path / 'registry.json').write_text(json.dumps(entries))
    monkeypatch.setattr('siam_tracker_ros.weights.registry.FOLDER', tmp_path)
    return tmp_path


def test_auto_is_the_first_entry_of_the_tracker(folder):
    assert weights.resolve('siamfc', 'auto') == folder / 'first.safetensors'


def test_a_path_is_a_path(folder):
    assert weights.resolve('siamfc', 'some/w.safetensors') == Path('some/w.safetensors')
    assert weights.resolve('siamfc', '~/w.safetensors') == Path.home() / 'w.safetensors'


def test_a_tracker_without_weights(folder):
    with pytest.raises(
        UserError, match=r'no weights for csn ship with .* the path of a checkpoint of csn$'
    ):
        weights.resolve('csn', 'auto')


def test_a_tracker_without_weights_that_others_have(folder):
    words = r"a checkpoint of siamrpnpp, or of a \.pth file of pysot's model zoo$"
    with pytest.raises(UserError, match=words):
        weights.resolve('siamrpnpp', 'auto')


def test_a_shipped_file_that_is_another_one(folder):
    path = folder / 'first.safetensors'
    path.write_bytes(path.read_bytes() + b' ')
    with pytest.raises(
        UserError, match=r'first\.safetensors are damaged .*install the package'
    ) as e:
        weights.resolve('siamfc', 'auto')
    assert str(path) in str(e.value)


def test_a_shipped_file_that_is_missing(folder):
    (folder / 'first.safetensors').unlink()
    with pytest.raises(UserError, match=r'first\.safetensors are missing: install the package'):
        trackers.create('siamfc')


@pytest.mark.parametrize('entry', ENTRIES, ids=lambda e: e.file)
def test_every_entry_is_a_small_valid_checkpoint_of_its_tracker(entry):
    entry.verify()
    assert entry.path.stat().st_size <= 10 * MIB
    assert entry.tracker in trackers.names()
    assert weights.load(entry.path).meta.tracker == entry.tracker
    for fact in (entry.licence, entry.data, entry.recipe):
        assert fact


def test_every_shipped_file_has_an_entry():
    folder = Path(weights.__file__).parent
    assert {p.name for p in folder.glob('*.safetensors')} == {e.file for e in ENTRIES}
