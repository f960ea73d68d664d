"""What goes into a store: its tables, and scans that were checked one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ._store_files import OWN_COLUMNS


def scan_table(where: str, meta: pd.DataFrame | Mapping[str, Any]) -> pd.DataFrame:
    """Return the table of scans with the columns that every store has."""
    table = pd.DataFrame(dict(meta) if isinstance(meta, Mapping) else meta).reset_index(drop=True)
    if "subject" not in table or not len(table):
        raise ValueError(f"{where}: meta must have a column subject and one row per scan, got {list(table)}")
    if table["subject"].isna().any():
        raise ValueError(f"{where}: meta must name the subject of every scan, got one without")
    own = [name for name in OWN_COLUMNS[3:] if name in table]
    table = table.drop(columns=own)
    table["subject"] = table["subject"].astype(str)
    table["site"] = table["site"].astype(str) if "site" in table else "n/a"
    t_r = pd.to_numeric(table["t_r"], errors="coerce") if "t_r" in table else np.nan
    table["t_r"] = pd.Series(t_r, index=table.index, dtype=np.float64)
    if (table["t_r"] <= 0).any():
        raise ValueError(f"{where}: t_r must be positive, in seconds, got {table['t_r'].min()}")
    return table


def people_table(where: str, table: pd.DataFrame, participants: pd.DataFrame | None) -> pd.DataFrame:
    """Return the table of people, each of whom is named once."""
    subjects = table["subject"]
    if participants is None:
        people = table.drop_duplicates("subject")[["subject", "site"]]
        return people.rename(columns={"subject": "participant_id"}).reset_index(drop=True)
    people = participants.reset_index(drop=True)
    if "participant_id" not in people or people["participant_id"].duplicated().any():
        raise ValueError(
            f"{where}: participants must have a column participant_id that names each person once"
        )
    people = people.assign(participant_id=people["participant_id"].astype(str))
    unknown = sorted(set(subjects) - set(people["participant_id"]))
    if unknown:
        raise ValueError(f"{where}: participants must hold every subject of meta, got none for {unknown[0]}")
    return people


def checked_scan(where: str, array: ArrayLike, subject: str, names: list[str] | None) -> NDArray[Any]:
    """Return a scan of finite numbers, or name the subject and the region that is wrong."""
    scan = np.asarray(array)
    if scan.dtype.kind not in "biuf" or scan.ndim != 2 or len(scan) < 2 or scan.shape[1] < 1:
        raise ValueError(
            f"{where}: arrays must hold scans of numbers, frames by regions, got {scan.dtype} of shape "
            f"{scan.shape} for subject {subject}"
        )
    if names is not None and scan.shape[1] != len(names):
        raise ValueError(
            f"{where}: arrays must have {len(names)} regions each, got {scan.shape[1]} for subject {subject}"
        )
    scan = scan.astype(np.float32 if scan.dtype == np.float32 else np.float64, copy=False)
    if not np.isfinite(scan).all():
        row, column = np.argwhere(~np.isfinite(scan))[0]
        region = f" ({names[column]})" if names else ""
        raise ValueError(
            f"{where}: arrays must be finite, got NaN or an infinite value for subject {subject}, the first "
            f"at frame {row} of region {column}{region}"
        )
    return scan


def stored_scan(
    where: str,
    scan: NDArray[Any],
    constant: NDArray[np.bool_],
    dtype: np.dtype[Any],
    standardize: bool,
    subject: str,
) -> NDArray[Any]:
    """Return a scan as it is written."""
    if standardize:
        scan = scan.astype(np.float64)
        scan = (scan - scan.mean(axis=0)) / np.where(constant, 1.0, scan.std(axis=0))
        scan[:, constant] = 0.0
    with np.errstate(over="ignore"):
        block = scan.astype(dtype)
    if not np.isfinite(block).all():
        raise ValueError(
            f"{where}: numbers must fit into {dtype.name}, got {np.abs(scan).max():.3g} for subject "
            f"{subject} (pass standardize=True or dtype='float32')"
        )
    return block
