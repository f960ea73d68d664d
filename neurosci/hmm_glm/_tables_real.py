"""Tables of the recordings, made from finished units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.random import spawn
from neurosci.stats import proportion_interval

from . import _onset as onset
from ._read_out import read_out, sleep_scores
from ._recordings import ODOURS, Recorded
from ._tables import keys, long_matrix, runs

if TYPE_CHECKING:
    import pandas as pd

    from ._compute import Findings

Units = dict[str, dict[str, Any]]
Floats = NDArray[np.float64]

SHOWN = f"locust {ODOURS[0]}"
SLEEP = "head_direction"
MAZE = "hippocampus"
MAIN = ("HG", "GHG", "OHG")
STATES = 3
WIDTH = 0.2
"""Seconds on each side of a rise in probability."""
PROFILE = (0.5, 2.5)
"""Seconds before and after the joint rise that the profile of a trial holds."""
COUNTS = "spike counts"
"""Row of the onset table that needs no model."""
N_TRIALS = 6
NAT = 1 / np.log(2)


def all_tables(found: Findings) -> dict[str, pd.DataFrame]:
    """Return every table that the recordings at hand allow."""
    units, p = found.raw.get("recordings", {}), found.params
    out: dict[str, pd.DataFrame] = {"recordings": recordings_table(found)}
    if units:
        out["table2"] = likelihood_table(units, found.recordings, p.seed)
    if SHOWN in found.recordings:
        odours = {name: r for name, r in found.recordings.items() if name.startswith("locust")}
        out["onsets"] = onset_table(units, odours, p.seed)
        out |= shown_onset(units, found.recordings[SHOWN])
        out["trial_runs"] = trial_runs(units, found.recordings[SHOWN])
        out["number_runs"] = number_runs(units, found.recordings[SHOWN])
        out["real_matrices"] = real_matrices(units)
    if "model choice" in found.raw:
        ((name, unit),) = found.raw["model choice"].items()
        out["choice"] = choice_table(unit, name)
    if SLEEP in found.recordings:
        out |= sleep_tables(units, found.recordings[SLEEP], p.seed)
    if MAZE in found.recordings:
        out["place"] = place_table(units, found.recordings[MAZE])
    if "receptor" in found.raw:
        out |= receptor_tables(found.raw["receptor"]["receptor"])
    return out


def recordings_table(found: Findings) -> pd.DataFrame:
    """Return what was recorded and what was not here."""
    import pandas as pd

    rows = [
        {
            "recording": name,
            "units": r.train.shape[1],
            "units_left_out": r.n_dropped,
            "sequences_for_fitting": r.train_lengths.size,
            "sequences_held_out": r.test_lengths.size,
            "seconds": float((r.train_lengths.sum() + r.test_lengths.sum()) * r.bin_width),
            "spikes_per_second": float(r.train.sum() / (r.train_lengths.sum() * r.bin_width)),
            "note": "",
        }
        for name, r in found.recordings.items()
    ]
    rows += [
        {
            "recording": name, "units": 0, "units_left_out": 0, "sequences_for_fitting": 0,
            "sequences_held_out": 0, "seconds": 0.0, "spikes_per_second": 0.0, "note": reason,
        }
        for name, reason in found.absent.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def of(units: Units, dataset: str, model: str, n_states: int) -> dict[str, Any]:
    """Return the unit of one recording, model and number of states."""
    return units[f"{dataset} {model} S={n_states}"]


def likelihood_table(units: Units, recordings: Any, seed: int) -> pd.DataFrame:
    """Return Table 2: nats per held-out sequence, and bits per spike beyond constant rates."""
    import pandas as pd

    rows = []
    for name, unit in units.items():
        about = keys(name)
        dataset = next(r for r in recordings if about["model"].startswith(f"{r} "))
        model = about["model"].removeprefix(f"{dataset} ")
        gain = NAT * (unit["test_ll"] - unit["constant_ll"])
        ratio = ratio_interval(gain, unit["spikes"], spawn(seed, "table2", name))
        nats = float(np.mean(unit["test_ll"]))
        error = float(np.std(unit["test_ll"], ddof=1) / np.sqrt(len(unit["test_ll"])))
        rows.append(
            {
                "dataset": dataset, "model": model, "n_states": int(about["S"]), "gain": ratio[0],
                "gain_low": ratio[1], "gain_high": ratio[2], "ll": nats, "ll_se": error,
                "n_sequences": len(gain), "converged": bool(unit["converged"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def ratio_interval(
    top: Floats, bottom: Floats, rng: np.random.Generator, n_resamples: int = 2000
) -> tuple[float, float, float]:
    """Return a ratio of sums with its bootstrap interval over sequences."""
    n = len(top)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    again = (weights @ top) / (weights @ bottom)
    low, high = np.quantile(again, [0.025, 0.975])
    return float(top.sum() / bottom.sum()), float(low), float(high)


def trials_of(values: NDArray[Any], recorded: Recorded) -> Floats:
    """Return values of the data for fitting or held out by trial, bin and column."""
    n_bins = int(recorded.train_lengths[0])
    return np.asarray(values, np.float64).reshape(-1, n_bins, values.shape[1])


def trial_matrix(values: NDArray[Any], recorded: Recorded) -> NDArray[Any]:
    """Return values by held-out trial and bin; all trials of a recording are equally long."""
    return values.reshape(recorded.test_lengths.size, int(recorded.test_lengths[0]), *values.shape[1:])


def locked(unit: dict[str, Any], recorded: Recorded) -> tuple[int, int, int]:
    """Return the odour state, the bin of its rise in the trials for fitting, and the width in bins."""
    width = max(1, round(WIDTH / recorded.bin_width))
    shape = recorded.train_lengths.size, int(recorded.train_lengths[0]), -1
    average = unit["train_proba"].reshape(shape).mean(axis=0)
    return (*onset.locked_state(average, width), width)


def onset_table(units: Units, odours: dict[str, Recorded], seed: int) -> pd.DataFrame:
    """Return the onset that each model finds in held-out trials, by condition.

    The last row of a condition is that of the counts themselves: the rise of the population rate, and the
    profile of all units.
    """
    import pandas as pd

    rows = []
    for dataset, recorded in odours.items():
        width = max(1, round(WIDTH / recorded.bin_width))
        sides = [round(side / recorded.bin_width) for side in PROFILE]
        for model in (*MAIN, COUNTS):
            if model == COUNTS:
                values = trials_of(recorded.train, recorded), trials_of(recorded.test, recorded)
                signal = values[1].sum(axis=-1)
                state, fitted = -1, int(onset.steepest(values[0].sum(axis=-1).mean(axis=0), width))
            else:
                unit = of(units, dataset, model, STATES)
                values = trials_of(unit["train_proba"], recorded), trials_of(unit["test_proba"], recorded)
                state, fitted, _ = locked(unit, recorded)
                signal = values[1][..., state]
            bin_, low, high = onset.average_onset(signal, width, spawn(seed, "onset", dataset, model))
            rise = onset.steepest(signal, width) * recorded.bin_width
            profile = onset.matched(*values, fitted, *sides) * recorded.bin_width
            inside, alike = (_inside(found, recorded.onset) for found in (rise, profile))
            share = proportion_interval(inside, rise.size)
            searched = (signal.shape[1] - 2 * width + 1) * recorded.bin_width
            rows.append(
                {
                    "dataset": dataset,
                    "model": model,
                    "state": state + 1,
                    "onset_fitting_s": fitted * recorded.bin_width,
                    "onset_s": bin_ * recorded.bin_width,
                    "onset_low_s": low * recorded.bin_width,
                    "onset_high_s": high * recorded.bin_width,
                    "trials_inside": inside,
                    "trials": rise.size,
                    "share": share.value,
                    "share_low": float(share.low or 0.0),
                    "share_high": float(share.high or 0.0),
                    "trials_inside_profile": alike,
                    "chance": (recorded.onset[1] - recorded.onset[0]) / searched,
                    "window_low_s": recorded.onset[0],
                    "window_high_s": recorded.onset[1],
                }
            )
    return pd.DataFrame(rows)


def _inside(seconds: NDArray[np.floating[Any]], window: tuple[float, ...]) -> int:
    return int(((seconds >= window[0]) & (seconds <= window[1])).sum())


def shown_onset(units: Units, recorded: Recorded) -> dict[str, pd.DataFrame]:
    """Return the tables of the figure about the odour onset: OHG, first condition."""
    import pandas as pd

    unit = of(units, SHOWN, "OHG", STATES)
    state, _, width = locked(unit, recorded)
    probability = trial_matrix(unit["test_proba"], recorded)[..., state]
    path = trial_matrix(unit["test_path"], recorded)
    rate = trial_matrix(recorded.test.sum(axis=1), recorded).mean(axis=0) / recorded.bin_width
    smooth = np.convolve(rate, np.full(5, 0.2), mode="same")
    single = onset.steepest(probability, width) * recorded.bin_width
    rows: list[dict[str, Any]] = []
    for trial, own in zip(recorded.test_labels, path, strict=True):
        rows += runs(own.astype(int), row=trial)
    return {
        "onset_runs": pd.DataFrame(rows),
        "onset_average": pd.DataFrame(
            {
                "time_s": recorded.bin_width * np.arange(rate.size),
                "rate": smooth,
                "probability": probability.mean(axis=0, dtype=np.float64),
            }
        ),
        "onset_entries": pd.DataFrame(
            {
                "trial": recorded.test_labels,
                "entry_s": single,
                "window_low_s": recorded.onset[0],
                "window_high_s": recorded.onset[1],
            }
        ),
    }


def trial_runs(units: Units, recorded: Recorded) -> pd.DataFrame:
    """Return states of single held-out trials under every model."""
    import pandas as pd

    models = [name for name in ("HMM Corr", "HMM Bern", *MAIN) if f"{SHOWN} {name} S={STATES}" in units]
    rows: list[dict[str, Any]] = []
    for trial in range(min(N_TRIALS, len(recorded.test_labels))):
        for model in models:
            path = trial_matrix(of(units, SHOWN, model, STATES)["test_path"], recorded)[trial]
            about = {"panel": recorded.test_labels[trial], "row": model, "bin_s": recorded.bin_width}
            rows += runs(path.astype(int), **about)
    return pd.DataFrame(rows)


def number_runs(units: Units, recorded: Recorded) -> pd.DataFrame:
    """Return states of held-out trials by OHG with several numbers of states."""
    import pandas as pd

    numbers = sorted(int(keys(name)["S"]) for name in units if name.startswith(f"{SHOWN} OHG "))
    rows: list[dict[str, Any]] = []
    for trial in range(min(3, len(recorded.test_labels))):
        for s in numbers:
            path = trial_matrix(of(units, SHOWN, "OHG", s)["test_path"], recorded)[trial]
            about = {"panel": recorded.test_labels[trial], "row": f"{s} states", "bin_s": recorded.bin_width}
            rows += runs(path.astype(int), **about)
    return pd.DataFrame(rows)


def choice_table(unit: dict[str, Any], dataset: str) -> pd.DataFrame:
    """Return held-out likelihood, BIC and stability by number of states, and what each rule chooses."""
    import pandas as pd

    numbers, scores = np.asarray(unit["n_states"]), np.asarray(unit["scores"], float)
    behind = scores[scores.mean(axis=1).argmax()] - scores
    return pd.DataFrame(
        {
            "dataset": dataset,
            "n_states": numbers,
            "behind": behind.mean(axis=1),
            "behind_se": behind.std(axis=1, ddof=1) / np.sqrt(scores.shape[1]),
            "bic": np.asarray(unit["bic"], float),
            "stability": np.asarray(unit["stability"], float),
            "rarest": 100 * np.asarray(unit["rarest"], float),
            "n_blocks": scores.shape[1],
            "chosen_one_se": numbers == int(unit["best_one_se"]),
            "chosen_bic": numbers == int(unit["best_bic"]),
        }
    )


def real_matrices(units: Units) -> pd.DataFrame:
    """Return the layout of Fig. 3: weights and signs of the most frequent state in the odour trials."""
    import pandas as pd

    parts = []
    for name, unit in units.items():
        about = keys(name)
        model = about["model"].removeprefix(f"{SHOWN} ")
        if not name.startswith(f"{SHOWN} ") or int(about["S"]) not in (1, STATES):
            continue
        weights = np.asarray(unit["weights"][0], float)
        if model == "HMM Corr":
            scale = np.abs(of(units, SHOWN, "OHG", STATES)["weights"]).max()
            weights = weights * scale / max(np.abs(weights).max(), 1e-12)
        for kind, matrix in (
            ("weight", weights),
            ("adjacency", unit["signs"][0]),
            ("prior", unit["shared_signs"]),
        ):
            parts.append(long_matrix(matrix, model=model, kind=kind))
    return pd.concat(parts, ignore_index=True)


def sleep_tables(units: Units, recorded: Recorded, seed: int) -> dict[str, pd.DataFrame]:
    """Return where states occur in wake and sleep, how well they tell them apart, how long they last."""
    import pandas as pd

    names = list(dict.fromkeys(recorded.test_labels))
    of_bin = np.repeat(recorded.test_labels, recorded.test_lengths)
    path = of(units, SLEEP, "OHG", STATES)["test_path"]
    occupancy = [
        {"label": label, "state": state, "share": 100 * float(np.mean(path[of_bin == label] == state))}
        for label in names
        for state in range(STATES)
    ]
    dwell = []
    for model in MAIN:
        seconds = np.asarray(of(units, SLEEP, model, STATES)["visits"]) * recorded.bin_width
        for duration in np.geomspace(recorded.bin_width, 10.0, 40):
            share = 100 * float(np.mean(seconds >= duration - 1e-9))
            if share > 0:
                dwell.append({"model": model, "duration_s": float(duration), "share": share})
    models = [name for name in ("HMM Corr", *MAIN) if f"{SLEEP} {name} S={STATES}" in units]
    found = {model: of(units, SLEEP, model, STATES) for model in models}
    coefficients, scores = read_out({m: found[m] for m in MAIN}, recorded, STATES)
    return {
        "occupancy": pd.DataFrame(occupancy),
        "sleep_scores": sleep_scores(found, recorded, STATES, seed),
        "sleep_dwell": pd.DataFrame(dwell),
        "coefficients": coefficients,
        "read_out": scores,
    }


def place_table(units: Units, recorded: Recorded) -> pd.DataFrame:
    """Return positions and states of OHG in the held-out part of the maze, ten times a second."""
    import pandas as pd

    path = of(units, MAZE, "OHG", STATES)["test_path"]
    step = max(1, round(0.1 / recorded.bin_width))
    return pd.DataFrame(
        {
            "model": "OHG",
            "x": recorded.place["x"][::step].round(1),
            "y": recorded.place["y"][::step].round(1),
            "state": path[::step].astype(int),
        }
    )


def receptor_tables(unit: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return firing after a spike, and what history and states tell about held-out spikes."""
    import pandas as pd

    curve = pd.DataFrame({name: unit[name] for name in ("time_ms", "observed", "rate")})
    rows = [
        {"model": name, "bits_per_spike": float(value)}
        for name, value in zip(("GLM", "HG"), unit["bits"], strict=True)
    ]
    return {"receptor": curve, "receptor_bits": pd.DataFrame(rows)}
