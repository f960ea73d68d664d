"""Printed values of Table 1; a dash is not a number."""

from __future__ import annotations

NAN = float("nan")
TABLE_1 = {
    "GLM": (-8.43, NAN, 24.71, 43.12, 44.81),
    "HMM Corr": (-22.53, 42.84, NAN, 34.04, 15.45),
    "HMM Bern": (-5.68, 87.95, NAN, 36.25, 40.70),
    "HG": (-5.49, 37.73, 109.67, 34.17, 40.91),
    "HG-L1": (9.14, 91.60, 23.14, 37.47, 48.44),
    "GHG": (8.58, 91.80, 21.54, 42.53, 48.93),
    "GHG-L1": (9.77, 92.08, 14.16, 41.08, 46.98),
    "OHG": (14.64, 92.75, 10.99, 73.90, 80.60),
}
"""Mean over ten draws: log-likelihood (offset and scale not stated), right states (%), weight error (10⁻⁴),
balanced accuracy of signs and of shared signs (%)."""
COLUMNS = ("ll", "accuracy", "weight_error", "adjacency", "prior")
