"""Networks that the paper does not have, shown masked images here: responses, channels, comparison."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci._core.result import Source

from . import _bootstrap as index_work
from . import _bootstrap_ml as likelihood_work
from ._compute_methods import filter_settings
from ._filter import fit_channel_filter
from ._likelihood import fit_channel_likelihood
from ._likelihood_intervals import channel_confint
from ._network import evaluate_network, trial_counts
from ._published import NOISE_SD
from ._tables import channel_table, filter_table, likelihood_table

if TYPE_CHECKING:
    import pandas as pd

    from neurosci._core.context import Context

    from .analysis import CriticalBandParams

BATCH = 25
IMAGES_PER_UNIT = 50
NAME = "EfficientNet-Lite{}"


@dataclass(frozen=True, eq=False)
class Shown:
    """Stimuli that the networks are shown.

    Parameters
    ----------
    images : sequence of ndarray
        Grey images, read one at a time.
    trials : DataFrame
        One row per image: ``image``, ``category`` (missing where it is not known), ``noise_sd``, ``band``.
    kind : {"published", "user", "photographs"}
        Where they come from.
    sources : tuple of Source
        For the page.
    clear : mapping of str to ndarray, default={}
        Where there are no categories: each image without mask, whose response is the right answer.
    """

    images: Sequence[Any]
    trials: pd.DataFrame
    kind: str
    sources: tuple[Source, ...]
    clear: Mapping[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def hash(self) -> str:
        """Name of the content, for saved units of work."""
        digest = hashlib.sha256(self.trials.to_csv().encode())
        for _, sha in sorted(file for source in self.sources for file in source.files):
            digest.update(sha.encode())
        return digest.hexdigest()[:16]


@dataclass
class RunFindings:
    """What networks did that were run here.

    Parameters
    ----------
    reason : str
        Why there is nothing; empty where networks were run.
    shown : Shown or None
        What they saw.
    table : DataFrame or None
        One row per network and method: ``network``, ``method``, ``bandwidth``, ``low``, ``high``
        (octaves), ``center_frequency``, ``ratio`` (to people, same method), ``resolved``, ``reason``.
    index : DataFrame or None
        One row per network as `channel_table` gives it, for the channel plot.
    counts : dict of str to (ndarray, ndarray)
        Correct answers and trials, (5, 7) each.
    inside : Metric or None
        How far inside of the published networks' range the outermost network lies, octaves.
    span : tuple of float
        That range: middle 95 % of the bandwidths by likelihood, octaves.
    missing : tuple of str
        Networks that were asked for and are not here.
    """

    reason: str = ""
    shown: Shown | None = None
    table: pd.DataFrame | None = None
    index: pd.DataFrame | None = None
    counts: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)
    inside: Metric | None = None
    span: tuple[float, float] = (np.nan, np.nan)
    missing: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Stimuli that networks were shown."""
        return () if self.shown is None else self.shown.sources


def balanced(trials: pd.DataFrame, n_per_condition: int) -> NDArray[np.int64]:
    """Choose equally many trials of each condition, of as many categories as there are.

    Parameters
    ----------
    trials : DataFrame
        Columns ``noise_sd``, ``band``, ``category``, ``image``.
    n_per_condition : int
        Trials of each; 0 takes all.

    Returns
    -------
    ndarray of int
        Positions, ascending. The choice depends on the names of the images alone.
    """
    if not n_per_condition:
        return np.arange(len(trials))
    order = trials.assign(
        place=np.arange(len(trials)),
        lot=[hashlib.sha256(str(name).encode()).hexdigest() for name in trials["image"]],
    ).sort_values("lot")
    order["turn"] = order.groupby(["noise_sd", "band", "category"]).cumcount()
    chosen = order.sort_values(["turn", "lot"]).groupby(["noise_sd", "band"]).head(n_per_condition)
    return np.sort(chosen["place"].to_numpy())


@functools.lru_cache(maxsize=1)
def _network(version: int, weights: Path) -> Any:
    from ._efficientnet import efficientnet_lite

    return efficientnet_lite(version, weights)


