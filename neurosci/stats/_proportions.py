"""Intervals of a proportion and of the difference of two, from counts."""

from __future__ import annotations

import operator

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric

_NAMES = {"wilson": "Wilson", "beta": "Clopper-Pearson"}


def proportion_interval(
    n_correct: int,
    n_trials: int,
    *,
    method: str = "wilson",
    level: float = 0.95,
    n_unit: str = "trials",
) -> Metric:
    """Return a proportion with its binomial interval.

    Parameters
    ----------
    n_correct : int
        Number of successes, 0 to `n_trials`.
    n_trials : int
        Number of independent trials, >= 1.
    method : {"wilson", "beta"}, default="wilson"
        Wilson score interval, or the exact (conservative) Clopper-Pearson interval.
    level : float, default=0.95
        Coverage, in (0, 1).
    n_unit : str, default="trials"
        What is counted, in words.

    Returns
    -------
    Metric
        Proportion (0 to 1) with its limits.

    Raises
    ------
    ValueError
        If the counts are impossible or an option is unknown.

    Examples
    --------
    >>> print(proportion_interval(43, 74, n_unit="networks"))
    0.58 [0.47, 0.69] (95% Wilson interval, n = 74 networks)
    """
    from statsmodels.stats.proportion import proportion_confint

    where = "proportion_interval"
    check_option(where, "method", method, _NAMES)
    _check_level(where, level)
    k, n = _check_counts(where, n_correct, n_trials)
    low, high = proportion_confint(k, n, alpha=1 - level, method=method)
    about = f"{_NAMES[method]} interval"
    return Metric(k / n, float(low), float(high), n=n, n_unit=n_unit, level=level, method=about)


def difference_interval(
    n_correct: int,
    n_trials: int,
    n_correct_reference: int,
    n_trials_reference: int,
    *,
    level: float = 0.95,
    n_unit: str = "trials",
) -> Metric:
    """Return the difference of two independent proportions with Newcombe's hybrid score interval.

    Parameters
    ----------
    n_correct, n_trials : int
        Successes and trials of the first sample.
    n_correct_reference, n_trials_reference : int
        Successes and trials of the sample that is subtracted.
    level : float, default=0.95
        Coverage, in (0, 1).
    n_unit : str, default="trials"
        What is counted in each sample, in words.

    Returns
    -------
    Metric
        First proportion minus reference, -1 to 1; `n` is the smaller sample.

    Raises
    ------
    ValueError
        If the counts are impossible.

    Notes
    -----
    For two samples over the same cases whose outcomes agree more often than chance, the interval
    is too wide rather than too narrow, because their covariance is ignored.

    References
    ----------
    Newcombe RG (1998). Interval estimation for the difference between independent proportions.
    Statistics in Medicine 17, 873-890.

    Examples
    --------
    >>> print(difference_interval(56, 70, 48, 80).text)
    0.20 [0.05, 0.33]
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    where = "difference_interval"
    _check_level(where, level)
    k, n = _check_counts(where, n_correct, n_trials)
    k0, n0 = _check_counts(where, n_correct_reference, n_trials_reference)
    low, high = confint_proportions_2indep(k, n, k0, n0, method="newcomb", compare="diff", alpha=1 - level)
    return Metric(
        k / n - k0 / n0,
        float(low),
        float(high),
        n=min(n, n0),
        n_unit=n_unit,
        level=level,
        method="Newcombe interval",
    )


def _check_level(where: str, level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"{where}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")


def _check_counts(where: str, n_correct: int, n_trials: int) -> tuple[int, int]:
    try:
        k, n = operator.index(n_correct), operator.index(n_trials)
    except TypeError:
        raise TypeError(f"{where}: counts must be integers, got {n_correct!r} of {n_trials!r}") from None
    if n < 1 or not 0 <= k <= n:
        raise ValueError(
            f"{where}: counts must satisfy 0 <= n_correct <= n_trials and n_trials >= 1, got {k} of {n}"
        )
    return k, n
