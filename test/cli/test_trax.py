# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command in its own process, with a small client of TraX."""

import re
import subprocess
import sys

import pytest
import torch

from siam_tracker_ros.cli import main, trax

BOX = '60.0000,50.0000,40.0000,32.0000'


class Client:
    """Speaks TraX with a process, and keeps what it says besides."""

    def __init__(self, *arguments):
        command = [sys.executable, '-m', 'siam_tracker_ros.cli', 'trax', *map(str, arguments)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self):
        """The next message: its kind and its words."""
        assert self.process.stdout.readline() == '\n'
        line = self.process.stdout.readline()
        assert line.startswith('@@TRAX:'), f'not of the protocol: {line!r}'
        kind, _, rest = line[7:].partition(' ')
        return kind, re.findall(r'"((?:[^"\\]|\\.)*)"', rest)

    def say(self, line):
        self.process.stdin.write(f'@@TRAX:{line}\n')
        self.process.stdin.flush()

    def state(self, image):
        self.say(f'frame "file://{image}"')
        kind, words = self.hear()
        assert kind == 'state'
        return words

    def end(self):
        """Exit status, and the rest of what was said to each stream."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def client(checkpoint):
    started = Client('siamfc', '--weights', checkpoint, '--device', 'cpu')
    yield started
    started.process.kill()
    started.process.communicate()


def test_a_session(client, folder):
    images = sorted(folder.iterdir())
    kind, words = client.hear()
    assert kind == 'hello'
    assert 'trax.name=siamfc' in words
    assert 'trax.version=4' in words
    client.say(f'initialize "{BOX}"')
    assert client.state(images[0]) == [BOX]
    for image in images[1:]:
        region, confidence = client.state(image)
        assert len(region.split(',')) == 4
        key, _, value = confidence.partition('=')
        assert key == 'confidence'
        assert 0 <= float(value) <= 1
    # Once more, as after a failure.
    client.say('initialize ')
    client.say(f'initialize "{BOX}"')
    assert client.state(images[0]) == [BOX]
    client.say('quit')
    assert client.end() == (0, '', '')


def test_the_client_hangs_up(client):
    assert client.hear()[0] == 'hello'
    client.process.stdin.close()
    client.process.stdin = None
    assert client.end() == (0, '', '')


def test_a_wrong_image_ends_it_with_one_sentence(client, tmp_path):
    assert client.hear()[0] == 'hello'
    client.say(f'initialize "{BOX}"')
    client.say(f'frame "file://{tmp_path}/none.png"')
    kind, (reason,) = client.hear()
    assert kind == 'quit'
    assert reason.startswith('trax.reason=image ')
    status, out, err = client.end()
    assert (status, out) == (2, '')
    assert err.startswith('siam-tracker: image ')
    assert err.count('\n') == 1


# Runs the command with a tracker that prints while it works.
LOUD = (
    'import os, sys\n'
    'from siam_tracker_ros import cli\n'
    'from siam_tracker_ros.trackers import siamfc\n'
    'step = siamfc.SiamFCTracker.step\n'
    'def loud(self, frame, targets):\n'
    "    os.write(1, b'from C\\n')\n"
    "    print('from Python', end='', flush=True)\n"
    '    return step(self, frame, targets)\n'
    'siamfc.SiamFCTracker.step = loud\n'
    'sys.exit(cli.main(sys.argv[1:]))\n'
)


def run_loud(client, folder, stderr):
    images = sorted(folder.iterdir())
    lines = [f'initialize "{BOX}"', *(f'frame "file://{image}"' for image in images[:2]), 'quit']
    result = subprocess.run(
        [sys.executable, '-c', LOUD, *client.process.args[3:]],
        input=''.join(f'@@TRAX:{line}\n' for line in lines),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0
    said = [line.split()[0] for line in result.stdout.splitlines() if line.startswith('@@TRAX:')]
    assert said == ['@@TRAX:hello', '@@TRAX:state', '@@TRAX:state']
    return result


def test_what_others_print_is_heard_on_the_other_stream(client, folder):
    result = run_loud(client, folder, subprocess.PIPE)
    assert result.stderr == 'from C\nfrom Python'
    assert all(line.startswith('@@TRAX:') for line in result.stdout.splitlines() if line)


def test_what_others_print_into_the_same_pipe_spoils_no_message(client, folder):
    """vot-toolkit reads both streams as one; a message begins a line, whatever came before."""
    result = run_loud(client, folder, subprocess.STDOUT)
    assert 'from C\nfrom Python\n@@TRAX:state' in result.stdout


def test_an_unknown_tracker(capsys):
    assert main(['trax', 'none']) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err.startswith("siam-tracker: unknown tracker 'none'")
    assert captured.err.count('\n') == 1


def test_a_socket_is_refused(monkeypatch, capsys):
    monkeypatch.setenv('TRAX_SOCKET', '9090')
    assert main(['trax', 'siamfc']) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert 'TRAX_SOCKET is set' in captured.err
    assert captured.err.count('\n') == 1


def test_a_device_that_is_full(monkeypatch, capsys):
    def create(*_):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory')

    monkeypatch.setattr(trax.trackers, 'create', create)
    assert main(['trax', 'siamfc']) == 2
    assert 'the memory of device auto is too small' in capsys.readouterr().err
