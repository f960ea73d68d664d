"""The same questions asked by the further methods: a relative criterion, and the filter observer."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _bootstrap as index_work
from . import _bootstrap_filter as filter_work
from ._channel import ChannelEstimator
from ._filter import ChannelFilter, fit_channel_filter
from ._index import NotResolvedWarning
from ._likelihood_intervals import channel_confint
from ._published import N_OBSERVERS, NOISE_SD, human_mean_accuracy, published_trial_counts
from ._regression import ChannelRegression
from ._release import Release
from ._scores import PROPERTIES, robust_regressions, shape_regression
from ._tables import channel_table, count_arrays, filter_table

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import CriticalBandParams


@dataclass
class MethodFindings:
    """What one further method found.

    Parameters
    ----------
    people : DataFrame
        Channel of the group first, with ``low`` and ``high`` of its bandwidth, then of each observer.
    networks : DataFrame
        Channel of each network; ``used`` marks those that enter comparisons and regressions.
    shape : ChannelRegression or None
        Regression of shape score.
    robust : dict of float to ChannelRegression
        Regression of robust accuracy by attack radius.
    limits : dict of str to float
        Bootstrap limits over observers; empty without their counts.
    draws : dict of str to ndarray
        Resampled widths of single networks.
    """

    people: pd.DataFrame
    networks: pd.DataFrame
    shape: ChannelRegression | None
    robust: dict[float, ChannelRegression]
    limits: dict[str, Any]
    draws: dict[str, NDArray[np.float64]]

    @property
    def used(self) -> pd.DataFrame:
        """Rows of `networks` that enter comparisons and regressions."""
        return self.networks[self.networks["used"]]


def drawn_networks(release: Release) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the counts of the networks whose trials are resampled."""
    names, correct, trials = count_arrays(release.networks, "network")
    chosen = dict.fromkeys([*release.training, *release.featured])
    return {name: (correct[names.index(name)], trials[names.index(name)]) for name in chosen}


def _findings(
    release: Release, people: pd.DataFrame, networks: pd.DataFrame, limits: Any, draws: Any
) -> MethodFindings:
    """Compare networks with people, and regress scores on the channels that are used."""
    networks["ratio"] = networks["bandwidth"] / float(people["bandwidth"].iloc[0])
    networks.insert(1, "family", [release.families[name] for name in networks["network"]])
    networks["shape_score"] = release.shape_score.reindex(networks["network"]).to_numpy()
    used = networks[networks["used"]]
    return MethodFindings(
        people, networks, shape_regression(used), robust_regressions(release, used), limits, draws
    )


# ---------------------------------------------------------------------------------------- relative criterion


