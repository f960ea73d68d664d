"""Loaders of the spike recordings in the registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from neurosci._core.checks import check_option
from neurosci.datasets import _spikes_read as read
from neurosci.datasets._about import about
from neurosci.datasets._registry import get_dataset
from neurosci.datasets._spikes import SpikeCounts, SpikeTrains
from neurosci.datasets._store import obtain

PathLike = str | os.PathLike[str]
Download = bool | Literal["force"]

REM_LENGTHS = (10_000, 13_100, 10_300, 7300, 16_600, 14_200, 1500, 10_100, 12_200, 800, 1500)
"""Bins of the REM epochs one after the other, as the session's epoch list has them, rounded to 1 s."""
LONGEST_FRAME = 0.05
"""Seconds; the camera gives a frame every 26 ms, so a longer step is a gap in the tracking."""
MAZE_EPOCHS = {
    "w-maze": (
        (97.656, 1188.248, "run"),
        (1188.248, 2213.829, "rest"),
        (2213.829, 3422.860, "run"),
        (3422.860, 4371.179, "rest"),
    ),
    "linear-track": ((4422.888, 5382.254, "run"), (5382.254, 6365.147, "rest")),
}
"""Seconds; rest is where the tracked light stays perfectly still (the animal is in its box)."""
TRIAL_PERIOD = 10.0
RECORDED = {"20000421": 8.8, "20000613": 10.0}
"""Seconds of every 10 s in which the locust sessions were recorded."""
ONSET = {"20000421": 3.4, "20000613": 3.1}
"""Seconds into a trial at which firing, averaged over all trials and units in bins of 0.1 s, changes."""


def _files(name: str, where: str, data_dir: PathLike | None, download: Download) -> list[Path]:
    return list(obtain(get_dataset(name), where=where, data_dir=data_dir, download=download).values())


def fetch_grasshopper_spikes(
    *, stimulus: bool = True, data_dir: PathLike | None = None, download: Download = True
) -> SpikeTrains:
    """Load spikes of a grasshopper's auditory receptor, out of the wheel of nitime if need be (4 MB).

    Parameters
    ----------
    stimulus : bool, default=True
        Read the amplitude of the sound too (200,000 samples for each recording).
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    SpikeTrains
        One receptor in two recordings of 10 s, the second placed 20 s after the start of the first.
        Covariates: time_s and stimulus_au (amplitude of the sound, arbitrary unit; 20 kHz).

    Raises
    ------
    DataNotFoundError
        If the files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    References
    ----------
    .. [1] Rokem, A., et al. (2006). Spike-timing precision underlies the coding efficiency of auditory
       receptor neurons. Journal of Neurophysiology, 95, 2541-2552.

    Examples
    --------
    >>> from neurosci.datasets import fetch_grasshopper_spikes
    >>> fetch_grasshopper_spikes()  # doctest: +SKIP
    SpikeTrains(grasshopper: 1 units, 1,797 spikes, 2 epochs, real)
    """
    where = "fetch_grasshopper_spikes"
    paths = _files("grasshopper", where, data_dir, download)
    times, epochs, sound = [], [], []
    for index in range(2):
        offset = 2 * TRIAL_PERIOD * index
        microseconds = read.read_numbers(where, paths[index], 1)[:, 0]
        times.append(microseconds * 1e-6 + offset)
        epochs.append((offset, offset + TRIAL_PERIOD, f"recording {index + 1}"))
        if stimulus:
            samples = read.read_numbers(where, paths[2 + index], 2)
            sound.append(np.column_stack([samples[:, 0] * 1e-6 + offset, samples[:, 1]]))
    joined = np.concatenate(sound) if sound else np.empty((0, 2))
    return SpikeTrains(
        name="grasshopper",
        data=(np.sort(np.concatenate(times)),),
        units=pd.DataFrame({"name": ["receptor"]}),
        epochs=pd.DataFrame(epochs, columns=["start_s", "end_s", "label"]),
        sfreq=1e6,
        covariates={"time_s": joined[:, 0], "stimulus_au": joined[:, 1]} if stimulus else {},
        **about(get_dataset("grasshopper"), "1 neuron, two recordings of 10 s"),
    )


