# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy
import csv
import math

import numpy as np
import pytest
import torch

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')
pytest.importorskip('matplotlib', reason='the train extra is not installed')

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.images import read_image
from siam_tracker_ros.models.matching import Matching
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.training.augment import photometric
from siam_tracker_ros.training.curves import draw_curves
from siam_tracker_ros.training.engine import make_fabric
from siam_tracker_ros.training.fit import Fit, FitSettings, make_optimizer
from siam_tracker_ros.training.pair_material import PairMaterial
from siam_tracker_ros.training.response_objective import ResponseObjective, ResponseSettings
from siam_tracker_ros.training.run_settings import RunSettings
from siam_tracker_ros.training.scenes import SceneSettings
from siam_tracker_ros.training.sources import discover, split

TINY = {'steps': 4, 'batch': 4, 'search_size': 143, 'validate_every': 2, 'warmup': 2}


@pytest.fixture(scope='module')
def fabric():
    return make_fabric(RunSettings(accelerator='cpu', precision='32-true'))


@pytest.fixture
def job(small_network, stills, tmp_path, fabric):
    """Makes a run of a few steps on eight images."""

    def make(
        folder='run',
        network=small_network,
        scenes=None,
        data=stills,
        teacher=None,
        begun=None,
        **values,
    ):
        settings = ResponseSettings.from_dict({**TINY, **values})
        train, held_out = split(discover([data]).shots, 0.25, 0)
        return Fit(
            ResponseObjective(copy.deepcopy(network), settings, teacher),
            PairMaterial(settings, scenes or SceneSettings(), 0.5, 127, fabric.device),
            train,
            held_out,
            settings,
            tmp_path / folder,
            fabric,
            begun=begun,
        )

    return make


