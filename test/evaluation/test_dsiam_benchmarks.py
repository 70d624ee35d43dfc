# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The scripts that measure what DSiam costs and what its parts are worth, as a user runs them."""

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from siam_tracker_ros import weights
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.images import write_image
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.rendering import RenderedFrame

ROOT = Path(__file__).resolve().parents[2]
SMALL = {'widths': [8, 8, 8, 8, 8], 'groups': 2}
# Sure of what it finds, and quick.
SETTINGS = {'confidence_bias': 9.0, 'confidence_peak': 0.0, 'success_peak': -1e6, 'upsampling': 2}


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / 'benchmarks' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def save(tmp_path):
    """Stores a small random network."""

    def make(name, network, settings, **arguments):
        torch.manual_seed(0)
        arguments = {**SMALL, **arguments}
        meta = weights.Meta(name, arguments, settings)
        path = tmp_path / f'{name}{len(arguments)}.safetensors'
        return str(
            weights.save(path, weights.Checkpoint(network(**arguments).state_dict(), meta))
        )

    return make


@pytest.fixture
def frames(texture):
    """A textured ground that moves 4 px a frame."""
    ground = texture(120, 220)
    return [np.ascontiguousarray(ground[:, 4 * k : 4 * k + 160]) for k in range(9)]


# Cost


@pytest.fixture
def cost(monkeypatch, frames):
    """The script that measures costs, on a small clip."""
    script = load('dsiam_cost')
    clip = [RenderedFrame(f, Box(80.0 - 4 * k, 60, 30, 24), 1) for k, f in enumerate(frames)]
    monkeypatch.setattr(script, 'Clip', lambda count: clip[:count])
    return script


@pytest.fixture
def plain(save):
    """Weights of siamfc, which both trackers take; their settings are known to both."""
    return save('siamfc', SiamFC, {k: v for k, v in SETTINGS.items() if k != 'success_peak'})


def test_costs_are_printed_and_kept(cost, plain, monkeypatch, tmp_path, capsys):
    # All that is found is a success.
    monkeypatch.setattr(
        cost,
        'RULES',
        {name: {**rule, 'success_peak': -1e6} for name, rule in cost.RULES.items()},
    )
    table = tmp_path / 'new' / 'cost.json'
    words = ['--weights', plain, '--frames', '9', '--table', str(table)]
    assert cost.main(words) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    found = json.loads(table.read_text())
    run = found['run']
    assert (run['device'], run['threads'], run['frames']) == ('cpu', '1', '9')
    assert list(found['rules']) == ['default', 'each success']
    for rule, learned in (('default', 0.5), ('each success', 1.0)):
        assert list(found['rules'][rule]) == list(cost.PARTS)
        for part, row in found['rules'][rule].items():
            assert 0 < row['low'] <= row['ratio'] <= row['high']
            assert row['learned'] == learned
            assert f'| {rule} | {part} | {row["ratio"]:.3f} | ' in printed


def test_both_take_turns_on_the_same_frames_and_boxes(cost, monkeypatch):
    clip, calls, seconds = cost.Clip(9), [], {'a': 0.3, 'b': 0.2}

    class Counted:
        device = torch.device('cpu')

        def __init__(self, name):
            self.name = name

        def start(self, frame, box):
            return SimpleNamespace(box=box)

        def step(self, frame, targets):
            calls.append((self.name, targets[0].box.cx))
            clock[0] += seconds[self.name]
            return [SimpleNamespace(updated=self.name == 'a' and len(calls) > 2 * cost.WARM)]

    clock = [0.0]
    monkeypatch.setattr(cost.time, 'process_time', lambda: clock[0])
    figures = cost.compare(Counted('a'), Counted('b'), clip)
    # Whoever was second begins the next turn, and each begins with the box of the frame before.
    places = [frame.box.cx for frame in clip]
    turns = [('a', 0), ('b', 0), ('b', 4), ('a', 4)]
    timed = [(name, places[first + k]) for name, first in turns for k in range(4)]
    assert calls[2 * cost.WARM :] == timed
    assert figures == pytest.approx({'ratio': 1.5, 'low': 1.5, 'high': 1.5, 'learned': 1.0})


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--device', 'cuda'], '--device is cuda: expected cpu'),
        (['--frames', '4'], '--frames is 4: expected at least 5'),
        (['--threads', '0'], '--threads is 0: expected at least 1'),
        (['--weights', 'none.safetensors'], 'there is no such file'),
    ],
)
def test_a_mistake_about_costs_is_one_sentence(cost, words, said, tmp_path, capsys):
    assert cost.main([*words, '--table', str(tmp_path / 't.json')]) == 2
    error = capsys.readouterr().err
    assert error.startswith('dsiam_cost: ')
    assert said in error
    assert error.count('\n') == 1


