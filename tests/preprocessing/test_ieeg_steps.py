"""Cleaning of intracranial recordings: spectra, references, bad channels, windows."""

from __future__ import annotations

import mne
import numpy as np
import pytest
from scipy.signal import welch
from sklearn.utils.estimator_checks import check_estimator

from neurosci.du_in import SyntheticSEEG
from neurosci.preprocessing.ieeg import (
    ChannelStandardizer,
    bipolar_pairs,
    epochs_to_arrays,
    find_bad_channels,
    make_pretrain_windows,
    match_channels,
    preprocess_seeg,
)

NO_FILTER = {"l_freq": None, "h_freq": None, "line_freq": None, "sfreq": None}


def make_raw(data, names, sfreq=1000.0, kind="seeg"):
    return mne.io.RawArray(data, mne.create_info(names, sfreq, kind), verbose="ERROR")


@pytest.fixture(scope="module")
def background():
    """36 s of background with the mains and a drift that all 48 contacts share, in volts."""
    return SyntheticSEEG(snr=0, random_state=5).raw(1)


def middle(raw):
    """Mean Welch spectrum over channels of the middle half, in decibels, 0.25 Hz apart."""
    data = raw.get_data()
    n = data.shape[1]
    frequency, power = welch(data[:, n // 4 : 3 * n // 4], raw.info["sfreq"], nperseg=4000)
    return frequency, 10 * np.log10(power.mean(axis=0))


# ---------------------------------------------------------------------------------------------------- spectra


def test_lines_fall_by_40_db_and_the_background_stays(background):
    before = preprocess_seeg(background, **NO_FILTER)
    after = preprocess_seeg(background)
    frequency, old = middle(before)
    _, new = middle(after)
    for line in (50, 100, 150):
        assert (old - new)[frequency == line] > 40
    inside = (frequency >= 0.8) & (frequency <= 190)
    away = (np.abs(frequency[:, None] - [50, 100, 150]) > 2).all(axis=1)
    assert np.abs(old - new)[inside & away].max() < 0.5


def test_without_harmonics_only_the_first_line_falls(background):
    frequency, old = middle(preprocess_seeg(background, **NO_FILTER))
    _, new = middle(preprocess_seeg(background, harmonics=False))
    assert (old - new)[frequency == 50] > 40
    assert abs((old - new)[frequency == 100]) < 0.5


def test_bipolar_removes_what_contacts_share():
    rng = np.random.default_rng(0)
    own = rng.normal(size=(8, 5000))
    drift = 100 * np.cumsum(rng.normal(size=5000))
    names = [f"A{k}" for k in range(1, 5)] + [f"B{k}" for k in range(1, 5)]
    clean = preprocess_seeg(make_raw(own, names), **NO_FILTER).get_data()
    shared = preprocess_seeg(make_raw(own + drift, names), **NO_FILTER).get_data()
    # double precision: the sum loses eps * |drift|, about 1e-11 of the signals
    assert np.abs(shared - clean).max() < 1e-6 * np.abs(clean).max()
    expected = [own[0] - own[1], own[1] - own[2], own[2] - own[3], own[4] - own[5], own[5] - own[6]]
    np.testing.assert_allclose(clean[:5], expected, rtol=1e-12)


def test_order_names_places_and_events_after_bipolar():
    generator = SyntheticSEEG(4, snr=0, random_state=1)
    raw = generator.raw(1)
    result = preprocess_seeg(raw, l_freq=None, line_freq=None, sfreq=500)
    assert tuple(result.ch_names) == generator.truth.ch_names
    assert set(result.get_channel_types()) == {"seeg"}
    places = np.array([channel["loc"][:3] for channel in result.info["chs"]])
    np.testing.assert_allclose(places * 1000, generator.truth.positions, atol=1e-9)
    assert result.info["sfreq"] == 500
    np.testing.assert_allclose(result.annotations.onset, raw.annotations.onset)
    assert raw.ch_names[0] == "A1", "the recording itself stays as it is"


def test_laplacian_and_average():
    rng = np.random.default_rng(1)
    data = rng.normal(size=(5, 1000))
    raw = make_raw(data, ["A1", "A2", "A3", "B1", "B7"])
    laplacian = preprocess_seeg(raw, reference="laplacian", **NO_FILTER)
    assert laplacian.ch_names == ["A1", "A2", "A3"]
    expected = [data[0] - data[1], data[1] - (data[0] + data[2]) / 2, data[2] - data[1]]
    np.testing.assert_allclose(laplacian.get_data(), expected, rtol=1e-12)
    average = preprocess_seeg(raw, reference="average", **NO_FILTER).get_data()
    np.testing.assert_allclose(average, data - data.mean(axis=0), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(preprocess_seeg(raw, reference=None, **NO_FILTER).get_data(), data)


def test_other_channels_are_kept_and_come_last():
    rng = np.random.default_rng(2)
    raw = make_raw(rng.normal(size=(3, 1000)), ["force", "A1", "A2"], kind=["misc", "seeg", "seeg"])
    result = preprocess_seeg(raw, **NO_FILTER)
    assert result.ch_names == ["A1-A2", "force"]
    np.testing.assert_array_equal(result.get_data(["force"]), raw.get_data(["force"]))


# ------------------------------------------------------------------------------------------------------ pairs


def test_pairs_never_cross_shafts_gaps_or_bad_contacts():
    names = ["A1", "A2", "A3", "A5", "TI'4", "TI'5", "TI4", "s1", "s2", "S3", "EKG", "B10", "B9"]
    assert bipolar_pairs(names) == [
        ("A1", "A2"), ("A2", "A3"), ("TI'4", "TI'5"), ("s1", "s2"), ("B9", "B10"),
    ]  # fmt: skip
    assert bipolar_pairs(names, bads=["A2", "s1"]) == [("TI'4", "TI'5"), ("B9", "B10")]


@pytest.mark.parametrize("prime", ["'", "\u2019", "\u2032", "`"])
def test_every_prime_is_a_prime(prime):
    assert bipolar_pairs([f"A{prime}1", "A1", "A'2", "A2"]) == [(f"A{prime}1", "A'2"), ("A1", "A2")]


def test_names_with_prefixes_and_leading_zeros():
    assert bipolar_pairs(["ECOG_RIGHT_0", "ECOG_RIGHT_1", "LFP_RIGHT_2"]) == [
        ("ECOG_RIGHT_0", "ECOG_RIGHT_1")
    ]
    assert bipolar_pairs(["A09", "A10"]) == [("A09", "A10")]
    with pytest.raises(ValueError, match="bipolar_pairs: ch_names must name each contact once, got 'A1' and"):
        bipolar_pairs(["A1", "A01"])


# ----------------------------------------------------------------------------------------------- bad channels


def test_bad_channels_are_named_with_a_reason():
    rng = np.random.default_rng(3)
    n, times = 10_000, np.arange(10_000) / 1000
    data = rng.normal(size=(7, n))
    data[1] = 3.0
    data[2] = np.repeat(rng.normal(size=n // 5), 5)
    data[3] = np.clip(data[3] * 10, -5, 5)
    data[4] = 0.1 * data[4] + np.sin(2 * np.pi * 50 * times)
    data[5] = 0.9 * data[5] + np.sin(2 * np.pi * 50 * times)
    # a converter of few steps: samples repeat, but not most of them
    data[6] = np.round(data[6])
    names = [f"A{k}" for k in range(7)]
    found = find_bad_channels(make_raw(data, names))
    assert set(found) == {"A1", "A2", "A3", "A4"}
    for name, reason in (("A1", "same"), ("A2", "flat"), ("A3", "saturated"), ("A4", "line noise")):
        assert reason in found[name]
    assert set(find_bad_channels(make_raw(data, names), line_freq=None)) == {"A1", "A2", "A3"}


def test_bad_channels_are_warned_about_and_left_out():
    rng = np.random.default_rng(4)
    data = rng.normal(size=(4, 3000))
    data[2] = 0
    raw = make_raw(data, ["A1", "A2", "A3", "A4"])
    with pytest.warns(UserWarning, match=r"1 channel\(s\) are treated as bad: A3 \(flat"):
        result = preprocess_seeg(raw, **NO_FILTER)
    assert result.ch_names == ["A1-A2"]
    assert raw.info["bads"] == []


# ------------------------------------------------------------------------------------------------ wrong input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "monopolar"}, "reference must be one of"),
        ({"sfreq": 2000.0}, "sfreq must be at most that of the recording, 1000 Hz"),
        ({"sfreq": 300.0}, "h_freq must be below half the sampling rate, 150 Hz"),
        ({"h_freq": 600.0}, "h_freq must be below half the sampling rate, 500 Hz"),
        ({"l_freq": 300.0}, "l_freq must be below h_freq"),
        ({"l_freq": -1.0}, "l_freq must be positive"),
        ({"line_freq": np.nan}, "line_freq must be positive"),
        ({"picks": "ecog"}, r"picks must name channels or types of the recording \(2 seeg\)"),
        ({"picks": ["A1", "A9"]}, "picks must name channels"),
        ({}, r"raw must last at least 6\.6 s, the length of its filters, got 3\.0 s"),
    ],
)
def test_wrong_settings_of_preprocessing(options, message):
    raw = make_raw(np.random.default_rng(0).normal(size=(2, 3000)), ["A1", "A2"])
    with pytest.raises(ValueError, match=f"preprocess_seeg: {message}"):
        preprocess_seeg(raw, **options)


def test_recordings_without_neighbours_or_with_nan():
    data = np.random.default_rng(0).normal(size=(3, 3000))
    for reference in ("bipolar", "laplacian"):
        with pytest.raises(ValueError, match=f"a {reference} reference needs neighbouring contacts"):
            preprocess_seeg(make_raw(data, ["left", "A1", "B2"]), reference=reference, **NO_FILTER)
    data[1, 5] = np.nan
    with pytest.raises(ValueError, match=r"samples must be finite, got .* in 1 channel\(s\): A2"):
        preprocess_seeg(make_raw(data, ["A1", "A2", "A3"]), **NO_FILTER)


# ---------------------------------------------------------------------------------------------------- windows


def test_windows_start_where_they_say_and_avoid_bad_stretches(tmp_path):
    data = np.arange(20_000.0)[None] + np.array([[0.0], [50_000.0]])
    raw = make_raw(data, ["A1", "A2"])
    windows = make_pretrain_windows(raw, duration=4, overlap=2)
    assert windows.starts.tolist() == list(range(0, 17, 2))
    for X, start in zip(windows.X, windows.starts, strict=True):
        np.testing.assert_array_equal(X, data[:, int(start * 1000) : int(start * 1000) + 4000])
    raw.set_annotations(mne.Annotations([4.5], [1.0], ["BAD_seizure"]))
    avoided = make_pretrain_windows(raw, duration=4, overlap=2, path=tmp_path / "w.npy")
    assert avoided.starts.tolist() == [0, 6, 8, 10, 12, 14, 16]
    assert isinstance(avoided.X, np.memmap)
    np.testing.assert_array_equal(np.load(tmp_path / "w.npy"), windows.X[[0, 3, 4, 5, 6, 7, 8]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"duration": 30}, "raw must last at least one window of 30 s, got 10 s"),
        ({"duration": 2, "overlap": 2}, "overlap must be in"),
        ({"duration": 1.0005, "overlap": 0}, "duration must be whole samples at 1000 Hz"),
        ({"picks": "eeg"}, "picks must name"),
    ],
)
def test_wrong_settings_of_windows(options, message):
    raw = make_raw(np.zeros((2, 10_000)), ["A1", "A2"])
    with pytest.raises(ValueError, match=f"make_pretrain_windows: {message}"):
        make_pretrain_windows(raw, **options)


def test_epochs_become_arrays():
    generator = SyntheticSEEG(3, n_shafts=2, n_contacts=6, random_state=2)
    epochs, trials = generator.epochs(2), generator.trials(2)
    found = epochs_to_arrays(epochs, groups="block")
    assert found.classes == ("word/0", "word/1", "word/2")
    np.testing.assert_array_equal(found.y, trials.y)
    np.testing.assert_array_equal(found.groups, trials.groups)
    # volts: 10 microvolts per unit
    np.testing.assert_allclose(found.X, trials.X * 1e-5, rtol=1e-6)
    with pytest.raises(ValueError, match="groups must be a column of the metadata"):
        epochs_to_arrays(epochs, groups="session")
    with pytest.raises(ValueError, match=r"each class must have at least 2 trials, got 'word/\d' \(1\)"):
        epochs_to_arrays(epochs[:4])
    with pytest.raises(ValueError, match="must hold at least one trial"):
        epochs_to_arrays(epochs[[]])


def test_channels_are_matched_by_name():
    assert match_channels(["b", "A", "C"], ["a", "B"]).tolist() == [1, 0]
    # both cases exist: only the exact name will do
    assert match_channels(["A", "a"], ["a", "A"]).tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"got none for X1, X2 \(channels that it does not know: B\)"):
        match_channels(["A", "B"], ["A", "X1", "X2"])


