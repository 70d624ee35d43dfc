# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import io
import pickle

from pysot_networks import Layout, alexnet, drawn, mobilenet, resnet
import pytest
import torch

from siam_tracker_ros import trackers, weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.anchors import Anchors
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.trackers.rpn_settings import RPNSettings
from siam_tracker_ros.weights import pysot

PUBLISHED = {
    'siamrpn_alex_dwxcorr': alexnet((96, 256, 384, 384, 256), legacy=True),
    'siamrpn_r50_l234_dwxcorr': resnet(50, 64, (256, 256, 256), True),
    'siamrpn_r50_l234_dwxcorr_otb': resnet(50, 64, (256, 256, 256), False),
    'siamrpn_r50_l234_dwxcorr_lt': resnet(50, 64, (128, 256, 512), True),
    'siamrpn_mobilev2_l234_dwxcorr': mobilenet(1.4, (256, 256, 256)),
}


def light(layout):
    """Tensors of these shapes that share one number, so that a file of them is small."""
    return {
        name: torch.zeros((), dtype=torch.long) if shape == () else torch.zeros(()).expand(shape)
        for name, shape in layout.items()
    }


def shapes(tensors):
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def saved(path, content):
    torch.save(content, path)
    return path


@pytest.mark.parametrize('name', PUBLISHED)
def test_a_published_model_is_recognised(name, tmp_path):
    path = saved(tmp_path / 'model.pth', light(PUBLISHED[name]))
    checkpoint = pysot.load(path)
    assert checkpoint.meta.tracker == 'siamrpnpp'
    assert checkpoint.meta.training['model'] == name
    assert checkpoint.meta.training['licence'] == 'CC BY-SA 3.0'
    assert checkpoint.source == str(path)
    # The network that it describes takes all tensors, and has the anchors of pysot.
    with torch.device('meta'):
        network = SiamRPN(**checkpoint.meta.network)
    assert network.anchors == Anchors()
    assert not network.normalise
    assert shapes(checkpoint.tensors) == shapes(network.state_dict())


def test_a_model_searches_as_it_was_published(tmp_path):
    # experiments/*/config.yaml of pysot.
    wanted = {
        'siamrpn_alex_dwxcorr': (287, 0.16, 0.40, 0.30),
        'siamrpn_r50_l234_dwxcorr': (255, 0.05, 0.42, 0.38),
        'siamrpn_r50_l234_dwxcorr_otb': (255, 0.24, 0.50, 0.25),
        'siamrpn_r50_l234_dwxcorr_lt': (255, 0.05, 0.28, 0.22),
        'siamrpn_mobilev2_l234_dwxcorr': (255, 0.04, 0.40, 0.50),
    }
    names = ('search_size', 'penalty', 'window_influence', 'size_rate')
    found = {f.name: tuple(f.settings[name] for name in names) for f in pysot.FAMILIES}
    assert found == wanted
    # siamrpnlt_tracker.py with the thresholds of experiments/siamrpn_r50_l234_dwxcorr_lt: what the
    # others say nothing of is lost and found by the score of the best proposal as it is.
    long_term = {
        'confidence_bias': 0.0, 'confidence_peak': 1.0, 'confidence_sharpness': 0.0,
        'confidence_drop': 0.0, 'confidence_margin': 0.0, 'certain_score': 0.8, 'lost_score': 0.8,
        'found_score': 0.998, 'lost_patience': 1, 'lost_search_size': 831,
    }  # fmt: skip
    for family in pysot.FAMILIES:
        rest = {k: v for k, v in family.settings.items() if k not in (*names, 'keep_first_box')}
        assert rest == (long_term if family.name.endswith('_lt') else {})
    # The tracker knows all of these settings, and reports the proposals as they are.
    for family in pysot.FAMILIES:
        assert not RPNSettings.from_dict(family.settings).keep_first_box
    path = saved(tmp_path / 'model.pth', light(PUBLISHED['siamrpn_alex_dwxcorr']))
    assert pysot.load(path).meta.settings['search_size'] == 287
    # By the way that trackers take.
    assert weights.load(path).meta == pysot.load(path).meta


@pytest.mark.parametrize('name', ['model.pth', 'model.pt', 'model.tar', 'model.pth.tar'])
def test_a_file_of_pytorch_is_one_of_the_zoo(name, tmp_path):
    path = saved(tmp_path / name, light(PUBLISHED['siamrpn_alex_dwxcorr']))
    assert weights.load(path).meta == pysot.load(path).meta


def test_a_file_of_another_ending_is_ours(tmp_path):
    path = saved(tmp_path / 'model.bin', light(PUBLISHED['siamrpn_alex_dwxcorr']))
    with pytest.raises(UserError):
        weights.load(path)


@pytest.fixture(scope='module')
def small_zoo():
    """A model of the zoo with real numbers, the smallest of them."""
    torch.manual_seed(0)
    return {name: t.float() for name, t in drawn(PUBLISHED['siamrpn_alex_dwxcorr']).items()}


def test_wrapped_files_are_the_same(small_zoo, tmp_path):
    plain = pysot.load(saved(tmp_path / 'plain.pth', small_zoo))
    network = SiamRPN(**plain.meta.network)
    plain.fill(network)
    parallel = {f'module.{name}': tensor for name, tensor in small_zoo.items()}
    snapshot = {'epoch': 20, 'state_dict': parallel, 'optimizer': {'state': {}}}
    old = {n: t for n, t in small_zoo.items() if not n.endswith('num_batches_tracked')}
    for content in (parallel, snapshot, old):
        found = pysot.load(saved(tmp_path / 'model.pth', content))
        assert found.meta == plain.meta
        assert set(found.tensors) == set(plain.tensors)
        for name, tensor in plain.tensors.items():
            if content is old and name.endswith('num_batches_tracked'):
                assert found.tensors[name] == 0
            else:
                assert torch.equal(found.tensors[name], tensor)


