# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker without weights of its own uses those of the tracker whose network it contains."""

import hashlib
import json

import pytest
import torch
from torch import nn

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.cli import main
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.trackers.registry import REGISTRY, Registration
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker

SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
OWN = {**SMALL, 'layers': [4, 5], 'lambda_v': 2.0}


@pytest.fixture
def own_weights(tmp_path):
    """The path of a checkpoint that is of dsiam itself."""
    network = DSiam(**OWN)
    with torch.no_grad():
        network.log_lambda_w.fill_(3.0)
        network.shares.fill_(0.25)
    meta = weights.Meta('dsiam', OWN, {'fusion': 'fixed'})
    checkpoint = weights.Checkpoint(network.state_dict(), meta)
    return weights.save(tmp_path / 'own.safetensors', checkpoint)


@pytest.fixture
def ship(tmp_path, monkeypatch):
    """Makes a folder of shipped weights from files, by tracker."""

    def ship(**files):
        folder = tmp_path / 'shipped'
        folder.mkdir()
        entries = []
        for tracker, path in files.items():
            data = path.read_bytes()
            (folder / f'{tracker}.safetensors').write_bytes(data)
            entries.append({
                'tracker': tracker, 'file': f'{tracker}.safetensors', 'licence': 'none',
                'sha256': hashlib.sha256(data).hexdigest(), 'data': 'none', 'recipe': 'none',
            })  # fmt: skip
        (folder / 'registry.json').write_text(json.dumps(entries))
        monkeypatch.setattr('siam_tracker_ros.weights.registry.FOLDER', folder)
        return folder

    return ship


def test_auto_is_the_lenders_file_until_there_is_an_own_one(ship, small_weights):
    folder = ship(siamfc=small_weights)
    assert trackers.lender('dsiam') == 'siamfc'
    assert trackers.weight_files('dsiam', 'auto', {}) == [folder / 'siamfc.safetensors']
    assert trackers.served(weights.entries()[0]) == ['siamfc', 'dsiam']
    tracker = trackers.create('dsiam', device='cpu')
    state = weights.load(small_weights).tensors
    unfolded = {name for name in state if name.startswith('backbone.conv5')}
    for name in unfolded:
        assert torch.equal(tracker.network.state_dict()[name], state[name])
    # The rest is as a new network has it, and the settings are those of the weights.
    new = DSiam(**SMALL)
    torch.testing.assert_close(tracker.network.log_lambda_v, new.log_lambda_v)
    assert tracker.settings.certain_score == 0.4


def test_own_weights_go_before_lent_ones(ship, small_weights, own_weights):
    folder = ship(siamfc=small_weights, dsiam=own_weights)
    assert trackers.lender('dsiam') == ''
    assert trackers.weight_files('dsiam', 'auto', {}) == [folder / 'dsiam.safetensors']
    assert [trackers.served(e) for e in weights.entries()] == [['siamfc'], ['dsiam']]
    network = trackers.create('dsiam', device='cpu').network
    assert network.layers == (4, 5)
    assert float(network.shares.detach().mean()) == pytest.approx(0.25)


def test_without_any_the_lenders_are_asked_for(ship):
    ship()
    with pytest.raises(UserError, match='no weights for siamfc ship with this package'):
        trackers.create('dsiam')


def test_a_checkpoint_of_its_own_loads_whole(own_weights, texture):
    tracker = trackers.create('dsiam', str(own_weights), 'cpu')
    of_v, of_w = tracker.network.lambdas
    torch.testing.assert_close(of_v, torch.tensor([2.0, 2.0]))
    torch.testing.assert_close(of_w, torch.full((2,), 3.0).exp())
    assert tracker.settings.fusion == 'fixed'
    frame = Frame.from_numpy(texture())
    assert tracker.step(frame, [tracker.start(frame, Box(120, 100, 50, 40))])[0].box.is_valid


