"""Summaries of scores over subjects, and paired tests of methods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from neurosci.stats import adjust_pvalues, compare_scores


def summarize_scores(
    scores: pd.DataFrame, *, score: str = "accuracy", by: Sequence[str] = ()
) -> pd.DataFrame:
    """Average scores within subjects, then over subjects.

    Parameters
    ----------
    scores : DataFrame
        Rows of `evaluate`, of several methods if a column of `by` tells them apart.
    score : str, default="accuracy"
        Column that is summarised.
    by : sequence of str, default=()
        Columns that tell settings apart, for example ``("method",)``.

    Returns
    -------
    DataFrame
        One row per setting: ``mean``, ``sd`` and ``se`` over subjects (``ddof=1``), ``se_published``, the
        population SD over the root of n that the paper prints as "Ste", and ``n_subjects``. With one
        subject there is no SD.

    Raises
    ------
    KeyError
        If a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"subject": [1, 1, 2], "accuracy": [0.2, 0.4, 0.7]})
    >>> print(summarize_scores(scores).round(3).to_string(index=False))
    mean    sd  se  se_published  n_subjects
     0.5 0.283 0.2         0.141           2
    """
    within = scores.groupby([*by, "subject"], sort=False, observed=True)[score].mean().reset_index()
    rows = []
    groups = within.groupby(list(by), sort=False, observed=True) if by else [((), within)]
    for key, group in groups:
        values = group[score].to_numpy(dtype=float)
        n = len(values)
        sd = float(values.std(ddof=1)) if n > 1 else np.nan
        rows.append(
            {
                **dict(zip(by, key, strict=True)),
                "mean": float(values.mean()),
                "sd": sd,
                "se": sd / np.sqrt(n),
                "se_published": float(values.std()) / np.sqrt(n) if n > 1 else np.nan,
                "n_subjects": n,
            }
        )
    return pd.DataFrame(rows)


def compare_methods(
    scores: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    *,
    score: str = "accuracy",
    n_unit: str = "subjects",
    level: float = 0.95,
    random_state: int = 0,
) -> pd.DataFrame:
    """Compare methods over the same subjects.

    Parameters
    ----------
    scores : DataFrame
        Columns ``method``, ``subject`` and `score`; several rows of one subject are averaged.
    pairs : sequence of (str, str)
        Methods to compare; the second of a pair is subtracted.
    score : str, default="accuracy"
        Column that is compared.
    n_unit : str, default="subjects"
        What is counted, in words.
    level : float, default=0.95
        Coverage of the intervals.
    random_state : int, default=0
        Seed of the random sign flips; up to 13 subjects all flips are counted and none is drawn.

    Returns
    -------
    DataFrame
        One row per pair: ``method``, ``reference``, ``difference`` with ``low`` and ``high`` (sign-flip
        interval), ``se`` (paired), ``n_up`` subjects of ``n`` that rise, ``p`` (sign flips), ``p_wilcoxon``
        and ``p_holm``, which is `p` adjusted for the number of pairs.

    Raises
    ------
    ValueError
        If a pair has fewer than two subjects in common.

    See Also
    --------
    neurosci.stats.compare_scores : The test.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame(
    ...     {
    ...         "method": ["a"] * 6 + ["b"] * 6,
    ...         "subject": [*range(6)] * 2,
    ...         "accuracy": [*range(2, 8), *range(6)],
    ...     }
    ... )
    >>> compare_methods(scores, [("a", "b")])[["difference", "n_up", "p"]].iloc[0].tolist()
    [2.0, 6.0, 0.03125]
    """
    from scipy.stats import wilcoxon

    wide = scores.groupby(["subject", "method"], observed=True)[score].mean().unstack()
    rows = []
    for method, reference in pairs:
        both = wide[[method, reference]].dropna()
        a, b = both[method].to_numpy(float), both[reference].to_numpy(float)
        test = compare_scores(a, b, n_unit=n_unit, level=level, n_resamples=9999, random_state=random_state)
        # rounding must not break ties among differences that print the same
        difference = np.round(a - b, 12)
        rows.append(
            {
                "method": method,
                "reference": reference,
                "difference": test.effect.value,
                "low": test.effect.low,
                "high": test.effect.high,
                "se": float(difference.std(ddof=1) / np.sqrt(len(difference))),
                "n_up": int((difference > 0).sum()),
                "n": len(difference),
                "p": test.pvalue,
                "p_wilcoxon": float(wilcoxon(difference).pvalue) if difference.any() else 1.0,
            }
        )
    table = pd.DataFrame(rows)
    table["p_holm"] = adjust_pvalues(table["p"]) if len(table) else []
    return table
