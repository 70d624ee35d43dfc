# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images in and out of messages: every encoding, every malformed field, and cv_bridge."""

import sys
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from siam_tracker_ros.node.codec import decode_image, fill_image
from siam_tracker_ros.node.image_rules import ENCODINGS, MalformedImage

LIMIT = 1_000_000
RNG = np.random.default_rng(5)


def header(sec=1, nanosec=0):
    return SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec), frame_id='camera')


def message(pixels, encoding, padding=0, big=False):
    """An image message around an array, with some bytes of padding at each row."""
    if pixels.dtype == np.uint16:
        pixels = pixels.astype('>u2' if big else '<u2')
    height, width = pixels.shape[:2]
    rows = np.frombuffer(np.ascontiguousarray(pixels).tobytes(), np.uint8).reshape(height, -1)
    data = np.pad(rows, ((0, 0), (0, padding)), constant_values=99)
    return SimpleNamespace(
        header=header(), width=width, height=height, encoding=encoding, is_bigendian=int(big),
        step=data.shape[1], data=data.tobytes(),
    )


BGR = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
ALPHA = np.full((6, 8, 1), 7, np.uint8)
RGB = BGR[:, :, ::-1]


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize(
    ('encoding', 'pixels'),
    [
        ('bgr8', BGR),
        ('8UC3', BGR),
        ('rgb8', RGB),
        ('bgra8', np.concatenate([BGR, ALPHA], axis=2)),
        ('8UC4', np.concatenate([BGR, ALPHA], axis=2)),
        ('rgba8', np.concatenate([RGB, ALPHA], axis=2)),
    ],
)
def test_i3_colour_orders_give_the_same_bgr(encoding, pixels, padding):
    assert np.array_equal(decode_image(message(pixels, encoding, padding), LIMIT), BGR)


@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
def test_grey_stays_grey(encoding):
    assert np.array_equal(decode_image(message(BGR[:, :, 0], encoding, 3), LIMIT), BGR[:, :, 0])


@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize(('encoding', 'order'), [('bgr16', 1), ('rgb16', -1), ('mono16', 1)])
def test_sixteen_bits_are_rounded_to_eight(encoding, order, big):
    wide = RNG.integers(0, 65536, (6, 8, 3), dtype=np.uint16)
    wide = wide[:, :, 0] if encoding == 'mono16' else wide
    expected = np.rint(wide / 257.0).astype(np.uint8)
    if order == -1:
        expected = expected[:, :, ::-1]
    decoded = decode_image(message(wide, encoding, 0, big), LIMIT)
    assert np.array_equal(decoded, expected)


@pytest.mark.parametrize(
    ('encoding', 'pattern'),
    [
        ('bayer_rggb8', ['rg', 'gb']),
        ('bayer_bggr8', ['bg', 'gr']),
        ('bayer_gbrg8', ['gb', 'rg']),
        ('bayer_grbg8', ['gr', 'bg']),
    ],
)
def test_mosaics_of_one_colour_give_that_colour(encoding, pattern):
    colour = {'b': 20, 'g': 120, 'r': 220}
    tile = np.array([[colour[c] for c in row] for row in pattern], np.uint8)
    decoded = decode_image(message(np.tile(tile, (8, 8)), encoding), LIMIT)
    assert np.array_equal(decoded[4:12, 4:12], np.broadcast_to([20, 120, 220], (8, 8, 3)))


@pytest.mark.parametrize(
    ('encoding', 'order'),
    [('yuv422', 'uyvy'), ('uyvy', 'uyvy'), ('yuv422_yuy2', 'yuyv'), ('yuyv', 'yuyv')],
)
def test_shared_colour_of_a_red_wall(encoding, order):
    # BT.601, video range: Y 82, U 90, V 240 is pure red.
    values = {'u': 90, 'v': 240, 'y': 82}
    pixels = np.tile([values[c] for c in order], (6, 4)).astype(np.uint8).reshape(6, 8, 2)
    decoded = decode_image(message(pixels, encoding), LIMIT)
    assert np.abs(decoded.astype(int) - [0, 0, 255]).max() <= 2


def changed(**fields):
    image = message(BGR, 'bgr8')
    for name, value in fields.items():
        setattr(image, name, value)
    return image


MALFORMED = {
    'zero width': (changed(width=0), 'zero_size'),
    'zero height': (changed(height=0), 'zero_size'),
    'step 0': (changed(step=0), 'step_too_small'),
    'step under a row': (changed(step=23), 'step_too_small'),
    'no data': (changed(data=b''), 'data_too_short'),
    'one byte short': (changed(data=bytes(6 * 8 * 3 - 1)), 'data_too_short'),
    'forged height': (changed(height=2**31), 'too_large'),
    'over the limit': (changed(width=2000, height=2000), 'too_large'),
    'unknown encoding': (changed(encoding='bgr9'), 'unknown_encoding'),
    'no encoding': (changed(encoding=''), 'unknown_encoding'),
    'grey labelled bgr8': (changed(step=8, data=bytes(48)), 'step_too_small'),
    'negative stamp': (changed(header=header(sec=-1)), 'bad_stamp'),
    'a second of nanoseconds': (changed(header=header(nanosec=10**9)), 'bad_stamp'),
    'endianness 7': (changed(encoding='mono16', is_bigendian=7), 'bad_endianness'),
    'odd width of shared colour': (changed(encoding='yuv422', width=7), 'odd_size'),
    'odd height of a mosaic': (changed(encoding='bayer_rggb8', height=5), 'odd_size'),
}


