"""The filter observer with the published numbers of trials: bias, and coverage of its 95 % intervals."""

from __future__ import annotations

from typing import Any

N_PROFILE = 1000
N_BOOTSTRAP = 300
N_RESAMPLES = 500
# A person's channel, and channels of two and of three octaves, at a network's sensitivity.
OBSERVERS: dict[str, dict[str, float]] = {
    "human": {},
    "two octaves": {"bandwidth": 2.0},
    "three octaves": {"bandwidth": 3.0, "peak_sensitivity": 40.0, "internal_dprime": 3.5, "lapse_rate": 0.05},
}
QUANTITIES = ("bandwidth", "center_frequency", "peak_sensitivity")


def units() -> list[str]:
    """Return one unit for each observer and method."""
    profiles = [f"profile, {name}" for name in OBSERVERS]
    return [*profiles, *(f"bootstrap {how}, human" for how in ("fitted", "observed"))]


def run_unit(name: str) -> dict[str, Any]:
    """Simulate experiments with a known filter and count how often the intervals hold the truth."""
    import numpy as np

    from neurosci._core.random import spawn
    from neurosci.critical_band import channel_confint, fit_channel_filter, make_filter_counts
    from neurosci.stats import proportion_interval

    how, observer = name.split(", ")
    rng = spawn(0, "critical_band_filter", name)
    n = N_PROFILE if how == "profile" else N_BOOTSTRAP
    data = make_filter_counts(n, **OBSERVERS[observer], random_state=rng)
    fit = fit_channel_filter(data.n_correct, data.n_trials)
    if how == "profile":
        limits = channel_confint(fit)
    else:
        limits = channel_confint(
            fit, method="bootstrap", resample=how.split()[1], n_resamples=N_RESAMPLES, random_state=rng
        )
    truth = data.truth
    held = {
        key: int(((limits[key][:, 0] <= truth[key]) & (truth[key] <= limits[key][:, 1])).sum())
        for key in QUANTITIES
    }
    if how == "profile":
        passed = all(0.92 <= k / n <= 0.98 for k in held.values())
    else:
        # 300 experiments cannot tell 91 from 93 %: their 99 % interval must reach the allowed range.
        spans = [proportion_interval(k, n, level=0.99) for k in held.values()]
        passed = all(span.low <= 0.98 and span.high >= 0.92 for span in spans)
    bias = float(np.nanmean(fit.bandwidth) / truth["bandwidth"][0] - 1)
    return {
        "passed": bool(passed and abs(bias) < 0.05 and fit.converged.all()),
        "n": n,
        "relative_bias_of_bandwidth": bias,
        "coverage": {key: k / n for key, k in held.items()},
        "resolved": int(fit.resolved.sum()),
    }
