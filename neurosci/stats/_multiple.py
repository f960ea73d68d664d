"""Adjustment of probabilities for the number of tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci.stats._checks import as_array, check_sample

METHODS = ("holm", "bh", "by")


def adjust_pvalues(pvalues: ArrayLike, *, method: str = "holm") -> NDArray[np.float64]:
    r"""Adjust the probabilities of a family of tests.

    Parameters
    ----------
    pvalues : array-like of any shape
        Probabilities of all tests of the family, in [0, 1].
    method : {"holm", "bh", "by"}, default="holm"
        "holm" bounds the probability of one false rejection or more, for any dependence [1]_; "bh" the
        expected share of false rejections among all, for independent or positively dependent tests
        [2]_; "by" the same for any dependence [3]_.

    Returns
    -------
    ndarray of the shape of `pvalues`
        Adjusted probabilities: a test is rejected at level q where its value is at most q.

    Raises
    ------
    ValueError
        If there is no test or a value is not a probability.

    Notes
    -----
    With :math:`p_{(1)} \le \ldots \le p_{(m)}` the adjusted values are, for Holm,
    :math:`\max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})` and, for the other two,
    :math:`\min_{j \ge i} \min(1, c\, m\, p_{(j)} / j)` with :math:`c = 1` (Benjamini and Hochberg) or
    :math:`c = \sum_{k=1}^m 1/k` (Benjamini and Yekutieli).

    References
    ----------
    .. [1] Holm S (1979). A simple sequentially rejective multiple test procedure. Scandinavian
       Journal of Statistics 6, 65-70.
    .. [2] Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. Journal of the Royal
       Statistical Society B 57, 289-300.
    .. [3] Benjamini Y, Yekutieli D (2001). The control of the false discovery rate in multiple testing
       under dependency. Annals of Statistics 29, 1165-1188.

    Examples
    --------
    >>> adjust_pvalues([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    where = "adjust_pvalues"
    check_option(where, "method", method, METHODS)
    array = as_array(where, "pvalues", pvalues)
    values = check_sample(where, "pvalues", array.ravel(), at_least=1, what="tests")
    bad = np.flatnonzero((values < 0) | (values > 1))
    if bad.size:
        raise ValueError(
            f"{where}: pvalues must be in [0, 1], got {bad.size} outside, "
            f"the first {values[bad[0]]:g} at index {bad[0]}"
        )
    if method == "holm":
        order = np.argsort(values)
        adjusted = np.empty_like(values)
        steps = np.arange(values.size, 0, -1) * values[order]
        adjusted[order] = np.minimum(1, np.maximum.accumulate(steps))
    else:
        from scipy.stats import false_discovery_control

        adjusted = false_discovery_control(values, method=method)
    return np.asarray(adjusted, dtype=np.float64).reshape(array.shape)
