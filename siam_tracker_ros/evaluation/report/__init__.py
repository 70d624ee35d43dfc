# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of an evaluation: one HTML page, pictures of its plots and overlay videos."""

from .page import write_report

__all__ = ['write_report']
