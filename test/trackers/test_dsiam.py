# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam as a tracker: what is learned from a frame, what is dropped, and what stays apart."""

import math

import numpy as np
import pytest
import torch

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, SearchWindow, context_side
from siam_tracker_ros.models.dsiam import DSiam
from siam_tracker_ros.trackers import State, dsiam_settings
from siam_tracker_ros.trackers.dsiam import LEARNED_FROM, DSiamTarget, DSiamTracker
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.trackers.siamfc import SiamFCSettings, SiamFCTracker
from siam_tracker_ros.trackers.transforming import Lesson, Transforming

CPU = torch.device('cpu')
SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
# A random network's logits mean nothing, so its score is fixed where the state shall not matter,
# and all that is finite is a success.
SURE = {
    'confidence_bias': 9.0, 'confidence_peak': 0.0, 'success_peak': -1e6, 'scales': 1,
    'search_size': 191, 'lost_search_size': 191,
}  # fmt: skip
LOST = {'confidence_bias': -9.0, 'lost_patience': 1}
WAY = (
    'template', 'suppression', 'fusion', 'lambda_v', 'lambda_w', 'lambda_per_cell',
    'variation_rate', 'suppression_rate', 'hann', 'weight_spread', 'weight_window',
)  # fmt: skip
# The paper's way, at a size that is quick.
PAPER = {k: v for k, v in dsiam_settings.PAPER.items() if k in WAY}
AUTHORS = {k: v for k, v in dsiam_settings.AUTHORS.items() if k in WAY}
SEARCH = {**PAPER, 'suppression': 'search'}
WAYS = [
    PAPER, SEARCH, AUTHORS, {**PAPER, 'suppression': 'none'}, {**PAPER, 'template': 'first'},
    {**SEARCH, 'template': 'previous'},
]  # fmt: skip
OTHER_SIZE = 'the crops are not of the size of those of the first frame'
BOX = Box.from_ltwh(100, 80, 60, 50)


@pytest.fixture
def network(small_network):
    """A DSiamM around the small random network, in which both layers count."""
    torch.manual_seed(5)
    network = DSiam(**SMALL, layers=[4, 5], lambda_v=0.01, lambda_w=0.1)
    network.load_state_dict({**network.state_dict(), **small_network.state_dict()})
    with torch.no_grad():
        network.shares.fill_(0.3)
    return network.eval()


@pytest.fixture
def make(network):
    """Makes a tracker around it."""
    return lambda way=PAPER, **values: DSiamTracker(
        network, DSiamSettings.from_dict({**SURE, **way, **values}), CPU
    )


@pytest.fixture
def lessons(monkeypatch):
    """What is learned from, in the order of the steps."""
    seen = []
    learn = Transforming.learn

    def look(transforming, lesson):
        seen.append(lesson)
        return learn(transforming, lesson)

    monkeypatch.setattr(Transforming, 'learn', look)
    return seen


def shifted(texture, k):
    return Frame.from_numpy(np.roll(texture(), (3 * k, 5 * k), (0, 1)))


def place_of(box):
    return (box.cx, box.cy, box.w, box.h)


def same(one, other):
    """Whether two targets have learned the same."""
    for a, b in zip(
        (*one.learned.templates, *one.learned.suppression),
        (*other.learned.templates, *other.learned.suppression),
    ):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


# A still scene


@pytest.mark.parametrize('values', WAYS, ids=[
    'paper', 'search', 'code', 'no W', 'no V', 'previous'])  # fmt: skip
def test_a_still_scene_gives_exactly_zero_displacement(make, texture, values):
    tracker, frame = make(values), Frame.from_numpy(texture(240, 320, 2))
    target = tracker.start(frame, BOX)
    for _ in range(4):
        (estimate,) = tracker.step(frame, [target])
        assert estimate.box == target.box == BOX
        assert estimate.updated
        assert target.learned is not None


@pytest.mark.parametrize('values', [PAPER, SEARCH, AUTHORS], ids=['paper', 'search', 'code'])
def test_so_it_is_with_the_shipped_weights_and_their_scales(shipped_weights, texture, values):
    tracker = trackers.create('dsiam', str(shipped_weights), 'cpu', overrides=values)
    frame = Frame.from_numpy(texture(240, 320, 1))
    box = Box.from_ltwh(130.3, 81.7, 70, 35.5)
    target = tracker.start(frame, box)
    for _ in range(3):
        tracker.step(frame, [target])
        assert target.box == box


