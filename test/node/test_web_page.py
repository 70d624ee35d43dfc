# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole way: a video source, a node with a network, ``siam-tracker web`` and a browser."""

import math
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time

import pytest

from siam_tracker_ros.images import write_image

pytest.importorskip('rclpy', reason='rclpy is not installed')
pytest.importorskip('aiohttp', reason='aiohttp is not installed')

pytestmark = [pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
TOKEN = 'a-token_of_letters'
NAME, SOURCE = 'siam_tracker_of_the_page', 'source_of_the_page'
SIZE = (320, 240)
# Left, top, width and height; the patch moves a little around it, so that a loop has no jump.
PATCH = (140, 100, 40, 36)
FRAMES = 24
WAIT_MS = 20_000


class Robot:
    """A camera and a tracker, spun in a thread; the answers of the node are kept."""

    def __init__(self, folder, weights):
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node
        from rclpy.parameter import Parameter
        from ros_bench import InitResult, TrackerNode, TrackerStatus, qos

        from siam_tracker_ros.node.image_source import VideoSource

        def make(kind, name, **values):
            overrides = [Parameter(key, value=value) for key, value in values.items()]
            remap = ['--ros-args', '-r', f'image:=/{SOURCE}/image']
            return kind(node_name=name, cli_args=remap, parameter_overrides=overrides)

        self.tracker = make(
            TrackerNode, NAME, tracker='siamfc', weights=str(weights), frame_buffer_seconds=20.0
        )
        self.source = make(VideoSource, SOURCE, source=str(folder), fps=8.0, loop=True)
        self.listener = Node('listener_of_the_page')
        self.answers, self.statuses = [], []
        for kind, topic, kept in (
            (InitResult, 'init_result', self.answers), (TrackerStatus, 'status', self.statuses)
        ):
            self.listener.create_subscription(kind, f'/{NAME}/{topic}', kept.append, qos.RESULTS)
        self.executor = SingleThreadedExecutor()
        for node in (self.tracker, self.source, self.listener):
            self.executor.add_node(node)
        assert self.tracker.trigger_configure().name == 'SUCCESS'
        assert self.tracker.trigger_activate().name == 'SUCCESS'
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self.source.run, args=(self.executor, self._ended.is_set)
        )

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()
        self.source.close()
        self.tracker.close()
        self.executor.shutdown()
        for node in (self.tracker, self.source, self.listener):
            node.destroy_node()


@pytest.fixture(scope='module')
def robot(ros, texture, tmp_path_factory, shipped_weights):
    folder = tmp_path_factory.mktemp('clip')
    ground = texture(SIZE[1], SIZE[0], 1) // 3 + 80
    left, top, width, height = PATCH
    patch = texture(height, width, 2)
    for index in range(FRAMES):
        image = ground.copy()
        shift = left + round(5 * math.sin(2 * math.pi * index / FRAMES))
        image[top:top + height, shift:shift + width] = patch
        write_image(folder / f'{index:04d}.png', image)
    with Robot(folder, shipped_weights) as robot:
        yield robot


@pytest.fixture(scope='module')
def server(robot, tmp_path_factory):
    """The command as a user runs it, and the address that it prints."""
    log = tmp_path_factory.mktemp('web') / 'log'
    command = [
        sys.executable, '-m', 'siam_tracker_ros.cli', 'web', '--node', f'/{NAME}', '--port', '0'
    ]
    with log.open('wb') as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT,
            env={**os.environ, 'SIAM_TRACKER_TOKEN': TOKEN})
    try:
        end = time.monotonic() + 60
        while not (words := log.read_text().split()):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        yield process, words[-1], log
    finally:
        process.kill()
        process.wait()


