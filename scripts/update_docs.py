# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write the tables of README.md and docs/ that come from code and from measurements.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``. Without arguments the files
are rewritten; with ``--check`` nothing is written, and the exit code is 1 where a table is stale.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
import re
import sys
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What is beside this file is found where it is loaded by its path, too.
sys.path[:0] = [str(ROOT), str(ROOT / 'scripts')]

import accuracy_tables  # noqa: E402
from markdown_tables import code, code_in_line, table  # noqa: E402
import message_tables  # noqa: E402
import reliability_matrix  # noqa: E402
import time_tables  # noqa: E402

from siam_tracker_ros import trackers, weights  # noqa: E402
from siam_tracker_ros.cli import train  # noqa: E402
from siam_tracker_ros.evaluation import datasets, submissions  # noqa: E402
from siam_tracker_ros.evaluation.lost import LostSignal  # noqa: E402
from siam_tracker_ros.evaluation.summary import Analysis  # noqa: E402
from siam_tracker_ros.images import encode_jpeg, read_image  # noqa: E402
from siam_tracker_ros.node.image_rules import ENCODINGS  # noqa: E402
from siam_tracker_ros.node.settings import DebugSettings, NodeSettings  # noqa: E402
from siam_tracker_ros.node.statistics import DROPS  # noqa: E402
from siam_tracker_ros.node.video_settings import VideoSettings  # noqa: E402
from siam_tracker_ros.node.yaw_follower import FollowSettings  # noqa: E402
from siam_tracker_ros.settings import SettingInfo, Settings, describe  # noqa: E402

PICTURE = ROOT / 'docs' / 'images' / 'demo.jpg'
PAGE_PICTURE = ROOT / 'docs' / 'images' / 'web.jpg'
MARKED = re.compile(r'(<!-- table: (\S+) -->\n).*?(<!-- end -->)', re.DOTALL)

# Every tracker that the package is meant to hold, with its paper.
PLANNED = {
    'siamfc': 'Fully-Convolutional Siamese Networks for Object Tracking (2016)',
    'csn': 'Cascaded Siamese tracking (arXiv 1905.02857)',
    'dsiam': 'Learning Dynamic Siamese Network for Visual Object Tracking (2017)',
    'siamrpnpp': 'SiamRPN++ (2019)',
    'crpn': 'Siamese Cascaded Region Proposal Networks (2019)',
    'sasiam': 'A Twofold Siamese Network for Real-Time Object Tracking (2018)',
}


def setting_row(info: SettingInfo, prefix: str) -> list[str]:
    """Return name, default, range, meaning, symbol and source, and whether it may change."""
    default = str(info.default).lower() if isinstance(info.default, bool) else f'{info.default}'
    symbol = f' ({info.symbol})' if info.symbol else ''
    return [
        f'`{prefix}{info.name}`',
        f'`{default}`',
        info.expectation(),
        f'{info.help}{symbol}',
        info.source,
        'yes' if info.dynamic else 'no',
    ]


def settings_table(cls: type[Settings], prefix: str = '') -> str:
    """Return the table of a settings class; the source column only where there are sources."""
    header = ['name', 'default', 'allowed', 'meaning', 'from', 'while running']
    rows = [setting_row(info, prefix) for info in describe(cls)]
    if not any(row[4] for row in rows):
        header, rows = header[:4] + header[5:], [row[:4] + row[5:] for row in rows]
    return table(header, rows)


def train_tables() -> str:
    """Return the settings of training, by groups, as options of the command line."""
    parts = []
    for title in train.tables(next(iter(train.RECIPES.values()))):
        whose: dict[type[Settings], list[str]] = {}
        for name, recipe in train.RECIPES.items():
            whose.setdefault(train.tables(recipe)[title], []).append(name)
        for cls, names in whose.items():
            rows = [
                [option(info.name), f'`{info.default}`', info.expectation(), info.help]
                for info in describe(cls)
            ]
            only = f' of {", ".join(names)}' if len(whose) > 1 else ''
            head = ['option', 'default', 'allowed', 'meaning']
            parts.append(f'**{title}**{only}\n\n{table(head, rows)}')
    return '\n'.join(parts)


def option(name: str) -> str:
    """Return the command line's option of a setting."""
    return f'`--{name.replace("_", "-")}`'


def tracker_table() -> str:
    """Return the trackers of the plan, and which of them exist."""
    shipped = {entry.tracker for entry in weights.entries()}
    rows = []
    for name, paper in PLANNED.items():
        exists = name in trackers.names()
        state = 'works' if exists else 'not yet'
        known = 'shipped' if name in shipped else 'none'
        lender = trackers.lender(name) if exists else ''
        if lender in shipped:
            known = f'those of `{lender}`'
        rows.append([f'`{name}`', paper, state, known])
    return table(['name', 'paper', 'state', 'weights'], rows)


def weights_table() -> str:
    """Return the shipped checkpoints."""
    rows = [
        [f'`{entry.file}`', f'`{entry.tracker}`', f'{entry.path.stat().st_size / 1e6:.1f} MB',
         entry.data, entry.licence, f'`{entry.sha256[:16]}…`']
        for entry in weights.entries()
    ]
    header = ['file', 'tracker', 'size', 'trained on', 'licence and terms', 'sha256']
    return table(header, rows) if rows else 'No weights ship with this version.\n'


def recipes() -> str:
    """Return the card of each shipped checkpoint: command, facts of its training, scores."""
    parts = []
    for entry in weights.entries():
        parts.append(f'`{entry.file}`:\n\n```\n{entry.recipe}\n```\n')
        facts = training_facts(weights.load(entry.path).meta.training)
        parts.append(table(['training', 'value'], [[k, scalar(v)] for k, v in facts.items()]))
        if entry.scores:
            rows = [[key, scalar(value)] for key, value in entry.scores.items()]
            parts.append(table(['measured', 'value'], rows))
    return '\n'.join(parts) if parts else 'No weights ship with this version.\n'


