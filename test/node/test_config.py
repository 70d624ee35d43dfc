# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files under config/ and launch/: up to date, loadable, and saying what the code says."""

import ast
import math
from pathlib import Path
import runpy
import sys
from types import ModuleType
import xml.etree.ElementTree as ElementTree

import pytest
import yaml

from siam_tracker_ros import trackers
from siam_tracker_ros.node import write_config
from siam_tracker_ros.node.presets import PRESETS
from siam_tracker_ros.node.settings import DebugSettings, NodeSettings
from siam_tracker_ros.settings import describe
from siam_tracker_ros.training.fit_score import FITTED

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = sorted(ROOT.glob('launch/*.launch.py'))


@pytest.mark.parametrize('name', write_config.files())
def test_the_files_are_as_the_tables_are(name):
    assert (ROOT / 'config' / name).read_text() == write_config.files()[name], (
        'run `python -m siam_tracker_ros.node.write_config`'
    )


def test_the_nodes_file_holds_the_defaults():
    values = yaml.safe_load(write_config.node_file())['/**']['ros__parameters']
    assert DebugSettings.from_dict(values.pop('debug')) == DebugSettings()
    assert NodeSettings.from_dict(values) == NodeSettings()


# Those whose file is not a preset's.
PLAIN = [name for name in trackers.names() if f'{name}.yaml' not in {p.file for p in PRESETS}]


@pytest.mark.parametrize('name', PLAIN)
def test_a_trackers_file_overrides_nothing_until_a_line_is_uncommented(name):
    text = write_config.tracker_file(name)
    assert yaml.safe_load(text)['/**']['ros__parameters'] == {'tracker': name}
    table = trackers.settings_class(name)
    body = text.split('ros__parameters:')[1]
    lines = [
        line.replace('# ', '', 1) if line.startswith('    # ') else line
        for line in body.splitlines()
    ]
    values = yaml.safe_load('\n'.join(lines))
    assert table.from_dict(values[name]) == table()


def values_of(file):
    """What a file sets: the tracker, and its settings."""
    values = yaml.safe_load((ROOT / 'config' / file).read_text())['/**']['ros__parameters']
    tracker = values.pop('tracker')
    return tracker, values[tracker]


@pytest.mark.parametrize('preset', PRESETS, ids=lambda p: p.file)
def test_a_presets_file_sets_its_values_and_nothing_else(preset):
    assert values_of(preset.file) == (preset.tracker, preset.values)
    table = trackers.settings_class(preset.tracker)
    assert table.from_dict(preset.values)
    # Uncommented, the other lines are settings, too.
    text = write_config.preset_file(preset).split('ros__parameters:')[1]
    lines = [
        line.replace('# ', '', 1) if line.startswith('    # ') else line
        for line in text.splitlines()
    ]
    found = yaml.safe_load('\n'.join(lines))[preset.tracker]
    assert table.from_dict(found) == table.from_dict(preset.values)


def test_the_papers_file_says_what_the_papers_say():
    tracker, values = values_of('csn.yaml')
    assert tracker == 'csn'
    stated = {
        # Gao et al., sections 2 and 4.1.
        'exemplar_size': 127, 'search_size': 255, 'candidate_scales': 3, 'candidate_step': 1.02,
        'rival_candidate': 0.75, 'rival_update': 0.8, 'classification_share': 0.6,
        'gate_history': 6, 'candidates_from': 'peaks', 'decide_by': 'classification',
        'size_from': 'classification', 'learning': True,
        # Nam and Han, section 3.3.
        'start_positives': 500, 'start_negatives': 5000, 'update_positives': 50,
        'update_negatives': 200, 'positive_overlap': 0.7, 'start_negative_overlap': 0.5,
        'update_negative_overlap': 0.3, 'long_frames': 100, 'short_frames': 20,
        'start_iterations': 30, 'update_iterations': 10, 'last_multiplier': 10.0,
        'momentum': 0.9, 'weight_decay': 5e-4, 'batch_positives': 32, 'batch_negatives': 96,
        'negative_candidates': 1024, 'remember_every': 1, 'update_every': 10,
        'drawn_candidates': 256, 'grid': 0, 'iterations_per_frame': 0,
    }  # fmt: skip
    assert {name: values[name] for name in stated} == stated