def test_a_model_tracks(small_zoo, texture, tmp_path):
    path = saved(tmp_path / 'model.pth', small_zoo)
    tracker = trackers.create('siamrpnpp', str(path), 'cpu', overrides={'penalty': 0.2})
    assert (tracker.settings.search_size, tracker.settings.penalty) == (287, 0.2)
    frame = Frame.from_numpy(texture())
    target = tracker.start(frame, Box.from_ltwh(100, 80, 60, 50))
    (estimate,) = tracker.step(frame, [target])
    assert estimate.box.is_valid
    assert estimate.response.logits.shape == (21, 21)
    assert estimate.response.logits.isfinite().all()


def test_files_of_an_older_pytorch_are_read(small_zoo, tmp_path):
    path = tmp_path / 'model.pth'
    torch.save(small_zoo, path, _use_new_zipfile_serialization=False)
    assert pysot.load(path).meta.training['model'] == 'siamrpn_alex_dwxcorr'


def network_of(path):
    checkpoint = pysot.load(path)
    network = SiamRPN(**checkpoint.meta.network)
    checkpoint.fill(network)
    return network


def refused(path, *words):
    """Load a file: one sentence with its name must come."""
    with pytest.raises(UserError) as caught:
        network_of(path)
    sentence = str(caught.value)
    assert sentence.startswith(f'weights {path}')
    for word in words:
        assert word in sentence
    assert '\n' not in sentence


def test_a_file_that_is_not_there(tmp_path):
    refused(tmp_path / 'none.pth', 'there is no such file')
    refused(tmp_path, 'there is no such file')


class Trap:
    def __reduce__(self):
        return (pytest.fail, ('the file was executed',))


@pytest.mark.parametrize('wrapped', [Trap(), {'state_dict': Trap()}, {'backbone': Trap()}])
def test_nothing_in_a_file_is_executed(wrapped, tmp_path):
    for zipped in (True, False):
        path = tmp_path / 'model.pth'
        torch.save(wrapped, path, _use_new_zipfile_serialization=zipped)
        refused(path, 'not a readable PyTorch checkpoint')
    path.write_bytes(pickle.dumps(wrapped, protocol=2))
    refused(path, 'not a readable PyTorch checkpoint')


@pytest.mark.parametrize('share', [0.0, 0.001, 0.5, 0.999])
@pytest.mark.parametrize('zipped', [True, False])
def test_a_truncated_file(share, zipped, tmp_path):
    file = io.BytesIO()
    torch.save({'a': torch.randn(1000)}, file, _use_new_zipfile_serialization=zipped)
    data = file.getvalue()
    path = tmp_path / 'model.pth'
    path.write_bytes(data[: int(share * len(data))])
    refused(path, 'not a readable PyTorch checkpoint', 'damaged')


@pytest.mark.parametrize('content', [b'', b'\x80', b'<html>quota exceeded</html>', bytes(500)])
def test_a_file_of_another_kind(content, tmp_path):
    path = tmp_path / 'model.pth'
    path.write_bytes(content)
    refused(path, 'not a readable PyTorch checkpoint')


@pytest.mark.parametrize(
    'content', [7, [torch.zeros(1)], {'a': 1}, {1: torch.zeros(1)}, {'state_dict': [1]}], ids=str
)
def test_what_is_not_tensors_by_name(content, tmp_path):
    refused(saved(tmp_path / 'model.pth', content), 'expected tensors by name')


def test_a_network_that_is_not_a_siamrpn(tmp_path):
    mask = {'mask_head.head.0.weight': torch.zeros(1)}
    for content in (mask, {**light(PUBLISHED['siamrpn_r50_l234_dwxcorr']), **mask}):
        path = saved(tmp_path / 'model.pth', content)
        refused(path, "no SiamRPN of pysot has a tensor 'mask_head.head.0.weight'", 'siamrpn_r50')


@pytest.mark.parametrize(
    ('layout', 'words'),
    [
        (Layout(), 'shape [], levels of [] channels, no weights'),
        (resnet(50, 64, (256, 256), True), 'levels of [256, 256] channels, learned weights'),
        (mobilenet(1.0, (256,) * 3), 'shape [(32, 3, 3, 3)]'),
        (alexnet((48, 64, 64, 64, 64), True), 'shape [(48, 3, 11, 11)], levels of [] channels'),
    ],
)
def test_a_network_that_is_not_in_the_zoo(layout, words, tmp_path):
    refused(saved(tmp_path / 'model.pth', light(layout)), words, 'siamrpn_r50_l234_dwxcorr_lt')


def test_a_network_of_the_zoo_with_another_tensor(small_zoo, tmp_path):
    path = tmp_path / 'model.pth'
    name = 'rpn_head.cls.head.3.bias'
    refused(saved(path, {**small_zoo, name: torch.zeros(6)}), '(6,)', 'expects (10,)')
    refused(saved(path, {**small_zoo, name: torch.full((10,), torch.nan)}), 'not finite')
    left = {n: t for n, t in small_zoo.items() if n != name}
    refused(saved(path, left), "1 tensors missing (first: ['blocks.0.classes.fuse.3.bias'])")
    odd = {**small_zoo, 'neck.downsample2.downsample.0.weight': torch.tensor(1.0)}
    refused(saved(path, odd), 'unknown')
