# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from siam_tracker_ros.arguments import Parser, attach_negative_boxes, parse_box
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.geometry import Box


def test_box_is_corner_and_size():
    assert parse_box('10,8,20,16') == Box(20, 16, 20, 16)
    assert parse_box(' 1.5, -2 ,3,4') == Box.from_ltwh(1.5, -2, 3, 4)


@pytest.mark.parametrize('text', ['', '1,2,3', '1,2,3,4,5', 'a,b,c,d', '1 2 3 4'])
def test_a_box_that_is_none_is_refused(text):
    with pytest.raises(UserError, match='expected four numbers x,y,w,h'):
        parse_box(text)


def test_a_box_that_begins_with_a_minus_is_no_option():
    parser = Parser(prog='test')
    parser.add_argument('--box')
    for box in ('-3,4,50,60', '-.5,4,50,60'):
        assert parser.parse_args(attach_negative_boxes(['--box', box])).box == box
    with pytest.raises(UserError, match='expected one argument; see `test --help`'):
        parser.parse_args(attach_negative_boxes(['--box', '--frames']))
