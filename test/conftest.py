# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the library's tests: seeds, a small random network, images without files."""

from contextlib import ExitStack
from functools import lru_cache
import os
from pathlib import Path
import signal
import sys

from hypothesis import settings as hypothesis_settings
import numpy as np
import pytest
import torch

from siam_tracker_ros import weights
from siam_tracker_ros.errors import UserError
from siam_tracker_ros.models.siamfc import SiamFC
from siam_tracker_ros.web.browser import headless_browser

SMALL = {'widths': [8, 16, 16, 16, 16], 'groups': 2}

# The same examples every time: a test that fails is one that somebody can repeat. `.ci/nightly`
# tries others, and says how to repeat them. None is timed: other work shares the machine.
hypothesis_settings.register_profile('fixed', derandomize=True, deadline=None, max_examples=60)
hypothesis_settings.register_profile('random', deadline=None, max_examples=60, print_blob=True)
hypothesis_settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'fixed'))

# The scripts there import what they share, as when they are run.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'benchmarks'))

# Whoever starts the tests in the background of a script has them ignore Ctrl-C, and every process
# that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Crops and maps of these tests are too small to share between threads.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


@lru_cache(maxsize=32)
def _texture(height, width, seed):
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3))
    for cell in (64, 32, 16, 8, 4):
        coarse = rng.standard_normal((height // cell + 2, width // cell + 2, 3))
        rows = np.linspace(0, coarse.shape[0] - 1.001, height)
        columns = np.linspace(0, coarse.shape[1] - 1.001, width)
        i, j = rows.astype(int), columns.astype(int)
        a, b = (rows - i)[:, None, None], (columns - j)[None, :, None]
        image += (
            coarse[i][:, j] * (1 - a) * (1 - b)
            + coarse[i][:, j + 1] * (1 - a) * b
            + coarse[i + 1][:, j] * a * (1 - b)
            + coarse[i + 1][:, j + 1] * a * b
        )
    image = 127 + 50 * image / image.std()
    return image.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope='session')
def texture():
    """Makes a random image with structure at all scales, (H, W, 3) uint8."""

    def make(height=240, width=320, seed=0):
        return _texture(height, width, seed).copy()

    return make


@pytest.fixture
def small_network():
    """A random network of a few thousand weights, in evaluation mode.

    One for each test: a tracker puts the network that it is given into its own memory format.
    """
    torch.manual_seed(7)
    return SiamFC(**SMALL).eval()


@pytest.fixture
def small_weights(small_network, tmp_path):
    """The path of a checkpoint of `small_network`."""
    meta = weights.Meta('siamfc', SMALL, {'certain_score': 0.4}, {'command': 'none'})
    checkpoint = weights.Checkpoint(small_network.state_dict(), meta)
    return weights.save(tmp_path / 'small.safetensors', checkpoint)


@pytest.fixture(scope='session')
def shipped_weights():
    """The path of the shipped SiamFC weights."""
    if not any(entry.tracker == 'siamfc' for entry in weights.entries()):
        pytest.skip('no siamfc weights ship with this checkout')
    return Path(weights.resolve('siamfc', 'auto'))


@pytest.fixture(scope='module')
def browser():
    """A Chromium that nobody sees."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(headless_browser())
        except UserError as error:
            pytest.skip(str(error))
        yield browser
