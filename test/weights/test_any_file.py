# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Any damage to a file of weights: it loads, or one sentence names it; nothing in it is run."""

import builtins
import os
from pathlib import Path
import pickle
import subprocess
import zipfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError

# Each example writes the file anew.
ANY = {'suppress_health_check': [HealthCheck.function_scoped_fixture]}
TENSORS = {'a.weight': torch.arange(6.0).reshape(2, 3), 'b': torch.zeros(2, dtype=torch.int64)}
DAMAGE = st.one_of(
    st.tuples(st.just('cut'), st.floats(0, 1), st.just(0)),
    st.tuples(st.just('flip'), st.floats(0, 1, exclude_max=True), st.integers(0, 7)),
    st.tuples(st.just('overwrite'), st.floats(0, 1, exclude_max=True), st.integers(0, 255)),
)


def damaged(data, kind, share, number):
    place = int(share * len(data))
    if kind == 'cut':
        return data[:place]
    changed = bytearray(data)
    changed[place] = changed[place] ^ (1 << number) if kind == 'flip' else number
    return bytes(changed)


def loaded(path, load=weights.load):
    """What is in a file, or None where it is refused as it should be."""
    try:
        return load(path)
    except UserError as refusal:
        sentence = str(refusal)
    assert str(path) in sentence
    return None


@settings(max_examples=700, **ANY)
@given(DAMAGE)
def test_i2_a_damaged_checkpoint(tmp_path, damage):
    path = tmp_path / 'w.safetensors'
    known = tmp_path / 'known.safetensors'
    if not known.exists():
        meta = weights.Meta('siamfc', {'widths': [8, 16]}, {'certain_score': 0.4})
        weights.save(known, weights.Checkpoint(TENSORS, meta))
    path.write_bytes(damaged(known.read_bytes(), *damage))
    found = loaded(path)
    assert found is None or found.meta.tracker


# A header may speak of layers without channels, of which torch itself complains.
@pytest.mark.filterwarnings('ignore:Initializing zero-element tensors')
@settings(max_examples=150, **ANY)
@given(st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_i2_a_flipped_bit_of_a_header_that_a_network_is_built_from(small_weights, share, bit):
    """What still reads as a checkpoint may say that a layer has a billion channels."""
    path = small_weights.with_name('flipped.safetensors')
    data = small_weights.read_bytes()
    header = 8 + int.from_bytes(data[:8], 'little')
    path.write_bytes(damaged(data[:header], 'flip', share, bit) + data[header:])
    loaded(path, lambda path: trackers.create('siamfc', str(path), 'cpu'))


@settings(max_examples=300, **ANY)
@given(DAMAGE)
def test_i2_a_damaged_file_of_torch(tmp_path, damage):
    path, known = tmp_path / 'w.pth', tmp_path / 'known'
    if not known.exists():
        torch.save(TENSORS, known)
    path.write_bytes(damaged(known.read_bytes(), *damage))
    # Whole or not, it is of no network that is known.
    assert loaded(path) is None


class Call:
    """A pickle that calls a function where it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


# Each of them leaves a file, named by the last argument.
TRAPS = {
    'os.system': lambda mark: Call(os.system, f'touch {mark}'),
    'subprocess': lambda mark: Call(subprocess.check_call, ['touch', str(mark)]),
    'exec': lambda mark: Call(builtins.exec, f'open({str(mark)!r}, "w")'),
    'eval': lambda mark: Call(builtins.eval, f'open({str(mark)!r}, "w")'),
    'open': lambda mark: Call(builtins.open, str(mark), 'w'),
    'pathlib': lambda mark: Call(Path.touch, mark),
    'getattr': lambda mark: Call(getattr, Call(Path, str(mark)), 'touch'),
    'in a state dict': lambda mark: {'a.weight': Call(os.system, f'touch {mark}')},
    'as a key': lambda mark: {('a', Call(os.system, f'touch {mark}')): torch.zeros(1)},
}


@pytest.mark.parametrize('kind', ['plain', 'zip', 'legacy'])
@pytest.mark.parametrize('suffix', ['.pth', '.pt', '.tar', '.safetensors'])
@pytest.mark.parametrize('trap', TRAPS)
def test_g3_a_pickle_that_runs_code_runs_none(tmp_path, trap, suffix, kind):
    mark, path = tmp_path / 'executed', tmp_path / f'trap{suffix}'
    content = TRAPS[trap](mark)
    if kind == 'plain':
        path.write_bytes(pickle.dumps(content))
    elif kind == 'zip':
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('archive/data.pkl', pickle.dumps(content))
            archive.writestr('archive/version', '3\n')
            archive.writestr('archive/byteorder', 'little')
    else:
        torch.save(content, path, _use_new_zipfile_serialization=False)
    assert loaded(path) is None
    assert not mark.exists()


@pytest.mark.parametrize('trap', sorted(set(TRAPS) - {'getattr'}))
def test_the_traps_are_real(tmp_path, trap):
    mark = tmp_path / 'executed'
    pickle.loads(pickle.dumps(TRAPS[trap](mark)))
    assert mark.exists()
