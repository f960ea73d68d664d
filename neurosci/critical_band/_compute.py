"""Tables and numbers of the analysis, computed from one release."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _bootstrap as work
from ._channel import ChannelEstimator
from ._compute_bands import BandFindings, compute_bands
from ._compute_methods import MethodFindings, compute_filter, compute_relative
from ._compute_ml import LikelihoodFindings, compute_likelihood
from ._compute_runs import RunFindings, compute_runs
from ._index import NotResolvedWarning, fit_channel
from ._inputs import Inputs
from ._published import N_BANDS, human_mean_accuracy
from ._regression import ChannelRegression
from ._release import Release
from ._scores import PROPERTIES, attack_accuracy, family_item, robust_regressions, shape_regression
from ._specification import specification_curve
from ._tables import channel_table, count_arrays

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import CriticalBandParams

PRINTED_SHARE = 0.51
INDICES = [f"index_{band}" for band in range(N_BANDS)]


@dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    release : Release
        Data of the run.
    params : CriticalBandParams
        Parameters of the run.
    people, networks, adversarial, attacks, specifications, criteria : DataFrame
        Tables of the published method.
    shape : ChannelRegression or None
        Regression of shape score; None with too few usable networks.
    robust : dict of float to ChannelRegression
        Regression of robust accuracy by attack radius.
    limits : dict of str to float
        Bootstrap limits over observers and over families.
    draws : dict of str to dict
        Resampled widths of single networks.
    ml : LikelihoodFindings
        The same by maximum likelihood.
    relative : MethodFindings
        The published method with a criterion relative to accuracy without noise.
    filter : MethodFindings or None
        The filter observer; None where the guess rate is not one of a number of alternatives.
    bands : BandFindings
        Frequencies of the noise bands.
    runs : RunFindings
        Networks that were run here.
    """

    release: Release
    params: CriticalBandParams
    people: pd.DataFrame
    networks: pd.DataFrame
    adversarial: pd.DataFrame
    attacks: pd.DataFrame
    specifications: pd.DataFrame
    criteria: pd.DataFrame
    shape: ChannelRegression | None
    robust: dict[float, ChannelRegression]
    limits: dict[str, Any]
    draws: dict[str, dict[str, Any]]
    ml: LikelihoodFindings
    relative: MethodFindings
    filter: MethodFindings | None
    bands: BandFindings
    runs: RunFindings

    @property
    def usable(self) -> pd.DataFrame:
        """Rows of `networks` that are resolved and below the limit of bandwidth."""
        return self.networks[self.networks["usable"]]


def settings_of(params: CriticalBandParams, *, relative: bool = False) -> dict[str, Any]:
    """Return the estimator's arguments."""
    return {
        "criterion": params.relative_criterion if relative else params.criterion,
        "relative": relative,
        "amplitude_bound": params.amplitude_bound,
        "lowest_frequency": params.lowest_frequency,
        "guess_rate": params.guess_rate,
    }


def compute(release: Release, inputs: Inputs, params: CriticalBandParams, context: Context) -> Findings:
    """Compute every table and number of the report."""
    people, limits = people_table(release, params, context)
    networks, shape = network_table(release, params, float(people["bandwidth"].iloc[0]))
    ml = compute_likelihood(release, params, networks, context)
    adversarial, draws = adversarial_table(release, params, networks, context)
    adversarial["human_bandwidth"] = people["bandwidth"].iloc[0]
    likely = ml.networks.set_index("network").loc[adversarial["network"]]
    for column in ("bandwidth", "low", "high"):
        adversarial[f"likelihood_{column}"] = likely[column].where(likely["resolved"]).to_numpy()
    adversarial["human_likelihood"] = ml.people["bandwidth"].iloc[0]
    relative = compute_relative(release, params, settings_of(params, relative=True), draws, context)
    filtered = None
    if _is_choice(params.guess_rate):
        filtered = compute_filter(release, params, networks["usable"].to_numpy(), context)
        rows = filtered.networks.set_index("network").loc[adversarial["network"]]
        for column in ("bandwidth", "low", "high"):
            adversarial[f"filter_{column}"] = rows[column].where(rows["resolved"]).to_numpy()
        adversarial["human_filter"] = filtered.people["bandwidth"].iloc[0]
    methods = {"relative": relative, "filter": filtered}
    human = {
        "index": float(people["bandwidth"].iloc[0]),
        "likelihood": float(ml.people["bandwidth"].iloc[0]),
        **{
            name: np.nan if method is None else float(method.people["bandwidth"].iloc[0])
            for name, method in methods.items()
        },
    }
    return Findings(
        release=release,
        params=params,
        people=people,
        networks=networks,
        adversarial=adversarial,
        attacks=attack_table(release),
        specifications=specification_table(release, params),
        criteria=criteria_table(release, params),
        shape=shape,
        robust=robust_regressions(release, networks[networks["usable"]]),
        limits={
            **limits,
            **family_limits(
                {
                    "": networks[networks["usable"]],
                    "ml_": ml.used,
                    **{f"{name}_": method.used for name, method in methods.items() if method is not None},
                },
                release,
                params,
                context,
            ),
        },
        draws=draws,
        ml=ml,
        relative=relative,
        filter=filtered,
        bands=compute_bands(params, inputs.excess, context),
        runs=compute_runs(inputs.shown, inputs.weights, ml.networks, human, params, context),
    )


