"""Values that the authors published, laid beside ours; without their files the columns stay empty."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "dendrites"
CORRELATED = {
    (2000, 32, 20): "correlation_results_a32_n2000_s20.txt",
    (4000, 32, 20): "correlation_results_a32_n4000_s20.txt",
    (4000, 64, 40): "correlation_results_a64_n4000_s40.txt",
}
N_BINS = 12


def read(files: Mapping[str, Path], name: str) -> pd.DataFrame | None:
    """Return a table of published values; None where the files are not on this machine."""
    import pandas as pd

    path = files.get(f"{FOLDER}/{name}")
    if path is None:
        return None
    table = pd.read_csv(path)
    if "a" in table and table["a"].dtype.kind not in "iu":
        # The dense line is written as a formula. What its caption calls 50 % is a quarter of the cells.
        quarter = (table["n"] // 4).astype(str)
        table["a"] = table["a"].where(table["a"].str.isdigit(), quarter).astype("int64")
    return table


def add(
    table: pd.DataFrame, published: pd.DataFrame | None, keys: dict[str, str], columns: dict[str, str]
) -> pd.DataFrame:
    """Return a table with published columns, joined by keys (ours to theirs); NaN where there are none."""
    if published is None:
        return table.assign(**dict.fromkeys(columns.values(), np.nan))
    theirs = published.rename(columns={**{v: k for k, v in keys.items()}, **columns})
    merged = table.merge(theirs[[*keys, *columns.values()]], on=list(keys), how="left")
    for name in columns.values():
        merged[name] = merged[name].astype(float)
    return merged


def correlated_points(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return the authors' correlated-input results, averaged in bins with equally many trials."""
    import pandas as pd

    rows = []
    for (n, a, s), name in CORRELATED.items():
        path = files.get(f"{FOLDER}/{name}")
        if path is None:
            continue
        values = np.loadtxt(path, delimiter=",")
        parts = np.array_split(values[np.argsort(values[:, 0], kind="stable")], N_BINS)
        rows += [
            (n, a, s, part[:, 0].mean(), part[:, 1].sum() / part[:, 2].sum(), len(part)) for part in parts
        ]
    names = ["n", "a", "s", "correlation", "rate", "n_simulations"]
    return pd.DataFrame(rows, columns=names)
