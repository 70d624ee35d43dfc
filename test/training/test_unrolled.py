# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from joint_bench import CPU, SIZE, SURE, moving, small, still
import numpy as np
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.trackers.dsiam import DSiamTracker
from siam_tracker_ros.trackers.dsiam_settings import DSiamSettings
from siam_tracker_ros.training.clip_material import ClipMaterial, ClipScenes, ClipSettings
from siam_tracker_ros.training.unrolled import Unrolled

VARIATION = {'template': 'transformed', 'suppression': 'none'}
SUPPRESSION = {'template': 'first', 'suppression': 'search'}


@pytest.fixture
def crops(texture):
    """Crops of two clips of five images, (2, 5, 3, X, X)."""
    return searches([moving(texture, 5), moving(texture, 5, seed=1)], ClipScenes(shift=4.0))


def searches(clips, scenes):
    settings = ClipSettings(frames=len(clips[0]), search_size=SIZE)
    material = ClipMaterial(settings, scenes, 0.5, 127, CPU)
    return material.make(clips, np.random.default_rng(0)).searches


def unrolled(network=None, **values):
    return Unrolled(network or small(), DSiamSettings.from_dict({**SURE, **values}))


def test_all_that_is_learned_gets_a_gradient(crops):
    network = small()
    course = unrolled(network)(crops)
    assert course.successes.all()
    course.maps.square().sum().backward()
    for name, parameter in network.named_parameters():
        gradient = parameter.grad
        assert gradient is not None, name
        if name == 'shares':
            # Of the cells that the small maps have.
            cells = course.maps.shape[-1]
            rim = (17 - cells) // 2
            assert (gradient[:, rim:-rim, rim:-rim] != 0).all()
            assert int((gradient != 0).sum()) == cells**2
        else:
            assert gradient.abs().max() > 0, name
    # Of each of both layers.
    assert (network.log_lambda_v.grad != 0).all()
    assert (network.log_lambda_w.grad != 0).all()


@pytest.mark.parametrize('way', [{}, VARIATION, SUPPRESSION])
def test_the_last_response_depends_on_what_the_image_before_taught(crops, way):
    crops.requires_grad_()
    unrolled(**way)(crops).maps[:, -1].square().sum().backward()
    reached = [bool((crops.grad[:, k] != 0).any()) for k in range(5)]
    # V and W are learned anew from each result, and V from O_1 on: nothing else is remembered.
    assert reached == [True, False, False, True, True]


def test_a_success_whose_turn_it_is_not_teaches_nothing(crops):
    # Of the images 1, 2 and 3 the first and the third one are learned from.
    for expected in ([True, True, False, True], [True, False, False, True, True]):
        length = len(expected)
        some = crops[:, :length].detach().requires_grad_()
        unrolled(learn_every=2)(some).maps[:, -1].square().sum().backward()
        assert [bool((some.grad[:, k] != 0).any()) for k in range(length)] == expected


@pytest.mark.parametrize('off', [{'template': 'first', 'suppression': 'none'}, {}])
def test_after_a_failure_nothing_of_it_remains(crops, off):
    # Without both, and where no response is a success, it is SiamFC.
    crops.requires_grad_()
    failing = unrolled(**{**off, 'success_peak': 1e6})
    course = failing(crops)
    assert not course.successes.any()
    course.maps[:, -1].square().sum().backward()
    assert [bool((crops.grad[:, k] != 0).any()) for k in range(5)] == [True, *[False] * 3, True]
    never = unrolled(template='first', suppression='none')(crops)
    torch.testing.assert_close(course.maps, never.maps)


def test_one_failure_leaves_the_other_target_as_it_is(crops):
    peaks = unrolled()(crops[:, :2]).maps.detach().flatten(1).amax(dim=1)
    assert peaks[0] != peaks[1]
    between = float(peaks.mean())
    both = unrolled(success_peak=between)(crops[:, :3])
    assert both.successes[:, 0].tolist() == (peaks > between).tolist()
    for i in range(2):
        alone = unrolled(success_peak=between)(crops[i : i + 1, :3])
        torch.testing.assert_close(both.maps[i : i + 1], alone.maps, rtol=1e-4, atol=1e-4)


def test_what_stands_still_has_one_response_from_its_first_lesson_on(texture):
    maps = unrolled()(searches([still(texture, 5)], ClipScenes(shift=0.0, log_scale=0.0))).maps[0]
    assert not torch.allclose(maps[0], maps[1], atol=1e-3)
    for later in maps[2:]:
        torch.testing.assert_close(later, maps[1], rtol=1e-4, atol=1e-5)


def test_what_stands_still_is_found_where_it_is(texture):
    crops = searches([still(texture, 4)], ClipScenes(shift=0.0, log_scale=0.0))
    # Near enough, as with a trained network, for its own peak to count as no motion.
    found = unrolled(window_influence=0.9)(crops).places
    assert found.tolist() == [[[0.0, 0.0]] * 3]


@pytest.mark.parametrize('way', [{}, VARIATION, SUPPRESSION, {'learn_every': 2}])
def test_the_tracker_has_the_same_responses(texture, way):
    # It stays where it is, because the middle cell is the highest, and looks ever different.
    clip = [
        type(view)((view.image.float() * (1 - 0.06 * k) + 5 * k).byte(), view.box)
        for k, view in enumerate(still(texture, 5))
    ]
    network = small()
    values = {
        **SURE, **way, 'upsampling': 1, 'window_influence': 0.99, 'scales': 1,
        'search_size': SIZE, 'lost_search_size': SIZE,
        'confidence_bias': 9.0, 'confidence_peak': 0.0,
    }  # fmt: skip
    course = unrolled(network, **values)(searches([clip], ClipScenes(shift=0.0, log_scale=0.0)))
    tracker = DSiamTracker(network, DSiamSettings.from_dict(values), CPU)
    frames = [Frame.from_numpy(view.image.numpy()[..., ::-1].copy()) for view in clip]
    target = tracker.start(frames[0], clip[0].box)
    for frame, expected in zip(frames[1:], course.maps[0]):
        [estimate] = tracker.step(frame, [target])
        assert estimate.response is not None
        torch.testing.assert_close(estimate.response.logits, expected, rtol=5e-3, atol=5e-3)
    assert not torch.allclose(course.maps[0, 0], course.maps[0, -1], atol=0.2)
