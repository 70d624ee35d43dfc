# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import csv
import math
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
import torch

pytest.importorskip('kornia', reason='the train extra is not installed')

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.online.learner import LearnerSettings
from siam_tracker_ros.training import run_classification
from siam_tracker_ros.training.domain_heads import KINDS, Branches, RidgeHeads
from siam_tracker_ros.training.domain_patches import Patches, PatchMaker
from siam_tracker_ros.training.domains import Domains, DomainSettings
from siam_tracker_ros.training.fit_classification import (
    ClassificationFit,
    ClassificationFitSettings,
)
from siam_tracker_ros.training.run_classification import (
    learned_and_held_out,
    train_classification,
)
from siam_tracker_ros.training.sources import Shot, discover
from siam_tracker_ros.training.unseen import measure_unseen

CPU = torch.device('cpu')
WIDTHS, HIDDEN = (4, 6, 8), 8
TINY = {'steps': 4, 'save_every': 2, 'visits': 2}
VIEWS = DomainSettings(views=2, positives=4, negatives=8)


def tiny(seed=3):
    torch.manual_seed(seed)
    return ClassificationNetwork(WIDTHS, HIDDEN)


@pytest.fixture
def job(stills, tmp_path):
    def make(folder='run', network=None, data=stills, views=VIEWS, **values):
        return ClassificationFit(
            network or tiny(),
            discover([data]).shots,
            ClassificationFitSettings.from_dict({**TINY, **values}),
            views,
            tmp_path / folder,
            CPU,
        )

    return make


def rows(folder):
    with (folder / 'metrics.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def equal(one, other):
    a, b = one.state_dict(), other.state_dict()
    return set(a) == set(b) and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize('heads', KINDS)
def test_a_run_learns_and_writes_what_it_saw(job, heads):
    run = job(heads=heads)
    trained = run.run()
    assert not equal(trained, tiny())
    assert all(torch.isfinite(p).all() for p in trained.parameters())
    found = rows(run.folder)
    assert [row['step'] for row in found] == ['1', '2', '3', '4']
    assert all(math.isfinite(float(row['loss'])) for row in found)
    assert all(0 <= float(row['accuracy_object']) <= 1 for row in found)
    assert (run.folder / 'last.ckpt').is_file()


@pytest.mark.parametrize('heads', KINDS)
def test_a_resumed_run_is_the_run_that_was_stopped(job, heads):
    whole = job('whole', heads=heads)
    expected = whole.run()
    stopped = job('stopped', heads=heads)
    learn = stopped._learn

    def crash():
        if stopped.step == 3:
            raise KeyboardInterrupt
        return learn()

    stopped._learn = crash
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    again = job('stopped', heads=heads)
    assert again.resume()
    assert again.step == 2
    assert equal(again.run(), expected)
    assert equal(again.model, whole.model)
    assert rows(again.folder) == rows(whole.folder)


def test_nothing_to_resume(job):
    assert not job().resume()


def test_a_run_without_its_checkpoint_begins_anew(job):
    first = job()
    first.run()
    expected = rows(first.folder)
    (first.folder / 'last.ckpt').unlink()
    metrics = first.folder / 'metrics.csv'
    metrics.write_text(metrics.read_text().replace('loss', 'loss_of_old', 1))
    again = job()
    assert not again.resume()
    again.run()
    assert rows(again.folder) == expected


@pytest.mark.parametrize(
    ('steps', 'warmup'), [(19, 0.05), (1, 0.5), (3, 0.25), (3, 0.0), (3, 1.0)]
)
def test_the_rate_has_every_length_of_warm_up(job, steps, warmup):
    run = job(steps=steps, warmup=warmup)
    rates = []
    for _ in range(steps):
        rates.append(run.optimizer.param_groups[0]['lr'])
        run.optimizer.step()
        run.schedule.step()
    assert all(0 < rate <= run.settings.rate for rate in rates)
    # Within the warm-up it rises, after it it falls.
    assert rates == sorted(rates, reverse=warmup < 1)


def test_ridge_heads_need_views_to_be_judged_by(job):
    one = VIEWS.replaced(views=1)
    with pytest.raises(UserError, match='views is 1: expected at least 2 with ridge heads'):
        job(views=one, heads='ridge')
    job(views=one, heads='branches')


def test_a_step_leaves_the_branches_of_other_domains_alone(job):
    run = job(steps=1, visits=1)
    before = [branch.weight.detach().clone() for branch in run.model.heads]
    run.run()
    moved = [not torch.equal(b.weight, old) for b, old in zip(run.model.heads, before)]
    visited = run.domains[0].domain
    assert [i for i, m in enumerate(moved) if m] == [visited]


@pytest.mark.parametrize('changed', [{'rate': 2e-3}, {'seed': 1}, {'heads': 'ridge'}])
def test_changed_settings_are_refused(job, changed):
    job().run()
    with pytest.raises(UserError, match=f'with other settings .*{next(iter(changed))}'):
        job(**changed).resume()


def test_other_data_are_refused(job, stills):
    job().run()
    (stills / 'cat' / '1.png').rename(stills / 'cat' / '11.png')
    with pytest.raises(UserError, match=r'last\.ckpt was trained on other data: give the same'):
        job().resume()
    # Whoever changed a setting hears of that: it may have chosen other data.
    with pytest.raises(UserError, match=r'with other settings \(rate\): '):
        job(rate=0.5).resume()


def test_data_may_be_moved(job, stills, tmp_path):
    job().run()
    (tmp_path / 'elsewhere').mkdir()
    there = stills.rename(tmp_path / 'elsewhere' / 'images')
    assert job(data=there).resume()


def test_a_checkpoint_that_does_not_tell_its_data_is_gone_on_with(job):
    run = job()
    run.run()
    path = run.folder / 'last.ckpt'
    state = torch.load(path)
    del state['recipe']['data']
    torch.save(state, path)
    assert job().resume()


def test_another_network_is_refused(job):
    job().run()
    with pytest.raises(UserError, match=r'last\.ckpt holds a network of other widths'):
        job(network=ClassificationNetwork((4, 6, 10), HIDDEN)).resume()


@pytest.mark.parametrize('share', [0.0, 0.5])
def test_a_damaged_checkpoint_is_refused(job, share):
    job().run()
    path = job().folder / 'last.ckpt'
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError, match=r'last\.ckpt cannot be resumed from: it is damaged'):
        job().resume()