# Parts


@pytest.fixture
def parts():
    return load('dsiam_ablation')


@pytest.fixture
def words(save, plain, frames, tmp_path):
    """What is typed, for a folder of one sequence."""
    folder = tmp_path / 'sequences' / 'car'
    folder.mkdir(parents=True)
    for k, frame in enumerate(frames[:3]):
        write_image(folder / f'{k}.png', frame)
    lines = (f'{65 - 4 * k},48,30,24\n' for k in range(3))
    (folder / 'groundtruth.txt').write_text(''.join(lines))
    one = save('dsiam', DSiam, SETTINGS)
    return [
        str(folder.parent), '--out', str(tmp_path / 'out'), '--siamfc', plain, '--weights', one,
        '--jobs', '1', '--table', str(tmp_path / 'new' / 'table.json'),
    ]  # fmt: skip


def test_rows_are_printed_and_kept_and_what_lacks_weights_is_named(
    parts, words, tmp_path, capsys
):
    assert parts.main(words) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    path = tmp_path / 'new' / 'table.json'
    found = json.loads(path.read_text())['sequences']
    alone = [label for label in parts.ROWS if not label.startswith('DSiamM')]
    several = [label for label in parts.ROWS if label.startswith('DSiamM')]
    assert list(found['rows']) == alone
    assert found['left_out'] == several
    assert f'Left out, for want of --multi FILE: {", ".join(several)}' in printed
    assert found['sequences'] == {'car': 3}
    assert {'date', 'cpu', 'torch'} <= set(found['run'])
    for label, row in found['rows'].items():
        assert 0 <= row['auc'] <= 1
        assert f'| {label} | {row["auc"]:.3f} | ' in printed

    # Again, of fewer frames under another name: nothing is followed twice, all is kept.
    traces = {p: p.stat().st_mtime_ns for p in (tmp_path / 'out').rglob('*.csv')}
    assert len(traces) == len(alone)
    (tmp_path / 'sequences').rename(tmp_path / 'others')
    assert parts.main([str(tmp_path / 'others'), *words[1:], '--frames', '2']) == 0
    tables = json.loads(path.read_text())
    assert list(tables) == ['sequences', 'others']
    assert tables['sequences'] == found
    assert tables['others']['sequences'] == {'car': 2}
    (tmp_path / 'others').rename(tmp_path / 'sequences')
    assert parts.main(words) == 0
    for trace, when in traces.items():
        assert trace.stat().st_mtime_ns == when


def test_with_a_network_of_several_layers_no_row_is_left_out(parts, words, save, tmp_path, capsys):
    multi = save('dsiam', DSiam, SETTINGS, layers=[4, 5])
    assert parts.main([*words, '--multi', multi]) == 0, capsys.readouterr().err
    [found] = json.loads((tmp_path / 'new' / 'table.json').read_text()).values()
    assert list(found['rows']) == list(parts.ROWS)
    assert found['left_out'] == []
    assert 'Left out' not in capsys.readouterr().out


def test_rows_differ_by_their_settings_and_weights(parts, words, tmp_path):
    file = str(tmp_path / 'multi.safetensors')
    Path(file).touch()
    args = parts.parse_arguments([*words, '--multi', file])
    found = {entrant.label: entrant for entrant in parts.entrants(args)}
    assert found['SiamFC'].name == 'siamfc'
    assert {found[label].weights for label in found if label.startswith('DSiamM')} == {file}
    assert dict(found['-VT'].overrides) == {'template': 'first'}
    assert dict(found['as in the paper'].overrides) == dict(parts.PAPER)
    assert found['DSiam'].overrides == ()
    assert len({(e.weights, e.overrides) for e in found.values()}) == len(found)


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['--multi', 'ONE'], 'match one layer: expected those of a DSiamM'),
        (['--frames', '1'], '--frames is 1: expected at least 2, or 0'),
        (['--jobs', '0'], 'jobs is 0: expected at least 1'),
        (['--table', 'OTHER'], 'is not of this script: give another name'),
    ],
)
def test_a_mistake_about_parts_is_one_sentence(
    parts, words, tmp_path, capsys, options, sentence
):
    other = tmp_path / 'other.json'
    other.write_text('{"variants": {}}')
    one = words[words.index('--weights') + 1]
    options = [{'ONE': one, 'OTHER': str(other)}.get(word, word) for word in options]
    assert parts.main([*words, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith('dsiam_ablation: ')
    assert sentence in error
    assert error.count('\n') == 1


def test_two_folders_of_one_name_are_refused(parts, words, capsys):
    assert parts.main([words[0], *words]) == 2
    assert 'two of the folders have one name' in capsys.readouterr().err
