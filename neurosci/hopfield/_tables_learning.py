"""Tables of the report on learning from examples, from finished units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._table_parts import settings_of, t_quantile, tolerance

if TYPE_CHECKING:
    from .analysis import HopfieldParams

Units = dict[str, dict[str, Any]]


def learning(found: Units) -> pd.DataFrame:
    """H5: overlaps by quality, number of examples and pattern, in theory and simulation."""
    rows = []
    for name, unit in found.items():
        about = settings_of(name)
        # in a sample patterns may swap places: they are ordered by the sample's own theory
        order = np.argsort(-unit["quenched_n"], kind="stable")
        for a, label in enumerate(order):
            row = {"quality": about["r"], "n_examples": int(about["M"]), "pattern": a + 1}
            row |= {
                key: float(unit[key][a if key.startswith(("gaussian", "binomial")) else label])
                for key in (
                    "gaussian_n", "gaussian_m", "binomial_n", "binomial_m", "quenched_n", "quenched_m",
                    "supervised_n", "supervised_error", "supervised_m", "supervised_m_error",
                    "unsupervised_n", "unsupervised_error", "unsupervised_m", "unsupervised_m_error",
                )
            }  # fmt: skip
            rows.append(row | {"example_eigenvalue": float(unit["example_eigenvalue"])})
    return pd.DataFrame(rows).sort_values(["quality", "n_examples", "pattern"], ignore_index=True)


def gain(found: Units, p: HopfieldParams) -> pd.DataFrame:
    """HO7: largest overlap with few and with many examples, by quality and sample of patterns."""
    parts = []
    for name, unit in found.items():
        part = pd.DataFrame({"few": unit["few"], "many": unit["many"]})
        part.insert(0, "sample", np.arange(1, len(part) + 1))
        part.insert(0, "n_examples_many", max(p.examples))
        part.insert(0, "n_examples_few", min(p.examples))
        part.insert(0, "quality", settings_of(name)["r"])
        parts.append(part.assign(gain=part["many"] - part["few"]))
    return pd.concat(parts, ignore_index=True)


def teacher(found: Units) -> pd.DataFrame:
    """HO4: overlaps with a teacher minus those without, by data set, and what finite size allows."""
    rows = []
    for name, unit in found.items():
        about = settings_of(name)
        n, m = int(about["N"]), int(about["M"])
        for s, (slowest, examples) in enumerate(zip(unit["slowest"], unit["examples"], strict=True)):
            # a column of couplings moves overlaps by up to 2 / (N (1 - lambda)); without a teacher each of
            # the examples has a column
            allowed = 4 * unit["error"][s] + (1 + m) * tolerance(slowest, n)
            rows += [
                {
                    "quality": about["r"], "n_examples": m, "n_neurons": n, "data_set": s + 1,
                    "pattern": a + 1, "difference": float(unit["difference"][s, a]),
                    "plain_difference": float(unit["plain"][s, a]),
                    "standard_error": float(unit["error"][s, a]),
                    "z": float(unit["difference"][s, a] / unit["error"][s, a]),
                    "scaled": float(n * unit["difference"][s, a]),
                    "share_of_allowed": float(abs(unit["difference"][s, a]) / allowed[a]),
                    "eigenvalue": float(slowest), "example_eigenvalue": float(examples),
                }
                for a in range(unit["error"].shape[1])
            ]  # fmt: skip
    return pd.DataFrame(rows)


def one_step(found: Units) -> pd.DataFrame:
    """H7: overlaps after one step; means over data sets with 95 % intervals."""
    rows = []
    for name, unit in found.items():
        about = settings_of(name)
        n = len(unit["simulated"])
        mean, half = (
            unit["simulated"].mean(axis=0),
            t_quantile(n) * unit["simulated"].std(axis=0, ddof=1) / np.sqrt(n),
        )
        spread = t_quantile(n) * unit["correct"].std(ddof=1) / np.sqrt(n)
        rows += [
            {
                "quality": about["r"], "n_examples": int(about["M"]), "pattern": a + 1,
                "formula": float(unit["formula"][a]), "simulated": float(mean[a]),
                "low": float(mean[a] - half[a]), "high": float(mean[a] + half[a]),
                "solution": float(unit["solution"][a]), "correct": float(unit["correct"].mean()),
                "correct_low": float(unit["correct"].mean() - spread),
                "correct_high": float(unit["correct"].mean() + spread),
                "needed": unit["needed"], "single": unit["single"], "n_samples": n,
            }
            for a in range(len(mean))
        ]  # fmt: skip
    return pd.DataFrame(rows).sort_values(["quality", "n_examples", "pattern"], ignore_index=True)
