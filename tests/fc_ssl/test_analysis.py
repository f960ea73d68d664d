"""The analysis end to end: verdicts, labels, resuming, words and figures, on small runs."""

from __future__ import annotations

import itertools
import re

import nilearn.glm.first_level  # noqa: F401 (its first import draws from Python's generator, which a guard watches)
import numpy as np
import pandas as pd
import pytest
import sklearn.compose  # noqa: F401 (the same)
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurosci._core.result import load_result
from neurosci._core.units import UnitStore
from neurosci.datasets import DataNotFoundError
from neurosci.fc_ssl import analysis
from neurosci.fc_ssl._cohort import prepare, thinned
from neurosci.fc_ssl._trivial import cosine_error, edge_areas, mean_window
from neurosci.preprocessing.connectivity import window_graphs, window_starts
from neurosci.reporting.figures import style_context
from tests.fc_ssl.runs import SMALL, made_up, run_small

CLAIMS = ["FS1", "FS2", "FS3", "FS4", "FS5", "FS6"]
VERDICTS = {"reproduced", "differs", "undecided"}
WIDTHS = {"double": 7.2, "single": 3.5, "thumbnail": 2.9}


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    return tmp_path_factory.mktemp("units")


@pytest.fixture(scope="module")
def synthetic(empty, units):
    """A run on the generator that kept its units."""
    return run_small(empty, units=UnitStore(units, "key"))


@pytest.fixture(scope="module")
def people(empty):
    """A run on made-up people."""
    return run_small(empty, people=made_up())


@pytest.fixture(params=["synthetic", "people"])
def any_result(request):
    """Either of the runs."""
    return request.getfixturevalue(request.param)


def verdicts(result):
    return {verdict.id: verdict for verdict in result.verdicts}


def texts(result):
    yield from (result.title, result.question, result.units, *result.answer, *result.deviations)
    yield from (*result.notes, *result.warnings, *result.table_notes.values())
    for verdict in result.verdicts:
        yield from (verdict.text, verdict.source, verdict.paper, verdict.ours, verdict.n, verdict.why)
    for figure in result.figures:
        yield from (figure.finding, figure.caption, figure.alt)
    for method in result.methods:
        yield from (method.heading, *method.paragraphs)


# ---------------------------------------------------------------------------------------------- parameters


def test_presets_are_valid_and_the_larger_is_larger():
    quick, paper = (analysis.PRESETS[name] for name in ("quick", "paper"))
    assert (quick.preset, paper.preset) == ("quick", "paper")
    for name in ("sizes", "synthetic_sizes", "edge_mask_ratios", "lambdas"):
        assert set(getattr(quick, name)) <= set(getattr(paper, name)), name
    assert set(SMALL) <= set(quick.to_dict())
    assert quick.n_resamples >= 10 and paper.synthetic_seeds >= 10 and paper.n_seeds >= 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"band": (0.1, 0.01)}, "band must be"),
        ({"edge_mask_ratios": (0.3,)}, "must hold the default, 0.5"),
        ({"missing": (0.2,)}, "missing must hold 0"),
        ({"missing": (0.0, 0.8), "synthetic_times": 90}, "missing must leave a window"),
        ({"site_out": ("sex",), "targets": ("age",)}, "site_out must be among targets"),
        ({"synthetic_times": 60}, "synthetic_times must hold 5 windows"),
        ({"synthetic_people": 200}, "synthetic_people must hold"),
    ],
)
def test_bad_parameters(changes, words):
    with pytest.raises(ValueError, match=f"FcSslParams: .*{words}"):
        analysis.PARAMS(**changes)


# ------------------------------------------------------------------------------------------------ verdicts


def test_every_claim_is_judged(any_result):
    assert [claim.id for claim in analysis.CLAIMS] == CLAIMS == list(verdicts(any_result))
    assert {verdict.verdict for verdict in any_result.verdicts} <= VERDICTS


