# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.backbones.base import centre
from siam_tracker_ros.models.correlation import cross_correlation
from siam_tracker_ros.models.dsiam import OWN, DSiam
from siam_tracker_ros.models.siamfc import SiamFC

SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}
BOTH = {**SMALL, 'layers': [4, 5]}


@pytest.fixture
def network():
    """A small random DSiamM, in evaluation mode."""
    torch.manual_seed(3)
    return DSiam(**BOTH).eval()


def crops(*shape):
    return torch.rand(*shape) * 255


def responses(network, z, x):
    """Response maps of each layer, of exemplars (N, …) and search crops (N, S, …)."""
    features = network.layer_features(x.flatten(0, 1))
    regions = [f.reshape(*x.shape[:2], *f.shape[1:]) for f in features]
    return network.logits(
        [cross_correlation(a, b) for a, b in zip(network.layer_features(z), regions)]
    )


@torch.no_grad()
def test_one_layer_without_transformations_is_siamfc():
    torch.manual_seed(3)
    plain = SiamFC(**SMALL).eval()
    network = DSiam(**SMALL).eval()
    network.load_state_dict({**network.state_dict(), **plain.state_dict()})
    z, x = crops(2, 3, 127, 127), crops(2, 3, 3, 159, 159)
    maps = network.fuse(responses(network, z, x), network.fusion(5))
    torch.testing.assert_close(maps, plain.search(plain.template(z), x))


@torch.no_grad()
def test_each_layer_has_its_own_features_scale_and_bias(network):
    network.log_scales.fill_(-2.0)
    network.biases.fill_(0.7)
    z, x = crops(2, 3, 127, 127), crops(2, 1, 3, 255, 255)
    four, five = network.layer_features(z)
    assert (four.shape, five.shape) == ((2, 16, 8, 8), (2, 16, 6, 6))
    assert four.min() >= 0  # relu4 of the authors' code
    torch.testing.assert_close(five, network.features(z))
    torch.testing.assert_close(network.backbone.conv5(four), five)
    maps = responses(network, z, x)
    # Maps of both layers have one size, so that Eq. 9 can add them.
    assert maps.shape == (2, 2, 1, 17, 17)
    shallow = network.layer_features(x[:, 0])[0]
    product = (four[0] * shallow[0, :, 3:11, 5:13]).sum()
    torch.testing.assert_close(
        maps[0, 0, 0, 3, 5], product * torch.tensor(-2.0).exp() + 0.7, rtol=1e-4, atol=1e-4
    )


@torch.no_grad()
def test_both_layers_of_vgg_have_maps_of_one_size():
    network = DSiam([4, 4, 4, 8, 6], layers=[4, 5], backbone='vgg19').eval()
    assert not network.crops_are_parts
    four, five = network.layer_features(crops(1, 3, 127, 127))
    assert (four.shape, five.shape) == ((1, 8, 15, 15), (1, 6, 14, 14))
    for side, cells in ((255, 17), (511, 49)):
        maps = responses(network, crops(1, 3, 127, 127), crops(1, 1, 3, side, side))
        assert maps.shape == (1, 2, 1, cells, cells)


@torch.no_grad()
@pytest.mark.parametrize('size', [143, 255])
def test_features_of_an_exemplar_are_the_middle_of_those_of_its_surroundings(network, size):
    assert network.crops_are_parts
    x = crops(1, 3, size, size)
    edge = (size - 127) // 2
    exemplar = network.layer_features(x[..., edge : edge + 127, edge : edge + 127])
    for whole, own in zip(network.layer_features(x), exemplar):
        torch.testing.assert_close(centre(whole, own.shape[-1]), own, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_fusion_begins_with_ones_for_the_last_layer_and_zeros_for_the_other(network):
    fusion = network.fusion(17)
    assert torch.equal(fusion[0], torch.zeros(17, 17))
    assert torch.equal(fusion[1], torch.ones(17, 17))
    maps = responses(network, crops(2, 3, 127, 127), crops(2, 2, 3, 255, 255))
    assert torch.equal(network.fuse(maps, fusion), maps[:, 1])


@torch.no_grad()
@pytest.mark.parametrize('cells', [5, 17, 49])
def test_fusion_sums_to_one_and_depends_on_the_distance_from_the_middle(network, cells):
    network.shares.copy_(torch.randn(1, 17, 17))
    fusion = network.fusion(cells)
    assert fusion.shape == (2, cells, cells)
    torch.testing.assert_close(fusion.sum(dim=0), torch.ones(cells, cells))
    for line in range(cells):
        for column in range(cells):
            i, j = (min(max(k - cells // 2, -8), 8) + 8 for k in (line, column))
            assert fusion[0, line, column] == network.shares[0, i, j]


@torch.no_grad()
def test_fused_maps_are_weighted_sums_at_each_cell(network):
    network.shares.copy_(torch.rand(1, 17, 17))
    maps = torch.randn(3, 2, 4, 17, 17)
    found = network.fuse(maps, network.fusion(17))
    share = network.shares[0]
    torch.testing.assert_close(found, share * maps[:, 0] + (1 - share) * maps[:, 1])


def test_gradients_of_the_fusion_are_the_responses(network):
    # Section 3.5; that of the last layer's map is what the others leave.
    maps, of_fused = torch.randn(1, 2, 1, 17, 17), torch.randn(1, 1, 17, 17)
    (network.fuse(maps, network.fusion(17)) * of_fused).sum().backward()
    wanted = (maps[:, 0] - maps[:, 1])[0] * of_fused[0]
    torch.testing.assert_close(network.shares.grad, wanted)


def test_lambdas_are_positive_whatever_is_learned():
    network = DSiam(**BOTH, lambda_v=2.0, lambda_w=30.0)
    of_v, of_w = network.lambdas
    torch.testing.assert_close(of_v, torch.tensor([2.0, 2.0]))
    torch.testing.assert_close(of_w, torch.tensor([30.0, 30.0]))
    of_v.sum().backward()
    with torch.no_grad():
        network.log_lambda_v -= 10 * network.log_lambda_v.grad
    assert (network.lambdas[0] > 0).all()


@pytest.mark.parametrize(
    ('layers', 'own'), [([5], OWN - {'shares', 'log_scales', 'biases'}), ([4, 5], OWN)]
)
def test_what_siamfc_lacks_is_named(layers, own):
    network = DSiam(**SMALL, layers=layers)
    assert set(network.state_dict()) - set(SiamFC(**SMALL).state_dict()) == own


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ({'layers': []}, 'levels are'),
        ({'layers': [3, 5]}, 'levels are'),
        ({'layers': [5, 4]}, 'levels are'),
        ({'layers': [4]}, r'layers are \[4\]: expected the last one to be 5'),
        ({'backbone': 'vgg16'}, 'backbone is vgg16: expected alexnet or vgg19'),
        ({'lambda_v': 0.0, 'lambda_w': 3.0}, 'lambdas are 0.0 and 3.0: expected positive ones'),
    ],
)
def test_a_network_that_makes_no_sense_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        DSiam(**{**SMALL, **arguments})
