# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.classification import ClassificationNetwork, Head
from siam_tracker_ros.online.learner import LearnerSettings, Lesson, Samples
from siam_tracker_ros.online.samples import SampleMemory
from siam_tracker_ros.online.schedule import AtOnce, Sliced, make_schedule

CPU = torch.device('cpu')
SMALL = LearnerSettings(batch_positives=8, batch_negatives=12, negative_candidates=40)
RATE = 1e-3


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network():
    torch.manual_seed(2)
    return ClassificationNetwork((4, 6, 8), 16)


def pool(features, spare=0):
    memory = SampleMemory(1, len(features), features.shape[1], CPU, spare=spare)
    memory.push(features)
    return Samples(memory, memory.rows())


def two_classes(dimension, seed=0, count=60):
    """Positives and negatives that a plane separates."""
    g = generator(seed)
    direction = torch.randn(dimension, generator=g)
    noise = torch.randn(2 * count, dimension, generator=g)
    return noise[:count] + 0.5 * direction, noise[count:] - 0.5 * direction


def lesson_of(network, seeds=(0,), iterations=10, settings=SMALL, rate=RATE):
    generators = [generator(100 + seed) for seed in seeds]
    heads = [network.new_head(generator(seed)) for seed in seeds]
    classes = [two_classes(network.dimension, seed) for seed in seeds]
    return Lesson(
        Head.stack(heads),
        [pool(p) for p, _ in classes],
        [pool(n) for _, n in classes],
        generators,
        rate,
        iterations,
        settings,
    )


def same(one, other, tolerance=None):
    return all(
        torch.equal(a, b) if tolerance is None else torch.allclose(a, b, atol=tolerance)
        for a, b in zip(one.tensors, other.tensors)
    )


def test_learning_separates_two_classes(network):
    lesson = lesson_of(network, iterations=60, rate=0.03)
    # Same direction, other draws.
    g = generator(77)
    direction = torch.randn(network.dimension, generator=generator(0))
    unseen = torch.randn(1, 200, network.dimension, generator=g)
    unseen[:, :100] += 0.5 * direction
    unseen[:, 100:] -= 0.5 * direction
    lesson.advance()
    margins = lesson.head.margins(unseen)[0]
    assert float((margins[:100] > 0).float().mean()) > 0.95
    assert float((margins[100:] < 0).float().mean()) > 0.95


def test_a_seed_determines_the_head(network):
    one, again = lesson_of(network), lesson_of(network)
    other = lesson_of(network)
    other._generators[0].manual_seed(5)
    for lesson in (one, again, other):
        lesson.advance()
    assert same(one.head, again.head)
    assert not same(one.head, other.head)


def test_the_heads_that_track_are_left_alone(network):
    head = network.new_head(generator())
    before = head.row(0)
    p, n = two_classes(network.dimension)
    Lesson(head, [pool(p)], [pool(n)], [generator()], RATE, 3, SMALL).advance()
    assert same(head, before)


@pytest.mark.parametrize('dropout', [0.0, 0.5])
def test_a_batch_of_targets_learns_as_single_ones(network, dropout):
    settings = SMALL.replaced(dropout=dropout)
    together = lesson_of(network, (0, 1, 2), settings=settings)
    together.advance()
    for i in range(3):
        alone = lesson_of(network, (i,), settings=settings)
        alone.advance()
        assert same(together.head.row(i), alone.head, 1e-5)


