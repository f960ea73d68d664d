"""hmm_glm in its paper preset: ten draws of Table 1 and every recording at hand."""

from __future__ import annotations

from typing import Any

SEEDS = (0,)
EXPECTED = {
    "HG1": "reproduced",
    "HG1b": "reproduced",
    "HG1c": "reproduced",
    "HG1d": "differs",
    "HG2": "reproduced",
    "HG3": "reproduced",
    "HG3b": "not testable here",
    "HG4": "differs",
    "HG5": "not testable here",
    "HG5b": "reproduced",
    "HG7": "differs",
}


def units() -> list[str]:
    """One run for each seed."""
    return [f"seed {seed}" for seed in SEEDS]


def run_unit(name: str) -> dict[str, Any]:
    """Run the analysis, compare verdicts, and say in which draws an expectation fails."""
    import neurosci

    result = neurosci.run("hmm_glm", preset="paper", seed=int(name.removeprefix("seed ")), verbose=False)
    verdicts = {verdict.id: verdict.verdict for verdict in result.verdicts}
    checks = result.tables["checks"].set_index("expectation")["draws_that_fail"].to_dict()
    return {
        "passed": all(verdicts[name] == verdict for name, verdict in EXPECTED.items()),
        "verdicts": verdicts,
        "draws_that_fail": checks,
        "metrics": {key: str(metric) for key, metric in result.metrics.items()},
    }
