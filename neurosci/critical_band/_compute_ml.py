"""The questions of the analysis asked of maximum-likelihood channels: tables, regressions, resamples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci.stats import proportion_interval

from . import _bootstrap_ml as work
from ._likelihood import ChannelLikelihood, fit_channel_likelihood
from ._likelihood_design import log2_sensitivity
from ._likelihood_intervals import channel_confint
from ._published import N_OBSERVERS, NOISE_SD, human_mean_accuracy, published_trial_counts
from ._regression import ChannelRegression
from ._release import Release
from ._scores import PROPERTIES, robust_regressions, shape_regression
from ._tables import count_arrays, likelihood_table

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import CriticalBandParams

PEOPLE = "people"
_COLUMNS = [
    "bandwidth", "low", "high", "scaled_low", "scaled_high", "center_frequency", "peak_sensitivity",
    "at_bound", "resolved", "reason", "zero_noise_accuracy", "center_index", "width", "slope", "lapse_rate",
    "deviance", "dispersion",
]  # fmt: skip


@dataclass
class LikelihoodFindings:
    """What the likelihood fits found.

    Parameters
    ----------
    people : DataFrame
        Channel of the pooled counts first, then of each observer.
    networks : DataFrame
        Channel of each network; ``used`` marks those that both methods resolve.
    points, functions : DataFrame
        Accuracy by noise, and the fitted functions, of people and the first featured network.
    shape, shape_resolved : ChannelRegression or None
        Regression of shape score: networks used, and all that likelihood resolves.
    robust, robust_resolved : dict of float to ChannelRegression
        Regression of robust accuracy by attack radius, the same two selections.
    limits : dict of str to object
        Bootstrap limits over observers; empty without their counts.
    draws : dict of str to dict
        Resampled widths of single networks.
    """

    people: pd.DataFrame
    networks: pd.DataFrame
    points: pd.DataFrame
    functions: pd.DataFrame
    shape: ChannelRegression | None
    shape_resolved: ChannelRegression | None
    robust: dict[float, ChannelRegression]
    robust_resolved: dict[float, ChannelRegression]
    limits: dict[str, Any]
    draws: dict[str, dict[str, Any]]

    @property
    def used(self) -> pd.DataFrame:
        """Rows of `networks` that both methods resolve."""
        return self.networks[self.networks["used"]]


def settings_of(params: CriticalBandParams) -> dict[str, Any]:
    """Return the arguments of the likelihood fit."""
    return {
        "noise_sd": NOISE_SD,
        "guess_rate": params.guess_rate,
        "sigmoid": params.sigmoid,
        "lowest_frequency": params.lowest_frequency,
    }


def compute_likelihood(
    release: Release, params: CriticalBandParams, index_networks: pd.DataFrame, context: Context
) -> LikelihoodFindings:
    """Fit everyone by maximum likelihood."""
    import pandas as pd

    pooled, people, limits = people_table(release, params, context)
    networks = network_table(release, params, index_networks, float(people["bandwidth"].iloc[0]))
    draws = network_draws(release, params, context)
    shown = [(PEOPLE, pooled, limits)]
    for name in release.featured[:1]:
        names, correct, trials = count_arrays(release.networks, "network")
        place = names.index(name)
        shown.append((name, _fit(correct[[place]], trials[[place]], params), draws[name]))
    used, resolved = networks[networks["used"]], networks[networks["resolved"]]
    return LikelihoodFindings(
        people=people,
        networks=networks,
        points=pd.concat([point_table(*item) for item in shown], ignore_index=True),
        functions=pd.concat([function_table(*item) for item in shown], ignore_index=True),
        shape=shape_regression(used),
        shape_resolved=shape_regression(resolved),
        robust=robust_regressions(release, used),
        robust_resolved=robust_regressions(release, resolved),
        limits=limits,
        draws=draws,
    )


def _fit(
    n_correct: NDArray[np.int64], n_trials: NDArray[np.int64], params: CriticalBandParams
) -> ChannelLikelihood:
    return fit_channel_likelihood(n_correct, n_trials, **settings_of(params))


def _table(fit: ChannelLikelihood, names: list[str], by: str) -> pd.DataFrame:
    """Return channels with their profile limits, and with Wald limits scaled by the dispersion."""
    import pandas as pd

    table = likelihood_table(fit, pd.Index(names, name=by))
    table["low"], table["high"] = channel_confint(fit)["bandwidth"].T
    spread = np.sqrt(np.maximum(fit.dispersion, 1))[:, np.newaxis]
    wald = channel_confint(fit, method="wald")["bandwidth"] / fit.bandwidth[:, np.newaxis]
    table["scaled_low"], table["scaled_high"] = (fit.bandwidth[:, np.newaxis] * wald**spread).T
    return table[_COLUMNS].reset_index()


# ---------------------------------------------------------------------------------------------------- people


def people_table(
    release: Release, params: CriticalBandParams, context: Context
) -> tuple[ChannelLikelihood, pd.DataFrame, dict[str, Any]]:
    """Return the fit of the pooled counts, the channels of all (pooled first), and limits over observers."""
    import pandas as pd

    if release.humans is None:
        # everyone saw every image, so that the printed mean accuracy holds the pooled counts
        trials = N_OBSERVERS * published_trial_counts()[np.newaxis]
        pooled = _fit(np.rint(human_mean_accuracy() * trials).astype(np.int64), trials, params)
        table = _table(pooled, ["pooled"], "observer")
        return pooled, table.assign(low=np.nan, high=np.nan), {}
    names, correct, trials = count_arrays(release.humans, "observer")
    pooled = _fit(correct.sum(axis=0, keepdims=True), trials.sum(axis=0, keepdims=True), params)
    single = _table(_fit(correct, trials, params), names, "observer")
    item = {
        "n_correct": correct,
        "n_trials": trials,
        "values": single[list(PROPERTIES)].to_numpy(),
        "columns": list(PROPERTIES),
        "n_resamples": params.n_resamples_observers,
        **settings_of(params),
    }
    done = context.map(
        work.people_unit, {PEOPLE: item}, stage="likelihood", seed=params.seed, inputs=release.hash
    )
    limits = done[PEOPLE]
    # what is said of people in general rests on people, not on trials
    first = _table(pooled, ["pooled"], "observer").assign(
        low=limits["bandwidth_low"], high=limits["bandwidth_high"]
    )
    return pooled, pd.concat([first, single.sort_values("bandwidth")], ignore_index=True), limits


# -------------------------------------------------------------------------------------------------- networks


def network_table(
    release: Release, params: CriticalBandParams, index_networks: pd.DataFrame, human: float
) -> pd.DataFrame:
    """Return one row per network with its profile limits; ``used``: both methods resolve it."""
    names, correct, trials = count_arrays(release.networks, "network")
    table = _table(_fit(correct, trials, params), names, "network")
    by_index = index_networks.set_index("network").loc[names]
    table.insert(1, "family", by_index["family"].to_numpy())
    table["index_bandwidth"] = by_index["bandwidth"].to_numpy()
    table["index_usable"] = by_index["usable"].to_numpy()
    table["used"] = table["resolved"] & table["index_usable"]
    table["ratio"] = table["bandwidth"] / human
    table["shape_score"] = by_index["shape_score"].to_numpy()
    return table


def network_draws(
    release: Release, params: CriticalBandParams, context: Context
) -> dict[str, dict[str, Any]]:
    """Return resamples of the adversarial series and of the featured networks."""
    names, correct, trials = count_arrays(release.networks, "network")
    items = {
        name: {
            "n_correct": correct[names.index(name)],
            "n_trials": trials[names.index(name)],
            "n_resamples": params.n_resamples_likelihood,
            **settings_of(params),
        }
        for name in dict.fromkeys([*release.training, *release.featured])
    }
    return context.map(
        work.network_unit, items, stage="likelihood networks", seed=params.seed, inputs=release.hash
    )


# ---------------------------------------------------------------------------------------- shown psychometrics


def point_table(name: str, fit: ChannelLikelihood, limits: dict[str, Any]) -> pd.DataFrame:
    """Return accuracy in percent by band and noise, with limits over observers or over trials (Wilson)."""
    import pandas as pd

    correct, trials = fit.n_correct[0], fit.n_trials[0]
    if name == PEOPLE:
        nothing = np.full(trials.shape, np.nan)
        low, high = (np.asarray(limits.get(end, nothing)) for end in ("cell_low", "cell_high"))
    else:
        cells = zip(correct.ravel().tolist(), trials.ravel().tolist(), strict=True)
        spans = [proportion_interval(k, n) if n else None for k, n in cells]
        ends = [(np.nan, np.nan) if span is None else (span.low, span.high) for span in spans]
        low, high = np.array(ends, dtype=float).T.reshape(2, *trials.shape)
    rows, bands = np.indices(trials.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(trials > 0, correct / trials, np.nan)
    columns = {
        "observer": name,
        "noise_sd": fit.noise_sd[rows.ravel()],
        "band": bands.ravel(),
        "frequency": fit.lowest_frequency * 2.0 ** bands.ravel(),
        "n_trials": trials.ravel(),
        "percent_correct": 100 * share.ravel(),
        "low": 100 * low.ravel(),
        "high": 100 * high.ravel(),
    }
    return pd.DataFrame(columns)


def function_table(name: str, fit: ChannelLikelihood, limits: dict[str, Any]) -> pd.DataFrame:
    """Return the fitted function of each band, with limits of its noise SD at half performance."""
    import pandas as pd

    n_bands = fit.n_correct.shape[-1]
    nothing = np.full(n_bands, np.nan)
    columns = {
        "observer": name,
        "band": np.arange(n_bands),
        "frequency": fit.lowest_frequency * 2.0 ** np.arange(n_bands),
        "threshold": 2 ** -log2_sensitivity(fit.params[0], n_bands),
        "low": np.asarray(limits.get("threshold_low", nothing)),
        "high": np.asarray(limits.get("threshold_high", nothing)),
        "slope": float(fit.slope[0]),
        "lapse_rate": float(fit.lapse_rate[0]),
        "guess_rate": fit.guess_rate,
        "sigmoid": fit.sigmoid,
        "resolved": bool(fit.resolved[0]),
        "bandwidth": float(fit.bandwidth[0]),
    }
    return pd.DataFrame(columns)
