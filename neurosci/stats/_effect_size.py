"""Standardised and rank-based effect sizes with intervals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.metric import Metric
from neurosci.stats._auc import all_pairs_interval, auc_interval, symmetric_interval
from neurosci.stats._checks import check_level, check_pairs, check_sample


def hedges_g(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, n_unit: str = "cases") -> Metric:
    r"""Return the standardised difference of two independent means, free of small-sample bias.

    Parameters
    ----------
    a, b : array-like of shape (n_a,) and (n_b,)
        Two independent samples; the mean of `b` is subtracted.
    level : float, default=0.95
        Coverage of the interval, in (0, 1).
    n_unit : str, default="cases"
        What is counted, in words.

    Returns
    -------
    Metric
        Hedges' g in standard deviations, with exact limits of the population's difference.

    Raises
    ------
    ValueError
        If a sample has fewer than two values, a value is not finite, or no value varies.

    See Also
    --------
    cohen_dz : The same for differences within pairs.
    cliffs_delta : Without the assumption of normal values.

    Notes
    -----
    With the pooled standard deviation :math:`s` on :math:`\nu = n_a + n_b - 2` degrees of freedom,

    .. math:: g = J(\nu)\, \frac{\bar a - \bar b}{s} , \qquad
       J(\nu) = \frac{\Gamma(\nu / 2)}{\sqrt{\nu / 2}\; \Gamma((\nu - 1) / 2)}

    ([1]_, Eq. 6e), here with the exact :math:`J`. For normal values of equal variance
    :math:`t = (\bar a - \bar b) / (s \sqrt{1 / n_a + 1 / n_b})` is noncentral Student: the limits are the
    effects at which the observed :math:`t` is in either tail [2]_. They need no correction for bias.

    References
    ----------
    .. [1] Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related
       estimators. Journal of Educational Statistics 6, 107-128.
    .. [2] Steiger JH, Fouladi RT (1997). Noncentrality interval estimation and the evaluation of
       statistical models. In: What if there were no significance tests? Erlbaum, 221-257.

    Examples
    --------
    >>> print(hedges_g([4.1, 5.3, 6.0, 5.2, 4.9], [3.0, 4.2, 3.9, 4.4]).text)
    1.6 [0.2, 3.4] SD
    """
    from scipy.special import gammaln

    where = "hedges_g"
    check_level(where, level)
    first = check_sample(where, "a", a, at_least=2, what=n_unit)
    second = check_sample(where, "b", b, at_least=2, what=n_unit)
    m, n = first.size, second.size
    df = m + n - 2
    pooled = math.sqrt((_squares(first) + _squares(second)) / df)
    difference = float(first.mean() - second.mean())
    _check_spread(where, "a and b", pooled, max(np.abs(first).max(), np.abs(second).max()))
    correction = math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2)
    size = m * n / (m + n)
    low, high = _noncentral_t_interval(difference / pooled * math.sqrt(size), df, level)
    return Metric(
        correction * difference / pooled,
        low / math.sqrt(size),
        high / math.sqrt(size),
        n=m + n,
        unit="SD",
        n_unit=n_unit,
        level=level,
        method="noncentral-t interval",
    )


def cohen_dz(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, n_unit: str = "pairs") -> Metric:
    r"""Return the mean difference within pairs in standard deviations of the differences.

    Parameters
    ----------
    a, b : array-like of shape (n_pairs,)
        Two values of each pair; `b` is subtracted.
    level : float, default=0.95
        Coverage of the interval, in (0, 1).
    n_unit : str, default="pairs"
        What is counted, in words.

    Returns
    -------
    Metric
        Cohen's d_z in standard deviations of the differences, with exact limits.

    Raises
    ------
    ValueError
        If lengths differ, there are fewer than two pairs, a value is not finite, or no difference
        varies.

    See Also
    --------
    hedges_g : For independent samples; d_z is larger where the values of a pair are correlated.

    Notes
    -----
    :math:`d_z = \bar d / s_d = t / \sqrt n` for the paired t statistic [1]_. For normal differences
    :math:`t` is noncentral Student on :math:`n - 1` degrees of freedom with noncentrality
    :math:`\sqrt n\, \delta_z`; the limits are the effects at which the observed :math:`t` is in
    either tail.

    References
    ----------
    .. [1] Lakens D (2013). Calculating and reporting effect sizes to facilitate cumulative science.
       Frontiers in Psychology 4, 863.

    Examples
    --------
    >>> print(cohen_dz([5.1, 4.8, 6.2, 5.5, 6.0], [4.6, 4.9, 5.4, 5.1, 5.2]).text)
    1.3 [0.0, 2.5] SD
    """
    where = "cohen_dz"
    check_level(where, level)
    first, second = check_pairs(where, ("a", "b"), a, b, at_least=2, what=n_unit)
    difference = first - second
    n = difference.size
    spread = float(difference.std(ddof=1))
    _check_spread(where, "the differences of a and b", spread, max(np.abs(first).max(), np.abs(second).max()))
    value = float(difference.mean()) / spread
    low, high = _noncentral_t_interval(value * math.sqrt(n), n - 1, level)
    return Metric(
        value,
        low / math.sqrt(n),
        high / math.sqrt(n),
        n=n,
        unit="SD",
        n_unit=n_unit,
        level=level,
        method="noncentral-t interval",
    )


def cliffs_delta(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, n_unit: str = "cases") -> Metric:
    r"""Return how much more often one sample exceeds the other than the reverse.

    It equals the rank-biserial correlation of two independent samples.

    Parameters
    ----------
    a, b : array-like of shape (n_a,) and (n_b,)
        Two independent samples.
    level : float, default=0.95
        Coverage of the interval, in (0, 1).
    n_unit : str, default="cases"
        What is counted, in words.

    Returns
    -------
    Metric
        Cliff's delta, -1 to 1; positive where `a` is larger.

    Raises
    ------
    ValueError
        If a sample has fewer than two values, a value is not finite, or all values are equal.

    See Also
    --------
    auc_interval : The area under the ROC curve, of which this is a rescaling.
    rank_biserial : For values in pairs.

    Notes
    -----
    :math:`\delta = P(a > b) - P(a < b)` [1]_ is :math:`2 A - 1` for the area :math:`A` under the ROC
    curve that separates the samples, and takes its interval from there (DeLong, on the logit scale).

    References
    ----------
    .. [1] Cliff N (1993). Dominance statistics: ordinal analyses to answer ordinal questions.
       Psychological Bulletin 114, 494-509.

    Examples
    --------
    >>> print(cliffs_delta([7, 9, 6, 8, 5], [4, 6, 3, 5]).text)
    0.80 [−0.01, 0.98]
    """
    where = "cliffs_delta"
    check_level(where, level)
    first = check_sample(where, "a", a, at_least=2, what=n_unit)
    second = check_sample(where, "b", b, at_least=2, what=n_unit)
    values = np.concatenate([first, second])
    if values.min() == values.max():
        raise ValueError(f"{where}: a and b must hold different values, got {values[0]:g} for all")
    labels = np.repeat([1, 0], [first.size, second.size])
    area = auc_interval(labels, values, level=level)
    low, high = float(area.low or 0.0), float(area.high or 0.0)
    return Metric(
        2 * area.value - 1,
        2 * low - 1,
        2 * high - 1,
        n=values.size,
        n_unit=n_unit,
        level=level,
        method=area.method,
    )


def rank_biserial(a: ArrayLike, b: ArrayLike, *, level: float = 0.95, n_unit: str = "pairs") -> Metric:
    r"""Return the matched-pairs rank-biserial correlation: the effect size of Wilcoxon's signed ranks.

    Parameters
    ----------
    a, b : array-like of shape (n_pairs,)
        Two values of each pair.
    level : float, default=0.95
        Coverage of the interval, in (0, 1).
    n_unit : str, default="pairs"
        What is counted, in words.

    Returns
    -------
    Metric
        Correlation, -1 to 1; positive where `a` is larger. Pairs of equal values are left out; `n`
        counts the rest, and the method says how many they were.

    Raises
    ------
    ValueError
        If lengths differ, fewer than two pairs differ, or a value is not finite.

    See Also
    --------
    cliffs_delta : For independent samples.

    Notes
    -----
    With the sums :math:`R_+` and :math:`R_-` of the ranks of positive and negative differences
    :math:`d`, by size,

    .. math:: r = \frac{R_+ - R_-}{R_+ + R_-}
       = \frac{2}{n (n + 1)} \sum_{i \le j} \mathrm{sign}(d_i + d_j)

    ([1]_). It estimates :math:`2 P(d_1 + d_2 > 0) - 1`; the interval uses the variance of the
    projections :math:`h_i = \frac{1}{n - 1} \sum_{j \ne i} \mathrm{sign}(d_i + d_j)`,
    :math:`\mathrm{Var}(r) \approx 4 S_h^2 / n` [2]_, on the logit scale of :math:`(1 + r) / 2` with
    Student's quantile. Where all differences have one sign the limits are those of
    :math:`k` successes in :math:`k` pairs of differences, :math:`k = \lfloor n/2 \rfloor`
    (Clopper-Pearson).

    References
    ----------
    .. [1] Kerby DS (2014). The simple difference formula: an approach to teaching nonparametric
       correlation. Comprehensive Psychology 3, 11.IT.3.1.
    .. [2] Hoeffding W (1948). A class of statistics with asymptotically normal distribution. Annals of
       Mathematical Statistics 19, 293-325.

    Examples
    --------
    >>> print(rank_biserial([20, 22, 19, 24, 25, 18], [14, 17, 22, 20, 15, 16]))
    0.81 [−0.13, 0.98] (95% projection interval (logit), n = 6 pairs)
    """
    where = "rank_biserial"
    check_level(where, level)
    first, second = check_pairs(where, ("a", "b"), a, b, at_least=2, what=n_unit)
    difference = first - second
    n_equal = int(np.count_nonzero(difference == 0))
    difference = np.sort(difference[difference != 0])
    n = difference.size
    if n < 2:
        raise ValueError(f"{where}: at least 2 {n_unit} must differ, got {n} of {first.size}")
    # Among sorted values, how many sums with each value are positive, and how many negative.
    positive = n - np.searchsorted(difference, -difference, side="right")
    negative = np.searchsorted(difference, -difference, side="left")
    balance = (positive - negative).astype(np.float64)
    own = np.sign(difference)
    value = float((balance + own).sum() / (n * (n + 1)))
    if abs(value) == 1:
        low, high = all_pairs_interval(float(value > 0), n // 2, level)
        method = "Clopper-Pearson interval over pairs of differences"
    else:
        projection = (balance - own) / (n - 1)
        error = 2 * float(projection.std(ddof=1)) / math.sqrt(n)
        # The scale is that of a probability, half as long.
        low, high = symmetric_interval((1 + value) / 2, error / 2, level, scale="logit", df=n - 1)
        method = "projection interval (logit)"
    if n_equal:
        method += f", {n_equal} equal left out"
    return Metric(value, 2 * low - 1, 2 * high - 1, n=n, n_unit=n_unit, level=level, method=method)


def _squares(sample: NDArray[np.float64]) -> float:
    return float(np.square(sample - sample.mean()).sum())


def _check_spread(where: str, what: str, spread: float, largest: float) -> None:
    if spread <= 1e-12 * largest or spread == 0:
        raise ValueError(f"{where}: {what} must vary, got a standard deviation of zero (there is no unit)")


def _noncentral_t_interval(t: float, df: int, level: float) -> tuple[float, float]:
    """Return the noncentralities at which `t` has each tail's probability above and below."""
    from scipy.optimize import brentq

    if t < 0:
        low, high = _noncentral_t_interval(-t, df, level)
        return -high, -low
    # The standard error of a noncentrality, by which the search walks from t to both sides.
    step = math.sqrt(1 + t**2 / (2 * df))

    def solve(probability: float) -> float:
        def excess(noncentrality: float) -> float:
            return _noncentral_t_cdf(t, df, noncentrality) - probability

        low = high = t
        while excess(low) < 0:
            low -= step
        while excess(high) > 0:
            high += step
        return t if low == high else float(brentq(excess, low, high, xtol=1e-12, rtol=1e-13))

    return solve(1 - (1 - level) / 2), solve((1 - level) / 2)


def _noncentral_t_cdf(t: float, df: int, noncentrality: float) -> float:
    from scipy import special

    probability = float(special.nctdtr(df, noncentrality, t))
    if math.isnan(probability):
        # That series fails for large t only, where this is the mean of a smooth function of a normal value.
        nodes, weights = np.polynomial.hermite_e.hermegauss(80)
        ratio = np.maximum(noncentrality + nodes, 0) / t
        probability = 1 - float(weights @ special.chdtr(df, df * ratio**2)) / math.sqrt(2 * math.pi)
    return probability
