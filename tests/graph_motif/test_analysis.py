"""The analysis end to end: verdicts, labels, resuming, words, on synthetic people and a made-up download."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api

from neurosci._core.units import UnitStore
from neurosci.datasets import DataNotFoundError, load_adhd200
from neurosci.graph_motif import analysis
from neurosci.graph_motif._compute_synthetic import dice, group_difference
from neurosci.graph_motif._people import from_series
from tests.graph_motif.conftest import SMALL
from tests.pages import ResultChecks, same, verdicts

CLAIMS = ["GM1", "GM2", "GM3", "GM4", "GM5"]
VERDICTS = {"reproduced", "differs", "undecided"}


def main_cell(result):
    rows = result.tables["sweep"]
    chosen = (rows["map"] == "triangles") & (rows["rule"] == f"r > {result.params.main_threshold:g}")
    return rows[chosen].set_index("mask")


# ------------------------------------------------------------------------------------------------ parameters


def test_presets_are_valid_and_the_larger_holds_the_smaller():
    quick, paper = (analysis.PRESETS[name] for name in ("quick", "paper"))
    assert (quick.preset, paper.preset) == ("quick", "paper")
    for name in ("thresholds", "maps", "component_sweep", "n_components"):
        assert set(getattr(quick, name)) <= set(getattr(paper, name)), name
    assert quick.main_threshold == paper.main_threshold
    assert set(SMALL) <= set(quick.to_dict())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"maps": ("degree",)}, "maps must be of"),
        ({"maps": ("triangles", "hexagons")}, "maps must be of"),
        ({"main_threshold": 0.55}, "main_threshold must be one of thresholds"),
        ({"data": "adhd200"}, "needs adhd200_folder and adhd200_phenotypes"),
        ({"data": "abroad"}, "data"),
        ({"n_synthetic": 4}, "n_synthetic"),
    ],
)
def test_bad_parameters(changes, words):
    with pytest.raises(ValueError, match=words):
        analysis.PARAMS(**changes)


# -------------------------------------------------------------------------------------------------- verdicts


def test_every_claim_is_judged(any_result):
    assert [claim.id for claim in analysis.CLAIMS] == CLAIMS == list(verdicts(any_result))
    for name in CLAIMS[1:]:
        assert verdicts(any_result)[name].verdict in VERDICTS


def test_the_published_accuracy_needs_people_of_adhd200(synthetic, downloaded):
    row = verdicts(synthetic)["GM1"]
    assert row.verdict == "not testable here"
    assert "no ADHD-200 labels" in row.why
    assert verdicts(downloaded)["GM1"].verdict in VERDICTS
    assert "larger group" in verdicts(downloaded)["GM1"].why


def test_synthetic_people_are_called_so(synthetic, downloaded):
    assert synthetic.kinds == ("synthetic",)
    assert "real" in downloaded.kinds
    assert "synthetic" in synthetic.units and "synthetic" not in downloaded.units
    assert all(verdict.synthetic for verdict in synthetic.verdicts if verdict.id != "GM1")
    assert not any(verdict.synthetic for verdict in downloaded.verdicts)
    assert "synthetic" in synthetic.answer[0]
    assert "fetch_command" in synthetic.provenance and not downloaded.provenance
    for name in ("group_maps", "mask"):
        for result in (synthetic, downloaded):
            caption = next(figure.caption for figure in result.figures if figure.name == name)
            assert "**synthetic**" in caption


def test_numbers_agree_with_the_table_of_the_people(any_result):
    people, metrics = any_result.tables["people"], any_result.metrics
    area = main_cell(any_result)["auc"]
    for mask, column, name in (
        ("whole brain", "score", "auc"),
        ("masked", "score_masked", "auc_masked"),
    ):
        high, low = (people.loc[people["patient"] == group, column].to_numpy() for group in (True, False))
        pairs = np.sign(high[:, None] - low).mean() / 2 + 0.5
        assert metrics[name].value == pytest.approx(pairs, abs=1e-12)
        assert area[mask] == pytest.approx(pairs, abs=1e-12)
    cells = main_cell(any_result)["accuracy"]
    assert metrics["masking"].value == pytest.approx(100 * (cells["masked"] - cells["whole brain"]))


def test_the_sweep_is_whole(any_result):
    rows = any_result.tables["sweep"]
    cells = rows[rows["map"] != "all edges"]
    p = any_result.params
    assert len(cells) == len(cells.drop_duplicates(["map", "rule", "mask"]))
    assert len(cells) == 2 * len(p.maps) * (len(p.thresholds) + len(p.densities))
    assert (len(rows) > len(cells)) == (p.data != "synthetic")


def test_a_person_with_two_scans_counts_once_and_none_without_a_diagnosis(downloaded):
    people = downloaded.tables["people"]
    assert len(people) == 23
    assert people["subject"].is_unique
    assert set(people["site"]) == {"Peking", "NYU", "OHSU"}
    assert people["patient"].sum() == 11
    assert any("1 scans without a diagnosis" in note for note in downloaded.notes)
    assert downloaded.tables["sites"]["n"].sum() == 23


def test_series_that_must_be_filtered_need_a_repetition_time(release):
    folder, table = release
    params = {"data": "adhd200", "adhd200_folder": str(folder), "adhd200_phenotypes": str(table)}
    assert analysis.read_people(analysis.PARAMS(**params)).band is None
    assert analysis.read_people(analysis.PARAMS(**params, adhd200_t_r=2.0)).band == (0.009, 0.08)
    data = load_adhd200(*release)
    with pytest.raises(ValueError, match="t_r must be known to filter, got none for the sites NYU, OHSU"):
        from_series(data, patients="ADHD", band=(0.009, 0.08), is_adhd200=True)


def test_without_abide_people_are_synthetic(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    people = analysis.read_people(analysis.PARAMS(**{**SMALL, "data": "auto"}))
    assert people.synthetic and len(people.table) == SMALL["n_synthetic"]
    with pytest.raises(DataNotFoundError):
        analysis.read_people(analysis.PARAMS(**{**SMALL, "data": "abide"}))


def test_small_groups_have_fewer_components(run_small):
    """24 people at 2 sites leave 12 to train on: 50 components, as both presets have them, are too many."""
    result = run_small(thresholds=(0.5,), n_components=(50,), component_sweep=(5, 50), n_permutations=10)
    assert result.tables["components"]["n_components"].unique().tolist() == [5, 6]
    assert any("50 were asked for" in note and "that 6 were used" in note for note in result.notes)
    assert any("principal components (6)" in text for part in result.methods for text in part.paragraphs)
    people = analysis.read_people(analysis.PARAMS(data="synthetic"))
    assert people.components((50,)) == (18,)
    assert people.components((10, 20, 50)) == (10, 20)


def test_people_of_abide(data_root):
    if not (data_root / "graph_motif").is_dir():
        pytest.skip("ABIDE is not below NEUROSCI_DATA")
    people = analysis.read_people(analysis.PARAMS(sites=("KKI", "OHSU")))
    assert not people.synthetic and not people.is_adhd200
    assert people.patients == "autism"
    assert 0 < people.positive.sum() < len(people.positive) == len(people.series)
    assert list(people.motion.columns) == ["mean_fd"]


# ----------------------------------------------------------------------------------------- group differences


def test_group_difference_is_least_squares_with_a_mean_for_each_site(seed):
    rng = np.random.default_rng(seed)
    site = np.repeat(["a", "b", "c"], (11, 8, 17))
    positive = rng.random(36) < np.repeat((0.3, 0.6, 0.5), (11, 8, 17))
    maps = rng.normal(size=(36, 5)) + np.repeat((0.0, 3.0, -2.0), (11, 8, 17))[:, None]
    maps[:, 1] += positive
    maps[:, 4] = 2.0
    t, p = group_difference(maps, positive, site)
    design = np.column_stack([positive, pd.get_dummies(site)]).astype(float)
    for node in range(4):
        fit = statsmodels.api.OLS(maps[:, node], design).fit()
        # both are exact up to rounding; the condition number of the design is below 10
        assert t[node] == pytest.approx(fit.tvalues[0], rel=1e-10)
        assert p[node] == pytest.approx(fit.pvalues[0], rel=1e-9)
    assert (t[4], p[4]) == (0.0, 1.0)


def test_dice():
    a, b = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert dice(a, a) == 1.0
    assert dice(a, b) == 0.5
    assert dice(a, ~a) == 0.0
    assert dice(a & ~a, a & ~a) == 0.0


# -------------------------------------------------------------------------------------- resuming, processes


def test_finished_units_are_not_computed_again(run_small, synthetic, units):
    store = UnitStore(units, "key", compute=False)
    same(run_small(units=store), synthetic)
    assert store.resumed == store.planned > 10


def test_processes_do_not_change_numbers(run_small, synthetic):
    same(run_small(n_jobs=2), synthetic)


# ----------------------------------------------------------------------------------------------------- words


class TestWords(ResultChecks):
    analysis = analysis


def test_command_that_fetches_is_one(synthetic):
    from neurosci.cli import build_parser

    command = synthetic.provenance["fetch_command"].split()
    assert command[0] == "neurosci"
    build_parser().parse_args(command[1:])
