"""critical_band in its paper preset: every printed digit, for several seeds and numbers of processes."""

from __future__ import annotations

from typing import Any

SEEDS = (0, 1, 2)
PRINTED = ("CB1", "CB3", "CB4")
TWO_PROCESSES = "one process and two"


def units() -> list[str]:
    """One run for each seed, and one pair of runs that differ in the number of processes."""
    return [*(f"seed {seed}" for seed in SEEDS), TWO_PROCESSES]


def run_unit(name: str) -> dict[str, Any]:
    """Run the analysis and compare what was printed with what comes out."""
    import neurosci

    def run(**how: int) -> neurosci.Result:
        return neurosci.run("critical_band", preset="paper", verbose=False, **how)

    if name == TWO_PROCESSES:
        one, two = run(n_jobs=1), run(n_jobs=2)
        differ = [table for table in one.tables if not one.tables[table].equals(two.tables[table])]
        return {"passed": not differ and one.metrics == two.metrics, "tables_that_differ": differ}
    result = run(seed=int(name.removeprefix("seed ")))
    verdicts = {verdict.id: verdict for verdict in result.verdicts}
    return {
        "passed": not result.synthetic and all(verdicts[i].verdict == "reproduced" for i in PRINTED),
        "data": list(result.kinds),
        "verdicts": {i: verdict.verdict for i, verdict in verdicts.items()},
        "ours": {i: verdict.ours for i, verdict in verdicts.items()},
        "metrics": {key: str(metric) for key, metric in result.metrics.items()},
    }
