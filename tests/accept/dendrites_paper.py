"""dendrites in its paper preset: every point of Fig. 4 at its published trials, for several seeds."""

from __future__ import annotations

from typing import Any

SEEDS = (0, 1, 2)
TWO_PROCESSES = "one process and two"
LARGEST_Z = 4.5
REJECTED_Z = 5.0
SMALLEST_P = 1e-3


def units() -> list[str]:
    """One run for each seed, and one pair of runs that differ in the number of processes."""
    return [*(f"seed {seed}" for seed in SEEDS), TWO_PROCESSES]


def run_unit(name: str) -> dict[str, Any]:
    """Run the analysis and compare simulation with theory, point by point and together."""
    import neurosci

    def run(**how: int) -> neurosci.Result:
        return neurosci.run("dendrites", preset="paper", verbose=False, **how)

    if name == TWO_PROCESSES:
        one, two = run(n_jobs=1), run(n_jobs=2)
        differ = [table for table in one.tables if not one.tables[table].equals(two.tables[table])]
        return {"passed": not differ and one.metrics == two.metrics, "tables_that_differ": differ}
    result = run(seed=int(name.removeprefix("seed ")))
    metrics = {key: metric.value for key, metric in result.metrics.items()}
    return {
        "passed": metrics["largest_z"] <= LARGEST_Z
        and all(metrics[f"p_{part}"] > SMALLEST_P for part in ("positives", "negatives", "tilted", "all"))
        and metrics["tilted_relative_error"] <= 1.0
        and abs(metrics["union_z_exact"]) <= LARGEST_Z
        and metrics["union_z_plugin"] > REJECTED_Z,
        "verdicts": {verdict.id: verdict.verdict for verdict in result.verdicts},
        "ours": {verdict.id: verdict.ours for verdict in result.verdicts},
        "metrics": {key: str(metric) for key, metric in result.metrics.items()},
    }
