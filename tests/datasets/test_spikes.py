"""Loaders of spike recordings: constructed files, traps of the real ones, the user's own downloads."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from neurosci import datasets
from neurosci.datasets import (
    DataFormatError,
    DataNotFoundError,
    SpikeTrains,
    fetch_adn_ca1_spikes,
    fetch_grasshopper_spikes,
    fetch_head_direction_spikes,
    fetch_hippocampus_spikes,
    fetch_locust_spikes,
    get_dataset,
    load_nwb_spikes,
    load_pfc6,
    read_pfc6_trials,
)
from neurosci.datasets import _spikes_read as read
from neurosci.datasets._spikes_fetch import odour_trials


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of the recordings; skips where it is absent."""
    root = os.environ.get("NEUROSCI_DATA")
    folder = Path(root) if root else None
    if folder is None or not (folder / "hmm_glm").is_dir() or not (folder / "realdata").is_dir():
        pytest.skip("needs NEUROSCI_DATA with the folders hmm_glm and realdata")
    return folder


def is_complete(found: datasets.SpikeTrains | datasets.SpikeCounts) -> bool:
    """Whether a recording says what it is, where it comes from and how it may be used."""
    (source,) = found.sources
    return found.kind == source.kind == "real" and all(
        (found.description, found.licence, found.citation, found.terms, source.url, source.files)
    )


# ------------------------------------------------------------------------------------------ constructed files


def test_positions_are_read_record_by_record(tmp_path):
    path = tmp_path / "a.videoPositionTracking"
    records = struct.pack("<IHHHH", 30_000, 1, 2, 0, 0) + struct.pack("<IHHHH", 45_000, 3, 4, 0, 0)
    path.write_bytes(b"<Start settings>\nclockrate: 30000\n<End settings>\n" + records)
    found = read.read_positions("test", path)
    assert {name: values.tolist() for name, values in found.items()} == {
        "time_s": [1.0, 1.5],
        "x_pixel": [1.0, 3.0],
        "y_pixel": [2.0, 4.0],
    }
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataFormatError, match="records of 12 bytes"):
        read.read_positions("test", path)


def test_clusters_of_nested_cells_keep_spikes_and_lose_empty_structures(tmp_path):
    from scipy.io import loadmat, savemat

    cell = np.empty(2, dtype=object)
    cell[0] = {"time": np.array([3.0, 1.0]), "meanrate": 1.0}
    cell[1] = {"time": np.array([]), "meanrate": 0.0}
    tetrodes = np.empty(2, dtype=object)
    tetrodes[0], tetrodes[1] = np.array([]), cell
    savemat(tmp_path / "spikes.mat", {"spikes": tetrodes})
    content = loadmat(tmp_path / "spikes.mat", squeeze_me=True, struct_as_record=False)
    found = list(read.clusters(content["spikes"]))
    assert [(name, times.tolist()) for name, times in found] == [("t2c1", [1.0, 3.0])]


def test_noise_is_told_by_its_rate():
    assert read.is_noise(np.arange(0.0, 10.0, 0.01))
    assert not read.is_noise(np.arange(0.0, 10.0, 0.1))
    assert not read.is_noise(np.array([1.0]))


def test_a_gap_starts_a_new_sequence():
    assert read.runs_between_gaps(np.array([0.0, 0.01, 0.5, 0.51, 0.52]), 0.05) == [(0, 2), (2, 3)]


def test_odour_trials_lie_on_one_clock_and_leave_out_the_dead_time():
    held = {
        "fs": 10.0,
        "sample": np.array([10, 150, 5]),
        "unit": np.array([0, 1, 1]),
        "condition": np.array([0, 0, 1]),
        "condition_names": np.array(["rose", "mint"]),
        "unit_names": np.array(["a", "b"]),
    }
    found = odour_trials("locust_20000421", held, "20000421", get_dataset("locust_20000421"))
    assert [times.tolist() for times in found.data] == [[1.0], [15.0, 30.5]]
    assert found.epochs["start_s"].tolist() == [0.0, 10.0, 30.0]
    assert found.epochs["end_s"].tolist() == [8.8, 18.8, 38.8]
    assert found.epochs["label"].tolist() == ["rose", "rose", "mint"]
    assert found.epochs["trial"].tolist() == [0, 1, 0]


# ------------------------------------------------------------------------------------------------------ PFC-6


@pytest.fixture
def session(tmp_path):
    """A session in the format of CRCNS: three trials, two cells."""
    (tmp_path / "1_Behavior.dat").write_text(
        "10000\t13000\t4\t1\t0\t1\n20000\t24000\t1\t0\t1\t1\n40000\t41000\t3\t1\t1\t0\n"
    )
    (tmp_path / "1_SpikeData.dat").write_text("6000\t2\n5500\t1\n12000.5\t1\n")
    (tmp_path / "1_CellType.dat").write_text("2\n1\n")
    (tmp_path / "1_Pos.dat").write_text("6000\t1.5\t2.5\n6033\t1.6\t2.6\n")
    return tmp_path


