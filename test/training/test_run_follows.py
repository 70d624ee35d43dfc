# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who teaches a network, and who follows objects in videos for it."""

import csv

import pytest
from run_bench import MINING, train
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros import weights
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.training import beginning, run

SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}


@pytest.fixture
def followers(monkeypatch):
    """Names of the trackers that training makes by their name."""
    made, create = [], beginning.create
    monkeypatch.setattr(beginning, 'create', lambda n, **k: made.append(n) or create(n, **k))
    return made


def test_a_follower_is_checked_before_the_engine_starts(stills, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, 'make_fabric', pytest.fail)
    # Without videos, too.
    options = ['--init', 'none', '--follower', 'csn-matching']
    assert train(stills, tmp_path / 'out', *options) == 2
    assert 'follower is csn-matching: expected auto' in capsys.readouterr().err


@pytest.mark.usefixtures('light', 'shipped_weights')
def test_siamfc_follows_for_a_network_that_proposes(stills, footage, tmp_path, followers):
    out = tmp_path / 'out'
    (stills / 'yard.mp4').write_bytes((footage / 'yard.mp4').read_bytes())
    options = ['--init', 'none', '--held-out', '0', *MINING]
    assert train(stills, out, *options, tracker='siamrpnpp') == 0
    mined = sorted(out.glob('mined/*/groundtruth.txt'))
    assert len(mined) >= 1
    card = weights.load(out / 'siamrpnpp.safetensors').meta.training
    assert card['shots'] == 8 + len(mined)
    assert followers == ['siamfc']


@pytest.mark.usefixtures('shipped_weights')
@pytest.mark.parametrize(
    ('options', 'who'),
    [
        (['--follower', 'csn'], ['csn']),
        (['--follower', 'csn', '--teacher', 'siamfc'], ['csn']),
        # Those are not made by their name.
        (['--teacher', 'siamfc'], []),
        (['--init', 'auto'], []),
    ],
)
def test_who_follows(footage, tmp_path, monkeypatch, followers, options, who):
    class EnoughError(Exception):
        pass

    def mine(videos, folder, tracker, mining, seed):
        raise EnoughError(type(tracker).__name__)

    monkeypatch.setattr(run, 'mine', mine)
    kind = 'CSNTracker' if who else 'SiamFCTracker'
    with pytest.raises(EnoughError, match=kind):
        train(footage, tmp_path / 'out', '--init', 'none', *options)
    assert followers == who


def test_a_tracker_may_be_the_teacher_of_another(stills, tmp_path):
    out = tmp_path / 'run'
    options = ['--init', 'none', '--held-out', '0', '--teacher']
    assert train(stills, out, *options, 'siamfc', tracker='csn-matching') == 0
    assert weights.load(out / 'csn-matching.safetensors').meta.training['teacher'] == 'siamfc'
    with (out / 'metrics.csv').open() as file:
        assert all(float(row['teacher']) > 0 for row in csv.DictReader(file))

    # And so may a file.
    file = str(out / 'csn-matching.safetensors')
    assert train(stills, tmp_path / 'other', *options, file) == 0
    card = weights.load(tmp_path / 'other' / 'siamfc.safetensors').meta.training
    assert card['teacher'] == 'csn-matching'


def test_a_teacher_that_cannot_teach_is_refused(stills, tmp_path, capsys):
    def refused(teacher):
        options = ['--init', 'none', '--teacher', str(teacher)]
        assert train(stills, tmp_path / 'out', *options) == 2
        return capsys.readouterr().err

    assert 'weights nobody: there is no such file' in refused('nobody')
    strange = tmp_path / 'strange.safetensors'
    weights.save(strange, weights.Checkpoint({'a': torch.zeros(1)}, weights.Meta('dsiam', {})))
    assert 'holds weights of dsiam: expected those of one of siamfc, csn-matching' in refused(
        strange
    )


@pytest.mark.parametrize(
    ('tracker', 'network', 'arguments', 'kernel'),
    [
        ('siamfc', SiamFC, SMALL, 'backbone.conv5.weight'),
        (
            'csn-matching',
            Matching,
            {'widths': [8, 8, 16], 'depths': [2, 2]},
            'backbone.stem.0.weight',
        ),
    ],
    ids=['siamfc', 'csn-matching'],
)
def test_unlabelled_footage_adapts_the_weights(
    tmp_path, footage, tracker, network, arguments, kernel
):
    # So sure of itself that it loses nothing: what stands still is followed by any weights.
    meta = weights.Meta(tracker, arguments, {'confidence_bias': 60.0})
    begin = tmp_path / 'begin.safetensors'
    before = network(**arguments).state_dict()
    weights.save(begin, weights.Checkpoint(before, meta))
    out = tmp_path / 'out'
    options = ['--init', str(begin), '--steps', '1', '--held-out', '0', *MINING]
    assert train(footage, out, *options, tracker=tracker) == 0
    mined = sorted(out.glob('mined/*/groundtruth.txt'))
    assert len(mined) >= 2
    found = weights.load(out / f'{tracker}.safetensors')
    assert found.meta.training['shots'] == len(mined)
    assert found.meta.settings['confidence_bias'] == 60.0
    assert not torch.equal(found.tensors[kernel], before[kernel].half())


def test_a_teacher_follows_what_nobody_labelled(tmp_path, footage):
    meta = weights.Meta('siamfc', SMALL, {'confidence_bias': 60.0})
    teacher = tmp_path / 'teacher.safetensors'
    weights.save(teacher, weights.Checkpoint(SiamFC(**SMALL).state_dict(), meta))
    out = tmp_path / 'out'
    options = ['--init', 'none', '--teacher', str(teacher), '--held-out', '0', *MINING]
    assert train(footage, out, *options, tracker='csn-matching') == 0
    mined = sorted(out.glob('mined/*/groundtruth.txt'))
    assert len(mined) >= 2
    found = weights.load(out / 'csn-matching.safetensors')
    assert found.meta.training['shots'] == len(mined)
    # What was fitted for the teacher is not the learner's.
    assert 'confidence_bias' not in found.meta.settings


def test_a_video_without_a_tracker_is_refused(stills, tmp_path, capsys):
    (stills / 'clip.mp4').write_bytes(b'')
    assert train(stills, tmp_path / 'out', '--init', 'none') == 2
    assert 'clip.mp4 is a video without boxes' in capsys.readouterr().err
