# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The files under ``config/``, written from the settings tables.

``python -m siam_tracker_ros.node.write_config [FOLDER]`` writes them anew; a test compares them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import sys
import textwrap

import yaml

from .. import trackers
from ..settings import SettingInfo, Settings, describe
from .presets import PRESETS, Preset
from .settings import DebugSettings, NodeSettings

HEADER = """\
# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
# Written by `python -m siam_tracker_ros.node.write_config` from the settings tables.
"""
WIDTH = 96


def node_file() -> str:
    """Parameters of the node, with their defaults."""
    text = HEADER + '/**:\n  ros__parameters:\n'
    text += _entries(NodeSettings, indent=4, active=True)
    text += '    debug:\n' + _entries(DebugSettings, indent=6, active=True)
    return text


def tracker_file(name: str) -> str:
    """Parameters of a tracker.

    All but its name are comments: the weights bring the values that were fitted with them, and a
    value that stands in a file would replace those.
    """
    text = HEADER + (
        '# Remove the `# ` before a setting, and before the line of its table, to change it.\n'
        '# What stays a comment is as the weights say, and where they say nothing, as here.\n'
        f'/**:\n  ros__parameters:\n    tracker: {name}\n    # {name}:\n'
    )
    return text + _entries(trackers.settings_class(name), indent=6, active=False)


def preset_file(preset: Preset) -> str:
    """Parameters of a tracker for a purpose: its values in force, all others as comments."""
    text = HEADER + '#\n'
    text += textwrap.fill(preset.purpose, WIDTH, initial_indent='# ', subsequent_indent='# ')
    text += (
        '\n#\n# Remove the `# ` before a setting to change it.\n'
        '# What stays a comment is as the weights say, and where they say nothing, as here.\n'
        f'/**:\n  ros__parameters:\n    tracker: {preset.tracker}\n    {preset.tracker}:\n'
    )
    for info in describe(trackers.settings_class(preset.tracker)):
        active = info.name in preset.values
        if active:
            info = replace(info, default=preset.values[info.name])
        text += _entry(info, ' ' * 6, active, cited=True)
    return text


def _entries(table: type[Settings], indent: int, active: bool) -> str:
    return ''.join(_entry(info, ' ' * indent, active) for info in describe(table))


def _entry(info: SettingInfo, margin: str, active: bool, cited: bool = False) -> str:
    note = f'{info.help}; {info.expectation()}'
    if info.dynamic:
        note += '; may change any time'
    if cited:
        note += f' [{", ".join(word for word in (info.symbol, info.source) if word)}]'
    comment = textwrap.fill(
        note, WIDTH, initial_indent=f'{margin}# ', subsequent_indent=f'{margin}# ',
        break_on_hyphens=False,
    )
    if not active:
        # Two signs, so that an editor that removes one leaves the explanation a comment.
        comment = comment.replace(f'{margin}# ', f'{margin[:-2]}# # ')
        margin = margin[:-2] + '#   '
    value = yaml.safe_dump(info.default).splitlines()[0]
    return f'{comment}\n{margin}{info.name}: {value}\n'


def files() -> dict[str, str]:
    """Contents by file name."""
    contents = {'tracker.yaml': node_file()}
    contents.update({f'{name}.yaml': tracker_file(name) for name in trackers.names()})
    contents.update({preset.file: preset_file(preset) for preset in PRESETS})
    return contents


def main() -> int:
    """Write the files into the folder that the command line names, ``config`` by default."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else 'config')
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding='utf-8')
        print(folder / name)
    return 0


if __name__ == '__main__':
    sys.exit(main())
