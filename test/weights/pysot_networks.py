# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""pysot's networks, written down once more: their shapes by name, and what they compute."""

import collections

import torch
from torch.nn import functional

HEAD = ('conv_kernel', 'conv_search', 'head')


class Layout(dict):
    """Shapes of a pysot network, by name."""

    def convolution(self, name, outputs, inputs, size, bias=False):
        self[f'{name}.weight'] = (outputs, inputs, size, size)
        if bias:
            self[f'{name}.bias'] = (outputs,)

    def norm(self, name, channels):
        for leaf in ('weight', 'bias', 'running_mean', 'running_var'):
            self[f'{name}.{leaf}'] = (channels,)
        self[f'{name}.num_batches_tracked'] = ()

    def neck(self, inputs, outputs):
        for level, (a, b) in enumerate(zip(inputs, outputs), start=2):
            self.convolution(f'neck.downsample{level}.downsample.0', b, a, 1)
            self.norm(f'neck.downsample{level}.downsample.1', b)

    def block(self, prefix, channels, anchors=5):
        for branch, values in (('cls', 2), ('loc', 4)):
            for side, size in zip(HEAD, (3, 3, 1)):
                self.convolution(f'{prefix}.{branch}.{side}.0', channels, channels, size)
                self.norm(f'{prefix}.{branch}.{side}.1', channels)
            name = f'{prefix}.{branch}.head.3'
            self.convolution(name, values * anchors, channels, 1, bias=True)

    def heads(self, channels, weighted):
        for level, width in enumerate(channels, start=2):
            self.block(f'rpn_head.rpn{level}', width)
        if weighted:
            self['rpn_head.cls_weight'] = self['rpn_head.loc_weight'] = (len(channels),)


