# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import socket
import sys

import numpy as np
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation import cluster as cluster_module
from siam_tracker_ros.evaluation.cluster import require_ray
from siam_tracker_ros.evaluation.entrants import parse_entrants
from siam_tracker_ros.evaluation.protocols.one_pass import OnePass
from siam_tracker_ros.evaluation.runner import evaluate
from siam_tracker_ros.evaluation.traces import Trace, read_trace
from siam_tracker_ros.evaluation.units import Outcome, Unit


@pytest.fixture(scope='module')
def cluster():
    """Address of two machines of one core each, both of them this one."""
    ray = pytest.importorskip('ray', reason='ray is not installed')
    require_ray()
    from ray.cluster_utils import Cluster

    quiet = {'num_cpus': 1, 'include_dashboard': False}
    made = Cluster(initialize_head=True, head_node_args=quiet)
    made.add_node(num_cpus=1)
    yield made.address
    ray.shutdown()
    made.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_cluster_of_two_finds_what_one_process_does(
    cluster, benchmark, small_weights, tmp_path
):
    entrants = parse_entrants([f'siamfc={small_weights}', 'mil'])
    options = {'experiments': ['ope'], 'repeat': 2, 'progress': False}
    evaluate(benchmark, entrants, out=tmp_path / 'one', **options)
    results = evaluate(benchmark, entrants, out=tmp_path / 'two', ray=cluster, **options)
    assert results.missing == {}
    assert 'speed' not in [analysis.name for analysis in results.sections[0].analyses]
    files = [path.relative_to(tmp_path / 'one') for path in (tmp_path / 'one').rglob('*.csv')]
    assert len(files) == 2 + 2 * 2
    for file in files:
        one, two = (read_trace(tmp_path / name / file) for name in ('one', 'two'))
        for part in ('boxes', 'scores', 'states', 'events'):
            np.testing.assert_array_equal(getattr(one, part), getattr(two, part))


@pytest.mark.slow
def test_a_cluster_that_is_too_small_is_refused(cluster, benchmark, tmp_path):
    entrants = parse_entrants(['mil'], threads=3)
    with pytest.raises(UserError, match=r'no machine of the ray cluster .* has 3 core\(s\)'):
        evaluate(benchmark, entrants, ['ope'], tmp_path, ray=cluster, progress=False)


class Dying:
    """A worker whose process dies over its first `deaths` units; it counts them in a list."""

    def __init__(self, given, deaths):
        self.given, self.deaths = given, deaths
        self.pipe = self

    def give(self, unit):
        self.given.append(unit)

    def recv(self):
        if len(self.given) <= self.deaths:
            raise EOFError
        return Outcome(Trace.empty(6))

    def bury(self):
        return 'exit status 1'


@pytest.mark.parametrize(
    ('deaths', 'reason'), [(0, ''), (1, ''), (2, 'its process died (exit status 1) 2 times')]
)
def test_a_pass_whose_process_dies_is_tried_once_more(benchmark, monkeypatch, deaths, reason):
    unit = Unit(parse_entrants(['mil'])[0], OnePass(), benchmark[0])
    given = []
    monkeypatch.setattr(cluster_module, 'Worker', lambda seed: Dying(given, deaths))
    cluster_module._worker.cache_clear()
    try:
        outcome = cluster_module._attempt(unit, 0)
    finally:
        cluster_module._worker.cache_clear()
    assert outcome.reason.endswith(reason)
    assert (outcome.trace is None) == bool(reason)
    assert len(given) == min(deaths + 1, 2)


def test_other_cards_are_for_another_process(benchmark, monkeypatch):
    """ray lends its processes other graphics cards for each unit; one that ran keeps its own."""
    unit = Unit(parse_entrants(['mil'])[0], OnePass(), benchmark[0])
    made = []

    def make(seed):
        made.append([])
        return Dying(made[-1], 0)

    monkeypatch.setattr(cluster_module, 'Worker', make)
    cluster_module._worker.cache_clear()
    try:
        for cards in ('0', '0', '1'):
            monkeypatch.setenv('CUDA_VISIBLE_DEVICES', cards)
            cluster_module._attempt(unit, 0)
    finally:
        cluster_module._worker.cache_clear()
    assert [len(given) for given in made] == [2, 1]


def test_an_address_that_nobody_answers_at_is_one_sentence_at_once(benchmark, tmp_path):
    pytest.importorskip('ray', reason='ray is not installed')
    with socket.socket() as taken:
        # Bound but not listening: nobody else can take the port.
        taken.bind(('127.0.0.1', 0))
        address = f'127.0.0.1:{taken.getsockname()[1]}'
        with pytest.raises(UserError) as caught:
            evaluate(
                benchmark, parse_entrants(['mil']), ['ope'], tmp_path, ray=address, progress=False
            )
    assert str(caught.value).startswith(f'no ray cluster answers at {address!r} (')
    assert 'refused' in str(caught.value)


def test_ray_that_is_not_installed_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(UserError, match=r"pip install '\.\[ray\]'"):
        require_ray()