def training_facts(training: Mapping[str, Any]) -> dict[str, object]:
    """Return what a checkpoint says about its training, but what the registry words better."""
    worded = ('command', 'data', 'licence')
    simple = {k: v for k, v in training.items() if k not in worded and not isinstance(v, Mapping)}
    fit = {k: v for k, v in training.get('fit', {}).items() if k in ('batch', 'seed', 'steps')}
    facts = {name.replace('_', ' '): value for name, value in sorted({**simple, **fit}.items())}
    # Of a checkpoint that was joined: its parts, each with the facts of its own training.
    for part, card in sorted(training.items()):
        if isinstance(card, Mapping) and 'fit' in card:
            facts.update({f'{part}: {k}': value for k, value in training_facts(card).items()})
    return facts


def scalar(value: object) -> str:
    """Return a figure or a text for a table."""
    return f'{value:.3f}'.rstrip('0').rstrip('.') if isinstance(value, float) else str(value)


def measures_table(analysis: type[Analysis]) -> str:
    """Return what an analysis measures, as the report and the stored results call it."""
    rows = [
        [
            measure.title,
            f'`{measure.name}`',
            # A count has no digits behind the point.
            measure.unit or ('share' if measure.digits else 'count'),
            measure.best,
            measure.help,
        ]
        for measure in analysis.measures
    ]
    return table(['measure', 'in files', 'unit', 'better', 'meaning'], rows)


def datasets_table() -> str:
    """Return the benchmarks that are read, and how their folders look."""
    rows = []
    for name in datasets.names():
        found = datasets.get(name)
        rows.append([f'`{name}`', found.title, code(found.tree), code(found.experiments)])
    return table(['name', 'dataset', 'files below FOLDER', 'experiments by default'], rows)


def conventions_table() -> str:
    """Return what the labels of each benchmark mean."""
    rows = []
    for name in datasets.names():
        found = datasets.get(name)
        rows.append([f'`{name}`', found.convention, found.absent])
    return table(['name', 'a row of labels', 'absent images'], rows)


def submissions_table() -> str:
    """Return the formats of results, and the datasets that take them."""
    takers = {name: datasets.get(name).submission for name in datasets.names()}
    rows = []
    for name in submissions.formats():
        found = submissions.get(name)
        used = code(taker for taker, kind in takers.items() if kind == name)
        rows.append([f'`{name}`', code(found.layout), found.convention, used])
    return table(['format', 'files', 'a row', 'datasets'], rows)


def encodings_table() -> str:
    """Return the encodings of images that the node reads, by what they hold."""
    names: dict[str, list[str]] = {}
    for name, encoding in ENCODINGS.items():
        names.setdefault(encoding.layout.split('_')[0], []).append(name)
    return table(['pixels', 'encodings'], [[key, code_in_line(n)] for key, n in names.items()])


def drops_table() -> str:
    """Return why the node drops images."""
    return table(['reason', 'meaning'], [[f'`{key}`', words] for key, words in DROPS.items()])


def generators() -> dict[str, Callable[[], str]]:
    """Return the tables by name."""
    tables: dict[str, Callable[[], str]] = {
        **accuracy_tables.generators(),
        **time_tables.generators(),
        **message_tables.generators(),
        'conventions': conventions_table,
        'datasets': datasets_table,
        'drops': drops_table,
        'encodings': encodings_table,
        'follow-settings': lambda: settings_table(FollowSettings),
        'measures-lost': lambda: measures_table(LostSignal),
        'node-settings': lambda: settings_table(NodeSettings),
        'debug-settings': lambda: settings_table(DebugSettings, 'debug.'),
        'recipes': recipes,
        'reliability': reliability_matrix.matrix,
        'submissions': submissions_table,
        'trackers': tracker_table,
        'train-settings': train_tables,
        'video-settings': lambda: settings_table(VideoSettings),
        'weights': weights_table,
    }
    for name in trackers.names():
        tables[f'settings-{name}'] = (
            lambda name=name: settings_table(trackers.settings_class(name), f'{name}.')
        )
    return tables


def updated(text: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with all its tables made anew.

    Raises
    ------
    KeyError
        A marker names a table that does not exist.
    """
    return MARKED.sub(lambda m: f'{m[1]}{tables[m[2]]()}{m[3]}', text)


def pages() -> list[Path]:
    """Return every page that may hold a table."""
    return [ROOT / 'README.md', *sorted((ROOT / 'docs').rglob('*.md'))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite or check all pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='write nothing, exit with 1 if stale')
    parser.add_argument(
        '--picture', type=Path, metavar='PNG',
        help='make docs/images/demo.jpg from the contact sheet of a demo',
    )
    parser.add_argument(
        '--page-picture', type=Path, metavar='JPG',
        help='make docs/images/web.jpg from the picture of a demo with WEB=check',
    )
    args = parser.parse_args(arguments)
    check = args.check
    if args.page_picture is not None:
        PAGE_PICTURE.write_bytes(args.page_picture.read_bytes())
    if args.picture is not None:
        PICTURE.write_bytes(encode_jpeg(read_image(args.picture), quality=80))
    tables = generators()
    stale = []
    for page in pages():
        text = page.read_text(encoding='utf-8')
        new = updated(text, tables)
        if new != text:
            stale.append(page.relative_to(ROOT))
            if not check:
                page.write_text(new, encoding='utf-8')
    for page in stale:
        print(f'{page}: {"out of date, run scripts/update_docs.py" if check else "updated"}')
    return 1 if check and stale else 0


if __name__ == '__main__':
    sys.exit(main())