def rows(folder):
    with (folder / 'metrics.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def equal(one, other):
    a, b = one.state_dict(), other.state_dict()
    return set(a) == set(b) and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_learns_and_writes_what_it_saw(job, small_network):
    run = job()
    trained = run.run()
    assert run.step == 4
    assert not equal(trained, small_network)
    assert all(torch.isfinite(p).all() for p in trained.parameters())
    found = rows(run.folder)
    assert [row['step'] for row in found] == ['1', '2', '3', '4']
    for row in found:
        assert all(math.isfinite(float(row[k])) for k in ('loss', 'logistic', 'place', 'absent'))
        measured = row['step'] in ('2', '4')
        assert bool(row['held_out_loss']) == measured
        if measured:
            assert 0 <= float(row['held_out_hit']) <= 1
            assert 0 <= float(row['held_out_auroc']) <= 1
    assert (run.folder / 'last.ckpt').is_file()
    assert not (run.folder / 'last.ckpt.part').exists()


def test_a_siamese_network_of_another_kind_learns(job):
    network = Matching(widths=(8, 8, 16), depths=(2, 2))
    run = job(network=network)
    assert not equal(run.run(), network)
    assert all(math.isfinite(float(row['loss'])) for row in rows(run.folder))


@pytest.fixture
def teacher():
    torch.manual_seed(7)
    return SiamFC((8, 16, 16, 16, 24))


def test_a_teacher_is_followed_and_stays_as_it_is(job, teacher):
    before = copy.deepcopy(teacher)
    parts = {'place_weight': 0.0, 'absent_weight': 0.0, 'teacher_weight': 10.0}
    run = job(teacher=teacher, steps=12, rate=0.01, **parts)
    run.run()
    assert equal(teacher, before)
    found = rows(run.folder)
    for row in found:
        logistic, gap = float(row['logistic']), float(row['teacher'])
        assert float(row['loss']) == pytest.approx(logistic + 10 * gap, rel=1e-3)
    gaps = [float(row['teacher']) for row in found]
    assert sum(gaps[-3:]) < 0.7 * sum(gaps[:3])


def test_a_network_that_is_its_own_teacher_has_nothing_to_learn_from_it(job, small_network):
    # Both must see the same crops, and norms of a batch are not those of the running average.
    frozen = copy.deepcopy(small_network)
    run = job(teacher=frozen, steps=1)
    run.network.eval()
    run.run()
    assert float(rows(run.folder)[0]['teacher']) == pytest.approx(0.0, abs=1e-6)


def test_another_teacher_is_refused(job, teacher, small_network):
    job(teacher=teacher).run()
    assert job(teacher=copy.deepcopy(teacher)).resume()
    for other in (None, small_network):
        with pytest.raises(UserError, match=r'with other settings \(teacher\): give the same'):
            job(teacher=other).resume()


def test_gradient_descent_with_momentum_is_the_papers(small_network):
    # Cascaded Siamese, section 4.1: two equal gradients move by rate * (1 + 1.9).
    network = copy.deepcopy(small_network)
    settings = FitSettings(optimiser='sgd', rate=0.01, decay=0.0)
    optimizer = make_optimizer(network.parameters(), settings)
    for _ in range(2):
        network.bias.grad = torch.tensor(1.0)
        optimizer.step()
    assert float(network.bias.detach()) == pytest.approx(-0.029)


def test_the_loss_is_the_weighted_sum_of_its_parts(job):
    run = job(place_weight=0.5, absent_weight=2.0)
    run.run()
    for row in rows(run.folder):
        logistic, place, absent = (float(row[k]) for k in ('logistic', 'place', 'absent'))
        assert float(row['loss']) == pytest.approx(logistic + 0.5 * place + 2 * absent, rel=1e-3)


@pytest.mark.parametrize('optimiser', ['adamw', 'sgd'])
def test_a_resumed_run_is_the_run_that_was_stopped(job, optimiser):
    whole = job('whole', optimiser=optimiser)
    expected = whole.run()

    stopped = job('stopped', optimiser=optimiser)
    learn = stopped._learn

    def crash(pairs):
        if stopped.step == 3:
            raise KeyboardInterrupt
        return learn(pairs)

    stopped._learn = crash
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    assert [row['step'] for row in rows(stopped.folder)] == ['1', '2', '3']

    again = job('stopped', optimiser=optimiser)
    assert again.resume()
    assert again.step == 2
    assert equal(again.run(), expected)
    assert equal(again.network, whole.network)
    assert rows(again.folder) == rows(whole.folder)


def test_a_finished_run_is_not_run_again(job):
    expected = job().run()
    again = job()
    assert again.resume()
    assert equal(again.run(), expected)
    assert len(rows(again.folder)) == 4


@pytest.mark.parametrize('clip', [5.0, 0.0])
def test_a_run_that_diverges_stops_and_keeps_its_last_good_checkpoint(job, clip):
    run = job(clip=clip)
    prepare = run.objective.prepare

    def poison(step):
        if step == 3:
            with torch.no_grad():
                run.network.bias.fill_(math.nan)
        return prepare(step)

    run.objective.prepare = poison
    with pytest.raises(UserError, match=r'after 3 steps the loss is not finite: .* lower --rate'):
        run.run()
    kept = torch.load(run.folder / 'last.ckpt')
    assert kept['step'] == 2
    assert all(torch.isfinite(t).all() for t in kept['network'].values())


def test_weights_that_are_not_finite_are_not_kept(job):
    # The gradient is not finite although the loss is; there is no step in between that would tell.
    run = job(validate_every=1)
    run.network.bias.register_hook(lambda g: g * (math.nan if run.step == 1 else 1.0))
    with pytest.raises(UserError, match='after 2 steps the network is not finite: '):
        run.run()
    assert torch.load(run.folder / 'last.ckpt')['step'] == 1


def test_every_step_draws_anew(job):
    run, drawn = job(), []
    make = run.material.maker.make

    def spy(pairs, rng):
        batch = make(pairs, rng)
        drawn.append((batch.centres, torch.initial_seed()))
        return batch

    run.material.maker.make = spy
    run.run()
    assert len({seed for _, seed in drawn}) == 4
    assert not torch.equal(drawn[0][0], drawn[1][0])


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
    'changed', [{'rate': 2e-3}, {'seed': 1}, {'steps': 9}, {'optimiser': 'sgd'}]
)
def test_changed_settings_are_refused(job, changed):
    job().run()
    with pytest.raises(UserError, match=f'with other settings .*{next(iter(changed))}'):
        job(**changed).resume()


def test_changed_scenes_are_refused(job):
    job().run()
    with pytest.raises(UserError, match=r'with other settings \(rotation\): give the same ones'):
        job(scenes=SceneSettings(rotation=3.0)).resume()


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


def test_a_checkpoint_from_before_a_setting_existed_is_gone_on_with(job):
    run = job()
    run.run()
    path = run.folder / 'last.ckpt'
    state = torch.load(path)
    for name in ('bend', 'teacher', 'teacher_weight'):
        del state['recipe'][name]
    torch.save(state, path)
    assert job().resume()
    with pytest.raises(UserError, match=r'with other settings \(bend\): give the same ones'):
        job(scenes=SceneSettings(bend=3.0)).resume()


def test_a_run_that_began_otherwise_is_refused(job):
    begun = {'init': 'none', 'backbone': '7c', 'network': 'light'}
    job(begun=begun).run()
    assert job(begun=begun).resume()
    for name in begun:
        with pytest.raises(UserError, match=rf'with other settings \({name}\): give the same'):
            job(begun={**begun, name: 'other'}).resume()


def test_a_run_that_does_not_tell_how_it_began_is_gone_on_with(job):
    job().run()
    begun = {'init': 'a1', 'backbone': '7c', 'network': 'light'}
    assert job(begun=begun).resume()
    with pytest.raises(UserError, match=r'with other settings \(network\)'):
        job(begun={**begun, 'network': 'resnet18'}).resume()


