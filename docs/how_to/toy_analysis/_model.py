"""The science: functions on arrays, without data sets, reports or plots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import check_random_state


def mean_of_trials(
    n_trials: int,
    *,
    noise_sd: float = 1.0,
    n_repetitions: int = 400,
    random_state: int | np.random.Generator | None = None,
) -> NDArray[np.float64]:
    """Average noisy trials, many times.

    Parameters
    ----------
    n_trials : int
        Trials in each average.
    noise_sd : float, default=1.0
        Standard deviation of one trial, in the unit of the response.
    n_repetitions : int, default=400
        Number of averages.
    random_state : int, Generator or None, default=None
        Seed or generator.

    Returns
    -------
    ndarray of shape (n_repetitions,)
        The averages; their true mean is 0.

    Examples
    --------
    >>> from toy_analysis import mean_of_trials
    >>> mean_of_trials(4, n_repetitions=3, random_state=0).shape
    (3,)
    """
    rng = check_random_state(random_state)
    return rng.normal(scale=noise_sd, size=(n_repetitions, n_trials)).mean(axis=1)