@pytest.mark.parametrize('kind', MALFORMED)
def test_i1_malformed_images_are_refused_with_a_reason(kind):
    image, code = MALFORMED[kind]
    with pytest.raises(MalformedImage) as refusal:
        decode_image(image, LIMIT)
    assert refusal.value.code == code
    assert len(refusal.value.sentence) > 20
    assert '\n' not in refusal.value.sentence


SIDES = st.sampled_from([*range(25), 640, 2**16, 2**31, 2**32 - 1])
HELD = 20_000


@settings(max_examples=10_000)
@given(
    SIDES,
    SIDES,
    st.sampled_from([*ENCODINGS, '', '32FC1', 'bgr9', 'ü' * 8]),
    st.sampled_from((0, 0, 0, 1, 7, 100, -1, -10, 2**31)),
    st.sampled_from((0, 0, 0, 1, 50, -1, -64)),
    st.sampled_from((0, 0, 1, 2, 255)),
)
def test_i2_fields_that_agree_are_an_image_and_others_a_typed_refusal(
    width, height, encoding, padding, spare, endianness
):
    kind = ENCODINGS.get(encoding)
    row = width * (kind.pixel_bytes if kind else 3)
    step = max(0, row + padding)
    needed = step * (height - 1) + row
    # What is promised beyond this is not there: no test needs gigabytes.
    length = min(max(0, needed + spare), HELD)
    image = SimpleNamespace(
        header=header(), width=width, height=height, encoding=encoding, step=step,
        is_bigendian=endianness, data=bytes(length),
    )
    agrees = (
        kind is not None and width > 0 and height > 0 and width * height <= LIMIT
        and step >= row and length >= needed and (kind.depth == 1 or endianness < 2)
        and not (width % 2 and (kind.layout in ('uyvy', 'yuyv') or 'bayer' in kind.layout))
        and not (height % 2 and 'bayer' in kind.layout)
    )  # fmt: skip
    if not agrees:
        with pytest.raises(MalformedImage) as refusal:
            decode_image(image, LIMIT)
        assert refusal.value.code
        return
    decoded = decode_image(image, LIMIT)
    assert decoded.shape[:2] == (height, width)
    assert decoded.dtype == np.uint8
    assert decoded.size <= 3 * LIMIT


def test_other_encodings_go_through_an_installed_bridge(monkeypatch):
    """A stand-in for cv_bridge shows which encodings reach it and how its faults are taken."""
    asked = []

    def convert(image, encoding):
        asked.append((image.encoding, encoding))
        if image.encoding == 'faulty':
            raise TypeError('not a CvBridgeError')
        return np.zeros((1, 2, 3) if image.encoding == 'wrong' else BGR.shape, np.uint8)

    stand_in = SimpleNamespace(CvBridge=lambda: SimpleNamespace(imgmsg_to_cv2=convert))
    monkeypatch.setitem(sys.modules, 'cv_bridge', stand_in)
    assert decode_image(changed(encoding='nv21'), LIMIT).shape == BGR.shape
    assert np.array_equal(decode_image(changed(), LIMIT), BGR)
    assert asked == [('nv21', 'bgr8')]
    for encoding in ('faulty', 'wrong'):
        with pytest.raises(MalformedImage, match='cv_bridge'):
            decode_image(changed(encoding=encoding), LIMIT)


@pytest.mark.parametrize('encoding', sorted(ENCODINGS))
def test_the_codec_equals_cv_bridge(encoding):
    bridge = pytest.importorskip(
        'cv_bridge', reason='cv_bridge is not on PyPI: compared where a ROS distribution has it',
        exc_type=ImportError,
    ).CvBridge()
    sensor_msgs = pytest.importorskip('sensor_msgs.msg')
    kind = ENCODINGS[encoding]
    depth = np.uint8 if kind.depth == 1 else np.uint16
    pixels = RNG.integers(0, np.iinfo(depth).max, (24, 32, kind.channels), dtype=depth)
    image = fill_image(sensor_msgs.Image(), pixels, encoding)
    try:
        theirs = bridge.imgmsg_to_cv2(image, 'mono8' if kind.layout == 'grey' else 'bgr8')
    except Exception as error:
        pytest.skip(f'this cv_bridge does not convert {encoding}: {error}')
    assert np.array_equal(decode_image(image, LIMIT), np.asarray(theirs).reshape(24, 32, -1)[
        ..., 0] if kind.layout == 'grey' else theirs)


@pytest.mark.parametrize(
    ('pixels', 'encoding'),
    [(BGR, 'bgr8'), (BGR[::2, ::2], 'bgr8'), (BGR[:, :, 0], 'mono8')],
)
def test_a_filled_image_decodes_to_itself(pixels, encoding):
    sensor_msgs = pytest.importorskip('sensor_msgs.msg')
    image = fill_image(sensor_msgs.Image(), pixels, encoding)
    assert np.array_equal(decode_image(image, LIMIT), pixels)


def test_a_score_map_is_filled_as_floats():
    sensor_msgs = pytest.importorskip('sensor_msgs.msg')
    scores = RNG.random((5, 7)).astype(np.float32)
    image = fill_image(sensor_msgs.Image(), scores, '32FC1')
    assert (image.width, image.height, image.step) == (7, 5, 28)
    assert np.array_equal(np.frombuffer(image.data, np.float32).reshape(5, 7), scores)