def embedded(heads, embedding):
    """Makes heads see these outputs of fc5, (V, P, hidden)."""
    heads.embed = lambda images, visits: embedding
    return heads


def patches(labels, views):
    return Patches(torch.empty(0), torch.tensor(labels), torch.tensor(views), [0] * len(labels))


def test_branches_are_each_their_own_layer():
    heads = Branches(tiny(), 0.0, 3)
    embedding = torch.randn(2, 4, HIDDEN)
    task = Patches(torch.empty(0), torch.zeros(2, 4).long(), torch.zeros(2, 4).long(), [2, 0])
    logits, counted = embedded(heads, embedding)(None, task)
    torch.testing.assert_close(logits[0], heads.heads[2](embedding[0]))
    torch.testing.assert_close(logits[1], heads.heads[0](embedding[1]))
    assert counted.all()


def test_ridge_heads_are_the_ridge_regression_of_the_first_views():
    heads = RidgeHeads(tiny(), 0.0)
    torch.manual_seed(1)
    embedding = torch.randn(1, 8, HIDDEN)
    labels, views = [[1, 0, 0, 0, 1, 0, 0, 0]], [[0, 0, 0, 0, 1, 1, 1, 1]]
    logits, judged = embedded(heads, embedding)(None, patches(labels, views))
    assert judged.tolist() == [[False] * 4 + [True] * 4]
    x = torch.cat([embedding[0], torch.ones(8, 1)], dim=1).double()
    seen, y = x[:4], torch.tensor([1.0, -1, -1, -1]).double()
    weight = torch.diag(torch.tensor([1 / 2, 1 / 6, 1 / 6, 1 / 6]).double())
    ridge = heads.heads['ridge'].detach().exp() * torch.eye(HIDDEN + 1)
    fit = torch.linalg.solve(seen.T @ weight @ seen + ridge, seen.T @ weight @ y)
    margin = logits[0, :, 1] - logits[0, :, 0]
    expected = (x @ fit).float() * heads.heads['scale'].exp() + heads.heads['bias']
    torch.testing.assert_close(margin, expected, rtol=1e-3, atol=1e-4)


def test_ridge_heads_do_not_see_what_they_are_judged_by():
    heads = RidgeHeads(tiny(), 0.0)
    embedding = torch.randn(1, 8, HIDDEN)
    views = [[0, 0, 0, 0, 1, 1, 1, 1]]
    found = [
        embedded(heads, embedding)(None, patches([[1, 0, 0, 0, *judged]], views))[0]
        for judged in ([1, 0, 0, 0], [0, 1, 1, 1])
    ]
    assert torch.equal(*found)


