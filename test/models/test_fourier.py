# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch.autograd import gradcheck

from siam_tracker_ros.models.fourier import real_spectrum

SIZES = [(4, 5), (5, 4), (1, 1), (6, 6), (22, 22)]


def noise(*shape, kind=torch.float64):
    return torch.randn(*shape, dtype=kind, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('batch', [(), (2,), (2, 3)], ids=str)
def test_it_is_the_half_of_the_transform_of_a_real_map(size, batch):
    x = noise(*batch, 3, *size)
    torch.testing.assert_close(real_spectrum(x), torch.fft.rfft2(x))


@pytest.mark.parametrize(
    ('size', 'larger'), [((3, 2), (5, 4)), ((6, 6), (22, 22)), ((1, 4), (1, 9))]
)
def test_zeros_are_added(size, larger):
    x = noise(2, *size)
    torch.testing.assert_close(real_spectrum(x, larger), torch.fft.rfft2(x, s=larger))


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
def test_single_precision_is_kept_in_any_layout(layout):
    x = noise(2, 64, 22, 22, kind=torch.float32).contiguous(memory_format=layout)
    found, wanted = real_spectrum(x), torch.fft.rfft2(x.double())
    assert found.dtype == torch.complex64
    assert (found - wanted).abs().max() < 1e-6 * wanted.abs().max()


def test_training_in_another_format_does_not_round_it():
    x = noise(3, 6, 6, kind=torch.float32)
    with torch.autocast('cpu', torch.bfloat16):
        found = real_spectrum(x)
    torch.testing.assert_close(found, real_spectrum(x), rtol=0, atol=0)


def test_gradients():
    x = noise(2, 3, 4).requires_grad_()
    assert gradcheck(lambda x: torch.view_as_real(real_spectrum(x, (4, 5))), x)


def test_what_was_made_while_tracking_can_be_trained_with():
    x = noise(1, 7, 11)
    with torch.inference_mode():
        real_spectrum(x)
    learned = x.clone().requires_grad_()
    real_spectrum(learned).abs().sum().backward()
    assert learned.grad.abs().max() > 0