def fetch_head_direction_spikes(
    *, data_dir: PathLike | None = None, download: Download = True
) -> SpikeCounts:
    """Load counts of 19 head-direction neurons awake, in slow-wave sleep and in REM sleep (2 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    SpikeCounts
        Bins of 10 ms. The wake record is cut where the tracking has gaps, the REM record at its epochs
        (known to 1 s); the epochs of slow-wave sleep are not marked in the file, so its record is one
        sequence with unmarked joints. Covariates: wake_time_s and wake_angle_rad for the wake bins, and the
        preferred direction of each neuron, preferred_rad.

    Raises
    ------
    DataNotFoundError
        If the file is not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If the file is not the registered one.

    References
    ----------
    .. [1] Peyrache, A., et al. (2015). Internally organized mechanisms of the head direction sense. Nature
       Neuroscience, 18, 569-575.

    Examples
    --------
    >>> from neurosci.datasets import fetch_head_direction_spikes
    >>> fetch_head_direction_spikes()  # doctest: +SKIP
    SpikeCounts(head_direction: 19 units, 1,180,578 bins of 0.01 s, real)
    """
    where = "fetch_head_direction_spikes"
    (path,) = _files("head_direction", where, data_dir, download)
    content = read.read_matlab(where, path)
    wake, slow, rem = (np.asarray(content[name], dtype=np.uint8) for name in ("Qrun", "Qsws", "Qrem"))
    angle = np.asarray(content["angRun"], dtype=np.float64)
    rows = [(first, n, "wake") for first, n in read.runs_between_gaps(angle[:, 0], LONGEST_FRAME)]
    rows.append((len(wake), len(slow), "slow-wave sleep"))
    first = len(wake) + len(slow)
    for n in REM_LENGTHS:
        rows.append((first, n, "REM sleep"))
        first += n
    data = np.concatenate([wake, slow, rem])
    return SpikeCounts(
        name="head_direction",
        data=data,
        bin_width=0.01,
        sequences=pd.DataFrame(rows, columns=["first_bin", "n_bins", "label"]),
        covariates={
            "wake_time_s": angle[:, 0],
            "wake_angle_rad": angle[:, 1],
            "preferred_rad": np.asarray(content["prefHD"], dtype=np.float64).ravel(),
        },
        **about(get_dataset("head_direction"), f"19 neurons, {len(data):,} bins of 10 ms"),
    )


def fetch_adn_ca1_spikes(*, data_dir: PathLike | None = None, download: Download = True) -> SpikeTrains:
    """Load 15 thalamic and hippocampal units at rest and in exploration; placed by hand (1.4 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        There is no public download of this file.

    Returns
    -------
    SpikeTrains
        Epochs sleep (0 to 600 s; it is not scored and holds some quiet wakefulness) and wake (600 to
        1200 s). Covariates: time_s, yaw_rad, x_m, z_m (tracking starts at 670.6 s).

    Raises
    ------
    DataNotFoundError
        If the file is not here.
    DatasetIntegrityError
        If the file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_adn_ca1_spikes
    >>> fetch_adn_ca1_spikes()  # doctest: +SKIP
    SpikeTrains(adn_ca1: 15 units, 98,794 spikes, 2 epochs, real)
    """
    where = "fetch_adn_ca1_spikes"
    (path,) = _files("adn_ca1", where, data_dir, download)
    names = (
        "spike_time_s", "unit_id", "unit_location", "epoch_start_s", "epoch_end_s", "epoch_label",
        "yaw_time_s", "yaw_rad", "x_m", "z_m",
    )  # fmt: skip
    held = read.read_arrays(where, path, names)
    location = [str(text) for text in held["unit_location"]]
    columns = ["start_s", "end_s", "label"]
    spans = zip(held["epoch_start_s"], held["epoch_end_s"], held["epoch_label"], strict=True)
    return SpikeTrains(
        name="adn_ca1",
        data=read.split_units(held["spike_time_s"], held["unit_id"], len(location)),
        units=pd.DataFrame({"name": [f"u{i + 1}" for i in range(len(location))], "location": location}),
        epochs=pd.DataFrame([(float(a), float(b), str(c)) for a, b, c in spans], columns=columns),
        sfreq=float("nan"),
        covariates={"time_s": held["yaw_time_s"], **{name: held[name] for name in ("yaw_rad", "x_m", "z_m")}},
        **about(get_dataset("adn_ca1"), f"{len(location)} units, 1,200 s"),
    )


