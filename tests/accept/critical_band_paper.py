"""critical_band in its paper preset: printed digits and likelihood values, for seeds and processes."""

from __future__ import annotations

from typing import Any

SEEDS = (0, 1, 2)
PRINTED = ("CB1", "CB1b", "CB3", "CB4")
# Values by maximum likelihood and how far a run may be from them; none depends on the seed.
LIKELIHOOD = {
    "human_ml_bandwidth": (2.08, 0.03),
    "observer_ml_bandwidth": (2.10, 0.006),
    "ml_ratio": (1.76, 0.006),
    "ml_shape_r_squared": (59.15, 0.05),
    "ml_shape_r_squared_resolved": (52.5, 0.05),
    "ml_widening": (1.218, 0.006),
}
# Limits over observers, of which a run of 4,000 resamples is within two Monte Carlo errors.
OBSERVER_LIMITS = (2.01, 2.15)
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
    likely = {key: result.metrics[key].value for key in LIKELIHOOD}
    people = result.metrics["human_ml_bandwidth"]
    passed = (
        not result.synthetic
        and all(verdicts[i].verdict == "reproduced" and verdicts[i].caveat for i in PRINTED)
        and verdicts["CB2"].verdict == "differs"
        and all(abs(likely[key] - value) <= reach for key, (value, reach) in LIKELIHOOD.items())
        and abs(people.low - OBSERVER_LIMITS[0]) < 0.01
        and abs(people.high - OBSERVER_LIMITS[1]) < 0.01
    )
    return {
        "passed": bool(passed),
        "data": list(result.kinds),
        "verdicts": {i: verdict.verdict for i, verdict in verdicts.items()},
        "ours": {i: verdict.ours for i, verdict in verdicts.items()},
        "metrics": {key: str(metric) for key, metric in result.metrics.items()},
    }
