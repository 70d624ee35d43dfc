# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: what ships with the package, and how files are read, written and refused."""

from .checkpoint import Checkpoint, Meta, prepare, save
from .loading import load
from .registry import Entry, entries, resolve

__all__ = ['Checkpoint', 'Entry', 'Meta', 'entries', 'load', 'prepare', 'resolve', 'save']
