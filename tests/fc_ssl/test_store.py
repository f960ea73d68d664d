"""Stores hold what was put in, whole or not at all, and say so when they are damaged."""

from __future__ import annotations

import hashlib
import json
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from neurosci._core.result import DataFormatError
from neurosci.fc_ssl import TimeSeriesStore
from neurosci.fc_ssl import _store_files as files
from neurosci.fc_ssl._streaming import measure_streaming, sparse_store

# Half precision has 11 significant bits: rounding moves a number by at most 2**-11 of itself.
HALF = 2**-11


@pytest.fixture
def scans():
    rng = np.random.default_rng(0)
    return [rng.standard_normal((n, 7)) * 300 + 1000 for n in (60, 91, 75)]


META = {
    "subject": ["01", "02", "01"],
    "site": ["X", "Y", "X"],
    "t_r": [2.0, 1.5, 2.0],
    "session": ["a", "b", "c"],
}


def standardized(scan):
    return (scan - scan.mean(axis=0)) / scan.std(axis=0)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_scans_come_back(tmp_path, scans, dtype):
    store = TimeSeriesStore.create(tmp_path / "s", (scan for scan in scans), META, dtype=dtype)
    assert len(store) == 3 and store.n_times.tolist() == [60, 91, 75]
    rounding = HALF if dtype == "float16" else 2**-24
    for scan, found in zip(scans, store, strict=True):  # indexing ends the loop, as in every sequence
        assert found.dtype == np.float32
        assert np.abs(found - standardized(scan)).max() <= rounding * np.abs(standardized(scan)).max()
    np.testing.assert_array_equal(store.read(1, 10, 30), store[1][10:40])
    np.testing.assert_array_equal(store.read(-1, 70), store[2][70:])
    assert store.index[["subject", "site", "session"]].values.tolist() == [
        ["01", "X", "a"], ["02", "Y", "b"], ["01", "X", "c"],
    ]  # fmt: skip
    assert store.t_r.tolist() == [2.0, 1.5, 2.0]
    assert store.participants.values.tolist() == [["01", "X"], ["02", "Y"]]
    assert store.regions == [str(k) for k in range(7)]


def test_half_precision_hardly_moves_a_correlation(tmp_path, scans):
    scans[0] = scans[0] + np.random.default_rng(1).standard_normal((60, 1)) * 500
    store = TimeSeriesStore.create(tmp_path / "s", scans[:1], {"subject": ["a"]})
    assert np.abs(np.corrcoef(store[0].T) - np.corrcoef(scans[0].T)).max() < 1e-3


def test_numbers_can_be_kept_as_they_are(tmp_path, scans):
    store = TimeSeriesStore.create(tmp_path / "s", scans, META, dtype="float32", standardize=False)
    np.testing.assert_array_equal(store[1], scans[1].astype(np.float32))
    assert not store.standardized
    with pytest.raises(ValueError, match=r"must fit into float16, got 1e\+06 for subject 01"):
        TimeSeriesStore.create(
            tmp_path / "t", [np.array([[0.0], [1e6]])], {"subject": ["01"]}, standardize=False
        )


def test_constant_regions_are_zero_and_counted(tmp_path, scans):
    scans[1][:, 3] = 0.1
    store = TimeSeriesStore.create(tmp_path / "s", scans, META)
    assert store.n_constant.tolist() == [0, 1, 0]
    assert not store[1][:, 3].any() and store[1][:, 2].any()


def test_numpy_reads_the_array(tmp_path, scans):
    store = TimeSeriesStore.create(tmp_path / "s", scans, META)
    mapped = np.load(tmp_path / "s" / files.SERIES, mmap_mode="r", allow_pickle=False)
    assert mapped.shape == (226, 7) and mapped.dtype == np.float16
    np.testing.assert_array_equal(mapped[60:151].astype(np.float32), store[1])


def test_a_part_is_a_store_too(tmp_path, scans):
    store = TimeSeriesStore.create(tmp_path / "s", scans, META)
    part = store.select(store.index["subject"] == "01")
    assert len(part) == 2 and part.t_r.tolist() == [2.0, 2.0]
    np.testing.assert_array_equal(part[1], store[2])
    np.testing.assert_array_equal(store.select([2, 0])[0], store[2])
    assert len(store) == 3


def test_torch_loads_it_and_other_processes_can_open_it(tmp_path, scans):
    store = TimeSeriesStore.create(tmp_path / "s", scans, META)
    loader = DataLoader(store, batch_size=None, generator=torch.Generator())
    for found, expected in zip(loader, store, strict=True):
        np.testing.assert_array_equal(np.asarray(found), expected)
    again = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(again[2], store[2])


