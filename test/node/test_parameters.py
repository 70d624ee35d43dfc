# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters: declared from the tables, refused with the reason, taken over while running."""

import pickle

import pytest
import torch

pytest.importorskip('rclpy', reason='rclpy is not installed')


def set_parameter(bench, name, value):
    from rcl_interfaces.srv import SetParametersAtomically
    from rclpy.parameter import Parameter

    client = bench.client.create_client(
        SetParametersAtomically, f'{bench.name}/set_parameters_atomically')
    request = SetParametersAtomically.Request()
    request.parameters = [Parameter(name, value=value).to_parameter_msg()]
    return bench.call(client, request).result


def test_every_setting_is_a_described_parameter(bench):
    from siam_tracker_ros import trackers
    from siam_tracker_ros.node.settings import DebugSettings, NodeSettings
    from siam_tracker_ros.settings import describe

    tables = {'': NodeSettings, 'debug.': DebugSettings}
    tables.update({f'{name}.': trackers.settings_class(name) for name in trackers.names()})
    for prefix, table in tables.items():
        for info in describe(table):
            name = prefix + info.name
            described = bench.node.describe_parameter(name)
            assert described.description.startswith(info.help)
            assert info.expectation() in described.additional_constraints
            assert described.read_only == (name == 'autostart')
            # The bench says which tracker it is; nobody says anything else.
            value = 'siamfc' if name == 'tracker' else info.default
            assert bench.node.get_parameter(name).value == value
            ranges = list(described.integer_range) + list(described.floating_point_range)
            assert len(ranges) == int(info.low is not None or info.high is not None)
            if info.low is not None:
                assert ranges[0].from_value == info.low


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('siamfc.window_influence', 7.0, 'siamfc.window_influence'),
        ('siamfc.window_influence', float('nan'), 'window_influence'),
        ('siamfc.window_influence', 'much', 'siamfc.window_influence|type'),
        ('siamfc.search_size', 256, 'search_size is 256: expected exemplar_size'),
        ('siamfc.lost_score', 0.9, 'lost_score is 0.9: expected at most certain_score'),
        ('image_transport', 'theora', "image_transport is 'theora': expected one of raw"),
        ('tracker', 'goturn', "tracker is 'goturn': expected one of siamfc"),
        ('max_targets', 0, 'max_targets'),
        ('autostart', True, 'autostart'),
    ],
)
def test_wrong_values_are_refused_with_the_reason(bench, name, value, reason):
    result = set_parameter(bench, name, value)
    assert not result.successful
    assert any(word in result.reason for word in reason.split('|'))
    assert bench.node.get_parameter(name).value != value


def test_what_is_in_use_may_not_change_until_cleanup(bench):
    from ros_bench import CLEANUP, CONFIGURE

    assert bench.transition(CONFIGURE) == (True, 'inactive')
    for name, value in (('device', 'cpu'), ('siamfc.upsampling', 8), ('tracker', 'siamfc')):
        result = set_parameter(bench, name, value)
        assert not result.successful
        assert f'{name} is in use' in result.reason
    assert bench.transition(CLEANUP) == (True, 'unconfigured')
    assert set_parameter(bench, 'siamfc.upsampling', 8).successful
    assert bench.transition(CONFIGURE) == (True, 'inactive')
    assert bench.creations[-1][1]['overrides'] == {'upsampling': 8}


def test_dynamic_ones_reach_the_running_tracker(bench):
    from ros_bench import detection, scene

    from siam_tracker_ros.msg import InitResult

    bench.activate()
    bench.start(scene(50, 40), (60, 50, 20, 20), id='a')
    assert set_parameter(bench, 'siamfc.window_influence', 0.5).successful
    assert set_parameter(bench, 'max_targets', 1).successful
    assert set_parameter(bench, 'debug.overlay_scale', 0.5).successful
    answer, _ = bench.offer(scene(50, 40), bench.init, detection(60, 50, 20, 20, id='b'))
    assert answer.code == InitResult.TOO_MANY_TARGETS
    assert bench.tracker.settings.window_influence == 0.5
    assert bench.node._outputs.debug_settings.overlay_scale == 0.5


