# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.online import classifier as classifier_module
from siam_tracker_ros.online.classifier import OnlineClassifier
from siam_tracker_ros.online.classifier_settings import ClassifierSettings
from siam_tracker_ros.online.sampling import box_row

QUICK = {
    'start_positives': 24,
    'start_negatives': 40,
    'start_iterations': 40,
    'start_rate': 0.02,
    'update_rate': 0.01,
    'update_iterations': 6,
    'update_positives': 8,
    'update_negatives': 12,
    'batch_positives': 8,
    'batch_negatives': 16,
    'negative_candidates': 32,
    'long_frames': 5,
    'short_frames': 3,
}
# What the classifier takes features from.
FEATURES = ('patch_features', 'grid_features')
HERE, THERE = Box(110.0, 100.0, 50.0, 40.0), Box(210.0, 150.0, 40.0, 50.0)
# Beside both: no part of either.
ELSEWHERE = [Box(40.0, 200.0, 50.0, 40.0), Box(270.0, 40.0, 40.0, 50.0)]


@pytest.fixture
def make():
    def make(**values):
        torch.manual_seed(1)
        network = ClassificationNetwork((8, 12, 16), 32)
        return OnlineClassifier(network, ClassifierSettings.from_dict({**QUICK, **values}))

    return make


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture(seed=4), order='rgb')


def rows(*boxes):
    return torch.stack([box_row(box) for box in boxes])


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.tensors, other.tensors))


def test_a_target_is_told_from_its_surroundings(make, frame):
    classifier = make()
    target = classifier.start(frame, HERE, seed=0)
    assert target.healthy
    assert not target.learning
    inside, *outside = classifier.margins(frame, [target], [rows(HERE, *ELSEWHERE)])[0].tolist()
    assert inside > 0 > max(outside)


def test_each_target_scores_with_its_own_head(make, frame):
    classifier = make()
    one, other = classifier.start(frame, HERE, 0), classifier.start(frame, THERE, 1)
    candidates = rows(HERE, THERE)
    together = classifier.margins(frame, [one, other], [candidates, candidates])
    assert together[0][0] > together[0][1]
    assert together[1][1] > together[1][0]
    for target, found in zip((one, other), together):
        alone = classifier.margins(frame, [target], [candidates])[0]
        torch.testing.assert_close(found, alone, atol=1e-4, rtol=1e-4)


def test_targets_may_have_different_numbers_of_candidates(make, frame):
    classifier = make()
    targets = [classifier.start(frame, box, 0) for box in (HERE, THERE)]
    found = classifier.margins(frame, targets, [rows(HERE), rows(THERE, *ELSEWHERE)])
    assert [len(scores) for scores in found] == [1, 3]
    alone = classifier.margins(frame, targets[:1], [rows(HERE)])[0]
    torch.testing.assert_close(found[0], alone, atol=1e-4, rtol=1e-4)


def track(classifier, frame, frames=9, seed=0, target=None):
    """What a tracker does in each frame, on a scene that stands still."""
    target = target or classifier.start(frame, HERE, seed)
    for _ in range(frames):
        classifier.advance([target])
        classifier.margins(frame, [target], [rows(HERE)])
        classifier.remember(frame, [target], [HERE])
        classifier.learn([target])
    return target


@pytest.mark.parametrize('values', [{}, {'grid': 7}, {'iterations_per_frame': 2}])
def test_a_seed_determines_everything(make, frame, values):
    one, again, other = (track(make(**values), frame, seed=seed) for seed in (0, 0, 1))
    assert same(one.head, again.head)
    assert not same(one.head, other.head)


def test_an_update_changes_the_head_and_keeps_it_right(make, frame):
    classifier = make()
    target = classifier.start(frame, HERE, 0)
    before = target.head
    track(classifier, frame, 2, target=target)
    assert not same(before, target.head)
    inside, *outside = classifier.margins(frame, [target], [rows(HERE, *ELSEWHERE)])[0].tolist()
    assert inside > 0 > max(outside)


def test_one_lesson_ends_the_same_at_once_or_in_slices(make, frame):
    heads = []
    for slices in (0, 1, 4):
        classifier = make(iterations_per_frame=slices)
        target = classifier.start(frame, HERE, 0)
        classifier.remember(frame, [target], [HERE])
        old = target.head
        classifier.learn([target])
        while target.learning:
            assert target.head is old
            # Samples of the frames in between are for the next lesson.
            classifier.remember(frame, [target], [THERE])
            classifier.learn([target])
            classifier.advance([target])
        heads.append(target.head)
    assert same(heads[0], heads[1])
    assert same(heads[0], heads[2])


def test_a_longer_lesson_of_new_settings_is_dealt_the_same_samples_to_its_end(make, frame):
    def learned(begun_with):
        target = make(**begun_with).start(frame, HERE, 0)
        classifier = make(update_iterations=24, iterations_per_frame=1)
        for _ in range(6):
            classifier.remember(frame, [target], [HERE])
        classifier.learn([target])
        while target.learning:
            classifier.remember(frame, [target], [THERE])
            classifier.advance([target])
        return target.head

    at_once, long_before = {}, {'update_iterations': 24, 'iterations_per_frame': 1}
    assert same(learned(at_once), learned(long_before))


def test_targets_learn_together_as_they_do_alone(make, frame):
    def learned(*boxes):
        classifier = make()
        targets = [classifier.start(frame, box, seed) for seed, box in enumerate(boxes)]
        classifier.remember(frame, targets, boxes)
        classifier.learn(targets)
        return targets

    together, alone = learned(HERE, THERE), learned(HERE)
    for a, b in zip(together[0].head.tensors, alone[0].head.tensors):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)


