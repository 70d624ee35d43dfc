# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The equations of DSiam's section 3.2 and 3.5, against slow and plain forms of them."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from siam_tracker_ros.models.correlation import cross_correlation
from siam_tracker_ros.models.dynamic import (
    Manner,
    circular_convolution,
    correlation_spectrum,
    regularised_regression,
    weight_map,
)
from siam_tracker_ros.models.windows import hann_window

SIZES = [(4, 5), (5, 4), (6, 6), (3, 3)]
RIDGE = 0.3


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def whole(spectrum, size):
    """The transformation itself, whose half spectrum is kept."""
    return torch.fft.irfft2(spectrum, s=size)


def circulant(x):
    """The matrix C of ``(t * x).flatten() = C @ t.flatten()``, by the definition of ``*``."""
    height, width = x.shape
    rows = []
    for i in range(height):
        for j in range(width):
            rows.append([
                float(x[(i - u) % height, (j - v) % width])
                for u in range(height) for v in range(width)
            ])  # fmt: skip
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize('size', SIZES)
def test_circular_convolution_is_that_of_its_definition(size):
    r, x = noise(1, *size), noise(1, *size, seed=1)
    found = circular_convolution(torch.fft.rfft2(r), x)
    torch.testing.assert_close(found.flatten(), circulant(x[0]) @ r.flatten())


@pytest.mark.parametrize('size', SIZES)
def test_the_regression_is_the_ridge_regression_of_equation_3(size):
    x, y = noise(2, *size), noise(2, *size, seed=1)
    found = whole(regularised_regression(x, y, RIDGE), size)
    for channel in range(2):
        c = circulant(x[channel])
        normal = c.T @ c + RIDGE * torch.eye(len(c), dtype=torch.float64)
        wanted = torch.linalg.solve(normal, c.T @ y[channel].flatten())
        torch.testing.assert_close(found[channel].flatten(), wanted)


@pytest.mark.parametrize('size', SIZES)
def test_half_a_spectrum_is_the_formula_of_equation_4_on_the_whole(size):
    x, y = noise(3, *size), noise(3, *size, seed=1)
    of_x, of_y = torch.fft.fft2(x), torch.fft.fft2(y)
    wanted = torch.fft.ifft2(of_x.conj() * of_y / (of_x.conj() * of_x + RIDGE))
    spectrum = regularised_regression(x, y, RIDGE)
    assert spectrum.shape == (3, size[0], size[1] // 2 + 1)
    torch.testing.assert_close(whole(spectrum, size), wanted.real)
    assert wanted.imag.abs().max() < 1e-12


def test_what_is_alike_is_left_as_it_is():
    x = noise(3, 6, 6)
    spectrum = regularised_regression(x, x, 1e-12)
    torch.testing.assert_close(circular_convolution(spectrum, x), x)
    # The transformation is the one that changes nothing, whatever it is applied to.
    other = noise(3, 6, 6, seed=2)
    torch.testing.assert_close(circular_convolution(spectrum, other), other)


def test_without_regularisation_one_becomes_the_other_and_with_much_of_it_nothing():
    x, y = noise(3, 6, 6), noise(3, 6, 6, seed=1)
    near = circular_convolution(regularised_regression(x, y, 1e-12), x)
    torch.testing.assert_close(near, y, rtol=1e-6, atol=1e-6)
    far = circular_convolution(regularised_regression(x, y, 1e12), x)
    assert far.abs().max() < 1e-6


def test_channels_and_targets_are_regressed_alone():
    x, y = noise(2, 3, 6, 6), noise(2, 3, 6, 6, seed=1)
    together = regularised_regression(x, y, RIDGE)
    for n in range(2):
        for c in range(3):
            alone = regularised_regression(x[n, c : c + 1], y[n, c : c + 1], RIDGE)
            torch.testing.assert_close(together[n, c : c + 1], alone)


def test_a_region_of_zeros_is_no_division_by_zero():
    zeros = torch.zeros(1, 6, 6)
    assert regularised_regression(zeros, zeros, 1e-5).isfinite().all()


# Matching what is transformed


def pair(size, kind=torch.float64):
    """A transformation, a template of 3 x 2 cells and regions of two scales."""
    x, y, regions = (noise(1, 3, *size, seed=k) for k in range(3))
    more = noise(1, 3, *size, seed=3)
    template = noise(1, 3, 3, 2, seed=4)
    return [t.to(kind) for t in (x, y, template, torch.stack([regions, more], dim=1))]


MANNERS = pytest.mark.parametrize(
    'manner',
    [Manner(), Manner(0.3), Manner(0.29, windowed=True, per_cell=True)],
    ids=['paper', 'blended', 'code'],
)


@MANNERS
@pytest.mark.parametrize('size', [(5, 4), (22, 21), (22, 22)])
@pytest.mark.parametrize(
    ('kind', 'apart'), [(torch.float64, 1e-6), (torch.float32, 1e-4)], ids=['64', '32']
)
def test_matching_in_the_fourier_domain_is_matching_what_was_transformed(
    manner, size, kind, apart
):
    x, y, template, regions = pair(size, kind)
    w = manner.learn(x, y, RIDGE)
    wanted = cross_correlation(template, manner.apply(w.unsqueeze(1), regions))
    plain = cross_correlation(template, regions)
    joined = correlation_spectrum(w, template, size)
    lines, columns = plain.shape[-2:]
    assert (lines, columns) == (size[0] - 2, size[1] - 1)
    found = manner.match(joined.unsqueeze(1), regions, plain)
    assert (found - wanted).abs().max() < apart * wanted.abs().max()
    assert (plain - wanted).abs().max() > 0.05 * wanted.abs().max()


@MANNERS
def test_its_gradients_are_the_same(manner):
    def of(match):
        x, y, template, regions = (t.requires_grad_() for t in pair((6, 7)))
        ridge = torch.tensor(RIDGE, dtype=torch.float64, requires_grad=True)
        w = manner.learn(x, y, ridge)
        (match(w, template, regions) * noise(1, 2, 4, 6, seed=5)).sum().backward()
        return [t.grad for t in (x, y, template, regions, ridge)]

    def plainly(w, template, regions):
        return cross_correlation(template, manner.apply(w.unsqueeze(1), regions))

    def quickly(w, template, regions):
        joined = correlation_spectrum(w, template, (6, 7)).unsqueeze(1)
        return manner.match(joined, regions, cross_correlation(template, regions))

    for found, wanted in zip(of(quickly), of(plainly)):
        assert wanted.abs().max() > 0
        # The window that is kept is of single precision.
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-8)


