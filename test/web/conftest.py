# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures and results without a camera and a tracker."""

import pytest

from siam_tracker_ros.web.pairing import Picture, Status, TargetView


@pytest.fixture
def make_picture():
    """Makes an image whose file says its stamp."""

    def make(stamp, size=100, encode=None):
        return Picture(stamp, 'camera', 640, 480, size, encode or (lambda: b'%d' % stamp))

    return make


@pytest.fixture
def make_status():
    """Makes a result with targets, given as ``id=state``."""

    def make(stamp, **targets):
        views = [
            TargetView(id, state, (10.0, 20.0, 30.0, 40.0), 0.5, 1.0, 'why')
            for id, state in targets.items()
        ]
        return Status(stamp, 'csn', views, 0.05, 0.04)

    return make
