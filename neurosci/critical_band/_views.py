"""Tables of the report, arranged for its figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from neurosci._core.metric import Metric
from neurosci._core.random import spawn

from ._band_noise import BandNoise
from ._compute import Findings
from ._photographs import NAMES
from ._published import NOISE_SD, human_mean_accuracy
from ._scores import PROPERTIES
from ._survival import survival_table
from ._tables import count_arrays


def family_medians(found: Findings) -> pd.DataFrame:
    """Return the table of families: networks, usable ones, medians over these."""
    groups = found.networks.groupby("family")
    medians = found.usable.groupby("family")[[*PROPERTIES, "shape_score"]].median()
    medians["likelihood_bandwidth"] = found.ml.used.groupby("family")["bandwidth"].median()
    table: pd.DataFrame = groups["usable"].agg(n_networks="size", n_usable="sum").join(medians)
    return table.sort_values(["n_networks", "bandwidth"], ascending=[False, True]).reset_index()


def display_tables(found: Findings, metrics: dict[str, Metric]) -> dict[str, pd.DataFrame]:
    """Return the tables of the report, by name."""
    tables = {
        "accuracy": accuracy_table(found),
        "people": found.people,
        "networks": found.networks,
        "families": family_medians(found),
        "thresholds": threshold_table(found),
        "specifications": found.specifications,
        "adversarial": found.adversarial,
        "attacks": found.attacks,
        "robustness": robustness_table(found),
        "criteria": found.criteria,
        "people_likelihood": found.ml.people,
        "networks_likelihood": found.ml.networks,
        "psychometric_points": found.ml.points,
        "psychometric_fits": found.ml.functions,
        "networks_relative": found.relative.networks,
        "survival": survival_table(found, metrics),
        "bands": found.bands.bands,
        "spectra": found.bands.spectra,
        "stimuli": stimulus_table(found),
    }
    if found.runs.table is not None:
        tables |= {"run_channels": run_channels(found), "runs": found.runs.table}
    if found.filter is not None:
        tables |= {"networks_filter": found.filter.networks, "people_filter": found.filter.people}
    if found.release.humans is not None:
        tables["observers"] = observer_table(found)
    return tables


def accuracy_table(found: Findings) -> pd.DataFrame:
    """Return percent correct of people, the featured networks and the first network run here."""
    names, correct, trials = count_arrays(found.release.networks, "network")
    maps = {"people": human_mean_accuracy()}
    for name in found.release.featured:
        maps[name] = correct[names.index(name)] / trials[names.index(name)]
    for name, (right, shown) in list(found.runs.counts.items())[:1]:
        with np.errstate(divide="ignore", invalid="ignore"):
            maps[name] = np.where(shown > 0, right / shown, np.nan)
    return pd.concat([_long(found, name, table) for name, table in maps.items()], ignore_index=True)


def stimulus_table(found: Findings) -> pd.DataFrame:
    """Return what the figure of stimuli shows: one photograph in each condition."""
    noise = BandNoise()
    names = (NAMES[0].replace(".jpg", " 0"), NAMES[1].replace(".jpg", " 0"))
    rows = [
        {
            "image": names[band % 2],
            "noise_sd": noise_sd,
            "band": band,
            "label": noise.label_frequencies_[band],
            "center": noise.center_frequencies_[band],
            "seed": int(spawn(found.params.seed, "stimuli", f"{noise_sd:g} {band}").integers(2**31)),
        }
        for noise_sd in NOISE_SD
        for band in range(noise.n_bands)
    ]
    return pd.DataFrame(rows)


def run_channels(found: Findings) -> pd.DataFrame:
    """Return the networks run here by the published method."""
    assert found.runs.index is not None  # noqa: S101
    table = found.runs.index.copy()
    table.loc[~table["resolved"], ["amplitude", "center_index", "width"]] = np.nan
    return table.assign(ratio=table["bandwidth"] / found.people["bandwidth"].iloc[0])


def observer_table(found: Findings) -> pd.DataFrame:
    """Return percent correct of each observer, from narrow to broad channels."""
    assert found.release.humans is not None  # noqa: S101
    names, correct, trials = count_arrays(found.release.humans, "observer")
    parts = []
    for _, row in found.people.iloc[1:].iterrows():
        place = names.index(str(row["observer"]))
        part = _long(found, str(row["observer"]), correct[place] / trials[place])
        parts.append(part.assign(bandwidth=row["bandwidth"]))
    return pd.concat(parts, ignore_index=True)


def _long(found: Findings, name: str, accuracy: np.ndarray) -> pd.DataFrame:
    rows, columns = np.indices(accuracy.shape)
    return pd.DataFrame(
        {
            "observer": name,
            "noise_sd": np.array(NOISE_SD)[rows.ravel()],
            "band": columns.ravel(),
            "frequency": found.params.lowest_frequency * 2.0 ** columns.ravel(),
            "percent_correct": 100 * accuracy.ravel(),
            "criterion": 100 * found.params.criterion,
        }
    )


def threshold_table(found: Findings) -> pd.DataFrame:
    """Return the scales of the channel plot: bands, noise levels, criterion, the network drawn in full."""
    table = accuracy_table(found)
    table = table[table["observer"] == "people"][["band", "frequency", "noise_sd", "criterion"]]
    return table.assign(featured=found.release.featured[0] if found.release.featured else "")


def robustness_table(found: Findings) -> pd.DataFrame:
    """Return the regression of robust accuracy by attack radius."""
    rows = [
        {
            "attack_radius": radius,
            "n_networks": model.n_observations,
            "predictors": ", ".join(name for name in model.coefficients if name != "const"),
            "r_squared": model.r_squared,
            "adjusted_r_squared": model.adjusted_r_squared,
            "leave_one_out_r_squared": model.leave_one_out_r_squared,
            "f_statistic": model.f_statistic,
            "p_value": model.p_value,
        }
        for radius, model in found.robust.items()
    ]
    columns = ["attack_radius", "n_networks", "predictors", "r_squared", "adjusted_r_squared",
               "leave_one_out_r_squared", "f_statistic", "p_value"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def sigma_signs(found: Findings) -> list[str]:
    """Return the networks whose fit came out with a negative standard deviation."""
    return sorted(found.networks.loc[found.networks["width"] < 0, "network"])