# Gradients


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize(
    'manner', [Manner(), Manner(0.49, windowed=True, per_cell=True)], ids=['paper', 'code']
)
def test_gradients_of_features_and_lambda_in_float64(size, manner):
    x, y, z = (noise(2, *size, seed=k).requires_grad_() for k in range(3))
    ridge = torch.tensor(RIDGE, dtype=torch.float64, requires_grad=True)
    assert gradcheck(
        lambda x, y, ridge, z: manner.apply(manner.learn(x, y, ridge), z), (x, y, ridge, z)
    )


class Closed:
    """The closed forms of Eq. 11 to 15 for ``O = V * F_1``, V learned from F_1 to F.

    The paper's hats over gradients are read as the conjugate of their spectrum: only so do the
    equations hold as they are printed, with a conjugate where it has one and none where it has
    none. (A derivative for a complex number may be written for it or for its conjugate.)
    """

    def __init__(self, f1, f, ridge, of_o):
        self.f1, self.f = torch.fft.fft2(f1), torch.fft.fft2(f)
        self.u = 1 / (self.f1.conj() * self.f1 + ridge)  # Eq. 14
        self.v = self.u * self.f1.conj() * self.f
        self.of_o = torch.fft.fft2(of_o).conj()
        self.of_v = self.f1 * self.of_o  # Eq. 11

    def back(self, hat):
        return torch.fft.ifft2(hat.conj()).real

    @property
    def for_v(self):
        return self.back(self.of_v)

    @property
    def for_f(self):
        return self.back(self.u * self.f1.conj() * self.of_v)  # Eq. 12

    @property
    def for_ridge(self):
        slope = torch.fft.ifft2(-self.u.square() * self.f1.conj() * self.f).real
        return (slope * self.for_v).sum()  # Eq. 13

    @property
    def for_f1_as_printed(self):
        inner = -2 * self.u.square() * self.f1.conj().square() * self.f * self.of_v
        return self.back(inner) + self.back(self.v * self.of_o)  # Eq. 15

    @property
    def for_f1(self):
        """Eq. 15 with both derivatives of V: its numerator depends on the conjugate of F_1."""
        of_own = -self.u.square() * self.f1.conj().square() * self.f * self.of_v
        of_conjugate = (self.u - self.u.square() * self.f1.abs().square()) * self.f * self.of_v
        return self.back(of_own) + self.back(of_conjugate.conj()) + self.back(self.v * self.of_o)


