# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import importlib.util
import json
from pathlib import Path

import pytest
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros.images import read_image, write_image
from siam_tracker_ros.models.rpn import ProposalMaps
from siam_tracker_ros.training.scenes import Batch
from siam_tracker_ros.training.spatial_prior import rings, spatial_prior

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location(
        'spatial_prior', ROOT / 'benchmarks' / 'spatial_prior.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Fixed:
    """A network that says the same about every crop but for one cell."""

    def eval(self):
        return self

    def template(self, z):
        return (z,)

    def search(self, template, x):
        margin = torch.full((len(x), 2, 3, 3), -50.0)
        margin[:, 1, 1, 2] = 50.0
        margin[0, 0, 0, 0] = 0.0
        return ProposalMaps(torch.stack([0 * margin, margin], dim=1), 0 * margin)


def test_the_prior_is_the_mean_of_the_likeliest_anchors():
    crops = torch.zeros(2, 3, 9, 9)
    batch = Batch(crops, crops, torch.zeros(2, 4), torch.zeros(2, 2, dtype=torch.bool))
    prior = spatial_prior(Fixed(), [batch, batch])
    expected = torch.zeros(3, 3)
    expected[1, 2] = 1.0
    expected[0, 0] = 0.25
    torch.testing.assert_close(prior, expected)


@pytest.mark.parametrize('cells', [5, 4])
def test_rings_go_from_the_middle_to_the_border(cells):
    index = torch.arange(cells)
    ring = torch.minimum(index, cells - 1 - index)
    prior = torch.minimum(ring.unsqueeze(0), ring.unsqueeze(1)).float()
    assert rings(prior) == list(range((cells + 1) // 2))[::-1]


def test_the_figure_is_drawn_and_a_finished_run_is_not_run_again(
    script, stills, texture, tmp_path, monkeypatch, capsys
):
    for k in range(2):
        write_image(stills / f'{k}.png', texture(120, 160, k))
    monkeypatch.setattr(script, 'BATCH', 2)
    kept, plot = tmp_path / 'prior.json', tmp_path / 'prior.png'
    words = [
        str(stills), '--out', str(tmp_path / 'out'), '--steps', '2', '--crops', '3',
        '--table', str(kept), '--plot', str(plot),
    ]  # fmt: skip
    assert script.main(words) == 0
    assert '| px from the middle | 0 | 8 |' in capsys.readouterr().out
    table = json.loads(kept.read_text())
    assert list(table['priors']) == ['0', '16', '32']
    # Two batches of two.
    assert table['run']['crops'] == '4'
    assert table['distances'] == list(range(0, 65, 8))
    assert all(len(means) == 9 for means in table['priors'].values())
    assert read_image(plot).shape[1] > 900

    def learn(self, pairs):
        pytest.fail('a step of a finished run')

    monkeypatch.setattr(script.Fit, '_learn', learn)
    metrics = sorted((tmp_path / 'out').glob('*/metrics.csv'))
    before = [path.read_text() for path in metrics]
    assert [len(text.splitlines()) for text in before] == [3, 3, 3]
    assert script.main(words) == 0
    assert [path.read_text() for path in metrics] == before
    again = json.loads(kept.read_text())
    assert again['priors'] == table['priors']


def test_too_few_stills_are_refused(script, stills, tmp_path, capsys):
    words = ['--table', str(tmp_path / 't.json'), '--plot', str(tmp_path / 'p.png')]
    assert script.main([str(stills), '--out', str(tmp_path / 'out'), *words]) == 2
    assert 'has 8 stills: expected 10 or more' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (['--crops', '0'], '--crops is 0: expected a whole number of at least 1'),
        (['--seed', '-1'], '--seed is -1: expected a whole number of at least 0'),
    ],
)
def test_mistakes_are_one_sentence(script, stills, tmp_path, capsys, words, sentence):
    with pytest.raises(SystemExit) as ended:
        script.main([str(stills), '--out', str(tmp_path / 'out'), *words])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
