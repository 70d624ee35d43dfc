# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.trackers.locate import (
    cosine_window,
    hann,
    locate,
    located,
    peak_to_sidelobe,
)

CPU = torch.device('cpu')
ONE = torch.ones(1)
THREE = torch.tensor([0.9745, 1.0, 0.9745])


def bump(cells, x, y, height=10.0, spread=2.0):
    """A (cells, cells) map with its peak at column x and row y."""
    index = torch.arange(cells, dtype=torch.float64)
    column, row = (index - x) ** 2, (index - y) ** 2
    return (height * torch.exp(-(row[:, None] + column[None]) / (2 * spread**2))).float()


def find(maps, penalty=ONE, influence=0.0, upsampling=16):
    """Scale, column, row, peak and sharpness of the first target."""
    return locate(maps, penalty, influence, upsampling)[0].tolist()


@pytest.mark.parametrize('upsampling', [1, 3, 4, 10, 16])
@pytest.mark.parametrize(
    ('x', 'y'), [(8.0, 8.0), (5.3, 9.7), (3.01, 12.5), (10.75, 4.125), (7.5, 7.5), (1.9, 14.2)]
)
def test_peaks_between_cells(x, y, upsampling):
    _, column, row, _, _ = find(bump(17, x, y)[None, None], upsampling=upsampling)
    # Bicubic interpolation moves the peak of a bump of this width by up to 0.06 cells.
    assert abs(column - x) <= 1 / upsampling + 0.06
    assert abs(row - y) <= 1 / upsampling + 0.06


@pytest.mark.parametrize('influence', [0.0, 0.176])
@pytest.mark.parametrize('upsampling', [1, 2, 3, 7, 10, 16, 32])
@pytest.mark.parametrize('cells', [3, 5, 15, 17, 49])
def test_the_middle_is_exactly_the_middle(cells, upsampling, influence):
    middle = (cells - 1) / 2
    _, column, row, peak, _ = find(
        bump(cells, middle, middle)[None, None], ONE, influence, upsampling
    )
    assert (column, row) == (middle, middle)
    assert peak == pytest.approx(10.0, rel=1e-5)


@pytest.mark.parametrize('upsampling', [1, 5, 16])
def test_peaks_on_the_border_and_in_the_corner(upsampling):
    assert find(bump(17, 0, 6)[None, None], upsampling=upsampling)[1:3] == [0.0, 6.0]
    assert find(bump(17, 16, 16)[None, None], upsampling=upsampling)[1:3] == [16.0, 16.0]


def test_columns_are_x_and_rows_are_y():
    assert find(bump(17, 3, 12)[None, None])[1:3] == [3.0, 12.0]


def test_the_logit_is_that_of_the_map():
    assert find(bump(17, 6, 6)[None, None] - 25.0)[3] == pytest.approx(-15.0, abs=1e-4)


def test_the_best_scale_is_chosen():
    maps = torch.stack([bump(17, 8, 8, h) for h in (5.0, 6.0, 9.0)])[None]
    assert find(maps, THREE)[0] == 2.0
    assert find(maps.flip(1), THREE)[0] == 0.0


def test_a_tie_keeps_the_size():
    maps = bump(17, 8, 8)[None, None].expand(1, 3, 17, 17)
    assert find(maps, THREE)[0] == 1.0
    assert find(maps, torch.ones(3))[0] == 1.0


def test_a_small_gain_does_not_pay_the_penalty():
    maps = torch.stack([bump(17, 8, 8, h) for h in (10.2, 10.0, 10.2)])[None]
    assert find(maps, THREE)[0] == 1.0
    assert find(maps, torch.ones(3))[0] != 1.0


def test_a_negative_map_does_not_reward_a_change_of_scale():
    # -20 * 0.9745 is more than -20: a factor alone would change the size in every frame.
    maps = bump(17, 8, 8)[None, None].expand(1, 3, 17, 17) - 30.0
    assert find(maps, THREE)[0] == 1.0


@pytest.mark.parametrize('value', [0.0, 7.0, -7.0])
def test_a_flat_map_keeps_place_and_size(value):
    rows = find(torch.full((1, 3, 17, 17), value), THREE, 0.176)
    assert rows[:3] == [1.0, 8.0, 8.0]
    assert rows[3] == pytest.approx(value, abs=1e-5)


def test_a_plateau_is_settled_by_the_window():
    maps = torch.zeros(1, 1, 17, 17)
    maps[0, 0, 4:13, 2:11] = 1.0
    _, column, row, _, _ = find(maps, ONE, 0.176, 1)
    assert (column, row) == (8.0, 8.0)


def test_the_window_prefers_the_nearer_of_two_equal_peaks():
    maps = torch.maximum(bump(17, 8, 7, spread=1.0), bump(17, 8, 15, spread=1.0))[None, None]
    assert find(maps, ONE, 0.3)[2] == pytest.approx(7.0, abs=0.2)


