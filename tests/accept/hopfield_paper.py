"""hopfield in its quick preset for several seeds, and with one process and two."""

from __future__ import annotations

from typing import Any

SEEDS = (0, 1, 2, 3)
TWO_PROCESSES = "one process and two"
EXPECTED = {
    "HO1": "reproduced",
    "HO1b": "reproduced",
    "HO2": "reproduced",
    "HO2b": "differs",
    "HO3": "reproduced",
    "HO3b": "differs",
    "HO4": "reproduced",
    "HO5": "reproduced",
    "HO6": "reproduced",
    "HO6b": "reproduced",
    "HO6c": "reproduced",
    "HO7": "reproduced",
}


def units() -> list[str]:
    """One run for each seed, and one pair of runs that differ in the number of processes."""
    return [*(f"seed {seed}" for seed in SEEDS), TWO_PROCESSES]


def run_unit(name: str) -> dict[str, Any]:
    """Run the analysis and compare verdicts, or tables of two runs."""
    import neurosci

    def run(**how: int) -> neurosci.Result:
        return neurosci.run("hopfield", preset="quick", verbose=False, **how)

    if name == TWO_PROCESSES:
        one, two = run(n_jobs=1), run(n_jobs=2)
        differ = [table for table in one.tables if not one.tables[table].equals(two.tables[table])]
        return {"passed": not differ and one.metrics == two.metrics, "tables_that_differ": differ}
    result = run(seed=int(name.removeprefix("seed ")))
    verdicts = {verdict.id: verdict.verdict for verdict in result.verdicts}
    return {
        "passed": all(verdicts[name] == verdict for name, verdict in EXPECTED.items()),
        "verdicts": verdicts,
        "metrics": {key: str(metric) for key, metric in result.metrics.items()},
    }
