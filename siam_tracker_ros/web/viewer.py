# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One open page: it gets the newest of everything whenever it has shown the last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from ..errors import UserError
from .commands import Command, Ready, pack, parse
from .pairing import View
from .scene import Saying, Scene

QUIET_SECONDS = 0.5
"""A page hears that nothing has changed this often: what it shows grows older meanwhile."""


class Viewer:
    """Sends what a page shows, one message at a time.

    A page that is slow, or on a slow line, gets fewer images and never old ones: until it has
    answered the last message with `Ready`, nothing is made or kept for it.

    Parameters
    ----------
    scene : Scene
    send : callable
        Sends a binary message.
    act : callable
        Carries out a `Command`; what it cannot is a `UserError`.
    fps : float
        Most messages per second.
    """

    def __init__(
        self,
        scene: Scene,
        send: Callable[[bytes], Awaitable[None]],
        act: Callable[[Command], None],
        fps: float,
    ) -> None:
        self._scene = scene
        self._send = send
        self._act = act
        self._period = 1.0 / fps
        # The first message needs no answer before it.
        self._ready = asyncio.Event()
        self._ready.set()
        self._changed = asyncio.Event()
        self._shown: View | None = None
        self._samples = 0
        self._sayings = scene.latest_sayings()
        self._own: list[Saying] = []

    def notice(self) -> None:
        """Learn that the scene has changed; in the thread of the event loop."""
        self._changed.set()

    def take(self, text: str) -> None:
        """Take what the page sent; a mistake in it is told to this page alone."""
        try:
            command = parse(text)
            if isinstance(command, Ready):
                self._ready.set()
            else:
                self._act(command)
        except UserError as error:
            self._own = [*self._own[-8:], Saying('refused', str(error))]
            self.notice()

    async def run(self) -> None:
        """Send until the task is cancelled, or the connection breaks."""
        loop = asyncio.get_running_loop()
        while True:
            await self._ready.wait()
            self._ready.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), QUIET_SECONDS)
            self._changed.clear()
            began = loop.time()
            await self._send(await self._message())
            await asyncio.sleep(max(0.0, self._period - (loop.time() - began)))

    async def _message(self) -> bytes:
        view = self._scene.view()
        jpeg, image = b'', 'same'
        if view is not None and (
            self._shown is None or view.picture is not self._shown.picture
        ):
            # It takes milliseconds, in which other pages are served.
            jpeg = await asyncio.get_running_loop().run_in_executor(
                None, self._scene.encode, view.picture
            )
            image = 'new' if jpeg else 'broken'
        self._shown = view
        news, self._samples, self._sayings = self._scene.news(self._samples, self._sayings)
        own, self._own = self._own, []
        news['sayings'] += [vars(saying) for saying in own]
        return pack({**news, 'frame': None if view is None else frame(view, image)}, jpeg)


def frame(view: View, image: str) -> dict[str, Any]:
    """Return an image and its result, ready for JSON; the stamp is a text.

    Parameters
    ----------
    view : View
    image : {'new', 'same', 'broken'}
        Whether a file comes with it, the last one still holds, or there is none.
    """
    picture, status = view.picture, view.status
    return {
        'image': image,
        'stamp': str(picture.stamp),
        'width': picture.width,
        'height': picture.height,
        'status': None if status is None else {
            **vars(status),
            'stamp': str(status.stamp),
            'targets': [vars(target) for target in status.targets],
        },
    }  # fmt: skip