def test_only_what_somebody_set_overrides_the_weights(ros):
    from fake_tracker import FakeTracker
    from ros_bench import CONFIGURE, Bench

    tracker = FakeTracker()
    tracker.settings = tracker.settings.replaced(confidence_bias=-1.5, scale_step=1.05)
    with Bench(tracker, parameters={'siamfc.scale_step': 1.05}) as bench:
        assert bench.transition(CONFIGURE) == (True, 'inactive')
        (_, options), = bench.creations
        assert options['overrides'] == {'scale_step': 1.05}
        # What the weights brought is shown, and stays theirs at the next configuration.
        assert bench.node.get_parameter('siamfc.confidence_bias').value == -1.5
        assert bench.node.parameters.explicit('siamfc') == {'scale_step': 1.05}


@pytest.mark.parametrize(
    ('parameters', 'backend'), [({}, 'torch'), ({'backend': 'onnxruntime'}, 'onnxruntime')]
)
def test_the_backend_is_that_of_the_parameter(ros, parameters, backend):
    from ros_bench import CONFIGURE, Bench

    with Bench(parameters=parameters) as bench:
        assert bench.transition(CONFIGURE) == (True, 'inactive')
        (_, options), = bench.creations
        assert options['backend'] == backend
        assert not set_parameter(bench, 'backend', 'tensorrt').successful


def test_a_whole_number_is_taken_for_a_number(ros):
    from ros_bench import Bench

    with Bench(parameters={'lost_timeout': 3}) as bench:
        assert bench.node.get_parameter('lost_timeout').value == 3.0


@pytest.mark.parametrize(
    ('name', 'value', 'sentence'),
    [
        ('max_targets', 'many', "max_targets is 'many'"),
        ('siamfc.window_influence', 7.0, 'siamfc.window_influence is 7.0: expected a number from'),
        ('siamfc.windw_influence', 0.1, 'there is no parameter siamfc.windw_influence'),
        ('image_reliability', 'maybe', "image_reliability is 'maybe': expected one of auto"),
    ],
)
def test_wrong_values_at_start_are_one_sentence(ros, name, value, sentence):
    from rclpy.parameter import Parameter

    from siam_tracker_ros.errors import UserError
    from siam_tracker_ros.node.tracker import TrackerNode

    with pytest.raises(UserError) as error:
        TrackerNode(
            node_name='wrong', parameter_overrides=[Parameter(name, value=value)])
    assert sentence in str(error.value)


def test_a_name_that_may_be_meant_for_another_node_is_a_warning(ros, capfd):
    from ros_bench import Bench

    with Bench(parameters={'max_target': 3, 'use_sim_time': False}):
        log = capfd.readouterr().err
    assert 'there is no parameter max_target:' in log
    assert 'use_sim_time' not in log


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('weights', '/no/such/file.safetensors', '/no/such/file.safetensors'),
        ('device', 'gpu', "unknown device 'gpu'"),
        ('device', 'cuda:9', 'cuda:9'),
        pytest.param(
            'device', 'cuda', "'cuda'",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason='there is a CUDA device'),
        ),
    ],
)
def test_g3_what_the_library_refuses_fails_the_configuration(ros, name, value, words, monkeypatch):
    sentence = refusal({name: value}, monkeypatch)
    assert words in sentence
    assert name in sentence


def refusal(parameters, monkeypatch):
    """The one sentence with which the library's own trackers refuse to be configured."""
    from ros_bench import CONFIGURE, Bench

    from siam_tracker_ros import trackers

    with Bench(create=trackers.create, parameters=parameters) as bench:
        logger = bench.node.get_logger()
        texts = []
        monkeypatch.setattr(logger, 'error', lambda text, **options: texts.append(text))
        monkeypatch.setattr(bench.node, 'get_logger', lambda: logger)
        assert bench.transition(CONFIGURE) == (False, 'unconfigured')
    (text,) = texts
    assert 'Traceback' not in text
    return text


@pytest.mark.parametrize(
    ('file', 'tracker', 'words'),
    [
        ('cut.safetensors', 'siamfc', 'not a readable .safetensors file'),
        ('code.pth', 'siamfc', 'not a readable PyTorch checkpoint'),
        ('whole.safetensors', 'csn', "belong to tracker 'siamfc', expected 'csn'"),
    ],
)
def test_g3_weights_that_cannot_be_used(
    ros, small_weights, tmp_path, monkeypatch, file, tracker, words
):
    data = small_weights.read_bytes()
    path = tmp_path / file
    path.write_bytes(
        {'cut': data[:-9], 'code': pickle.dumps(print), 'whole': data}[path.stem])
    text = refusal({'weights': str(path), 'tracker': tracker}, monkeypatch)
    assert words in text
    assert str(path) in text