def test_pfc6_trials_and_windows(session):
    found = load_pfc6(session, "1")
    assert [times.tolist() for times in found.data] == [[5.5, 12.0005], [6.0]]
    assert found.epochs["start_s"].tolist() == [5.0, 15.0, 35.0]
    assert found.epochs["end_s"].tolist() == [20.0, 30.0, 50.0]
    assert found.epochs["label"].tolist() == ["go to dark", "go right", "go left"]
    assert found.epochs["correct"].tolist() == [True, False, True]
    assert found.epochs["choice"].tolist() == ["right", "left", "left"]
    assert found.units["cell_type"].tolist() == [2, 1]
    assert found.covariates["x_au"].tolist() == [1.5, 1.6]
    # 750 bins of 20 ms, as in the paper
    assert (found.epochs["end_s"] - found.epochs["start_s"]).tolist() == [15.0] * 3


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("Behavior", "1\t2\t3\n", "must hold 6 numbers"),
        ("Behavior", "1\t2\t9\t1\t1\t1\n", "rules must be 1 to 4"),
        ("Behavior", "5\t2\t1\t1\t1\t1\n", "end after they start"),
        ("Behavior", "what is this\n", "cannot be used"),
        ("SpikeData", "100\t0\n", "numbered from 1"),
        ("SpikeData", "100\t3\n", "cells go up to 3, but 2 have a class"),
        ("SpikeData", "100\t1.5\n", "numbered from 1"),
        ("SpikeData", "nan\t1\n", "not finite"),
        ("Pos", "100\t1\n", "must hold 3 numbers"),
    ],
)
def test_damaged_pfc6_files_are_named(session, part, content, message):
    (session / f"1_{part}.dat").write_text(content)
    with pytest.raises(DataFormatError, match=message) as caught:
        load_pfc6(session, "1")
    assert f"1_{part}.dat" in str(caught.value)


def test_absent_pfc6_spikes_say_where_they_are(session):
    (session / "1_SpikeData.dat").unlink()
    with pytest.raises(DataNotFoundError, match=r"crcns\.org.*free account"):
        load_pfc6(session, "1")
    assert len(read_pfc6_trials(session, "1")) == 3


def test_the_papers_session(recordings):
    folder = recordings / "hmm_glm" / "pfc6_200104_behavior"
    trials = read_pfc6_trials(folder)
    assert len(trials) == 54
    # "go to dark" is correct exactly when the choice is not the light, "go right" when it is right: this
    # fails if columns or codes are swapped
    dark = trials[trials["rule"] == "go to dark"]
    assert ((dark["choice"] != dark["light"]) == dark["correct"]).all()
    right = trials[trials["rule"] == "go right"]
    assert ((right["choice"] == "right") == right["correct"]).all()
    with pytest.raises(DataNotFoundError, match="200104_SpikeData"):
        load_pfc6(folder)


# ------------------------------------------------------------------------------------------------------- NWB


def test_nwb_units_and_trials(tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="needs pynwb (the extra 'io')")
    from datetime import UTC, datetime

    content = pynwb.NWBFile("made for a test", "identifier", datetime(2020, 1, 1, tzinfo=UTC))
    content.add_unit(spike_times=[2.0, 1.0])
    content.add_unit(spike_times=[0.5])
    content.add_trial(start_time=0.0, stop_time=1.5)
    content.add_trial(start_time=2.0, stop_time=3.0)
    path = tmp_path / "a.nwb"
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(content)
    found = load_nwb_spikes(path)
    assert [times.tolist() for times in found.data] == [[1.0, 2.0], [0.5]]
    assert found.epochs[["start_s", "end_s"]].to_numpy().tolist() == [[0.0, 1.5], [2.0, 3.0]]
    path.write_bytes(b"no HDF5")
    with pytest.raises(DataFormatError, match=r"a\.nwb cannot be used"):
        load_nwb_spikes(path)


def test_nwb_needs_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_nwb_spikes(tmp_path / "a.nwb")


# -------------------------------------------------------------------------------------------- real recordings


def test_grasshopper_times_are_seconds():
    try:
        found = fetch_grasshopper_spikes(stimulus=False)
    except DataNotFoundError as error:
        pytest.skip(f"needs the wheel of nitime: {error.reason}")
    (times,) = found.data
    first = times[times < 10]
    # published statistics of the first recording: 929 spikes in 10 s, shortest interval 3.2 ms, median
    # 9.3 ms, coefficient of variation 0.53
    intervals = np.diff(first)
    assert (first.size, times.size) == (929, 1797)
    assert intervals.min() == pytest.approx(3.2e-3, abs=5e-5)
    assert np.median(intervals) == pytest.approx(9.3e-3, abs=5e-5)
    assert intervals.std() / intervals.mean() == pytest.approx(0.53, abs=5e-3)
    assert is_complete(found)