def resnet(depth, width, channels, weighted):
    layout = Layout()
    layout.convolution('backbone.conv1', width, 3, 7)
    layout.norm('backbone.bn1', width)
    inputs = width
    for n, units in enumerate({18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[depth], start=1):
        inner = width * 2 ** (n - 1)
        outputs = inner * (4 if depth == 50 else 1)
        for unit in range(units):
            name = f'backbone.layer{n}.{unit}'
            if depth == 50:
                layout.convolution(f'{name}.conv1', inner, inputs, 1)
                layout.convolution(f'{name}.conv2', inner, inner, 3)
                layout.convolution(f'{name}.conv3', outputs, inner, 1)
                layout.norm(f'{name}.bn3', outputs)
            else:
                layout.convolution(f'{name}.conv1', inner, inputs, 3)
                layout.convolution(f'{name}.conv2', inner, inner, 3)
            layout.norm(f'{name}.bn1', inner)
            layout.norm(f'{name}.bn2', inner)
            if unit == 0 and inputs != outputs:
                layout.convolution(f'{name}.downsample.0', outputs, inputs, 1 if n == 1 else 3)
                layout.norm(f'{name}.downsample.1', outputs)
            inputs = outputs
    layout.neck([outputs // 4, outputs // 2, outputs], channels)
    layout.heads(channels, weighted)
    return layout


def mobilenet(width, channels):
    layout = Layout()
    inputs = int(32 * width)
    layout.convolution('backbone.layer0.0', inputs, 3, 3)
    layout.norm('backbone.layer0.1', inputs)
    levels = []
    table = ((16, 1), (24, 2), (32, 3), (64, 4), (96, 3), (160, 3), (320, 1))
    for n, (published, units) in enumerate(table, start=1):
        outputs = int(published * width)
        for unit in range(units):
            name = f'backbone.layer{n}.{unit}.conv'
            inner = inputs * (1 if n == 1 else 6)
            layout.convolution(f'{name}.0', inner, inputs, 1)
            layout.norm(f'{name}.1', inner)
            layout.convolution(f'{name}.3', inner, 1, 3)
            layout.norm(f'{name}.4', inner)
            layout.convolution(f'{name}.6', outputs, inner, 1)
            layout.norm(f'{name}.7', outputs)
            inputs = outputs
        levels.append(outputs)
    layout.neck([levels[2], levels[4], levels[6]], channels)
    layout.heads(channels, weighted=False)
    return layout


def alexnet(widths, legacy):
    layout = Layout()
    inputs = 3
    for n, (outputs, size) in enumerate(zip(widths, (11, 5, 3, 3, 3)), start=1):
        first = (0, 4, 8, 11, 14)[n - 1]
        prefix, index = ('features', first) if legacy else (f'layer{n}', 0)
        layout.convolution(f'backbone.{prefix}.{index}', outputs, inputs, size, bias=True)
        layout.norm(f'backbone.{prefix}.{index + 1}', outputs)
        inputs = outputs
    layout.block('rpn_head', outputs)
    return layout


def drawn(layout):
    """Random tensors, at which the signal neither dies nor grows."""
    state = collections.OrderedDict()
    for name, shape in layout.items():
        if len(shape) == 4:
            gain = (2 / torch.Size(shape[1:]).numel()) ** 0.5
            state[name] = torch.randn(shape, dtype=torch.float64) * gain
        elif name.endswith(('weight', 'running_var')):
            state[name] = torch.rand(shape, dtype=torch.float64) + 0.5
        elif name.endswith('num_batches_tracked'):
            state[name] = torch.tensor(7)
        else:
            state[name] = torch.randn(shape, dtype=torch.float64) * 0.3
    return state


class Pysot:
    """What pysot computes, by functions of the tensors that it names. Its images are BGR."""

    def __init__(self, state):
        self.state = state

    def convolution(self, name, x, stride=1, padding=0, dilation=1, groups=1):
        weight, bias = self.state[f'{name}.weight'], self.state.get(f'{name}.bias')
        return functional.conv2d(x, weight, bias, stride, padding, dilation, groups)

    def norm(self, name, x):
        weight, bias, mean, var = (
            self.state[f'{name}.{leaf}'].view(-1, 1, 1)
            for leaf in ('weight', 'bias', 'running_mean', 'running_var')
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def resnet(self, x):
        x = self.norm('backbone.bn1', self.convolution('backbone.conv1', x, 2)).relu()
        x = functional.max_pool2d(x, 3, 2, 1)
        levels = []
        for n in range(1, 5):
            first = {2: (2, 0, 1), 3: (1, 1, 1), 4: (1, 2, 2)}.get(n, (1, 1, 1))
            rest = {3: (1, 2, 2), 4: (1, 4, 4)}.get(n, (1, 1, 1))
            for unit in range(6):
                name = f'backbone.layer{n}.{unit}'
                if f'{name}.conv1.weight' not in self.state:
                    break
                own = rest if unit else first
                bottleneck = f'{name}.conv3.weight' in self.state
                steps = ((), own, ()) if bottleneck else (own, rest)
                y = x
                for k, step in enumerate(steps, start=1):
                    y = self.norm(f'{name}.bn{k}', self.convolution(f'{name}.conv{k}', y, *step))
                    y = y if k == len(steps) else y.relu()
                if f'{name}.downsample.0.weight' in self.state:
                    step = () if n == 1 else first
                    x = self.convolution(f'{name}.downsample.0', x, *step)
                    x = self.norm(f'{name}.downsample.1', x)
                x = (x + y).relu()
            levels.append(x)
        return levels[1:]

    def mobilenet(self, x):
        x = self.norm('backbone.layer0.1', self.convolution('backbone.layer0.0', x, 2))
        x = x.clamp(0, 6)
        levels = []
        plain, two, four = (1, 1, 1), (1, 2, 2), (1, 4, 4)
        firsts = (plain, (2, 0, 1), (2, 0, 1), plain, two, two, four)
        rests = (plain, plain, plain, two, two, four, four)
        for n, (first, rest) in enumerate(zip(firsts, rests), start=1):
            for unit in range(4):
                name = f'backbone.layer{n}.{unit}.conv'
                if f'{name}.0.weight' not in self.state:
                    break
                y = self.norm(f'{name}.1', self.convolution(f'{name}.0', x)).clamp(0, 6)
                step = rest if unit else first
                y = self.convolution(f'{name}.3', y, *step, groups=y.shape[1])
                y = self.norm(f'{name}.4', y).clamp(0, 6)
                y = self.norm(f'{name}.7', self.convolution(f'{name}.6', y))
                x = x + y if unit else y
            levels.append(x)
        return [levels[2], levels[4], levels[6]]

    def alexnet(self, x):
        legacy = 'backbone.features.0.weight' in self.state
        for n, first in enumerate((0, 4, 8, 11, 14), start=1):
            name = 'backbone.features.{}' if legacy else f'backbone.layer{n}.{{}}'
            convolution, norm = (first, first + 1) if legacy else (0, 1)
            x = self.convolution(name.format(convolution), x, 2 if n == 1 else 1)
            x = self.norm(name.format(norm), x)
            if n < 3:
                x = functional.max_pool2d(x, 3, 2)
            if n < 5:
                x = x.relu()
        return [x]

    def levels(self, x):
        if 'backbone.conv1.weight' in self.state:
            levels = self.resnet(x)
        elif 'backbone.layer0.0.weight' in self.state:
            levels = self.mobilenet(x)
        else:
            return self.alexnet(x)
        reduced = []
        for k, level in enumerate(levels, start=2):
            name = f'neck.downsample{k}.downsample'
            level = self.norm(f'{name}.1', self.convolution(f'{name}.0', level))
            if level.shape[-1] < 20:
                first = (level.shape[-1] - 7) // 2
                level = level[:, :, first : first + 7, first : first + 7]
            reduced.append(level)
        return reduced

    def branch(self, name, z, x):
        adapted = []
        for side, features in zip(HEAD, (z, x)):
            y = self.convolution(f'{name}.{side}.0', features)
            adapted.append(self.norm(f'{name}.{side}.1', y).relu())
        kernel, search = adapted
        y = functional.conv2d(search, kernel.transpose(0, 1), groups=kernel.shape[1])
        y = self.norm(f'{name}.head.1', self.convolution(f'{name}.head.0', y)).relu()
        return self.convolution(f'{name}.head.3', y)

    def __call__(self, z, x):
        """Classes (1, 2 k, M, M) and deltas (1, 4 k, M, M) of one pair of BGR crops."""
        pairs = list(zip(self.levels(z), self.levels(x)))
        blocks = [f'rpn_head.rpn{k}' for k in (2, 3, 4)] if len(pairs) > 1 else ['rpn_head']
        joined = []
        for branch in ('cls', 'loc'):
            maps = [self.branch(f'{name}.{branch}', *pair) for name, pair in zip(blocks, pairs)]
            weight = self.state.get(f'rpn_head.{branch}_weight', torch.zeros(len(maps)))
            joined.append(sum(a * m for a, m in zip(weight.softmax(0), maps)))
        return joined
