# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from siam_tracker_ros.errors import UserError
from siam_tracker_ros.web.access import LOCAL_NAMES, Access, host_name, is_loopback, make_access

TOKEN = 'a-token_of_letters'
LOCAL = Access(LOCAL_NAMES, '')


@pytest.mark.parametrize('host', ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
def test_this_machine_alone_needs_no_token(host):
    access = make_access(host, None)
    assert access.token == ''
    assert access.admits(None)
    assert access.names is not None


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.1.2', 'robot.local', ''])
def test_any_other_address_has_a_token_of_its_own(host):
    assert not is_loopback(host)
    first, second = make_access(host, None), make_access(host, None)
    assert len(first.token) >= 32
    assert first.token != second.token
    assert first.admits(first.token)
    for wrong in (None, '', first.token[:-1], first.token + 'x', second.token, 'ü', '\udc80'):
        assert not first.admits(wrong)


def test_a_token_may_be_given():
    for host in ('127.0.0.1', '0.0.0.0'):
        access = make_access(host, TOKEN)
        assert access.token == TOKEN
        assert not access.admits('')
    for bad in ('', 'short', 'a token with spaces in it', 'a' * 15, 'ü' * 20, 'a' * 201):
        with pytest.raises(UserError, match='at least 16'):
            make_access('0.0.0.0', bad)


@pytest.mark.parametrize(
    ('host', 'good'),
    [
        ('localhost:8080', True),
        ('LOCALHOST', True),
        ('127.0.0.1:9', True),
        ('[::1]:8080', True),
        ('evil.example:8080', False),
        ('localhost.evil.example', False),
        ('127.0.0.1.evil.example', False),
        ('localhost:8080@evil.example', False),
        ('localhost evil', False),
        ('', False),
        (None, False),
    ],
)
def test_a_foreign_name_for_this_machine_is_refused(host, good):
    assert (LOCAL.refuse_host(host) is None) == good


def test_with_a_token_any_name_will_do():
    access = make_access('0.0.0.0', None)
    assert access.refuse_host('robot.local:8080') is None
    assert access.refuse_host('') is not None
    # On loopback a token does not make up for a foreign name.
    assert make_access('127.0.0.1', TOKEN).refuse_host('evil.example') is not None


def test_behind_a_proxy_the_server_has_one_more_name_and_a_token():
    access = make_access('127.0.0.1', None, 'Robot.example')
    assert access.refuse_host('robot.example') is None
    assert access.refuse_host('robot.example:8443') is None
    assert access.refuse_host('localhost:8080') is None
    assert access.refuse_origin('https://robot.example', 'robot.example') is None
    assert access.refuse_host('evil.example') is not None
    assert not access.admits(None)
    for bad in ('', 'https://robot.example', 'robot.example:80', 'a b'):
        with pytest.raises(UserError, match=r'--name is .*robot\.example'):
            make_access('127.0.0.1', None, bad)


@pytest.mark.parametrize(
    ('origin', 'good'),
    [
        ('http://localhost:8080', True),
        ('https://localhost:8080', True),
        ('http://localhost:8081', False),
        ('http://localhost', False),
        ('http://evil.example', False),
        ('http://[::1', False),
        ('null', False),
        ('file://', False),
        ('', False),
        (None, False),
    ],
)
def test_only_the_page_itself_opens_a_socket(origin, good):
    assert (LOCAL.refuse_origin(origin, 'localhost:8080') is None) == good


def test_without_a_host_no_origin_fits():
    assert LOCAL.refuse_origin('http://', '') is not None
    assert LOCAL.refuse_origin(None, None) is not None


def test_names_are_read_without_ports_and_brackets():
    assert host_name('[::1]:80') == '::1'
    assert host_name('a-b.local') == 'a-b.local'
    assert host_name('[::1') == ''
