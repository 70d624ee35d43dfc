# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.evaluation.trax.messages import (
    Message,
    format_region,
    parse_image,
    parse_message,
    parse_region,
)
from siam_tracker_ros.geometry import Box


def test_a_line_as_libtrax_writes_it():
    line = '@@TRAX:frame "file:///tmp/a \\"b.jpg" "frame=x y" \n'
    assert parse_message(line) == Message('frame', ('file:///tmp/a "b.jpg',), {'frame': 'x y'})


def test_a_line_without_arguments():
    assert parse_message('@@TRAX:initialize \n') == Message('initialize')
    assert parse_message('@@TRAX:quit\r\n') == Message('quit')


def test_words_without_quotes():
    assert parse_message('@@TRAX:state 1,2,3,4 confidence=0.5') == Message(
        'state', ('1,2,3,4',), {'confidence': '0.5'}
    )


@pytest.mark.parametrize('text', ['a "b" c', 'back\\slash', 'new\nline', '\\n', '', 'ü 木'])
def test_every_text_comes_back(text):
    message = Message('state', (text,), {'trax.reason': text})
    line = str(message)
    assert '\n' not in line
    assert parse_message(line) == message


def test_a_path_with_an_equals_sign_is_no_property():
    path = 'file:///tmp/a=b.jpg'
    assert parse_message(f'@@TRAX:frame "{path}"').arguments == (path,)


def test_what_a_program_prints_is_no_message():
    assert parse_message('loading weights\n') is None
    assert parse_message('see @@TRAX:quit\n') is None


@pytest.mark.parametrize('rest', ['"open', '"a"b"', 'a"b', '"a\\', '"a\0b"', 'a\0b', '"a\\\0b"'])
def test_quotes_that_do_not_match_and_nul_are_refused(rest):
    with pytest.raises(UserError, match='malformed'):
        parse_message(f'@@TRAX:frame {rest}')


def test_regions():
    assert parse_region('10.5,20,30,40') == Box.from_ltwh(10.5, 20, 30, 40)
    assert parse_region('0,0,10,5,5,10,0,8') == Box.from_ltwh(0, 0, 10, 10)
    assert parse_region('3,4,9,5,6,8') == Box.from_ltwh(3, 4, 6, 4)
    assert format_region(Box.from_ltwh(1.5, 2, 3, 4.123456)) == '1.5000,2.0000,3.0000,4.1235'


@pytest.mark.parametrize('text', ['m0,0,3,3,9', '1', '1,2,3', 'nan,1,2,3', '1,2,3,4,5', '', 'box'])
def test_other_regions_are_refused(text):
    with pytest.raises(UserError, match='rectangle'):
        parse_region(text)


def test_images():
    assert parse_image('file:///data/a b%20c.jpg') == Path('/data/a b%20c.jpg')
    assert parse_image('/data/1.png') == Path('/data/1.png')


@pytest.mark.parametrize('text', ['image:2;2;rgb;AAAA', 'data:image/png;base64,A', 'http://a/b'])
def test_other_images_are_refused(text):
    with pytest.raises(UserError, match='not supported: send the path'):
        parse_image(text)