def by_autograd(f1, f, of_o):
    """Gradients for V, F, lambda and F_1 of a loss whose gradient for O is given."""
    f1, f = f1.clone().requires_grad_(), f.clone().requires_grad_()
    ridge = torch.tensor(RIDGE, dtype=torch.float64, requires_grad=True)
    v = whole(regularised_regression(f1, f, ridge), f1.shape[-2:])
    v.retain_grad()
    o = circular_convolution(torch.fft.rfft2(v), f1)
    (o * of_o).sum().backward()
    return v.grad, f.grad, ridge.grad, f1.grad


@pytest.mark.parametrize('size', SIZES)
def test_gradients_are_those_of_the_papers_closed_forms(size):
    f1, f, of_o = (noise(1, *size, seed=k) for k in range(3))
    closed = Closed(f1, f, RIDGE, of_o)
    wanted = (closed.for_v, closed.for_f, closed.for_ridge, closed.for_f1)
    for found, form in zip(by_autograd(f1, f, of_o), wanted):
        torch.testing.assert_close(found, form)


def test_equation_15_as_printed_lacks_a_part_of_the_gradient():
    # It derives the power as if F_1 were real, and the numerator not at all.
    f1, f, of_o = (noise(1, 6, 6, seed=k) for k in range(3))
    found = by_autograd(f1, f, of_o)[3]
    printed = Closed(f1, f, RIDGE, of_o).for_f1_as_printed
    assert (found - printed).norm() > 0.1 * found.norm()


# The authors' code


@pytest.mark.parametrize('size', [(6, 6), (22, 22)])
def test_the_manner_of_the_code_is_that_of_its_files(size):
    x, y, g = (noise(2, *size, seed=k) for k in range(3))
    rate, ridge, cells = 0.49, 1e-5, size[0] * size[1]
    window = torch.from_numpy(np.outer(np.hanning(size[0]), np.hanning(size[1])))
    of_x = torch.fft.fft2(window * x)
    # update_change and CirConv.m.
    alpha = torch.fft.fft2(window * y) / (of_x.abs().square() / cells + ridge)
    changed = torch.fft.ifft2(alpha * torch.fft.fft2(window * g) * of_x.conj() / cells).real
    manner = Manner(rate, windowed=True, per_cell=True)
    found = manner.apply(manner.learn(x, y, ridge), g)
    # The window that is kept is of single precision.
    torch.testing.assert_close(found, (1 - rate) * g + rate * changed, rtol=1e-4, atol=1e-4)


def test_what_was_windowed_while_tracking_can_be_trained_with():
    manner, x = Manner(windowed=True), torch.randn(1, 7, 5)
    with torch.inference_mode():
        manner.apply(manner.learn(x, x, RIDGE), x)
    learned = x.clone().requires_grad_()
    manner.apply(manner.learn(learned, x, RIDGE), learned).sum().backward()
    assert learned.grad.abs().max() > 0


def test_the_window_has_zeros_at_its_rim():
    window = hann_window(6, 5, torch.device('cpu'))
    np.testing.assert_allclose(window, np.outer(np.hanning(6), np.hanning(5)), atol=1e-6)


# The weight map


def test_the_weight_map_is_a_gaussian_around_the_target():
    (weights,) = weight_map(9, torch.tensor([[1.0, -2.0]]), 3.0, windowed=False)
    for line in range(9):
        for column in range(9):
            distance = (column - 5) ** 2 + (line - 2) ** 2
            assert float(weights[line, column]) == pytest.approx(np.exp(-distance / 18), abs=1e-6)


def test_the_codes_weight_map_is_a_window_and_its_gaussian_nearly_flat():
    middle = torch.zeros(1, 2)
    flat = weight_map(255, middle, 127 * 100.0, windowed=False)[0]
    assert float(flat.min()) > 0.9998
    wanted = np.outer(np.hamming(255), np.hanning(255))
    found = weight_map(255, middle, 127 * 100.0, windowed=True)[0]
    np.testing.assert_allclose(found, wanted / wanted.max(), atol=2e-4)


def test_each_target_has_its_own_weights_and_they_never_grow_again():
    at = torch.tensor([[0.0, 0.0], [6.0, 0.0]])
    weights = weight_map(17, at, 50.0, windowed=True)
    torch.testing.assert_close(weights[0], weight_map(17, at[:1], 50.0, windowed=True)[0])
    assert int(weights[1, 8].argmax()) == 14
    # Left of where the moved window ends.
    assert (weights[1, :, :6] <= weights[1, :, 6:7]).all()
