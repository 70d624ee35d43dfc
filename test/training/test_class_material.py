# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.training.class_material import (
    ClassMaterial,
    ClassScenes,
    LabelledImages,
    classes_of,
)
from siam_tracker_ros.training.class_objective import ClassSettings
from siam_tracker_ros.training.sources import discover

CPU = torch.device('cpu')
# The middle of the whole image, upright.
WHOLE = {'least': 1.0, 'most': 1.0, 'log_aspect': 0.0, 'rotation': 0.0, 'grey': 0.0}


def material(**scenes):
    return ClassMaterial(ClassSettings(), ClassScenes.from_dict(scenes), 0.5, 127, CPU)


def test_the_class_is_the_name_of_the_folder(stills):
    shots = discover([stills]).shots
    assert classes_of(shots) == ['cat', 'dog']
    drawn = LabelledImages(shots, ['cat', 'dog'], 0)
    labels = {id(one.image): one.label for one in map(drawn.__getitem__, range(8))}
    for shot in shots:
        image, _ = drawn.cache.read(shot.images[0])
        assert labels[id(image)] == int(shot.kind == 'dog')


def test_all_images_are_seen_before_one_is_seen_again(stills):
    drawn = LabelledImages(discover([stills]).shots, ['cat', 'dog'], 3)
    epochs = [[id(drawn[8 * epoch + i].image) for i in range(8)] for epoch in range(3)]
    assert all(len(set(epoch)) == 8 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    again = LabelledImages(drawn.shots, ['cat', 'dog'], 3)
    assert [again[i].label for i in range(24)] == [drawn[i].label for i in range(24)]


def test_held_out_images_have_the_numbers_of_all_classes(stills):
    made = material()
    shots = made.usable(discover([stills]).shots)
    dogs = made.draw([shot for shot in shots if shot.kind == 'dog'], 0)
    assert {dogs[i].label for i in range(4)} == {1}


def test_sequences_are_no_stills(stills, sequence):
    shots = discover([stills, sequence]).shots
    assert len(shots) == 9
    made = material()
    assert len(made.usable(shots)) == 8
    assert made.classes == ['cat', 'dog']


def test_one_class_is_not_enough(stills):
    with pytest.raises(UserError, match=r'of 1 class\(es\): expected at least 2, each'):
        material().usable(discover([stills / 'cat']).shots)


def test_a_crop_of_all_shows_the_whole_image_mirrored_or_not(stills):
    made = material(**WHOLE)
    shots = made.usable(discover([stills]).shots)
    drawn = [made.draw(shots, 0)[0]] * 16
    batch = made.make(drawn, np.random.default_rng(1))
    assert batch.images.shape == (16, 3, 143, 143)
    assert batch.labels.tolist() == [drawn[0].label] * 16
    first = batch.images[0]
    same, mirrored = (
        (batch.images - wanted).abs().amax(dim=(1, 2, 3)) < 0.1
        for wanted in (first, first.flip(2))
    )
    assert bool((same ^ mirrored).all())
    assert bool(mirrored.any())
    # 160 x 120 px in a square of 160: above and below is nothing of it.
    middle = drawn[0].image.float().mean()
    assert batch.images[0, :, 20:-20].mean() == pytest.approx(float(middle), abs=6.0)


def test_crops_have_the_sizes_of_the_settings(stills):
    made = material(least=0.5, most=1.1)
    image = made.draw(made.usable(discover([stills]).shots), 0)[0].image
    rng = np.random.default_rng(0)
    windows = np.stack([made._window(image, rng) for _ in range(200)])
    sides = np.sqrt(np.abs(np.linalg.det(windows[:, :, :2]))) / max(image.shape)
    assert 0.5 <= sides.min() < 0.52
    assert 1.05 < sides.max() <= 1.1
    # Mirrored ones are half of them.
    assert 0.35 < (np.linalg.det(windows[:, :, :2]) < 0).mean() < 0.65


def test_grey_images_have_no_colours(stills):
    made = material(grey=1.0)
    shots = made.usable(discover([stills]).shots)
    batch = made.make([made.draw(shots, 0)[i] for i in range(4)], np.random.default_rng(0))
    torch.manual_seed(0)
    images = made.varied(batch).images
    torch.testing.assert_close(images[:, 0], images[:, 1])
    torch.manual_seed(0)
    assert not torch.allclose(*material(grey=0.0).varied(batch).images[:, :2].unbind(dim=1))


def test_sizes_that_cross_are_refused():
    with pytest.raises(UserError, match=r'least is 0\.9: expected at most most'):
        ClassScenes.from_dict({'least': 0.9, 'most': 0.8})
