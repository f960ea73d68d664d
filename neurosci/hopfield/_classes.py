"""Neurons with equal rows of whole numbers: which rows there are, and who has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


def distinct_rows(rows: Whole) -> tuple[Whole, Whole, Whole]:
    """Return the distinct rows, the place of each row among them, and how often each occurs.

    One number per row sorts much faster than rows do; rows that need more than 62 bits are sorted as rows.
    """
    n_columns = rows.shape[1]
    low = int(rows.min(initial=0))
    base = int(rows.max(initial=0)) - low + 1
    if base**n_columns < 2**62:
        codes = (rows - low) @ np.array([base**j for j in range(n_columns)], np.int64)
        _, first, member, counts = np.unique(
            codes, return_index=True, return_inverse=True, return_counts=True
        )
        return rows[first], member.ravel().astype(np.int64), counts.astype(np.int64)
    distinct, member, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return distinct, member.ravel().astype(np.int64), counts.astype(np.int64)


def leading_signs(rows: Whole) -> Whole:
    """Return the sign of the first nonzero entry of each row; 0 for a row of zeros.

    A row and its negative are one class once the spins of one of them are turned around.
    """
    signs: Whole = np.sign(rows[np.arange(len(rows)), np.argmax(rows != 0, axis=1)])
    return signs
