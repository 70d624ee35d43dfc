# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import copy
import csv
import math

import pytest
import torch
from torch import nn

pytest.importorskip('lightning_fabric', reason='the train extra is not installed')
pytest.importorskip('kornia', reason='the train extra is not installed')

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.anchors import Anchors, encode, overlaps
from siam_tracker_ros.models.crpn import CRPN
from siam_tracker_ros.models.rpn import ProposalMaps
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.training.engine import make_fabric
from siam_tracker_ros.training.fit import Fit
from siam_tracker_ros.training.pair_material import PairMaterial
from siam_tracker_ros.training.proposal_labels import Labels
from siam_tracker_ros.training.proposal_losses import box_loss, class_loss
from siam_tracker_ros.training.proposal_objective import (
    ProposalObjective,
    first_layers,
    partners,
    stages,
)
from siam_tracker_ros.training.proposal_settings import CascadeSettings, ProposalSettings
from siam_tracker_ros.training.recipes import RECIPES
from siam_tracker_ros.training.run_settings import RunSettings
from siam_tracker_ros.training.scenes import Batch
from siam_tracker_ros.training.sources import discover, split
from siam_tracker_ros.training.spatial_sampling import SpatialScenes

SMALL = {
    'backbone': 'cropped_resnet',
    'arguments': {'widths': [8, 8, 16], 'depths': [1, 2]},
    'channels': [8, 8],
}
TINY = {'steps': 4, 'batch': 4, 'search_size': 159, 'validate_every': 2}


@pytest.fixture(scope='module')
def fabric():
    return make_fabric(RunSettings(accelerator='cpu', precision='32-true'))


@pytest.fixture
def network():
    torch.manual_seed(7)
    return SiamRPN(**SMALL)


@pytest.fixture
def job(network, stills, tmp_path, fabric):
    """Makes a run of a few steps on eight images, whose targets are all on the small map."""

    def make(folder='run', **values):
        settings = ProposalSettings.from_dict({**TINY, **values})
        train, held_out = split(discover([stills]).shots, 0.25, 0)
        return Fit(
            ProposalObjective(copy.deepcopy(network), settings),
            PairMaterial(settings, SpatialScenes(shift=16.0), 0.5, 127, fabric.device),
            train,
            held_out,
            settings,
            tmp_path / folder,
            fabric,
        )

    return make


