# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.online.teaching_settings import TeachingSettings
from siam_tracker_ros.settings import Settings
from siam_tracker_ros.trackers.registry import REGISTRY


def test_names():
    assert 'siamfc' in trackers.names()
    assert trackers.DEFAULT in trackers.names()
    for name in trackers.names():
        assert issubclass(trackers.settings_class(name), Settings)


def test_what_is_borrowed_exists():
    borrowers = {name: entry for name, entry in REGISTRY.items() if entry.features}
    assert 'dsiam' in borrowers
    for name, entry in borrowers.items():
        lender = REGISTRY[entry.features]
        assert not lender.features, f'{name}: what its lender borrows is not lent again'
        whole, part = entry.network().state_dict(), lender.network().state_dict()
        assert part.keys() <= whole.keys(), name
        rest = whole.keys() - part.keys()
        assert {n.split('.')[0] for n in rest} <= entry.own, name
        assert not {n.split('.')[0] for n in part} & entry.own, name
        assert not lender.settings().to_dict().keys() - entry.settings().to_dict().keys(), name


def test_whoever_borrows_a_classifier_can_learn_with_it():
    borrowers = {name: entry for name, entry in REGISTRY.items() if entry.classifier}
    assert borrowers.keys() == {'siamrpnpp', 'crpn', 'dsiam', 'sasiam'}
    for name, entry in borrowers.items():
        lender = REGISTRY[entry.classifier].network()
        assert isinstance(lender.classification, ClassificationNetwork), name
        assert issubclass(entry.settings, TeachingSettings), name
        off, on = ({**entry.settings().to_dict(), 'online': online} for online in (False, True))
        assert (entry.borrows(off), entry.borrows(on)) == ('', entry.classifier)
        with pytest.raises(UserError, match='online'):
            entry.settings.from_dict({'online': 'word'})


@pytest.mark.parametrize(
    ('name', 'values', 'learns'),
    [
        ('siamfc', {}, False),
        ('csn', {}, True),
        ('siamrpnpp', {}, False),
        ('crpn', {'online': True}, True),
        ('sasiam', {}, False),
        ('sasiam', {'online': True}, True),
        # Its transformations are learned without a classifier, too.
        ('dsiam', {}, True),
        ('dsiam', {'template': 'first'}, True),
        ('dsiam', {'template': 'first', 'suppression': 'none'}, False),
        ('dsiam', {'template': 'first', 'suppression': 'none', 'online': True}, True),
    ],
)
def test_settings_tell_whether_a_tracker_learns(name, values, learns):
    settings = trackers.settings_class(name).from_dict(values)
    assert settings.learns is learns
    assert settings.has_margin is (name == 'csn' or values.get('online', False))
    assert hasattr(settings, 'learning') or not learns


def test_no_other_tracker_borrows_a_classifier_whatever_its_settings():
    entry = replace(REGISTRY['siamrpnpp'], classifier='')
    assert entry.borrows({'online': True}) == ''
    assert REGISTRY['siamfc'].borrows({}) == ''


def test_a_tracker_from_a_file(small_weights, texture):
    tracker = trackers.create('siamfc', str(small_weights), 'cpu')
    assert tracker.device == torch.device('cpu')
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(60, 60, 50, 40))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.box.is_valid
    assert not tracker.network.training


def test_the_checkpoints_settings_replace_the_defaults_and_overrides_both(small_weights):
    path = str(small_weights)
    assert trackers.create('siamfc', path).settings.certain_score == 0.4
    changed = trackers.create('siamfc', path, overrides={'certain_score': 0.7, 'scales': 5})
    assert (changed.settings.certain_score, changed.settings.scales) == (0.7, 5)


def test_two_trackers_share_nothing(small_weights):
    one, other = (trackers.create('siamfc', str(small_weights)) for _ in range(2))
    with torch.no_grad():
        one.network.bias.fill_(5.0)
    assert float(other.network.bias.detach()) != 5.0


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ({'name': 'kcf'}, r"unknown tracker 'kcf': expected one of siamfc"),
        ({'device': 'tpu'}, "unknown device 'tpu'"),
        ({'device': 'cpu', 'precision': 'int8'}, "unknown precision 'int8'"),
        ({'overrides': {'scalse': 3}}, "SiamFCSettings has no setting 'scalse'"),
        ({'overrides': {'scales': 2}}, 'scales is 2: expected an odd number'),
        ({'weights': '/nowhere/w.safetensors'}, 'weights /nowhere/w.safetensors: there is no'),
    ],
)
def test_wrong_words_are_refused(small_weights, arguments, sentence):
    given = {'name': 'siamfc', 'weights': str(small_weights), **arguments}
    with pytest.raises(UserError, match=sentence):
        trackers.create(**given)


@pytest.mark.parametrize('network', [{'widths': [8, 16]}, {'depth': 3}, {'widths': 'wide'}])
def test_a_header_that_describes_no_network_is_refused(tmp_path, network):
    path = tmp_path / 'strange.safetensors'
    checkpoint = weights.Checkpoint({'a': torch.zeros(1)}, weights.Meta('siamfc', network))
    weights.save(path, checkpoint)
    with pytest.raises(UserError, match=r'strange\.safetensors: .* network that cannot be built'):
        trackers.create('siamfc', str(path))


def test_an_unknown_name_has_no_settings():
    with pytest.raises(UserError, match="unknown tracker 'kcf'"):
        trackers.settings_class('kcf')


@pytest.mark.parametrize('entry', weights.entries(), ids=lambda e: e.file)
def test_every_shipped_checkpoint_tracks(entry, texture):
    tracker = trackers.create(entry.tracker, str(entry.path), 'cpu')
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 60, 60))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.box.iou(target.box) > 0.9
    assert estimate.state is trackers.State.TRACKING
