# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from siam_tracker_ros.web.condition import CAMERA_SILENCE_S, SILENCE_S, Facts, Health, judge

ACTIVE = Health('ok', 'active', 'active')


@pytest.mark.parametrize(
    ('facts', 'word', 'sentence'),
    [
        ({}, 'absent', 'no node /n'),
        ({'health_age': SILENCE_S + 0.1, 'picture_age': 0.0}, 'absent', 'no node /n'),
        ({'health': Health('ok', 'not active', 'unconfigured')}, 'idle', 'is unconfigured'),
        ({'health': Health('ok', 'not active', 'inactive')}, 'idle', 'is inactive'),
        ({'health': Health('error', 'no memory.', 'inactive')}, 'fault', 'gave up: no memory.'),
        ({'picture_age': None}, 'no images', 'No images come on /image'),
        ({'picture_age': CAMERA_SILENCE_S + 0.1, 'topic': None}, 'no images', 'images come:'),
        ({'looking': 0.5, 'health_age': None}, 'looking', 'Looking for the node /n'),
        ({'looking': 0.5, 'picture_age': None}, 'looking', 'The first image is waited for'),
        ({'looking': 0.5, 'health': Health('ok', '', 'inactive')}, 'idle', 'is inactive'),
    ],
)
def test_what_is_missing_is_said(facts, word, sentence):
    known = {} if word == 'absent' else {
        'topic': '/image', 'health': ACTIVE, 'health_age': 0.1, 'picture_age': 0.1,
    }  # fmt: skip
    condition = judge(Facts('/n', **{**known, **facts}))
    assert condition.word == word
    assert sentence in condition.sentence


@pytest.mark.parametrize(
    ('targets', 'word', 'sentence'),
    [
        ({}, 'waiting', 'Nothing is followed: drag a box around a target.'),
        ({'a': 'removed'}, 'waiting', 'Nothing is followed: drag a box around a target.'),
        ({'a': 'tracked'}, 'tracked', 'Target a is tracked.'),
        ({'a': 'lost', 'b': 'tracked'}, 'lost', 'Target a is lost, target b is tracked.'),
    ],
)
def test_the_primary_target_gives_the_word(targets, word, sentence, make_status):
    # Without diagnostics, too: results are a sign of life.
    condition = judge(
        Facts('/n', status=make_status(1, **targets), status_age=0.1, picture_age=0.1)
    )
    assert (condition.word, condition.sentence) == (word, sentence)
