# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.drawing import STATE_COLOURS, WINDOW_COLOUR, contact_sheet, draw_overlay
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box, SearchWindow
from siam_tracker_ros.trackers import Estimate, Response, State

GREY = 90


def frame(height=240, width=320):
    return np.full((height, width, 3), GREY, np.uint8)


def estimate(box, state=State.TRACKING, response=None):
    return Estimate(box, 0.5, 0.0, None, state, False, '', response)


@pytest.mark.parametrize('state', list(State))
def test_box_has_the_colour_of_its_state_on_its_border(state):
    drawn = draw_overlay(frame(), [estimate(Box.from_ltwh(100, 80, 60, 40), state)])
    colour = STATE_COLOURS[state.value]
    for x, y in ((100, 100), (159, 100), (130, 119)):
        assert tuple(drawn[y, x]) == colour
    assert tuple(drawn[100, 130]) == (GREY,) * 3
    assert tuple(drawn[100, 165]) == (GREY,) * 3


def test_states_have_different_colours():
    assert len(set(STATE_COLOURS.values())) == len(State) == len(STATE_COLOURS)


def test_input_is_not_changed():
    image = frame()
    drawn = draw_overlay(image, [estimate(Box(160, 120, 60, 40))])
    assert (image == GREY).all()
    assert (drawn != GREY).any()


def test_nothing_known_draws_nothing():
    np.testing.assert_array_equal(draw_overlay(frame(), []), frame())


def test_score_map_peaks_where_its_cell_is():
    # Cell (column 2, row 6) of 9 in a window of 90 px from (100, 50): pixels 120-130, 110-120.
    logits = torch.full((9, 9), -20.0)
    logits[6, 2] = 20.0
    response = Response(logits, SearchWindow(145, 95, 90))
    drawn = draw_overlay(frame(), [estimate(Box(20, 200, 20, 20), response=response)])
    changed = np.abs(drawn[52:138, 102:188].astype(int) - GREY).sum(axis=2)
    rows, columns = np.nonzero(changed == changed.max())
    assert abs(columns.mean() + 102 + 0.5 - 125) <= 1
    assert abs(rows.mean() + 52 + 0.5 - 115) <= 1
    assert changed[:30].max() == 0
    assert tuple(drawn[50, 140]) == WINDOW_COLOUR
    assert tuple(drawn[139, 140]) == WINDOW_COLOUR


def test_high_response_is_warmer_than_low():
    logits = torch.tensor([[3.0, -1.0], [3.0, -1.0]])
    response = Response(logits, SearchWindow(160, 120, 100))
    drawn = draw_overlay(frame(), [estimate(Box(20, 200, 20, 20), response=response)])
    high, low = drawn[120, 130].astype(int), drawn[120, 190].astype(int)
    assert high[2] - high[0] > low[2] - low[0]


@pytest.mark.parametrize(
    'window', [SearchWindow(0, 0, 100), SearchWindow(320, 240, 500), SearchWindow(-200, 0, 50)]
)
def test_windows_over_the_border_are_cut_off(window):
    response = Response(torch.zeros(17, 17), window)
    drawn = draw_overlay(frame(), [estimate(Box(160, 120, 20, 20), response=response)])
    assert drawn.shape == (240, 320, 3)
    outside = window.cx < -100
    assert (tuple(drawn[5, 160]) == (GREY,) * 3) == (outside or window.side < 200)


def test_map_that_is_not_finite_leaves_a_picture():
    response = Response(torch.full((5, 5), float('nan')), SearchWindow(160, 120, 100))
    drawn = draw_overlay(frame(), [estimate(Box(20, 200, 20, 20), response=response)])
    assert tuple(drawn[120, 160]) == (GREY,) * 3


@pytest.mark.parametrize('top', [2, 100, 215])
def test_text_stays_in_the_image_and_follows_the_label(top):
    box = Box.from_ltwh(290, top, 25, 20)
    plain = draw_overlay(frame(), [estimate(box)])
    named = draw_overlay(frame(), [estimate(box)], ['a name'])
    black = (plain == 0).all(axis=2)
    assert black.any()
    assert (named == 0).all(axis=2).sum() > black.sum()


def test_contact_sheet_places_images_in_rows():
    colours = [(10, 0, 0), (0, 20, 0), (0, 0, 30)]
    sheet = contact_sheet([np.full((60, 80, 3), c, np.uint8) for c in colours], 2, 40, gap=2)
    assert sheet.shape == (2 * 32 + 2, 2 * 42 + 2, 3)
    for colour, (x, y) in zip(colours, ((20, 15), (62, 15), (20, 47))):
        assert tuple(sheet[y, x]) == colour
    assert tuple(sheet[47, 62]) == tuple(sheet[0, 0])


def test_contact_sheet_keeps_the_aspect_of_an_odd_image():
    wide, tall = np.full((60, 80, 3), 255, np.uint8), np.full((80, 20, 3), 255, np.uint8)
    sheet = contact_sheet([wide, tall], 2, 80, gap=0)
    white = (sheet[:, 80:] == 255).all(axis=2)
    assert white.any(axis=0).sum() == 15
    assert white.any(axis=1).sum() == 60


def test_contact_sheet_refuses_nothing_and_no_columns():
    with pytest.raises(UserError, match='at least one image'):
        contact_sheet([], 2)
    with pytest.raises(UserError, match='columns is 0'):
        contact_sheet([frame()], 0)
