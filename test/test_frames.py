# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import math
import warnings

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame, FrameStack
from siam_tracker_ros.geometry import SearchWindow


def naive_crop(image, window, size, fill):
    """Bilinear samples of an (H, W, 3) image, one at a time, in float64."""
    height, width, _ = image.shape
    out = np.empty((3, size, size))

    def pixel(row, column):
        inside = 0 <= row < height and 0 <= column < width
        return image[row, column].astype(float) if inside else np.asarray(fill, float)

    for i in range(size):
        for j in range(size):
            # Centres of pixels lie at halves.
            x = window.cx + ((j + 0.5) / size - 0.5) * window.side - 0.5
            y = window.cy + ((i + 0.5) / size - 0.5) * window.side - 0.5
            column, row = math.floor(x), math.floor(y)
            a, b = x - column, y - row
            out[:, i, j] = (1 - b) * (
                (1 - a) * pixel(row, column) + a * pixel(row, column + 1)
            ) + b * ((1 - a) * pixel(row + 1, column) + a * pixel(row + 1, column + 1))
    return out


def rgb(frame_image):
    return Frame.from_numpy(frame_image, order='rgb')


def test_an_aligned_window_reproduces_the_pixels(texture):
    image = texture(60, 80)
    crop = rgb(image).crop([SearchWindow(30.0, 26.0, 32.0)], 32)
    expected = torch.from_numpy(image[10:42, 14:46]).permute(2, 0, 1).float()
    torch.testing.assert_close(crop[0], expected, rtol=0, atol=2e-3)


def test_a_window_outside_is_the_fill(texture):
    crop = rgb(texture()).crop([SearchWindow(-500, 100, 64)], 16, torch.tensor([1.0, 2.0, 3.0]))
    assert crop.shape == (1, 3, 16, 16)
    assert crop[0].amin(dim=(1, 2)).tolist() == [1.0, 2.0, 3.0]
    assert crop[0].amax(dim=(1, 2)).tolist() == [1.0, 2.0, 3.0]


def test_the_fill_is_the_mean_colour_unless_given():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:] = (10, 20, 30)
    frame = rgb(image)
    assert frame.mean_colour().tolist() == [10.0, 20.0, 30.0]
    crop = frame.crop([SearchWindow(0.0, 20.0, 40.0)], 40)
    torch.testing.assert_close(crop.amax(dim=(2, 3)), torch.tensor([[10.0, 20.0, 30.0]]))


def test_half_outside_meets_at_the_edge(texture):
    image = texture(60, 80)
    crop = rgb(image).crop([SearchWindow(0.0, 30.0, 20.0)], 20, torch.zeros(3))[0]
    assert crop[:, :, :10].abs().max() < 1e-3
    expected = torch.from_numpy(image[20:40, :10]).permute(2, 0, 1).float()
    torch.testing.assert_close(crop[:, :, 10:], expected, rtol=0, atol=2e-3)


@given(
    st.floats(-30, 110),
    st.floats(-30, 90),
    st.floats(2, 200),
    st.integers(1, 9),
)
def test_crops_are_bilinear_samples(cx, cy, side, size):
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    window = SearchWindow(cx, cy, side)
    fill = (50.0, 100.0, 150.0)
    crop = rgb(image).crop([window], size, torch.tensor(fill))[0]
    # 60 x 80 pixels in float32: a position is off by 1e-5 of a pixel, a colour by 255 times that.
    np.testing.assert_allclose(crop.numpy(), naive_crop(image, window, size, fill), atol=0.02)


@given(st.floats(0, 320), st.floats(0, 240), st.floats(4, 100))
def test_sampling_a_region_equals_sampling_the_image(cx, cy, side):
    image = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    frame = rgb(image)
    fill = torch.tensor([9.0, 8.0, 7.0])
    affine = torch.tensor([[[side, 0.0, cx], [0.0, side, cy]]])
    whole = frame.sample(affine, 17, fill, (0.0, 0.0, 320.0, 240.0))
    part = frame.crop([SearchWindow(cx, cy, side)], 17, fill)
    torch.testing.assert_close(part, whole, rtol=0, atol=0.02)


