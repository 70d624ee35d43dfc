# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The server over real sockets of this machine; no ROS and no browser."""

import asyncio
import socket as sockets

import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.web.access import make_access
from siam_tracker_ros.web.commands import StopAll, unpack
from siam_tracker_ros.web.scene import Scene

aiohttp = pytest.importorskip('aiohttp', reason='aiohttp is not installed')
server_module = pytest.importorskip('siam_tracker_ros.web.server')

HOST = '127.0.0.1'
TOKEN = 'a-token_of_letters'
PICTURE_FILES = [name for name in server_module.FILES if name != 'index.html']


class Site:
    """A server, and a client that is no browser."""

    def __init__(self, runner, port, session, scene, acts, audience):
        self.runner, self.port, self.session = runner, port, session
        self.scene, self.acts, self.audience = scene, acts, audience
        self.url = f'http://{HOST}:{port}'

    def get(self, path, **options):
        return self.session.get(f'{self.url}{path}', allow_redirects=False, **options)

    async def socket(self, **headers):
        headers = {'Origin': self.url, **headers}
        return await self.session.ws_connect(f'{self.url}/socket', headers=headers)

    async def until(self, condition):
        end = asyncio.get_running_loop().time() + 5.0
        while not condition():
            assert asyncio.get_running_loop().time() < end, 'the condition did not hold in time'
            await asyncio.sleep(0.01)


def visit(story, token=None):
    """Run ``story(site)`` against a server."""

    async def whole():
        scene, acts, audience = Scene('/n'), [], []
        access = make_access(HOST, token)
        server = server_module.PageServer(scene, access, acts.append, audience.append, 1000.0)
        runner, port = await server_module.listen(server, HOST, 0)
        jar = aiohttp.CookieJar(unsafe=True)
        try:
            async with aiohttp.ClientSession(cookie_jar=jar) as session:
                return await story(Site(runner, port, session, scene, acts, audience))
        finally:
            await runner.cleanup()

    return asyncio.run(whole())


def test_the_page_and_its_files_are_there_and_nothing_else():
    async def story(site):
        async with site.get('/') as response:
            page = await response.text()
            assert response.status == 200
            assert response.headers['Content-Security-Policy'].startswith("default-src 'none'")
            assert response.headers['X-Frame-Options'] == 'DENY'
        for name in PICTURE_FILES:
            async with site.get(f'/{name}') as response:
                assert response.status == 200
                assert response.content_type == server_module.FILES[name]
        # A page whose files are not served would only be seen in a browser.
        for name in ('style.css', 'main.js', 'icon.svg'):
            assert f'"{name}"' in page
        for path in ('/index.html', '/page', '/page/', '/%2e%2e/server.py', '/server.py', '/x'):
            async with site.get(path) as response:
                assert response.status == 404
                assert response.headers['X-Content-Type-Options'] == 'nosniff'
        async with site.session.post(f'{site.url}/') as response:
            assert response.status == 405

    visit(story)


def test_no_file_names_another_server():
    folder = server_module.resources.files('siam_tracker_ros.web') / 'page'
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(server_module.FILES)
    for name in names:
        text = (folder / name).read_text().replace('http://www.w3.org/2000/svg', '')
        assert 'http://' not in text
        assert 'https://' not in text


def test_a_foreign_name_is_refused():
    async def story(site):
        for path in ('/', '/main.js', '/socket'):
            async with site.get(path, headers={'Host': 'evil.example'}) as response:
                assert response.status == 403
                assert 'this server is not' in await response.text()

    visit(story)


@pytest.mark.parametrize('origin', ['http://evil.example', 'http://127.0.0.1:1', 'null', None])
def test_a_foreign_page_gets_no_socket(origin):
    async def story(site):
        headers = {} if origin is None else {'Origin': origin}
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await site.session.ws_connect(f'{site.url}/socket', headers=headers)
        assert caught.value.status == 403
        assert site.audience == []

    visit(story)