def _is_choice(guess_rate: float) -> bool:
    """Return whether guessing is one of a whole number of alternatives, as the filter observer needs."""
    return (
        guess_rate > 0 and round(1 / guess_rate) >= 2 and math.isclose(round(1 / guess_rate), 1 / guess_rate)
    )


# ---------------------------------------------------------------------------------------------------- people


def people_table(
    release: Release, params: CriticalBandParams, context: Context
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return channels of people (the mean of the observers first, then each) and limits over observers."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotResolvedWarning)
        mean = ChannelEstimator(**settings_of(params)).fit_accuracy(human_mean_accuracy())
    raw = fit_channel(mean.thresholds_, exceeded=mean.resolved_bands_, amplitude_bound=params.amplitude_bound)
    first = {
        "observer": "mean",
        **{name: getattr(mean, f"{name}_") for name in PROPERTIES},
        "at_bound": mean.at_bound_,
        "resolved": mean.resolved_,
        "reason": mean.reason_,
        "amplitude": raw.amplitude,
        "center_index": raw.center_index,
        "width": raw.width,
        **dict(zip(INDICES, mean.thresholds_.tolist(), strict=True)),
        "low": math.nan,
        "high": math.nan,
    }
    if release.humans is None:
        return pd.DataFrame([first]), {}
    single = channel_table(release.humans, by="observer", **settings_of(params)).reset_index()
    limits = people_limits(release, params, single, context)
    first["low"], first["high"] = limits["mean_low"], limits["mean_high"]
    table = pd.concat([pd.DataFrame([first]), single.sort_values("bandwidth")], ignore_index=True)
    return table.drop(columns=["criterion", "zero_noise_accuracy"]), limits


def people_limits(
    release: Release, params: CriticalBandParams, single: pd.DataFrame, context: Context
) -> dict[str, Any]:
    """Return bootstrap limits over observers."""
    assert release.humans is not None  # noqa: S101
    _, correct, trials = count_arrays(release.humans, "observer")
    item = {
        "accuracy": correct / trials,
        "values": single[list(PROPERTIES)].to_numpy(),
        "columns": list(PROPERTIES),
        "settings": settings_of(params),
        "n_resamples": params.n_resamples_observers,
    }
    done = context.map(
        work.people_unit, {"people": item}, stage="observers", seed=params.seed, inputs=release.hash
    )
    return done["people"]


# -------------------------------------------------------------------------------------------------- networks


def network_table(
    release: Release, params: CriticalBandParams, human: float
) -> tuple[pd.DataFrame, ChannelRegression | None]:
    """Return one row per network, and the regression of shape score on usable channels."""
    table = channel_table(release.networks, **settings_of(params))
    # raw values of a fit that determines nothing would invite to be read as a channel
    table.loc[~table["resolved"], ["amplitude", "center_index", "width"]] = np.nan
    table.insert(0, "family", [release.families[name] for name in table.index])
    table["usable"] = table["resolved"] & (table["bandwidth"] < params.bandwidth_limit)
    table["ratio"] = table["bandwidth"] / human
    table["shape_score"] = release.shape_score.reindex(table.index)
    shape = shape_regression(table[table["usable"]])
    table["predicted"] = np.nan if shape is None else shape.predicted.reindex(table.index)
    return table.reset_index(), shape


def family_limits(
    channels: dict[str, pd.DataFrame], release: Release, params: CriticalBandParams, context: Context
) -> dict[str, Any]:
    """Return bootstrap limits over families by method; none where there is too little to resample.

    The names of a method's limits begin with its key.
    """
    items = {
        f"families {prefix}".strip(): (prefix, family_item(table, params.n_resamples_families))
        for prefix, table in channels.items()
    }
    done = context.map(
        work.families_unit, {name: item for name, (_, item) in items.items() if item is not None},
        stage="families", seed=params.seed, inputs=release.hash,
    )  # fmt: skip
    return {f"{items[name][0]}{end}": value for name, record in done.items() for end, value in record.items()}


def criteria_table(release: Release, params: CriticalBandParams) -> pd.DataFrame:
    """Return widths of the published method by criterion: people, and the middle of the networks."""
    import pandas as pd

    rows = []
    for criterion in params.criteria_compared:
        settings = {**settings_of(params), "criterion": criterion}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotResolvedWarning)
            people = ChannelEstimator(**settings).fit_accuracy(human_mean_accuracy())
        table = channel_table(release.networks, **settings)
        widths = table["bandwidth"][table["bandwidth"] < params.bandwidth_limit]
        quartiles = widths.quantile([0.25, 0.5, 0.75]).to_numpy()
        rows.append((criterion, people.bandwidth_, *quartiles, len(widths)))
    columns = ["criterion", "people", "quartile_1", "median", "quartile_3", "n_networks"]
    return pd.DataFrame(rows, columns=columns)


