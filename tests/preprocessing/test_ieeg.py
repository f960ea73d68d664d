"""EDF, BDF, FIF and BrainVision files whole, damaged and hostile."""

from __future__ import annotations

import gzip
import logging
import struct
import warnings

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosci._core.result import DataFormatError
from neurosci.preprocessing.ieeg import read_raw


@pytest.fixture(autouse=True, params=["WARNING", "ERROR"])
def mne_level(request):
    """Every test runs at MNE's usual log level and at one that hides its warnings."""
    before = mne.set_log_level(request.param, return_old_level=True)
    yield
    mne.set_log_level(before)


def refused(path, reason):
    with pytest.raises(DataFormatError, match=rf"read_raw: {path.name} cannot be used: .*{reason}"):
        read_raw(path)


def replace(path, place, value):
    content = path.read_bytes()
    path.write_bytes(content[:place] + value + content[place + len(value) :])
    return path


# ------------------------------------------------------------------------------------------------------- EDF


@pytest.mark.parametrize(("name", "bits"), [("rest.edf", 16), ("rest.bdf", 24), ("REST.EDF", 16)])
def test_whole_edf(write_edf, samples, name, bits):
    raw = read_raw(write_edf(name))
    # 2000 microvolts over the digital range, by the definition of the format.
    volts = 1e-6 * (-1000 + 2000 * (samples + 2 ** (bits - 1)) / (2**bits - 1))
    assert np.allclose(raw.get_data(), volts, atol=1e-12)
    assert raw.info["sfreq"] == 100
    assert raw.ch_names == ["LFP 0", "LFP 1", "LFP 2"]


def test_mne_alone_reads_a_truncated_edf_as_a_shorter_one(write_edf):
    """Why sizes are compared: no error, and no warning either where MNE's log level is above WARNING."""
    path = write_edf()
    path.write_bytes(path.read_bytes()[: -4 * 300 - 50])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        raw = mne.io.read_raw_edf(path, verbose="ERROR")
    assert raw.n_times == 450


@pytest.mark.parametrize("cut", [1, 2, 100, 300, 1234, 4199])
def test_truncated_edf(write_edf, cut):
    path = write_edf()
    path.write_bytes(path.read_bytes()[:-cut])
    refused(path, "its header claims 14 records, 5,224 bytes, and it holds")


def test_edf_with_bytes_to_spare(write_edf):
    path = write_edf()
    path.write_bytes(path.read_bytes() + b"\0\0")
    refused(path, "5,224 bytes, and it holds 5,226")


@pytest.mark.parametrize("size", [1, 100, 255, 256, 700, 1000])
def test_edf_cut_inside_its_header(write_edf, size):
    path = write_edf()
    path.write_bytes(path.read_bytes()[:size])
    refused(path, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"records": "-1"}, "never closed"),
        ({"records": "0"}, "claims 0 records"),
        ({"records": "99999999"}, "claims 99999999 records"),
        ({"records": "1e3"}, "number of records must be an integer, got '1e3'"),
        ({"records": "1\xb2"}, "must be an integer"),
        ({"signals": "9999"}, "claims 9999 signals"),
        ({"signals": "0"}, "claims 0 signals"),
        ({"signals": "-3"}, "claims -3 signals"),
        ({"header": "256"}, "in 256 bytes"),
        ({"version": "7"}, "does not begin with an EDF or BDF header"),
        ({"reserved": "EDF+D"}, "discontinuous"),
    ],
)
def test_impossible_edf_headers(write_edf, changes, reason):
    refused(write_edf(**changes), reason)


def test_samples_per_record(write_edf):
    refused(replace(write_edf(), 256 + 216 * 3, b"-50     "), "samples per record must be positive, got -50")