def test_the_origin_follows_what_is_learned(make, texture):
    tracker, frame = make(PAPER, lambda_w=1e-6, weight_spread=0.3), Frame.from_numpy(texture())
    moved = []
    for x in range(40, 240, 40):
        box = Box.from_ltwh(x, 90, 40, 50)
        target = tracker.start(frame, box)
        for _ in range(2):
            tracker.step(frame, [target])
            assert target.box == box
        moved.append(target.origin != target.first_origin)
        assert max(map(abs, target.origin)) <= 1
        target.drop()
        assert target.origin == target.first_origin
    # Without that, these objects would have moved.
    assert any(moved)


# What is learned


def test_the_variation_of_what_does_not_change_is_none(make, texture):
    tracker, frame = make(PAPER, lambda_v=1e-9), Frame.from_numpy(texture())
    target = tracker.start(frame, BOX)
    tracker.step(frame, [target])
    for template, exemplar in zip(target.learned.templates, target.exemplars):
        torch.testing.assert_close(template, exemplar, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize('values', [PAPER, SEARCH], ids=['paper', 'search'])
def test_the_template_becomes_the_last_result(make, texture, values):
    # With hardly any regularisation V * f(O_1) is f(O_t), which is what Fig. 9 compares with.
    near = make(values, lambda_v=1e-9)
    previous = make(values, template='previous')
    first = make(values, template='first')
    found = []
    for tracker in (near, previous, first):
        target = tracker.start(shifted(texture, 0), BOX)
        tracker.step(shifted(texture, 1), [target])
        found.append(target)
    for k in range(2):
        wanted = found[1].learned.templates[k]
        # Where a spectrum has a zero, there is something that no transformation can make.
        assert (found[0].learned.templates[k] - wanted).norm() < 0.05 * wanted.norm()
        assert torch.equal(found[2].learned.templates[k], found[2].exemplars[k])
        assert (wanted - found[2].exemplars[k]).norm() > 0.1 * wanted.norm()


@torch.no_grad()
@pytest.mark.parametrize('template', ['transformed', 'previous'])
def test_both_ways_to_the_last_exemplar_are_one(make, texture, template):
    targets = []
    for values in (PAPER, SEARCH):
        tracker = make(values, template=template)
        targets.append(tracker.start(shifted(texture, 0), BOX))
        tracker.step(shifted(texture, 1), [targets[-1]])
    for a, b in zip(*(t.learned.templates for t in targets)):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_transformations_are_of_the_last_frame_alone(make, texture):
    # Section 4.3: "we do not store the learned variation transformation". What follows from the
    # second frame is the same whatever the first one taught.
    tracker = make(PAPER)
    once, twice = (tracker.start(shifted(texture, 0), BOX) for _ in range(2))
    tracker.step(shifted(texture, 3), [twice])
    for target in (once, twice):
        target.box = BOX
        target.drop()
    tracker.step(shifted(texture, 0), [once, twice])
    same(once, twice)


@torch.no_grad()
def test_suppression_makes_the_region_resemble_its_weighted_twin(lessons, make, texture):
    tracker = make(PAPER, lambda_w=1e-6, weight_spread=0.3)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 0), [target])
    [lesson] = lessons
    suppressing = tracker.settings.suppressing
    for k in range(2):
        plain, weighted = lesson.plain[k], lesson.weighted[k]
        assert (plain - weighted).norm() > 0.1 * weighted.norm()
        changed = suppressing.apply(target.learned.suppression[k], plain[0])
        assert (changed - weighted[0]).norm() < 0.05 * weighted.norm()


@torch.no_grad()
def test_the_twin_is_made_of_weighted_pixels(lessons, make, network, texture):
    tracker = make(PAPER, weight_spread=0.3)
    frame = shifted(texture, 0)
    target = tracker.start(frame, BOX)
    tracker.step(frame, [target])
    side = context_side(BOX.w, BOX.h) * 191 / 127
    crop = frame.crop([SearchWindow(BOX.cx, BOX.cy, side)], 191, target.fill)
    steps = torch.arange(191) - 95.0
    gauss = torch.exp(-(steps.square() + steps.view(-1, 1).square()) / (2 * (0.3 * 127) ** 2))
    for plain, own in zip(lessons[0].plain, network.layer_features(crop)):
        torch.testing.assert_close(plain, own, rtol=1e-3, atol=1e-4)
    for weighted, own in zip(lessons[0].weighted, network.layer_features(crop * gauss)):
        torch.testing.assert_close(weighted, own, rtol=1e-3, atol=1e-4)


