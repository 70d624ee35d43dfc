# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of the node's own messages, from their definitions and the comments in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
import re

from markdown_tables import code_in_line, table

MESSAGES = Path(__file__).resolve().parent.parent / 'msg'
CONSTANT = re.compile(r'^\w+ (\w+)=(\w+)$')


def explained(name: str) -> Iterator[tuple[list[str], str]]:
    """Yield the declarations below each comment of a message, and the comment.

    What follows without a comment of its own and without an empty line belongs to the one before.
    """
    words: list[str] = []
    lines: list[str] = []
    for line in [*(MESSAGES / f'{name}.msg').read_text(encoding='utf-8').splitlines(), '']:
        is_comment = line.startswith('#')
        if lines and (is_comment or not line):
            yield lines, ' '.join(words)
            words, lines = [], []
        if is_comment:
            words.append(line.lstrip('# '))
        elif line:
            lines.append(line)
        else:
            # What stands apart is about the whole message.
            words = []


def constants_table(name: str) -> str:
    """Return the constants of a message."""
    rows = [
        [f'`{found[1]}`', found[2], words]
        for lines, words in explained(name)
        for found in map(CONSTANT.match, lines)
        if found
    ]
    return table(['constant', 'value', 'meaning'], rows)


def fields_table(name: str) -> str:
    """Return the fields of a message."""
    rows = [
        [code_in_line(lines), words]
        for lines, words in explained(name)
        if not any(map(CONSTANT.match, lines))
    ]
    return table(['fields', 'meaning'], rows)


def generators() -> dict[str, Callable[[], str]]:
    """Return the tables by name."""
    return {
        'target-states': lambda: constants_table('TargetStatus'),
        'refusals': lambda: constants_table('InitResult'),
        **{
            f'message-{path.stem}': (lambda name=path.stem: fields_table(name))
            for path in sorted(MESSAGES.glob('*.msg'))
        },
    }