def compute_relative(
    release: Release,
    params: CriticalBandParams,
    settings: dict[str, Any],
    draws: dict[str, dict[str, Any]],
    context: Context,
) -> MethodFindings:
    """Apply the published method with a criterion relative to each observer's accuracy without noise."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotResolvedWarning)
        mean = ChannelEstimator(**settings).fit_accuracy(human_mean_accuracy())
    first = {
        "observer": "mean",
        **{name: getattr(mean, f"{name}_") for name in PROPERTIES},
        "at_bound": mean.at_bound_,
        "resolved": mean.resolved_,
        "reason": mean.reason_,
        "criterion": mean.criterion_,
        "low": math.nan,
        "high": math.nan,
    }
    people, limits = pd.DataFrame([first]), {}
    if release.humans is not None:
        single = channel_table(release.humans, by="observer", **settings).reset_index()
        _, correct, trials = count_arrays(release.humans, "observer")
        item = {
            "accuracy": correct / trials,
            "values": single[list(PROPERTIES)].to_numpy(),
            "columns": list(PROPERTIES),
            "settings": settings,
            "n_resamples": params.n_resamples_observers,
        }
        limits = context.map(
            index_work.people_unit, {"relative": item}, stage="observers relative", seed=params.seed,
            inputs=release.hash,
        )["relative"]  # fmt: skip
        people[["low", "high"]] = limits["mean_low"], limits["mean_high"]
        people = pd.concat([people, single[list(people.columns[:-2])]], ignore_index=True)
    networks = channel_table(release.networks, **settings).reset_index()
    networks["used"] = networks["resolved"] & (networks["bandwidth"] < params.bandwidth_limit)
    widths = {name: record["relative"] for name, record in draws.items()}
    return _findings(release, people, networks, limits, widths)


# ------------------------------------------------------------------------------------------- filter observer


def filter_settings(params: CriticalBandParams) -> dict[str, Any]:
    """Return the arguments of the filter fit."""
    return {
        "noise_sd": NOISE_SD,
        "guess_rate": params.guess_rate,
        "lowest_frequency": params.lowest_frequency,
    }


def compute_filter(
    release: Release, params: CriticalBandParams, index_usable: NDArray[np.bool_], context: Context
) -> MethodFindings:
    """Fit everyone by the filter observer; networks are used where the published method can use them too."""
    people, limits = filter_people(release, params, context)
    names, correct, trials = count_arrays(release.networks, "network")
    networks = _filter_rows(_fit(correct, trials, params), names, "network")
    networks["used"] = networks["resolved"] & index_usable
    items = {
        name: {
            "n_correct": counts[0],
            "n_trials": counts[1],
            "n_resamples": params.n_resamples_likelihood,
            "settings": filter_settings(params),
        }
        for name, counts in drawn_networks(release).items()
    }
    done = context.map(
        filter_work.network_unit, items, stage="filter networks", seed=params.seed, inputs=release.hash
    )
    draws = {name: record["bandwidth"] for name, record in done.items()}
    return _findings(release, people, networks, limits, draws)


def filter_people(
    release: Release, params: CriticalBandParams, context: Context
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the channel of the pooled counts, then of each observer, and limits over observers."""
    import pandas as pd

    if release.humans is None:
        # everyone saw every image, so that the printed mean accuracy holds the pooled counts
        trials = N_OBSERVERS * published_trial_counts()[np.newaxis]
        pooled = _fit(np.rint(human_mean_accuracy() * trials).astype(np.int64), trials, params)
        table = filter_table(pooled, pd.Index(["pooled"], name="observer")).reset_index()
        return table.assign(low=np.nan, high=np.nan), {}
    names, correct, trials = count_arrays(release.humans, "observer")
    pooled = _fit(correct.sum(axis=0, keepdims=True), trials.sum(axis=0, keepdims=True), params)
    single = _filter_rows(_fit(correct, trials, params), names, "observer")
    item = {
        "n_correct": correct,
        "n_trials": trials,
        "values": single[list(PROPERTIES)].to_numpy(),
        "columns": list(PROPERTIES),
        "n_resamples": params.n_resamples_observers,
        "settings": filter_settings(params),
    }
    limits = context.map(
        filter_work.people_unit, {"people": item}, stage="filter", seed=params.seed, inputs=release.hash
    )["people"]
    first = filter_table(pooled, pd.Index(["pooled"], name="observer")).reset_index()
    first = first.assign(low=limits["bandwidth_low"], high=limits["bandwidth_high"])
    return pd.concat([first, single.sort_values("bandwidth")], ignore_index=True), limits


def _fit(
    n_correct: NDArray[np.int64], n_trials: NDArray[np.int64], params: CriticalBandParams
) -> ChannelFilter:
    return fit_channel_filter(n_correct, n_trials, **filter_settings(params))


def _filter_rows(fit: ChannelFilter, names: list[str], by: str) -> pd.DataFrame:
    """Return channels with their profile limits."""
    import pandas as pd

    table = filter_table(fit, pd.Index(names, name=by)).reset_index()
    table["low"], table["high"] = channel_confint(fit)["bandwidth"].T
    return table