def test_head_direction_sequences_tile_the_record(recordings):
    found = fetch_head_direction_spikes()
    rows = found.sequences
    assert found.data.shape == (212_078 + 870_900 + 97_600, 19)
    assert rows["first_bin"].tolist() == [0, *rows["n_bins"].cumsum().tolist()[:-1]]
    assert found.lengths.sum() == len(found.data)
    assert rows.groupby("label")["n_bins"].sum().to_dict() == {
        "REM sleep": 97_600,
        "slow-wave sleep": 870_900,
        "wake": 212_078,
    }
    # no wake sequence contains a gap of the tracking
    steps = np.diff(found.covariates["wake_time_s"])
    ends = rows.loc[rows["label"] == "wake", "n_bins"].cumsum().to_numpy()[:-1] - 1
    assert np.delete(steps, ends).max() < 0.05 < steps[ends].min()
    # REM epochs of the recording's own list, in seconds
    assert (rows.loc[rows["label"] == "REM sleep", "n_bins"] / 100).tolist() == [
        100, 131, 103, 73, 166, 142, 15, 101, 122, 8, 15,
    ]  # fmt: skip
    assert is_complete(found)


def test_head_direction_neurons_prefer_a_direction(recordings):
    # an independent check that counts and angles belong together: each neuron's mean vector over the wake
    # bins points where the authors' tuning says
    found = fetch_head_direction_spikes()
    angle = found.covariates["wake_angle_rad"]
    counts = found.data[: angle.size].astype(float)
    usable = np.isfinite(angle)
    vector = np.exp(1j * angle[usable]) @ counts[usable]
    error = np.angle(vector * np.exp(-1j * found.covariates["preferred_rad"]))
    assert np.abs(error).max() < np.pi / 4


@pytest.mark.parametrize(
    ("maze", "n_units", "n_dropped", "seconds"), [("w-maze", 24, 1, 4371.2), ("linear-track", 31, 0, 6365.2)]
)
def test_hippocampal_clusters_without_the_noise(recordings, maze, n_units, n_dropped, seconds):
    found = fetch_hippocampus_spikes(maze)
    assert (found.n_neurons, len(found.dropped)) == (n_units, n_dropped)
    assert max(times[-1] for times in found.data) <= seconds
    assert all((np.diff(times) >= 0).all() for times in found.data)
    # rest: the tracked light does not move by a pixel
    x, time = found.covariates["x_pixel"], found.covariates["time_s"]
    for start, end, label in found.epochs[["start_s", "end_s", "label"]].itertuples(index=False):
        moved = np.ptp(x[(time > start + 1) & (time < end - 1)])
        assert moved == 0 if label == "rest" else moved > 50
    assert is_complete(found)


def test_adn_ca1_epochs(recordings):
    found = fetch_adn_ca1_spikes()
    assert found.units["location"].value_counts().to_dict() == {"ca1": 8, "adn": 7}
    assert sum(times.size for times in found.data) == 98_794
    assert found.epochs["label"].tolist() == ["sleep", "wake"]
    assert is_complete(found)


@pytest.mark.parametrize(
    ("session", "n_trials", "n_spikes"), [("20000613", 360, 98_377), ("20000421", 505, 200_820)]
)
def test_locust_trials(recordings, session, n_trials, n_spikes):
    found = fetch_locust_spikes(session)
    assert len(found.epochs) == n_trials
    assert sum(times.size for times in found.data) == n_spikes
    start = found.epochs["start_s"].to_numpy()
    assert (found.epochs["end_s"].to_numpy()[:-1] <= start[1:] + 1e-9).all()
    # firing after the onset differs from firing before it, averaged over trials
    onset = found.epochs["onset_s"].to_numpy()
    rates = [
        np.mean([np.searchsorted(t, onset + b) - np.searchsorted(t, onset + a) for t in found.data]) / (b - a)
        for a, b in ((-1.0, 0.0), (0.1, 0.6))
    ]
    assert abs(np.log(rates[1] / rates[0])) > np.log(1.3)
    assert is_complete(found)


@pytest.mark.parametrize(
    ("load", "argument"), [(fetch_locust_spikes, "19990101"), (fetch_hippocampus_spikes, "t-maze")]
)
def test_unknown_recordings_are_refused(load, argument):
    with pytest.raises(ValueError, match="must be one of"):
        load(argument)


@pytest.mark.parametrize("load", [fetch_locust_spikes, fetch_adn_ca1_spikes])
def test_what_cannot_be_downloaded_says_so(load, tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    with pytest.raises(DataNotFoundError, match="no public download"):
        load(data_dir=tmp_path)


def test_downloads_can_be_switched_off(tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setattr("neurosci.datasets._store.installed_file", lambda member: None)
    with pytest.raises(DataNotFoundError, match="switched off"):
        fetch_grasshopper_spikes(data_dir=tmp_path, download=False)
    with pytest.raises(ValueError, match="download must be"):
        fetch_head_direction_spikes(download="now")


def test_the_names_of_spike_trains():
    found = SpikeTrains(
        name="mine",
        data=(np.array([1.0]),),
        units=pd.DataFrame({"name": ["a"]}),
        epochs=pd.DataFrame({"start_s": [0.0], "end_s": [2.0], "label": ["all"]}),
        sfreq=1000.0,
    )
    assert repr(found) == "SpikeTrains(mine: 1 units, 1 spikes, 1 epochs, real)"