def respond_unit(item: dict[str, Any], _: np.random.Generator) -> dict[str, Any]:
    """Show one network some images."""
    found = evaluate_network(
        _network(item["version"], item["weights"]), item["images"], preprocess="efficientnet_lite",
        batch_size=BATCH, device=item["device"],
    )  # fmt: skip
    return {"response": found["response"].to_numpy(dtype=str)}


def respond(
    images: Sequence[Any], version: int, weights: Path, stage: str, inputs: str, context: Context
) -> NDArray[np.str_]:
    """Return the response of one network to each image, computed in units that are saved."""
    device = context.torch_device()
    starts = range(0, len(images), IMAGES_PER_UNIT)
    items = {
        f"{NAME.format(version)} {start:04d}": {
            "version": version,
            "weights": weights,
            "device": device,
            "images": [images[i] for i in range(start, min(start + IMAGES_PER_UNIT, len(images)))],
        }
        for start in starts
    }
    done = context.map(respond_unit, items, stage=stage, seed=0, inputs=inputs)
    return np.concatenate([record["response"] for record in done.values()])


def compute_runs(
    shown: Shown | str,
    weights: Mapping[int, Path | str],
    published: pd.DataFrame,
    people: Mapping[str, float],
    params: CriticalBandParams,
    context: Context,
) -> RunFindings:
    """Show the networks the stimuli, and compare their channels with those of the published networks.

    Parameters
    ----------
    shown : Shown or str
        Stimuli, or why there are none.
    weights : mapping of int to Path or str
        Weights of each version of EfficientNet-Lite, or why they are not here.
    published : DataFrame
        Published networks by likelihood: ``used``, ``bandwidth``.
    people : mapping of str to float
        Human bandwidth by each method.
    params : CriticalBandParams
        Parameters of the run.
    context : Context
        How to run.

    Returns
    -------
    RunFindings
        Empty, with the reason, where nothing could be run.
    """
    if not weights:
        return RunFindings(reason="No network was asked for.")
    if isinstance(shown, str):
        return RunFindings(reason=shown)
    here = {version: path for version, path in weights.items() if isinstance(path, Path)}
    missing = tuple(NAME.format(version) for version in weights if version not in here)
    if not here:
        return RunFindings(reason=next(str(reason) for reason in weights.values()), missing=missing)
    place = balanced(shown.trials, params.n_images_per_condition)
    chosen = replace(
        shown, images=[shown.images[i] for i in place],
        trials=shown.trials.iloc[place].reset_index(drop=True),
    )  # fmt: skip
    counts = {NAME.format(version): answers(chosen, version, path, context) for version, path in here.items()}
    found = RunFindings(shown=chosen, counts=counts, missing=missing)
    found.index, found.table, widths = channels(counts, people, params, chosen.hash, context)
    known = published.loc[published["used"], "bandwidth"].to_numpy()
    if len(known):
        found.span = tuple(np.quantile(known, [0.025, 0.975]).tolist())
        found.inside = distance_inside(found, widths)
    return found


