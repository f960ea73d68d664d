"""Trial files: the released human trials, exact round trips, damaged files."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neurosci._core.result import DataFormatError
from neurosci.critical_band import (
    CriticalBandMasking,
    from_human_trials,
    read_events,
    read_trial_archive,
    read_trials,
    to_human_trials,
    write_events,
    write_trials,
)

HEADER = "subj,session,trial,rt,object_response,category,condition,imagename\n"
ROW = "subject-01,1,1,0.5,cat,dog,c30,a.png\n"
same = pd.testing.assert_frame_equal


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "subj": ["subject-01", "subject-01", "Ω, 2"],
            "session": [1, 1, 2],
            "trial": [1, 2, 1],
            "rt": [0.1 + 0.2, np.nan, 1e-7],
            "object_response": ["cat", None, "dog"],
            "category": ["cat", "dog", "NaN"],
            "condition": ["0.20", "inf", 'say "x"'],
            "imagename": ["0001.png", "a,b.png", "001"],
        }
    ).astype(dict.fromkeys(("subj", "object_response", "category", "condition", "imagename"), "str"))


# ------------------------------------------------------------------------------------- released human trials


@pytest.fixture(scope="module")
def archive(data_root):
    return data_root / "critical_band" / "human" / "geirhos_human_trials.zip"


def test_all_released_trials_are_read_and_written_byte_by_byte(archive, tmp_path):
    tables = read_trial_archive(archive)
    assert len(tables) == 26
    assert sum(len(trials) for trials in tables.values()) == 33_280
    with zipfile.ZipFile(archive) as files:
        for name, trials in tables.items():
            path = tmp_path / "trials.csv"
            write_trials(path, trials)
            same(read_trials(path), trials, check_exact=True)
            # some files write "Session"; everything else is theirs to the byte
            assert path.read_bytes() == files.read(name).replace(b"Session", b"session", 1)


def test_released_trials_by_a_route_of_its_own(archive):
    """Accuracy and times by the csv module."""
    tables = read_trial_archive(archive)
    n_missing = 0
    with zipfile.ZipFile(archive) as files:
        for name, trials in tables.items():
            rows = list(csv.DictReader(io.TextIOWrapper(files.open(name), encoding="utf-8")))
            right = sum(row["object_response"] == row["category"] for row in rows)
            assert (trials["object_response"] == trials["category"]).fillna(False).sum() == right
            times = [float(row["rt"]) for row in rows]
            np.testing.assert_array_equal(trials["rt"], times)
            n_missing += trials["object_response"].isna().sum()
    assert n_missing == 255


# ------------------------------------------------------------------------------------------------ round trips


def test_round_trip(table, tmp_path):
    write_trials(tmp_path / "trials.csv", table)
    same(read_trials(tmp_path / "trials.csv"), table, check_exact=True)
    text = (tmp_path / "trials.csv").read_text(encoding="utf-8")
    assert text.splitlines()[:3] == [
        HEADER.strip(),
        "subject-01,1,1,0.30000000000000004,cat,cat,0.20,0001.png",
        'subject-01,1,2,NaN,na,dog,inf,"a,b.png"',
    ]
    write_trials(tmp_path / "other.csv", table[table.columns[::-1]])
    assert (tmp_path / "other.csv").read_text(encoding="utf-8") == text


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            texts,
            st.integers(0, 10**9),
            st.integers(0, 10**9),
            st.floats(0, 1e6) | st.just(np.nan),
            texts.filter(lambda text: text != "na") | st.none(),
            texts,
            texts,
            texts,
        ),
        max_size=6,
    )
)
def test_any_table_comes_back(rows, tmp_path):
    names = HEADER.strip().split(",")
    columns = list(zip(*rows, strict=True)) or [()] * 8
    kinds = ["str", "int64", "int64", "float64", "str", "str", "str", "str"]
    made = pd.DataFrame(
        {name: pd.Series(list(c), dtype=k) for name, c, k in zip(names, columns, kinds, strict=True)}
    )
    write_trials(tmp_path / "trials.csv", made)
    same(read_trials(tmp_path / "trials.csv"), made, check_exact=True)


def test_other_forms_are_read(tmp_path):
    content = (
        "\ufeffimagename,subj,Session,trial,rt,object_response,category,condition\r\n"
        "a.png,s,1,7,na,na,dog,0.50\r\n"
    )
    (tmp_path / "trials.csv").write_bytes(content.encode())
    trials = read_trials(tmp_path / "trials.csv")
    assert list(trials.columns) == HEADER.strip().split(",")
    assert trials.loc[0, "trial"] == 7
    assert np.isnan(trials.loc[0, "rt"])
    assert trials.loc[0, "condition"] == "0.50"


def experiment():
    images = np.random.default_rng(0).integers(0, 256, (9, 32, 32), np.uint8)
    model = CriticalBandMasking(n_bands=4, random_state=0, image_degrees=2.0)
    trials = model.make_trials(
        {f"{n:03d}": image for n, image in enumerate(images)}, ["cat", "dog", "oven"] * 3
    )
    return trials.assign(response=["cat", None, "oven"] * 3, rt=np.linspace(0.3, 1.1, 9))


def test_experiment_as_human_trials_and_back(tmp_path):
    trials = experiment()
    write_trials(tmp_path / "trials.csv", to_human_trials(trials, "subject-01", session=2))
    back = from_human_trials(read_trials(tmp_path / "trials.csv"))
    for name in ("image", "category", "noise_sd", "band", "rt"):
        np.testing.assert_array_equal(back[name], trials[name])
    np.testing.assert_array_equal(back["correct"], [True, False, True] * 3)
    assert back["response"].isna().sum() == 3
    assert set(back["session"]) == {2}
    assert to_human_trials(trials.assign(noise_sd=0.02, band=5), "s")["condition"][0] == "noise0.02freq5"
    assert to_human_trials(trials.assign(noise_sd=0.0, band=1), "s")["condition"][0] == "noise0freq1"


def test_conversions_refuse():
    with pytest.raises(ValueError, match=r"^to_human_trials: trials must have .*got no response"):
        to_human_trials(experiment().drop(columns="response"), "s")
    made = to_human_trials(experiment(), "s")
    for condition in ("c30", "noise0.1", "noise1e999freq2", "noise--1freq2"):
        with pytest.raises(ValueError, match=r"^from_human_trials: condition must be noise<SD>freq<band>"):
            from_human_trials(made.assign(condition=condition))


# ---------------------------------------------------------------------------------------------------- damaged


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"subj,trial\n", "its columns must be subj, session"),
        (HEADER.replace("rt", "time").encode(), "its columns must be"),
        ((HEADER + ROW[:20]).encode(), "row 2 must have 8 fields, got"),
        ((HEADER + ROW + ROW.replace("0.5", "fast")).encode(), "row 3, column rt"),
        ((HEADER + ROW.replace("0.5", "-0.5")).encode(), "row 2, column rt: must be seconds >= 0"),
        ((HEADER + ROW.replace("0.5", "inf")).encode(), "row 2, column rt: must be seconds"),
        (
            (HEADER + ROW.replace("01,1,1", "01,1,1.5")).encode(),
            "row 2, column trial: must be a whole number",
        ),
        ((HEADER + ROW).encode("utf-16"), "cannot be used"),
        (HEADER.encode() + b'a,"b', "cannot be used"),
        (HEADER.encode() + b"\xff\xfe", "codec can't decode"),
    ],
)
def test_damaged_table_is_named(tmp_path, content, words):
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(DataFormatError, match=rf"^read_trials: bad\.csv cannot be used.*{words}|{words}"):
        read_trials(tmp_path / "bad.csv")


def test_damaged_archives(tmp_path, monkeypatch):
    path = tmp_path / "bad.zip"
    path.write_bytes(b"PK nothing")
    with pytest.raises(DataFormatError, match=r"bad\.zip cannot be used"):
        read_trial_archive(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("notes.txt", "x")
    with pytest.raises(DataFormatError, match="must hold CSV files"):
        read_trial_archive(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("a.csv", HEADER + ROW * 400)
    whole = path.read_bytes()
    place = whole.index(b"a.csv") + 30
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
    with pytest.raises(DataFormatError, match=r"a\.csv in bad\.zip cannot be used"):
        read_trial_archive(path)
    monkeypatch.setattr("neurosci.critical_band._trial_files.MOST_BYTES", 1000)
    path.write_bytes(whole)
    with pytest.raises(DataFormatError, match="more than 1,000 bytes unpacked"):
        read_trial_archive(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="rt"), "got no rt"),
        (lambda t: t.assign(extra=1), "got also extra"),
        (lambda t: t.assign(rt=-1.0), "rt must be seconds >= 0 or NaN, got -1.0"),
        (lambda t: t.assign(rt=np.inf), "rt must be seconds"),
        (lambda t: t.assign(trial=1.5), "trial must be a whole number, got 1.5"),
        (lambda t: t.assign(session=True), "session must be a whole number"),
        (lambda t: t.assign(object_response="na"), "object_response must be text other than na, or missing"),
        (lambda t: t.assign(category=3), "category must be text, got 3"),
        (lambda t: t.assign(imagename=None), "imagename must be text, got"),
    ],
)
def test_write_refuses_what_has_no_place(table, tmp_path, change, words):
    with pytest.raises(ValueError, match=f"^write_trials: .*{words}"):
        write_trials(tmp_path / "trials.csv", change(table))
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------ BIDS events


def events():
    trials = experiment()
    trials.insert(0, "onset", np.arange(9) * 2.5 + 0.1)
    trials.insert(1, "duration", 0.5)
    return trials.assign(correct=[True, False, True] * 3, response=trials["response"].astype("str"))


def test_events_come_back(tmp_path):
    path = tmp_path / "sub-01_task-mask_events.tsv"
    made = events().astype({"image": "str", "category": "str"})
    about = {"category": {"LongName": "Category", "Levels": {"cat": "a cat", "dog": "a dog"}}}
    write_events(path, made, about)
    back = read_events(path)
    same(back.table, made, check_exact=True)
    assert back.descriptions["category"]["Levels"]["cat"] == "a cat"
    assert back.descriptions["cpd"]["Units"] == "cycles/degree"
    assert back.descriptions["image"]["Format"] == "string"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("onset\tduration\timage\tcategory")
    assert "\tn/a\t" in lines[2]
    # names of images are text even where they look like numbers, and seeds have up to 19 digits
    assert back.table.loc[0, "image"] == "000"
    assert back.table["seed"].max() > 10**18
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == back.descriptions


def test_stimuli_are_made_again_from_events(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (9, 32, 32), np.uint8)
    named = {f"{n:03d}": image for n, image in enumerate(images)}
    path = tmp_path / "sub-01_task-mask_events.tsv"
    write_events(path, events())
    model = CriticalBandMasking(n_bands=4)
    np.testing.assert_array_equal(
        model.transform(named, read_events(path).table), model.transform(named, events())
    )


def test_events_of_others_are_read(tmp_path):
    path = tmp_path / "sub-02_events.tsv"
    path.write_bytes(
        b"onset\tduration\ttrial_type\tlevel\tcode\r\n1\tn/a\tgo\t1.5\t007\r\n2.5\t0\tn/a\tn/a\t8\r\n"
    )
    table, about = read_events(path)
    assert about == {}
    assert table["onset"].tolist() == [1.0, 2.5]
    assert np.isnan(table.loc[0, "duration"])
    assert table["trial_type"].isna().tolist() == [False, True]
    assert table["code"].tolist() == [7, 8]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_events_come_back(data, tmp_path):
    n = data.draw(st.integers(0, 5))
    finite = st.floats(allow_infinity=False, allow_nan=False)
    words = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), min_size=1, max_size=8
    )

    def column(values, kind):
        return pd.Series(data.draw(st.lists(values, min_size=n, max_size=n)), dtype=kind)

    made = pd.DataFrame(
        {
            "onset": column(finite, "float64"),
            "duration": column(finite | st.just(np.nan), "float64"),
            "count": column(st.integers(-(2**63), 2**63 - 1), "int64"),
            "flag": column(st.booleans(), "bool"),
            "word": column(words.filter(lambda word: word != "n/a") | st.none(), "str"),
        }
    )
    write_events(tmp_path / "x_events.tsv", made)
    same(read_events(tmp_path / "x_events.tsv").table, made, check_exact=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="onset"), "columns onset and duration in seconds, got no onset"),
        (lambda t: t.assign(onset="1"), "onset must be numbers, got dtype"),
        (lambda t: t.assign(response="n/a"), "response must be text of one line .* got 'n/a'"),
        (lambda t: t.assign(response=""), "response must be text of one line"),
        (lambda t: t.assign(response="a\tb"), "response must be text of one line"),
        (lambda t: t.assign(rt=np.inf), "rt must be finite or missing"),
        (lambda t: t.assign(response=[True, *["x"] * 8]), "response must have one type"),
        (lambda t: t.assign(response=[[1]] * 9), "response must be numbers, truth values or text, got list"),
        (lambda t: t.rename(columns={"response": "a\nb"}), "different names of one line"),
    ],
)
def test_write_events_refuses_what_has_no_place(tmp_path, change, words):
    with pytest.raises(ValueError, match=f"^write_events: .*{words}"):
        write_events(tmp_path / "x_events.tsv", change(events()))
    assert list(tmp_path.iterdir()) == []


def test_write_events_refuses_other_arguments(tmp_path):
    with pytest.raises(ValueError, match=r"path must end in _events\.tsv, got 'trials\.tsv'"):
        write_events(tmp_path / "trials.tsv", events())
    with pytest.raises(ValueError, match="descriptions must be of columns of the table, got colour"):
        write_events(tmp_path / "x_events.tsv", events(), {"colour": {"Description": "?"}})


@pytest.mark.parametrize(
    ("content", "sidecar", "words"),
    [
        ("", None, "it has 0 bytes"),
        ("duration\tonset\n", None, "must begin with onset, duration"),
        ("onset\tduration\tx\tx\n", None, "must begin with onset, duration and differ"),
        ("onset\tduration\n1\n", None, "line 2 must have 2 fields, got 1"),
        ("onset\tduration\nsoon\t1\n", None, "column onset: its values must be numbers, got 'soon'"),
        ("onset\tduration\ninf\t1\n", None, "column onset"),
        (
            "onset\tduration\tn\n1\t1\t1.5\n",
            {"n": {"Format": "integer"}},
            "column n: its values must be integers",
        ),
        (
            "onset\tduration\tn\n1\t1\tyes\n",
            {"n": {"Format": "bool"}},
            "column n: its values must be true or",
        ),
        ("onset\tduration\n1\t1\n", [1], "must describe each column by an object"),
        ("onset\tduration\n1\t1\n", "{", "cannot be used"),
    ],
)
def test_damaged_events_are_named(tmp_path, content, sidecar, words):
    path = tmp_path / "x_events.tsv"
    path.write_text(content, encoding="utf-8")
    if sidecar is not None:
        text = sidecar if isinstance(sidecar, str) else json.dumps(sidecar)
        path.with_suffix(".json").write_text(text, encoding="utf-8")
    with pytest.raises(
        DataFormatError, match=rf"^read_events: x_events\..* cannot be used: .*{words}|{words}"
    ):
        read_events(path)