def test_synthetic_scans_are_called_so(synthetic, people):
    assert synthetic.kinds == ("synthetic",)
    assert all(verdict.synthetic for verdict in synthetic.verdicts)
    assert {name for name, verdict in verdicts(people).items() if verdict.synthetic} == {"FS5", "FS6"}
    assert "fetch_command" in synthetic.provenance and not people.provenance
    assert "synthetic" in synthetic.answer[0] and "No people" in synthetic.answer[2]
    for result in (synthetic, people):
        for name in ("ablation", "missing", "attention"):
            figure = next(figure for figure in result.figures if figure.name == name)
            assert "**synthetic**" in figure.finding and "**synthetic**" in figure.caption


def test_small_quick_runs_never_say_differs_for_want_of_samples(any_result):
    for name in ("FS2", "FS3", "FS4", "FS5"):
        assert verdicts(any_result)[name].verdict in ("reproduced", "undecided")


def test_without_a_store_the_claim_of_size_is_not_run(empty):
    from neurosci.fc_ssl import _verdicts

    claim = analysis.CLAIMS[5]
    assert _verdicts.size(claim, None, {}).verdict == "not run"


def test_baselines_stand_in_the_table_of_every_deep_row(people):
    rows = people.tables["scores"]
    for _, part in rows[rows["people"] == "held-out sites"].groupby("target"):
        models = set(part["model"])
        assert {"static", "sd", "static_sd", "sd_surrogate", "confounds"} <= models
        assert {"untrained", "spatial", "temporal", "both", "contrastive"} <= models
    permuted = rows[rows["model"].str.endswith("labels permuted")]
    assert {"static, labels permuted", "both, labels permuted"} <= set(permuted["model"])


def test_gains_are_means_of_the_curves(any_result):
    labels = any_result.tables["labels"]
    panels = [p for p in ("diagnosis", "age") if p in set(labels["panel"])] or ["dwell"]
    suffix = "" if len(panels) > 1 else ", dwell"
    means = labels[labels["panel"].isin(panels)].groupby("model")["value"].mean()
    for rival in ("untrained", "contrastive", "static"):
        gain = any_result.metrics[f"gain over {rival}{suffix}"].value
        assert gain == pytest.approx(means["both"] - means[rival], abs=1e-12)


def test_curves_have_every_panel_size_and_model(people):
    labels = people.tables["labels"]
    for panel, sizes in (("diagnosis", (8, 12)), ("age", (8, 12)), ("dwell", (10, 20)), ("order", (10, 20))):
        part = labels[labels["panel"] == panel]
        assert set(part["n_labels"]) == set(sizes)
        assert part.groupby("n_labels")["model"].nunique().eq(7).all()
    assert labels.loc[labels["panel"] == "age", "mae"].notna().all()


def test_errors_of_age_are_also_in_years(people):
    rows = people.tables["scores"]
    part = rows[(rows["target"] == "age") & (rows["people"] == "all sites") & (rows["protocol"] == "3 folds")]
    years = part.set_index(["model", "metric"])["value"]
    # whoever guesses one age for all is off by several years between 8 and 40
    assert 3 < years["static", "mae_years"] < 20
    assert years["static", "mae_years"] > 5 * years["static", "mae"]


def test_the_store_is_streamed(any_result):
    row = any_result.tables["streaming"].iloc[0]
    assert (row["n_scans"], row["n_read"], row["n_graphs"]) == (70, 70, 40)


# ------------------------------------------------------------------------------------ people and data sets


def test_sites_are_divided_and_scans_are_of_equal_seconds():
    cohort = prepare(made_up(), analysis.PARAMS(**SMALL))
    site = cohort.site
    assert set(site[cohort.downstream]) == {"C", "D"}
    assert set(site[cohort.pool]) <= {"A", "B"} and set(site[cohort.held_out]) <= {"A", "B"}
    assert not set(cohort.pool) & set(cohort.held_out)
    assert len(cohort.pool) == SMALL["n_pool"]
    assert {len(scan) for scan in cohort.scans} == {101}
    assert 9 not in cohort.pool  # whose motion is not known
    kind, age = cohort.target("age")
    assert kind == "regression" and age == pytest.approx(np.log(cohort.table["age"]))
    assert "sex" not in cohort.confounds("sex") and "diagnosis" in cohort.confounds("sex")


