# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st
import pytest
import torch

from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.anchors import Anchors, anchor_boxes, decode, encode, overlaps


def boxes_like(*shape):
    """Random boxes (..., 4, k, M, M) of positive size."""
    boxes = torch.randn(*shape, dtype=torch.float64) * 30
    boxes.narrow(-4, 2, 2).abs_().add_(1)
    return boxes


def test_the_shapes_of_pysot():
    assert Anchors().sizes().tolist() == [[104, 32], [88, 40], [64, 64], [40, 80], [32, 96]]


@given(
    st.lists(st.floats(0.1, 10), min_size=1, max_size=4),
    st.lists(st.floats(1, 16), min_size=1, max_size=3),
    st.sampled_from([4, 8, 16]),
)
def test_exact_shapes_have_their_ratio_and_area(ratios, scales, stride):
    anchors = Anchors(tuple(ratios), tuple(scales), stride, rounded=False)
    w, h = anchors.sizes().double().unbind(1)
    wanted = torch.tensor([(r, s) for r in ratios for s in scales], dtype=torch.float64)
    assert len(w) == anchors.count == len(wanted)
    torch.testing.assert_close(h / w, wanted[:, 0], rtol=1e-5, atol=0)
    torch.testing.assert_close((w * h).sqrt(), wanted[:, 1] * stride, rtol=1e-5, atol=0)


def test_a_grid_lies_about_the_middle_of_the_crop():
    anchors = Anchors(ratios=(0.5, 1.0), scales=(4.0, 8.0), stride=8)
    grid = anchors.grid(5)
    assert grid.shape == (4, 4, 5, 5)
    places = torch.tensor([-16.0, -8.0, 0.0, 8.0, 16.0])
    for k, (w, h) in enumerate(anchors.sizes().tolist()):
        for i in range(5):
            for j in range(5):
                assert grid[:, k, i, j].tolist() == [places[j], places[i], w, h]


@pytest.mark.parametrize('cells', [1, 4, 17, 25])
def test_a_grid_is_symmetric(cells):
    centres = Anchors().grid(cells)[:2]
    torch.testing.assert_close(centres, -centres.flip(2, 3), rtol=0, atol=0)


def test_a_grid_is_made_once():
    cpu = torch.device('cpu')
    shapes = Anchors(ratios=(0.7,))
    with torch.inference_mode():
        grid = anchor_boxes(shapes, 7, cpu)
    assert torch.equal(grid, shapes.grid(7))
    assert anchor_boxes(Anchors(ratios=(0.7,)), 7, cpu) is grid
    assert anchor_boxes(shapes, 9, cpu).shape == (4, 1, 9, 9)
    # A tracker may have made what a network learns from.
    deltas = torch.zeros(1, 4, 1, 7, 7, requires_grad=True)
    decode(grid, deltas).sum().backward()
    assert deltas.grad.any()


def test_the_grids_of_a_search_that_grows_are_made_once():
    cpu, shapes = torch.device('cpu'), Anchors(ratios=(0.7,))
    # From 255 px to the 831 of pysot's long-term tracker by the smallest steps.
    sizes = [(side - 127) // 8 + 9 for side in range(255, 832, 16)]
    first = [anchor_boxes(shapes, cells, cpu) for cells in sizes]
    assert all(anchor_boxes(shapes, cells, cpu) is grid for cells, grid in zip(sizes, first))


@pytest.mark.parametrize(
    'arguments',
    [
        {'ratios': ()},
        {'scales': ()},
        {'ratios': (1.0, 0.0)},
        {'ratios': (-1.0,)},
        {'scales': (0.0,)},
        {'stride': 0},
        # The width of 0.8 px is rounded to nothing.
        {'ratios': (100.0,)},
    ],
    ids=str,
)
def test_anchors_without_an_area_are_refused(arguments):
    with pytest.raises(ValueError, match='anchors of ratios'):
        Anchors(**arguments)


def test_deltas_by_hand():
    # C-RPN, Eq. 5.
    anchor = torch.tensor([8.0, -16.0, 64.0, 32.0]).view(4, 1, 1, 1)
    box = torch.tensor([40.0, -8.0, 128.0, 16.0]).view(4, 1, 1, 1)
    deltas = encode(anchor, box).flatten()
    two = torch.tensor(2.0).log()
    torch.testing.assert_close(deltas, torch.stack([two * 0 + 0.5, two * 0 + 0.25, two, -two]))
    torch.testing.assert_close(decode(anchor, encode(anchor, box)), box)


def test_no_delta_is_the_anchor():
    grid = Anchors().grid(3)
    assert torch.equal(decode(grid, torch.zeros(2, 4, 5, 3, 3)), grid.expand(2, -1, -1, -1, -1))


@given(st.integers(0, 2**31 - 1))
def test_decoding_undoes_encoding(seed):
    torch.manual_seed(seed)
    anchors, boxes = boxes_like(2, 4, 3, 2, 2), boxes_like(2, 4, 3, 2, 2)
    torch.testing.assert_close(decode(anchors, encode(anchors, boxes)), boxes)
    deltas = torch.randn(2, 4, 3, 2, 2, dtype=torch.float64)
    torch.testing.assert_close(encode(anchors, decode(anchors, deltas)), deltas)


def test_anchors_may_be_each_images_own():
    shared, deltas = boxes_like(4, 3, 2, 2), torch.randn(2, 4, 3, 2, 2, dtype=torch.float64)
    refined = decode(shared, deltas)
    assert refined.shape == (2, 4, 3, 2, 2)
    again = decode(refined, deltas)
    for n in range(2):
        torch.testing.assert_close(again[n], decode(decode(shared, deltas[n]), deltas[n]))


def test_one_box_for_all_anchors_of_an_image():
    anchors, boxes = boxes_like(4, 3, 2, 2), boxes_like(2, 4, 1, 1, 1)
    deltas = encode(anchors, boxes)
    assert deltas.shape == (2, 4, 3, 2, 2)
    torch.testing.assert_close(decode(anchors, deltas), boxes.expand(2, 4, 3, 2, 2))


def test_gradients():
    anchors, boxes = boxes_like(2, 4, 2, 1, 1), boxes_like(2, 4, 2, 1, 1)
    deltas = torch.randn(2, 4, 2, 1, 1, dtype=torch.float64)
    for tensor in (anchors, boxes, deltas):
        tensor.requires_grad_()
    assert torch.autograd.gradcheck(decode, (anchors, deltas))
    assert torch.autograd.gradcheck(encode, (anchors, boxes))


def test_overlaps_are_those_of_boxes():
    torch.manual_seed(3)
    shared, own = boxes_like(4, 3, 2, 2), boxes_like(2, 4, 3, 2, 2)
    boxes = boxes_like(2, 4, 1, 1, 1).flatten(1)
    for anchors in (shared, own):
        found = overlaps(anchors, boxes)
        assert found.shape == (2, 3, 2, 2)
        for n in range(2):
            every = anchors.expand(2, -1, -1, -1, -1)[n].flatten(1).T.tolist()
            wanted = [Box(*a).iou(Box(*boxes[n].tolist())) for a in every]
            assert max(wanted) > 0
            torch.testing.assert_close(
                found[n].flatten(), torch.tensor(wanted, dtype=torch.float64)
            )


def test_overlap_with_itself_and_with_what_it_does_not_touch():
    grid = Anchors().grid(3)
    found = overlaps(grid, torch.stack([grid[:, 2, 1, 1], torch.tensor([500.0, 0, 10, 10])]))
    assert found[0, 2, 1, 1] == found[0].max() == 1
    assert not found[1].any()
