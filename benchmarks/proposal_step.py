# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a step of ``siamrpnpp`` costs, beside a plain step in pysot's manner on the same weights.

``benchmarks/proposal_step.py [--networks WORD…] [--device cpu]``: both get the same frames of the
rendered clip and begin each of them with the same box. They take turns, a few frames each, so that
other work on the machine slows both alike. Before that they must find the same boxes. The weights
are random, which changes no time, or those of ``--weights FILE``. Where the device computes in
bfloat16, our step does so once more, and need not agree. A table is printed and kept as JSON,
which the tracker's page shows (``scripts/update_docs.py``).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
import math
from pathlib import Path
import sys
from typing import Any

from common import (
    RESULTS,
    add_table,
    add_timing,
    described,
    guarded,
    timed,
    timing,
)
import numpy as np
import torch
from torch import Tensor, nn
from turns import Ours, Step, print_compared, take_turns

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.frames import Frame
from siam_tracker_ros.geometry import Box, context_side
from siam_tracker_ros.images import Image, require_cv2
from siam_tracker_ros.models.backbones.base import centre
from siam_tracker_ros.models.proposing import TEMPLATE_CELLS
from siam_tracker_ros.models.siamrpnpp import SiamRPN
from siam_tracker_ros.rendering import Clip, RenderedFrame
from siam_tracker_ros.runtime import computes_bfloat16, resolve_device
from siam_tracker_ros.trackers.assembly import assemble
from siam_tracker_ros.trackers.crops import cut, exemplar_crop, search_windows
from siam_tracker_ros.trackers.registry import load_network
from siam_tracker_ros.trackers.rpn import RPNTracker
from siam_tracker_ros.trackers.rpn_settings import RPNSettings
from siam_tracker_ros.training.recipes import RECIPES
from siam_tracker_ros.weights import Checkpoint, Meta

TABLE = RESULTS / 'proposal_step.json'
TRACKER = 'siamrpnpp'
NETWORKS = ('resnet50', 'mobilenetv2', 'light')

# pysot reports proposals as they are and never says that a target is lost. A score of random
# weights would, and then the region that is searched grows.
SETTINGS = {'keep_first_box': False, 'lost_score': 0.0}

SEED = 0
# Frames whose crops give a random network its statistics.
SHOWN = 4
# Frames in most of which the two must agree, and by how many pixels their boxes may differ.
CHECKED, TOLERANCE = 5, 1.0

BFLOAT16 = 'bfloat16'

Figures = dict[str, Any]


