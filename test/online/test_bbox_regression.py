# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box
from siam_tracker_ros.models.classification import ClassificationNetwork
from siam_tracker_ros.online.bbox_regression import (
    BoxRegression,
    RegressionSettings,
    from_changes,
    learn_regression,
    to_changes,
)
from siam_tracker_ros.online.patches import patch_features
from siam_tracker_ros.online.sampling import Spread, aspect, box_row, overlaps, sample

TARGET = torch.tensor([160.0, 120.0, 40.0, 60.0], dtype=torch.float64)


def samples(count, dimension, seed=0, noise=0.0):
    """Boxes about the target, and features that are a linear function of how they lie."""
    g = torch.Generator().manual_seed(seed)
    draw = aspect(Spread(0.3, 10.0), 2.0)
    boxes = sample(draw, TARGET.float(), count, (0.6, 1.0), (320, 240), g).double()
    torch.manual_seed(9)
    mixing = torch.randn(4, dimension, dtype=torch.float64)
    features = to_changes(boxes, TARGET) @ mixing
    return features + noise * torch.randn(features.shape, dtype=torch.float64), boxes


def normal_equations(features, boxes, ridge):
    """R-CNN's appendix C in NumPy: (X'X + lambda I) w = X'y for whitened y, constant included."""
    x = np.hstack([features.numpy(), np.ones((len(features), 1))])
    y = to_changes(boxes, TARGET).numpy()
    mean = y.mean(axis=0)
    covariance = (y - mean).T @ (y - mean) / len(y)
    values, vectors = np.linalg.eigh(covariance)
    whiten = vectors @ np.diag((values + 1e-3) ** -0.5) @ vectors.T
    gram = x.T @ x + ridge * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, x.T @ ((y - mean) @ whiten))
    return weight @ np.linalg.inv(whiten), mean


@pytest.mark.parametrize(('count', 'dimension'), [(60, 9), (20, 50)])
@pytest.mark.parametrize('ridge', [1.0, 1000.0])
def test_both_closed_forms_solve_the_normal_equations(count, dimension, ridge):
    features, boxes = samples(count, dimension, noise=0.1)
    fitted = BoxRegression.fit(features, boxes, TARGET, ridge)
    weight, mean = normal_equations(features, boxes, ridge)
    torch.testing.assert_close(fitted.weight, torch.from_numpy(weight), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(fitted.offset, torch.from_numpy(mean))


def test_changes_and_boxes_are_inverse():
    _, boxes = samples(10, 4)
    moved = from_changes(boxes, to_changes(boxes, TARGET))
    torch.testing.assert_close(moved, TARGET.expand(10, 4))


def test_unseen_boxes_are_moved_onto_the_target():
    features, boxes = samples(400, 30)
    fitted = BoxRegression.fit(features, boxes, TARGET, 1e-3)
    features, boxes = samples(100, 30, seed=1)
    before = overlaps(TARGET, boxes)
    after = overlaps(TARGET, fitted.apply(features, boxes))
    assert float(after.mean()) > 0.95 > float(before.mean()) + 0.1


def test_a_large_ridge_only_moves_by_the_mean():
    features, boxes = samples(50, 10)
    fitted = BoxRegression.fit(features, boxes, TARGET, 1e12)
    mean = to_changes(boxes, TARGET).mean(dim=0)
    expected = from_changes(boxes, mean.expand(50, 4))
    torch.testing.assert_close(fitted.apply(features, boxes), expected, rtol=1e-5, atol=1e-5)


def test_single_precision_is_enough_for_a_result():
    features, boxes = samples(200, 600, noise=0.1)
    exact = BoxRegression.fit(features, boxes, TARGET, 1000.0).apply(features, boxes)
    single = BoxRegression.fit(features.float(), boxes.float(), TARGET.float(), 1000.0)
    found = single.apply(features.float(), boxes.float())
    torch.testing.assert_close(found.double(), exact, rtol=1e-3, atol=1e-2)


def test_boxes_beside_the_target_of_an_image_are_moved_onto_it(texture):
    torch.manual_seed(0)
    network = ClassificationNetwork((8, 12, 16), 8).eval()
    frame, box = Frame.from_numpy(texture()), Box(150.0, 120.0, 60.0, 50.0)
    generator = torch.Generator().manual_seed(0)
    settings = RegressionSettings(regression_samples=300)
    fitted = learn_regression(network, frame, box, settings, generator)
    draw = aspect(Spread(0.3, 10.0), 2.0)
    boxes = sample(draw, box_row(box), 100, (0.6, 0.9), (320, 240), generator)
    with torch.no_grad():
        moved = fitted.apply(patch_features(network, frame, boxes), boxes)
    before, after = overlaps(box_row(box), boxes), overlaps(box_row(box), moved)
    assert float(after.mean()) > float(before.mean()) + 0.03


def test_the_box_it_was_learned_from_stays_as_it_is(texture):
    torch.manual_seed(0)
    network = ClassificationNetwork((8, 12, 16), 8).eval()
    frame, row = Frame.from_numpy(texture()), torch.tensor([[150.0, 120.0, 60.0, 50.0]])
    generator = torch.Generator().manual_seed(0)
    # A large ridge answers with the samples' mean change to all boxes, also to this one.
    settings = RegressionSettings(regression_samples=50, regression_ridge=1e6)
    fitted = learn_regression(network, frame, Box(*row[0].tolist()), settings, generator)
    with torch.no_grad():
        moved = fitted.apply(patch_features(network, frame, row), row)
    torch.testing.assert_close(moved, row, rtol=0, atol=1e-3)