def test_another_network_is_refused(job):
    job().run()
    with pytest.raises(UserError, match=r'last\.ckpt holds a network of other widths'):
        job(network=SiamFC((8, 16, 16, 16, 24))).resume()


@pytest.mark.parametrize('share', [0.0, 0.4, 0.9])
def test_a_damaged_checkpoint_is_refused(job, share):
    job().run()
    run = job()
    path = run.folder / 'last.ckpt'
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError, match=r'last\.ckpt cannot be resumed from: it is damaged'):
        run.resume()


class Trap:
    def __reduce__(self):
        return (pytest.fail, ('the checkpoint was executed',))


@pytest.mark.parametrize(
    'state', [{'step': 4}, [1, 2], {'recipe': Trap()}], ids=['old', 'list', 'code']
)
def test_a_checkpoint_of_something_else_is_refused(job, state):
    run = job()
    run.folder.mkdir()
    torch.save(state, run.folder / 'last.ckpt')
    with pytest.raises(UserError, match='cannot be resumed from'):
        run.resume()


def test_without_held_out_shots_nothing_is_measured(small_network, stills, tmp_path, fabric):
    shots = discover([stills]).shots
    settings = ResponseSettings.from_dict({**TINY, 'steps': 1})
    run = Fit(
        ResponseObjective(copy.deepcopy(small_network), settings),
        PairMaterial(settings, SceneSettings(), 0.5, 127, fabric.device),
        shots,
        [],
        settings,
        tmp_path / 'run',
        fabric,
    )
    run.run()
    assert rows(run.folder)[0]['held_out_loss'] == ''


def test_the_kept_weights_are_a_running_average(job):
    run = job(average=0.0, steps=1)
    assert equal(run.run(), run.network)
    # A slow average has moved less from where both began than the network has.
    slow = job('slow', average=0.999, steps=4)
    begin = copy.deepcopy(slow.average)
    kept = slow.run()
    moved = [
        sum(
            float((a - b).abs().sum().detach()) for a, b in zip(m.parameters(), begin.parameters())
        )
        for m in (kept, slow.network)
    ]
    assert 0 < moved[0] < moved[1]


@pytest.mark.parametrize('size', [142, 144, 240, 255 - 4])
def test_crops_with_a_map_beside_their_middle_are_refused(size):
    with pytest.raises(UserError, match='search_size is'):
        FitSettings(search_size=size)


def test_curves_are_drawn_of_full_and_of_short_runs(tmp_path):
    metrics = tmp_path / 'metrics.csv'
    header = 'step,loss,logistic,place,absent,held_out_loss,held_out_hit,held_out_auroc\n'
    metrics.write_text(header + '1,0.5,0.2,0.1,0.2,,,\n2,0.4,0.2,0.1,0.2,0.6,0.1,nan\n')
    draw_curves(metrics, tmp_path / 'curves.png')
    picture = read_image(tmp_path / 'curves.png')
    assert picture.shape[1] > picture.shape[0]
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
    metrics.write_text(header)
    draw_curves(metrics, tmp_path / 'empty.png')
    assert (tmp_path / 'empty.png').is_file()


@pytest.mark.parametrize('size', [127, 143, 239])
def test_augmentation_keeps_shape_and_range(size):
    torch.manual_seed(3)
    images = torch.rand(8, 3, size, size) * 255
    out = photometric()(images)
    assert out.shape == images.shape
    assert 0 <= float(out.min()) <= float(out.max()) <= 255
    assert not torch.equal(out, images)
    torch.manual_seed(3)
    assert torch.equal(photometric()(torch.rand(8, 3, size, size) * 255), out)


def test_jpeg_may_be_left_out():
    names = [[type(step).__name__ for step in photometric(jpeg).inner] for jpeg in (True, False)]
    assert names[0] == [*names[1], 'RandomJPEG']


def test_augmentation_does_not_move_a_target():
    torch.manual_seed(0)
    image = torch.zeros(64, 3, 127, 127)
    image[:, :, 54:73, 54:73] = 255.0
    out = photometric()(image).mean(dim=1)
    index = torch.arange(127) - 63.0
    light = (out - out.flatten(1).median(dim=1).values.view(-1, 1, 1)).abs()
    light = torch.where(light > 60, light, 0.0)
    x = (light.sum(dim=1) * index).sum(dim=1) / light.sum(dim=(1, 2)).clamp_min(1)
    assert x.abs().median() < 0.2
    assert x.abs().max() < 4.0


def test_an_accelerator_that_is_not_here_is_refused():
    if torch.cuda.is_available():
        pytest.skip('this machine has a CUDA device')
    with pytest.raises(UserError, match='cannot train on accelerator cuda with 1 device'):
        make_fabric(RunSettings(accelerator='cuda'))
