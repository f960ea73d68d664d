"""Permutation tests over independent units, with a probability that is never zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state
from neurosci.stats._checks import ALTERNATIVES, check_sample, group_means
from neurosci.stats._comparison import Comparison

Statistic = Callable[..., Any]

# Each design: scipy's name, fewest and most samples, and whether samples hold the same units.
_DESIGNS: dict[str, tuple[str, int, float, bool]] = {
    "signs": ("samples", 1, 1, True),
    "independent": ("independent", 2, np.inf, False),
    "paired": ("samples", 2, np.inf, True),
    "pairings": ("pairings", 2, np.inf, True),
}
_NAMES = {
    "signs": "sign-flip test",
    "independent": "permutation test of labels",
    "paired": "permutation test within units",
    "pairings": "permutation test of pairings",
}
# Values this close count as equal: the order of a sum must not decide whether a permutation ties.
_TIE = 1e-12


def permutation_pvalue(null: ArrayLike, observed: float, *, alternative: str = "two-sided") -> float:
    r"""Return the probability of a statistic at least as extreme as the observed one.

    Parameters
    ----------
    null : array-like of shape (n_resamples,)
        The statistic in data without the effect: one value per random permutation, the observed
        arrangement not among them.
    observed : float
        The statistic in the data.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        Side that speaks against the null hypothesis; two-sided is twice the smaller side.

    Returns
    -------
    float
        From :math:`1/(1 + n)` to 1.

    Raises
    ------
    ValueError
        If `null` is empty or a value is not finite.

    Notes
    -----
    With :math:`b` of :math:`n` values at least as extreme as the observed one,

    .. math:: p = (1 + b) / (1 + n) ,

    because under the null hypothesis the observed arrangement is one more random permutation
    [1]_. Unlike :math:`b / n` it is never zero and keeps its level for each :math:`n`. Values
    within a relative 1e-12 of the observed one count as equal to it.

    References
    ----------
    .. [1] Phipson B, Smyth GK (2010). Permutation p-values should never be zero. Statistical
       Applications in Genetics and Molecular Biology 9, 39.

    Examples
    --------
    >>> permutation_pvalue([0.1, -0.4, 0.3, 0.2], 0.9, alternative="greater")
    0.2
    """
    where = "permutation_pvalue"
    check_option(where, "alternative", alternative, ALTERNATIVES)
    values = check_sample(where, "null", null, at_least=1, what="permutations")
    if not np.isfinite(observed):
        raise ValueError(f"{where}: observed must be finite, got {observed}")
    tie = _TIE * max(abs(float(observed)), float(np.abs(values).max()))
    above = (1 + np.count_nonzero(values >= observed - tie)) / (1 + values.size)
    below = (1 + np.count_nonzero(values <= observed + tie)) / (1 + values.size)
    return float({"greater": above, "less": below, "two-sided": min(1.0, 2 * min(above, below))}[alternative])


def permutation_test(
    samples: Sequence[ArrayLike],
    statistic: Statistic | None = None,
    *,
    design: str = "independent",
    groups: ArrayLike | Sequence[ArrayLike] | None = None,
    alternative: str = "two-sided",
    n_resamples: int = 9999,
    unit: str = "",
    n_unit: str = "",
    random_state: object = None,
) -> Comparison:
    """Test an effect by exchanging what the null hypothesis says is exchangeable.

    Parameters
    ----------
    samples : sequence of array-like, each of shape (n_units,)
        One sample for design "signs", two or more for the others; never modified.
    statistic : callable, default=None
        Takes the samples and returns a number; with an argument ``axis`` it is called once for many
        permutations. ``None`` is the mean (design "signs") or the difference of two means.
    design : {"signs", "independent", "paired", "pairings"}, default="independent"
        "signs": differences are symmetric about zero; their signs are flipped. "independent": units
        are exchanged between samples. "paired": the values of a unit are exchanged within it.
        "pairings": values are associated with each other at random, as for a correlation.
    groups : array-like of shape (n_units,), or one per sample, default=None
        Labels of units that are not independent, such as the sessions of one subject. They are
        averaged first, so that groups are what is exchanged. For "independent" give one list per
        sample; a group belongs to one sample.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        Side that speaks against the null hypothesis; two-sided is twice the smaller side.
    n_resamples : int, default=9999
        Random permutations; where there are fewer different ones, all of them are used.
    unit : str, default=""
        Unit of the statistic.
    n_unit : str, default=""
        What is exchanged, in words, for example "subjects".
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    Comparison
        The statistic, without an interval, and its probability, which is never zero.

    Raises
    ------
    ValueError
        If samples do not fit the design, a value is not finite, a group stands in two samples, or
        there are fewer than two units.

    See Also
    --------
    compare_scores : Paired scores over subjects, with an interval.

    Examples
    --------
    >>> test = permutation_test([[1.1, 2.3, 1.9, 2.2], [0.3, 0.8, 0.1, 0.6]])
    >>> round(test.effect.value, 3), round(test.pvalue, 4), test.method
    (1.425, 0.0286, 'permutation test of labels, all 70')
    """
    where = "permutation_test"
    check_option(where, "design", design, _DESIGNS)
    check_option(where, "alternative", alternative, ALTERNATIVES)
    if n_resamples < 99:
        raise ValueError(f"{where}: n_resamples must be >= 99, got {n_resamples} (p could not reach 0.01)")
    kind, fewest, most, matched = _DESIGNS[design]
    if getattr(samples, "ndim", 0) == 1:
        raise TypeError(f"{where}: samples must be a sequence of samples, got one array (write [x])")
    if not fewest <= len(samples) <= most:
        need = "1 sample" if most == 1 else f"at least {fewest} samples"
        raise ValueError(f"{where}: samples must hold {need} for design {design!r}, got {len(samples)}")
    data = [
        check_sample(where, f"samples[{i}]", s, at_least=2 if matched else 1, what="units")
        for i, s in enumerate(samples)
    ]
    if matched and len({sample.size for sample in data}) > 1:
        sizes = ", ".join(str(sample.size) for sample in data)
        raise ValueError(f"{where}: samples must have equal lengths for design {design!r}, got {sizes}")
    if groups is not None:
        data = _over_groups(where, data, groups, matched)
    n = data[0].size if matched else sum(sample.size for sample in data)
    found = _run(
        where, data, statistic or _default(where, len(data)), kind, alternative, n_resamples, random_state
    )
    count = f"{len(found.null_distribution):,}"
    exact = _n_arrangements(design, data) <= n_resamples
    effect = Metric(
        float(found.statistic), n=n, unit=unit, n_unit=n_unit or ("units" if groups is None else "groups")
    )
    about = f"{_NAMES[design]}, " + (f"all {count}" if exact else f"{count} random")
    return Comparison(effect, float(found.pvalue), alternative, about)


def _default(where: str, n_samples: int) -> Statistic:
    if n_samples == 1:
        return np.mean
    if n_samples == 2:
        return lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis)
    raise ValueError(f"{where}: statistic must be given for {n_samples} samples, got None")


def _over_groups(
    where: str, data: list[NDArray[np.float64]], groups: Any, matched: bool
) -> list[NDArray[np.float64]]:
    if matched:
        return list(group_means(where, groups, *data))
    if len(groups) != len(data):
        raise ValueError(
            f"{where}: groups must hold one list of labels per sample for design 'independent', "
            f"got {len(groups)} for {len(data)} samples"
        )
    seen: set[Any] = set()
    for labels in groups:
        own = set(np.asarray(labels).tolist())
        if seen & own:
            shared = sorted(seen & own, key=str)[0]
            raise ValueError(
                f"{where}: groups must each stand in one sample, got {shared!r} in two "
                "(average within it and use design 'paired')"
            )
        seen |= own
    return [group_means(where, labels, sample)[0] for labels, sample in zip(groups, data, strict=True)]


def _run(
    where: str,
    data: list[NDArray[np.float64]],
    statistic: Statistic,
    kind: str,
    alternative: str,
    n_resamples: int,
    random_state: object,
) -> Any:
    from scipy import stats

    found = stats.permutation_test(
        data,
        statistic,
        permutation_type=kind,
        alternative=alternative,
        n_resamples=n_resamples,
        batch=max(1, 4_000_000 // sum(sample.size for sample in data)),
        rng=check_random_state(random_state),
    )
    if not np.isfinite(found.statistic) or not np.isfinite(found.null_distribution).all():
        raise ValueError(
            f"{where}: statistic must be finite for the data and each permutation, "
            f"got {found.statistic} for the data (is a sample constant?)"
        )
    return found


def _n_arrangements(design: str, data: list[NDArray[np.float64]]) -> int:
    n, k = data[0].size, len(data)
    if design == "signs":
        return int(2**n)
    if design == "paired":
        return int(math.factorial(k) ** n)
    if design == "pairings":
        return int(math.factorial(n) ** k)
    sizes = [sample.size for sample in data]
    return math.factorial(sum(sizes)) // math.prod(math.factorial(size) for size in sizes)
