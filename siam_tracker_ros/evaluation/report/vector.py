# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""SVG of matplotlib as a part of a page that has a light and a dark side."""

from __future__ import annotations

from html import escape
import re

from .palette import GRID, INK, MUTED, theme_variables


def themed(svg: str, title: str, stem: str) -> str:
    """Make SVG of matplotlib fit into a page: no header, unique names, the page's colours.

    Parameters
    ----------
    svg : str
        A whole file.
    title : str
        What a screen reader says.
    stem : str
        Of the plot; part of each name.
    """
    box = re.search(r'viewBox="([^"]*)"', svg)
    assert box is not None, 'matplotlib writes a view box'
    body = svg[svg.index('</metadata>') + len('</metadata>') :]
    body = re.sub(r'<defs>\s*<style[^>]*>.*?</style>\s*</defs>', '', body, count=1, flags=re.S)
    # Names that nothing refers to would occur in every plot again.
    body = re.sub(r'<g id="(tracker-\d+)">', r'<g class="\1">', body)
    body = re.sub(r'<g id="[^"]*">', '<g>', body)
    for attribute in ('id="', 'href="#', 'url(#'):
        body = body.replace(attribute, f'{attribute}{stem}-')
    light, _ = theme_variables()
    colours = {INK: '--ink', MUTED: '--muted', GRID: '--grid'}
    colours.update((colour, name) for name, colour in light.items())
    body = re.sub(
        r'(?<=(?:fill|roke): )#[0-9a-f]{6}',
        lambda found: f'var({colours[found[0]]})' if found[0] in colours else found[0],
        body,
    )
    body = re.sub(r'\s*\n\s*', '\n', body)
    head = f'<svg viewBox="{box[1]}" role="img" aria-label="{escape(title)}">'
    return head + body.strip()