@pytest.mark.parametrize("content", [b"<!DOCTYPE html>" + b" " * 500, b"\0" * 5000, b"0       " + b"x" * 400])
@pytest.mark.parametrize("name", ["rest.edf", "rest.bdf", "rest_raw.fif", "rest_raw.fif.gz", "rest.vhdr"])
def test_other_content(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    refused(path, "")
    path.write_bytes(b"")
    refused(path, "it is empty")


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 1023), value=st.binary(min_size=1, max_size=8))
def test_any_edf_header_is_read_or_refused(tmp_path_factory, place, value):
    from tests.preprocessing.conftest import edf_bytes

    data = np.random.default_rng(0).integers(-2000, 2000, size=(3, 100))
    path = tmp_path_factory.mktemp("any") / "rest.edf"
    path.write_bytes(edf_bytes(data))
    replace(path, place, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            raw = read_raw(path)
        except DataFormatError as error:
            assert "rest.edf" in str(error)
        else:
            assert np.isfinite(raw.get_data()).all()
            assert raw.n_times == 100


# ------------------------------------------------------------------------------------------------------- FIF


@pytest.fixture(params=[".fif", ".fif.gz"])
def fif(request, tmp_path, fif_bytes):
    path = tmp_path / f"rest_raw{request.param}"
    path.write_bytes(fif_bytes[request.param])
    return path


def test_whole_fif(fif):
    raw = read_raw(fif)
    assert np.allclose(raw.get_data(), np.random.default_rng(1).normal(size=(3, 700)) * 1e-5, rtol=1e-6)


def blocks(content):
    """Where the blocks of a FIF begin."""
    places, place = [], 0
    while True:
        places.append(place)
        size, following = struct.unpack(">ii", content[place + 8 : place + 16])
        if following == -1:
            return places
        place = following or place + 16 + size


def test_mne_alone_reads_a_fif_cut_between_blocks_as_a_shorter_one(tmp_path, fif_bytes):
    """Why the chain of blocks is followed to its end mark."""
    content = fif_bytes[".fif"]
    path = tmp_path / "rest_raw.fif"
    lengths = set()
    for place in blocks(content)[-8:-2]:
        path.write_bytes(content[:place])
        lengths.add(mne.io.read_raw_fif(path, verbose="ERROR").n_times)
    assert min(lengths) < 700


def test_fif_cut_anywhere(tmp_path, fif_bytes):
    content = fif_bytes[".fif"]
    path = tmp_path / "rest_raw.fif"
    for place in [*range(1, len(content), 397), *blocks(content)[1:], len(content) - 1]:
        path.write_bytes(content[:place])
        refused(path, "")
    zipped = fif_bytes[".fif.gz"]
    path = tmp_path / "rest_raw.fif.gz"
    for place in [*range(1, len(zipped), 997), len(zipped) - 1]:
        path.write_bytes(zipped[:place])
        refused(path, "")
    path.write_bytes(gzip.compress(content[: blocks(content)[-4]]))
    refused(path, "before its end mark")


def test_flipped_bytes_of_a_zipped_fif(tmp_path, fif_bytes):
    content = fif_bytes[".fif.gz"]
    path = tmp_path / "rest_raw.fif.gz"
    for place in [*range(30, len(content), 499), len(content) - 7]:
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        refused(path, "")


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, struct.pack(">i", 7), "does not begin with a FIF block"),
        (8, struct.pack(">i", 2**31 - 1), "claims 2,147,483,647 bytes"),
        (8, struct.pack(">i", -5), "claims -5 bytes"),
        (36 + 12, struct.pack(">i", 36), "points backwards"),
        (36 + 12, struct.pack(">i", 2**31 - 1), "before its end mark"),
    ],
)
def test_impossible_chains_of_blocks(tmp_path, fif_bytes, place, value, reason):
    content = fif_bytes[".fif"]
    content = content[:place] + value + content[place + 4 :]
    path = tmp_path / "rest_raw.fif"
    path.write_bytes(content)
    refused(path, reason)


def test_part_of_a_split_fif(tmp_path):
    raw = mne.io.RawArray(
        np.random.default_rng(0).normal(size=(3, 400_000)) * 1e-5,
        mne.create_info(3, 100.0, "seeg"),
        verbose="ERROR",
    )
    path = tmp_path / "rest_raw.fif"
    raw.save(path, split_size="3MB", verbose="ERROR")
    assert read_raw(path).n_times == 400_000
    second = tmp_path / "rest_raw-1.fif"
    content = second.read_bytes()
    second.write_bytes(content[: blocks(content)[-4]])
    refused(path, "")
    second.unlink()
    refused(path, "")


# ----------------------------------------------------------------------------------------------- BrainVision