class Eager:
    """A step in the manner of pysot's ``siamrpn_tracker.py``, on this package's layers.

    The crop is made on the CPU, of whole pixels; where it leaves the image, of a copy of the image
    with a border of its mean colour. One tensor goes to the device. The network is as it was
    trained, batch norms and memory format included. What is kept of the template are its features,
    so each block's convolution of them, which makes the kernels of the correlation, runs in every
    frame (``DepthwiseXCorr`` in ``head/rpn.py``). Scores and deltas come back, and NumPy decodes
    all proposals and chooses.

    It departs from pysot in favour of speed or of the right place: no gradients are recorded,
    though pysot's tracker does not forbid it, and the crop is the nearest one to the box, which
    pysot misses by up to a pixel.

    Parameters
    ----------
    network : SiamRPN
        In evaluation mode, on `device`; its first kernel is turned round.
    settings : RPNSettings
    device : torch.device
    """

    def __init__(self, network: SiamRPN, settings: RPNSettings, device: torch.device) -> None:
        self.network, self.settings, self.device = network, settings, device
        # pysot's networks see BGR images as they come; so shall this one, instead of paying for
        # other images than pysot's.
        first = next(
            m for m in network.backbone.modules()
            if isinstance(m, nn.Conv2d) and m.in_channels == 3
        )  # fmt: skip
        first.weight = nn.Parameter(first.weight.flip(1))

    @torch.no_grad()
    def start(self, image: Image, box: Box) -> None:
        s = self.settings
        self.fill = image.mean(axis=(0, 1))
        side = context_side(box.w, box.h, s.context)
        levels = self.network.features(self.crop(image, box, side, s.exemplar_size))
        self.levels = [centre(level, TEMPLATE_CELLS) for level in levels]
        # Anchors and window are laid once.
        scores, _ = self.maps(self.crop(image, box, side, s.search_size))
        cells = scores.shape[-1]
        self.anchors = self.network.anchors.grid(cells).reshape(4, -1).numpy()
        window = np.outer(np.hanning(cells), np.hanning(cells))
        self.window = np.tile(window.flatten(), self.network.anchors.count)

    @torch.no_grad()
    def step(self, image: Image, last: Box) -> Box:
        s = self.settings
        side = context_side(last.w, last.h, s.context)
        scale = s.exemplar_size / side
        crop = self.crop(image, last, s.search_size / scale, s.search_size)
        (_, score), deltas = (
            maps.cpu().numpy().reshape(len(maps), -1) for maps in self.maps(crop)
        )
        ax, ay, aw, ah = self.anchors
        x, y = deltas[0] * aw + ax, deltas[1] * ah + ay
        w, h = np.exp(deltas[2]) * aw, np.exp(deltas[3]) * ah
        sizes = change(overall(w, h) / overall(last.w * scale, last.h * scale))
        steady = np.exp(-(sizes * change((last.w / last.h) / (w / h)) - 1.0) * s.penalty)
        rank = score * steady * (1.0 - s.window_influence) + self.window * s.window_influence
        best = int(np.argmax(rank))
        rate = steady[best] * score[best] * s.size_rate
        height, width = image.shape[:2]
        return Box(
            min(max(last.cx + float(x[best]) / scale, 0.0), float(width)),
            min(max(last.cy + float(y[best]) / scale, 0.0), float(height)),
            self.damped(last.w, float(w[best]) / scale, rate, width),
            self.damped(last.h, float(h[best]) / scale, rate, height),
        )

    def crop(self, image: Image, box: Box, side: float, size: int) -> Tensor:
        """A square around a box, as the network wants it: (1, 3, size, size), BGR in [0, 255]."""
        cv2 = require_cv2()
        height, width = image.shape[:2]
        pixels = round(side)
        left, top = (math.floor(c - pixels / 2 + 0.5) for c in (box.cx, box.cy))
        borders = (
            max(0, -top), max(0, top + pixels - height),
            max(0, -left), max(0, left + pixels - width),
        )  # fmt: skip
        if any(borders):
            image = cv2.copyMakeBorder(image, *borders, cv2.BORDER_CONSTANT, value=self.fill)
            left, top = left + borders[2], top + borders[0]
        patch = image[top : top + pixels, left : left + pixels]
        if pixels != size:
            patch = cv2.resize(patch, (size, size))
        planes = patch.transpose(2, 0, 1)[np.newaxis].astype(np.float32)
        return torch.from_numpy(planes).to(self.device)

    def maps(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities of background and target, (2, k, M, M), and deltas, (4, k, M, M)."""
        network = self.network
        joined = network.aggregation([
            block.search(block.template(z), x)
            for block, z, x in zip(network.blocks, self.levels, network.features(crop))
        ])
        return joined.classes.softmax(1)[0], joined.deltas[0]

    def damped(self, before: float, found: float, rate: float, most: int) -> float:
        side = float(before * (1.0 - rate) + found * rate)
        return max(self.settings.least_side, min(side, float(most)))


def overall(w: Any, h: Any) -> Any:
    """Scale of a box with its context (SiamRPN, Eq. 13)."""
    p = (w + h) / 2
    return np.sqrt((w + p) * (h + p))


def change(ratio: Any) -> Any:
    """How much a ratio differs from 1, whichever way."""
    return np.maximum(ratio, 1.0 / ratio)


def main(words: list[str] | None = None) -> int:
    args = parse_arguments(words)
    return guarded(__file__, lambda: timed(args, measure, print_result))


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = described(__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        '--networks', nargs='+', default=NETWORKS, metavar='WORD',
        help='with random weights, as of siam-tracker train siamrpnpp --network '
        f'({" ".join(NETWORKS)})',
    )  # fmt: skip
    which.add_argument('--weights', metavar='FILE', help='checkpoint, instead of random weights')
    add_timing(parser, 'auto', 40)
    add_table(parser, TABLE)
    return parser.parse_args(words)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    device = resolve_device(args.device)
    clip = list(Clip(args.frames))
    networks: dict[str, Figures] = {}
    if args.weights is not None:
        network, checkpoint = load_network(TRACKER, SiamRPN, args.weights)
        name = Path(args.weights).name
        networks[name] = compare(name, network, checkpoint.meta, clip, device)
    else:
        for word in args.networks:
            arguments = RECIPES[TRACKER].arguments(word)
            network = random_network(arguments, clip)
            networks[word] = compare(word, network, Meta(TRACKER, arguments), clip, device)
    return {'run': timing(args, device), 'networks': networks}


def random_network(arguments: Any, clip: list[RenderedFrame]) -> SiamRPN:
    """A network whose norms have the statistics of the clip, as those of a trained one have.

    Without them numbers grow from layer to layer, until all scores are 0 or 1.
    """
    torch.manual_seed(SEED)
    network = SiamRPN(**arguments).train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            # The mean of all that is shown.
            module.momentum = None
    settings = RPNSettings()
    exemplars, searches = [], []
    for index in np.linspace(0, len(clip) - 1, SHOWN).round().astype(int):
        frame, box = Frame.from_numpy(clip[index].image), clip[index].box
        exemplar, fill = exemplar_crop(frame, box, settings, torch.float32)
        windows = search_windows([box], settings.search_size, [1.0], settings)
        exemplars.append(exemplar)
        searches.append(cut(frame, windows, settings.search_size, fill, torch.float32))
    with torch.no_grad():
        network.search(network.template(torch.cat(exemplars)), torch.cat(searches))
    return network


def compare(
    name: str, network: SiamRPN, meta: Meta, clip: list[RenderedFrame], device: torch.device
) -> Figures:
    """Milliseconds of each step, how often ours fits into the other one, and how they agree.

    Raises
    ------
    UserError
        They do not find the same boxes.
    """
    ours, eager = pair(network, meta, device)
    apart = disagreement(ours, eager, clip)
    if not apart <= TOLERANCE:
        raise UserError(
            f'{name}: the boxes of the two steps differ by {apart:.2f} px, expected at most '
            f'{TOLERANCE:g} px: times of steps that do not compute the same say nothing; please '
            'report it with these weights'
        )
    steps: dict[str, Step] = {'ours': ours, 'eager': eager}
    if computes_bfloat16(device):
        steps[BFLOAT16] = Ours(tracker(eager.network, meta, device, BFLOAT16))
    figures: Figures = {'apart': apart, BFLOAT16: None, 'bfloat16_ratio': None}
    for label, seconds in take_turns(steps, clip).items():
        p50, p95 = (1000 * np.percentile(seconds, [50, 95])).tolist()
        figures[label] = {'p50': p50, 'p95': p95}
    figures['ratio'] = figures['eager']['p50'] / figures['ours']['p50']
    if BFLOAT16 in steps:
        figures['bfloat16_ratio'] = figures['eager']['p50'] / figures[BFLOAT16]['p50']
    print(f'{name}: {figures["ratio"]:.2f} times as quick', flush=True)
    return figures


def pair(network: SiamRPN, meta: Meta, device: torch.device) -> tuple[Ours, Eager]:
    """Both steps on the weights of one network, which the second one keeps."""
    ours = tracker(network, meta, device, 'float32')
    return Ours(ours), Eager(network.eval().to(device), ours.settings, device)


def tracker(network: SiamRPN, meta: Meta, device: torch.device, precision: str) -> RPNTracker:
    """Ours with a copy of a network's weights."""
    meta = replace(meta, settings={**meta.settings, **SETTINGS})
    found = assemble(Checkpoint(network.state_dict(), meta), str(device), precision)
    assert isinstance(found, RPNTracker)
    return found


def disagreement(ours: Ours, eager: Eager, clip: list[RenderedFrame]) -> float:
    """How many pixels the two's boxes differ, the median over some frames of the clip.

    The last box is of such a size, and lies so, that crops are pixels of the image as they are:
    how they are resized and where they begin differs by design, and may decide between two
    proposals that are nearly as good. For the same reason no number has fewer digits here than
    float32. What is left are roundings, which may decide so in one frame, but not in most.
    """
    precise = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        first = unresized(clip[0].box, eager.settings)
        for step in (ours, eager):
            step.start(clip[0].image, first)
        found = []
        for index in np.linspace(1, len(clip) - 1, CHECKED).round().astype(int):
            last = unresized(clip[index].box, eager.settings)
            a, b = (step.step(clip[index].image, last) for step in (ours, eager))
            found.append(np.abs(np.subtract(a.ltrb, b.ltrb)).max())
        # A NaN stays one.
        return float(np.median(found))
    finally:
        torch.backends.cudnn.allow_tf32 = precise


def unresized(box: Box, settings: RPNSettings) -> Box:
    """The square about the middle of a box whose crops are as many pixels of the image."""
    s = settings
    side = s.exemplar_size / (1.0 + 2.0 * s.context)
    # The middle of a pixel where the crops have a middle one, else a corner.
    offset = s.search_size % 2 / 2
    return Box(math.floor(box.cx) + offset, math.floor(box.cy) + offset, side, side)


def print_result(result: dict[str, Any]) -> None:
    print_compared(result['run'], result['networks'], ('ours', 'eager'), 'eager / ours')
    for name, row in result['networks'].items():
        if row[BFLOAT16] is not None:
            print(
                f'{name} in bfloat16: {row[BFLOAT16]["p50"]:.1f} ms, '
                f'{row["bfloat16_ratio"]:.2f} times as quick as the eager step'
            )


if __name__ == '__main__':
    sys.exit(main())
