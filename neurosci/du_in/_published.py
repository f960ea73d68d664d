"""Numbers that the authors printed, and statistics of their per-subject table that they did not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from neurosci._core.checks import check_option

TABLES = ("methods", "subjects", "ablations", "reconstruction", "channels", "words")
PAIRS = (
    ("Du-IN (mae)", "Du-IN"),
    ("Du-IN (vqvae)", "Du-IN"),
    ("Du-IN (vqvae+vq)", "Du-IN"),
    ("Du-IN (mae)", "Du-IN (vqvae)"),
    ("Du-IN (mae)", "Du-IN (poms)"),
)
"""Methods that the paper compares without a test."""
_FOLDER = Path(__file__).parent / "published"


def published_table(name: str) -> pd.DataFrame:
    """Return a table of the paper, as printed.

    Parameters
    ----------
    name : {"methods", "subjects", "ablations", "reconstruction", "channels", "words"}
        What to return.

    Returns
    -------
    DataFrame
        A new one at each call. Accuracies are in percent.

        - methods (tables 2 and 9): token level, size in millions of parameters, ``mean`` and ``ste`` of the
          accuracy over 12 subjects, cross-entropy in the authors' sense.
        - subjects (tables 10 to 12): accuracy of each method and subject, and its SD over seeds.
        - ablations (tables 1, 3, 13 to 16): ``mean`` and ``ste`` by setting.
        - reconstruction (table 8): mean squared error of z-scored signals.
        - channels (tables 17 to 19): MNI position in mm and region of the ten selected channels of each
          subject, and its accuracy without pre-training. ``name_in_code`` comes from the released code; that
          both lists agree rank by rank is not verified.
        - words (table 4): the 61 words and their translations.

    Raises
    ------
    ValueError
        If there is no such table.

    References
    ----------
    .. [1] Zheng H, Wang HT, Jiang WB, Chen ZT, He L, Lin PY, Wei PH, Zhao GG, Liu YZ (2024). Du-IN: discrete
       units-guided mask modeling for decoding speech from intracranial neural signals. Advances in Neural
       Information Processing Systems 37. arXiv:2405.11459.

    Examples
    --------
    >>> float(published_table("methods").set_index("method").loc["Du-IN (mae)", "mean"])
    62.7
    """
    check_option("published_table", "name", name, TABLES)
    table = pd.read_csv(_FOLDER / f"{name}.csv", encoding="utf-8")
    if name == "methods":
        table[["pretrained", "multi_subject"]] = table[["pretrained", "multi_subject"]].astype(bool)
    return table


def published_aggregates() -> pd.DataFrame:
    """Compute the printed means and standard errors again from the accuracies of the subjects.

    Returns
    -------
    DataFrame
        One row per method, accuracies in percent: the printed ``mean`` and ``ste``, ``mean_computed``,
        ``ste_population`` (population SD over the root of n, which is what the paper prints) and ``se``
        (sample SD over the root of n), and the number of subjects.

    Examples
    --------
    >>> row = published_aggregates().set_index("method").loc["Du-IN (mae)"]
    >>> [round(float(row[name]), 2) for name in ("ste", "ste_population", "se")]
    [4.69, 4.69, 4.9]
    """
    printed = published_table("methods")[["method", "token_level", "mean", "ste"]]
    accuracy = published_table("subjects").groupby("method")["accuracy"]
    n = accuracy.count()
    computed = pd.DataFrame(
        {
            "mean_computed": accuracy.mean(),
            "ste_population": accuracy.std(ddof=0) / np.sqrt(n),
            "se": accuracy.std(ddof=1) / np.sqrt(n),
            "n_subjects": n,
        }
    )
    return printed.join(computed, on="method")


def published_paired_tests(pairs: Sequence[tuple[str, str]] | None = None) -> pd.DataFrame:
    """Compare methods of the paper over the same subjects, which the paper does not.

    Parameters
    ----------
    pairs : sequence of tuple of str or None, default=None
        Methods to subtract: first less second; None takes the initialisations that the paper compares.

    Returns
    -------
    DataFrame
        One row per pair: mean ``difference`` in percentage points, its standard error ``se`` (sample SD),
        ``ci_low`` and ``ci_high`` (95 %, Student's t), ``n_better`` of ``n_subjects``, ``pvalue`` of the
        exact Wilcoxon signed-rank test (two-sided), and ``pvalue_holm``, adjusted over the pairs.

    Raises
    ------
    ValueError
        If a method is unknown.

    Examples
    --------
    >>> row = published_paired_tests([("Du-IN (mae)", "Du-IN")]).iloc[0]
    >>> round(float(row["difference"]), 2), int(row["n_better"])
    (6.42, 12)
    """
    from scipy.stats import t, wilcoxon

    from neurosci.stats import adjust_pvalues

    wide = published_table("subjects").pivot_table(index="subject", columns="method", values="accuracy")
    rows = []
    for first, second in PAIRS if pairs is None else pairs:
        for method in (first, second):
            check_option("published_paired_tests", "pairs", method, wide.columns)
        difference = (wide[first] - wide[second]).to_numpy()
        n = len(difference)
        mean, se = float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(n))
        half = float(t.ppf(0.975, n - 1)) * se
        rows.append(
            {
                "first": first,
                "second": second,
                "difference": mean,
                "se": se,
                "ci_low": mean - half,
                "ci_high": mean + half,
                "n_better": int((difference > 0).sum()),
                "n_subjects": n,
                "pvalue": float(wilcoxon(difference).pvalue),
            }
        )
    table = pd.DataFrame(rows)
    if len(table):
        table["pvalue_holm"] = adjust_pvalues(table["pvalue"].to_numpy(), method="holm")
    return table