def test_what_was_searched_is_weighted_around_the_place_that_was_found(
    lessons, make, texture, monkeypatch
):
    tracker = make(SEARCH, weight_spread=0.5)
    target = tracker.start(shifted(texture, 0), BOX)
    beside = torch.tensor([[0.0, 4.0 + 3.0, 4.0 - 2.0, 5.0, 9.0]])
    target.origin = target.first_origin = (0.0, 0.0)
    monkeypatch.setattr('siam_tracker_ros.trackers.matcher.locate', lambda *_: beside)
    tracker.step(shifted(texture, 0), [target])
    for plain, weighted in zip(lessons[0].plain, lessons[0].weighted):
        cells = plain.shape[-1]
        steps = torch.arange(cells) - (cells - 1) / 2
        sigma = 0.5 * 127 / 8
        gauss = torch.exp(-((steps - 3) ** 2 + (steps.view(-1, 1) + 2) ** 2) / (2 * sigma**2))
        torch.testing.assert_close(weighted[0], plain[0] * gauss, rtol=1e-4, atol=1e-5)


def test_blending_keeps_a_share_of_the_first_exemplar(make, texture):
    def templates(rate):
        tracker = make(PAPER, variation_rate=rate)
        target = tracker.start(shifted(texture, 0), BOX)
        tracker.step(shifted(texture, 1), [target])
        return target.exemplars[1], target.learned.templates[1]

    first, whole = templates(1.0)
    _, part = templates(0.25)
    torch.testing.assert_close(part, 0.75 * first + 0.25 * whole, rtol=1e-3, atol=1e-4)


def test_a_setting_goes_before_the_lambda_of_the_network(make, network, texture):
    def learned(**values):
        tracker = make(PAPER, **values)
        target = tracker.start(shifted(texture, 0), BOX)
        tracker.step(shifted(texture, 1), [target])
        return target

    same(learned(), learned(lambda_v=0.01, lambda_w=0.1))
    small, large = learned(lambda_v=1e-6), learned(lambda_v=1e3)
    assert large.learned.templates[1].norm() < 0.1 * small.learned.templates[1].norm()


@pytest.mark.parametrize(
    ('values', 'share'),
    [
        ({}, 0.7),
        ({'fusion': 'fixed', 'fixed_share': 0.6}, 0.6),
        ({'fusion': 'last'}, 1.0),
    ],
    ids=str,
)
@torch.no_grad()
def test_layers_are_fused_as_the_setting_says(make, network, texture, values, share):
    frame = Frame.from_numpy(texture())
    tracker = make(template='first', suppression='none', **values)
    (estimate,) = tracker.step(frame, [tracker.start(frame, BOX)])
    alone = []
    for layer in (0.0, 1.0):
        tracker = make(template='first', suppression='none', fusion='fixed', fixed_share=layer)
        alone.append(tracker.step(frame, [tracker.start(frame, BOX)])[0].response.logits)
    wanted = (1 - share) * alone[0] + share * alone[1]
    torch.testing.assert_close(estimate.response.logits, wanted, rtol=1e-4, atol=1e-4)


def test_with_both_transformations_left_out_it_is_siamfc(small_network, texture):
    network = DSiam(**SMALL)
    network.load_state_dict({**network.state_dict(), **small_network.state_dict()})
    values = {**SURE, 'scales': 3}
    plain = {k: v for k, v in values.items() if k != 'success_peak'}
    ours = DSiamTracker(
        network.eval(),
        DSiamSettings.from_dict({**values, 'template': 'first', 'suppression': 'none'}),
        CPU,
    )
    theirs = SiamFCTracker(small_network, SiamFCSettings.from_dict(plain), CPU)
    one, other = (t.start(shifted(texture, 0), BOX) for t in (ours, theirs))
    for k in range(1, 4):
        (a,), (b,) = (
            t.step(shifted(texture, k), [x]) for t, x in ((ours, one), (theirs, other))
        )
        assert place_of(a.box) == pytest.approx(place_of(b.box), abs=1e-4)
        assert (a.updated, a.update_reason) == (False, 'both transformations are left out')


