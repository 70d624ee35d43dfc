# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is written in more than one place says the same everywhere."""

from pathlib import Path
import re
import subprocess
import sys
from xml.etree import ElementTree

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest

import siam_tracker_ros

tomllib = pytest.importorskip('tomllib', reason='tomllib came with Python 3.11')

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ElementTree.parse(ROOT / 'package.xml').getroot()
PYPROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())


def package_names(tag):
    return {(element.text or '').strip() for element in MANIFEST.iter(tag)}


def test_one_version():
    assert MANIFEST.findtext('version') == siam_tracker_ros.__version__
    assert re.fullmatch(r'\d+\.\d+\.\d+', siam_tracker_ros.__version__)
    assert PYPROJECT['tool']['setuptools']['dynamic']['version'] == {
        'attr': 'siam_tracker_ros.__version__'}


def test_one_licence():
    assert MANIFEST.findtext('license') == PYPROJECT['project']['license'] == 'Apache-2.0'
    text = (ROOT / 'LICENSE').read_text()
    assert 'Apache License' in text
    assert 'END OF TERMS AND CONDITIONS' in text


def test_every_source_file_names_its_licence():
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '*.py', '*.sh', 'CMakeLists.txt', 'Makefile', '.ci/run',
         '.ci/nightly'],
        cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip('not a git checkout')
    files = [ROOT / name for name in listed.stdout.split('\0') if name]
    assert files
    missing = [str(f.relative_to(ROOT)) for f in files if f.is_file()
               and '# SPDX-License-Identifier: Apache-2.0' not in f.read_text().split('\n')[:3]]
    assert not missing


@pytest.mark.parametrize('folder', ['.', 'extra_interfaces/vision_msgs'])
def test_cmake_builds_every_message(folder):
    listed = re.findall(r'\bmsg/\w+\.msg', (ROOT / folder / 'CMakeLists.txt').read_text())
    assert listed == sorted(f'msg/{p.name}' for p in (ROOT / folder / 'msg').glob('*.msg'))


@pytest.mark.parametrize('folder', ['.', 'extra_interfaces/vision_msgs'])
def test_cmake_finds_what_package_xml_depends_on(folder):
    manifest = ElementTree.parse(ROOT / folder / 'package.xml').getroot()
    wanted = {e.text for tag in ('depend', 'buildtool_depend') for e in manifest.iter(tag)}
    cmake = (ROOT / folder / 'CMakeLists.txt').read_text()
    assert set(re.findall(r'^find_package\((\w+) ', cmake, re.MULTILINE)) == wanted


def test_package_xml_names_every_ros_package_that_is_imported():
    imported = set()
    folders = ('siam_tracker_ros/node/**', 'launch', 'examples')
    for path in [path for folder in folders for path in ROOT.glob(f'{folder}/*.py')]:
        imported |= set(re.findall(r'^\s*(?:from|import) (\w+)', path.read_text(), re.MULTILINE))
    ros = {name for name in imported
           if name.endswith(('_msgs', '_srvs', '_interfaces', '_bridge'))
           or name in ('bond', 'rclpy', 'launch', 'launch_ros')}
    assert ros <= package_names('depend') | package_names('exec_depend')


def test_extras_are_installed_from_the_source_and_exist():
    code = '\n'.join(path.read_text() for path in ROOT.glob('siam_tracker_ros/**/*.py'))
    pages = '\n'.join(p.read_text() for p in [ROOT / 'README.md', *ROOT.glob('docs/**/*.md')])
    # No index has this package.
    assert not re.findall(r'pip install [\w\s\'"-]*siam[-_]tracker[-_]ros', code + pages)
    named = re.findall(r'\binstall\([\'"](\w+)[\'"]\)', code) + re.findall(r"'\.\[(\w+)\]'", pages)
    assert {'train', 'eval', 'export'} <= set(named)
    assert set(named) <= set(PYPROJECT['project']['optional-dependencies'])


def test_constraints_pin_every_requirement():
    pins = {}
    for line in (ROOT / 'constraints.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate(default_environment()):
                pins[canonicalize_name(pin.name)] = pin
    project = PYPROJECT['project']
    wanted = [*project['dependencies'],
              *(r for extra in project['optional-dependencies'].values() for r in extra)]
    for text in wanted:
        requirement = Requirement(text)
        pin = pins[canonicalize_name(requirement.name)]
        (version,) = pin.specifier
        assert version.operator == '=='
        assert requirement.specifier.contains(version.version), f'{pin} breaks {text}'


def test_ros_is_never_a_hard_dependency():
    assert not [r for r in PYPROJECT['project']['dependencies'] if r.startswith('ros-')]


def test_no_setup_cfg_beside_cmake():
    assert not (ROOT / 'setup.cfg').exists(), 'ament_cmake_python would install it'


def test_ci_runs_the_documented_commands():
    script = (ROOT / '.ci/run').read_text()
    for command in ('make lint', 'make test', 'make docs', 'make demo'):
        assert command in script


def test_make_says_what_python_it_needs(tmp_path):
    old = tmp_path / 'python'
    # The check, as an interpreter of version 3.8 would see it.
    old.write_text(f"""#!{sys.executable}
import collections, runpy, sys
sys.version_info = collections.namedtuple('v', 'major minor micro')(3, 8, 1)
runpy.run_path(sys.argv[1], run_name='__main__')
""")
    old.chmod(0o755)
    done = subprocess.run([old, ROOT / 'scripts/check_build_tools.py'],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'Python 3.8 is too old' in done.stderr
    assert 'Traceback' not in done.stderr
