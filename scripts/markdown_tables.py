# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ['---'] * len(header), *rows]
    cells = [[cell.replace('|', '\\|') for cell in line] for line in lines]
    return ''.join('| ' + ' | '.join(line) + ' |\n' for line in cells)


def code(words: Iterable[str]) -> str:
    """Return words set as code, one on a line."""
    return '<br>'.join(f'`{word}`' for word in words)


def code_in_line(words: Iterable[str]) -> str:
    """Return words set as code, beside each other."""
    return ', '.join(f'`{word}`' for word in words)
