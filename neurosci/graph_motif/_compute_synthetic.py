"""The synthetic cohort of the analysis, and the comparison of groups node by node."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.context import Context

from . import _cells as cells
from ._cells import Cell, Rule, Scans, Synthetic

if TYPE_CHECKING:
    from ._compute import Findings
    from .analysis import GraphMotifParams

MAIN = "triangles"
CUBE = 24.0
"""Edge of a region of the synthetic cohort, in mm."""
CHUNK = 8
"""People of the synthetic cohort in one unit."""


def digest(*arrays: Any) -> str:
    """Return a hash of the content of arrays."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:16]


def group_difference(
    features: NDArray[np.float64], positive: NDArray[np.bool_], site: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return t and two-sided p of the difference patients minus controls, with a mean for each site.

    Parameters
    ----------
    features : ndarray of shape (n_people, n_nodes)
        Maps.
    positive : ndarray of bool, shape (n_people,)
        Patients.
    site : ndarray, shape (n_people,)
        Sites.

    Returns
    -------
    t, p : ndarray of shape (n_nodes,)
        Of the ordinary least-squares coefficient; 0 and 1 where a node does not vary.
    """
    from scipy.stats import t as student

    names, index = np.unique(site, return_inverse=True)
    counts = np.bincount(index)

    def within(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.zeros((names.size, *values.shape[1:]))
        np.add.at(sums, index, values)
        return np.asarray(values - (sums.T / counts).T[index])

    x, y = within(positive.astype(float)), within(features)
    df = len(x) - names.size - 1
    slope = x @ y / (x @ x)
    residual = ((y - np.outer(x, slope)) ** 2).sum(axis=0)
    varies = residual > 1e-12 * np.maximum((features**2).sum(axis=0), 1e-300)
    t = np.zeros(features.shape[1])
    t[varies] = slope[varies] / np.sqrt(residual[varies] / df / (x @ x))
    return t, np.asarray(2 * student.sf(np.abs(t), df))


def synthetic_settings(params: GraphMotifParams) -> Synthetic:
    """Return the synthetic cohort of a run."""
    return Synthetic(
        params.n_synthetic, params.synthetic_effect, params.synthetic_sites, params.voxel_size, params.seed
    )


def cohort_units(settings: Synthetic, about: Scans) -> dict[str, tuple[Synthetic, tuple[int, ...], Scans]]:
    """Return the people of the cohort in units."""
    n = settings.n_people
    return {
        f"people {i + 1} to {min(i + CHUNK, n)}": (settings, tuple(range(i, min(i + CHUNK, n))), about)
        for i in range(0, n, CHUNK)
    }


def synthetic(found: Findings, context: Context) -> None:
    """Run the main map, whole brain and masked, on people whose difference is planted."""
    import pandas as pd

    params = found.params
    settings = synthetic_settings(params)
    cohort = settings.build()
    rule = Rule(threshold=params.synthetic_threshold)
    about = Scans((), (), (rule,), (MAIN,), None, edges=False)
    index = np.arange(settings.n_people)
    items = cohort_units(settings, about)
    records = context.map(cells.synthetic_maps, items, stage="synthetic maps", seed=params.seed)
    features = np.concatenate([record[rule.name] for record in records.values()])[:, 0].astype(np.float64)
    positive = cohort.labels.astype(bool)
    regions = cells.cubes(cohort, CUBE)
    made = {
        name: Cell(
            features, positive, cohort.site, index, regions, keep, (params.synthetic_components,), 10, 5
        )
        for name, keep in (("whole brain", None), ("masked", "null"))
    }
    results = context.map(cells.run_cell, made, stage="synthetic", seed=params.seed, inputs=digest(features))
    found.scores |= {f"synthetic, {name}": record["score"] for name, record in results.items()}
    found.hits |= {f"synthetic, {name}": record["hit"] for name, record in results.items()}
    t, _ = group_difference(features, positive, cohort.site)
    kept = results["masked"]["support"]
    z = cohort.coordinates[:, 2]
    through = np.isin(z, z[cohort.region])
    # Only the slices through the region, and the digits of a picture: the table is part of the page.
    found.tables["voxels"] = pd.DataFrame(
        {
            "x": cohort.coordinates[:, 0],
            "y": cohort.coordinates[:, 1],
            "z": z,
            "planted": cohort.region,
            "t": t.round(4),
            "share_of_folds": kept,
        }
    )[through].reset_index(drop=True)
    chosen = kept >= 0.5
    share = float(cohort.region.mean())
    found.numbers["dice"] = dice(chosen, cohort.region)
    # A random choice of as many voxels overlaps by chance in this share.
    found.numbers["dice_chance"] = 2 * share * chosen.mean() / max(chosen.mean() + share, 1e-12)
    found.numbers["n_voxels"] = float(len(kept))


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return twice the overlap of two sets over the sum of their sizes; 0 where both are empty."""
    total = int(a.sum() + b.sum())
    return 2 * int((a & b).sum()) / total if total else 0.0