# Success and failure


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'success_peak': 1e6}, 'is not above 1e+06'),
        (LOST, 'the target is lost'),
    ],
)
def test_a_failure_drops_what_was_learned(make, texture, values, reason):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    assert target.learned is not None
    strict = tracker.with_settings(tracker.settings.replaced(**values))
    (estimate,) = strict.step(shifted(texture, 2), [target])
    assert target.learned is None
    assert target.origin == target.first_origin
    assert not estimate.updated
    assert reason in estimate.update_reason
    # The next success is learned from again.
    (estimate,) = tracker.step(shifted(texture, 2), [target])
    assert (estimate.updated, estimate.update_reason) == (True, LEARNED_FROM)


def test_before_the_first_success_nothing_is_transformed(make, texture):
    target = make(PAPER).start(shifted(texture, 0), BOX)
    assert isinstance(target, DSiamTarget)
    assert target.learned is None


def test_a_target_that_is_declared_lost_is_searched_as_it_was_at_first(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    target.lose()
    assert target.learned is None


@pytest.mark.parametrize('values', [PAPER, SEARCH], ids=['paper', 'search'])
def test_what_is_found_in_a_larger_region_is_not_learned_from(make, texture, values):
    tracker = make(values, lost_search_size=223)
    target = tracker.start(shifted(texture, 0), BOX)
    target.lose()
    (estimate,) = tracker.step(shifted(texture, 0), [target])
    assert target.state is State.TRACKING
    assert estimate.update_reason == OTHER_SIZE
    assert tracker.step(shifted(texture, 0), [target])[0].updated


def test_with_learning_off_what_is_known_stays(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    known = target.learned
    frozen = tracker.with_settings(tracker.settings.replaced(learning=False))
    (estimate,) = frozen.step(shifted(texture, 2), [target])
    assert target.learned is known
    assert (estimate.updated, estimate.update_reason) == (False, 'learning is off')


@pytest.mark.parametrize('way', [PAPER, SEARCH], ids=['paper', 'search'])
@pytest.mark.parametrize('values', [{'search_size': 223}, {'exemplar_size': 95}], ids=str)
def test_other_settings_serve_old_targets(make, texture, way, values):
    tracker = make(way)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 1), [target])
    other = tracker.with_settings(tracker.settings.replaced(**values))
    assert other.network is tracker.network
    (estimate,) = other.step(shifted(texture, 1), [target])
    assert estimate.box.is_valid
    assert estimate.update_reason == OTHER_SIZE


# Several targets


@pytest.mark.parametrize('values', [PAPER, SEARCH, AUTHORS], ids=['paper', 'search', 'code'])
def test_two_targets_in_one_step_equal_two_steps(make, texture, values):
    tracker = make(values, scales=3)
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(180, 100, 36, 60)]
    together, alone = ([tracker.start(shifted(texture, 0), b) for b in boxes] for _ in range(2))
    for k in range(1, 4):
        pair = tracker.step(shifted(texture, k), together)
        for one, target in zip(pair, alone):
            (other,) = tracker.step(shifted(texture, k), [target])
            assert place_of(one.box) == pytest.approx(place_of(other.box), abs=1e-3)
            assert one.similarity == pytest.approx(other.similarity, rel=1e-3, abs=1e-4)
    for one, other in zip(together, alone):
        same(one, other)


def test_a_step_is_one_run_for_what_is_searched_and_one_for_what_is_learned(
    make, network, texture, monkeypatch
):
    counts = []
    layer_features = network.layer_features

    def counted(crops):
        counts.append(len(crops))
        return layer_features(crops)

    monkeypatch.setattr(network, 'layer_features', counted)
    for values, taught in ((PAPER, [6]), (SEARCH, [3]), ({**SEARCH, 'suppression': 'none'}, [3]),
                          ({**SEARCH, 'template': 'first'}, [])):  # fmt: skip
        tracker = make(values, scales=3)
        targets = [
            tracker.start(shifted(texture, 0), Box.from_ltwh(60 + 50 * k, 60, 40, 40))
            for k in range(3)
        ]
        counts.clear()
        tracker.step(shifted(texture, 0), targets)
        assert counts == [9, *taught]


