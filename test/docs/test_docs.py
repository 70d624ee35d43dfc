# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pages agree with the code, and what they point to exists."""

from __future__ import annotations

import ast
from pathlib import Path
import re

import pytest
import yaml

from siam_tracker_ros import trackers
from siam_tracker_ros.evaluation.episodes import HORIZON, RIGHT
from siam_tracker_ros.evaluation.lost import LostSignal
from siam_tracker_ros.evaluation.reliability import BINS
from siam_tracker_ros.node.statistics import DROPS, REPLACED, Counts
from siam_tracker_ros.settings import Settings, describe, setting

ROOT = Path(__file__).resolve().parents[2]
TOP = [ROOT / f'{name}.md' for name in ('README', 'CONTRIBUTING', 'SECURITY')]
PAGES = [*TOP, *sorted((ROOT / 'docs').rglob('*.md'))]


def test_tables_are_up_to_date(update_docs, capsys):
    assert update_docs.main(['--check']) == 0, capsys.readouterr().out


def test_every_setting_of_every_tracker_stands_in_its_page():
    for name in trackers.names():
        page = (ROOT / f'docs/trackers/{name}.md').read_text()
        for info in describe(trackers.settings_class(name)):
            assert f'| `{name}.{info.name}` |' in page


def test_a_stale_table_is_found_and_mended(update_docs):
    text = 'before\n<!-- table: t -->\nold\n<!-- end -->\nafter\n'
    new = update_docs.updated(text, {'t': lambda: 'new\n'})
    assert new == 'before\n<!-- table: t -->\nnew\n<!-- end -->\nafter\n'
    assert update_docs.updated(new, {'t': lambda: 'new\n'}) == new


def test_an_unknown_table_is_an_error(update_docs):
    with pytest.raises(KeyError, match='nothing'):
        update_docs.updated('<!-- table: nothing -->\n<!-- end -->', {})


def test_settings_table_shows_default_range_and_source(update_docs):
    class Example(Settings):
        pass

    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Table(Example):
        gate: bool = setting(True, 'a switch')
        rate: float = setting(
            0.5, 'a|b', unit='s', low=0.0, high=1.0, symbol='r', source='Eq. 3', dynamic=True
        )

    lines = update_docs.settings_table(Table, 'x.').splitlines()
    assert lines[2] == '| `x.gate` | `true` | true or false | a switch |  | no |'
    assert lines[3] == '| `x.rate` | `0.5` | a number from 0 to 1 (s) | a\\|b (r) | Eq. 3 | yes |'


def test_lost_page_words_the_constants_of_the_measures():
    page = ' '.join((ROOT / 'docs/lost.md').read_text().split())
    assert f'(IoU; with the polygon where there is one) is above {RIGHT}' in page
    assert f'the tracker has {HORIZON} frames to be back' in page
    assert BINS == 10
    assert 'sorted into ten bins of equal width' in page
    for measure in LostSignal.measures:
        assert f'| `{measure.name}` |' in page


def test_a_card_has_seed_and_time_and_no_folders_of_ours(update_docs):
    facts = update_docs.training_facts({
        'command': 'c', 'data': ['/home/me'], 'licence': 'l', 'minutes_of_last_session': 53.7,
        'fit': {'seed': 0, 'steps': 2600, 'batch': 16, 'clip': 5.0}, 'scenes': {'shift': 40.0},
    })
    assert facts == {'batch': 16, 'minutes of last session': 53.7, 'seed': 0, 'steps': 2600}


def test_a_card_of_joined_weights_has_the_facts_of_its_parts(update_docs):
    facts = update_docs.training_facts({
        'command': 'c', 'data': ['/home/me'], 'finished': 'today', 'fitted_frames': 7200,
        'matching': {'fit': {'steps': 2600, 'clip': 5.0}, 'shots': 9, 'scenes': {'shift': 40.0}},
        'classification': {'fit': {'steps': 1600}, 'domains': 7},
    })
    assert facts == {
        'finished': 'today', 'fitted frames': 7200,
        'classification: domains': 7, 'classification: steps': 1600,
        'matching: shots': 9, 'matching: steps': 2600,
    }  # fmt: skip


def test_every_reason_for_an_update_stands_in_the_nodes_page():
    page = (ROOT / 'docs/node.md').read_text()
    found = 0
    for file in ('trackers/csn/tracker.py', 'online/gate.py'):
        for node in ast.walk(ast.parse((ROOT / 'siam_tracker_ros' / file).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'Decision':
                reason = node.args[1]
                parts = reason.values if isinstance(reason, ast.JoinedStr) else [reason]
                for part in parts:
                    if isinstance(part, ast.Constant):
                        found += 1
                        assert part.value.strip() in page, part.value
    assert found > 8


def test_every_reason_for_a_drop_is_explained():
    used = {REPLACED, 'deactivated'}
    for path in (ROOT / 'siam_tracker_ros/node').glob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, 'func', None), 'id', '')
            if name == 'MalformedImage':
                used.add(node.args[0].value)
            if isinstance(node, ast.FunctionDef) and node.name == '_reason':
                used |= {c.value for c in ast.walk(node) if isinstance(c, ast.Constant)
                         and re.fullmatch(r'[a-z_]+', str(c.value))}
    assert used == set(DROPS)


def test_every_value_of_the_diagnostics_stands_in_the_nodes_page():
    pytest.importorskip('diagnostic_msgs', reason='comes with ROS')
    from siam_tracker_ros.node.diagnostics import Health
    from siam_tracker_ros.node.frame_buffer import Extent

    page = (ROOT / 'docs/node.md').read_text()
    for key in Health().values(Counts(), Extent(), 0.0):
        assert f'`{key}`' in page


def test_a_message_is_explained_by_its_comments(update_docs, tmp_path, monkeypatch):
    tables = update_docs.message_tables
    monkeypatch.setattr(tables, 'MESSAGES', tmp_path)
    (tmp_path / 'M.msg').write_text(
        '# The whole.\n\n# None.\nuint8 NONE=0\n# One.\nuint8 ONE=1\n\n# Both sides,\n# pixels.\n'
        'float64 w\nfloat64 h\n# A name.\nstring id\n'
    )
    assert tables.constants_table('M').splitlines()[2:] == [
        '| `NONE` | 0 | None. |', '| `ONE` | 1 | One. |']
    assert tables.fields_table('M').splitlines()[2:] == [
        '| `float64 w`, `float64 h` | Both sides, pixels. |', '| `string id` | A name. |']


@pytest.mark.parametrize('page', PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page):
    for target in re.findall(r'\]\(([^)#\s]+)[^)]*\)', page.read_text()):
        if not re.match(r'[a-z]+:', target):
            assert (page.parent / target).exists(), target


def test_every_page_is_in_the_menu():
    def leaves(node):
        if isinstance(node, str):
            return [node]
        values = node.values() if isinstance(node, dict) else node
        return [leaf for value in values for leaf in leaves(value)]

    menu = leaves(yaml.safe_load((ROOT / 'mkdocs.yml').read_text())['nav'])
    pages = [str(path.relative_to(ROOT / 'docs')) for path in (ROOT / 'docs').rglob('*.md')]
    assert sorted(menu) == sorted(pages)


def test_pictures_are_small():
    for picture in (ROOT / 'docs/images').iterdir():
        assert picture.stat().st_size < 300_000
