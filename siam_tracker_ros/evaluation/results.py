# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that one evaluation found, as tables, files and the report take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..sequences import Sequence
from .summary import Analysis, Passes, Summary


@dataclass(frozen=True)
class Section:
    """What one experiment found: a protocol's traces, and what its analyses say of them.

    Attributes
    ----------
    name : str
        The experiment's, such as ``ope``.
    title : str
    analyses : tuple of Analysis
        The first one's first measure ranks the trackers.
    passes : mapping of str to Passes
        Traces by tracker and sequence.
    summaries : mapping of str to mapping
        By tracker and `Analysis.name`.
    spreads : mapping of str to mapping
        Of trackers that were repeated with several seeds: by `Analysis.name` and measure, the
        standard deviation of the overall figure between repetitions.
    """

    name: str
    title: str
    analyses: tuple[Analysis, ...]
    passes: Mapping[str, Passes]
    summaries: Mapping[str, Mapping[str, Summary]]
    spreads: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)

    def ranking(self) -> list[str]:
        """The trackers, best first; those without a figure last."""
        analysis = self.analyses[0]
        measure = analysis.measures[0]
        sign = -1.0 if measure.best == 'high' else 1.0

        def key(tracker: str) -> tuple[bool, float]:
            value = self.summaries[tracker][analysis.name].overall[measure.name]
            return value != value, sign * value

        return sorted(self.summaries, key=key)


@dataclass(frozen=True)
class Results:
    """Everything that one evaluation found.

    Attributes
    ----------
    dataset : str
    facts : mapping of str to str
        Machine, date and versions: no figure without them.
    sequences : tuple of Sequence
    trackers : tuple of str
        Those that ran, in the order they were asked for.
    missing : mapping of str to str
        Why the others did not.
    sections : tuple of Section
        One for each experiment.
    costs : mapping of str to mapping
        By tracker: figures of the cost measurement, where it was made.
    """

    dataset: str
    facts: Mapping[str, str]
    sequences: tuple[Sequence, ...]
    trackers: tuple[str, ...]
    missing: Mapping[str, str]
    sections: tuple[Section, ...]
    costs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
