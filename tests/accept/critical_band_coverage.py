"""Coverage of the 95 % intervals of the channel's properties with the published numbers of trials."""

from __future__ import annotations

from typing import Any

N_PROFILE = 1000
N_BOOTSTRAP = 300
N_RESAMPLES = 500
# A person's channel, a network's, and one whose lapse rate is close to its bound of 0.
OBSERVERS: dict[str, dict[str, float]] = {
    "human": {},
    "network": {"bandwidth": 4.0, "peak_sensitivity": 40.0, "slope": 1.6, "lapse_rate": 0.15},
    "few lapses": {"lapse_rate": 0.01},
}
QUANTITIES = ("bandwidth", "center_frequency", "peak_sensitivity")


def units() -> list[str]:
    """Return one unit for each observer and method."""
    profiles = [f"profile, {name}" for name in OBSERVERS]
    return [*profiles, *(f"bootstrap {how}, human" for how in ("fitted", "observed"))]


def run_unit(name: str) -> dict[str, Any]:
    """Simulate experiments with a known channel and count how often the intervals hold the truth."""
    from neurosci._core.random import spawn
    from neurosci.critical_band import make_channel_counts
    from neurosci.critical_band._likelihood import fit_channel_likelihood
    from neurosci.critical_band._likelihood_intervals import channel_confint
    from neurosci.stats import proportion_interval

    how, observer = name.split(", ")
    rng = spawn(0, "critical_band_coverage", name)
    n = N_PROFILE if how == "profile" else N_BOOTSTRAP
    data = make_channel_counts(n, **OBSERVERS[observer], random_state=rng)
    fit = fit_channel_likelihood(data.n_correct, data.n_trials)
    if how == "profile":
        limits = channel_confint(fit)
    else:
        limits = channel_confint(
            fit,
            method="bootstrap",
            resample=how.split()[1],
            n_resamples=N_RESAMPLES,
            random_state=rng,
        )
    held = {
        key: int(((limits[key][:, 0] <= data.truth[key]) & (data.truth[key] <= limits[key][:, 1])).sum())
        for key in QUANTITIES
    }
    if how == "profile":
        passed = all(0.93 <= k / n <= 0.97 for k in held.values())
    else:
        # 300 experiments cannot tell 92 from 94 %: their 99 % interval must reach the allowed range.
        spans = [proportion_interval(k, n, level=0.99) for k in held.values()]
        passed = all(span.low <= 0.97 and span.high >= 0.93 for span in spans)
    return {
        "passed": bool(passed and fit.converged.all()),
        "n": n,
        "coverage": {key: k / n for key, k in held.items()},
        "resolved": int(fit.resolved.sum()),
    }
