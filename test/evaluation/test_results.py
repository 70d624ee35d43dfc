# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from siam_tracker_ros.evaluation.results import Section
from siam_tracker_ros.evaluation.summary import Analysis, Measure, Summary


class Length(Analysis):
    name = 'length'
    title = 'Length'

    def __init__(self, best):
        self.measures = (Measure('mean', 'Mean', 'Mean length.', best=best),)

    def summarise(self, sequences, passes):
        raise AssertionError('the summaries are given')


@pytest.mark.parametrize(
    ('best', 'order'), [('high', ['c', 'a', 'b', 'd']), ('low', ['b', 'a', 'c', 'd'])]
)
def test_the_first_measure_ranks_and_nan_comes_last(best, order):
    values = {'a': 2.0, 'd': float('nan'), 'b': 1.0, 'c': 3.0}
    summaries = {name: {'length': Summary({'mean': value})} for name, value in values.items()}
    section = Section('ope', 'One pass', (Length(best),), {}, summaries)
    assert section.ranking() == order
