# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Torchvision's VGG-19 as weights of DSiam, from files of torchvision's names."""

import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models import dsiam
from siam_tracker_ros.models.backbones.vgg import BLOCKS, VGG19
from siam_tracker_ros.trackers.crops import exemplar_crop

WIDTHS = (4, 4, 6, 6, 8)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Writes a file as torchvision's, of few channels; what is built has as few."""
    monkeypatch.setattr(dsiam, 'VGG19', lambda widths=WIDTHS: VGG19(widths))

    def write(**changes):
        torch.manual_seed(2)
        tensors, index, before = {}, 0, 3
        for width, count in zip(WIDTHS, BLOCKS):
            for _ in range(count):
                tensors[f'features.{index}.weight'] = torch.randn(width, before, 3, 3) / 4
                tensors[f'features.{index}.bias'] = torch.randn(width) / 10
                index, before = index + 2, width
            index += 1
        tensors['classifier.0.weight'] = torch.randn(5, 8)
        tensors['classifier.0.bias'] = torch.randn(5)
        path = tmp_path / 'vgg19.pth'
        torch.save({**tensors, **changes}, path)
        return path, tensors

    return write


def test_it_is_loaded_by_its_names_with_the_authors_values(file):
    path, published = file()
    checkpoint = weights.load(path)
    assert checkpoint.meta.tracker == 'dsiam'
    assert checkpoint.meta.network == {
        'backbone': 'vgg19', 'layers': [4, 5], 'lambda_v': 10.0, 'lambda_w': 10.0
    }
    assert checkpoint.meta.settings == {'fusion': 'fixed', 'fixed_share': 0.8}
    assert checkpoint.meta.training['origin'] == "torchvision's VGG-19"
    found = {n.removeprefix('backbone.'): t for n, t in checkpoint.tensors.items()}
    for name, tensor in published.items():
        if name.startswith('features.'):
            assert torch.equal(found.pop(name), tensor)
    assert set(found) == dsiam.OWN | {'log_scale', 'bias'}
    # As a new network has them.
    new = dsiam.DSiam(**checkpoint.meta.network).state_dict()
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, new[name], rtol=0, atol=0)


@torch.inference_mode()
@pytest.mark.parametrize('suppression', ['search', 'crops'])
def test_dsiam_follows_with_it_and_cuts_each_exemplar_out(file, texture, suppression):
    # The network pads, so that features of an exemplar are no part of those around it.
    path, _ = file()
    tracker = trackers.create(
        'dsiam', str(path), 'cpu',
        overrides={
            'suppression': suppression, 'template': 'previous', 'confidence_bias': 9.0,
            'confidence_peak': 0.0, 'success_peak': -1e6, 'scales': 1,
        },
    )  # fmt: skip
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 60, 50))
    [estimate] = tracker.step(frame, [target])
    assert estimate.updated
    crop, _ = exemplar_crop(frame, target.box, tracker.settings, torch.float32)
    wanted = tracker.network.layer_features(crop)
    assert [own.shape[-1] for own in wanted] == [15, 14]
    for known, own in zip(target.learned.templates, wanted):
        torch.testing.assert_close(known, own[0], rtol=1e-3, atol=1e-3)
    assert tracker.step(frame, [target])[0].box.is_valid


def test_it_may_be_kept_as_a_checkpoint(file, tmp_path):
    path, _ = file()
    kept = weights.save(tmp_path / 'vgg.safetensors', weights.load(path))
    again = weights.load(kept)
    assert again.meta == weights.load(path).meta
    trackers.create('dsiam', str(kept), 'cpu')


def test_another_vgg_is_refused(file):
    path, _ = file(**{'features.1.running_mean': torch.zeros(4)})
    with pytest.raises(UserError, match='expected the 32 tensors of the convolutions of VGG-19'):
        weights.load(path)


def test_one_of_other_kernels_is_refused(file):
    path, _ = file(**{'features.34.weight': torch.zeros(8, 8, 5, 5)})
    with pytest.raises(UserError, match="or other shapes: use the file of torchvision's vgg19"):
        weights.load(path)


def test_it_is_no_weights_of_another_tracker(file):
    path, _ = file()
    with pytest.raises(UserError, match="belong to tracker 'dsiam', expected 'siamrpnpp'"):
        trackers.create('siamrpnpp', str(path), 'cpu')
