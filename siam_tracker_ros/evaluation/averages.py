# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Averages over sequences, of figures that some of them do not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as List

import numpy as np
from numpy.typing import NDArray

from ..sequences import Sequence

Array = NDArray[np.float64]


def mean_defined(rows: Iterable[Array], size: int) -> Array:
    """Mean of rows, column by column, without what is NaN.

    Parameters
    ----------
    rows : iterable of ndarray
        (K,) each.
    size : int
        K.

    Returns
    -------
    ndarray
        (K,), NaN where no row has a number.
    """
    table = np.array([np.full(size, np.nan), *rows])
    defined = ~np.isnan(table)
    counts = defined.sum(axis=0)
    sums = np.where(defined, table, 0.0).sum(axis=0)
    means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return np.asarray(means)


def by_attribute(sequences: List[Sequence]) -> Mapping[str, list[str]]:
    """Names of the sequences that have each attribute, in the order of the attributes."""
    names = sorted({name for sequence in sequences for name in sequence.attributes})
    return {name: [s.name for s in sequences if name in s.attributes] for name in names}
