# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks as ONNX graphs, which other engines run: what is written, and ONNX Runtime.

What this needs comes with the extra ``export`` and is imported only where it is used.
"""

from .folder import Folder, read_folder
from .kinds import running
from .writing import EXEMPLAR, write

__all__ = ['EXEMPLAR', 'Folder', 'read_folder', 'running', 'write']
