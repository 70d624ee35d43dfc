# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math

import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import (
    BACKGROUND,
    FOREGROUND,
    ClassificationNetwork,
    Head,
)
from siam_tracker_ros.online.patches import CELL_STEP, grid_boxes, patch_features
from siam_tracker_ros.online.redetection import (
    RedetectionSettings,
    Sweep,
    look,
    redetect,
    tile_centres,
)
from siam_tracker_ros.online.sampling import box_row

FRAMES = [(320, 240), (641, 359), (97, 401)]
BOXES = [Box(60, 50, 40, 30), Box(300, 200, 23, 61), Box(10, 10, 7.5, 9)]


def looking(tiles, cells=5):
    return RedetectionSettings(redetect_tiles=tiles, redetect_cells=cells)


@pytest.fixture
def network():
    torch.manual_seed(2)
    return ClassificationNetwork((8, 12, 16), 24).eval()


@pytest.fixture
def frame(texture):
    return Frame.from_numpy(texture(), order='rgb')


def seeks(network, frame, box, within=1e-2):
    """A head whose margin falls with the distance from a box's features, positive if within."""
    with torch.no_grad():
        feature = patch_features(network, frame, box_row(box).unsqueeze(0))[0]
    # Half of the units of fc4 are differences in some directions, the others their negatives.
    directions = torch.randn(12, len(feature), generator=torch.Generator().manual_seed(1))
    fc4 = torch.cat([directions, -directions])
    offset = -(fc4 @ feature)
    fc6 = torch.zeros(1, 2, 24)
    fc6[0, FOREGROUND] = -1 / float(offset.abs().sum())
    last = torch.zeros(1, 2)
    last[0, FOREGROUND] = within
    return Head(
        (fc4.unsqueeze(0), torch.eye(24).unsqueeze(0), fc6),
        (offset.unsqueeze(0), torch.zeros(1, 24), last),
    )


def never(network):
    """A head for which all is background."""
    head = network.new_head(torch.Generator().manual_seed(0))
    head.biases[2][0, BACKGROUND] = 1e6
    return head


# Tiles


@pytest.mark.parametrize('cells', [1, 3, 9])
@pytest.mark.parametrize('size', FRAMES)
@pytest.mark.parametrize('box', BOXES)
def test_every_point_is_near_to_a_box_of_some_tile(box, size, cells):
    rows = torch.tensor([[x, y, box.w, box.h] for x, y in tile_centres(box, *size, cells)])
    centres = grid_boxes(rows, cells).flatten(0, 1)[:, :2]
    # The tiles are a grid themselves: one direction after the other.
    for axis, (length, side) in enumerate(zip(size, (box.w, box.h))):
        places = centres[:, axis].unique()
        step = CELL_STEP * side + 1e-3
        assert places[0] <= step / 2
        assert places[-1] >= length - step / 2
        assert places.diff().max() <= step


def test_there_are_no_more_tiles_than_needed():
    # 9 boxes of 50 pixels, each 50 * 16 / 75 beside the next, are 96 pixels.
    assert len(tile_centres(Box(0, 0, 50, 50), 288, 192, 9)) == 6
    assert len(tile_centres(Box(0, 0, 50, 50), 289, 192, 9)) == 8


@pytest.mark.parametrize('box', BOXES)
def test_the_nearest_tiles_come_first(box):
    centres = tile_centres(box, 320, 240, 5)
    distances = [math.hypot(x - box.cx, y - box.cy) for x, y in centres]
    assert distances == sorted(distances)
    assert len(set(centres)) == len(centres) > 1


def test_a_target_larger_than_the_frame_has_one_tile():
    assert tile_centres(Box(50, 50, 500, 400), 320, 240, 9) == [(160.0, 120.0)]


# The sweep


def test_the_sweep_goes_on_and_begins_anew(frame):
    box, sweep = Box(100, 90, 60, 60), Sweep()
    centres = tile_centres(box, frame.width, frame.height, 5)
    count = len(centres)
    assert count % 3
    seen = []
    for _ in range(count):
        rows = sweep.next_tiles(box, frame, looking(3))
        assert rows.shape == (3, 4)
        assert (rows[:, 2:] == 60).all()
        seen += [tuple(row[:2]) for row in rows.tolist()]
    expected = [centres[i % count] for i in range(3 * count)]
    for place, true in zip(seen, expected):
        assert place == pytest.approx(true, abs=1e-3)


def test_no_tile_is_looked_at_twice_in_one_frame(frame):
    box, sweep = Box(100, 90, 100, 100), Sweep()
    count = len(tile_centres(box, frame.width, frame.height, 5))
    assert 1 < count < 100
    assert len(sweep.next_tiles(box, frame, looking(100))) == count