def test_odd_texts_survive(tmp_path, scans):
    meta = {**META, "subject": ["NA", 'q"u\to', "007"], "site": ["n/a", "ünï", "01"]}
    people = pd.DataFrame({"participant_id": ["007", "NA", 'q"u\to', "more"], "age": [1.5, np.nan, 3, 4]})
    TimeSeriesStore.create(tmp_path / "s", scans, meta, participants=people, regions=list("abcdefg"))
    store = TimeSeriesStore.open(tmp_path / "s")
    assert store.index["subject"].tolist() == ["NA", 'q"u\to', "007"]
    assert store.index["site"].tolist()[1:] == ["ünï", "01"]
    assert store.participants["participant_id"].tolist() == people["participant_id"].tolist()
    np.testing.assert_array_equal(store.participants["age"], people["age"])
    assert store.regions == list("abcdefg")


def names_below(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("where", [0, 1, 2])
def test_what_fails_leaves_nothing_behind(tmp_path, scans, where):
    def arrays():
        for i, scan in enumerate(scans):
            if i == where:
                raise RuntimeError("the scanner is on fire")
            yield scan

    with pytest.raises(RuntimeError, match="on fire"):
        TimeSeriesStore.create(tmp_path / "s", arrays(), META)
    assert names_below(tmp_path) == []


def test_an_earlier_store_is_kept_unless_it_may_go(tmp_path, scans):
    first = TimeSeriesStore.create(tmp_path / "s", scans, META)[0]
    with pytest.raises(FileExistsError, match="overwrite=True"):
        TimeSeriesStore.create(tmp_path / "s", scans[::-1], META)
    with pytest.raises(ValueError, match="must be finite"):
        TimeSeriesStore.create(tmp_path / "s", [*scans[:2], scans[2] * np.nan], META, overwrite=True)
    np.testing.assert_array_equal(TimeSeriesStore.open(tmp_path / "s", verify=True)[0], first)
    TimeSeriesStore.create(tmp_path / "s", scans[::-1], META, overwrite=True)
    assert TimeSeriesStore.open(tmp_path / "s").n_times.tolist() == [75, 91, 60]
    assert names_below(tmp_path) == ["s"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(FileExistsError, match=r"has no store\.json"):
        TimeSeriesStore.create(tmp_path / "mine", scans, META, overwrite=True)
    assert names_below(tmp_path / "mine") == ["thesis.txt"]


@pytest.fixture
def folder(tmp_path, scans):
    return TimeSeriesStore.create(tmp_path / "s", scans, META).path


@pytest.mark.parametrize("name", [files.SERIES, files.SCANS, files.PEOPLE, files.ABOUT])
@pytest.mark.parametrize("how", ["gone", "empty", "short", "long"])
def test_a_damaged_file_is_named(folder, name, how):
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes({"empty": b"", "short": content[:-5], "long": content + b"xx"}[how])
    with pytest.raises(DataFormatError, match=name.replace(".", r"\.")):
        TimeSeriesStore.open(folder)


def test_a_changed_table_is_found(folder):
    text = (folder / files.SCANS).read_text()
    (folder / files.SCANS).write_text(text.replace("1.5", "1.6"))
    with pytest.raises(DataFormatError, match=r"scans\.tsv .* is not what was written"):
        TimeSeriesStore.open(folder)


def test_a_changed_number_is_found_and_its_subject_named(folder):
    path = folder / files.SERIES
    content = bytearray(path.read_bytes())
    content[files.HEADER + 2 * 7 * 80] ^= 1  # frame 80 is in the second scan
    path.write_bytes(content)
    TimeSeriesStore.open(folder)
    with pytest.raises(DataFormatError, match=r"scan 1 \(subject 02\) .* are damaged"):
        TimeSeriesStore.open(folder, verify=True)


@pytest.mark.parametrize("place", [0, 7, 20, 60])
def test_a_changed_header_is_found(folder, place):
    path = folder / files.SERIES
    content = bytearray(path.read_bytes())
    content[place] ^= 0x11
    path.write_bytes(content)
    with pytest.raises(DataFormatError, match="its header is not the one written"):
        TimeSeriesStore.open(folder)


def forge(folder, change):
    about = json.loads((folder / files.ABOUT).read_text())
    change(about)
    (folder / files.ABOUT).write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about: about.update(version=2), "must be a store of version 1"),
        (lambda about: about.update(format="else"), "must be a store of version 1"),
        (lambda about: about.update(dtype="|O"), "contradict"),
        (lambda about: about.update(n_frames=10**9), "contradict"),
        (lambda about: about.pop("regions"), "damaged"),
        (lambda about: about.update(files=[]), "damaged"),
        (lambda about: about["files"].update({"../x": {"bytes": 1}}), "damaged: it is missing"),
    ],
)
def test_a_forged_description_is_refused(folder, change, message):
    forge(folder, change)
    with pytest.raises(DataFormatError, match=message):
        TimeSeriesStore.open(folder)


