"""The authors' pickle files are read without running them."""

from __future__ import annotations

import json
import os
import pickle
import sys
import types

import numpy as np
import pytest

from neurosci.datasets import (
    DataFormatError,
    DataNotFoundError,
    convert_du_in_release,
    download_du_in_release,
    load_du_in_release,
)
from neurosci.datasets._inert_pickle import read_inert

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Attributes(dict):
    """A dictionary whose keys are attributes, as in the authors' code."""

    __getattr__ = dict.get


class Plain:
    """An object with attributes."""


class Slots:
    __slots__ = ("ch_names",)


class Calls:
    """Runs something when it is loaded by the library that wrote it."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def trial(word, n_channels=3, seed=0, **more):
    rng = np.random.default_rng(seed)
    return Attributes(name=word, data_s=rng.normal(size=(n_channels, 30)), **more)


def write_run(
    root, subject=1, run="run1", records=None, names=("A1", "A2", "B1"), protocol=4, alignment="unaligned"
):
    folder = (
        root / "data" / "seeg.he2023xuanwu" / f"{subject:03d}" / "word-recitation" / run
        / f"dataset.bipolar.default.{alignment}"
    )  # fmt: skip
    folder.mkdir(parents=True)
    records = [trial("嘴巴", seed=1), trial("把", seed=2)] if records is None else records
    (folder / "data").write_bytes(pickle.dumps(records, protocol=protocol))
    info = Plain()
    info.ch_names = list(names)
    (folder / "info").write_bytes(pickle.dumps(info, protocol=protocol))
    return records


# ----------------------------------------------------------------------------------------------------- reader


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_was_stored_comes_back(protocol):
    arrays = {
        "f8": np.arange(6.0).reshape(2, 3),
        "f4": np.ones((2, 2), np.float32),
        "big": np.arange(4, dtype=">i2"),
        "bool": np.array([True, False]),
        "order": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "empty": np.empty((0, 3)),
        "scalar": np.float64(2.5),
    }
    plain = {"text": "嘴", "list": [1, 2.5, None, True, -(2**70)], "tuple": (1, (2, 3)), "bytes": b"\0\xff"}
    record = Attributes(arrays=arrays, plain=plain)
    record.update(again=arrays["f8"])
    found = read_inert(pickle.dumps([record, record], protocol=protocol))
    assert found[0] is found[1]
    assert found[0]["plain"] == plain
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[0]["arrays"][name], array)
    assert found[0]["again"] is found[0]["arrays"]["f8"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_objects_are_dictionaries(protocol):
    value = Plain()
    value.ch_names, value.inner = ["A1"], Plain()
    value.inner.sfreq = 1000
    assert read_inert(pickle.dumps(value, protocol=protocol)) == {
        "ch_names": ["A1"],
        "inner": {"sfreq": 1000},
    }
    if protocol >= 2:
        slots = Slots()
        slots.ch_names = ["B1"]
        assert read_inert(pickle.dumps(slots, protocol=protocol)) == {"ch_names": ["B1"]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_called(protocol, tmp_path):
    mark = tmp_path / "executed"
    for trap in (
        Calls(os.mkdir, str(mark)),
        Calls(eval, f"__import__('os').mkdir({str(mark)!r})"),
        Calls(getattr, Plain, "mkdir"),
        Calls(np.load, str(mark)),
        Calls(type(np.arange(3)), (2,)),
        Attributes(data_s=Calls(os.mkdir, str(mark))),
    ):
        content = pickle.dumps([{"x": trap}], protocol=protocol)
        with pytest.raises(ValueError, match=r"it calls|it holds|it needs|damaged"):
            read_inert(content)
    assert not mark.exists()


def test_arrays_of_objects_are_refused(tmp_path):
    mark = tmp_path / "executed"
    content = pickle.dumps(np.array([Calls(os.mkdir, str(mark)), 1], dtype=object))
    with pytest.raises(ValueError, match=r"type 'O8'|it calls"):
        read_inert(content)
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b".",
        b"]",
        b"(]" + b"u.",
        b"cos\nmkdir\n(S'x'\ntR.",
        b"(S'x'\nios\nmkdir\n.",
        b"\x80\x04\x8c\x02os\x8c\x05mkdir\x93.\x00"[:-2] + b"\x8c\x01x\x85R.",
        b"P12\n.",
        b"\x82\x01.",
        b"h\x05.",
        b"}K\x01K\x02s.",
        b"K\x01K\x02b.",
        b"\x80\x02cos\nmkdir\nq\x00)\x81q\x01X\x01\x00\x00\x00xb.",
    ],
)
def test_wrong_programs_are_errors(content):
    with pytest.raises(
        ValueError, match=r"damaged|it holds|it calls|it needs|it sets|it makes|pickle|opcode|stack"
    ):
        read_inert(content)


def test_every_changed_byte_is_an_error_or_data():
    """No change of one byte makes another kind of error, or takes long."""
    content = pickle.dumps([trial("a", n_channels=1)], protocol=4)
    for place in range(len(content)):
        damaged = content[:place] + bytes([content[place] ^ 0x41]) + content[place + 1 :]
        try:
            read_inert(damaged)
        except ValueError:
            continue


def test_sizes_that_do_not_fit_are_refused():
    content = pickle.dumps(np.zeros(3), protocol=4)
    with pytest.raises(ValueError, match="it holds an array of shape"):
        read_inert(content.replace(b"K\x03\x85", b"K\x30\x85"))


# ------------------------------------------------------------------------------------------------- conversion


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_release_becomes_arrays(tmp_path, protocol):
    first = write_run(tmp_path / "in", run="run1", protocol=protocol)
    # the withdrawn field is there in some versions
    second = [trial("把", seed=3, data_n=np.zeros((3, 30)))]
    write_run(tmp_path / "in", run="run2", records=second, protocol=protocol)
    (path,) = convert_du_in_release(tmp_path / "in", tmp_path / "out")
    assert path.name == "sub-001.json"
    data = load_du_in_release(path)
    assert data.classes == ("嘴巴", "把")
    assert [data.classes[k] for k in data.y] == ["嘴巴", "把", "把"]
    assert data.groups.tolist() == [0, 0, 1]
    expected = np.stack([record["data_s"] for record in [*first, *second]]).astype(np.float32)
    np.testing.assert_array_equal(data.X, expected)
    chosen = load_du_in_release(path, channels=["B1", "a1"])
    assert chosen.ch_names == ("B1", "A1")
    np.testing.assert_array_equal(chosen.X, expected[:, [2, 0]])
    held = json.loads(path.read_text(encoding="utf-8"))
    assert held["runs"][0]["words"] == ["嘴巴", "把"]
    with pytest.raises(ValueError, match="got none for C1"):
        load_du_in_release(path, channels=["C1"])


def test_alignment_and_subjects_are_chosen(tmp_path):
    write_run(tmp_path, subject=2)
    write_run(tmp_path, subject=3, alignment="aligned")
    (path,) = convert_du_in_release(tmp_path / "data", tmp_path / "out")
    assert path.name == "sub-002.json"
    (path,) = convert_du_in_release(tmp_path, tmp_path / "out", alignment="aligned")
    assert path.name == "sub-003.json"
    with pytest.raises(DataNotFoundError, match="must hold trials of subject 004"):
        convert_du_in_release(tmp_path, tmp_path / "out", subjects=[4])
    with pytest.raises(DataNotFoundError, match="must hold trials of a subject"):
        convert_du_in_release(tmp_path / "out", tmp_path / "out2")
    with pytest.raises(ValueError, match="subjects must be numbers from 1 to 12"):
        convert_du_in_release(tmp_path, tmp_path / "out", subjects=[0])
    with pytest.raises(ValueError, match="alignment must be"):
        convert_du_in_release(tmp_path, tmp_path / "out", alignment="both")


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([trial("a"), trial("b", n_channels=2)], "trials of run1/data must have the same shape, 3 channels"),
        ([trial("a", n_channels=4)], "must have the same shape, 3 channels by times"),
        ([{"name": "a"}], "run1/data must hold 'data_s'"),
        ([{"data_s": np.zeros((3, 4))}], "run1/data must hold 'name'"),
        ([], "must hold a list of trials"),
        ({"name": "a"}, "must hold a list of trials"),
        ([Attributes(name="a", data_s=np.full((3, 4), np.nan))], "samples that are not finite"),
        ([Attributes(name="a", data_s="signal")], "must have the same shape"),
        ([Calls(os.mkdir, "executed")], "run1/data cannot be used: it calls"),
    ],
)
def test_files_with_something_else(tmp_path, records, message):
    write_run(tmp_path, records=records)
    with pytest.raises(DataFormatError, match=f"convert_du_in_release: .*{message}"):
        convert_du_in_release(tmp_path, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.json"))


def test_runs_with_other_channels(tmp_path):
    write_run(tmp_path, run="run1")
    write_run(tmp_path, run="run2", names=("A1", "A2", "B2"))
    with pytest.raises(DataFormatError, match="run2 has other channels than the runs before it"):
        convert_du_in_release(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"runs": [{"file": "../x.npy", "words": ["a"]}]},
        {"runs": [{"file": "/etc/passwd", "words": ["a"]}]},
        {"runs": [{"file": "sub-001/run-01.npy", "words": ["a"]}]},
        {"runs": 3},
        {"runs": []},
    ],
)
def test_a_changed_description_is_an_error(tmp_path, change):
    write_run(tmp_path / "in")
    (path,) = convert_du_in_release(tmp_path / "in", tmp_path / "out")
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(ValueError, match=r"load_du_in_release: sub-001.json cannot be used"):
        load_du_in_release(path)


# --------------------------------------------------------------------------------------------------- download


def test_download_names_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match="the download needs huggingface_hub"):
        download_du_in_release(tmp_path, revision="abc")
    with pytest.raises(ValueError, match="subjects must be numbers"):
        download_du_in_release(tmp_path, revision="abc", subjects=[13])


def test_download_asks_for_the_trials_of_the_subjects(tmp_path, monkeypatch):
    asked = {}
    hub = types.ModuleType("huggingface_hub")
    hub.snapshot_download = lambda **options: asked.update(options) or str(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert download_du_in_release(tmp_path, revision="abc", subjects=[5]) == tmp_path
    assert asked["revision"] == "abc"
    assert asked["allow_patterns"] == ["data/*/005/word-recitation/run*/dataset.bipolar.default.*/*"]