def test_a_scan_that_is_mostly_constant_is_left_out():
    data = made_up()
    data.data[0][:, :6] = 0.0
    data.data[2][:, :6] = 0.0
    cohort = prepare(data, analysis.PARAMS(**{**SMALL, "n_pool": 0}))
    assert 0 not in np.concatenate([cohort.pool, cohort.held_out])
    assert 2 not in cohort.downstream and 6 in cohort.downstream


def test_thinning_is_even():
    assert thinned(np.arange(10, 20), 4).tolist() == [10, 13, 16, 19]
    assert thinned(np.arange(5), 0).tolist() == [0, 1, 2, 3, 4]


def test_without_abide_there_are_no_people(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    assert analysis.read_cohort(analysis.PARAMS(**{**SMALL, "data": "auto"})) is None
    with pytest.raises(DataNotFoundError):
        analysis.read_cohort(analysis.PARAMS(**{**SMALL, "data": "abide"}))


# ------------------------------------------------------------------------------------------ reconstruction


def test_cosine_error_by_rows():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3, 5, 5))
    hidden = rng.random((3, 5, 5)) < 0.6
    hidden[0, 2] = False
    for k in range(3):
        errors = []
        for row in range(5):
            x, y = a[k, row][hidden[k, row]], b[k, row][hidden[k, row]]
            if len(x):
                errors.append((1 - x @ y / np.linalg.norm(x) / np.linalg.norm(y)) ** 2)
        assert cosine_error(a, b, hidden)[k] == pytest.approx(np.mean(errors))


def test_edge_areas_count_each_hidden_pair_once():
    truth = np.zeros((1, 4, 4))
    truth[0, 0, 1] = truth[0, 1, 0] = 1
    score = np.zeros((1, 4, 4))
    score[0, 0, 1], score[0, 0, 2], score[0, 2, 3] = 0.5, 0.9, 0.5
    hidden = ~np.eye(4, dtype=bool)[None]
    # against five pairs that are none: one above, one equal, three below
    assert edge_areas(score, truth, hidden)[0] == pytest.approx((3 + 0.5) / 5)


def test_mean_window_is_the_mean_of_all_windows():
    scans = [np.random.default_rng(k).standard_normal((60, 6)) for k in range(3)]
    mean, often = mean_window(scans, 20, 10, 0.3)
    graphs = [window_graphs(scan, window_starts(60, 20, 10), 20) for scan in scans]
    np.testing.assert_allclose(mean, np.concatenate([g.correlation for g in graphs]).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(often, np.concatenate([g.adjacency for g in graphs]).mean(axis=0), atol=1e-12)


# ------------------------------------------------------------------------------------- resuming, processes


def same(first, second):
    assert first.metrics == second.metrics
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name], check_exact=True)
    assert first.verdicts == second.verdicts


def test_finished_units_are_not_computed_again(empty, synthetic, units):
    store = UnitStore(units, "key", compute=False)
    same(run_small(empty, units=store), synthetic)
    assert store.resumed == store.planned > 10


def test_saved_result_is_read_back(any_result, tmp_path):
    any_result.save(tmp_path)
    assert load_result(tmp_path, analysis.PARAMS) == any_result


# --------------------------------------------------------------------------------------------------- words


def test_no_missing_number_reaches_a_reader(any_result):
    assert not [text for text in texts(any_result) if re.search(r"\b(nan|inf|None)\b", text)]


def test_three_sentences(any_result):
    assert len(any_result.answer) == 3
    assert all(sentence.endswith(".") for sentence in any_result.answer)


