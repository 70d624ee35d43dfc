# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build the Python bindings of ROS 2 ``.msg`` files with setuptools, without CMake.

The rosidl generators of whatever ROS 2 this Python sees (a sourced ``/opt/ros/<distro>`` or the
``ros-*`` wheels from PyPI) run as Python functions, and all they write is compiled into one
extension module per interface package. ``colcon build`` does not use this file: there
``CMakeLists.txt`` does the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import dataclasses
import importlib
import importlib.util
import json
import os
from pathlib import Path
import shutil
import site
import sys
import sysconfig
from typing import Any
from xml.etree import ElementTree

from setuptools import Extension
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import BaseError, CompileError, ExecError

GENERATOR_C = 'rosidl_generator_c'
GENERATOR_PY = 'rosidl_generator_py'
FASTRTPS = 'rosidl_typesupport_fastrtps_c'
INTROSPECTION = 'rosidl_typesupport_introspection_c'
GENERATORS = ('rosidl_adapter', GENERATOR_C, GENERATOR_PY, FASTRTPS, INTROSPECTION)
TYPE_DESCRIPTION = 'rosidl_generator_type_description'
RUNTIME_LIBRARIES = (
    'rosidl_runtime_c', 'rosidl_typesupport_c', FASTRTPS, INTROSPECTION,
    'rosidl_typesupport_fastrtps_cpp', 'fastcdr', 'rcutils',
)

# The usual rosidl_typesupport_c looks for one shared library per type support by its file name.
# Here a single library holds all of them, so the choice is made by a direct call instead.
DISPATCH = """
#include <string.h>
#include "rosidl_runtime_c/message_type_support_struct.h"
#include "rosidl_typesupport_c/identifier.h"
#include "rosidl_typesupport_interface/macros.h"

#define HANDLE(support, name) \\
  ROSIDL_TYPESUPPORT_INTERFACE__MESSAGE_SYMBOL_NAME(support, {package}, msg, name)
#define TYPE_SUPPORT(name) \\
  typedef rosidl_message_type_support_t name##_support; \\
  const name##_support * HANDLE(rosidl_typesupport_fastrtps_c, name)(void); \\
  const name##_support * HANDLE(rosidl_typesupport_introspection_c, name)(void); \\
  static const name##_support * find_##name(const name##_support * self, const char * id) \\
  {{ \\
    const name##_support * all[] = {{ \\
      self, \\
      HANDLE(rosidl_typesupport_fastrtps_c, name)(), \\
      HANDLE(rosidl_typesupport_introspection_c, name)() \\
    }}; \\
    for (int i = 0; i < 3; ++i) {{ \\
      if (!strcmp(id, all[i]->typesupport_identifier)) {{return all[i];}} \\
    }} \\
    return NULL; \\
  }} \\
  const name##_support * HANDLE(rosidl_typesupport_c, name)(void) \\
  {{ \\
    static name##_support handle; \\
    if (!handle.func) {{ \\
      handle = *HANDLE(rosidl_typesupport_fastrtps_c, name)(); \\
      handle.typesupport_identifier = rosidl_typesupport_c__typesupport_identifier; \\
      handle.func = find_##name; \\
    }} \\
    return &handle; \\
  }}

{messages}
"""


class InterfaceBuildError(BaseError):
    """Messages cannot be built here; the text says why and what to do."""


class RosInterfaces(Extension):
    """The extension module that holds every message of one interface package.

    Parameters
    ----------
    package
        Name of the ROS package, which is also the Python package that gets ``msg/``.
    root
        Folder with its ``package.xml`` and ``msg/*.msg``. The interface packages it depends on
        are read from ``package.xml``.
    """

    def __init__(self, package: str, root: Path) -> None:
        self.package = package
        self.root = root.resolve()
        super().__init__(f'{package}.{package}_s__rosidl_typesupport_c', sources=[])


@dataclasses.dataclass(frozen=True)
class Generated:
    """What the generators wrote for one interface package."""

    sources: list[str]
    include_dirs: list[str]
    python_modules: Path


def missing_generators() -> str:
    """Return why the rosidl generators cannot be imported, or '' where they can.

    pip isolates a build: neither the site-packages of the Python that runs pip nor the
    PYTHONPATH of a sourced ROS is then on ``sys.path``, so both are appended here.
    """
    folders = [*site.getsitepackages(), sysconfig.get_paths()['platlib']]
    python = f'python{sys.version_info.major}.{sys.version_info.minor}'
    for prefix in _ament_prefixes():
        folders += [f'{prefix}/lib/{python}/site-packages',
                    f'{prefix}/local/lib/{python}/dist-packages']
    sys.path += [f for f in dict.fromkeys(folders) if f not in sys.path and os.path.isdir(f)]
    try:
        for generator in GENERATORS:
            importlib.import_module(generator)
    except ImportError as error:
        return str(error)
    return ''