@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
def test_a_spoilt_map_spoils_only_its_own_row(value):
    clean = torch.stack([bump(17, x, 9)[None] for x in (4, 8, 11)])
    spoilt = clean.clone()
    spoilt[1, 0, 3, 3] = value
    expected, found = locate(clean, ONE, 0.176, 16), locate(spoilt, ONE, 0.176, 16)
    assert torch.equal(expected[[0, 2]], found[[0, 2]])
    assert found[1, 3:].isnan().all()
    # The position is meaningless, but still an index.
    assert 0 <= found[1, 0] < 1
    assert ((found[1, 1:3] >= 0) & (found[1, 1:3] <= 16)).all()


@pytest.mark.parametrize('influence', [0.0, 0.176, 0.6, 1.0])
@pytest.mark.parametrize('penalty', [THREE, torch.tensor([0.5, 1.0, 0.5])], ids=['small', 'large'])
def test_the_position_is_where_the_logit_is_highest_without_what_the_window_takes_off(
    influence, penalty
):
    torch.manual_seed(3)
    # Steeper at the first scale, which therefore fits best, whatever the penalty.
    maps = torch.randn(4, 3, 9, 9) * torch.tensor([8.0, 1.0, 1.0]).view(1, 3, 1, 1)
    rows, pull = located(maps, penalty, influence, 1)
    assert torch.equal(rows, locate(maps, penalty, influence, 1))
    assert (pull > 0).all() == (influence > 0)
    window = torch.tensor([[hann(x, 9) * hann(y, 9) for x in range(9)] for y in range(9)])
    for row, own, scales in zip(rows, pull, maps):
        scale, column, line = map(int, row[:3])
        lowered = scales[scale] - own * (1 - window)
        assert lowered[line, column] == lowered.max()
    assert 0 in rows[:, 0]


def test_the_window_takes_off_its_share_of_the_mean_response():
    maps = torch.full((1, 1, 5, 5), -2.0)
    maps[0, 0, 1, 1] = 4.0
    # The lowest is 0: a mean of 6 / 25. The window's mean is that of its sides, squared.
    mean = sum(hann(k, 5) for k in range(5)) / 5
    _, pull = located(maps, ONE, 0.25, 1)
    assert float(pull) == pytest.approx(0.25 / 0.75 * (6 / 25) / mean**2, rel=1e-5)


def test_many_targets_equal_single_ones():
    maps = torch.randn(5, 3, 17, 17)
    together = locate(maps, THREE, 0.176, 16)
    for n in range(5):
        assert torch.equal(together[n], locate(maps[n : n + 1], THREE, 0.176, 16)[0])


@pytest.mark.parametrize('cells', [1, 3, 17, 257])
def test_cosine_window(cells):
    window = cosine_window(cells, CPU)
    assert window.shape == (cells, cells)
    assert float(window.double().sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(window.min()) > 0.0  # np.hanning has zeros at its ends
    torch.testing.assert_close(window, window.flip(0))
    torch.testing.assert_close(window, window.flip(1))
    torch.testing.assert_close(window, window.T)
    if cells > 1:
        assert int(window.argmax()) == cells * cells // 2


def test_peak_to_sidelobe_against_loops():
    maps = torch.randn(4, 11, 11)
    line, column = torch.tensor([0.0, 5.0, 7.25, 10.0]), torch.tensor([0.0, 5.0, 3.5, 4.0])
    peak = torch.tensor([3.0, 4.0, 5.0, -1.0])
    found = peak_to_sidelobe(maps, line, column, peak)
    for n in range(4):
        rest = [
            float(maps[n, i, j])
            for i in range(11)
            for j in range(11)
            if abs(i - float(line[n])) > 2.5 or abs(j - float(column[n])) > 2.5
        ]
        expected = (float(peak[n]) - np.mean(rest)) / np.std(rest, ddof=1)
        assert float(found[n]) == pytest.approx(expected, rel=1e-4)


def test_peak_to_sidelobe_of_a_flat_map_is_finite():
    middle = torch.tensor([5.0])
    flat = peak_to_sidelobe(torch.full((1, 11, 11), 3.0), middle, middle, torch.tensor([3.0]))
    assert float(flat) == pytest.approx(0.0, abs=1e-3)
    raised = peak_to_sidelobe(torch.zeros(1, 11, 11), middle, middle, torch.tensor([3.0]))
    assert torch.isfinite(raised).all()


def test_peak_to_sidelobe_of_a_map_without_a_rest_is_finite():
    # 3 x 3 cells lie within the radius of their middle.
    middle = torch.tensor([1.0])
    found = peak_to_sidelobe(torch.randn(1, 3, 3), middle, middle, torch.tensor([3.0]))
    assert torch.isfinite(found).all()
