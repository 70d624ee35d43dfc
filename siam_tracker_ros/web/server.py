# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The server of the page: a few files, and a WebSocket for each open page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import resources

from aiohttp import WSCloseCode, WSMsgType, web

from ..errors import UserError
from .access import Access
from .commands import MOST_LETTERS, Command
from .scene import Scene
from .viewer import Viewer

MOST_PAGES = 8
HEARTBEAT_SECONDS = 10.0
"""A page that does not answer for this long has gone, such as a phone out of reach."""

FILES = {
    'index.html': 'text/html',
    'style.css': 'text/css',
    'icon.svg': 'image/svg+xml',
    'main.js': 'text/javascript',
    'picture.js': 'text/javascript',
    'plots.js': 'text/javascript',
    'words.js': 'text/javascript',
}

HEADERS = {
    # Nothing is fetched from anywhere else, and no other page shows this one in a frame.
    'Content-Security-Policy': (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """Serves the page to those who may see it.

    Parameters
    ----------
    scene : Scene
    access : Access
    act : callable
        Carries out a `Command`; in the thread of the event loop.
    audience : callable
        Told whether any page is open, when that changes.
    fps : float
        Most images per second for a page.
    """

    def __init__(
        self,
        scene: Scene,
        access: Access,
        act: Callable[[Command], None],
        audience: Callable[[bool], None],
        fps: float,
    ) -> None:
        self._scene = scene
        self._access = access
        self._act = act
        self._audience = audience
        self._fps = fps
        self._viewers: set[Viewer] = set()
        self._sockets: set[web.WebSocketResponse] = set()
        folder = resources.files(__package__) / 'page'
        self._files = {name: (folder / name).read_bytes() for name in FILES}

    def application(self) -> web.Application:
        """Return the application; it runs in the event loop that is running now."""
        loop = asyncio.get_running_loop()

        def tell() -> None:
            # The thread of ROS ends after the loop.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._notice)

        self._scene.on_change = tell
        application = web.Application(middlewares=[self._guard], client_max_size=1024)
        application.router.add_get('/', self._index)
        application.router.add_get('/socket', self._socket)
        for name in FILES:
            if name != 'index.html':
                application.router.add_get(f'/{name}', self._file)
        application.on_shutdown.append(self._close)
        return application

    def _notice(self) -> None:
        for viewer in self._viewers:
            viewer.notice()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response: web.StreamResponse
        try:
            self._check(request)
            response = await handler(request)
        except web.HTTPException as error:
            response = error
        if not response.prepared:
            response.headers.update(HEADERS)
        if isinstance(response, web.HTTPException):
            raise response
        return response

    def _check(self, request: web.Request) -> None:
        """Refuse a request of whom the page is not for."""
        host = request.headers.get('Host')
        reason = self._access.refuse_host(host)
        if reason is None and request.path == '/socket':
            reason = self._access.refuse_origin(request.headers.get('Origin'), host)
        if reason is None and not (
            self._access.admits(request.cookies.get(self._cookie(request)))
            or (request.path == '/' and self._access.admits(request.query.get('token')))
        ):
            reason = 'the token is missing or wrong: open the address that siam-tracker printed'
        if reason is not None:
            raise web.HTTPForbidden(text=f'{reason}\n')

    @staticmethod
    def _cookie(request: web.Request) -> str:
        # Cookies are not told apart by port: two servers of one host must not share one.
        sockname = request.transport.get_extra_info('sockname') if request.transport else None
        return f'siam_tracker_{sockname[1] if sockname else 0}'

    async def _index(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get('token')
        if token is None:
            return self._response('index.html')
        # Without the token in the address, nobody reads it over the user's shoulder.
        response = web.HTTPSeeOther('./')
        # An old address is let in where the cookie is good.
        if self._access.token and self._access.admits(token):
            response.set_cookie(
                self._cookie(request), token, httponly=True, samesite='Lax', secure=request.secure
            )
        raise response

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return self._response(request.path[1:])

    def _response(self, name: str) -> web.Response:
        return web.Response(
            body=self._files[name], content_type=FILES[name], charset='utf-8'
        )

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, max_msg_size=2 * MOST_LETTERS, compress=False
        )
        await socket.prepare(request)
        if len(self._viewers) >= MOST_PAGES:
            reason = f'{MOST_PAGES} pages are open already: close one'
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=reason.encode())
            return socket
        viewer = Viewer(self._scene, socket.send_bytes, self._act, self._fps)
        if not self._viewers:
            self._audience(True)
        self._viewers.add(viewer)
        self._sockets.add(socket)
        tasks = {
            asyncio.ensure_future(viewer.run()),
            asyncio.ensure_future(self._receive(socket, viewer)),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sockets.discard(socket)
            self._viewers.discard(viewer)
            if not self._viewers:
                self._audience(False)
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            # A connection that broke while something was sent needs no other word.
            if isinstance(end, Exception) and not isinstance(end, ConnectionError):
                raise end
        return socket

    @staticmethod
    async def _receive(socket: web.WebSocketResponse, viewer: Viewer) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                return
            viewer.take(message.data)

    async def _close(self, application: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b'the server ends')


async def listen(server: PageServer, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Begin to serve.

    Returns
    -------
    aiohttp.web.AppRunner
        Its ``cleanup`` ends it.
    int
        The port: that of the arguments, or a free one for 0.

    Raises
    ------
    UserError
        Nobody can listen there.
    """
    # Nobody reads a log of requests, and the address of the first one has the token.
    runner = web.AppRunner(server.application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        reason = error.strerror or str(error)
        raise UserError(
            f'cannot listen on port {port} of {host} ({reason}): choose another one with --port, '
            'and an address of this machine with --host'
        ) from error
    return runner, int(runner.addresses[0][1])
