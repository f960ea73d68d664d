"""Comparison of two methods over the same subjects, or over the same splits of one data set."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state
from neurosci.stats._auc import symmetric_interval
from neurosci.stats._checks import ALTERNATIVES, check_level, check_pairs, group_means
from neurosci.stats._comparison import Comparison

_METHODS = ("permutation", "corrected_t")
_TIE = 1e-12


def compare_scores(
    a: ArrayLike,
    b: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    method: str = "permutation",
    test_ratio: float | None = None,
    alternative: str = "two-sided",
    level: float = 0.95,
    n_resamples: int = 9999,
    unit: str = "",
    n_unit: str = "",
    random_state: object = None,
) -> Comparison:
    r"""Compare the scores of two methods, paired.

    Parameters
    ----------
    a, b : array-like of shape (n_scores,)
        Scores of both methods on the same subjects ("permutation") or on the same train-test splits
        of one data set ("corrected_t"); `b` is subtracted.
    groups : array-like of shape (n_scores,), default=None
        Subject of each score where subjects have several, for example one per fold. They are averaged
        first, since folds and sessions of one subject are not independent. Only for "permutation".
    method : {"permutation", "corrected_t"}, default="permutation"
        "permutation": signs of the subjects' differences are flipped. "corrected_t": Nadeau and
        Bengio's t test, for splits that share training data.
    test_ratio : float, default=None
        Cases in the test set over cases in the training set, for example 0.25 in 5-fold
        cross-validation. Needed for "corrected_t" and for nothing else.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        Side that speaks against equal methods; "greater" claims higher scores for `a`.
    level : float, default=0.95
        Coverage of the interval, in (0, 1).
    n_resamples : int, default=9999
        Random flips; with 13 subjects or fewer the default uses all :math:`2^n`.
    unit : str, default=""
        Unit of the scores.
    n_unit : str, default=""
        What is counted, in words; empty for "subjects" or "splits".
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness; "corrected_t" uses none.

    Returns
    -------
    Comparison
        Mean difference over subjects or splits with its interval, and the probability of the test.
        The interval is the set of differences that the two-sided test does not reject, so both
        always agree; it is open where there are too few subjects to reject any.

    Raises
    ------
    ValueError
        If lengths differ, a value is not finite, there are fewer than two subjects or splits, or an
        argument belongs to the other method.

    See Also
    --------
    permutation_test : Other designs and statistics.

    Notes
    -----
    *Permutation.* Flipping the sign of each difference :math:`d_i - \mu` of a subset of subjects gives
    a mean at least as large as the observed one exactly where the mean of :math:`d` over that subset is
    at most :math:`\mu`. The test of :math:`\mu = 0` thus counts subsets, and the interval for
    :math:`\mu` lies between two ordered means of subsets [1]_. Both are exact for independent subjects
    whose differences are symmetric about :math:`\mu`.

    *Corrected t.* For :math:`J` splits with differences :math:`d_j` of variance :math:`s^2`,

    .. math:: t = \frac{\bar d}{\sqrt{(1/J + n_{\mathrm{test}} / n_{\mathrm{train}})\, s^2}}

    on :math:`J - 1` degrees of freedom ([2]_, Eq. 8): the plain paired t test takes splits for
    independent and finds differences where there are none. The correction holds where the correlation
    of two splits is :math:`n_{\mathrm{test}} / (n_{\mathrm{test}} + n_{\mathrm{train}})`, and speaks
    about training sets from one sample of subjects.

    References
    ----------
    .. [1] Hartigan JA (1969). Using subsample values as typical values. Journal of the American
       Statistical Association 64, 1303-1317.
    .. [2] Nadeau C, Bengio Y (2003). Inference for the generalization error. Machine Learning 52,
       239-281.

    Examples
    --------
    >>> ours = [0.71, 0.68, 0.74, 0.66, 0.70, 0.69, 0.73, 0.72]
    >>> theirs = [0.66, 0.67, 0.70, 0.67, 0.64, 0.66, 0.70, 0.67]
    >>> test = compare_scores(ours, theirs)
    >>> print(test.effect)
    0.032 [0.010, 0.050] (95% sign-flip interval, n = 8 subjects)
    >>> print(round(test.pvalue, 3), test.method)
    0.023 sign-flip test, all 256
    """
    where = "compare_scores"
    check_option(where, "method", method, _METHODS)
    check_option(where, "alternative", alternative, ALTERNATIVES)
    check_level(where, level)
    splits = method == "corrected_t"
    _check_arguments(where, groups, test_ratio, n_resamples, splits=splits)
    what = n_unit or ("splits" if splits else "subjects")
    first, second = check_pairs(
        where, ("a", "b"), a, b, at_least=2, what="scores" if groups is not None else what
    )
    if groups is not None:
        first, second = group_means(where, groups, first, second)
    difference = first - second
    if splits:
        low, high, pvalue, test = _corrected_t(
            where, difference, float(test_ratio or 0.0), alternative, level
        )
        about = "corrected resampled t interval"
    else:
        low, high, pvalue, test = _sign_flips(difference, alternative, level, n_resamples, random_state)
        about = "sign-flip interval"
    value = float(difference.mean())
    effect = Metric(value, low, high, n=difference.size, unit=unit, n_unit=what, level=level, method=about)
    return Comparison(effect, pvalue, alternative, test)


def _check_arguments(
    where: str, groups: ArrayLike | None, test_ratio: float | None, n_resamples: int, *, splits: bool
) -> None:
    if n_resamples < 999:
        raise ValueError(f"{where}: n_resamples must be >= 999, got {n_resamples} (limits would be noise)")
    if splits and groups is not None:
        raise ValueError(
            f"{where}: groups must be None with method 'corrected_t', whose scores are splits "
            "(average each subject's splits with method 'permutation')"
        )
    if splits and (test_ratio is None or not 0 < test_ratio < math.inf):
        raise ValueError(
            f"{where}: test_ratio must be above 0 with method 'corrected_t', got {test_ratio} "
            "(give n_test / n_train, for example 0.25 for 5 folds)"
        )
    if not splits and test_ratio is not None:
        raise ValueError(f"{where}: test_ratio must be None with method 'permutation', got {test_ratio}")


def _corrected_t(
    where: str, difference: NDArray[np.float64], test_ratio: float, alternative: str, level: float
) -> tuple[float, float, float, str]:
    from scipy.special import stdtr

    n, mean, spread = difference.size, float(difference.mean()), float(difference.std(ddof=1))
    if spread <= _TIE * float(np.abs(difference).max()):
        raise ValueError(f"{where}: the differences must vary between splits, got {mean:g} for each")
    error = spread * math.sqrt(1 / n + test_ratio)
    t = mean / error
    low, high = symmetric_interval(mean, error, level, scale="linear", df=n - 1)
    tails = {"greater": stdtr(n - 1, -t), "less": stdtr(n - 1, t), "two-sided": 2 * stdtr(n - 1, -abs(t))}
    pvalue = max(float(tails[alternative]), np.finfo(float).tiny)
    return low, high, pvalue, f"corrected resampled t test, {n} splits"


def _sign_flips(
    difference: NDArray[np.float64], alternative: str, level: float, n_resamples: int, random_state: object
) -> tuple[float, float, float, str]:
    n = difference.size
    exact = n < 63 and 2**n <= n_resamples
    if exact:
        chosen = (np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1).astype(bool)
        total, test = 2**n, f"sign-flip test, all {2**n:,}"
    else:
        chosen = check_random_state(random_state).random((n_resamples, n)) < 0.5
        # The observed signs are one more arrangement, whose flipped subset is empty.
        total, test = n_resamples + 1, f"sign-flip test, {n_resamples:,} random"
    sizes = chosen.sum(axis=1)
    means = np.sort((chosen @ difference)[sizes > 0] / sizes[sizes > 0])
    # An empty subset ties with the observed mean whatever the effect, so it counts on both sides.
    ties = total - means.size
    tie = _TIE * float(np.abs(difference).max())
    above = (ties + int(np.searchsorted(means, tie, side="right"))) / total
    below = (ties + means.size - int(np.searchsorted(means, -tie, side="left"))) / total
    tails = {"greater": above, "less": below, "two-sided": min(1.0, 2 * min(above, below))}
    # Fewest means at or below a value at which that side's probability exceeds half of 1 - level.
    needed = math.floor((1 - level) / 2 * total - ties + 1e-9) + 1
    if needed < 1:
        low, high = -math.inf, math.inf
    else:
        low, high = float(means[needed - 1]), float(means[-needed])
    return low, high, tails[alternative], test
