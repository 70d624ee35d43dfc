# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.protocols.one_pass import OnePass
from siam_tracker_ros.evaluation.protocols.supervised import Supervised
from siam_tracker_ros.evaluation.store import Store, digest_sequence, safe_name
from siam_tracker_ros.evaluation.traces import Trace
from siam_tracker_ros.evaluation.units import Key

PRINT = {'weights': 'w', 'threads': 1}
KEY = Key('one-pass', 'siamfc=a/b', 'moving', 0, 0)


@pytest.fixture
def store(tmp_path, sequence):
    """A store with one trace in it."""
    with Store(tmp_path / 'out') as store:
        store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0)
        store.write(KEY, Trace.empty(6))
        yield store


def test_a_trace_is_kept_and_the_same_claim_keeps_it(store, sequence):
    store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0)
    np.testing.assert_array_equal(store.read(KEY, 6).boxes, Trace.empty(6).boxes)
    assert store.read(replace(KEY, repetition=1), 6) is None
    assert store.read(replace(KEY, tracker='siamfc'), 6) is None


@pytest.mark.parametrize('text', ['', 'frame,event\n', '\0' * 200_000, None])
def test_a_damaged_trace_counts_as_none(store, text):
    [file] = store.folder.rglob('*.csv')
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(''.join(lines[:-1]) if text is None else text)
    assert store.read(KEY, 6) is None


@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        ({'seed': 1}, 'were made with seed 0, this run has 1'),
        ({'fingerprint': {**PRINT, 'weights': 'v'}}, 'were made with weights w, this run has v'),
        ({'fingerprint': {'threads': 2}}, 'were made with threads 1, this run has 2 (and 1 more)'),
    ],
)
def test_traces_of_something_else_are_not_mixed_in(store, sequence, changed, sentence):
    claim = {
        'protocol': OnePass(), 'tracker': KEY.tracker, 'fingerprint': PRINT,
        'sequences': [sequence], 'seed': 0, **changed,
    }  # fmt: skip
    with pytest.raises(UserError) as caught:
        store.claim(**claim)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith('choose another folder, or --fresh to make them again')
    assert store.read(KEY, 6) is not None
    store.claim(**claim, fresh=True)
    assert store.read(KEY, 6) is None


def test_a_fresh_run_forgets_when_it_has_something_new(store, sequence, tmp_path):
    [kept] = store.folder.rglob('*.csv')
    store.claim(OnePass(), KEY.tracker, {**PRINT, 'threads': 2}, [sequence], 0, fresh=True)
    assert kept.is_file()
    assert store.times_count('one-pass', KEY.tracker)
    other = replace(KEY, repetition=1)
    store.write(other, Trace.empty(6))
    assert not kept.exists()
    assert store.read(other, 6) is not None
    store.claim(OnePass(), KEY.tracker, {**PRINT, 'threads': 2}, [sequence], 0)


def test_times_of_another_machine_do_not_count(store, sequence, monkeypatch):
    timed = {'fingerprint': PRINT, 'sequences': [sequence], 'seed': 0, 'timed': True}
    store.claim(OnePass(), 'mil', **timed)
    store.write(replace(KEY, tracker='mil'), Trace.empty(6))
    monkeypatch.setattr(
        'siam_tracker_ros.evaluation.store.describe_machine', lambda: {'cpu': 'slow', 'gpu': 'no'}
    )
    store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0)
    assert not store.times_count('one-pass', KEY.tracker)
    with pytest.raises(UserError, match=r'were made with machine .*cpu'):
        store.claim(OnePass(), 'mil', **timed)


def test_other_images_under_the_same_names_are_told_apart(sequence, tmp_path):
    def digest(spoil=None):
        folder = tmp_path / str(spoil)
        folder.mkdir()
        images = [Path(shutil.copy(path, folder)) for path in sequence.images]
        if spoil is not None:
            content = images[spoil].read_bytes()
            # Those that are not read are known by their size.
            images[spoil].write_bytes(content[:-1] + b'x' * (1 if spoil in (0, 3, 5) else 2))
        return digest_sequence(replace(sequence, images=tuple(images)))

    same = digest()
    assert same == digest_sequence(sequence)
    assert all(digest(spoil) != same for spoil in range(6))


