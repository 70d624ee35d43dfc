# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import FrozenInstanceError, dataclass, replace
import math

from hypothesis import given
from hypothesis import strategies as st
import pytest

from siam_tracker_ros import trackers
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.settings import Settings, describe, setting, varied
from siam_tracker_ros.training.mining import MiningSettings
from siam_tracker_ros.training.recipes import RECIPES
from siam_tracker_ros.training.run_settings import RunSettings


@dataclass(frozen=True)
class Example(Settings):
    count: int = setting(3, 'how many', unit='px', low=1, high=9)
    share: float = setting(0.5, 'how much', low=0.0)
    ceiling: float = setting(0.0, 'how little', high=1.0)
    word: str = setting('a', 'which', choices=('a', 'b'))
    free: str = setting('', 'anything')
    flag: bool = setting(False, 'whether', dynamic=True)

    def check_together(self):
        if self.flag and self.word == 'b':
            raise UserError('word is b: expected a where flag is set')


TABLES = [
    *(trackers.settings_class(name) for name in trackers.names()),
    *dict.fromkeys(recipe.learning for recipe in RECIPES.values()),
    *dict.fromkeys(recipe.scenes for recipe in RECIPES.values()),
    MiningSettings,
    RunSettings,
]


@pytest.mark.parametrize(
    ('values', 'sentence'),
    [
        ({'count': 0}, r'^count is 0: expected a whole number from 1 to 9 \(px\)$'),
        ({'count': 10}, r'^count is 10: expected a whole number from 1 to 9 \(px\)$'),
        ({'count': 2.0}, r'^count is 2.0 \(float\): expected a whole number'),
        ({'count': True}, r'^count is True \(bool\): expected a whole number'),
        ({'count': '3'}, r"^count is '3' \(str\): expected a whole number"),
        ({'count': None}, r'^count is None \(NoneType\)'),
        ({'share': -0.1}, r'^share is -0.1: expected a number of at least 0$'),
        ({'share': math.nan}, r'^share is nan: expected a number'),
        ({'share': math.inf}, r'^share is inf: expected a number'),
        ({'share': 10**400}, r'^share is .*: expected a number'),
        ({'share': True}, r'^share is True \(bool\): expected a number'),
        ({'ceiling': 1.5}, r'^ceiling is 1.5: expected a number of at most 1$'),
        ({'word': 'c'}, r"^word is 'c': expected one of a, b$"),
        ({'word': 1}, r'^word is 1 \(int\): expected one of a, b$'),
        ({'free': 1}, r'^free is 1 \(int\): expected a text$'),
        ({'flag': 1}, r'^flag is 1 \(int\): expected true or false$'),
        ({'flag': True, 'word': 'b'}, r'^word is b: expected a where flag is set$'),
        ({'cuont': 1}, r"^Example has no setting 'cuont': expected one of ceiling, count, flag"),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(values, sentence):
    with pytest.raises(UserError, match=sentence):
        Example.from_dict(values)


def test_bounds_are_inclusive():
    assert Example(count=1).count == 1
    assert Example(count=9).count == 9
    assert Example(ceiling=1.0).ceiling == 1.0


def test_a_whole_number_becomes_a_float():
    value = Example(share=2).share
    assert value == 2.0
    assert type(value) is float


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Example().count = 4


def test_a_changed_copy_is_checked_again():
    example = Example(flag=True)
    assert example.replaced(count=5) == Example(flag=True, count=5)
    assert example.changes() == {'flag': True}
    assert example.count == 3
    with pytest.raises(UserError, match='where flag is set'):
        example.replaced(word='b')


@given(
    st.fixed_dictionaries(
        {},
        optional={
            'count': st.integers(1, 9),
            'share': st.floats(0, 1e6),
            'ceiling': st.floats(-1e6, 1),
            'word': st.sampled_from('ab'),
            'free': st.text(),
        },
    )
)
def test_a_table_comes_back_from_its_dictionary(values):
    example = Example.from_dict(values)
    assert Example.from_dict(example.to_dict()) == example
    assert list(example.to_dict()) == ['count', 'share', 'ceiling', 'word', 'free', 'flag']


def test_a_description_holds_what_was_declared():
    info = {i.name: i for i in describe(Example)}
    assert (info['count'].kind, info['count'].default, info['count'].unit) == (int, 3, 'px')
    assert (info['count'].low, info['count'].high) == (1, 9)
    assert info['word'].choices == ('a', 'b')
    assert info['flag'].dynamic
    assert not info['count'].dynamic


@pytest.mark.parametrize('table', TABLES, ids=lambda t: t.__name__)
def test_every_setting_is_described(table):
    infos = describe(table)
    assert len({i.name for i in infos}) == len(infos) > 0
    for info in infos:
        assert info.help, info.name
        assert not info.help.endswith('.'), info.name
        # A bound of another kind would make a ROS parameter's range of another kind.
        assert info.low is None or not isinstance(info.low, str)
        if info.low is not None and info.high is not None:
            assert info.low < info.high, info.name
        assert info.check(info.default) == info.default


@pytest.mark.parametrize('name', trackers.names())
def test_every_setting_of_a_tracker_says_where_it_comes_from(name):
    for info in describe(trackers.settings_class(name)):
        assert info.source, info.name
        assert (
            info.kind is bool
            or info.kind is str
            or info.name.startswith('confidence_')
            or (info.low is not None and info.high is not None)
        ), f'{info.name} has no bounds'


def test_a_varied_field_differs_in_default_and_source_only():
    @dataclass(frozen=True)
    class Base(Settings):
        rate: float = setting(0.5, 'how fast', unit='1/s', low=0.0, high=1.0, source='a paper')

    @dataclass(frozen=True)
    class Other(Base):
        rate: float = varied(Base, 'rate', 0.25, 'another')

    [base], [other] = describe(Base), describe(Other)
    assert replace(other, default=0.5, source='a paper') == base
    assert (other.default, other.source, Other().rate) == (0.25, 'another', 0.25)
    with pytest.raises(UserError, match='rate is 2'):
        Other(rate=2.0)