def test_one_that_has_learned_nothing_is_not_touched_by_one_that_has(make, texture):
    tracker = make(PAPER)
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(180, 100, 36, 60)]
    old, new = (tracker.start(shifted(texture, 0), box) for box in boxes)
    tracker.step(shifted(texture, 0), [old])
    (expected,) = tracker.step(
        shifted(texture, 1), [tracker.start(shifted(texture, 0), boxes[1])]
    )
    _, found = tracker.step(shifted(texture, 1), [old, new])
    torch.testing.assert_close(
        found.response.logits, expected.response.logits, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize('where', ['exemplars', 'regions', 'fill'])
@pytest.mark.parametrize('values', [PAPER, SEARCH], ids=['paper', 'search'])
def test_a_nan_spoils_its_own_target_alone(make, texture, where, values):
    tracker = make(values)
    boxes = [Box.from_ltwh(60, 60, 50, 40), Box.from_ltwh(0, 100, 36, 60)]
    healthy, spoilt = (tracker.start(shifted(texture, 0), box) for box in boxes)
    alone = tracker.start(shifted(texture, 0), boxes[0])
    known = getattr(spoilt, where)
    if where == 'fill':
        spoilt.fill = torch.full_like(known, torch.nan)
    else:
        setattr(spoilt, where, tuple(torch.full_like(t, torch.nan) for t in known))
    good, bad = tracker.step(shifted(texture, 1), [healthy, spoilt])
    (expected,) = tracker.step(shifted(texture, 1), [alone])
    assert place_of(good.box) == pytest.approx(place_of(expected.box), abs=1e-3)
    same(healthy, alone)
    assert spoilt.learned is None
    assert not bad.updated
    if where == 'regions':
        assert bad.update_reason == 'what was learned is not finite'
    else:
        assert (bad.state, bad.score) == (State.LOST, 0.0)
    assert math.isfinite(bad.similarity)
    assert bad.box.is_valid


# Memory, formats, joint training


def test_a_target_holds_as_much_after_many_frames_as_after_two(make, texture):
    tracker = make(PAPER)
    target = tracker.start(shifted(texture, 0), BOX)

    def held():
        assert target.searched == ()
        tensors = (
            *target.exemplars, *target.regions, *target.learned.templates,
            *target.learned.suppression,
        )  # fmt: skip
        # What a view hangs on counts whole.
        return sum(t.untyped_storage().nbytes() for t in tensors)

    sizes = []
    for k in range(1, 7):
        tracker.step(shifted(texture, k % 3), [target])
        sizes.append(held())
    assert sizes[-1] == sizes[0]


def test_bfloat16_tracks(shipped_weights, square):
    half = trackers.create('dsiam', str(shipped_weights), 'cpu', 'bfloat16')
    x, y = 60, 60
    target = half.start(square.frame((x, y)), square.box(x, y))
    for _ in range(4):
        x, y = x + 5, y + 3
        (estimate,) = half.step(square.frame((x, y)), [target])
        assert estimate.box.iou(square.box(x, y)) > 0.7
        assert estimate.updated


def test_gradients_go_through_what_was_learned_to_all_that_is_trained(make, network):
    # Section 3.5: from a response to the last frame's features, to lambda and to the fusion.
    transforming = make(PAPER).matcher.transforming
    exemplars = network.layer_features(torch.rand(1, 3, 127, 127) * 255)
    regions = network.layer_features(torch.rand(3, 3, 159, 159) * 255)
    lesson = Lesson(
        exemplars,
        network.layer_features(torch.rand(1, 3, 127, 127) * 255),
        tuple(r[:1] for r in regions),
        tuple(r[1:2] for r in regions),
    )
    learned = transforming.learn(lesson)
    maps = transforming.match(
        [tuple(e[0] for e in exemplars)], learned, [r[2:].unsqueeze(1) for r in regions]
    )
    (maps * torch.randn_like(maps)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'template': 'last'}, "template is 'last': expected one of transformed, previous, first"),
        ({'suppression': 'crop'}, "suppression is 'crop': expected one of crops, search, none"),
        ({'lambda_v': -1.0}, 'lambda_v is -1.0: expected a number from 0'),
        ({'weight_spread': 0.0}, 'weight_spread is 0.0'),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, sentence):
    with pytest.raises(UserError, match=sentence):
        DSiamSettings.from_dict(values)