def test_a_file_of_the_lender_serves_by_its_path(small_weights):
    assert trackers.create('dsiam', str(small_weights), 'cpu').network.layers == (5,)


def test_what_is_lent_must_be_whole(small_weights, tmp_path):
    checkpoint = weights.load(small_weights)
    tensors = {n: t for n, t in checkpoint.tensors.items() if n != 'bias'}
    part = weights.Checkpoint(tensors, checkpoint.meta)
    path = weights.save(tmp_path / 'part.safetensors', part)
    with pytest.raises(UserError, match=r"1 tensors missing \(first: \['bias'\]\)"):
        trackers.create('dsiam', str(path))


def test_the_lender_takes_no_file_of_the_borrower(own_weights):
    with pytest.raises(UserError, match="belong to tracker 'dsiam', expected 'siamfc'"):
        trackers.create('siamfc', str(own_weights))


class Attentive(SiamFC):
    """A network that holds SiamFC's, and adds a parameter and a part with several."""

    def __init__(self, widths, groups):
        super().__init__(widths, groups)
        self.share = nn.Parameter(torch.tensor(0.25))
        self.attention = nn.Linear(2, 3)


def test_another_borrower_is_only_an_entry(monkeypatch, ship, small_weights, texture):
    ship(siamfc=small_weights)
    entry = Registration(
        SiamFCSettings, Attentive, SiamFCTracker, 'siamfc', frozenset({'share', 'attention'})
    )
    monkeypatch.setitem(REGISTRY, 'attentive', entry)
    assert trackers.served(weights.entries()[0]) == ['siamfc', 'dsiam', 'attentive']
    checkpoint = trackers.load_checkpoint('attentive', 'auto')
    assert checkpoint.meta.tracker == 'attentive'
    lent = weights.load(small_weights).tensors
    assert all(torch.equal(checkpoint.tensors[name], tensor) for name, tensor in lent.items())
    own = {'share', 'attention.weight', 'attention.bias'}
    assert checkpoint.tensors.keys() == lent.keys() | own
    frame, box = Frame.from_numpy(texture()), Box(120, 100, 50, 40)
    found = []
    for name in ('siamfc', 'attentive'):
        tracker = trackers.create(name, device='cpu')
        found += tracker.step(frame, [tracker.start(frame, box)])
    assert found[1].box == found[0].box


def test_a_part_that_no_entry_names_is_missed(monkeypatch, small_weights):
    entry = Registration(
        SiamFCSettings, Attentive, SiamFCTracker, 'siamfc', frozenset({'attention'})
    )
    monkeypatch.setitem(REGISTRY, 'attentive', entry)
    with pytest.raises(UserError, match=r"1 tensors missing \(first: \['share'\]\)"):
        trackers.create('attentive', str(small_weights), 'cpu')


def test_other_trackers_borrow_no_network(ship, small_weights):
    ship(siamfc=small_weights)
    assert [name for name in trackers.names() if trackers.lender(name)] == ['dsiam']


def test_stored_results_know_whose_weights_they_are_of(ship, small_weights, own_weights):
    ship(siamfc=small_weights)
    [borrowing] = parse_entrants(['dsiam'])
    [lending] = parse_entrants(['siamfc'])
    lent = borrowing.fingerprint()
    assert lent['weights'] == lending.fingerprint()['weights']
    assert lent['tracker'] == 'dsiam'
    [own] = parse_entrants([f'dsiam={own_weights}'])
    assert own.fingerprint()['weights'] != lent['weights']


def test_the_list_of_weights_says_who_else_uses_them(ship, small_weights, own_weights, capsys):
    ship(siamfc=small_weights)
    assert main(['weights']) == 0
    assert '  also for: dsiam\n' in capsys.readouterr().out


def test_the_list_of_weights_is_silent_where_each_has_its_own(
    ship, small_weights, own_weights, capsys
):
    ship(siamfc=small_weights, dsiam=own_weights)
    assert main(['weights']) == 0
    assert 'also for' not in capsys.readouterr().out
