# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

pytest.importorskip('kornia', reason='the train extra is not installed')

from siam_tracker_ros.trackers.siamfc import SiamFCSettings
from siam_tracker_ros.training.calibrate import calibrate, evidence, fit_logistic
from siam_tracker_ros.training.pairs import Pairs
from siam_tracker_ros.training.sources import discover


def test_known_coefficients_come_back():
    x = torch.randn(40_000, 3) * torch.tensor([0.1, 1.0, 10.0]) + torch.tensor([5.0, -1.0, 0.0])
    logit = 1.5 - 0.4 * x[:, 0] + 0.8 * x[:, 1] + 0.05 * x[:, 2]
    y = (torch.rand(len(x)) < torch.sigmoid(logit)).float()
    bias, weights = fit_logistic(x, y, ridge=0.0)
    # 40 000 draws leave a standard error of 0.011 / spread on each weight, 0.6 on the bias.
    assert weights.tolist() == pytest.approx([-0.4, 0.8, 0.05], abs=0.4)
    assert weights.tolist()[1:] == pytest.approx([0.8, 0.05], abs=0.04)
    found = bias + x.double() @ weights
    assert float((found - logit).abs().max()) < 0.3


def test_the_gradient_is_zero_at_the_solution():
    x, y = torch.randn(200, 3), (torch.rand(200) < 0.4).float()
    bias, weights = fit_logistic(x, y, ridge=0.0)
    p = torch.sigmoid(bias + x.double() @ weights)
    assert abs(float((p - y).sum())) < 1e-6
    assert float(((p - y) @ x.double()).abs().max()) < 1e-6


def test_separable_data_stay_finite():
    x = torch.linspace(-1, 1, 100).unsqueeze(1)
    bias, weights = fit_logistic(x, (x[:, 0] > 0).float())
    assert abs(bias) < 1.0
    assert 0 < float(weights[0]) < 1e3


def test_a_feature_that_never_changes_gets_no_weight():
    x = torch.cat([torch.randn(500, 1), torch.full((500, 1), 3.0)], dim=1)
    _, weights = fit_logistic(x, (x[:, 0] > 0.3).float())
    assert torch.isfinite(weights).all()
    assert abs(float(weights[1])) < 1e-3


def test_one_outcome_only_stays_finite():
    bias, weights = fit_logistic(torch.randn(50, 2), torch.ones(50))
    assert bias > 0
    assert torch.isfinite(weights).all()


def test_evidence_of_present_and_absent_exemplars(small_network, stills):
    tracker = SiamFCSettings(search_size=143)
    pairs = Pairs(discover([stills]).shots, 0)
    some = [pairs[k] for k in range(8)]
    features, right = evidence(small_network, some, tracker, 0, batch=4)
    assert features.shape[1] == 3
    assert len(features) == len(right)
    # One row for each exemplar in its own crop, at most one more for it in a foreign one.
    assert 8 <= len(features) <= 16
    assert torch.isfinite(features).all()
    assert set(right.unique().tolist()) <= {0.0, 1.0}
    again, _ = evidence(small_network, some, tracker, 0, batch=4)
    assert torch.equal(features, again)


def test_calibration_gives_settings_of_the_tracker(small_network, stills):
    found = calibrate(small_network, Pairs(discover([stills]).shots, 0), 16, 0)
    assert set(found) == {
        'confidence_bias',
        'confidence_peak',
        'confidence_sharpness',
        'confidence_drop',
    }
    settings = SiamFCSettings.from_dict(found)
    assert settings.confidence_bias == found['confidence_bias']