def rows(run):
    with (run.folder / 'metrics.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def moved(one, other):
    """Names of what differs in two state dicts."""
    return {name for name in one if not torch.equal(one[name], other[name])}


def state(network):
    return copy.deepcopy(network.state_dict())


def test_a_run_learns_and_writes_what_it_saw(job):
    run = job(box_weight=1.2)
    run.run()
    found = rows(run)
    assert [row['step'] for row in found] == ['1', '2', '3', '4']
    for row in found:
        parts = float(row['class']) + 1.2 * float(row['box'])
        assert float(row['loss']) == pytest.approx(parts, rel=1e-4)
        measured = row['step'] in ('2', '4')
        assert bool(row['held_out_loss']) == measured
        if measured:
            assert 0 <= float(row['held_out_iou']) <= 1
            assert 0 <= float(row['held_out_auroc']) <= 1


@pytest.mark.parametrize('optimiser', ['sgd', 'adamw'])
def test_a_frozen_backbone_stays_and_later_learns_at_a_tenth(job, optimiser):
    run = job(backbone_frozen=0.5, optimiser=optimiser)
    before, learn, kept = state(run.network), run._learn, {}

    def spy(pairs):
        row = learn(pairs)
        kept[run.step] = state(run.network)
        rates = [group['lr'] for group in run.optimizer.param_groups]
        assert rates[1] == pytest.approx(0.1 * rates[0])
        assert rates[0] == pytest.approx(run.objective.rate(run.step - 1))
        return row

    run._learn = spy
    run.run()
    # Neither its kernels nor the statistics of its norms.
    assert not any(name.startswith('backbone') for name in moved(before, kept[2]))
    assert moved(before, kept[2]) == {n for n in before if not n.startswith('backbone')}
    assert moved(kept[2], kept[3]) == set(before)


@pytest.mark.parametrize('name', ['siamrpnpp', 'crpn'])
def test_what_compares_may_learn_at_a_rate_of_its_own(name):
    recipe = RECIPES[name]
    network = recipe.network(**recipe.light)
    objective = ProposalObjective(network, ProposalSettings(comparison_rate=0.03))
    names = {id(p): name for name, p in network.named_parameters()}
    (heads, whole), (_, backbone), (comparing, share) = objective.groups()
    assert (whole, backbone, share) == (1.0, 0.1, 0.03)
    told = {names[id(p)] for p in comparing}
    assert told == {
        name
        for name in names.values()
        if name.startswith(('adjust.', 'transfers.')) or '.classes.' in name
    }
    rest = {names[id(p)] for p in heads}
    assert rest
    assert all('.deltas.' in name or name.startswith('aggregation.') for name in rest)
    grouped = [id(p) for parameters, _ in objective.groups() for p in parameters]
    assert sorted(grouped) == sorted(names)
    # Without one there are two groups, as there were before: older runs are resumed.
    assert len(ProposalObjective(network, ProposalSettings()).groups()) == 2


def test_the_first_layers_never_learn(network):
    settings = CascadeSettings(frozen_layers=2, backbone_frozen=0.5, steps=4)
    objective = ProposalObjective(network, settings)
    network.train()
    # The stem, and the first convolution of the first unit; each with its norm.
    first = {f'stem.{k}.{leaf}' for k in (0, 1) for leaf in ('weight', 'bias')} - {'stem.0.bias'}
    first |= {f'stage4.0.residual.{leaf}' for leaf in ('0.weight', '1.weight', '1.bias')}
    named = dict(network.backbone.named_parameters())
    _, (learned, _) = objective.groups()
    assert set(map(id, learned)) == {id(p) for name, p in named.items() if name not in first}
    for step, fixed in (0, set(named)), (1, set(named)), (2, first), (3, first):
        objective.prepare(step)
        assert {name for name, p in named.items() if not p.requires_grad} == fixed
    norms = {
        name
        for name, layer in network.backbone.named_modules()
        if isinstance(layer, nn.BatchNorm2d) and not layer.training
    }
    assert norms == {'stem.1', 'stage4.0.residual.1'}


def test_more_first_layers_than_there_are_are_all(network):
    layers = first_layers(network.backbone, 99)
    assert {id(p) for layer in layers for p in layer.parameters()} == set(
        map(id, network.backbone.parameters())
    )
    assert first_layers(network.backbone, 0) == []


@pytest.mark.parametrize(('size', 'within'), [(143, 16), (159, 24), (255, 72)])
def test_targets_beyond_all_anchors_are_refused(network, size, within):
    # Maps of 5, 7 and 19 cells.
    network.train()
    objective = ProposalObjective(network, ProposalSettings(search_size=size))
    objective.check(SpatialScenes(shift=within))
    assert network.training
    with pytest.raises(UserError, match=f'expected at most {within} px, .* lower --shift, or'):
        objective.check(SpatialScenes(shift=within + 1.0))


def test_the_overlap_of_equal_proposals_is_their_mean(network):
    crops = (torch.rand(2, 3, 127, 127) * 255, torch.rand(2, 3, 159, 159) * 255)
    boxes = torch.tensor([[0.0, 0.0, 64.0, 64.0]]).expand(2, 4)
    batch = Batch(*crops, boxes, ~torch.eye(2, dtype=torch.bool))
    [stage] = stages(network, network.template(batch.exemplars), batch.searches)
    alike = ProposalMaps(torch.zeros_like(stage.maps.classes), torch.zeros_like(stage.maps.deltas))
    objective = ProposalObjective(network, ProposalSettings())
    network.search = lambda template, searches: alike
    shared = overlaps(stage.anchors, boxes).mean()
    assert objective.measure(network, [batch])['held_out_iou'] == pytest.approx(float(shared))


def test_crops_are_those_of_the_weights_that_training_begins_from(network):
    known = {'exemplar_size': 143, 'search_size': 271}
    assert ProposalObjective(network, ProposalSettings()).rim == 0
    assert ProposalObjective(network, ProposalSettings(), known).rim == 8
    assert ProposalObjective(network, ProposalSettings(crop_rim=16)).rim == 16
    with pytest.raises(UserError, match='crop_rim is 12: expected a multiple of 8'):
        ProposalSettings(crop_rim=12)
    largest = ProposalObjective(network, ProposalSettings(search_size=511), known)
    with pytest.raises(UserError, match='search_size is 511, and crops show 8 px more on each'):
        largest.check(SpatialScenes(shift=8.0))
    odd = {'exemplar_size': 135, 'search_size': 263, 'lost_search_size': 519}
    with pytest.raises(UserError, match='the weights say exemplar_size 135: expected 127, or'):
        ProposalObjective(network, ProposalSettings(), odd)


def test_measuring_sees_each_crop_no_more_often_than_it_must(network):
    crops = (torch.rand(2, 3, 127, 127) * 255, torch.rand(2, 3, 159, 159) * 255)
    boxes = torch.tensor([[0.0, 0.0, 60.0, 60.0], [8.0, 0.0, 70.0, 50.0]])
    seen = []
    network.backbone.register_forward_pre_hook(lambda _, crops: seen.append(crops[0].shape[-1]))
    levels = network.backbone.levels
    network.backbone.levels = lambda x: seen.append(x.shape[-1]) or levels(x)
    objective = ProposalObjective(network, ProposalSettings())
    objective.measure(network, [Batch(*crops, boxes, ~torch.eye(2, dtype=torch.bool))])
    # The search crops again for the exemplars of other objects.
    assert seen == [127, 159, 159]


def test_measured_is_what_the_network_proposes(network):
    crops = (torch.rand(2, 3, 127, 127) * 255, torch.rand(2, 3, 159, 159) * 255)
    boxes = torch.tensor([[0.0, 0.0, 60.0, 60.0], [8.0, 0.0, 70.0, 50.0]])
    many = CRPN(
        arguments={'widths': [8, 8, 8, 8, 8]}, channels=[8] * 2, block='depthwise', stages=2,
        theta=0.6,
    )  # fmt: skip
    for each in (network, many):
        objective = ProposalObjective(each, ProposalSettings())
        batch = Batch(*crops, boxes, ~torch.eye(2, dtype=torch.bool))
        measured = objective.measure(each, [batch])
        with torch.no_grad():
            found = each.propose(each.template(crops[0]), crops[1])
        logits = found.logits.masked_fill(~found.kept, -math.inf).flatten(1)
        best = logits.argmax(dim=1, keepdim=True)
        overlap = overlaps(found.boxes, boxes).flatten(1).gather(1, best)
        assert measured['held_out_iou'] == pytest.approx(float(overlap.mean()), abs=1e-6)


def test_a_frozen_backbone_has_no_gradient(network):
    objective = ProposalObjective(network, ProposalSettings(steps=100, backbone_frozen=0.25))
    batch = Batch(
        torch.rand(2, 3, 127, 127) * 255,
        torch.rand(2, 3, 159, 159) * 255,
        torch.tensor([[0.0, 0.0, 60.0, 60.0], [8.0, 0.0, 70.0, 60.0]]),
        ~torch.eye(2, dtype=torch.bool),
    )
    fields = (batch.exemplars, batch.searches, batch.boxes, batch.foreign)
    for step, frozen in ((0, True), (24, True), (25, False), (24, True)):
        objective.prepare(step)
        network.zero_grad()
        objective(*fields)[0].backward()
        for part, learns in ((network.backbone, not frozen), (network.blocks, True)):
            assert all((p.grad is not None) == learns for p in part.parameters())
            assert all(module.training == learns for module in part.modules())


@pytest.mark.parametrize(('optimiser', 'stop'), [('sgd', 1), ('adamw', 3)])
def test_a_resumed_run_is_the_run_that_was_stopped(job, optimiser, stop):
    # Stopped before or after the backbone begins to learn, which is after two steps.
    values = {'optimiser': optimiser, 'backbone_frozen': 0.5, 'validate_every': 1}
    whole = job('whole', **values)
    expected = whole.run().state_dict()
    stopped = job('stopped', **values)
    learn = stopped._learn

    def crash(pairs):
        if stopped.step == stop:
            raise KeyboardInterrupt
        return learn(pairs)

    stopped._learn = crash
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    again = job('stopped', **values)
    assert again.resume()
    assert again.step == stop
    assert not moved(expected, again.run().state_dict())
    assert not moved(whole.network.state_dict(), again.network.state_dict())
    assert rows(again) == rows(whole)


def test_a_run_from_before_layers_could_stay_frozen_is_gone_on_with(job):
    run = job()
    run.run()
    path = run.folder / 'last.ckpt'
    state = torch.load(path)
    del state['recipe']['frozen_layers']
    torch.save(state, path)
    assert job().resume()
    with pytest.raises(UserError, match=r'with other settings \(frozen_layers\): give the same'):
        job(frozen_layers=2).resume()


def test_a_few_steps_lower_the_loss(job):
    run = job(
        steps=30,
        optimiser='adamw',
        rate=0.01,
        schedule='cosine',
        warmup=0.1,
        decay=0.0,
        backbone_frozen=0.0,
        absent=0.0,
        box_loss='l1',
        validate_every=30,
    )
    run.run()
    for name, share in (('class', 0.92), ('box', 0.8)):
        losses = [float(row[name]) for row in rows(run)]
        assert sum(losses[-8:]) < share * sum(losses[:8]), name


def test_the_rates_are_those_of_published_code(network):
    # pysot: 5 epochs from 0.001 up to 0.005, then 15 down to 0.0005.
    objective = ProposalObjective(network, ProposalSettings(steps=2000))
    epochs = [objective.rate(100 * epoch) for epoch in range(6)]
    assert epochs == pytest.approx([0.001, 0.00138, 0.0019, 0.00263, 0.00362, 0.005], rel=3e-3)
    assert objective.rate(1999) == pytest.approx(0.0005)
    other = ProposalObjective(network, ProposalSettings(steps=2000, schedule='cosine'))
    assert other.rate(499) == pytest.approx(0.005)
    assert other.rate(0) == pytest.approx(0.00001)


def test_partners_are_absent_objects():
    foreign = torch.tensor([[False, True, False], [True, False, True], [False, False, False]])
    drawn = [partners(foreign, 1.0) for _ in range(40)]
    assert all(own.tolist() == [False, False, True] for _, own in drawn)
    whose = torch.stack([w for w, _ in drawn])
    assert whose[:, 0].unique().tolist() == [1]
    assert whose[:, 1].unique().tolist() == [0, 2]
    assert whose[:, 2].unique().tolist() == [2]


def test_the_share_of_partners():
    foreign = ~torch.eye(4000, dtype=torch.bool)
    whose, own = partners(foreign, 0.2)
    assert float(own.float().mean()) == pytest.approx(0.8, abs=0.03)
    assert torch.equal(whose == torch.arange(4000), own)
    assert partners(foreign, 0.0)[1].all()


@pytest.mark.parametrize('stages_', [1, 3])
def test_the_loss_is_the_sum_of_all_stages(stages_):
    # C-RPN, Eq. 7; with one stage it is SiamRPN (Table 4).
    network = CRPN(
        arguments={'widths': [8, 8, 8, 8, 8]}, channels=[8] * stages_, block='depthwise',
        stages=stages_, theta=0.6,
    )  # fmt: skip
    settings = ProposalSettings(samples=4096, positives=4096, box_weight=2.0)
    objective = ProposalObjective(network, settings)
    boxes = torch.tensor([[0.0, 0.0, 60.0, 60.0], [8.0, 0.0, 70.0, 50.0]])
    crops = (torch.rand(2, 3, 127, 127) * 255, torch.rand(2, 3, 191, 191) * 255)
    outputs = stages(network, network.template(crops[0]), crops[1])
    total, parts = objective.losses(outputs, boxes, torch.tensor([True, True]))
    expected = {'class': 0.0, 'box': 0.0}
    for stage in outputs:
        overlap = overlaps(stage.anchors, boxes)
        found = Labels((overlap > 0.6) & stage.kept, (overlap < 0.3) & stage.kept)
        wanted = encode(stage.anchors, boxes[:, :, None, None, None])
        expected['class'] += class_loss(stage.maps.classes, found)
        expected['box'] += box_loss(stage.maps.deltas, wanted, found.positive)
    assert len(outputs) == stages_
    assert stages_ == 1 or not outputs[1].kept.all()
    for name, loss in expected.items():
        torch.testing.assert_close(parts[name], loss)
    torch.testing.assert_close(total, expected['class'] + 2 * expected['box'])
    total.backward()
    assert all(p.grad is not None for p in network.parameters())
    foreign = ~torch.eye(2, dtype=torch.bool)
    measured = objective.measure(network, [Batch(*crops, boxes, foreign)])
    assert all(math.isfinite(value) for value in measured.values())


class Knowing:
    """A network that knows where each target is, and a target by the colour of its exemplar."""

    def __init__(self, boxes, colours, doubt=0.0):
        self.anchors = Anchors()
        self.boxes, self.colours, self.doubt = boxes, colours, doubt

    def eval(self):
        return self

    def template(self, z):
        return (z.mean(dim=(1, 2, 3)),)

    def search(self, template, x):
        grid = self.anchors.grid(9)
        wanted = encode(grid, self.boxes[:, :, None, None, None])
        margin = -wanted.abs().sum(dim=1)
        known = (template[0] - self.colours).abs() < 1.0
        margin = margin + torch.where(known, 5.0, self.doubt).view(-1, 1, 1, 1)
        return ProposalMaps(torch.stack([0 * margin, margin], dim=1), wanted)

    propose = SiamRPN.propose


@pytest.mark.parametrize(('doubt', 'auroc'), [(-5.0, 1.0), (9.0, 0.0)])
def test_whoever_knows_the_boxes_overlaps_them(network, doubt, auroc):
    boxes = torch.tensor([[0.0, 8.0, 50.0, 90.0], [16.0, 0.0, 70.0, 60.0]])
    colours = torch.tensor([50.0, 200.0])
    batch = Batch(
        colours.view(2, 1, 1, 1).expand(2, 3, 127, 127),
        torch.zeros(2, 3, 255, 255),
        boxes,
        ~torch.eye(2, dtype=torch.bool),
    )
    objective = ProposalObjective(network, ProposalSettings())
    measured = objective.measure(Knowing(boxes, colours, doubt), [batch, batch])
    assert measured['held_out_iou'] == pytest.approx(1.0)
    assert measured['held_out_box'] == pytest.approx(0.0, abs=1e-6)
    assert measured['held_out_auroc'] == auroc
    assert measured == objective.measure(Knowing(boxes, colours, doubt), [batch, batch])
    assert all(math.isfinite(value) for value in measured.values())
