# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch

from siam_tracker_ros.trackers.locate import peak_to_sidelobe
from siam_tracker_ros.trackers.peaks import find_peaks, list_peaks

CELLS = 17


def logit(p):
    return math.log(p / (1 - p))


def bump(x, y, height, spread=1.2):
    """A map of probabilities with its peak at column x and line y."""
    index = torch.arange(CELLS, dtype=torch.float64)
    squares = (index[:, None] - y) ** 2 + (index[None] - x) ** 2
    return height * torch.exp(-squares / (2 * spread**2))


def drawn(*bumps):
    """Logits of the highest of some bumps, over a low ground."""
    height = torch.stack([torch.full((CELLS, CELLS), 1e-4, dtype=torch.float64), *bumps])
    return torch.logit(height.amax(dim=0)).float()[None]


def places(maps, ratio=0.75, count=5, radius=2.0, upsampling=16):
    """Columns, lines and ratios of what was found on the first map."""
    peaks = find_peaks(maps, ratio, count, radius, upsampling)
    found = peaks.found[0]
    return np.stack(
        [part[0][found].numpy() for part in (peaks.columns, peaks.lines, peaks.ratios)], axis=1
    )


def test_all_peaks_from_a_ratio_on_falling():
    maps = drawn(bump(4, 5, 0.9), bump(12, 3, 0.8), bump(8, 13, 0.6))
    found = places(maps)
    np.testing.assert_allclose(found[:, :2], [[4, 5], [12, 3]], atol=0.1)
    np.testing.assert_allclose(found[:, 2], [1.0, 0.8 / 0.9], atol=0.01)
    np.testing.assert_allclose(places(maps, ratio=0.6)[2], [8, 13, 0.6 / 0.9], atol=0.1)
    assert len(places(maps, ratio=0.95)) == 1


def test_the_ratio_itself_counts():
    maps = torch.full((1, CELLS, CELLS), -9.0)
    maps[0, 3, 3], maps[0, 12, 12] = logit(0.8), logit(0.6)
    share = float(maps[0, 12, 12].sigmoid() / maps[0, 3, 3].sigmoid())
    assert len(places(maps, ratio=share, upsampling=1)) == 2
    assert len(places(maps, ratio=share + 1e-5, upsampling=1)) == 1


def test_no_more_than_are_asked_for():
    maps = drawn(bump(3, 3, 0.9), bump(13, 3, 0.89), bump(3, 13, 0.88), bump(13, 13, 0.87))
    found = places(maps, count=3)
    np.testing.assert_allclose(found[:, :2], [[3, 3], [13, 3], [3, 13]], atol=0.1)


def test_of_two_that_are_near_the_higher_one_stays():
    maps = drawn(bump(7, 8, 0.8, 0.8), bump(10, 8, 0.9, 0.8))
    np.testing.assert_allclose(places(maps, radius=3.5)[:, :2], [[10, 8]], atol=0.1)
    assert len(places(maps, radius=2.5)) == 2


@pytest.mark.parametrize('place', [(0, 0), (16, 0), (0, 9), (7, 16), (16, 16)])
def test_peaks_on_the_border_and_in_the_corner(place):
    found = places(drawn(bump(*place, 0.9)))
    np.testing.assert_array_equal(found[:, :2], [place])


def test_a_plateau_is_one_peak_where_it_is_nearest_to_the_middle():
    maps = torch.full((1, CELLS, CELLS), -9.0)
    maps[0, 2:6, 3:15] = 2.0
    np.testing.assert_array_equal(places(maps, upsampling=1)[:, :2], [[8, 5]])


@pytest.mark.parametrize('value', [-50.0, -3.0, 0.0, 3.0, 50.0])
@pytest.mark.parametrize('upsampling', [1, 4, 16])
def test_without_structure_the_middle_is_the_only_peak(value, upsampling):
    maps = torch.full((1, CELLS, CELLS), value)
    np.testing.assert_array_equal(places(maps, upsampling=upsampling), [[8, 8, 1]])


def test_a_map_of_negative_logits_has_peaks_like_any_other():
    maps = drawn(bump(4, 5, 0.02), bump(12, 3, 0.018))
    assert float(maps.amax()) < 0
    found = places(maps)
    np.testing.assert_allclose(found[:, :2], [[4, 5], [12, 3]], atol=0.1)
    np.testing.assert_allclose(found[1, 2], 0.9, atol=0.02)


@pytest.mark.parametrize('upsampling', [1, 3, 16])
def test_the_middle_is_exactly_the_middle(upsampling):
    assert places(drawn(bump(8, 8, 0.9)), upsampling=upsampling)[0, :2].tolist() == [8, 8]


def test_heights_are_probabilities():
    peaks = find_peaks(drawn(bump(5, 6, 0.7)), 0.75, 3, 2.0, 16)
    assert float(peaks.heights[0, 0]) == pytest.approx(0.7, abs=1e-3)
    assert peaks.found.tolist() == [[True, False, False]]


def test_maps_do_not_see_each_other():
    single = [drawn(bump(4, 5, 0.9), bump(12, 3, 0.8)), drawn(bump(8, 13, 0.3))]
    together = find_peaks(torch.cat(single), 0.75, 4, 2.0, 16)
    for row, maps in enumerate(single):
        alone = find_peaks(maps, 0.75, 4, 2.0, 16)
        for one, other in zip(together, alone):
            found = alone.found[0]
            assert torch.equal(one[row][found], other[0][found])
        assert torch.equal(together.found[row], alone.found[0])


def test_a_nan_is_carried_to_the_height():
    maps = drawn(bump(8, 13, 0.3)).repeat(2, 1, 1)
    maps[1, 0, 0] = math.nan
    heights = find_peaks(maps, 0.75, 2, 2.0, 16).heights[:, 0]
    assert heights.isnan().tolist() == [False, True]


def test_a_list_has_the_peaks_that_there_are_with_their_logits_and_sharpness():
    maps = torch.cat([drawn(bump(4, 5, 0.9), bump(12, 3, 0.8)), drawn(bump(8, 13, 0.3))])
    first, second = list_peaks(maps, 0.75, 4, 2.0, 1)
    assert [(p.column, p.line) for p in first] == [(4, 5), (12, 3)]
    assert [p.logit for p in first] == pytest.approx([logit(0.9), logit(0.8)], abs=1e-3)
    assert [p.ratio for p in first] == pytest.approx([1.0, 0.8 / 0.9], abs=1e-3)
    place = [torch.tensor([v]) for v in (3.0, 12.0, logit(0.8))]
    sharpness = float(peak_to_sidelobe(maps[:1], *place))
    assert first[1].sharpness == pytest.approx(sharpness, rel=1e-3)
    assert [(p.column, p.line) for p in second] == [(8, 13)]


def test_a_list_of_a_spoilt_map_has_one_peak_that_says_so():
    maps = drawn(bump(8, 13, 0.3)).repeat(2, 1, 1)
    maps[1, 0, 0] = math.nan
    clean, (spoilt,) = list_peaks(maps, 0.75, 3, 2.0, 16)
    assert len(clean) == 1
    assert math.isfinite(clean[0].logit)
    assert math.isnan(spoilt.logit)
