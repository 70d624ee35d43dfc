# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``siam-tracker web``: a page to choose targets on, beside a node that runs."""

from __future__ import annotations

import argparse
import os
import re
from typing import Any

from ..arguments import Subparsers
from ..errors import UserError, install
from ..web.access import TOKEN, make_access

NODE = re.compile(r'(/[A-Za-z_][A-Za-z0-9_]*)+')
TOPIC = re.compile(r'/?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*')


def add_parser(subparsers: Subparsers[Any]) -> None:
    """Add the sub-command's arguments."""
    parser = subparsers.add_parser(
        'web',
        description='Show the images of a running tracker node in a browser, with what it '
        'follows; drag a box to start, click one to stop.',
    )
    parser.add_argument(
        '--node', default='/siam_tracker', metavar='NAME',
        help='full name of the tracker node (%(default)s)',
    )
    parser.add_argument(
        '--image', metavar='TOPIC', help='images to show; those that the node takes by default'
    )
    parser.add_argument(
        '--host', default='127.0.0.1', metavar='ADDRESS',
        help='address to listen on; any but those of this machine alone needs a token '
        '(%(default)s)',
    )
    parser.add_argument(
        '--port', type=int, default=8080, metavar='N',
        help='port to listen on; 0 for a free one (%(default)s)',
    )
    parser.add_argument(
        '--token', metavar='TEXT',
        help='what a visitor must know; made where it is needed and not given. Other users of '
        f'this machine can read the command line, but not the variable {TOKEN}',
    )
    parser.add_argument(
        '--name', metavar='NAME',
        help='how visitors call the server through a proxy, such as robot.example; needs a token',
    )
    parser.add_argument(
        '--fps', type=float, default=15.0, metavar='F',
        help='most images per second for a page (%(default)g)',
    )
    parser.add_argument(
        '--width', type=int, default=960, metavar='PX',
        help='wider images are shrunk to this width (%(default)s)',
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C or SIGTERM.

    Raises
    ------
    UserError
        An argument is wrong, something is not installed, or nobody can listen there.
    """
    node = args.node if args.node.startswith('/') else f'/{args.node}'
    for option, value, pattern in (('--node', node, NODE), ('--image', args.image, TOPIC)):
        if value is not None and not pattern.fullmatch(value):
            raise UserError(f'{option} is {value!r}: expected a ROS name such as /front/camera')
    if not 0 <= args.port <= 65535:
        raise UserError(f'--port is {args.port}: expected a number from 0 to 65535')
    if not 0.1 <= args.fps <= 120.0:
        raise UserError(f'--fps is {args.fps:g}: expected a number from 0.1 to 120')
    if not 64 <= args.width <= 8192:
        raise UserError(f'--width is {args.width}: expected a number from 64 to 8192')
    token = args.token if args.token is not None else os.environ.get(TOKEN) or None
    access = make_access(args.host, token, args.name)
    try:
        from ..node.web_process import Options, serve
    except ImportError as error:
        raise UserError(
            f'the page needs ROS 2 and aiohttp in this Python ({error}): source ROS 2 and install '
            f'python3-aiohttp, or do {install("ros,web")}'
        ) from None
    options = Options(
        node, args.image, args.host, args.port, access, args.name, args.fps, args.width
    )
    return serve(options)
