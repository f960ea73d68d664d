"""Counted work of the engine against the size and the density of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._packed import ROW_BITS

if TYPE_CHECKING:
    import pandas as pd

SIZES = (1_000, 3_000, 10_000, 29_398, 69_765)
DENSITIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
DIRECTIONS = 48
"""Directions that a scan of 172 volumes every 2 s keeps of 172 when it is limited to 0.009-0.08 Hz."""


def work_table() -> pd.DataFrame:
    r"""Return bytes and operations for each size and density.

    The correlations take :math:`n^2 r` floating-point operations by symmetry, for :math:`r` directions;
    triangles read two rows of :math:`n / 8` bytes for each edge; a dense matrix product would take
    :math:`2 n^3` operations.
    """
    import pandas as pd

    rows = []
    for n in SIZES:
        words = -(-n // ROW_BITS) * (ROW_BITS // 64)
        for density in DENSITIES:
            edges = density * n * (n - 1) / 2
            rows.append(
                {
                    "n_nodes": n,
                    "density": density,
                    "n_edges": edges,
                    "graph_bytes": 8.0 * n * words,
                    "correlation_operations": float(n) ** 2 * DIRECTIONS,
                    "triangle_bytes": edges * words * 16,
                    "dense_operations": 2.0 * float(n) ** 3,
                }
            )
    return pd.DataFrame(rows).astype({"n_nodes": np.int64})