@pytest.mark.parametrize('iterations', [1, 3, 4, 10, 99])
def test_a_lesson_in_slices_ends_in_the_same_head(network, iterations):
    whole, sliced = lesson_of(network), lesson_of(network)
    AtOnce().begin(whole)
    assert whole.done
    schedule = Sliced(iterations, 10)
    schedule.begin(sliced)
    frames = 1
    while not schedule.advance(sliced):
        frames += 1
    assert frames == schedule.frames == -(-10 // iterations)
    assert same(whole.head, sliced.head)


def test_what_happens_between_slices_changes_nothing(network):
    whole = lesson_of(network)
    whole.advance()

    p, n = two_classes(network.dimension)
    target = generator(100)
    positives, negatives = pool(p, spare=2), pool(n, spare=2)
    head = network.new_head(generator(0))
    sliced = Lesson(head, [positives], [negatives], [target], RATE, 10, SMALL)
    for _ in range(2):
        sliced.advance(4)
        torch.rand(50, generator=target)
        positives.memory.push(torch.zeros_like(p))
        negatives.memory.push(torch.zeros_like(n))
    sliced.advance()
    assert same(whole.head, sliced.head)


def test_rates_of_the_layers(network):
    # One step without momentum moves a layer by its rate times its gradient.
    def moved(**values):
        # Large steps, so that float32 resolves them.
        settings = SMALL.replaced(dropout=0.0, weight_decay=0.0, gradient_clip=0.0, **values)
        lesson = lesson_of(network, iterations=1, settings=settings, rate=1.0)
        before = lesson.head.row(0)
        lesson.advance()
        return [float((a - b).norm()) for a, b in zip(lesson.head.tensors, before.tensors)]

    plain = moved(last_multiplier=1.0, bias_multiplier=1.0)
    assert moved(last_multiplier=10.0, bias_multiplier=2.0) == pytest.approx(
        [m * f for m, f in zip(plain, (1, 1, 10, 2, 2, 20))], rel=1e-3
    )


def test_all_samples_are_dealt_before_any_is_dealt_again(network):
    # 60 positives, 8 an iteration: seven iterations show 56 different ones.
    lesson = lesson_of(network, iterations=20)
    rows = lesson._positives[0]._rows
    assert len(rows) == 160
    assert len(rows[:60].unique()) == 60
    assert len(rows[60:120].unique()) == 60


def test_fewer_samples_than_a_batch_are_repeated(network):
    p, n = two_classes(network.dimension, count=3)
    head = network.new_head(generator())
    lesson = Lesson(head, [pool(p)], [pool(n)], [generator()], RATE, 2, SMALL)
    lesson.advance()
    assert lesson.head.finite().all()


def test_a_lesson_that_diverges_is_found(network):
    lesson = lesson_of(network, (0, 1), settings=SMALL.replaced(gradient_clip=0.0))
    lesson._positives[1].memory.features.fill_(float('inf'))
    lesson.advance()
    assert lesson.head.finite().tolist() == [True, False]


def test_losses_fall(network):
    lesson = lesson_of(network, (0, 1), iterations=60, rate=0.03)
    lesson.advance(1)
    first = lesson.losses
    lesson.advance()
    assert (lesson.losses < 0.5 * first).all()


@pytest.mark.gpu
def test_a_lesson_beside_tracking_ends_in_the_same_head():
    if not torch.cuda.is_available():
        pytest.skip('no CUDA device')
    device = torch.device('cuda')
    heads = []
    for iterations in (0, 1):
        torch.manual_seed(2)
        network = ClassificationNetwork((4, 6, 8), 16).to(device)
        p, n = (c.to(device) for c in two_classes(network.dimension))
        pools = []
        for features in (p, n):
            memory = SampleMemory(1, 60, network.dimension, device)
            memory.push(features)
            pools.append(Samples(memory, memory.rows()))
        head = network.new_head(generator())
        lesson = Lesson(head, pools[:1], pools[1:], [generator(100)], RATE, 10, SMALL)
        schedule = make_schedule(device, iterations, 10)
        done = schedule.begin(lesson)
        assert done == (iterations == 0)
        while not done:
            done = schedule.advance(lesson)
        heads.append(lesson.head)
    assert same(*heads, 1e-5)


def test_the_schedule_of_a_device():
    assert isinstance(make_schedule(CPU, 0, 10), AtOnce)
    sliced = make_schedule(CPU, 3, 10)
    assert isinstance(sliced, Sliced)
    assert (sliced.iterations, sliced.frames) == (3, 4)
