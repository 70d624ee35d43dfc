# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""TraX, the protocol in which vot-toolkit and others drive a tracker in its own process.

https://trax.readthedocs.io has the specification; this is version 4 as libtrax speaks it.
"""

from .server import serve

__all__ = ['serve']