def test_the_files_of_dsiam_say_what_its_paper_and_its_code_say():
    # Guo et al., sections 3.2 and 3.6, and the code of the authors.
    common = {
        'exemplar_size': 127, 'search_size': 255, 'scales': 3, 'success_peak': 0.0,
        'template': 'transformed', 'suppression': 'crops', 'fusion': 'learned',
    }  # fmt: skip
    files = {
        'dsiam_paper.yaml': {
            'variation_rate': 1.0, 'suppression_rate': 1.0, 'lambda_per_cell': False,
            'hann': False, 'weight_window': False,
        },
        'dsiam_authors.yaml': {
            'variation_rate': 0.49, 'suppression_rate': 0.29, 'lambda_per_cell': True,
            'lambda_v': 1e-5, 'lambda_w': 10.0, 'hann': True, 'weight_window': True,
            'weight_spread': 100.0, 'scale_step': 1.0375, 'scale_penalty': 0.9745,
            'scale_rate': 0.58, 'window_influence': 0.176,
        },
    }  # fmt: skip
    for file, stated in files.items():
        tracker, values = values_of(file)
        assert tracker == 'dsiam'
        assert {name: values[name] for name in (*common, *stated)} == {**common, **stated}


@pytest.mark.parametrize('preset', PRESETS, ids=lambda p: p.file)
def test_a_presets_file_leaves_to_the_weights_what_is_theirs(preset):
    for name in ('start_rate', 'update_rate'):
        assert name not in preset.values
    table = trackers.settings_class(preset.tracker)
    fitted = {info.name for info in describe(table)} & set(FITTED)
    # Thresholds mean something with the score that they are of: all that is fitted, or nothing.
    assert fitted & set(preset.values) in (set(), fitted)


def test_the_long_term_file_says_what_published_code_says():
    tracker, values = values_of('siamrpnpp_longterm.yaml')
    assert tracker == 'siamrpnpp'
    stated = {
        'penalty': 0.05, 'window_influence': 0.28, 'size_rate': 0.22, 'search_size': 255,
        'lost_search_size': 831, 'lost_score': 0.8, 'found_score': 0.998, 'lost_patience': 1,
    }  # fmt: skip
    assert {name: values[name] for name in stated} == stated
    # The score is the softmax of the best proposal, a logistic of the difference of two logits.
    calibration = trackers.settings_class(tracker).from_dict(values).calibration
    assert calibration.score((2.0, 1.3, -0.7, 0.0)) == pytest.approx(1 / (1 + math.exp(-2.0)))


def test_the_files_are_written_where_one_says(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['write_config', str(tmp_path / 'new')])
    assert write_config.main() == 0
    written = {path.name: path.read_text() for path in (tmp_path / 'new').iterdir()}
    assert written == write_config.files()
    assert 'tracker.yaml' in capsys.readouterr().out


def test_rviz_shows_topics_that_the_node_has():
    shown = yaml.safe_load((ROOT / 'config' / 'tracker.rviz').read_text())
    topics = [d['Topic']['Value'] for d in shown['Visualization Manager']['Displays']]
    assert topics == ['/siam_tracker/debug/overlay', '/siam_tracker/debug/score_map']


def test_the_fast_dds_profile_has_room_for_large_images():
    path = ROOT / 'config' / 'fastdds_large_images.xml'
    space = '{http://www.eprosima.com}'
    root = ElementTree.parse(path).getroot()
    sizes = [int(e.text) for e in root.iter(f'{space}segment_size')]
    # Two images of 3840x2160 bgr8 and some room.
    assert sizes
    assert min(sizes) >= 2 * 3840 * 2160 * 3


class Recorded:
    """Stands in for a class of launch or launch_ros: remembers what it was made with."""

    def __init__(self, *arguments, **options):
        self.arguments = arguments
        self.options = options


@pytest.fixture
def fake_launch(monkeypatch):
    """Stand-ins for launch and launch_ros, which are not on PyPI; only names and arguments."""
    names = {
        'launch': ['LaunchDescription'],
        'launch.actions': [
            'DeclareLaunchArgument', 'IncludeLaunchDescription', 'SetEnvironmentVariable'],
        'launch.conditions': ['IfCondition'],
        'launch.launch_description_sources': ['PythonLaunchDescriptionSource'],
        'launch.substitutions': ['LaunchConfiguration', 'PathJoinSubstitution'],
        'launch_ros': [],
        'launch_ros.actions': ['LifecycleNode', 'Node'],
        'launch_ros.parameter_descriptions': ['ParameterValue'],
        'launch_ros.substitutions': ['FindPackageShare'],
    }
    for name, classes in names.items():
        module = ModuleType(name)
        for word in classes:
            setattr(module, word, type(word, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, name, module)


def described(path):
    """What a launch file describes, by the names of the classes."""
    entities = runpy.run_path(str(path))['generate_launch_description']().arguments[0]
    found = {}
    for entity in entities:
        found.setdefault(type(entity).__name__, []).append(entity)
    return found


@pytest.mark.parametrize('path', LAUNCH, ids=lambda p: p.name)
def test_arguments_are_declared_at_the_top_and_used(fake_launch, path):
    declared = {e.arguments[0]: e for e in described(path)['DeclareLaunchArgument']}
    assert all(e.options['description'] for e in declared.values())
    tree = ast.parse(path.read_text())
    used = {
        call.args[0].value for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, 'id', '') == 'value'
        and isinstance(call.args[0], ast.Constant)
    }
    # Those that another file takes under the same name are handed on together.
    handed = [name for e in described(path).get('IncludeLaunchDescription', ())
              for name, given in e.options['launch_arguments']
              if getattr(given, 'arguments', ()) == (name,)]
    assert used | set(handed) == set(declared)
    for name, entity in declared.items():
        if entity.options.get('choices') == ['true', 'false']:
            assert entity.options['default_value'] in ('true', 'false'), name