def test_folders_in_and_a_checkpoint_out(stills, tmp_path, monkeypatch):
    monkeypatch.setattr(run_classification, 'LIGHT_WIDTHS', WIDTHS)
    monkeypatch.setattr(run_classification, 'LIGHT_HIDDEN', HIDDEN)
    fit = ClassificationFitSettings.from_dict({**TINY, 'held_out': 0.25})
    path = train_classification([stills], tmp_path / 'run', fit, VIEWS, 'cpu', 'ours', 'typed')
    checkpoint = weights.load(path)
    assert checkpoint.meta.tracker == 'csn-classification'
    assert checkpoint.meta.training['domains'] == 6
    assert checkpoint.meta.training['command'] == 'typed'
    network = ClassificationNetwork(**checkpoint.meta.network)
    checkpoint.fill(network)
    assert torch.isfinite(network.features(torch.rand(1, 3, 107, 107) * 255)).all()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ([], 'training data {data}: there is no such folder'),
        (['--steps', '0'], 'steps is 0: expected a whole number of at least 1'),
    ],
)
def test_the_script_says_what_is_wrong_in_a_sentence(tmp_path, options, sentence):
    script = Path(__file__).resolve().parents[2] / 'scripts' / 'train_csn_classification.py'
    arguments = ['--data', str(tmp_path / 'none'), '--out', str(tmp_path / 'run'), *options]
    done = subprocess.run(
        [sys.executable, script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, 'PYTHONPATH': str(script.parents[1])},
    )
    assert done.returncode == 2
    expected = sentence.format(data=tmp_path / 'none')
    assert done.stderr == f'train_csn_classification: {expected}\n'


def test_videos_are_refused_in_a_sentence(stills, tmp_path):
    (stills / 'film.mp4').touch()
    with pytest.raises(UserError, match=r'film\.mp4 is a video without boxes'):
        train_classification([stills], tmp_path, ClassificationFitSettings(), VIEWS)


def test_domains_are_taken_from_all_folders_and_none_of_them_is_held_out(stills):
    shots = discover([stills]).shots
    fit = ClassificationFitSettings.from_dict({'held_out': 0.25, 'domains': 3})
    train, held_out = learned_and_held_out(shots, fit)
    assert (len(train), len(held_out)) == (3, 2)
    assert not {s.images for s in train} & {s.images for s in held_out}
    assert {s.kind for s in train} == {'cat', 'dog'}


@pytest.mark.parametrize('domains', [2, 6, 7, 9, 10, 512])
def test_domains_are_spread_evenly_over_all_folders(domains):
    shots = [Shot((Path(f'{k}.png'),), (None,), 'still') for k in range(10)]
    fit = ClassificationFitSettings.from_dict({'held_out': 0.0, 'domains': domains})
    train, _ = learned_and_held_out(shots, fit)
    assert len(train) == min(domains, 10)
    places = [shots.index(shot) for shot in train]
    # As many of the first half as of the second, but for one.
    assert abs(sum(1 if place < 5 else -1 for place in places)) <= 1
    assert places == sorted(set(places))


def test_unseen_objects_are_learned_from_one_view(stills):
    learner = LearnerSettings(
        start_rate=0.003, start_iterations=40, batch_positives=8, batch_negatives=16
    )
    views = DomainSettings(views=2, positives=16, negatives=32, foreign=0.0, rotation=0.0)
    shots = discover([stills]).shots
    found = measure_unseen(tiny(), shots, views, learner, 0)
    assert found['auroc'] > 0.8
    assert found == measure_unseen(tiny(), shots, views, learner, 0)
    # A head that has learned nothing is as good as a coin.
    nothing = measure_unseen(tiny(), shots, views, learner.replaced(start_rate=0.0), 0)
    assert nothing['auroc'] < found['auroc']


def test_equal_scores_of_both_classes_are_half_in_order(stills):
    network = tiny()
    # Every patch has the same features.
    torch.nn.init.zeros_(network.conv3[0].weight)
    shots = discover([stills]).shots[:2]
    found = measure_unseen(network, shots, VIEWS, LearnerSettings(start_iterations=1), 0)
    assert found['auroc'] == 0.5


def test_gradients_reach_the_convolutions_through_the_ridge_regression(stills):
    network = tiny()
    heads = RidgeHeads(network, 0.0)
    domains = Domains(discover([stills]).shots, 0, 2)
    task = PatchMaker(VIEWS, CPU).make([domains[0]], np.random.default_rng(0))
    logits, judged = heads(task.images, task)
    logits[judged].square().sum().backward()
    assert network.conv1[0].weight.grad.abs().sum() > 0
