# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a page gets, and when; no network in between."""

import asyncio

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.web.commands import Start, unpack
from siam_tracker_ros.web.scene import MOST_SAMPLES, Scene
from siam_tracker_ros.web.viewer import Viewer

READY = '{"type": "ready"}'
FPS = 1000.0


class Page:
    """A page that reads when it is told to."""

    def __init__(self, scene, act=None, fps=FPS):
        self.scene = scene
        self.messages = asyncio.Queue()
        self.acts = []
        self.viewer = Viewer(scene, self.messages.put, act or self.acts.append, fps)
        scene.on_change = self.viewer.notice
        self.task = asyncio.ensure_future(self.viewer.run())

    async def next(self):
        """The next message, which is answered."""
        header, jpeg = unpack(await asyncio.wait_for(self.messages.get(), 5.0))
        self.viewer.take(READY)
        return header, jpeg


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr('siam_tracker_ros.web.viewer.QUIET_SECONDS', 0.05)


@pytest.fixture
def scene():
    return Scene('/n')


@pytest.fixture
def play(scene):
    """Runs ``story(page)`` in an event loop."""

    def run(story, **options):
        async def whole():
            page = Page(scene, **options)
            try:
                return await story(page)
            finally:
                page.task.cancel()

        return asyncio.run(whole())

    return run


def test_image_and_result_come_together_and_a_file_comes_once(
    play, scene, make_picture, make_status
):
    stamp = 1_795_864_344_909_124_643

    async def story(page):
        scene.add_picture(make_picture(stamp))
        scene.add_status(make_status(stamp, a='tracked'))
        first = await page.next()
        scene.add_status(make_status(stamp, a='removed'))
        return first, await page.next()

    (header, jpeg), (again, nothing) = play(story)
    assert jpeg == b'%d' % stamp
    frame = header['frame']
    # As texts: JavaScript would round the numbers.
    assert frame['stamp'] == frame['status']['stamp'] == str(stamp)
    assert (frame['width'], frame['height'], frame['image']) == (640, 480, 'new')
    assert frame['status']['targets'][0]['box'] == [10.0, 20.0, 30.0, 40.0]
    assert header['samples'][0]['targets'] == [['a', 'tracked', 0.5]]
    assert nothing == b''
    assert again['frame']['image'] == 'same'
    assert [target['state'] for target in again['targets']] == ['removed']
    assert again['frame']['status']['targets'][0]['state'] == 'removed'


def test_a_slow_page_gets_the_newest_image_and_no_other_is_made(play, scene, make_picture,
                                                                make_status):
    made = []

    def show(stamp):
        encode = lambda: made.append(stamp) or b'file'  # noqa: E731
        scene.add_picture(make_picture(stamp, encode=encode))
        scene.add_status(make_status(stamp))

    async def story(page):
        show(1)
        await asyncio.wait_for(page.messages.get(), 5.0)
        # It has not answered: whatever comes meanwhile is not for it.
        for stamp in range(2, 50):
            show(stamp)
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert page.messages.empty()
        page.viewer.take(READY)
        header, _ = await page.next()
        return header

    header = play(story)
    assert made == [1, 49]
    assert header['frame']['stamp'] == '49'
    # The plots leave nothing out.
    assert len(header['samples']) == 48


def test_two_pages_share_a_file_and_not_their_pace(scene, make_picture, make_status):
    made = []

    async def story():
        quick, slow = Page(scene), Page(scene)
        scene.on_change = lambda: [page.viewer.notice() for page in (quick, slow)]
        for stamp in (1, 2, 3):
            encode = lambda stamp=stamp: made.append(stamp) or b'file'  # noqa: E731
            scene.add_picture(make_picture(stamp, encode=encode))
            scene.add_status(make_status(stamp))
            header, _ = await quick.next()
            assert header['frame']['stamp'] == str(stamp)
        assert slow.messages.qsize() == 1
        for page in (quick, slow):
            page.task.cancel()

    asyncio.run(story())
    assert made == [1, 2, 3]


def test_the_rate_is_limited(play, scene, make_picture, make_status):
    async def story(page):
        begin = asyncio.get_running_loop().time()
        for stamp in range(1, 6):
            scene.add_picture(make_picture(stamp))
            scene.add_status(make_status(stamp))
            await page.next()
        return asyncio.get_running_loop().time() - begin

    assert play(story, fps=20.0) >= 4 * 0.05


def test_news_come_without_images(play, scene):
    async def story(page):
        header, jpeg = await page.next()
        return header, jpeg

    header, jpeg = play(story)
    assert header['condition']['word'] == 'looking'
    assert header['targets'] == []
    assert header['frame'] is None
    assert jpeg == b''


def test_what_is_wrong_with_a_command_is_told_to_its_page_alone(play, scene):
    def refuse(command):
        raise UserError('no node listens')

    async def story(page):
        await page.next()
        page.viewer.take('{"type": "stop"}')
        page.viewer.take('{"type": "stop_all"}')
        return await page.next()

    header, _ = play(story, act=refuse)
    assert [s['kind'] for s in header['sayings']] == ['refused', 'refused']
    assert 'the id is missing' in header['sayings'][0]['sentence']
    assert header['sayings'][1]['sentence'] == 'no node listens'
    assert scene.news(0, 0)[0]['sayings'] == []


def test_commands_are_carried_out_whether_or_not_the_page_is_behind(play):
    async def story(page):
        page.viewer.take('{"type": "start", "box": [1, 2, 3, 4], "stamp": "7"}')
        return page.acts

    assert play(story) == [Start((1.0, 2.0, 3.0, 4.0), 7)]


def test_sentences_are_told_once_and_old_ones_not_at_all(play, scene):
    scene.say('accepted', 'long ago')

    async def story(page):
        await page.next()
        for _ in range(3):
            scene.say('complaint', 'malformed')
        scene.say('refused', 'too small')
        first, _ = await page.next()
        second, _ = await page.next()
        return first['sayings'], second['sayings']

    first, second = play(story)
    assert [s['sentence'] for s in first] == ['malformed', 'too small']
    assert second == []


def test_an_image_that_cannot_be_read_leaves_no_old_one_under_its_targets(
    play, scene, make_picture, make_status
):
    def fail():
        raise UserError('the file is corrupt')

    async def story(page):
        scene.add_picture(make_picture(1, encode=fail))
        scene.add_status(make_status(1))
        header, jpeg = await page.next()
        assert jpeg == b''
        return header

    header = play(story)
    assert header['frame']['image'] == 'broken'
    assert 'the file is corrupt' in header['sayings'][0]['sentence']


def test_what_is_kept_for_plots_is_bounded(scene, make_status):
    for stamp in range(MOST_SAMPLES + 100):
        scene.add_status(make_status(stamp))
    news, count, _ = scene.news(0, 0)
    assert len(news['samples']) == MOST_SAMPLES
    assert count == MOST_SAMPLES + 100
    assert scene.news(count - 3, 0)[0]['samples'] == news['samples'][-3:]
    assert scene.news(count, 0)[0]['samples'] == []
    # What follows a new beginning is missed by nobody.
    scene.restart()
    assert scene.news(0, 0)[0]['samples'] == []
    scene.add_status(make_status(1))
    for known in (0, count):
        assert len(scene.news(known, 0)[0]['samples']) == 1