class Visit:
    """The page, and what it asked for and complained of."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.requests, self.complaints = [], []
        page.on('request', lambda request: self.requests.append(request.url))
        page.on('pageerror', lambda error: self.complaints.append(str(error)))
        page.on('console', lambda message: self.complaints.append(message.text))
        page.goto(url)
        self.expect('waiting')

    def expect(self, word):
        self._wait(f'#condition[data-word="{word}"]')
        if word in ('tracked', 'waiting'):
            state = {'waiting': 'none'}.get(word, word)
            self._wait(f'#picture[data-state="{state}"]')

    def _wait(self, selector):
        from playwright.sync_api import TimeoutError

        try:
            self.page.wait_for_selector(selector, timeout=WAIT_MS)
        except TimeoutError as error:
            said = self.page.locator('#condition').inner_text()
            raise AssertionError(f'the page says {said!r}, and not {selector}') from error

    def stamp(self):
        return self.page.evaluate("document.querySelector('#picture').dataset.stamp")

    def place(self, x, y):
        """Where a pixel of the image is on the screen."""
        box = self.page.locator('#picture').bounding_box()
        return box['x'] + box['width'] * x / SIZE[0], box['y'] + box['height'] * y / SIZE[1]

    def stop_all(self):
        self.page.get_by_role('button', name='Stop all').click()
        self.expect('waiting')


@pytest.fixture
def visit(browser, server):
    contexts = []

    def make(**arguments):
        contexts.append(browser.new_context(**arguments))
        return Visit(contexts[-1].new_page(), server[1])

    yield make
    for context in contexts:
        context.close()


def corners():
    left, top, width, height = PATCH
    return (left, top), (left + width, top + height)


def test_a_box_that_is_dragged_is_tracked_and_a_click_stops_it(visit, robot):
    from siam_tracker_ros.node.roi import stamp_ns

    seen = visit()
    page, mouse = seen.page, seen.page.mouse
    first, last = (seen.place(*corner) for corner in corners())
    mouse.move(*first)
    mouse.down()
    held = seen.stamp()
    mouse.move(*seen.place(150, 110))
    assert page.locator('#frozen').is_visible()
    # Meanwhile the camera goes on, and the picture does not.
    count = len(robot.statuses)
    while len(robot.statuses) < count + 3:
        page.wait_for_timeout(20)
    assert seen.stamp() == held
    mouse.move(*last)
    mouse.up()
    assert not page.locator('#frozen').is_visible()
    seen.expect('tracked')
    answer = robot.answers[-1]
    assert answer.accepted
    assert str(stamp_ns(answer.started_at)) == held
    row = page.locator('#targets tr')
    assert row.locator('.state').inner_text() == 'tracked'
    assert float(row.locator('td').nth(1).inner_text()) > 0.3
    assert f'Target {answer.id} is followed.' in page.locator('#sayings').inner_text()
    described = f'#states[aria-label*="target {answer.id} tracked"]'
    page.wait_for_selector(described, timeout=WAIT_MS)
    target = robot.statuses[-1].targets[0]
    assert abs(target.center_x - 160) < 15
    assert abs(target.center_y - 118) < 15

    mouse.click(*seen.place(160, 118))
    seen.expect('waiting')
    assert page.locator('#targets tr').count() == 0
    ended = [t for status in robot.statuses for t in status.targets if t.state == 4]
    assert ended[-1].id == answer.id
    assert seen.complaints == []
    port = seen.url.split(':')[2].split('/')[0]
    assert all(f'127.0.0.1:{port}/' in url for url in seen.requests)
    # The token has left the address, and holds for the next visit.
    assert TOKEN not in page.url
    page.reload()
    seen.expect('waiting')
    page.wait_for_selector(f'#node:text("/{NAME} on /{SOURCE}/image")', timeout=WAIT_MS)


def test_keys_do_what_a_mouse_does(visit, robot):
    seen = visit()
    page = seen.page
    page.locator('#picture').focus()
    # From the middle of the image, a fifth of its size, to somewhere over the patch.
    for key in ('ArrowRight', 'Shift+ArrowLeft', 'ArrowUp', 'Enter'):
        page.keyboard.press(key)
    page.wait_for_selector('#targets tr', timeout=WAIT_MS)
    box = robot.answers[-1]
    assert box.accepted
    button = page.get_by_role('button', name=f'Stop target {box.id}')
    button.focus()
    page.keyboard.press('Enter')
    seen.expect('waiting')
    assert seen.complaints == []


def test_a_refusal_is_said_in_words_and_a_small_move_is_a_click(visit, robot):
    seen = visit(viewport={'width': 1900, 'height': 1200})
    page, mouse = seen.page, seen.page.mouse
    answers = len(robot.answers)
    x, y = seen.place(60, 60)
    # Seven dots of the screen are less than four pixels of the image.
    for way in (2, 7):
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + way, y + way)
        mouse.up()
    page.wait_for_selector('#sayings .refused', timeout=WAIT_MS)
    assert 'The box was refused' in page.locator('#sayings').inner_text()
    assert len(robot.answers) == answers + 1


def test_a_finger_draws_on_a_phone(visit, robot):
    seen = visit(viewport={'width': 375, 'height': 700}, has_touch=True, is_mobile=True)
    page = seen.page
    assert page.evaluate('document.documentElement.scrollWidth') <= 375
    finger = page.context.new_cdp_session(page)
    first, last = (seen.place(*corner) for corner in corners())
    for kind, points in (('Start', [first]), ('Move', [last]), ('End', [])):
        finger.send('Input.dispatchTouchEvent', {
            'type': f'touch{kind}', 'touchPoints': [{'x': x, 'y': y} for x, y in points],
        })  # fmt: skip
    seen.expect('tracked')
    again = page.locator('#as')
    again.select_option(robot.answers[-1].id)
    page.locator('#targets tr').wait_for()
    seen.stop_all()
    assert seen.complaints == []


def test_the_end_of_the_server_is_seen_and_in_order(visit, server):
    process, _, log = server
    seen = visit()
    process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    assert process.wait(10.0) == 0
    assert time.monotonic() - begin < 4.0
    seen.expect('no connection')
    assert 'Traceback' not in log.read_text()