def fetch_hippocampus_spikes(
    maze: str = "w-maze", *, data_dir: PathLike | None = None, download: Download = True
) -> SpikeTrains:
    """Load clusters of a rat's hippocampus in running and rest, without the unsorted noise (6 or 2 MB).

    Parameters
    ----------
    maze : {"w-maze", "linear-track"}, default="w-maze"
        Which recording.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    SpikeTrains
        Epochs run and rest, from the tracking: rest is where the light on the head stays perfectly still.
        Covariates: time_s, x_pixel, y_pixel (30 frames a second). A cluster of more than 50 events per
        second is named in `dropped` and left out.

    Raises
    ------
    DataNotFoundError
        If the files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_hippocampus_spikes
    >>> fetch_hippocampus_spikes("w-maze").n_neurons  # doctest: +SKIP
    24
    """
    where = "fetch_hippocampus_spikes"
    check_option(where, "maze", maze, MAZE_EPOCHS)
    name = f"hippocampus_{maze.replace('-', '_')}"
    spikes, trajectory = _files(name, where, data_dir, download)
    found = list(read.clusters(read.read_matlab(where, spikes)["spikes"]))
    kept = [(unit, times) for unit, times in found if not read.is_noise(times)]
    dropped = tuple(
        f"{unit}: {times.size:,} events, unsorted noise" for unit, times in found if read.is_noise(times)
    )
    return SpikeTrains(
        name=name,
        data=tuple(times for _, times in kept),
        units=pd.DataFrame({"name": [unit for unit, _ in kept]}),
        epochs=pd.DataFrame(MAZE_EPOCHS[maze], columns=["start_s", "end_s", "label"]),
        sfreq=30_000.0,
        covariates=read.read_positions(where, trajectory),
        dropped=dropped,
        **about(get_dataset(name), f"{len(kept)} clusters, {len(MAZE_EPOCHS[maze])} epochs"),
    )


def fetch_locust_spikes(
    session: str = "20000613", *, data_dir: PathLike | None = None, download: Download = True
) -> SpikeTrains:
    """Load spike trains of a locust's antennal lobe in odour trials; placed by hand (0.3 or 0.6 MB).

    Parameters
    ----------
    session : {"20000613", "20000421"}, default="20000613"
        Five conditions of 20 to 100 trials, or 20 odours with 25 or 30 trials each.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        There is no public download of this file.

    Returns
    -------
    SpikeTrains
        One epoch per trial, with its condition as label, its number within the condition (trial), and
        onset_s: where firing, averaged over all trials in bins of 0.1 s, leaves its level (the files do not
        say when the odour came; this is for checking, not for fitting). In session 20000421 only 8.8 of
        every 10 s were recorded, so epochs do not touch. Conditions lie on one clock, one after the other,
        with a pause of 10 s. Units differ between conditions; one without a spike in a condition was not
        sorted there.

    Raises
    ------
    DataNotFoundError
        If the file is not here.
    DatasetIntegrityError
        If the file is not the registered one.

    Notes
    -----
    Trials are the 10 s that the source states. In session 20000613 firing rises in every second of them only,
    so that two may be one trial of 20 s: `neurosci.hmm_glm` takes the responding ones.

    Examples
    --------
    >>> from neurosci.datasets import fetch_locust_spikes
    >>> fetch_locust_spikes()  # doctest: +SKIP
    SpikeTrains(locust_20000613: 9 units, 98,377 spikes, 360 epochs, real)
    """
    where = "fetch_locust_spikes"
    check_option(where, "session", session, RECORDED)
    name = f"locust_{session}"
    (path,) = _files(name, where, data_dir, download)
    names = ("sample", "unit", "condition", "condition_names", "unit_names", "fs")
    return odour_trials(name, read.read_arrays(where, path, names), session, get_dataset(name))


def odour_trials(name: str, held: dict[str, Any], session: str, dataset: Any) -> SpikeTrains:
    """Put the conditions of a locust session on one clock and list its trials."""
    sfreq, recorded = float(held["fs"]), RECORDED[session]
    times = held["sample"] / sfreq
    offset, rows = 0.0, []
    placed = np.empty_like(times)
    for index, condition in enumerate(held["condition_names"]):
        own = held["condition"] == index
        n_trials = int(times[own].max() // TRIAL_PERIOD) + 1
        placed[own] = times[own] + offset
        for trial in range(n_trials):
            start = offset + TRIAL_PERIOD * trial
            rows.append((start, start + recorded, str(condition), trial, start + ONSET[session]))
        offset += TRIAL_PERIOD * (n_trials + 1)
    units = [str(text) for text in held["unit_names"]]
    return SpikeTrains(
        name=name,
        data=read.split_units(placed, held["unit"], len(units)),
        units=pd.DataFrame({"name": units}),
        epochs=pd.DataFrame(rows, columns=["start_s", "end_s", "label", "trial", "onset_s"]),
        sfreq=sfreq,
        **about(dataset, f"{len(units)} units, {len(rows)} odour trials"),
    )
