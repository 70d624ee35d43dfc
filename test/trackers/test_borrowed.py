# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that learn online take the classifier of csn's shipped weights, and its settings."""

from dataclasses import dataclass, replace
import hashlib

import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.settings import varied
from siam_tracker_ros.trackers import assembly, borrowed, registry
from siam_tracker_ros.trackers.rpn_settings import RPNSettings

SHIPPED = [entry for entry in weights.entries() if entry.tracker == 'csn']
shipped = pytest.mark.skipif(not SHIPPED, reason='no csn weights ship with this checkout')

NETWORK = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [4, 8, 8], 'depths': [1, 1]},
    'channels': [8],
}


def checkpoint(**settings):
    torch.manual_seed(0)
    return weights.Checkpoint(
        SiamRPN(**NETWORK).state_dict(), weights.Meta('siamrpnpp', NETWORK, settings)
    )


@pytest.fixture
def create(tmp_path):
    """Makes a tracker from a file whose header has these settings."""

    def create(header, **overrides):
        path = weights.save(tmp_path / 'small.safetensors', checkpoint(**header))
        return trackers.create('siamrpnpp', str(path), 'cpu', overrides=overrides)

    return create


@pytest.mark.parametrize(
    ('header', 'overrides'),
    [({}, {}), ({}, {'online': False}), ({'online': True}, {'online': False})],
)
def test_what_does_not_learn_loads_no_classifier(create, monkeypatch, header, overrides):
    monkeypatch.setattr(assembly, 'borrow_classifier', None)
    tracker = create(header, **overrides)
    assert tracker.teacher is tracker.classification is None
    # Nor does it take csn's settings.
    assert {**tracker.settings.changes(), **header} == header


@shipped
@pytest.mark.parametrize(
    ('header', 'overrides', 'lent'),
    [
        ({}, {}, False),
        ({}, {'online': True}, True),
        ({'online': True}, {}, True),
        ({'online': True}, {'online': False}, False),
    ],
)
def test_files_of_weights_are_those_that_a_tracker_is_made_of(tmp_path, header, overrides, lent):
    path = weights.save(tmp_path / 'small.safetensors', checkpoint(**header))
    found = trackers.weight_files('siamrpnpp', str(path), overrides)
    assert found == [path, *([SHIPPED[0].path] if lent else [])]
    # So stored results of other files are not taken for these.
    assignments = [f'{name}={str(value).lower()}' for name, value in overrides.items()]
    [entrant] = parse_entrants([f'siamrpnpp={path}'], assignments=assignments)
    own = hashlib.sha256(path.read_bytes()).hexdigest()
    assert entrant.fingerprint()['weights'] == [own, *([SHIPPED[0].sha256] if lent else [])]


@shipped
def test_the_classifier_and_its_settings_are_those_of_csn(create):
    tracker = create({}, online=True)
    source = weights.load(SHIPPED[0].path)
    state = tracker.classification.state_dict()
    expected = {n: t for n, t in source.tensors.items() if n.startswith('classification.')}
    assert {f'classification.{name}' for name in state} == set(expected)
    assert all(torch.equal(t, expected[f'classification.{n}']) for n, t in state.items())
    changed = tracker.settings.changes()
    assert changed['start_rate'] == source.meta.settings['start_rate']
    assert changed['confidence_margin'] == source.meta.settings['confidence_margin']
    # Of the rest of csn nothing is taken, whether or not it has the same name.
    assert set(changed) - set(source.meta.settings) == {'online'}
    for name in ('confidence_bias', 'confidence_peak', 'lost_score', 'found_score'):
        assert getattr(tracker.settings, name) == getattr(RPNSettings(), name)


@shipped
def test_own_weights_know_better_than_csn_and_the_user_best(create):
    header = {'online': True, 'start_rate': 0.5, 'update_rate': 0.25}
    settings = create(header, update_rate=0.125, remember_every=7).settings
    assert (settings.start_rate, settings.update_rate) == (0.5, 0.125)
    assert settings.remember_every == 7
    assert settings.grid == weights.load(SHIPPED[0].path).meta.settings['grid']


class Recorded:
    """A tracker that keeps what it was made of."""

    def __init__(self, network, settings, device, dtype, classification=None):
        self.network, self.settings, self.classification = network, settings, classification


@shipped
@pytest.mark.parametrize('online', [False, True])
def test_features_and_a_classifier_may_both_be_borrowed(monkeypatch, small_weights, online):
    entry = registry.Registration(
        RPNSettings, SiamFC, Recorded, features='siamfc', classifier='csn'
    )
    monkeypatch.setitem(registry.REGISTRY, 'made', entry)
    path = str(small_weights)
    made = trackers.create('made', path, 'cpu', overrides={'online': online})
    files = trackers.weight_files('made', path, {'online': online})
    assert files == [small_weights, *([SHIPPED[0].path] if online else [])]
    assert made.settings.online is online
    assert made.settings.certain_score == weights.load(small_weights).meta.settings[
        'certain_score'
    ]
    assert isinstance(made.classification, ClassificationNetwork) is online
    assert ('start_rate' in made.settings.changes()) is online


@shipped
def test_online_by_default_needs_no_word(create, monkeypatch, tmp_path):
    @dataclass(frozen=True)
    class Learning(RPNSettings):
        online: bool = varied(RPNSettings, 'online', True, 'own')

    entry = replace(registry.REGISTRY['siamrpnpp'], settings=Learning)
    monkeypatch.setitem(registry.REGISTRY, 'siamrpnpp', entry)
    assert create({}).teacher is not None
    path = str(tmp_path / 'small.safetensors')
    assert len(trackers.weight_files('siamrpnpp', path, {})) == 2
    assert create({'online': False}).teacher is None
    assert len(trackers.weight_files('siamrpnpp', path, {})) == 1


@shipped
def test_a_checkpoint_in_memory_may_say_that_it_learns():
    tracker = assembly.assemble(checkpoint(online=True), 'cpu')
    assert tracker.teacher is not None
    assert tracker.settings.start_rate != RPNSettings().start_rate


def test_without_csns_weights_it_is_refused(create, monkeypatch):
    monkeypatch.setattr(borrowed.checkpoints, 'entries', list)
    with pytest.raises(UserError, match='online is true, and the classifier for it is that of'):
        create({}, online=True)
    assert create({}).teacher is None
