# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import time

import pytest
import torch

from siam_tracker_ros.stages import record, stage

CPU = torch.device('cpu')


def test_time_is_kept_by_stage_while_recording():
    with record() as seconds:
        for _ in range(2):
            with stage('crop', CPU):
                time.sleep(0.01)
        with stage('network', CPU):
            pass
    assert set(seconds) == {'crop', 'network'}
    assert 0.02 <= seconds['crop'] < 1
    assert seconds['network'] < 0.01


def test_nothing_is_kept_otherwise():
    with record() as seconds:
        pass
    with stage('crop', CPU):
        pass
    assert seconds == {}


def test_a_stage_that_fails_is_kept_and_recording_ends():
    with pytest.raises(ValueError, match='broken'), record() as seconds, stage('crop', CPU):
        raise ValueError('broken')
    assert set(seconds) == {'crop'}
    with stage('network', CPU):
        pass
    assert set(seconds) == {'crop'}


def test_a_recording_inside_another_is_apart():
    with record() as outer:
        with record() as inner, stage('crop', CPU):
            pass
        with stage('network', CPU):
            pass
    assert (set(inner), set(outer)) == ({'crop'}, {'network'})