def find_share(package: str) -> Path | None:
    """Return ``<prefix>/share/<package>`` of an installed ROS package, overlays first."""
    for prefix in _ros_prefixes():
        share = prefix / 'share' / package
        if (share / 'package.xml').is_file():
            return share
    return None


def _ament_prefixes() -> list[str]:
    return [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]


def _ros_prefixes() -> list[Path]:
    prefixes = [Path(p) for p in _ament_prefixes()]
    generator = importlib.util.find_spec(GENERATOR_PY)
    if generator is not None and generator.origin:
        # The wheels: <prefix>/lib/pythonX.Y/site-packages/rosidl_generator_py/__init__.py
        prefixes.append(Path(generator.origin).resolve().parents[4])
    return [p for p in dict.fromkeys(prefixes) if (p / 'share').is_dir()]


def _required_share(package: str) -> Path:
    share = find_share(package)
    if share is None:
        places = ', '.join(map(str, _ros_prefixes())) or 'no ROS 2 prefix'
        raise InterfaceBuildError(
            f'ROS 2 package {package} was not found in {places}: install ros-<distro>-'
            f'{package.replace("_", "-")} and source ROS, or pip install the extra [ros] first.')
    return share


def _dependencies(package_xml: Path) -> list[str]:
    tags = ('depend', 'build_depend', 'build_export_depend', 'exec_depend')
    return [(e.text or '').strip() for e in ElementTree.parse(package_xml).getroot()
            if e.tag in tags]


def _interface_closure(root: Path) -> dict[str, Path]:
    """Map every interface package that ``root`` needs, however indirectly, to its share folder."""
    todo = _dependencies(root / 'package.xml')
    found: dict[str, Path] = {}
    while todo:
        package = todo.pop(0)
        share = find_share(package)
        if package in found or share is None or not any(share.glob('msg/*.idl')):
            continue
        found[package] = share
        todo += _dependencies(share / 'package.xml')
    return found


class _Generation:
    """One run of all generators for one package, into one folder."""

    def __init__(self, package: str, root: Path, out: Path) -> None:
        self.package = package
        self.out = out
        self.messages = sorted(p.relative_to(root) for p in root.glob('msg/*.msg'))
        self.idls = [m.with_suffix('.idl') for m in self.messages]
        self.shares = _interface_closure(root)
        self.root = root

    def run(self) -> Generated:
        """Write C and Python code for every message."""
        shutil.rmtree(self.out, ignore_errors=True)
        self._write_idl()
        described = self._describe_types()
        folders = [
            self._generate(GENERATOR_C, 'generate_c', **described),
            self._generate(FASTRTPS, 'generate_typesupport_fastrtps_c', **described),
            self._generate(INTROSPECTION, 'generate_c', **described),
        ]
        for generator, folder in zip((GENERATOR_C, FASTRTPS, INTROSPECTION), folders):
            self._write_visibility_header(generator, folder)
        python = self._generate(GENERATOR_PY, 'generate_py', ['rosidl_typesupport_c'])
        folders.append(python)
        dispatch = self.out / 'dispatch.c'
        dispatch.write_text(DISPATCH.format(
            package=self.package,
            messages='\n'.join(f'TYPE_SUPPORT({m.stem})' for m in self.messages)))
        sources = [p for folder in folders for pattern in ('*.c', '*.cpp')
                   for p in folder.rglob(pattern)]
        return Generated(
            sources=sorted(map(str, [*sources, dispatch])),
            include_dirs=[str(folder.parent) for folder in folders],
            python_modules=python / 'msg')

    def _write_idl(self) -> None:
        convert = importlib.import_module('rosidl_adapter.msg').convert_msg_to_idl
        folder = self.out / 'idl' / 'msg'
        folder.mkdir(parents=True)
        for message in self.messages:
            convert(self.root, self.package, message, folder)

    def _describe_types(self) -> dict[str, Any]:
        """Write type descriptions with their RIHS01 hashes; Humble has none."""
        if importlib.util.find_spec(TYPE_DESCRIPTION) is None:
            return {}
        folder = self._generate(
            TYPE_DESCRIPTION, 'generate_type_hash',
            include_paths=[f'{name}:{share}' for name, share in self.shares.items()])
        return {'type_description_tuples': [
            f'{idl.as_posix()}:{folder / idl.with_suffix(".json")}' for idl in self.idls]}

    def _generate(self, generator: str, function: str, *args: object, **extra: object) -> Path:
        """Run one generator; return the folder named after the package that it filled."""
        folder = self.out / generator / self.package
        (folder / 'msg' / 'detail').mkdir(parents=True)
        arguments: dict[str, object] = {
            'package_name': self.package,
            'idl_tuples': [f'{self.out / "idl"}:{idl.as_posix()}' for idl in self.idls],
            'ros_interface_dependencies': [
                f'{name}:{idl}' for name, share in self.shares.items()
                for idl in sorted(share.glob('msg/*.idl'))],
            'ros_interface_files': [str(self.root / m) for m in self.messages],
            'target_dependencies': [],
            'output_dir': str(folder),
            **extra,
        }
        share = find_share(generator)
        if share is not None:
            arguments['template_dir'] = str(share / 'resource')
        path = self.out / f'{generator}.json'
        path.write_text(json.dumps(arguments))
        getattr(importlib.import_module(generator), function)(str(path), *args)
        return folder

    def _write_visibility_header(self, generator: str, folder: Path) -> None:
        name = f'{generator}__visibility_control.h'
        text = (_required_share(generator) / 'resource' / f'{name}.in').read_text()
        text = text.replace('@PROJECT_NAME_UPPER@', self.package.upper())
        (folder / 'msg' / name).write_text(text.replace('@PROJECT_NAME@', self.package))


