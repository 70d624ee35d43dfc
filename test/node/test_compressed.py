# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Compressed images: what is refused before and after decoding."""

import struct
from types import SimpleNamespace
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from siam_tracker_ros.images import require_cv2
from siam_tracker_ros.node.compressed import decode_compressed, encoded_size
from siam_tracker_ros.node.image_rules import MalformedImage

LIMIT = 100_000
PIXELS = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encode(kind, *options):
    return require_cv2().imencode(kind, PIXELS, *options)[1].tobytes()


JPEG, PNG = encode('.jpg'), encode('.png')


def message(data):
    stamp = SimpleNamespace(sec=1, nanosec=0)
    return SimpleNamespace(header=SimpleNamespace(stamp=stamp), data=data, format='jpeg')


def png_header(width, height):
    """A PNG whose header promises this size and whose data holds next to nothing."""

    def chunk(name, body):
        return struct.pack('>I', len(body)) + name + body + struct.pack(
            '>I', zlib.crc32(name + body))

    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    body = chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(bytes(100)))
    return b'\x89PNG\r\n\x1a\n' + body + chunk(b'IEND', b'')


def test_a_png_decodes_exactly():
    assert np.array_equal(decode_compressed(message(PNG), LIMIT), PIXELS)


@pytest.mark.parametrize('progressive', [0, 1])
def test_jpegs_decode(progressive):
    cv2 = require_cv2()
    data = encode('.jpg', [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])
    assert encoded_size(data) == (64, 48)
    assert decode_compressed(message(data), LIMIT).shape == (48, 64, 3)


def test_padding_behind_a_jpeg_is_allowed():
    decoded = decode_compressed(message(JPEG + bytes(37)), LIMIT)
    assert np.array_equal(decoded, decode_compressed(message(JPEG), LIMIT))


BAD = {
    'empty': (b'', 'data_too_short'),
    'no image': (b'hello, this is text', 'unknown_encoding'),
    'bmp': (encode('.bmp'), 'unknown_encoding'),
    'half a jpeg': (JPEG[: len(JPEG) // 2], 'corrupt_file'),
    'a jpeg without its end': (JPEG[:-2], 'corrupt_file'),
    'a jpeg without a scan': (JPEG[:20], 'corrupt_file'),
    'half a png': (PNG[: len(PNG) // 2], 'corrupt_file'),
    'a png that holds less than it promises': (png_header(100, 100), 'corrupt_file'),
    'a bomb': (png_header(60_000, 60_000), 'too_large'),
    'no width': (png_header(0, 10), 'zero_size'),
}


@pytest.mark.parametrize('kind', BAD)
def test_i1_bad_files_are_refused_with_a_reason(kind):
    data, code = BAD[kind]
    with pytest.raises(MalformedImage) as refusal:
        decode_compressed(message(data), LIMIT)
    assert refusal.value.code == code


@settings(max_examples=500)
@given(st.sampled_from([JPEG, PNG]), st.data())
def test_i2_damage_anywhere_gives_an_image_or_a_typed_refusal(data, draw):
    place = draw.draw(st.integers(0, len(data) - 1))
    damaged = bytearray(data)
    damaged[place] ^= draw.draw(st.integers(1, 255))
    try:
        image = decode_compressed(message(bytes(damaged)), LIMIT)
    except MalformedImage:
        return
    assert image.size <= 3 * LIMIT
