# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest

from siam_tracker_ros import images
from siam_tracker_ros.errors import UserError


def textured(height=48, width=64):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def test_png_comes_back_unchanged(tmp_path):
    image = textured()
    path = images.write_image(tmp_path / 'a.png', image)
    np.testing.assert_array_equal(images.read_image(path), image)


def test_jpeg_keeps_size_and_colours():
    image = np.full((48, 64, 3), (200, 100, 50), np.uint8)
    decoded = images.decode_image(images.encode_jpeg(image), 'it')
    assert decoded.shape == image.shape
    assert np.abs(decoded.astype(int) - image).max() <= 3


def test_grey_file_becomes_three_channels(tmp_path):
    cv2 = images.require_cv2()
    cv2.imwrite(str(tmp_path / 'grey.png'), textured()[:, :, 0])
    assert images.read_image(tmp_path / 'grey.png').shape == (48, 64, 3)


@pytest.mark.parametrize('data', [b'', b'not an image', images.encode_jpeg(textured())[:20]])
def test_damaged_data_is_refused_by_name(data):
    with pytest.raises(UserError, match=r'^image 7 is not a readable image') as caught:
        images.decode_image(data, 'image 7')
    assert f'({len(data)} bytes)' in str(caught.value)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match='No such file'):
        images.read_image(tmp_path / 'none.png')


@pytest.mark.parametrize(
    ('name', 'words'),
    [('a.xyz', 'unknown ending'), ('no/a.png', 'there is no folder'), ('', 'is a folder')],
)
def test_image_that_cannot_be_written_is_refused(tmp_path, name, words):
    with pytest.raises(UserError, match=words):
        images.write_image(tmp_path / name, textured())


def test_folder_is_listed_in_the_order_of_numbers(tmp_path):
    for name in ('10.jpg', '2.JPG', '1.png', 'readme.txt'):
        (tmp_path / name).write_bytes(b'')
    (tmp_path / '3.png').mkdir()
    assert [p.name for p in images.list_images(tmp_path)] == ['1.png', '2.JPG', '10.jpg']


def test_names_that_mix_words_and_numbers_have_an_order(tmp_path):
    for name in ('b.png', '1.png', 'a2.png', 'a10.png', 'a.png'):
        (tmp_path / name).write_bytes(b'')
    names = [p.name for p in images.list_images(tmp_path)]
    assert names.index('a2.png') < names.index('a10.png') < names.index('b.png')


def test_hidden_files_are_no_images(tmp_path):
    for name in ('1.jpg', '._1.jpg'):
        (tmp_path / name).touch()
    assert images.list_images(tmp_path) == [tmp_path / '1.jpg']


def test_folder_without_images_is_refused(tmp_path):
    with pytest.raises(UserError, match='holds no images'):
        images.list_images(tmp_path)
    with pytest.raises(UserError, match='does not exist'):
        images.list_images(tmp_path / 'none')


@pytest.mark.parametrize(
    'failure',
    [
        "ImportError('libGL.so.1: cannot open shared object file: No such file or directory')",
        "AttributeError('_ARRAY_API not found')",
    ],
)
def test_broken_opencv_is_one_sentence_with_the_cure(tmp_path, failure):
    (tmp_path / 'cv2.py').write_text(f'raise {failure}\n')
    code = (
        f'import sys; sys.path.insert(0, {str(tmp_path)!r})\n'
        'from siam_tracker_ros.errors import UserError\n'
        'from siam_tracker_ros import images, drawing, video\n'
        'try: images.require_cv2()\n'
        'except UserError as error: print(error)\n'
    )
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=root
    )
    assert failure.split("'")[1] in done.stdout
    assert 'pip install --force-reinstall opencv-python-headless' in done.stdout
    assert done.stdout.count('\n') == 1