def specification_table(release: Release, params: CriticalBandParams) -> pd.DataFrame:
    """Return the specification curve with the choice used here marked."""
    table = specification_curve(
        release.networks,
        release.shape_score.reindex(release.networks["network"].unique()),
        criteria=params.criteria,
        bandwidth_limits=(*params.bandwidth_limits, np.inf),
        lowest_frequency=params.lowest_frequency,
    )
    table["used"] = (
        (table["criterion"] == params.criterion)
        & (table["bandwidth_limit"] == params.bandwidth_limit)
        & (table["scale"] == "log2")
        & (table["peak_form"] == "log2")
    )
    table["printed"] = PRINTED_SHARE
    return table


# ------------------------------------------------------------------------------------------------ robustness


def adversarial_table(
    release: Release, params: CriticalBandParams, networks: pd.DataFrame, context: Context
) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Return the adversarial series with trial intervals, and the resampled widths of all that were drawn."""
    by_name = networks.set_index("network")
    relative = channel_table(release.networks, **settings_of(params, relative=True))
    series = sorted(release.training, key=lambda name: release.training[name])
    names, correct, trials = count_arrays(release.networks, "network")
    items = {
        name: {
            "n_correct": correct[names.index(name)],
            "n_trials": trials[names.index(name)],
            "n_resamples": params.n_resamples_trials,
            "fixed": settings_of(params),
            "relative": settings_of(params, relative=True),
        }
        for name in dict.fromkeys([*series, *release.featured])
    }
    draws = context.map(work.trials_unit, items, stage="trials", seed=params.seed, inputs=release.hash)
    table = by_name.loc[series, ["usable", "resolved", *PROPERTIES, "zero_noise_accuracy"]].reset_index()
    table.insert(1, "training_radius", [release.training[name] for name in series])
    table["relative_bandwidth"] = relative.loc[series, "bandwidth"].to_numpy()
    for prefix, kind in (("", "fixed"), ("relative_", "relative")):
        ends = [work.limits(draws[name][kind])[:2] for name in series]
        shown = table[f"{prefix}bandwidth"].notna().to_numpy()
        table[f"{prefix}low"] = np.where(shown, [low for low, _ in ends], np.nan)
        table[f"{prefix}high"] = np.where(shown, [high for _, high in ends], np.nan)
    accuracy = attack_accuracy(release, params.attack_radius)
    table["attack_radius"] = params.attack_radius
    table["robust_accuracy"] = 100 * accuracy.reindex(series).to_numpy(dtype=float)
    return table, draws


def attack_table(release: Release) -> pd.DataFrame:
    """Return accuracy by attack radius of the networks attacked at every radius."""
    counts = release.whitebox.groupby("network")["radius"].nunique()
    complete = counts.index[counts == release.whitebox["radius"].nunique()]
    table = release.whitebox[release.whitebox["network"].isin(complete)][["network", "radius", "accuracy"]]
    table = table.sort_values(["network", "radius"], ignore_index=True)
    table["percent_correct"] = 100 * table.pop("accuracy")
    table["trained"] = table["network"].isin(release.training)
    return table


def compared_pair(found: Findings) -> tuple[str, str] | None:
    """Return the networks trained at radius 0 and at the compared radius."""
    by_radius = {radius: name for name, radius in found.release.training.items()}
    pair = by_radius.get(0.0), by_radius.get(found.params.training_radius)
    return None if pair[0] is None or pair[1] is None or pair[0] == pair[1] else (pair[0], pair[1])


def robust_key(found: Findings) -> float:
    """Return the released attack radius that the parameters ask for; NaN where there is none."""
    for radius in found.robust:
        if np.isclose(radius, found.params.attack_radius, rtol=1e-3):
            return radius
    return math.nan
