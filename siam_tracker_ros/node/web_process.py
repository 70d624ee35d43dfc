# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the page: ROS in one thread, its server in the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import signal
import socket
import threading
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from ..errors import UserError
from ..memory import keep_large_buffers
from ..web.access import Access, is_loopback
from ..web.scene import Scene
from ..web.server import PageServer, listen
from .process import spin
from .web_client import WebClient

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
JOIN_SECONDS = 2.0


@dataclass(frozen=True)
class Options:
    """What the command line says.

    Attributes
    ----------
    node : str
        Full name of the tracker's node.
    image : str or None
        Topic with the images; None: the one that the tracker takes.
    host : str
    port : int
    access : Access
    name : str or None
        How visitors call the server through a proxy.
    fps : float
        Most images per second for a page.
    width : int
        Wider images are shrunk to it, pixels.
    """

    node: str
    image: str | None
    host: str
    port: int
    access: Access
    name: str | None
    fps: float
    width: int


def serve(options: Options) -> int:
    """Serve the page until a signal comes; the result is the exit status.

    Raises
    ------
    UserError
        Nobody can listen there, or the node's thread has died.
    """
    keep_large_buffers()
    scene = Scene(options.node)
    stopped: list[Callable[[], None]] = []
    with _client(options, scene, lambda: [stop() for stop in stopped]) as (client, faults):
        asyncio.run(_serve(options, scene, client, stopped))
        if faults:
            raise UserError(
                f'the connection to ROS broke ({type(faults[0]).__name__}: {faults[0]}): '
                'start the page again'
            ) from faults[0]
    return 0


@contextmanager
def _client(
    options: Options, scene: Scene, on_fault: Callable[[], Any]
) -> Iterator[tuple[WebClient, list[Exception]]]:
    """Spin a `WebClient` in a thread; what ends that thread is in the list."""
    faults: list[Exception] = []
    ending = threading.Event()
    # Signals are the event loop's.
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        client = WebClient(options.node, options.image, options.width, scene)
        executor = SingleThreadedExecutor()
        executor.add_node(client)

        def work() -> None:
            try:
                spin(executor, ending.is_set)
            except Exception as error:
                faults.append(error)
                on_fault()

        thread = threading.Thread(target=work, name='ROS', daemon=True)
        thread.start()
        try:
            yield client, faults
        finally:
            ending.set()
            thread.join(JOIN_SECONDS)
            client.release()
            executor.remove_node(client)
            executor.shutdown()
            client.destroy_node()
    finally:
        rclpy.try_shutdown()


async def _serve(
    options: Options, scene: Scene, client: WebClient, stopped: list[Callable[[], None]]
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(ended.set)

    stopped.append(stop)
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, ended.set)
    server = PageServer(scene, options.access, client.act, client.watch, options.fps)
    runner, port = await listen(server, options.host, options.port)
    try:
        for line in addresses(options.host, port, options.access.token, options.name):
            print(line, flush=True)
        await ended.wait()
    finally:
        await runner.cleanup()


def addresses(host: str, port: int, token: str, visited: str | None = None) -> list[str]:
    """Return where the page is, in words.

    Parameters
    ----------
    host : str
        What the server is bound to.
    port : int
    token : str
        Empty: none is needed.
    visited : str or None
        How visitors call the server through a proxy.
    """
    everywhere = host in ('0.0.0.0', '::')
    name = socket.gethostname() if everywhere else f'[{host}]' if ':' in host else host
    query = f'?token={token}' if token else ''
    lines = [f'The page is at http://{name}:{port}/{query}']
    if visited is not None:
        lines.append(f'Through the proxy: https://{visited}/{query}')
    if everywhere:
        lines.append('Other names and addresses of this machine do as well.')
    if not is_loopback(host):
        lines.append(
            'The line is not encrypted: who can read it can read the token and the images.'
        )
    return lines