def test_many_windows_equal_single_ones(texture):
    frame = rgb(texture())
    windows = [
        SearchWindow(100, 100, 64),
        SearchWindow(-5, 30, 80),
        SearchWindow(310.3, 200.7, 300),
        SearchWindow(900, 900, 10),
    ]
    fills = torch.tensor([[0.0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
    together = frame.crop(windows, 31, fills)
    for window, fill, crop in zip(windows, fills, together):
        single = frame.crop([window], 31, fill)[0]
        torch.testing.assert_close(crop, single, rtol=0, atol=0.02)


@pytest.mark.parametrize('side', [60.0, 33.7, 211.0])
def test_the_exemplar_is_the_middle_of_the_search_crop(texture, side):
    # SiamFC 2.5: both crops have one scale, so that the features of a still target are equal.
    frame = rgb(texture())
    z = frame.crop([SearchWindow(150.3, 120.9, side)], 127)
    x = frame.crop([SearchWindow(150.3, 120.9, side * 255 / 127)], 255)
    torch.testing.assert_close(x[:, :, 64:191, 64:191], z, rtol=0, atol=0.02)


def test_a_rotated_window_follows_its_affine_map(texture):
    # A quarter turn: the crop's x runs down the image, its y runs to the image's left.
    image = texture(60, 80)
    affine = torch.tensor([[[0.0, -20.0, 30.0], [20.0, 0.0, 25.0]]])
    crop = rgb(image).sample(affine, 20, None, (20.0, 15.0, 40.0, 35.0))[0]
    expected = image[15:35, 20:40][:, ::-1].transpose(2, 1, 0)
    np.testing.assert_allclose(crop.numpy(), expected, atol=0.01)


def slope(height, width):
    """An image whose colours change by one step a pixel, so that 1e-5 of one is hardly seen."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([columns, rows, (rows + columns) // 2], axis=2)
    return torch.from_numpy((image % 256).astype(np.uint8))


def enclosing(windows):
    reach = windows[:, :, :2].abs().sum(dim=2) / 2
    low, high = (windows[:, :, 2] - reach).amin(dim=0), (windows[:, :, 2] + reach).amax(dim=0)
    return (*low.tolist(), *high.tolist())


@pytest.mark.parametrize(
    'window',
    [
        [[30.0, 0.0, 31.3], [0.0, 30.0, 40.9]],
        [[30.0, -17.0, 31.3], [17.0, 30.0, 30.2]],
        [[0.0, -25.0, 31.0], [25.0, 0.0, 30.0]],
        [[60.0, 0.0, 0.0], [0.0, 60.0, 70.0]],
        [[300.0, 40.0, 30.0], [-40.0, 300.0, 30.0]],
        [[20.0, 0.0, -400.0], [0.0, 20.0, 30.0]],
        [[20.0, 0.0, 30.0], [0.0, 20.0, 900.0]],
    ],
    ids=['inside', 'rotated', 'quarter turn', 'half outside', 'around', 'left of', 'below'],
)
def test_a_stack_samples_as_its_frames_do(window):
    images = [slope(60, 80), slope(90, 64), slope(61, 61)]
    other = torch.tensor([[20.0, 3.0, 30.0], [-3.0, 20.0, 30.0]])
    windows = torch.stack([torch.tensor(window), other, torch.tensor(window)])
    reach = [enclosing(windows)] * 3
    index = torch.tensor([2, 0, 1])
    crops = FrameStack(images, reach, torch.device('cpu')).sample(index, windows, 33)
    for image, affine, crop in zip(index, windows, crops):
        single = Frame(images[image]).sample(affine[None], 33, None, enclosing(affine[None]))[0]
        torch.testing.assert_close(crop, single, rtol=0, atol=1e-3)


def test_a_stack_uploads_only_what_its_windows_reach(texture):
    images = [torch.from_numpy(texture(seed=k)) for k in range(2)]
    bounds = [(100.0, 60.0, 140.0, 90.0), (-50.0, -50.0, 20.0, 20.0)]
    stack = FrameStack(images, bounds, torch.device('cpu'))
    assert stack.pixels.shape == (2, 3, 32, 42)
    assert stack.area == 32 * 42


def test_a_stack_no_window_reaches_into_is_the_mean_colour(texture):
    image = torch.from_numpy(texture())
    stack = FrameStack([image], [(-90.0, 0.0, -50.0, 40.0)], torch.device('cpu'))
    crop = stack.sample(torch.tensor([0]), torch.tensor([[[40.0, 0, -70], [0, 40, 20]]]), 8)
    expected = Frame(image).mean_colour().view(1, 3, 1, 1).expand(1, 3, 8, 8)
    torch.testing.assert_close(crop, expected)


def test_an_unknown_order_is_refused(texture):
    with pytest.raises(UserError, match="order of the channels is 'rgba': expected one of rgb"):
        Frame.from_numpy(texture(), order='rgba')


def test_channel_orders_agree(texture):
    image = texture(20, 30)
    same = Frame.from_numpy(image[:, :, ::-1].copy(), order='bgr')
    assert torch.equal(rgb(image).pixels, same.pixels)
    assert torch.equal(rgb(image).pixels, torch.from_numpy(image))


def test_grey_becomes_three_equal_channels(texture):
    grey = texture(20, 30)[:, :, 0]
    pixels = Frame.from_numpy(grey).pixels
    for channel in range(3):
        assert torch.equal(pixels[:, :, channel], torch.from_numpy(grey.copy()))


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
@pytest.mark.parametrize(
    'view',
    [lambda a: a[::2, 1::3], lambda a: a[::-1], lambda a: np.asfortranarray(a)],
    ids=['steps', 'upside down', 'columns first'],
)
def test_any_strides_are_read(texture, view, order):
    image = view(texture(40, 60))
    frame = Frame.from_numpy(image, order=order)
    assert (frame.height, frame.width) == image.shape[:2]
    expected = image if order == 'rgb' else image[:, :, ::-1]
    assert torch.equal(frame.pixels, torch.from_numpy(np.ascontiguousarray(expected)))


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_a_read_only_image_is_read_in_silence(texture, order):
    image = np.frombuffer(texture(8, 8).tobytes(), np.uint8).reshape(8, 8, 3)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert Frame.from_numpy(image, order=order).width == 8


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
def test_a_frame_keeps_its_picture_when_the_buffer_is_used_again(texture, order):
    image = texture(8, 8)
    frame = Frame.from_numpy(image, order=order)
    before = frame.pixels.clone()
    image[:] = 0
    assert torch.equal(frame.pixels, before)


@pytest.mark.parametrize(
    ('image', 'sentence'),
    [
        (np.zeros((4, 4, 3), np.float32), r'shape \(4, 4, 3\) and type float32'),
        (np.zeros((4, 4), np.uint16), r'type uint16: expected \(H, W, 3\) or \(H, W\) of uint8'),
        (np.zeros((4, 4, 4), np.uint8), r'shape \(4, 4, 4\)'),
        (np.zeros((4, 4, 1), np.uint8), r'shape \(4, 4, 1\)'),
        (np.zeros((2, 4, 4, 3), np.uint8), r'shape \(2, 4, 4, 3\)'),
        (np.zeros((0, 4, 3), np.uint8), r'the image is empty \(shape \(0, 4, 3\)\)'),
        (np.zeros((4, 0), np.uint8), r'the image is empty'),
    ],
)
def test_other_arrays_are_refused(image, sentence):
    with pytest.raises(UserError, match=sentence):
        Frame.from_numpy(image)


def test_stamp_and_device_are_kept(texture):
    frame = Frame.from_numpy(texture(8, 8), stamp=1.5)
    assert frame.stamp == 1.5
    assert frame.device == torch.device('cpu')


def test_a_window_that_is_not_finite_gives_the_fill(texture):
    crop = rgb(texture(8, 8)).crop([SearchWindow(math.nan, 4, 4)], 4, torch.zeros(3))
    assert torch.equal(crop, torch.zeros(1, 3, 4, 4))