@pytest.mark.parametrize("points", [700, None])
def test_whole_brainvision(write_brainvision, samples, points):
    raw = read_raw(write_brainvision(points))
    assert np.allclose(raw.get_data(), samples * 1e-7, atol=1e-12)
    assert len(raw.annotations) == 2
    assert raw.filenames[0].name == "rest.eeg"


@pytest.mark.parametrize(
    ("points", "size", "reason"),
    [
        (700, 690 * 12, "claims 700 samples, and its data file holds 690"),
        (None, 690 * 12 + 5, "does not hold whole samples of 3 channels"),
        (None, 600 * 12, "annotation"),
        (None, 0, "does not hold whole samples"),
    ],
)
def test_truncated_brainvision(write_brainvision, tmp_path, points, size, reason):
    path = write_brainvision(points)
    data = tmp_path / "rest.eeg"
    data.write_bytes(data.read_bytes()[:size])
    refused(path, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data_file": "../rest.eeg"}, "DataFile must be a name in the same folder"),
        ({"data_file": "/etc/hostname"}, "DataFile must be a name in the same folder"),
        ({"data_file": "sub\\rest.eeg"}, "DataFile must be a name in the same folder"),
        ({"data_file": ".."}, "DataFile must be a name in the same folder"),
        ({"data_file": "rest.eeg\n  /../other.eeg"}, "DataFile must be a name in the same folder"),
        ({"data_file": "absent.eeg"}, "DataFile 'absent.eeg' is missing"),
        ({"data_file": ""}, "DataFile '' is missing"),
        ({"marker_file": "../../rest.vmrk"}, "MarkerFile must be a name in the same folder"),
        ({"marker_file": "absent.vmrk"}, ""),
        ({"extra": "DataFile=../x.eeg\n"}, "already exists"),
        ({"codepage": "utf-7"}, "Codepage must be UTF-8 or ANSI"),
        ({"codepage": "unicode_escape"}, "Codepage must be UTF-8 or ANSI"),
        ({"n_channels": 10**12}, "does not hold whole samples"),
        ({"n_channels": -3}, "does not hold whole samples"),
        ({"n_channels": "x"}, ""),
        ({"points": 10**15}, "claims 1,000,000,000,000,000 samples"),
    ],
)
def test_hostile_brainvision_headers(write_brainvision, changes, reason):
    refused(write_brainvision(**changes), reason)


def test_huge_brainvision_header(write_brainvision):
    path = write_brainvision()
    with path.open("ab") as file:
        file.write(b" " * 2**20)
    refused(path, "its header is larger than")


# --------------------------------------------------------------------------------------------------- samples


def test_nan_samples(write_brainvision):
    path = write_brainvision(values={(3, 1): np.nan, (500, 2): np.inf, (501, 0): np.nan})
    reason = "3 of 2100 samples are NaN or infinite, the first at sample 3"
    refused(path, reason)
    with pytest.warns(UserWarning, match=reason) as caught:
        raw = read_raw(path, nan_policy="propagate")
    assert caught[0].filename == __file__
    assert np.count_nonzero(~np.isfinite(raw.get_data())) == 3


def test_nan_samples_of_a_fif_in_a_later_block(tmp_path, monkeypatch):
    data = np.zeros((3, 700))
    data[2, 613] = np.nan
    path = tmp_path / "rest_raw.fif"
    mne.io.RawArray(data, mne.create_info(3, 100.0, "seeg"), verbose="ERROR").save(path, verbose="ERROR")
    monkeypatch.setattr("neurosci.preprocessing.ieeg._BLOCK", 300)
    refused(path, "1 of 2100 samples are NaN or infinite, the first at sample 613")


def test_log_level_stays(write_edf):
    before = logging.getLogger("mne").level
    read_raw(write_edf())
    assert logging.getLogger("mne").level == before


def test_wrong_arguments(tmp_path):
    with pytest.raises(
        ValueError, match=r"path must end in .edf, .bdf, .fif, .fif.gz, .vhdr, got 'rest.eeg'"
    ):
        read_raw(tmp_path / "rest.eeg")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_raw(tmp_path / "rest.edf")
    with pytest.raises(ValueError, match="nan_policy must be one of"):
        read_raw(tmp_path / "rest.edf", nan_policy="omit")
