# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from siam_tracker_ros.models.correlation import (
    all_pairs_correlation,
    correlation_by_products,
    cross_correlation,
    depthwise_by_products,
    depthwise_correlation,
    up_channel_correlation,
)


def naive(z, x):
    """Eq. 1 of SiamFC for one exemplar (C, h, w) and one crop (C, H, W)."""
    _, h, w = z.shape
    rows, columns = x.shape[1] - h + 1, x.shape[2] - w + 1
    out = torch.empty(rows, columns, dtype=z.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (z * x[:, i : i + h, j : j + w]).sum()
    return out


@pytest.mark.parametrize('targets', [1, 3])
@pytest.mark.parametrize('scales', [1, 3])
def test_each_target_meets_its_own_crops(targets, scales):
    z = torch.randn(targets, 5, 3, 2, dtype=torch.float64)
    x = torch.randn(targets, scales, 5, 7, 6, dtype=torch.float64)
    maps = cross_correlation(z, x)
    assert maps.shape == (targets, scales, 5, 5)
    for n in range(targets):
        for s in range(scales):
            torch.testing.assert_close(maps[n, s], naive(z[n], x[n, s]))


def test_all_pairs_hold_the_own_ones_on_their_diagonal():
    z = torch.randn(3, 4, 3, 3, dtype=torch.float64)
    x = torch.randn(3, 4, 8, 8, dtype=torch.float64)
    pairs = all_pairs_correlation(z, x)
    own = cross_correlation(z, x.unsqueeze(1))
    assert pairs.shape == (3, 3, 6, 6)
    for n in range(3):
        torch.testing.assert_close(pairs[n, n], own[n, 0])
        torch.testing.assert_close(pairs[n, (n + 1) % 3], naive(z[(n + 1) % 3], x[n]))


def test_more_images_than_exemplars():
    z, x = torch.randn(2, 4, 3, 3), torch.randn(5, 4, 8, 8)
    assert all_pairs_correlation(z, x).shape == (5, 2, 6, 6)


@pytest.mark.parametrize('targets', [1, 3])
def test_each_channel_meets_itself(targets):
    # DW-XCorr: SiamRPN++, Fig. 4c.
    z = torch.randn(targets, 4, 3, 2, dtype=torch.float64)
    x = torch.randn(targets, 4, 6, 7, dtype=torch.float64)
    maps = depthwise_correlation(z, x)
    assert maps.shape == (targets, 4, 4, 6)
    for n in range(targets):
        for c in range(4):
            own = naive(z[n, c : c + 1], x[n, c : c + 1])
            torch.testing.assert_close(maps[n, c], own)


@pytest.mark.parametrize('targets', [1, 3])
def test_every_kernel_of_a_target_meets_all_channels(targets):
    # UP-XCorr: SiamRPN++, Fig. 4b.
    z = torch.randn(targets, 5, 4, 3, 2, dtype=torch.float64)
    x = torch.randn(targets, 4, 6, 7, dtype=torch.float64)
    maps = up_channel_correlation(z, x)
    assert maps.shape == (targets, 5, 4, 6)
    for n in range(targets):
        for k in range(5):
            torch.testing.assert_close(maps[n, k], naive(z[n, k], x[n]))


def test_channels_last_features_give_the_same():
    z, x = torch.randn(2, 8, 3, 3), torch.randn(2, 8, 9, 9)
    last = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(depthwise_correlation(z, last), depthwise_correlation(z, x))
    kernels = torch.randn(2, 5, 8, 3, 3)
    torch.testing.assert_close(
        up_channel_correlation(kernels, last), up_channel_correlation(kernels, x)
    )


@pytest.mark.parametrize('targets', [1, 3])
def test_products_are_what_an_exported_graph_has_instead_of_groups(targets, monkeypatch):
    z = torch.randn(targets, 5, 3, 2, dtype=torch.float64)
    kernels = torch.randn(targets, 4, 5, 3, 2, dtype=torch.float64)
    scales = torch.randn(targets, 3, 5, 7, 6, dtype=torch.float64)
    one = scales[:, 0]
    grouped = [
        cross_correlation(z, scales),
        up_channel_correlation(kernels, one),
        depthwise_correlation(z, one),
    ]
    products = [
        correlation_by_products(z.unsqueeze(1), scales),
        correlation_by_products(kernels, one.unsqueeze(1)),
        depthwise_by_products(z, one),
    ]
    monkeypatch.setattr(torch.onnx, 'is_in_onnx_export', lambda: True)
    exported = [
        cross_correlation(z, scales),
        up_channel_correlation(kernels, one),
        depthwise_correlation(z, one),
    ]
    for expected, product, same in zip(grouped, products, exported):
        torch.testing.assert_close(product, expected)
        assert torch.equal(same, product)
