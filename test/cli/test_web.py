# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `siam-tracker web` takes; the page itself is in test/node/test_web_page.py."""

import sys

import pytest

from siam_tracker_ros.cli import main

PROCESS = 'siam_tracker_ros.node.web_process'


@pytest.fixture
def served(monkeypatch):
    """What would be served, in place of doing so."""
    process = pytest.importorskip(PROCESS, reason='rclpy or aiohttp is not installed')
    served = []
    monkeypatch.setattr(process, 'serve', lambda options: served.append(options) or 0)
    monkeypatch.delenv('SIAM_TRACKER_TOKEN', raising=False)
    return served


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (('--node', 'a b'), "--node is '/a b': expected a ROS name"),
        (('--node', '/a/'), 'expected a ROS name'),
        (('--image', '/1/image'), "--image is '/1/image': expected a ROS name"),
        (('--port', '65536'), '--port is 65536: expected a number from 0 to 65535'),
        (('--port', 'x'), "invalid int value: 'x'"),
        (('--fps', '0'), '--fps is 0: expected a number from 0.1 to 120'),
        (('--fps', 'nan'), '--fps is nan'),
        (('--width', '10'), '--width is 10: expected a number from 64 to 8192'),
        (('--token', 'short'), 'the token must have at least 16'),
        (('--host', '0.0.0.0', '--token', ''), 'the token must have at least 16'),
    ],
)
def test_what_is_wrong_is_one_sentence(words, sentence, served, capsys):
    assert main(['web', *words]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith('siam-tracker: ')
    assert sentence in complaint
    assert complaint.count('\n') == 1
    assert served == []


def test_without_options_only_this_machine_sees_the_page(served):
    assert main(['web']) == 0
    (options,) = served
    assert (options.node, options.image) == ('/siam_tracker', None)
    assert (options.host, options.port) == ('127.0.0.1', 8080)
    assert options.access.token == ''
    assert options.access.refuse_host('evil.example') is not None
    assert main(['web', '--name', 'robot.example']) == 0
    assert served[-1].access.refuse_host('robot.example') is None
    assert served[-1].name == 'robot.example'


def test_for_other_machines_a_token_is_made_or_given(served, monkeypatch):
    for words in (['--host', '0.0.0.0'], ['--host', '0.0.0.0'],
                  ['--host', 'robot.local', '--token', 'a' * 20]):
        assert main(['web', *words]) == 0
    monkeypatch.setenv('SIAM_TRACKER_TOKEN', 'b' * 20)
    assert main(['web', '--node', 'front/tracker']) == 0
    first, second, third, fourth = (options.access.token for options in served)
    assert len(first) >= 32
    assert first != second
    assert (third, fourth) == ('a' * 20, 'b' * 20)
    assert served[-1].node == '/front/tracker'


def test_where_the_page_is_stands_in_one_address(served):
    from siam_tracker_ros.node.web_process import addresses

    assert addresses('127.0.0.1', 80, '') == ['The page is at http://127.0.0.1:80/']
    assert addresses('::1', 80, '') == ['The page is at http://[::1]:80/']
    lines = addresses('127.0.0.1', 80, 'secret', 'robot.example')
    assert lines[1] == 'Through the proxy: https://robot.example/?token=secret'
    lines = addresses('0.0.0.0', 80, 'secret')
    assert lines[0].endswith(':80/?token=secret')
    assert '0.0.0.0' not in lines[0]
    assert 'not encrypted' in lines[-1]


def test_what_is_not_installed_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, PROCESS, None)
    assert main(['web']) == 2
    complaint = capsys.readouterr().err
    assert 'needs ROS 2 and aiohttp' in complaint
    assert complaint.count('\n') == 1