def answers(
    shown: Shown, version: int, weights: Path, context: Context
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the correct answers and the trials of one network, (5, 7) each."""
    inputs = f"{shown.hash} {hashlib.sha256(weights.read_bytes()).hexdigest()[:16]}"
    trials = shown.trials.assign(
        response=respond(shown.images, version, weights, "masked images", inputs, context)
    )
    if shown.clear:
        names = list(shown.clear)
        clear = respond([shown.clear[n] for n in names], version, weights, "clear images", inputs, context)
        trials["category"] = trials["image"].map(dict(zip(names, clear, strict=True)))
    trials["correct"] = trials["response"].astype(str) == trials["category"].astype(str)
    return trial_counts(trials, noise_sd=NOISE_SD)


def channels(
    counts: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]],
    people: Mapping[str, float],
    params: CriticalBandParams,
    inputs: str,
    context: Context,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, NDArray[np.float64]]]:
    """Estimate the channels of the networks by every method; return also resampled likelihood widths."""
    import pandas as pd

    from ._compute import settings_of
    from ._compute_ml import settings_of as likelihood_settings

    names = list(counts)
    correct, trials = (np.stack([pair[i] for pair in counts.values()]) for i in (0, 1))
    tidy = tidy_counts(counts)
    index = channel_table(tidy, **settings_of(params)).loc[names]
    relative = channel_table(tidy, **settings_of(params, relative=True)).loc[names]
    items = {
        name: {
            "n_correct": counts[name][0],
            "n_trials": counts[name][1],
            "n_resamples": params.n_resamples_trials,
            "fixed": settings_of(params),
            "relative": settings_of(params, relative=True),
        }
        for name in names
    }
    drawn = context.map(index_work.trials_unit, items, stage="runs", seed=params.seed, inputs=inputs)
    parts = []
    for method, table, kind in (("index", index, "fixed"), ("relative", relative, "relative")):
        ends = np.array([index_work.limits(drawn[name][kind])[:2] for name in names])
        parts.append(_method_rows(method, table, ends, people))
    likely = fit_channel_likelihood(correct, trials, **likelihood_settings(params))
    table = likelihood_table(likely, pd.Index(names, name="network"))
    parts.append(_method_rows("likelihood", table, channel_confint(likely)["bandwidth"], people))
    filtered = fit_channel_filter(correct, trials, **filter_settings(params))
    table = filter_table(filtered, pd.Index(names, name="network"))
    parts.append(_method_rows("filter", table, channel_confint(filtered)["bandwidth"], people))
    more = {
        name: {**items[name], "n_resamples": params.n_resamples_likelihood, **likelihood_settings(params)}
        for name in names
    }
    redrawn = context.map(
        likelihood_work.network_unit, more, stage="runs likelihood", seed=params.seed, inputs=inputs
    )
    widths = {name: record["bandwidth"] for name, record in redrawn.items()}
    return index.reset_index(), pd.concat(parts, ignore_index=True), widths


def tidy_counts(counts: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]) -> pd.DataFrame:
    """Return one row per network and condition, as `channel_table` takes them."""
    import pandas as pd

    parts = []
    for name, (correct, trials) in counts.items():
        rows, bands = np.indices(trials.shape)
        parts.append(
            pd.DataFrame(
                {
                    "network": name,
                    "noise_sd": np.array(NOISE_SD)[rows.ravel()],
                    "band": bands.ravel(),
                    "n_trials": trials.ravel(),
                    "n_correct": correct.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _method_rows(
    method: str, table: pd.DataFrame, ends: NDArray[np.float64], people: Mapping[str, float]
) -> pd.DataFrame:
    rows = table[["bandwidth", "center_frequency", "zero_noise_accuracy", "resolved", "reason"]].copy()
    known = rows["bandwidth"].notna().to_numpy()
    rows["low"] = np.where(known, ends[:, 0], np.nan)
    rows["high"] = np.where(known, ends[:, 1], np.nan)
    rows["ratio"] = rows["bandwidth"] / people[method]
    rows.insert(0, "method", method)
    return rows.reset_index(names="network")


def distance_inside(found: RunFindings, widths: Mapping[str, NDArray[np.float64]]) -> Metric | None:
    """Return how far inside of the published range the outermost network lies, octaves on the log axis.

    Negative outside. Limits: bootstrap over trials of the networks run here; the range is held fixed.
    """
    assert found.table is not None  # noqa: S101
    rows = found.table[found.table["method"] == "likelihood"].set_index("network")["bandwidth"]
    if rows.isna().any():
        return None
    low, high = np.log2(found.span)

    def inside(values: Any) -> Any:
        place = np.log2(values)
        return np.minimum(place - low, high - place)

    value = float(np.min(inside(rows.to_numpy())))
    n = min(len(draws) for draws in widths.values())
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.min([inside(draws[:n]) for draws in widths.values()], axis=0)
    ends = index_work.limits(drawn)[:2]
    return Metric(
        value, *ends, n=len(rows), n_unit="networks", unit="octaves",
        method=f"parametric bootstrap over trials, {n} resamples",
    )  # fmt: skip
