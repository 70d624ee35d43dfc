# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
import runpy
import sys

import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.backbones.resnet import CROP
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.semantic import Semantic
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.online.classifier_settings import LIGHT
from siam_tracker_ros.trackers.assembly import assemble
from siam_tracker_ros.training.fit_score import FITTED
from siam_tracker_ros.training.join import CSN, SASIAM, join, joined

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'join_csn.py'
CSN_FILE = weights.resolve('csn', 'auto')
TERMS = {'licence': 'ours', 'data': ['stills']}
PARTS = {
    'csn-matching': (Matching, {'widths': [4, 8, 16], 'depths': [1, 1], 'padding': CROP}),
    'csn-classification': (ClassificationNetwork, {'widths': [4, 6, 8], 'hidden': 8}),
}
QUICK = ['search_size=191', 'lost_search_size=255', 'scales=1', 'start_iterations=2']


@pytest.fixture
def parts(tmp_path):
    """Checkpoints of two random subnetworks."""
    torch.manual_seed(3)
    paths = []
    for name, (build, shape) in PARTS.items():
        card = {**TERMS, 'command': f'train {name}', 'init': 'a file', 'fit': {'steps': 3}}
        if name == 'csn-classification':
            card['data'] = ['stills', 'mined']
        # A score of pairs is not one of the cascade.
        settings = {'confidence_bias': 7.0} if name == 'csn-matching' else {}
        meta = weights.Meta(name, shape, settings, card)
        path = tmp_path / f'{name}.safetensors'
        paths.append(weights.save(path, weights.Checkpoint(build(**shape).state_dict(), meta)))
    return paths


def named(parts):
    return dict(zip(CSN.parts, parts))


def part(path):
    """A subnetwork as its own checkpoint has it."""
    checkpoint = weights.load(path)
    network = PARTS[checkpoint.meta.tracker][0](**checkpoint.meta.network)
    checkpoint.fill(network)
    return network.eval()


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name='__main__')
    return ended.value.code


def test_a_joined_file_computes_what_the_parts_do(parts, tracks, tmp_path, monkeypatch, capsys):
    out = tmp_path / 'out' / 'csn.safetensors'
    words = [*parts, out, '--tracks', tracks, '--easy', tracks, '--check', tracks]
    values = [*QUICK, 'peak_upsampling=4']
    assert run(monkeypatch, *words, '--set', *values, '--device', 'cpu') == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == str(out)
    assert 'sequences: 2, 46 frames' in said

    tracker = trackers.create('csn', weights=str(out), device='cpu')
    crops = torch.rand(2, 3, 127, 127) * 255
    patches = torch.rand(2, 3, 107, 107) * 255
    matching, classification = map(part, parts)
    with torch.inference_mode():
        for mine, own, images in (
            (tracker.network.matching, matching, crops),
            (tracker.network.classification, classification, patches),
        ):
            torch.testing.assert_close(mine.features(images), own.features(images))

    meta = weights.load(out).meta
    assert set(FITTED) <= set(meta.settings)
    assert meta.settings['peak_upsampling'] == 4
    assert meta.settings['confidence_bias'] != 7.0
    # --set goes before what a light network needs.
    for name, value in LIGHT.to_dict().items():
        assert getattr(tracker.settings, name) == (2 if name == 'start_iterations' else value)
    card = meta.training
    commands = card['command'].splitlines()
    assert commands[:2] == ['train csn-matching', 'train csn-classification']
    assert commands[2].startswith('scripts/join_csn.py ')
    assert (card['data'], card['licence']) == (['stills', 'mined'], 'ours')
    assert card['matching'] == card['classification'] == {'fit': {'steps': 3}}
    assert (card['fitted_sequences'], card['fitted_frames']) == (2, 48)
    assert (card['easy_sequences'], card['easy_frames']) == (2, 48)


@pytest.mark.parametrize(
    ('order', 'sentence'),
    [
        (
            (1, 0),
            "belong to 'csn-classification', expected 'csn-matching' or 'siamfc': give a file ",
        ),
        ((0, 0), "belong to 'csn-matching', expected 'csn-classification': give a file that "),
    ],
)
def test_weights_of_another_network_are_refused(parts, tmp_path, order, sentence):
    with pytest.raises(UserError) as refused:
        join(CSN, named(parts[i] for i in order), tmp_path / 'csn.safetensors', [])
    assert sentence in str(refused.value)
    assert not (tmp_path / 'csn.safetensors').exists()


def test_siamfc_serves_as_the_matching(parts, small_weights):
    siamfc, classification = map(weights.load, (small_weights, parts[1]))
    whole = joined(CSN, named([siamfc, classification]), {})
    matching = assemble(whole, 'cpu').network.matching
    # Its norms are folded, so it is not the file's tensors that are compared.
    crops = torch.rand(2, 3, 127, 127) * 255
    alone = SiamFC(**siamfc.meta.network)
    siamfc.fill(alone)
    with torch.inference_mode():
        expected = alone.eval().template(crops)
        torch.testing.assert_close(matching.template(crops), expected, rtol=1e-3, atol=1e-4)


def test_a_tracker_that_is_no_part_is_refused(parts, tmp_path):
    with pytest.raises(UserError, match="belong to 'csn', expected 'csn-matching' or 'siamfc'"):
        join(CSN, {**named(parts), 'matching': CSN_FILE}, tmp_path / 'csn.safetensors', [])


