# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m siam_tracker_ros.cli``: the command where its script is not on the path."""

import sys

from . import main

sys.exit(main())