def test_without_the_token_there_is_nothing():
    async def story(site):
        for path in ('/', '/?token=', '/?token=wrong', f'/main.js?token={TOKEN}', '/main.js'):
            async with site.get(path) as response:
                assert response.status == 403
                assert 'the token is missing or wrong' in await response.text()
                assert 'Set-Cookie' not in response.headers
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await site.socket(Cookie=f'siam_tracker_{site.port}=wrong')
        assert caught.value.status == 403

    visit(story, TOKEN)


def test_where_no_token_is_needed_none_is_kept():
    async def story(site):
        async with site.get('/?token=anything') as response:
            assert response.status == 303
            assert 'Set-Cookie' not in response.headers

    visit(story)


def test_the_token_becomes_a_cookie_and_leaves_the_address():
    async def story(site):
        async with site.get(f'/?token={TOKEN}') as response:
            assert response.status == 303
            assert response.headers['Location'] == './'
            cookie = response.headers['Set-Cookie']
            assert cookie.startswith(f'siam_tracker_{site.port}={TOKEN};')
            assert 'HttpOnly' in cookie
            assert 'SameSite=Lax' in cookie
        for path in ('/', '/main.js'):
            async with site.get(path) as response:
                assert response.status == 200
        # An old address in an open tab does no harm.
        async with site.get('/?token=old') as response:
            assert (response.status, response.headers['Location']) == (303, './')
        page = await site.socket()
        await page.receive_bytes(timeout=5.0)
        await page.close()

    visit(story, TOKEN)


def test_a_page_sees_images_and_its_commands_are_carried_out(make_picture, make_status):
    async def story(site):
        page = await site.socket()
        assert site.audience == [True]
        site.scene.add_picture(make_picture(7))
        site.scene.add_status(make_status(7))
        header, jpeg = unpack(await page.receive_bytes(timeout=5.0))
        assert header['frame']['stamp'] == '7'
        assert jpeg == b'7'
        await page.send_str('{"type": "stop_all"}')
        await site.until(lambda: site.acts == [StopAll()])
        await page.close()
        await site.until(lambda: site.audience == [True, False])

    visit(story)


def test_images_are_wanted_while_any_page_is_open():
    async def story(site):
        pages = [await site.socket() for _ in range(2)]
        await pages[0].close()
        await asyncio.sleep(0.05)
        assert site.audience == [True]
        # One that goes without a word is noticed as well.
        pages[1]._response.connection.transport.abort()
        await site.until(lambda: site.audience == [True, False])

    visit(story)


def test_there_is_an_end_to_the_number_of_pages():
    async def story(site):
        pages = [await site.socket() for _ in range(server_module.MOST_PAGES)]
        late = await site.socket()
        message = await late.receive(timeout=5.0)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert 'pages are open already' in message.extra
        await pages[0].close()
        again = await site.socket()
        await again.receive_bytes(timeout=5.0)

    visit(story)


@pytest.mark.parametrize('what', ['long', 'binary'])
def test_what_no_page_sends_ends_the_connection(what):
    async def story(site):
        page = await site.socket()
        if what == 'long':
            await page.send_str('x' * 100_000)
        else:
            await page.send_bytes(b'x')
        await site.until(lambda: site.audience == [True, False])
        assert site.acts == []

    visit(story)


def test_the_end_is_told_to_open_pages_and_takes_no_time():
    async def story(site):
        page = await site.socket()
        begin = asyncio.get_running_loop().time()
        reading = asyncio.ensure_future(page.receive())
        await site.runner.cleanup()
        while (message := await reading).type is aiohttp.WSMsgType.BINARY:
            reading = asyncio.ensure_future(page.receive())
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.extra == 'the server ends'
        assert asyncio.get_running_loop().time() - begin < 3.0

    visit(story)


def test_a_port_that_is_taken_is_one_sentence():
    async def whole(port):
        server = server_module.PageServer(Scene('/n'), make_access(HOST, None), print, print, 1.0)
        await server_module.listen(server, HOST, port)

    with sockets.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f'port {port} of {HOST}.*--port'):
            asyncio.run(whole(port))