def test_parameters_of_a_protocol_are_told_apart(store, sequence):
    store.claim(Supervised(5), 'mil', PRINT, [sequence], 0)
    store.write(replace(KEY, protocol='supervised', tracker='mil'), Trace.empty(6))
    store.claim(Supervised(5), 'mil', PRINT, [sequence], 0)
    with pytest.raises(UserError, match='were made with protocol supervised'):
        store.claim(Supervised(6), 'mil', PRINT, [sequence], 0)


def test_other_labels_under_the_same_name_are_told_apart(store, sequence):
    moved = replace(sequence, boxes=sequence.boxes + 1)
    with pytest.raises(UserError, match='were made with moving 6 images, '):
        store.claim(OnePass(), KEY.tracker, PRINT, [moved], 0)
    # Another sequence is none of the stored ones' business, and they stay known.
    store.claim(OnePass(), KEY.tracker, PRINT, [replace(moved, name='other')], 0)
    with pytest.raises(UserError, match='were made with moving 6 images, '):
        store.claim(OnePass(), KEY.tracker, PRINT, [moved], 0)


def test_starts_that_depend_on_the_size_of_images_are_told_apart(store, sequence):
    with pytest.raises(UserError, match='were made with moving 6 images, '):
        store.claim(OnePass(), KEY.tracker, PRINT, [replace(sequence, resolution=(200, 160))], 0)


def test_what_was_stopped_before_its_first_trace_binds_nobody(store, sequence):
    other = replace(sequence, name='other')
    store.claim(OnePass(), KEY.tracker, PRINT, [other], 0)
    store.claim(OnePass(), KEY.tracker, PRINT, [replace(other, boxes=other.boxes + 1)], 0)
    store.claim(OnePass(), 'mil', PRINT, [sequence], 0)
    (store.folder / 'one-pass' / 'mil' / 'manifest.json').unlink()
    store.claim(OnePass(), 'mil', {'threads': 2}, [sequence], 1)
    manifest = json.loads((store.folder / 'one-pass' / 'mil' / 'manifest.json').read_text())
    assert manifest['made_with']['seed'] == 1


@pytest.mark.parametrize('text', [None, '', '{}', '[]', '{"made_with": 3}'])
def test_traces_without_a_manifest_are_refused(store, sequence, text):
    [file] = store.folder.rglob('manifest.json')
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(UserError, match='does not say what they were made with'):
        store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0)


def test_left_over_parts_of_a_killed_run_go(store, sequence):
    part = next(store.folder.rglob('*.csv')).with_name('0_1.csv.99.partial')
    part.write_text('frame')
    store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0)
    assert not part.exists()


def test_work_beside_others_is_remembered(store, sequence):
    assert store.times_count('one-pass', KEY.tracker)
    store.mark_times('one-pass', KEY.tracker)
    store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0)
    assert not store.times_count('one-pass', KEY.tracker)
    store.claim(OnePass(), KEY.tracker, PRINT, [sequence], 0, fresh=True)
    assert store.times_count('one-pass', KEY.tracker)


def test_two_processes_do_not_write_into_one_folder(store):
    code = (
        'import sys; from pathlib import Path\n'
        'from siam_tracker_ros.evaluation.store import Store\n'
        'from siam_tracker_ros.errors import UserError\n'
        'try:\n'
        '    Store(Path(sys.argv[1])).__enter__()\n'
        'except UserError as error:\n'
        '    print(error)\n'
    )
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, '-c', code, str(store.folder)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f'process {os.getpid()} is writing to {store.folder}' in done.stdout
    store.__exit__()
    with Store(store.folder):
        assert (store.folder / '.lock').read_text() == f'{os.getpid()}\n'
    store.__enter__()


def test_a_file_is_no_place_for_results(tmp_path):
    (tmp_path / 'out').write_text('precious')
    with pytest.raises(UserError, match='out is a file: give a folder for the results'):
        Store(tmp_path / 'out').__enter__()
    assert (tmp_path / 'out').read_text() == 'precious'


def test_names_of_files_differ_where_labels_do():
    long = 'siamfc=' + 'folder/' * 60
    labels = [
        'a/b', 'a_b', 'a%2Fb', 'a b', 'siamfc=out/x.safetensors', 'ä', '', '.', '..', '...',
        'caf\udce9', long + 'a', long + 'b',
    ]  # fmt: skip
    names = {safe_name(label) for label in labels}
    assert len(names) == len(labels)
    for name in names:
        assert '/' not in name
        assert name.strip('.')
        assert len(name) <= 200
