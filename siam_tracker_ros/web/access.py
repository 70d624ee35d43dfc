# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who may use the page.

A page in some other tab of the user's browser can send requests to this server, too. It cannot
choose the headers ``Host`` and ``Origin``, which the browser writes; and it has no token.
"""

from __future__ import annotations

from dataclasses import dataclass
import hmac
import ipaddress
import re
import secrets
from urllib.parse import urlsplit

from ..errors import UserError

LEAST_TOKEN = 16
TOKEN = 'SIAM_TRACKER_TOKEN'
"""The variable that holds the token."""

LOCAL_NAMES = frozenset({'localhost', '127.0.0.1', '::1'})


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach a host."""
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Access:
    """The rules.

    Attributes
    ----------
    names : frozenset of str or None
        Names by which the server may be called; None: by any, because there is a token.
    token : str
        What a visitor must know; empty: nothing.
    """

    names: frozenset[str] | None
    token: str

    def refuse_host(self, host: str | None) -> str | None:
        """Return why the ``Host`` of a request is refused, or None.

        A page of an attacker can make its own name mean 127.0.0.1 (DNS rebinding); the browser
        then takes this server for the attacker's own.
        """
        name = host_name(host or '')
        if not name or (self.names is not None and name not in self.names):
            return f'this server is not {host!r}: open it as http://localhost:PORT/'
        return None

    def refuse_origin(self, origin: str | None, host: str | None) -> str | None:
        """Return why the ``Origin`` of a WebSocket is refused, or None.

        Browsers let every page open a WebSocket to every server.
        """
        try:
            place = urlsplit(origin or '')
        except ValueError:
            place = urlsplit('')
        if place.scheme in ('http', 'https') and place.netloc and place.netloc == host:
            return None
        return f'the page {origin!r} is not of this server: open its own'

    def admits(self, token: str | None) -> bool:
        """Whether a visitor knows the token; takes as long for a wrong one as for the right."""
        given = (token or '').encode('utf-8', 'replace')
        return not self.token or hmac.compare_digest(given, self.token.encode())


def host_name(host: str) -> str:
    """Return a ``Host`` without its port, and an IPv6 address without its brackets."""
    match = re.fullmatch(r'(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::\d{1,5})?', host)
    return (match[1] or match[2]).lower() if match else ''


def make_access(host: str, token: str | None, name: str | None = None) -> Access:
    """Return the rules for a server on a host.

    Parameters
    ----------
    host : str
        What the server binds to.
    token : str or None
        None: none is needed on loopback, and a random one is made for any other host, or with a
        name: what a proxy passes on comes from loopback, too.
    name : str or None
        How visitors call the server through a proxy.

    Raises
    ------
    UserError
        The name is none, the token is too short, or it is not of letters that a URL holds as they
        are.
    """
    local = is_loopback(host)
    if name is not None and (not name or host_name(name) != name.lower()):
        raise UserError(f'--name is {name!r}: expected a name alone, such as robot.example')
    if token is None:
        token = '' if local and name is None else secrets.token_urlsafe(24)
    elif not re.fullmatch(rf'[A-Za-z0-9_-]{{{LEAST_TOKEN},200}}', token):
        raise UserError(
            f'the token must have at least {LEAST_TOKEN} letters, digits, _ or -: leave --token '
            'out, and one is made'
        )
    names = LOCAL_NAMES | {host} | ({name.lower()} if name is not None else set())
    return Access(names if local else None, token)
