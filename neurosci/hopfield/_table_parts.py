"""Small parts that the tables of the report share."""

from __future__ import annotations


def settings_of(name: str) -> dict[str, float]:
    """Read the settings in a unit's name, such as ``K=3 d=0.2``."""
    return {key: float(value) for key, _, value in (part.partition("=") for part in name.split()) if value}


def t_quantile(n: int) -> float:
    """Return the 97.5 % quantile of Student's t for a mean of n values."""
    from scipy.stats import t

    return float(t.ppf(0.975, n - 1))


def tolerance(eigenvalue: float, n_neurons: int) -> float:
    """Return the size of the first finite-size correction, 2 / (N (1 - lambda))."""
    return 2 / (n_neurons * max(1 - eigenvalue, 1e-3))