@pytest.mark.parametrize('name', FITTED)
def test_what_the_fit_decides_cannot_be_set(parts, name):
    with pytest.raises(UserError, match=f'{name} is fitted on the sequences: leave it out'):
        joined(CSN, named(map(weights.load, parts)), {name: 0.4})


def test_terms_that_differ_are_all_named(parts):
    one, other = map(weights.load, parts)
    card = {**other.meta.training, 'licence': 'theirs'}
    other = weights.Checkpoint(other.tensors, weights.Meta('', other.meta.network, {}, card))
    whole = joined(CSN, named([one, other]), {})
    assert whole.meta.training['licence'] == 'ours; theirs'


@pytest.mark.parametrize(
    ('place', 'sentence'),
    [
        ('', 'checkpoint .* is a folder'),
        ('tracks.txt/csn.safetensors', 'folder .*tracks.txt cannot be made'),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_fit(
    parts, tmp_path, place, sentence
):
    (tmp_path / 'tracks.txt').write_text('a file')

    def tracks():
        raise AssertionError('the fit began')
        yield

    with pytest.raises(UserError, match=sentence):
        join(CSN, named(parts), tmp_path / place, tracks())


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (['--tracks', '{none}'], 'folder {none} does not exist: give a folder of sequences'),
        (['--tracks', '{tracks}', '--check', '{none}'], 'folder {none} does not exist: give a'),
        (['--tracks', '{tracks}', '--set', 'peaks=3'], "unknown setting 'peaks': expected one"),
        (['--tracks', '{tracks}', '--set', 'scales=2'], 'scales is 2: expected an odd number'),
    ],
)
def test_the_script_says_what_is_wrong_in_a_sentence(
    parts, tracks, tmp_path, monkeypatch, capsys, words, sentence
):
    places = {'none': tmp_path / 'none', 'tracks': tracks}
    out = tmp_path / 'csn.safetensors'
    words = [word.format(**places) for word in words]
    assert run(monkeypatch, *parts, out, *words) == 2
    assert capsys.readouterr().err.startswith(f'join_csn: {sentence.format(**places)}')
    assert not out.exists()


@pytest.fixture
def branches(tmp_path):
    """Checkpoints of two random branches of SA-Siam."""
    torch.manual_seed(3)
    shape = {'widths': [4, 8, 8, 8, 8], 'groups': 2}
    branch = {'backbone': 'siamfc_alexnet', 'arguments': shape, 'channels': [4, 4]}
    files = {}
    for name, tracker, build, arguments in (
        ('appearance', 'siamfc', SiamFC, shape),
        ('semantic', 'sasiam-semantic', Semantic, branch),
    ):
        meta = weights.Meta(tracker, arguments, {'confidence_bias': 7.0}, TERMS)
        checkpoint = weights.Checkpoint(build(**arguments).state_dict(), meta)
        files[name] = weights.save(tmp_path / f'{name}.safetensors', checkpoint)
    return files


def test_both_branches_of_sasiam_become_one_tracker(
    branches, tracks, tmp_path, monkeypatch, capsys
):
    out = tmp_path / 'sasiam.safetensors'
    quick = ['search_size=191', 'lost_search_size=255', 'scales=1', 'appearance_share=0.4']
    monkeypatch.setattr(
        sys, 'argv',
        [str(SCRIPT.with_name('join_sasiam.py')), *map(str, branches.values()), str(out),
         '--tracks', str(tracks), '--set', *quick, '--device', 'cpu'],
    )  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(sys.argv[0], run_name='__main__')
    assert ended.value.code == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    tracker = trackers.create('sasiam', weights=str(out), device='cpu')
    for name, file in branches.items():
        own = weights.load(file).tensors
        joined_ = weights.load(out).tensors
        assert all(torch.equal(joined_[f'{name}.{key}'], value) for key, value in own.items())
    settings = tracker.settings
    assert (settings.search_size, settings.appearance_share) == (191, 0.4)
    # The score of SiamFC is not that of both.
    assert settings.confidence_bias != 7.0


def test_the_appearance_branch_may_be_what_ships(branches, tmp_path, tracks):
    with pytest.raises(UserError, match=r'^weights .*semantic\.safetensors belong to') as refused:
        join(
            SASIAM, {'appearance': branches['semantic'], 'semantic': branches['semantic']},
            tmp_path / 'a.safetensors', [],
        )  # fmt: skip
    assert "expected 'siamfc': give a file that `siam-tracker train siamfc` wrote" in str(
        refused.value
    )
    whole = joined(
        SASIAM,
        {'appearance': weights.load(weights.resolve('siamfc', 'auto')),
         'semantic': weights.load(branches['semantic'])},
        {},
    )  # fmt: skip
    assert set(whole.meta.settings) == set()
    # What is said of data that ship is a text, not a list of folders.
    shipped_data = weights.load(weights.resolve('siamfc', 'auto')).meta.training['data']
    assert whole.meta.training['data'] == [shipped_data, *TERMS['data']]
    tracker = assemble(whole, 'cpu')
    shipped = trackers.create('siamfc', device='cpu').network
    crops = torch.rand(1, 3, 127, 127) * 255
    with torch.inference_mode():
        torch.testing.assert_close(
            tracker.network.appearance.template(crops), shipped.template(crops)
        )
