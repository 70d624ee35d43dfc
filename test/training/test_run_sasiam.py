# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What SA-Siam's semantic branch learns: a classifier, and what joins its features."""

import csv
from dataclasses import replace

import pytest
from run_bench import train
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import weights
from siam_tracker_ros.training.fit import Fit
from siam_tracker_ros.training.recipes import RECIPES

CLASSES, BRANCH = 'sasiam-classes', 'sasiam-semantic'
ANEW = ['--init', 'none']


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Both as they are trained, but with few channels."""
    for name in (CLASSES, BRANCH):
        light = {**RECIPES[name].light, 'arguments': {'widths': [4, 8, 8, 8, 6], 'groups': 2}}
        monkeypatch.setitem(RECIPES, name, replace(RECIPES[name], light=light))


@pytest.fixture
def classifier(stills, tmp_path):
    """The checkpoint of a classifier of two classes."""
    out = tmp_path / 'classes'
    assert train(stills, out, *ANEW, '--held-out', '0', tracker=CLASSES) == 0
    return out / f'{CLASSES}.safetensors'


def test_a_classifier_knows_its_classes_and_what_it_reached(stills, tmp_path):
    out = tmp_path / 'out'
    options = [*ANEW, '--held-out', '0.25', '--validate-every', '1']
    assert train(stills, out, *options, tracker=CLASSES) == 0
    meta = weights.load(out / f'{CLASSES}.safetensors').meta
    assert meta.network['classes'] == ['cat', 'dog']
    with (out / 'metrics.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert all(0.0 <= float(row['held_out_top1']) <= float(row['held_out_top5']) for row in rows)
    assert (out / 'curves.png').stat().st_size > 1000


def test_a_classifier_goes_on_with_the_same_classes_only(
    stills, classifier, tmp_path, capsys
):
    begun = ['--init', str(classifier), '--held-out', '0']
    assert train(stills, tmp_path / 'more', *begun, tracker=CLASSES) == 0
    (stills / 'dog').rename(stills / 'wolf')
    assert train(stills, tmp_path / 'other', *begun, tracker=CLASSES) == 2
    said = capsys.readouterr().err
    assert 'were trained with other classes than those of the data' in said


def test_a_resumed_classifier_is_the_one_that_was_not_stopped(stills, tmp_path):
    more = [*ANEW, '--held-out', '0', '--validate-every', '1']
    assert train(stills, tmp_path / 'a', *more, '--steps', '3', tracker=CLASSES) == 0
    learn, calls = Fit._learn, []

    def stop(fit, drawn):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        return learn(fit, drawn)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fit, '_learn', stop)
        assert train(stills, tmp_path / 'b', *more, '--steps', '3', tracker=CLASSES) == 130
    assert len(calls) == 2
    assert train(stills, tmp_path / 'b', *more, '--steps', '3', tracker=CLASSES) == 0
    one, other = (
        weights.load(tmp_path / name / f'{CLASSES}.safetensors').tensors for name in 'ab'
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_branch_has_the_features_of_the_classifier_and_learns_the_rest(
    stills, classifier, tmp_path
):
    out = tmp_path / 'out'
    options = [*ANEW, '--backbone', str(classifier), '--held-out', '0', '--rate', '0.1']
    assert train(stills, out, *options, tracker=BRANCH) == 0
    found = weights.load(out / f'{BRANCH}.safetensors')
    begun = weights.load(classifier)
    backbone = {name for name in found.tensors if name.startswith('backbone.')}
    assert backbone
    assert all(torch.equal(found.tensors[name], begun.tensors[name]) for name in backbone)
    still = tmp_path / 'still'
    assert train(stills, still, *options[:-1], '0', tracker=BRANCH) == 0
    # The same beginning, which learned nothing.
    new = weights.load(still / f'{BRANCH}.safetensors').tensors
    learned = {name for name in new if not torch.equal(found.tensors[name], new[name])}
    assert {name.partition('.')[0] for name in learned} == {
        'fusions', 'attentions', 'log_scale', 'bias'
    }  # fmt: skip


@pytest.mark.parametrize(
    ('word', 'levels', 'attends'),
    [('last-layer', [5], True), ('unweighted', None, False), ('basic', [5], False)],
)
def test_parts_of_the_branch_can_be_left_out(
    stills, classifier, tmp_path, word, levels, attends
):
    # Table 1 of the paper.
    out = tmp_path / word
    options = [*ANEW, '--backbone', str(classifier), '--held-out', '0', '--steps', '1']
    assert train(stills, out, *options, '--network', word, tracker=BRANCH) == 0
    found = weights.load(out / f'{BRANCH}.safetensors')
    assert found.meta.network.get('levels') == levels
    assert any('attention' in name for name in found.tensors) == attends


def test_a_branch_needs_a_backbone_that_knows_something(stills, tmp_path, capsys):
    assert train(stills, tmp_path / 'out', *ANEW, tracker=BRANCH) == 2
    assert 'does not learn here, and begins anew: give a --backbone' in capsys.readouterr().err


def test_a_branch_is_not_taught_and_follows_nobody(stills, classifier, tmp_path, capsys):
    # It wants to see more of an exemplar than a tracker or a teacher is given.
    options = [*ANEW, '--backbone', str(classifier), '--teacher', 'siamfc']
    assert train(stills, tmp_path / 'out', *options, tracker=BRANCH) == 2
    assert 'leave out --teacher' in capsys.readouterr().err
    assert not RECIPES[BRANCH].teachable


def test_a_classifier_learns_nothing_from_videos(stills, footage, tmp_path, capsys):
    (footage / 'yard.mp4').rename(stills / 'yard.mp4')
    options = [*ANEW, '--follower', 'siamfc']
    assert train(stills, tmp_path / 'out', *options, tracker=CLASSES) == 2
    said = capsys.readouterr().err
    assert 'yard.mp4 is a video: the classifier' in said
    assert 'learns from labelled stills only' in said
