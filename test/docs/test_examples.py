# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What stands in README.md and under examples/ runs."""

from __future__ import annotations

from pathlib import Path
import re
import runpy

import numpy as np
import pytest

from siam_tracker_ros import weights
from siam_tracker_ros.images import write_image

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not any(entry.tracker == 'siamfc' for entry in weights.entries()),
    reason='no weights for siamfc are shipped',
)


@pytest.mark.parametrize('page', ['README.md', 'docs/library.md'])
def test_the_short_program_tracks(page, tmp_path, monkeypatch, capsys):
    program = re.search(r'```python\n(.*?)```', (ROOT / page).read_text(), re.DOTALL)[1]
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8).repeat(12, 0).repeat(12, 1)
    # A folder of images will do as a source; a video would be lossy.
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'clip.mp4').mkdir()
    for number in range(1, 4):
        write_image(tmp_path / 'clip.mp4' / f'{number}.png', scene)
    exec(compile(program, page, 'exec'), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    numbers = [float(number) for number in re.findall(r'-?\d+\.\d+', lines[-1])]
    assert numbers[:4] == pytest.approx([310, 120, 64, 48])


def test_the_example_tracks_the_rendered_clip(capsys):
    pytest.importorskip('skimage', reason='the rendered clip is made of its photographs')
    example = runpy.run_path(str(ROOT / 'examples/track.py'))
    assert example['main'](frames=100) > 0.5
    assert 'mean IoU' in capsys.readouterr().out
