# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What `setup.py` needs is found or named, and a source archive has all of it."""

import importlib.util
from pathlib import Path
import subprocess
import sys
import sysconfig
import tarfile

import pytest

pytest.importorskip('setuptools')

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def rosidl_build():
    spec = importlib.util.spec_from_file_location('rosidl_build', ROOT / 'rosidl_build.py')
    module = importlib.util.module_from_spec(spec)
    sys.modules['rosidl_build'] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules['rosidl_build']


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """An installation prefix of ROS with three packages, two of them with messages."""
    for name, depends in {'base_msgs': '', 'top_msgs': '<depend>base_msgs</depend>',
                          'library': '<depend>base_msgs</depend>'}.items():
        share = tmp_path / 'share' / name
        share.mkdir(parents=True)
        (share / 'package.xml').write_text(f'<package><name>{name}</name>{depends}</package>')
        if name.endswith('_msgs'):
            (share / 'msg').mkdir()
            (share / 'msg/Some.idl').write_text('')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    return tmp_path


def test_prefixes_are_searched_in_their_order(rosidl_build, prefix):
    assert rosidl_build.find_share('top_msgs') == prefix / 'share/top_msgs'
    assert rosidl_build.find_share('absent_msgs') is None


def test_indirect_message_packages_are_found(rosidl_build, prefix, tmp_path):
    root = tmp_path / 'mine'
    root.mkdir()
    (root / 'package.xml').write_text(
        '<package><depend>library</depend><exec_depend>top_msgs</exec_depend></package>')
    assert list(rosidl_build._interface_closure(root)) == ['top_msgs', 'base_msgs']


def test_missing_package_is_named(rosidl_build, prefix):
    with pytest.raises(rosidl_build.InterfaceBuildError, match='package absent_msgs was not fou'):
        rosidl_build._required_share('absent_msgs')


def test_missing_python_headers_are_named(rosidl_build, monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, 'get_paths', lambda: {'include': str(tmp_path)})
    with pytest.raises(rosidl_build.InterfaceBuildError, match='apt install python3-dev'):
        rosidl_build._check_headers()


def test_missing_compiler_is_named(sources, tmp_path, monkeypatch):
    pytest.importorskip('rosidl_generator_py', reason='needs the generators of ROS 2')
    monkeypatch.setenv('CC', '/nowhere/gcc')
    monkeypatch.setenv('CXX', '/nowhere/g++')
    done = subprocess.run(
        [sys.executable, 'setup.py', '--quiet', 'build_ext', '--build-lib', tmp_path],
        cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'apt install g++' in done.stderr.splitlines()[-1]
    assert 'Traceback' not in done.stderr


def test_source_archive_is_complete(sources, tmp_path):
    subprocess.run([sys.executable, 'setup.py', '--quiet', 'sdist', '--dist-dir', tmp_path],
                   cwd=sources, capture_output=True, check=True)
    (path,) = tmp_path.iterdir()
    with tarfile.open(path) as archive:
        found = {name.partition('/')[2] for name in archive.getnames()}
    needed = ['rosidl_build.py', 'package.xml', 'CMakeLists.txt', 'LICENSE', 'constraints.txt']
    for pattern in ('msg/*', 'launch/*', 'config/*', 'resource/*', 'scripts/*',
                    'extra_interfaces/**/*.*', 'siam_tracker_ros/**/*.py'):
        needed += [p.relative_to(sources).as_posix() for p in sources.glob(pattern)
                   if p.is_file()]
    assert found >= set(needed)