def test_frames_that_are_not_there_are_refused(folder):
    path = folder / files.SCANS
    text = path.read_text()
    changed = text.replace("\t151\t", "\t152\t")
    assert changed != text
    path.write_text(changed)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    forge(folder, lambda about: about["files"][files.SCANS].update(bytes=len(content), sha256=digest))
    with pytest.raises(DataFormatError, match="names frames that are not there"):
        TimeSeriesStore.open(folder)


def test_no_store_is_a_clear_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be the folder of a store"):
        TimeSeriesStore.open(tmp_path / "none")
    with pytest.raises(DataFormatError, match=r"must hold store\.json"):
        TimeSeriesStore.open(tmp_path)


BAD = {
    "infinite": (lambda s: [s[0], np.where(s[1] == s[1][4, 2], np.inf, s[1]), s[2]], META, {},
                 "for subject 02, the first at frame 4 of region 2"),
    "named": (lambda s: [s[0], np.where(s[1] == s[1][4, 2], np.nan, s[1]), s[2]], META,
              {"regions": list("abcdefg")}, r"region 2 \(c\)"),
    "other regions": (lambda s: [s[0], s[1][:, :5], s[2]], META, {}, "7 regions each, got 5 for subject 02"),
    "too many": (lambda s: [*s, s[0]], META, {}, "got more scans"),
    "too few": (lambda s: s[:2], META, {}, "got 3 for 2 scans"),
    "one axis": (lambda s: [s[0][:, 0], *s[1:]], META, {}, r"of shape \(60,\) for subject 01"),
    "no subject": (lambda s: s, {"site": ["X"] * 3}, {}, "column subject"),
    "t_r": (lambda s: s, {**META, "t_r": -1.0}, {}, "t_r must be positive"),
    "dtype": (lambda s: s, META, {"dtype": "int8"}, "dtype must be one of"),
    "kind": (lambda s: s, META, {"kind": "made up"}, "kind must be one of"),
    "people": (lambda s: s, META, {"participants": pd.DataFrame({"participant_id": ["01"]})},
               "got none for 02"),
    "twice": (lambda s: s, META, {"participants": pd.DataFrame({"participant_id": ["01", "01"]})},
              "names each person once"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(tmp_path, scans, case):
    change, meta, options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        TimeSeriesStore.create(tmp_path / "s", change(scans), meta, **options)
    assert names_below(tmp_path) == []


def test_reads_stay_inside_a_scan(folder):
    store = TimeSeriesStore.open(folder)
    for start, n_times in ((0, 61), (-1, 5), (60, None), (3, 0)):
        with pytest.raises(ValueError, match=r"scan of 60 frames \(subject 01\)"):
            store.read(0, start, n_times)
    with pytest.raises(IndexError, match="below 3, got 3"):
        store[3]
    (folder / files.SERIES).write_bytes((folder / files.SERIES).read_bytes()[:-100])
    with pytest.raises(DataFormatError, match="became shorter"):
        store[2]


def test_a_large_store_is_streamed_with_flat_memory(tmp_path):
    # 1.2 GB on paper, a few MB on the disk; reading 400 scans would map or keep 60 MB
    found = measure_streaming(
        tmp_path / "s", n_scans=8000, n_times=370, n_regions=200, n_read=400, n_prepared=20
    )
    assert found.store_gb == pytest.approx(8000 * 370 * 200 * 2 / 1e9, rel=1e-3)
    assert found.n_read == 400 and found.n_prepared == 20
    assert found.growth_mb < 15 or np.isnan(found.growth_mb)
    assert found.read_per_s > 0 and found.prepared_per_s > 0
    blocks = (tmp_path / "s" / files.SERIES).stat().st_blocks * 512
    assert blocks < 0.1 * found.store_gb * 1e9


def test_a_sparse_store_is_a_whole_store(tmp_path):
    store = sparse_store(tmp_path / "s", n_scans=20, n_times=30, n_regions=9, n_written=5, seed=3)
    assert store.kind == "synthetic" and len(store) == 20
    TimeSeriesStore.open(store.path, verify=True)
    full = store.n_constant == 0
    assert full.sum() == 5
    for i, scan in enumerate(store):
        assert scan.any() == full[i]
