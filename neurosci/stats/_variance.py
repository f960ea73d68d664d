"""Interval of the variance that a linear regression explains."""

from __future__ import annotations

from neurosci._core.metric import Metric


def variance_explained_interval(
    r_squared: float, n_observations: int, n_predictors: int, *, level: float = 0.95, n_unit: str = ""
) -> Metric:
    r"""Return the R squared of a regression with its noncentral-F interval.

    Parameters
    ----------
    r_squared : float
        Share of variance explained, in [0, 1).
    n_observations : int
        Number of independent observations, above ``n_predictors + 1``.
    n_predictors : int
        Number of predictors, without the intercept, >= 1.
    level : float, default=0.95
        Coverage, in (0, 1).
    n_unit : str, default=""
        What is counted, in words.

    Returns
    -------
    Metric
        R squared (0 to 1) with limits of the population value.

    Raises
    ------
    ValueError
        If the sizes leave no degree of freedom or a value is outside its range.

    Notes
    -----
    With fixed predictors and normal errors
    :math:`F = (R^2/p) / ((1-R^2)/(n-p-1))` is noncentral F with noncentrality
    :math:`n \rho^2/(1-\rho^2)`; the limits are the values of :math:`\rho^2` at which the observed F
    is in either tail. Unlike a bootstrap it stays valid for very few observations.

    References
    ----------
    Steiger JH (2004). Beyond the F test. Psychological Methods 9, 164-182.

    Examples
    --------
    >>> print(variance_explained_interval(0.6625, 6, 2).text)
    0.66 [0.00, 0.80]
    """
    from scipy import optimize, stats

    where = "variance_explained_interval"
    if not 0 <= r_squared < 1:
        raise ValueError(f"{where}: r_squared must be in [0, 1), got {r_squared}")
    if n_predictors < 1 or n_observations <= n_predictors + 1:
        raise ValueError(
            f"{where}: n_observations must be above n_predictors + 1 with n_predictors >= 1, "
            f"got {n_observations} and {n_predictors} (no degree of freedom is left)"
        )
    if not 0 < level < 1:
        raise ValueError(f"{where}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
    freedom = n_observations - n_predictors - 1
    observed = (r_squared / n_predictors) / ((1 - r_squared) / freedom)

    def limit(probability: float) -> float:
        if stats.f.cdf(observed, n_predictors, freedom) <= probability:
            return 0.0

        def excess(noncentrality: float) -> float:
            return float(stats.ncf.cdf(observed, n_predictors, freedom, noncentrality)) - probability

        upper = 1.0
        while excess(upper) > 0:
            upper *= 2
        found = optimize.brentq(excess, 0.0 if upper == 1.0 else upper / 2, upper, xtol=1e-10)
        return float(found / (found + n_observations))

    tail = (1 - level) / 2
    return Metric(
        r_squared,
        limit(1 - tail),
        limit(tail),
        n=n_observations,
        n_unit=n_unit,
        level=level,
        method="noncentral-F interval",
    )
