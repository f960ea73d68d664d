"""The loader against independent tables of the same data, and against files that are wrong."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from neurosci.datasets import DataFormatError, DatasetIntegrityError, fetch_critical_band, get_dataset
from neurosci.datasets._critical_band import load


@pytest.fixture(scope="module")
def data(published):
    return fetch_critical_band(download=False)


def test_networks_equal_the_oracle(data, published):
    """Oracle: the tidy table derived independently from the same JSON files."""
    expected = pd.read_csv(published / "network_counts.csv")
    assert list(data.networks.columns) == ["network", "noise_sd", "band", "n_trials", "n_correct"]
    assert data.networks["network"].nunique() == 85
    merged = data.networks.merge(
        expected,
        left_on=["network", "noise_sd", "band"],
        right_on=["network", "noise_sd", "freq_index"],
        how="outer",
        validate="one_to_one",
        suffixes=("", "_expected"),
    )
    assert len(merged) == len(expected) == len(data.networks) == 85 * 35
    assert (merged["n_trials"] == merged["n_trials_expected"]).all()
    assert (merged["n_correct"] == merged["n_correct_expected"]).all()


def test_rows_are_sorted_by_network_noise_and_band(data):
    keys = list(data.networks[["network", "noise_sd", "band"]].itertuples(index=False, name=None))
    assert keys == sorted(keys)


def test_every_network_saw_the_1050_images(data):
    assert (data.networks.groupby("network")["n_trials"].sum() == 1050).all()
    assert data.networks["n_trials"].between(19, 41).all()


def test_scores_equal_the_oracle(data, published):
    """Oracle: the table of scores, printed with ten significant digits."""
    text = pd.read_csv(published / "network_scores.csv", dtype=str, keep_default_na=False).set_index(
        "network"
    )
    assert list(data.scores.index) == sorted(text.index)

    def printed(value: float) -> str:
        return "" if np.isnan(value) else f"{value:.10g}"

    wide = data.whitebox.pivot(index="network", columns="radius", values="accuracy").reindex(
        data.scores.index
    )
    columns = {
        "mean_shape_score": data.scores["shape_score"],
        "benign_top1": data.scores["benign"],
        "whitebox_top1_l2_eps0.0157": wide[4 / 255],
        "whitebox_top1_l2_eps0.05": wide[0.05],
        "whitebox_top1_l2_eps0.1": wide[0.1],
    }
    for name, values in columns.items():
        expected = [text.loc[network, name].removesuffix(".0") for network in data.scores.index]
        assert [printed(value) for value in values] == expected, name


def test_broken_networks_are_marked(data):
    broken = data.scores.index[data.scores["at_chance"]]
    assert set(broken) == {"InsDis", "MoCo", "MoCoV2", "PIRL", "selecsls42", "selecsls84"}


def test_attacks_at_ten_radii(data):
    radii = sorted(data.whitebox["radius"].unique())
    assert radii == [0.0025, 0.005, 0.01, 4 / 255, 0.025, 0.05, 0.075, 0.085, 0.1, 0.2]
    assert not data.whitebox.duplicated(["network", "radius"]).any()
    chosen = data.whitebox.loc[data.whitebox["radius"] == 0.05, "source_file"].unique()
    assert list(chosen) == ["waccs_eps0.05_all.json"]


def test_people_equal_the_printed_means(data, published):
    """Oracle: the means that the authors printed in percent, with eight decimals."""
    printed = pd.read_csv(published / "human" / "human_mean_accuracy_printed.csv", index_col="noise_sd")
    people = data.humans
    assert people["observer"].nunique() == 14
    assert len(people) == 14 * 35
    percent = people.assign(percent=100 * people["n_correct"] / people["n_trials"])
    means = percent.pivot_table(index="noise_sd", columns="band", values="percent", aggfunc="mean")
    # The last printed digit is rounded: half a unit of it, and the rounding of the sum.
    assert np.abs(means.to_numpy() - printed.to_numpy()).max() < 0.51e-8
    assert set(data.human_training["observer"]) == set(people["observer"])
    assert data.human_training["accuracy"].between(0.6, 0.9).all()


def test_people_and_networks_saw_equally_many_images(data):
    counts = [
        table.groupby(["noise_sd", "band"])["n_trials"].unique() for table in (data.networks, data.humans)
    ]
    assert [len(values) for values in counts[0]] == [len(values) for values in counts[1]] == [1] * 35
    assert (counts[0].str[0] == counts[1].str[0]).all()


def test_sources_say_what_was_read(data):
    networks, people = data.sources
    assert networks.kind == people.kind == data.kind == "published"
    assert networks.licence == "none stated by the authors"
    assert networks.content == "85 networks, 35 conditions each"
    assert people.content == "14 people, 35 conditions each"
    assert len(networks.files) == 102
    assert networks.files == tuple(
        (file.path.rpartition("/")[2], file.sha256) for file in get_dataset("critical_band").files
    )
    assert "NeurIPS" in networks.citation or "Neural Information" in networks.citation
    assert networks.url.startswith("https://")
    assert repr(data) == "CriticalBandData(85 networks, 14 people, published)"


@pytest.mark.parametrize("download", ["yes", None, 2])
def test_unknown_download_mode(download):
    with pytest.raises(ValueError, match="fetch_critical_band: download must be True, False or 'force'"):
        fetch_critical_band(download=download)


@pytest.fixture
def load_tiny(contents, make_dataset, place, cache):
    """Load contents as if they were the registered ones, after changes."""

    def run(changes=None, people=None):
        files = {**contents, **(changes or {})}
        files = {name: content for name, content in files.items() if content is not None}
        place(cache, files)
        absent = make_dataset({}) if people is None else make_dataset(people)
        if people is not None:
            for name, content in people.items():
                (cache / "tiny/network_data" / name).write_bytes(content)
        else:
            absent = make_dataset({"human_counts.csv": b"x"})
        return load(make_dataset(files), absent)

    return run


def test_tiny(load_tiny, contents):
    data = load_tiny()
    assert list(data.networks["network"].unique()) == ["Gamma_1.0", "alpha", "beta"]
    answers = json.loads(contents["solomon_beta_accuracies_2023-04-10T18:00:00.json"])["noise0.04freq3"]
    row = data.networks.query("network == 'beta' and noise_sd == 0.04 and band == 3").iloc[0]
    assert (row["n_trials"], row["n_correct"]) == (len(answers), sum(answers))
    assert data.scores["shape_score"].to_dict() == pytest.approx(
        {"Gamma_1.0": 0.25, "alpha": 0.5, "beta": 0.5, "delta": np.nan}, nan_ok=True
    )
    assert data.scores["benign"].to_dict() == {"Gamma_1.0": 0.65, "alpha": 0.7, "beta": 0.001, "delta": 0.6}
    assert list(data.scores.index[data.scores["at_chance"]]) == ["beta"]
    # _all goes before the plain file, which complements it.
    assert list(data.whitebox.itertuples(index=False, name=None)) == [
        ("alpha", 0.1, 0.6, "waccs_eps0.1.json"),
        ("beta", 0.1, 0.55, "waccs_eps0.1_remaining.json"),
        ("Gamma_1.0", 0.5, 0.4, "waccs_eps0.5_all.json"),
        ("alpha", 0.5, 0.3, "waccs_eps0.5_all.json"),
        ("beta", 0.5, 0.2, "waccs_eps0.5.json"),
    ]
    assert data.humans is None
    assert data.human_training is None
    assert len(data.sources) == 1


def answers_of(contents, **changes):
    entries = json.loads(contents["solomon_beta_accuracies_2023-04-10T18:00:00.json"])
    entries.update({key.replace("_", "."): value for key, value in changes.items()})
    return json.dumps({key: value for key, value in entries.items() if value is not None}).encode()


BETA = "solomon_beta_accuracies_2023-04-10T18:00:00.json"
FILE = "solomon_beta_accuracies_2023-04-10T180000.json"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"noise0_02freq1": None}, "noise0.02freq1: missing condition"),
        ({"noise0_02freq9": [1]}, "'noise0.02freq9': unknown condition"),
        ({"noise0_02freq1": []}, "noise0.02freq1: must be a list with at least one answer"),
        ({"noise0_02freq1": 1}, "noise0.02freq1: must be a list"),
        ({"noise0_02freq1": None, "noise0freq0": [2]}, "noise0freq0: answers must be 0 or 1"),
        ({"noise0freq0": [0, 0.5]}, "noise0freq0: answers must be 0 or 1"),
        ({"noise0freq0": [True, False]}, "noise0freq0: answers must be 0 or 1"),
        ({"noise0freq0": ["1", "0"]}, "noise0freq0: answers must be 0 or 1"),
        ({"noise0freq0": [1]}, "numbers of images differ"),
    ],
)
def test_wrong_answers_name_file_and_key(changes, problem, contents, load_tiny):
    with pytest.raises(DataFormatError) as caught:
        load_tiny({BETA: answers_of(contents, **changes)})
    assert problem in str(caught.value)
    if "differ" not in problem:
        assert f"{FILE}: " in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (BETA, b"", f"{FILE}: empty file"),
        (BETA, b"<html>", f"{FILE}: not valid JSON"),
        (BETA, b"[]", f"{FILE}: must be a JSON object with entries, got list"),
        (BETA, b"{}", f"{FILE}: must be a JSON object with entries"),
        (BETA, b"[" * 100_000, f"{FILE}: not valid JSON"),
        (BETA, b"\xff\xfe\x00", f"{FILE}: not valid JSON"),
        ("baccs.json", b'{"alpha": NaN}', "NaN is not a number"),
        ("baccs.json", b'{"alpha": 0.1, "alpha": 0.1}', "a key occurs twice"),
        ("baccs.json", b'{"alpha": 70}', "'alpha': must be a number from 0 to 1"),
        ("baccs.json", b'{"alpha": true}', "'alpha': must be a number from 0 to 1"),
        ("baccs.json", b'{"<script>": 0.5}', "name must consist of"),
        ("baccs.json", b'{"alpha": 0.6}', "baccs_eps0.5.json: 'alpha': 0.7 contradicts 0.6 in baccs.json"),
        ("waccs_eps0.5.json", b'{"alpha": 0.31}', "0.31 contradicts 0.3 in waccs_eps0.5_all.json"),
        ("sb_scores.json", b'{"alpha": [0.5]}', "'alpha': must be 16 numbers"),
        ("sb_scores.json", None, "sb_scores.json: empty file"),
        (
            "sb_scores.json",
            json.dumps({name: [0.5] * 16 for name in ("alpha", "Beta", "Gamma_1.0")}).encode(),
            "'beta': missing network",
        ),
    ],
)
def test_wrong_files_are_named(name, content, problem, load_tiny):
    with pytest.raises(DataFormatError) as caught:
        load_tiny({name: content})
    assert problem in str(caught.value)


def test_a_duplicate_network_must_be_identical(contents, load_tiny):
    other = contents[BETA]
    with pytest.raises(DataFormatError, match="a second file of this network holds other answers"):
        load_tiny({"solomon_alpha_accuracies_2023-04-10T18:00:02.json": other})


def test_all_wrong_files_are_listed_at_once(contents, load_tiny):
    with pytest.raises(DataFormatError, match="got 3 wrong") as caught:
        load_tiny({BETA: b"", "baccs.json": b"no", "waccs_eps0.1.json": b'{"alpha": -1}'})
    for name in (FILE, "baccs.json", "waccs_eps0.1.json"):
        assert name in str(caught.value)


def people(observers=("7", "08"), change=lambda table: table):
    rows = [
        (observer, sd, band, 1.75 * 2**band, 20 + band, 10 + band)
        for observer in observers
        for sd in (0, 0.02, 0.04, 0.08, 0.16)
        for band in range(7)
    ]
    names = ["observer", "noise_sd", "freq_index", "label_cycles_per_image", "n_trials", "n_correct"]
    table = change(pd.DataFrame(rows, columns=names))
    training = "observer,training_percent_correct_of_50\n7,80\n08,90\n"
    return {
        "human_counts.csv": table.to_csv(index=False).encode(),
        "human_training_accuracy.csv": training.encode(),
    }


def test_tiny_people(load_tiny):
    data = load_tiny(people=people())
    # Names stay text: "08" is not 8.
    assert list(data.humans["observer"].unique()) == ["08", "7"]
    assert list(data.humans.columns) == ["observer", "noise_sd", "band", "n_trials", "n_correct"]
    assert list(data.human_training["accuracy"]) == [0.9, 0.8]
    assert len(data.sources) == 2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: table.iloc[1:], "observer '7' must have each of the 35 conditions once"),
        (lambda table: pd.concat([table, table.iloc[:1]]), "observer '7' must have each"),
        (lambda table: table.assign(n_correct=99), "n_trials and n_correct must be whole numbers"),
        (lambda table: table.assign(n_correct=1.5), "n_trials and n_correct must be whole numbers"),
        (lambda table: table.assign(n_correct=-1), "n_trials and n_correct must be whole numbers"),
        (lambda table: table.assign(n_trials=np.nan), "must have a value in every cell"),
        (lambda table: table.drop(columns="n_trials"), r"missing: \['n_trials'\]"),
        (lambda table: table.iloc[:0], "must have rows"),
    ],
)
def test_wrong_people(change, problem, load_tiny):
    with pytest.raises(DataFormatError, match=problem):
        load_tiny(people=people(change=change))


def test_damaged_people_are_an_error_not_absent(published, cache, tmp_path, monkeypatch):
    for name in ("human/human_counts.csv", "human/human_training_accuracy.csv"):
        target = cache / "critical_band" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"other")
    folder = tmp_path / "root" / "critical_band"
    folder.mkdir(parents=True)
    (folder / "network_data").symlink_to(published / "network_data")
    monkeypatch.setenv("NEUROSCI_DATA", str(tmp_path / "root"))
    with pytest.raises(DatasetIntegrityError, match=r"human_counts\.csv: expected"):
        fetch_critical_band()