def test_no_tiles_look_nowhere(network, frame, monkeypatch):
    monkeypatch.setattr(network, 'maps', None)
    box, sweep = Box(100, 90, 60, 60), Sweep()
    assert redetect(network, frame, [never(network)], [box], [sweep], looking(0)) == [None]
    assert sweep.seen == 0


# Finding


def test_a_target_in_another_corner_is_found(network, frame):
    last = Box(40, 40, 50, 40)
    # Where a box of the last tile lies.
    tiles = tile_centres(last, frame.width, frame.height, 5)
    hidden = grid_boxes(torch.tensor([[*tiles[-1], 50, 40]]), 5)[0, 7].tolist()
    assert math.hypot(hidden[0] - 40, hidden[1] - 40) > 200
    head = seeks(network, frame, Box(*hidden))
    sweep, found = Sweep(), []
    for _ in range(len(tiles)):
        found += redetect(network, frame, [head], [last], [sweep], looking(1))
    assert found[:-1] == [None] * (len(tiles) - 1)
    box = found[-1]
    assert (box.cx, box.cy, box.w, box.h) == pytest.approx(hidden, abs=1e-3)


def test_the_best_of_all_boxes_is_the_hit(network, frame):
    last = Box(40, 40, 50, 40)
    rows = torch.tensor([[*c, 50, 40] for c in tile_centres(last, 320, 240, 5)])
    head = seeks(network, frame, Box(200, 130, 50, 40), within=100.0)  # all are positive
    [hit] = redetect(network, frame, [head], [last], [Sweep()], looking(100))
    with torch.no_grad():
        boxes = grid_boxes(rows, 5).flatten(0, 1)
        margins = head.margins(patch_features(network, frame, boxes).unsqueeze(0))[0]
    assert (margins > 0).all()
    best = boxes[margins.argmax()].tolist()
    assert (hit.cx, hit.cy, hit.w, hit.h) == pytest.approx(best, abs=1e-3)


def test_a_hit_says_how_sure_the_classifier_is(network, frame):
    boxes = torch.tensor([[120.0, 90.0, 50.0, 40.0]])
    head = seeks(network, frame, Box(120, 90, 50, 40), within=100.0)
    hit, none = look(network, frame, [head, never(network)], [boxes, boxes], 3)
    with torch.no_grad():
        around = patch_features(network, frame, grid_boxes(boxes, 3)[0])
    assert hit.margin == pytest.approx(float(head.margins(around.unsqueeze(0)).max()), rel=1e-4)
    assert hit.box == Box(120, 90, 50, 40)
    assert none is None


def test_all_lost_targets_are_looked_for_in_one_run(network, frame, monkeypatch):
    boxes = [Box(60, 60, 50, 40), Box(250, 180, 40, 60), Box(160, 120, 310, 235)]
    heads = [seeks(network, frame, boxes[0]), never(network), never(network)]
    runs, true = [], network.maps
    monkeypatch.setattr(network, 'maps', lambda crops: runs.append(len(crops)) or true(crops))
    sweeps = [Sweep() for _ in boxes]
    together = redetect(network, frame, heads, boxes, sweeps, looking(2))
    # The last one is so large that its frame is one tile.
    assert runs == [5]
    assert [s.seen for s in sweeps] == [2, 2, 1]
    alone = [
        redetect(network, frame, [head], [box], [Sweep()], looking(2))[0]
        for head, box in zip(heads, boxes)
    ]
    assert together == alone
    assert together[1:] == [None, None]


def test_a_head_that_is_not_finite_finds_nothing(network, frame):
    box = Box(60, 60, 50, 40)
    heads = [seeks(network, frame, box, within=100.0), seeks(network, frame, box, within=100.0)]
    heads[1].weights[0][0, 0, 3] = torch.nan
    good, bad = redetect(
        network, frame, heads, [box, box], [Sweep(), Sweep()], looking(2)
    )
    assert good is not None
    assert bad is None


def test_an_even_number_of_boxes_is_refused():
    with pytest.raises(UserError, match='redetect_cells is 8: expected an odd number'):
        RedetectionSettings(redetect_cells=8)


def test_tiles_are_laid_out_once_while_nothing_changes(monkeypatch):
    calls = []
    module = 'siam_tracker_ros.online.redetection.tile_centres'
    monkeypatch.setattr(module, lambda *cover: calls.append(cover) or tile_centres(*cover))
    sweep, settings = Sweep(), RedetectionSettings(redetect_tiles=2, redetect_cells=9)
    frame = Frame(torch.zeros(120, 160, 3, dtype=torch.uint8))
    box = Box(80.0, 60.0, 20.0, 16.0)
    for _ in range(3):
        sweep.next_tiles(box, frame, settings)
    assert len(calls) == 1
    sweep.next_tiles(Box(90.0, 60.0, 20.0, 16.0), frame, settings)
    assert len(calls) == 2
