# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DSiam: what is learned from a frame, and how it is applied."""

from dsiam_bench import BOX, PAPER, SEARCH, same, shifted
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import SearchWindow, context_side
from siam_tracker_ros.models.correlation import cross_correlation


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
def test_the_response_of_what_is_suppressed_is_that_of_the_weighted_twin(lessons, make, texture):
    tracker = make(PAPER, lambda_w=1e-6, weight_spread=0.3)
    target = tracker.start(shifted(texture, 0), BOX)
    tracker.step(shifted(texture, 0), [target])
    [lesson] = lessons
    suppressing = tracker.settings.suppressing
    for k in range(2):
        plain, weighted = lesson.plain[k], lesson.weighted[k]
        assert (plain - weighted).norm() > 0.1 * weighted.norm()
        template = target.learned.templates[k].unsqueeze(0)
        as_it_was, wanted = (
            cross_correlation(template, x.unsqueeze(1))[0] for x in (plain, weighted)
        )
        changed = suppressing.match(target.learned.suppression[k], plain, as_it_was)
        assert (as_it_was - wanted).norm() > 0.1 * wanted.norm()
        assert (changed - wanted).norm() < 0.05 * wanted.norm()


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
    found = (beside, torch.zeros(1))
    monkeypatch.setattr('siam_tracker_ros.trackers.matcher.located', lambda *_: found)
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
