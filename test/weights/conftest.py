# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
import sys

# Helpers beside the tests are imported by name.
sys.path.insert(0, str(Path(__file__).parent))
