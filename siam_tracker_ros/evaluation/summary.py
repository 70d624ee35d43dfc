# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an analysis says of a tracker: figures, and curves to draw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from collections.abc import Sequence as List
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence
from .traces import Trace

# All passes through each sequence, by its name: repetitions, segments or perturbed starts.
Passes = Mapping[str, List[Trace]]


@dataclass(frozen=True)
class Measure:
    """A figure that an analysis gives.

    Attributes
    ----------
    name : str
        Key in `Summary.overall`, in the stored JSON and in the tables.
    title : str
        As a table's head has it.
    help : str
        What it is, in one sentence, for the report and the documentation.
    unit : str
        Empty for a share or a count.
    best : str
        ``high`` or ``low``.
    digits : int
        Behind the point.
    """

    name: str
    title: str
    help: str
    unit: str = ''
    best: str = 'high'
    digits: int = 3


@dataclass(frozen=True)
class Curve:
    """A line of a plot.

    Attributes
    ----------
    name : str
        The same for the same plot of every tracker.
    title, x_label, y_label : str
    x, y : ndarray
        (K,) each.
    value : float
        What the legend ranks by; NaN where there is no such figure.
    best : str
        Which value is the better one: ``high`` or ``low``.
    diagonal : str
        What a curve along y = x would mean, such as ``chance``; it is drawn beside the others.
        Empty where it means nothing.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    value: float = float('nan')
    best: str = 'high'
    diagonal: str = ''


@dataclass(frozen=True)
class Summary:
    """What an analysis says of one tracker; NaN where a figure is not defined.

    Attributes
    ----------
    overall : mapping of str to float
        By the measure's name, over all sequences.
    sequences : mapping of str to mapping
        The same for each sequence, where the measure is defined for one.
    attributes : mapping of str to mapping
        The same over the sequences that have an attribute.
    curves : tuple of Curve
    """

    overall: Mapping[str, float]
    sequences: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()


class Analysis(ABC):
    """Turns the traces of one tracker into figures.

    Attributes
    ----------
    name : str
        Key in the stored results.
    title : str
    measures : tuple of Measure
        All that it gives; trackers are ranked by the first.
    """

    name: str
    title: str
    measures: tuple[Measure, ...]

    @abstractmethod
    def summarise(self, sequences: List[Sequence], passes: Passes) -> Summary:
        """Compare what was said with what is true.

        Parameters
        ----------
        sequences : list of Sequence
        passes : mapping of str to list of Trace
            Of each of the sequences.
        """