@pytest.mark.parametrize(
    ('distro', 'variable'),
    [
        ('jazzy', 'FASTRTPS_DEFAULT_PROFILES_FILE'),
        ('lyrical', 'FASTDDS_DEFAULT_PROFILES_FILE'),
    ],
)
def test_the_tracker_is_started_as_the_interface_says(fake_launch, monkeypatch, distro, variable):
    monkeypatch.setenv('ROS_DISTRO', distro)
    found = described(ROOT / 'launch' / 'tracker.launch.py')
    declared = {e.arguments[0]: e.options for e in found['DeclareLaunchArgument']}
    assert set(declared) >= {
        'autostart', 'params_file', 'namespace', 'use_sim_time', 'image', 'log_level', 'rviz'}
    assert declared['autostart']['default_value'] == 'true'
    assert Path(declared['params_file']['default_value']).is_file()
    (node,) = found['LifecycleNode']
    assert (ROOT / 'scripts' / node.options['executable']).is_file()
    assert set(node.options['parameters'][1]) == {'autostart', 'use_sim_time'}
    (rviz,) = found['Node']
    assert Path(rviz.options['arguments'][1]).is_file()
    (profile,) = found['SetEnvironmentVariable']
    assert profile.arguments[0] == variable
    assert Path(profile.arguments[1]).is_file()


def test_the_video_demo_starts_a_source_beside_it(fake_launch):
    found = described(ROOT / 'launch' / 'video_demo.launch.py')
    (source,) = found['Node']
    assert (ROOT / 'scripts' / source.options['executable']).is_file()
    from siam_tracker_ros.node.video_settings import VideoSettings

    assert set(source.options['parameters'][0]) <= set(VideoSettings().to_dict())
    (tracker,) = found['IncludeLaunchDescription']
    (path,) = tracker.arguments[0].arguments
    passed = dict(tracker.options['launch_arguments'])
    declared = {e.arguments[0] for e in described(path)['DeclareLaunchArgument']}
    assert set(passed) <= declared


def test_the_follower_hears_the_tracker_beside_it(fake_launch):
    found = described(ROOT / 'launch' / 'follow.launch.py')
    (follower,) = found['Node']
    assert (ROOT / 'examples' / follower.options['executable']).is_file()
    from siam_tracker_ros.node.yaw_follower import FollowSettings

    given = set(follower.options['parameters'][0]) - {'use_sim_time'}
    assert given == set(FollowSettings().to_dict())
    declared = {e.arguments[0]: e.options for e in found['DeclareLaunchArgument']}
    for name in given:
        default = declared[name]['default_value']
        assert default == str(FollowSettings().to_dict()[name]).lower(), name
    topics = dict(follower.options['remappings'])
    assert topics['bearing'] == 'siam_tracker/bearing'
    assert topics['status'] == 'siam_tracker/status'
    (tracker,) = found['IncludeLaunchDescription']
    (path,) = tracker.arguments[0].arguments
    included = {e.arguments[0] for e in described(path)['DeclareLaunchArgument']}
    assert {name for name, _ in tracker.options['launch_arguments']} <= included


def test_each_camera_has_a_namespace_of_its_own(fake_launch):
    found = described(ROOT / 'launch' / 'two_cameras.launch.py')
    given = [dict(e.options['launch_arguments']) for e in found['IncludeLaunchDescription']]
    assert [g['namespace'] for g in given] == ['front', 'rear']
    assert [g['image'] for g in given] == ['/front/image_raw', '/rear/image_raw']
    assert [g['camera_info'] for g in given] == ['/front/camera_info', '/rear/camera_info']


@pytest.mark.parametrize('path', LAUNCH, ids=lambda p: p.name)
def test_the_real_launch_accepts_the_file(path):
    launch = pytest.importorskip(
        'launch', reason='launch is not on PyPI: tested where a ROS distribution has it')
    if not hasattr(launch, 'LaunchDescription'):
        pytest.skip("'launch' is this project's folder here, not the ROS package")
    pytest.importorskip('launch_ros', reason='launch_ros is not on PyPI')
    description = runpy.run_path(str(path))['generate_launch_description']()
    assert description.entities
