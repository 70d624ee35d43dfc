# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
import json

import pytest

from siam_tracker_ros.evaluation.experiments import EXPERIMENTS
from siam_tracker_ros.evaluation.results import Results, Section
from siam_tracker_ros.evaluation.speed import Speed
from siam_tracker_ros.evaluation.summary import Summary
from siam_tracker_ros.evaluation.tables import as_json, markdown

NAN = float('nan')


def section(name, with_speed=False):
    """Figures that tell where they come from: 0.5 for one tracker, 0.25 for the other."""
    experiment = EXPERIMENTS[name]
    analyses = experiment.analyses + ((Speed(),) if with_speed else ())

    def summaries(value):
        return {
            analysis.name: Summary(
                {measure.name: value for measure in analysis.measures},
                {'car': {analysis.measures[0].name: value}},
            )
            for analysis in analyses
        }

    found = {'worse': summaries(0.25), 'better': summaries(0.5)}
    found['better']['lost'] = Summary(
        {measure.name: NAN for measure in analyses[-1 - with_speed].measures}
    )
    spreads = {'worse': {a.name: {m.name: 0.0625 for m in a.measures} for a in analyses}}
    return Section(name, experiment.title, analyses, {}, found, spreads)


@pytest.fixture
def results():
    return Results('folder', {'cpu': 'x'}, (), ('worse', 'better'), {}, (section('ope'),))


def test_the_best_is_on_top_and_what_is_not_defined_is_a_dash(results):
    assert markdown(results) == (
        '| tracker | AUC | P20 | AO | AUROC |\n'
        '| --- | ---: | ---: | ---: | ---: |\n'
        '| better | 0.500 | 0.500 | 0.500 | - |\n'
        '| worse | 0.250 ± 0.062 | 0.250 ± 0.062 | 0.250 ± 0.062 | 0.250 ± 0.062 |\n'
    )


def test_the_same_measure_of_two_experiments_is_told_apart(results):
    sections = (section('ope'), section('tre'))
    head = markdown(replace(results, sections=sections)).splitlines()[0]
    assert head == '| tracker | AUC (ope) | P20 (ope) | AO | AUROC | AUC (tre) | P20 (tre) |'


def test_speed_comes_from_the_cost_and_else_from_the_traces(results):
    timed = replace(results, sections=(section('ope', with_speed=True),))
    lines = markdown(timed).splitlines()
    assert lines[0].endswith('| AUROC | fps | p99 (ms) |')
    assert lines[2].endswith('| - | 0 | 0.5 |')
    costs = {'better': {'fps': 41.7, 'p99': 30.04}}
    lines = markdown(replace(timed, costs=costs)).splitlines()
    assert lines[0].endswith('| AUROC | fps | p99 (ms) |')
    assert lines[2].endswith('| - | 42 | 30.0 |')
    assert lines[3].endswith('| 0.250 ± 0.062 | - | - |')


def test_json_has_all_figures_and_no_nan(results):
    results = replace(results, missing={'gone': 'why'}, costs={'better': {'fps': NAN}})
    found = json.loads(json.dumps(as_json(results), allow_nan=False))
    ope = found['experiments']['ope']
    assert ope['ranking'] == ['better', 'worse']
    assert ope['trackers']['better']['success']['overall']['auc'] == 0.5
    assert ope['trackers']['better']['success']['sequences'] == {'car': {'auc': 0.5}}
    assert ope['trackers']['better']['lost']['overall']['recovery'] is None
    assert ope['spreads']['worse']['success']['auc'] == 0.0625
    assert found['missing'] == {'gone': 'why'}
    assert found['costs'] == {'better': {'fps': None}}
