"""Real patterns with structure: handwritten digits, made binary and diluted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from . import _checks as check

BRIGHTEST = 16


def binary_digits(
    images: ArrayLike, dilution: float, threshold: float = BRIGHTEST / 2, random_state: Any = None
) -> NDArray[np.int8]:
    """Turn images into patterns: bright 1, dark -1, and a random share of entries 0.

    Parameters
    ----------
    images : array of shape (n_patterns, ...)
        One image for each pattern, any number of pixels.
    dilution : float
        Probability that an entry is set to zero, in [0, 1).
    threshold : float, default=8.0
        Brightness at and above which a pixel is 1.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of random numbers.

    Returns
    -------
    ndarray of shape (n_pixels, n_patterns), int8
        Patterns that are neither balanced nor independent.

    Examples
    --------
    >>> import numpy as np
    >>> binary_digits(np.arange(8).reshape(2, 2, 2), dilution=0.0, threshold=3.0).T.tolist()
    [[-1, -1, -1, 1], [1, 1, 1, 1]]
    """
    where = "binary_digits"
    pixels = np.asarray(images, float)
    if pixels.ndim < 2 or pixels.size == 0 or not np.isfinite(pixels).all():
        raise ValueError(f"{where}: images must be finite, (n_patterns, ...), got shape {pixels.shape}")
    zeros = check.dilution(where, dilution)
    flat = pixels.reshape(len(pixels), -1).T
    kept = check_random_state(random_state).random(flat.shape) >= zeros
    return (np.where(flat >= threshold, 1, -1) * kept).astype(np.int8)