def test_a_target_that_joins_a_lesson_may_be_dropped(make, frame):
    classifier = make(iterations_per_frame=3)
    one, other = classifier.start(frame, HERE, 0), classifier.start(frame, THERE, 1)
    before = other.head
    classifier.learn([one, other])
    classifier.advance([other])
    classifier.advance([other])
    assert not other.learning
    assert not same(before, other.head)


def test_a_short_term_update_learns_from_the_newest_positives(make, frame):
    heads = []
    for short in (False, True):
        classifier = make()
        target = classifier.start(frame, HERE, 0)
        for _ in range(4):
            classifier.remember(frame, [target], [HERE])
        classifier.learn([target], short)
        heads.append(target.head)
    assert not same(*heads)


def test_memory_is_bounded(make, frame):
    classifier = make(grid=7)
    target = classifier.start(frame, HERE, 0)
    size = [m.nbytes for m in (target.positives, target.negatives)]
    for _ in range(40):
        classifier.remember(frame, [target], [HERE])
    assert [m.nbytes for m in (target.positives, target.negatives)] == size
    assert len(target.positives.rows()) == 5 * 8
    assert len(target.negatives.rows()) <= 3 * 12


def test_a_head_that_broke_is_reported_and_not_used(make, frame):
    classifier = make()
    well, broken = classifier.start(frame, HERE, 0), classifier.start(frame, THERE, 1)
    before = broken.head
    broken.positives.features.fill_(float('nan'))
    classifier.learn([well, broken])
    assert (well.healthy, broken.healthy) == (True, False)
    assert broken.head is before
    assert not broken.learning


def test_a_broken_target_is_rebuilt_from_what_it_remembers(make, frame):
    classifier = make()
    target = track(classifier, frame, 2)
    kept = target.positives.features.clone()
    target.positives.features.fill_(float('nan'))
    classifier.learn([target])
    assert not target.healthy
    target.positives.features.copy_(kept)
    classifier.rebuild(target)
    assert target.healthy
    inside, *outside = classifier.margins(frame, [target], [rows(HERE, *ELSEWHERE)])[0].tolist()
    assert inside > 0 > max(outside)


@pytest.fixture
def spoil(monkeypatch):
    """Makes every n-th sample NaN; 0 makes all of them sound again."""
    sound = {name: getattr(classifier_module, name) for name in FEATURES}

    def spoil(every):
        def spoilt(name):
            def features(*arguments):
                found = sound[name](*arguments)
                if every:
                    found[..., ::every, 0] = float('nan')
                return found

            return features

        for name in FEATURES:
            monkeypatch.setattr(classifier_module, name, spoilt(name))

    return spoil


@pytest.mark.parametrize('values', [{}, {'grid': 7}])
def test_samples_that_are_not_finite_spoil_no_lesson(make, frame, spoil, values):
    classifier = make(**values)
    spoil(3)
    target = classifier.start(frame, HERE, 0)
    assert target.healthy
    before = target.head
    track(classifier, frame, 1, target=target)
    assert target.healthy
    assert not same(before, target.head)
    spoil(0)
    classifier.rebuild(target)
    assert track(classifier, frame, 2, target=target).healthy
    inside, *outside = classifier.margins(frame, [target], [rows(HERE, *ELSEWHERE)])[0].tolist()
    assert inside > 0 > max(outside)


def test_a_first_frame_without_finite_samples_is_reported(make, frame, spoil):
    classifier = make()
    spoil(1)
    target = classifier.start(frame, HERE, 0)
    assert not target.healthy
    assert target.head.finite().all()
    spoil(0)
    classifier.remember(frame, [target], [HERE])
    classifier.rebuild(target)
    assert target.healthy
    assert classifier.margins(frame, [target], [rows(HERE)])[0] > 0


def test_targets_without_samples_are_passed_over(make, frame):
    classifier = make()
    target = classifier.start(frame, HERE, 0)
    empty = classifier.start(frame, THERE, 1)
    empty.negatives._pushed = 0
    before = empty.head
    classifier.learn([target, empty])
    assert empty.head is before
    classifier.learn([empty])


def test_targets_whose_frames_gave_no_samples_are_passed_over(make, frame):
    classifier = make()
    target = classifier.start(frame, HERE, 0)
    empty = classifier.start(frame, THERE, 1)
    none = torch.empty(0, classifier.network.dimension)
    # Each of them a frame, all without a sample.
    for _ in range(3):
        empty.negatives.push(none)
    before = target.head, empty.head
    classifier.learn([empty])
    classifier.learn([target, empty])
    assert target.head is not before[0]
    assert empty.head is before[1]
    assert not empty.learning


def test_the_rest_of_a_program_may_record_gradients(make, frame):
    # What a target holds was made in inference mode; using it outside must not fail.
    target = make().start(frame, HERE, 0)
    assert target.head.finite().all()
    assert not any(t.requires_grad for t in target.head.tensors)


def test_an_even_grid_is_refused():
    with pytest.raises(UserError, match='grid is 8: expected 0 or an odd number'):
        ClassifierSettings(grid=8)


@pytest.mark.parametrize(
    ('grid', 'bound', 'least'), [(1, 0.3, '1.00'), (3, 0.3, '0.45'), (5, 0.1, '0.20')]
)
def test_a_grid_that_holds_no_background_is_refused(grid, bound, least):
    with pytest.raises(UserError, match=f'grid is {grid}: .* {least} or more, .* allows {bound}:'):
        ClassifierSettings(grid=grid, update_negative_overlap=bound)


@pytest.mark.parametrize(('grid', 'bound'), [(3, 0.45), (5, 0.2), (9, 0.1), (11, 0.0), (1, 1.0)])
def test_a_grid_that_holds_background_is_taken(grid, bound):
    assert ClassifierSettings(grid=grid, update_negative_overlap=bound).grid == grid
