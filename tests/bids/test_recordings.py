"""``neurosci bids --analysis du_in`` on the recording of py-neuromodulation, written as BIDS with "
"mne-bids."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.signal import welch

from neurosci import cli
from neurosci.du_in import load_pretrained
from neurosci.preprocessing.ieeg import preprocess_seeg, read_bids
from tests.bids.test_images import check_page

pytest.importorskip("mne_bids", reason="needs mne-bids (the extra 'io')")
from tests.bids import recorded

OPTIONS = ("group", "--analysis", "du_in", "--n-epochs", "2")


@pytest.fixture(scope="module")
def study(recording, tmp_path_factory):
    """The recording as it is, with a flat channel and one full of mains, and cut."""
    root = tmp_path_factory.mktemp("ieeg") / "study"
    recorded.write_people(root, recording, ["01", "02", "03"])
    return root


@pytest.fixture(scope="module")
def faults(study):
    """What is wrong with two of the people, after the validator has seen them whole."""
    samples = recorded.samples(study, "02")
    samples[:, 4] = 3.0
    noise = 20 * samples[:, 7].std() * np.sin(2 * np.pi * 50 * np.arange(len(samples)) / 1000)
    samples[:, 7] += noise.astype(samples.dtype)
    samples.flush()
    (path,) = study.glob("sub-03/ieeg/*_ieeg.eeg")
    path.write_bytes(path.read_bytes()[:100_003])


@pytest.fixture(scope="module")
def done(study, faults, tmp_path_factory):
    """The output of the one command."""
    output = tmp_path_factory.mktemp("output") / "windows"
    assert cli.main(["bids", str(study), str(output), *OPTIONS]) == cli.DONE
    return output


def test_input_and_output_are_bids(study, done, errors_of):
    assert errors_of(study) == []
    assert errors_of(done) == []
    about = json.loads((done / "dataset_description.json").read_text(encoding="utf-8"))
    assert about["DatasetType"] == "derivative" and recorded.NAME in about["GeneratedBy"][0]["Description"]


def test_bad_channels_and_a_bad_person_are_told(done):
    quality = pd.read_csv(done / "quality.tsv", sep="\t", dtype={"participant_id": str}, na_values="n/a")
    quality = quality.set_index("participant_id")
    assert quality["status"].to_dict() == {"01": "included", "02": "included", "03": "failed"}
    assert quality.loc["02", "bad_channels"] == "ECOG_RIGHT_1, ECOG_RIGHT_4"
    assert quality.loc["02", "line_share_max"] > 0.9 > 0.1 > quality.loc["01", "line_share_max"]
    assert "sub-03_task-gripforce_ieeg.vhdr" in quality.loc["03", "reason"]
    table = pd.read_csv(next(done.glob("sub-02/ieeg/*_channels.tsv")), sep="\t", index_col="name")
    assert table.loc["ECOG_RIGHT_1", "status_description"].startswith("flat")
    assert table.loc["ECOG_RIGHT_4", "status_description"].startswith("line noise")
    page = check_page(done / "index.html")
    for words in ("Constructed data", "sub-03_task-gripforce_ieeg.vhdr", "1 failed", "sub-02"):
        assert words in page
    # the header of the recording gives volts where it holds microvolts
    assert "not plausible for intracranial signals" in check_page(done / "sub-01.html")


def test_windows_are_those_of_the_steps_one_by_one(study, done):
    (path,) = done.glob("sub-01/ieeg/*_windows.npy")
    windows = np.load(path)
    raw = read_bids(study, "01", task=recorded.TASK).load_data(verbose="ERROR")
    assert raw.info["line_freq"] == 50.0
    clean = preprocess_seeg(raw, picks=("dbs", "ecog"))
    names = [name for name in clean.ch_names if "-" in name]
    record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert record["signals"] == names and len(names) == 7  # two pairs of depth contacts, five of the strip
    expected = clean.get_data(names)[:, : 19 * 1000].reshape(7, 19, 1000).transpose(1, 0, 2)
    np.testing.assert_array_equal(windows, expected.astype(np.float32))
    # Oracle of a feature: the periodogram of one window
    features = pd.read_csv(next(done.glob("sub-01/ieeg/*_windows.tsv")), sep="\t")
    frequency, power = welch(windows[4, 2].astype(float), 1000.0, nperseg=1000)
    beta = np.log10(1e12 * power[(frequency >= 13) & (frequency < 30)].sum())
    assert features[f"{names[2]} beta"][4] == pytest.approx(beta, abs=1e-4)
    assert features["onset"].tolist() == list(range(19))


def test_the_tokenizer_can_be_loaded(done):
    (path,) = done.glob("sub-02/ieeg/*_tokenizer.safetensors")
    found = load_pretrained(path)
    # without the two bad contacts three pairs of neighbours are left
    assert found.ch_names == (
        "LFP_RIGHT_0-LFP_RIGHT_1",
        "LFP_RIGHT_1-LFP_RIGHT_2",
        "ECOG_RIGHT_2-ECOG_RIGHT_3",
    )
    assert found.sfreq == 1000.0


def test_a_rerun_makes_nothing_again(study, done):
    kept = [*done.glob("sub-*/ieeg/*"), *done.glob("sub-*.html")]
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert cli.main(["bids", str(study), str(done), *OPTIONS]) == cli.DONE
    assert {path: path.stat().st_mtime_ns for path in kept} == before


def test_a_missing_extra_is_named(study, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mne_bids", None)
    assert cli.main(["bids", str(study), str(tmp_path / "o"), *OPTIONS]) == cli.USAGE
    assert "pip install 'neurosci[io]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--window", "0.25"], "--window must be a multiple of 0.1 s"),
        (["--task", "gripfroce"], "did you mean 'gripforce'"),
        (["--participant-label", "9"], "participant must be one of the recordings'"),
    ],
)
def test_wrong_use(study, tmp_path, capsys, more, words):
    assert cli.main(["bids", str(study), str(tmp_path / "o"), *OPTIONS, *more]) == cli.USAGE
    assert words in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