# --------------------------------------------------------------------------------------------------- z-scores


@pytest.mark.parametrize("case", [0, 1])
def test_z_scores_are_those_of_the_training_trials(case):
    rng = np.random.default_rng(case)
    X = rng.normal(3, 7, (20, 4, 50))
    fitted = ChannelStandardizer().fit(X[:15])
    flat = X[:15].transpose(1, 0, 2).reshape(4, -1)
    expected = (X[15:] - flat.mean(axis=1)[:, None]) / flat.std(axis=1)[:, None]
    np.testing.assert_allclose(fitted.transform(X[15:]), expected, rtol=1e-12)
    # what comes later changes nothing
    np.testing.assert_array_equal(ChannelStandardizer().fit(X[:15]).mean_, fitted.mean_)
    assert fitted.transform(X.astype(np.float32)).dtype == np.float32
    # scale-free, down to volts
    np.testing.assert_allclose(
        ChannelStandardizer().fit(X[:15] * 1e-6).transform(X[15:] * 1e-6), expected, rtol=1e-9
    )


def test_dead_channels_are_named_or_set_to_zero():
    X = np.random.default_rng(0).normal(size=(5, 3, 20))
    X[:, 1] = 4.2
    with pytest.raises(ValueError, match=r"channels must vary, got 1 constant: A2 \(drop them"):
        ChannelStandardizer(ch_names=["A1", "A2", "A3"]).fit(X)
    fitted = ChannelStandardizer(dead="zero").fit(X)
    assert fitted.dead_channels_ == ["channel 1"]
    later = fitted.transform(X + 1)
    assert np.isfinite(later).all()
    assert not later[:, 1].any()
    X[2, 0, 3] = np.inf
    with pytest.raises(ValueError, match=r"X must be finite, got NaN or inf in 1 channel\(s\): channel 0"):
        fitted.transform(X)
    with pytest.raises(ValueError, match="ch_names must name the 3 channels"):
        ChannelStandardizer(ch_names=["A1"]).fit(np.random.default_rng(0).normal(size=(5, 3, 20)))


def test_scikit_learn_contract():
    state = np.random.get_state()  # noqa: NPY002
    try:
        check_estimator(ChannelStandardizer(), on_skip=None)
    finally:
        np.random.set_state(state)  # noqa: NPY002 (some checks of scikit-learn draw from it)
