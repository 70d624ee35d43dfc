# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node has the topics and services that its page lists, of the types that stand there."""

from pathlib import Path
import re

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'node.md'
# Of every node and lifecycle node.
COMMON = re.compile(
    r'rosout|parameter_events|.*parameters(_atomically)?|.*parameter_types|.*logger_levels|'
    'get_type_description|change_state|get_state|get_available_states|.*transition.*'
)


def listed(title):
    """Names and types in the table below a title of the page."""
    section = PAGE.read_text().split(f'\n## {title}\n')[1].split('\n## ')[0]
    rows = re.findall(r'^\| `([^`]+)`[^|]*\| `([^`]+)`', section, re.MULTILINE)
    assert rows
    return dict(rows)


def found(bench, kind):
    """The same of the node, with its own name as ``~``; of parts, one stands for all."""
    names = getattr(bench.node, f'get_{kind}_names_and_types_by_node')
    there = {}
    for name, (type,) in names(bench.name.lstrip('/'), '/'):
        name = re.sub(f'^{bench.name}/', '~/', name)
        name = re.sub('score_map/.*', 'score_map/PART', name)
        if not COMMON.fullmatch(name.split('/')[-1]):
            there[name] = re.sub('/(msg|srv)/', '/', type)
    return there


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_topics_and_services_are_those_of_the_page(ros, transport):
    from fake_tracker import FakeTracker
    from ros_bench import CONFIGURE, Bench

    tracker = FakeTracker()
    tracker.parts = ('appearance', 'semantic')
    with Bench(tracker, parameters={'image_transport': transport}) as bench:
        assert bench.transition(CONFIGURE) == (True, 'inactive')
        # The bench remaps the camera's topics into the node's own namespace.
        inputs = {
            name if name.startswith('~') else f'~/{name}': type
            for name, type in listed('Inputs').items()
        }
        del inputs['~/image' if transport == 'compressed' else '~/image/compressed']
        bench.until(lambda: found(bench, 'subscriber') == inputs)
        bench.until(lambda: found(bench, 'publisher') == listed('Outputs'))
        # The page has one row for those of the lifecycle.
        services = listed('Services')
        del services['~/change_state']
        bench.until(lambda: found(bench, 'service') == services)