class BuildInterfaces(build_ext):
    """``build_ext`` that also knows `RosInterfaces`."""

    def build_extension(self, ext: Extension) -> None:
        """Generate and compile one interface package, and put its modules beside the result."""
        if not isinstance(ext, RosInterfaces):
            super().build_extension(ext)
            return
        _check_headers()
        out = Path(self.build_temp).resolve() / ext.package
        generation = _Generation(ext.package, ext.root, out)
        generated = generation.run()
        _configure_extension(ext, generated, generation.shares)
        try:
            super().build_extension(ext)
        except (CompileError, ExecError) as error:
            raise InterfaceBuildError(
                f'The ROS 2 messages of {ext.package} did not compile ({error}): a C and C++ '
                'compiler is needed, on Debian and Ubuntu "apt install g++".') from error
        target = Path(self.get_ext_fullpath(ext.name)).parent
        shutil.copytree(generated.python_modules, target / 'msg', dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns('*.c', '__pycache__'))

    def copy_extensions_to_source(self) -> None:
        """For editable installs, put the generated modules beside the sources."""
        super().copy_extensions_to_source()
        sources = self.get_finalized_command('build_py')
        assert isinstance(sources, build_py)
        for ext in self.extensions:
            if isinstance(ext, RosInterfaces):
                target = Path(sources.get_package_dir(ext.package)) / 'msg'
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(Path(self.build_lib) / ext.package / 'msg', target)


def _check_headers() -> None:
    include = Path(sysconfig.get_paths()['include'])
    if not (include / 'Python.h').is_file():
        raise InterfaceBuildError(
            f'The ROS 2 messages need the C headers of Python, and {include} has no Python.h: '
            'on Debian and Ubuntu "apt install python3-dev".')


def _configure_extension(
    ext: RosInterfaces, generated: Generated, dependencies: Iterable[str],
) -> None:
    import numpy

    prefixes = _ros_prefixes()
    libraries: Sequence[str] = [*RUNTIME_LIBRARIES, *(
        f'{name}__{part}' for name in dependencies
        for part in (GENERATOR_C, FASTRTPS, INTROSPECTION, 'rosidl_typesupport_c', GENERATOR_PY))]
    ext.sources = generated.sources
    ext.language = 'c++'
    ext.include_dirs = [
        *generated.include_dirs, numpy.get_include(),
        *(str(d) for p in prefixes for d in sorted((p / 'include').glob('*')) if d.is_dir())]
    ext.library_dirs = [str(p / 'lib') for p in prefixes]
    # Which of them exist differs between distros.
    ext.libraries = [name for name in libraries
                     if any((p / 'lib' / f'lib{name}.so').exists() for p in prefixes)]
    ext.extra_compile_args = ['-O2', '-g0', '-fvisibility=hidden', '-Wno-unused-parameter']