def test_captions_and_alternatives_have_their_length(any_result):
    for figure in any_result.figures:
        if figure.width != "thumbnail":
            assert 30 <= len(f"{figure.finding} {figure.caption}".split()) <= 140, figure.name
            assert 12 <= len(figure.alt.split()) <= 60, figure.name
        assert figure.finding.endswith(".")


def test_every_table_has_a_note_and_every_figure_its_tables(any_result):
    assert set(any_result.table_notes) == set(any_result.tables)
    assert sorted(figure.name for figure in any_result.figures) == sorted(analysis.FIGURES)
    for figure in any_result.figures:
        assert set(figure.tables) <= set(any_result.tables)


def test_bold_marks_are_closed_and_words_are_plain(any_result):
    banned = r"\b(prov(e|es|ed|ing)|confirm\w*|successful\w*|novel|powerful|interestingly|significant\w*)\b"
    for text in texts(any_result):
        assert text.count("**") % 2 == 0 and text.count("`") % 2 == 0
        assert not re.search(banned, text, re.IGNORECASE), text
        assert "!" not in text


def test_command_that_fetches_is_one(synthetic):
    from neurosci.cli import build_parser

    command = synthetic.provenance["fetch_command"].split()
    assert command[0] == "neurosci"
    build_parser().parse_args(command[1:])


# ------------------------------------------------------------------------------------------------- figures


@pytest.fixture(scope="module", params=["synthetic", "people"])
def drawn(request):
    """A result and every figure of it, drawn in the style of the reports, by name."""
    result = request.getfixturevalue(request.param)
    figures = {}
    with style_context():
        for figure in result.figures:
            made = analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])
            FigureCanvasAgg(made).draw()
            figures[figure.name] = (figure, made)
    return result, figures


def words(figure):
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        for text in (*axes.texts, axes.title, axes._left_title):
            if text.get_visible() and text.get_text():
                yield text, text.get_window_extent(renderer)


def test_every_figure_is_drawn_at_its_width(drawn):
    assert set(drawn[1]) == set(analysis.FIGURES)
    for name, (about, figure) in drawn[1].items():
        assert figure.axes, name
        assert figure.get_size_inches()[0] == WIDTHS[about.width], name


def test_words_stay_inside_apart_and_legible(drawn):
    for name, (_, figure) in drawn[1].items():
        edge = figure.bbox
        shown = list(words(figure))
        for text, box in shown:
            assert text.get_fontsize() >= 6, (name, text.get_text())
            assert box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1, (name, text.get_text())
            assert box.y0 >= edge.y0 - 1 and box.y1 <= edge.y1 + 1, (name, text.get_text())
        for (a, box_a), (b, box_b) in itertools.combinations(shown, 2):
            overlap = (
                min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0),
                min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0),
            )
            assert min(overlap) <= 1.0, (name, a.get_text(), b.get_text())


def test_every_panel_and_model_is_drawn(drawn):
    result, figures = drawn
    figure = figures["labels"][1]
    shown = list(dict.fromkeys(result.tables["labels"]["panel"]))
    assert sum(axes.axison for axes in figure.axes) == len(shown)
    labels = result.tables["labels"]
    for axes, panel in zip(figure.axes, shown, strict=False):
        part = labels[labels["panel"] == panel]
        values = np.concatenate(
            [line.get_ydata() for line in axes.lines if line.get_marker() not in ("None", "")]
        )
        np.testing.assert_allclose(np.sort(values), np.sort(part["value"]))


def test_similarity_is_that_of_the_windows(synthetic):
    similarity = synthetic.tables["similarity"]
    n = int(np.sqrt(len(similarity)))
    square = similarity["r"].to_numpy().reshape(n, n)
    np.testing.assert_allclose(square, square.T, atol=1e-9)
    np.testing.assert_allclose(np.diag(square), 1.0)
    assert square.min() > -1
