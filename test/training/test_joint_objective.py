# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy
import csv

from joint_bench import CPU, SIZE, SURE, moving, small
import numpy as np
import pytest
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.dsiam import OWN
from siam_tracker_ros.training.clip_material import ClipMaterial, ClipScenes
from siam_tracker_ros.training.engine import make_fabric
from siam_tracker_ros.training.fit import Fit
from siam_tracker_ros.training.initial import extend
from siam_tracker_ros.training.joint_objective import JointObjective, JointSettings
from siam_tracker_ros.training.losses import distance_map
from siam_tracker_ros.training.run_settings import RunSettings
from siam_tracker_ros.training.sources import discover
from siam_tracker_ros.training.unrolled import Course, Unrolled

TINY = {
    'steps': 4, 'batch': 2, 'frames': 3, 'search_size': SIZE, 'validate_every': 2, 'warmup': 2
}  # fmt: skip


def objective(network=None, tracker=SURE, **values):
    return JointObjective(
        network or small(), JointSettings.from_dict({**TINY, **values}), tracker
    )


def batch_of(clips, **values):
    settings = JointSettings.from_dict({**TINY, 'frames': len(clips[0]), **values})
    material = ClipMaterial(settings, ClipScenes(shift=6.0), 0.5, 127, CPU)
    return material.make(clips, np.random.default_rng(0))


@pytest.mark.parametrize('kind', ['balanced', 'plain'])
def test_the_loss_is_the_sum_over_the_images_after_the_first(texture, kind):
    batch = batch_of([moving(texture, 4), moving(texture, 4, seed=1)])
    learned = objective(logistic_loss=kind, place_weight=0.5)
    total, parts = learned(*batch.tensors)
    expected = parts['logistic'] + 0.5 * parts['place']
    torch.testing.assert_close(total, expected)
    course = Unrolled(learned.network, learned.tracker)(batch.searches)
    alone = [
        learned.losses(
            Course(*(part[:, k : k + 1] for part in (course.maps, course.places,
                                                     course.successes))),
            batch.places[:, [0, k + 1]],
        )[0]
        for k in range(3)
    ]
    torch.testing.assert_close(total, torch.stack(alone).sum())
    # That of each image is another one, which no mean would tell.
    assert float(torch.stack(alone).detach().std()) > 1e-3


def test_labels_are_where_the_target_is(texture):
    batch = batch_of([moving(texture, 3)])
    learned, size = objective(place_weight=1.0), 5
    right, wrong = (
        -distance_map(sign * batch.places[0, 1:], size, 8.0) for sign in (1.0, -1.0)
    )
    nothing = torch.zeros(1, 2, 2)
    losses = [
        float(learned.losses(Course(m.unsqueeze(0), nothing, nothing > 0), batch.places)[0])
        for m in (right, wrong)
    ]
    assert losses[0] < losses[1]


def test_the_norms_keep_their_statistics(texture):
    learned = objective()
    learned.network.train()
    assert not learned.prepare(0)
    before = copy.deepcopy(dict(learned.network.named_buffers()))
    learned(*batch_of([moving(texture, 3)]).tensors)
    assert before
    for name, buffer in learned.network.named_buffers():
        assert torch.equal(buffer, before[name])


def test_features_learn_at_a_share_of_the_rate():
    learned = objective(feature_rate=0.25)
    (own, whole), (rest, share) = learned.groups()
    assert (whole, share) == (1.0, 0.25)
    names = {id(p): name for name, p in learned.network.named_parameters()}
    assert {names[id(p)] for p in own} == OWN
    assert {names[id(p)] for p in [*own, *rest]} == set(names.values())
    assert len([*own, *rest]) == len(names)


def test_regularisation_may_begin_with_other_values():
    network = objective(begin_lambda_v=0.5, begin_lambda_w=0.0).network
    of_v, of_w = network.lambdas
    torch.testing.assert_close(of_v, torch.full((2,), 0.5))
    torch.testing.assert_close(of_w, torch.full((2,), 0.1))


def test_a_second_layer_changes_nothing_at_first(texture):
    one = small(layers=(5,))
    both = small()
    torch.nn.init.zeros_(both.shares)
    torch.nn.init.constant_(one.log_lambda_v, -1.0)
    extend(both, one)
    assert both.log_lambda_v.tolist() == [-1.0, -1.0]
    crops = batch_of([moving(texture, 3)]).searches
    maps = [Unrolled(n, objective().tracker)(crops).maps for n in (one, both)]
    torch.testing.assert_close(*maps)
    again = copy.deepcopy(both)
    extend(again, both)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), both.parameters()))


def test_a_map_without_a_middle_and_a_tracker_with_other_crops_are_refused():
    with pytest.raises(UserError, match='search_size is 167: expected 143 plus a multiple of 16'):
        JointSettings(search_size=167)
    with pytest.raises(UserError, match='suppression is crops in the weights that training'):
        objective(tracker={'suppression': 'crops'})


@pytest.mark.parametrize('fusion', ['fixed', 'last'])
def test_a_fusion_that_would_not_learn_is_refused(fusion):
    with pytest.raises(UserError, match=f'fusion is {fusion} in the weights .* would not learn'):
        objective(tracker={'fusion': fusion})


@pytest.fixture
def job(sequence, tmp_path):
    """Makes a run of a few steps on one sequence."""
    fabric = make_fabric(RunSettings(accelerator='cpu', precision='32-true'))
    shots = discover([sequence]).shots

    def make(folder, tracker=SURE, **values):
        learned = objective(tracker=tracker, **values)
        material = ClipMaterial(
            learned.settings, ClipScenes(shift=6.0), 0.5, 127, fabric.device
        )
        return Fit(learned, material, shots, shots, learned.settings, tmp_path / folder, fabric)

    return make


def rows(run):
    with (run.folder / 'metrics.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def test_a_resumed_run_is_the_run_that_was_stopped(job):
    whole = job('whole')
    expected = whole.run()
    stopped = job('stopped')
    learn = stopped._learn

    def crash(clips):
        if stopped.step == 3:
            raise KeyboardInterrupt
        return learn(clips)

    stopped._learn = crash
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    again = job('stopped')
    assert again.resume()
    assert again.step == 2
    for name, tensor in again.run().state_dict().items():
        assert torch.equal(tensor, expected.state_dict()[name]), name
    assert rows(again) == rows(whole)
    with pytest.raises(UserError, match=r'with other settings \(tracker\)'):
        job('stopped', tracker={**SURE, 'variation_rate': 0.2}).resume()


def test_a_run_learns_and_writes_what_it_saw(job):
    run = job('run', feature_rate=0.5)
    before = copy.deepcopy(run.network.state_dict())
    run.run()
    for name, parameter in run.network.named_parameters():
        assert not torch.equal(parameter, before[name]), name
    found = rows(run)
    assert float(found[-1]['lambda_v']) != pytest.approx(float(found[0]['lambda_v']))
    for row in found:
        assert float(row['successes']) == 1.0
        assert bool(row['held_out_loss']) == (row['step'] in ('2', '4'))
    assert 0 <= float(found[-1]['held_out_hit']) <= 1
