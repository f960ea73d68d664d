"""The analysis end to end on few synthetic trials: verdicts, labels, resuming, words; its parts by hand."""

from __future__ import annotations

import re

import nilearn.plotting  # noqa: F401  (when it is first imported it writes the backend's name in small letters)
import numpy as np
import pandas as pd
import pytest

from neurosci import Context
from neurosci._core.metric import Metric
from neurosci._core.result import load_result
from neurosci._core.units import UnitStore
from neurosci._training import seeded
from neurosci.du_in import DuINClassifierModule, analysis, anova_scores
from neurosci.du_in import _captions as captions
from neurosci.du_in import _metrics as metrics
from neurosci.du_in import _panels as panels
from neurosci.du_in import _tables as tables
from neurosci.du_in._cells import trials
from neurosci.du_in._compute import Findings, decoder_jobs, masked_jobs, ranked, with_costs, world_of
from neurosci.du_in._planning import stages
from neurosci.du_in._real import Labelled, Real, Tokenized, decode_real, rows_of, tokenize
from neurosci.du_in._sizes import model_sizes
from neurosci.du_in._variants import channel_sets, codex_sizes, variants
from tests.du_in.conftest import SMALL

CLAIMS = {"DU1", "DU2", "DU3", "DU4", "DU5", "DU6", "DU7"}


def verdicts(result):
    return {verdict.id: verdict for verdict in result.verdicts}


def texts(result):
    yield from (result.title, result.question, result.units, *result.answer, *result.deviations)
    yield from (*result.notes, *result.table_notes.values())
    for verdict in result.verdicts:
        yield from (verdict.text, verdict.source, verdict.paper, verdict.ours, verdict.n, verdict.why)
    for figure in result.figures:
        yield from (figure.finding, figure.caption, figure.alt)
    for method in result.methods:
        yield from (method.heading, *method.paragraphs)


# ------------------------------------------------------------------------------------------------ parameters


def test_presets_are_valid_and_the_larger_holds_the_smaller():
    quick, paper = (analysis.PRESETS[name] for name in ("quick", "paper"))
    assert (quick.preset, paper.preset) == ("quick", "paper")
    for name in ("generators", "seeds", "targets", "level_patches", "poolings"):
        assert set(getattr(quick, name)) <= set(getattr(paper, name)), name
    # what the acceptance rules ask for
    assert len(paper.seeds) >= 5 and len(paper.generators) >= 3
    assert set(paper.n_epochs) == {30, 60, 120, 240} and set(paper.n_labels) == {5, 10, 20}
    assert set(paper.level_patches) == {100, 1000}
    assert set(SMALL) <= set(quick.to_dict())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"targets": ("signals",)}, "targets must hold 'codes'"),
        ({"seeds": (0, 0)}, "seeds must hold different values"),
        ({"generators": ()}, "generators must hold different values, at least one"),
        ({"patch_lengths": (70,)}, "multiples of 10 that divide 3000, got 70"),
        ({"n_selected": 43}, "n_selected must be at most 42"),
        ({"model": "huge"}, "model must be one of"),
    ],
)
def test_bad_parameters(changes, words):
    with pytest.raises(ValueError, match=words):
        analysis.PARAMS(**changes)


@pytest.mark.parametrize("patch", [20, 50, 100, 150, 200, 500, 1000])
def test_tokens_are_equally_wide_for_every_patch_length(patch):
    sizes = model_sizes("small", patch)
    assert (sizes.d_model, sizes.patch_samples) == (80, patch)
    # every sample is seen: the first kernel reaches from step to step
    assert sizes.conv_kernels[0] >= sizes.conv_strides[0]
    assert sizes.unfolds is False


def test_a_plan_counts_the_trainings_that_a_run_makes(result):
    params = analysis.PARAMS(**SMALL)
    jobs = stages(params)
    assert len(jobs["decoders"]) == len(result.tables["decoders"])
    others = ("random channels", "all channels", "tokenizer epochs")
    assert len(jobs["tokenizers"]) == len(result.tables["codex"]) + len(others)
    plan = analysis.plan(params, Context())
    assert "one core" in plan.duration and "one GPU" in plan.duration
    assert any("whole paper" in line for line in plan.details)
    assert plan.datasets == () and jobs["recordings"] == []
    assert len(stages(analysis.PARAMS())["recordings"]) == 3


# -------------------------------------------------------------------------------------------------- verdicts


def test_every_claim_is_judged(result):
    assert [claim.id for claim in analysis.CLAIMS] == list(verdicts(result))
    assert set(verdicts(result)) >= CLAIMS


def test_published_claims_do_not_depend_on_the_generator(result):
    rows = verdicts(result)
    expected = {
        "DU1": "reproduced",
        "DU2": "reproduced",
        "DU3": "reproduced",
        "DU6": "undecided",
        "DU7": "reproduced",
    }
    for name, verdict in expected.items():
        assert rows[name].verdict == verdict, name
        assert not rows[name].synthetic
    assert rows["DU1"].caveat and rows["DU2"].caveat and rows["DU7"].caveat
    assert "no paired test is possible" in rows["DU6"].why


def test_everything_else_is_called_synthetic_and_decides_nothing_with_few_samples(result):
    rows = {
        name: row for name, row in verdicts(result).items() if name not in ("DU1", "DU2", "DU3", "DU6", "DU7")
    }
    for name, row in rows.items():
        assert row.verdict in ("undecided", "not run", "reproduced"), name
        assert row.synthetic or row.verdict == "not run", name
    assert result.kinds == ("published", "synthetic")
    assert "**synthetic**" in result.answer[1] and "public" in result.answer[2]
    for figure in result.figures:
        if set(figure.tables) & {"decoders", "training", "reconstruction", "contributions", "leak"}:
            assert "ynthetic" in figure.finding, figure.name


def test_sweeps_that_were_not_asked_for_are_not_run(result):
    rows, made = {row.id: row for row in result.verdicts}, result.metrics
    assert rows["DU4"].verdict != "not run" and {"channels", "patches", "targets"} <= set(made)
    others = {name: value for name, value in made.items() if name not in ("channels", "patches", "targets")}
    found = Findings(analysis.PARAMS(**SMALL), result.tables, result.tables["decoders"], {}, Real())
    without = {row.id: row.verdict for row in analysis.judge(found, others)}
    assert {without[name] for name in ("DU4", "DU5", "DU6 generator")} == {"not run"}
    assert without["DU2"] == rows["DU2"].verdict
    assert captions.sweeps(found, others).finding == "On synthetic trials no sweep was asked for."


def test_no_advantage_is_claimed_before_the_plateau(result):
    row = verdicts(result)["DU2 generator"]
    assert row.verdict == "undecided" and "not at its plateau" in row.why


@pytest.mark.parametrize(
    ("gain", "train", "expected"),
    [(1.0, 0.95, True), (3.0, 0.95, False), (0.0, 0.5, False), (None, 0.95, False)],
)
def test_a_plateau_needs_a_fit_and_a_small_gain(gain, train, expected):
    params = analysis.PARAMS(**SMALL)
    rows = {
        "arm": "scratch",
        "n_epochs": 3,
        "n_labels": 4,
        "generator": 1,
        "seed": 0,
        "train_accuracy": train,
    }
    found = Findings(params, {}, pd.DataFrame([rows]), {}, Real())
    made = {} if gain is None else {"scratch_gain": Metric(gain, gain - 1, gain + 1)}
    assert metrics.at_plateau(found, made) is expected


# ---------------------------------------------------------------------------------------------------- tables


def test_sizes_add_up_to_what_the_paper_prints():
    table = tables.sizes()
    used = int(table.loc[table["used"], "n_parameters"].sum())
    # the counts of the specification, and of the network itself
    assert (used, int(table["n_parameters"].sum())) == (4_182_813, 4_377_639)
    with seeded(0, "count"):
        network = DuINClassifierModule(10, 3000, 61)
    assert used == sum(p.numel() for p in network.parameters())


def test_published_metrics(result):
    made = result.metrics
    assert made["published Du-IN (mae) - Du-IN"].value == pytest.approx(6.42, abs=0.011)
    assert made["published_order"].value == pytest.approx(1.95, abs=0.011)
    # 62.70 - 60.92 is smaller than 60.92 - 58.72; errors add as root sums of squares, for sample SDs
    assert made["published_targets"].value == pytest.approx(1.78, abs=1e-9)
    half = 1.96 * np.hypot(4.69, 4.38) * np.sqrt(12 / 11)
    assert made["published_targets"].high == pytest.approx(1.78 + half)
    assert result.tables["methods"]["mean_computed"].notna().all()


def test_accuracies_agree_with_the_hits(result):
    rows = result.tables["decoders"]
    assert rows["name"].is_unique
    assert rows["n_test"].unique().tolist() == [8]
    assert ((rows["accuracy"] * 8) % 1 == 0).all()
    main = rows[(rows["arm"] == "scratch") & (rows["n_epochs"] == 3)]
    assert result.metrics["accuracy scratch"].value == pytest.approx(100 * main["accuracy"].mean())


def test_costs_are_counted_with_all_that_they_rest_on(result):
    rows = result.tables["decoders"].set_index("name")
    scratch, vqvae, mae = (
        rows.loc[f"generator 1, seed 0, {arm}, 3 epochs, 4 trials"] for arm in ("scratch", "vqvae", "mae")
    )
    assert scratch["pretraining_operations"] == 0 < vqvae["pretraining_operations"]
    assert mae["pretraining_operations"] > vqvae["pretraining_operations"]
    assert scratch["operations"] == vqvae["operations"] == mae["operations"]
    short = rows.loc["generator 1, seed 0, scratch, 2 epochs, 4 trials"]
    assert short["operations"] * 3 == pytest.approx(scratch["operations"] * 2)
    records = with_costs({"g, own codex": {"operations": 2.0}}, {
        "g, own codex, codes": {"operations": 3.0, "target": "codes"},
        "g, own codex, signals": {"operations": 4.0, "target": "signals"},
    })  # fmt: skip
    assert [records[name]["total_operations"] for name in records] == [2.0, 5.0, 4.0]


def test_channels_are_ranked_by_training_trials_and_selected_first():
    params = analysis.PARAMS(**SMALL)
    by_weights, world = params.replace(selection="weights"), world_of(params, 1)
    order = ranked(by_weights, world, {"contributions": np.array([0.2, 1.0, 0.5] + [0.0] * 39)})
    assert order[:3] == (1, 2, 0)
    X, y, _ = trials(world)
    n_train = params.n_words * max(params.n_labels)
    scores = anova_scores(X[:n_train], y[:n_train])
    assert ranked(params, world, {"contributions": None})[0] == int(scores.argmax())
    jobs = decoder_jobs(params, {1: world_of(params, 1)}, {1: order})
    main, arm, start = jobs["generator 1, seed 0, mae, 3 epochs, 4 trials"]
    assert main.channels == order[:10] and (arm, start) == ("mae", "generator 1, own codex, codes")
    assert jobs["generator 1, seed 0, 2 channels"][0].channels == (1, 2)
    assert {label for label, _ in codex_sizes(params)} == {"own codex", "8 codes"}


def test_arms_are_a_cross_and_sweeps_have_the_first_seeds():
    """Curves over epochs have the most labels, and curves over labels the most epochs."""
    params = analysis.PARAMS(**{**SMALL, "seeds": (0, 1, 2), "n_labels": (2, 3, 4), "n_sweep_seeds": 2})
    jobs = decoder_jobs(params, {1: world_of(params, 1)}, {1: tuple(range(42))})
    scratch = {(job.n_epochs, job.n_labels, job.seed) for job, arm, _ in jobs.values() if arm == "scratch"}
    assert scratch == {(e, n, s) for e, n in ((2, 4), (3, 4), (3, 2), (3, 3)) for s in (0, 1, 2)}
    # the main decoder of all channels has trained before
    brain = {(job.n_epochs, job.n_labels, job.seed) for job, arm, _ in jobs.values() if arm == "brain"}
    assert brain == {one for one in scratch if one[:2] != (3, 4)}
    for arm in ("channels", "patch", "codex", "mask ratio", "mae (tokens)"):
        assert {job.seed for job, other, _ in jobs.values() if other == arm} == {0, 1}, arm


def test_sweeps_of_pretraining_change_one_thing():
    params = analysis.PARAMS(
        **{**SMALL, "mask_ratios": (0.5, 0.1), "tokenizer_epochs": (6, 3), "masked_epochs": (2, 1)}
    )
    # what the main setting has is not trained again
    assert [one.label for one in variants(params)] == ["0.1 hidden", "3 epochs", "masked 1 epochs"]
    worlds, order = {1: world_of(params, 1)}, {1: tuple(range(42))}
    jobs = masked_jobs(params, worlds, order)
    main = jobs["generator 1, own codex, codes"]
    hidden = jobs["generator 1, own codex, 0.1 hidden"]
    assert (main.config.mask_ratio, hidden.config.mask_ratio) == (0.5, 0.1)
    assert hidden.n_epochs == main.n_epochs and jobs["generator 1, own codex, masked 1 epochs"].n_epochs == 1
    assert "generator 1, 3 epochs, codes" in jobs
    starts = {start for _, _, start in decoder_jobs(params, worlds, order).values() if start.count(",") > 1}
    assert starts <= set(jobs)
    drawn = channel_sets(params, 1)
    assert len(set(drawn["random channels"])) == params.n_selected and len(drawn["all channels"]) == 42
    assert drawn != channel_sets(params, 2)


def test_sweeps_stand_beside_the_paper(result):
    sets = result.tables["channel_sets"]
    assert sets["n_channels"].tolist() == [10, 10, 42]
    assert sets["paper_mse"].tolist() == [0.2969, 0.5211, 0.9673]
    assert (sets["test_mse"] > 0).all()
    table, decoders = result.tables["pretraining"], result.tables["decoders"].set_index("name")
    tried = table.groupby("sweep")["value"].unique().map(sorted).to_dict()
    assert tried == {
        "mask ratio": [0.25, 0.5], "tokenizer epochs": [3.0, 6.0], "masked epochs": [1.0, 2.0]
    }  # fmt: skip
    row = table[(table["sweep"] == "mask ratio") & (table["value"] == 0.25)].iloc[0]
    assert row["accuracy"] == decoders.loc["generator 1, seed 0, mae, 0.25 hidden", "accuracy"]


def test_contributions_stand_beside_the_truth(result):
    table = result.tables["contributions"]
    assert len(table) == 42 and table["score"].max() == pytest.approx(1.0)
    assert (table["informative"] == (table["mixing"] > 0.3)).all()
    assert result.metrics["contribution_auc"].n == 42


# ------------------------------------------------------------------------------------------ differences


def findings(hits, pairs):
    """Decoders a and b with given right answers; one row per generator and seed."""
    rows, records = [], {}
    for arm in "ab":
        for (generator, seed), hit in zip(pairs, hits[arm], strict=True):
            name = f"{arm}{generator}{seed}"
            records[name] = {"hit": np.asarray(hit, bool)}
            about = {"name": name, "arm": arm, "generator": generator, "seed": seed}
            rows.append({**about, "accuracy": float(np.mean(hit)), "n_epochs": 3, "n_labels": 4})
    return Findings(analysis.PARAMS(**SMALL), {}, pd.DataFrame(rows), records, Real())


def test_few_runs_are_compared_over_trials():
    found = findings({"a": [[1, 1, 1, 1, 1, 1, 1, 0]], "b": [[0, 0, 0, 0, 0, 0, 1, 0]]}, [(1, 0)])
    metric = metrics.difference(found, metrics.chosen(found, "a"), metrics.chosen(found, "b"))
    assert (metric.value, metric.n, metric.n_unit) == (75.0, 8, "trials")
    assert metric.low <= 75 <= metric.high
    same = metrics.difference(found, metrics.chosen(found, "a"), metrics.chosen(found, "a"))
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_many_runs_are_compared_over_runs():
    pairs = [(g, s) for g in (1, 2, 3) for s in (0, 1)]
    rng = np.random.default_rng(0)
    hits = {"a": rng.random((6, 20)) < 0.9, "b": rng.random((6, 20)) < 0.3}
    found = findings(hits, pairs)
    metric = metrics.difference(found, metrics.chosen(found, "a"), metrics.chosen(found, "b"))
    assert (metric.n, metric.n_unit) == (6, "runs")
    assert metric.value == pytest.approx(100 * (hits["a"].mean() - hits["b"].mean()))
    # six signs: the smallest two-sided probability is 2 / 64, so that an interval of 95 % exists
    assert np.isfinite([metric.low, metric.high]).all()


# ---------------------------------------------------------------------------------------------- real sets


def labelled(test):
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 20)
    X = rng.normal(size=(40, 1, 400)) + 2 * np.sin(np.arange(400) / 4) * y[:, None, None]
    return Labelled(
        "made up", X.astype(np.float32), y, test, 100.0, 100, 10, ("window means, LDA", "band power, LDA")
    )


def test_official_test_sets_are_never_trained_on():
    official = np.arange(40) >= 30
    train, test = rows_of(labelled(official), 0, 0)
    assert np.array_equal(test, np.flatnonzero(official)) and not np.intersect1d(train, test).size
    folds = [rows_of(labelled(None), fold, 0)[1] for fold in range(5)]
    assert np.array_equal(np.sort(np.concatenate(folds)), np.arange(40))


def test_methods_on_a_made_up_set_and_their_table():
    one = labelled(np.arange(40) >= 20)
    params = analysis.PARAMS(**SMALL, n_real_epochs=2)
    records = {
        f"made up, {method}, fold 0": decode_real((one, method, 0, params), np.random.default_rng(0))
        for method in ("Du-IN", *one.baselines)
    }
    table = tables.real(records, Real((one,))).set_index("method")
    assert table["n_test"].tolist() == [20, 20, 20] and table["n_train"].tolist() == [20, 20, 20]
    # an oscillation at twice the noise: band power separates it, means over 10 samples cannot miss it either
    assert table.loc["band power, LDA", "accuracy"] >= 0.9
    assert (table["low"] <= table["accuracy"]).all() and (table["high"] >= table["accuracy"]).all()


def test_a_short_recording_becomes_codes():
    rng = np.random.default_rng(0)
    one = Tokenized("made up", rng.normal(size=(3, 6000)).astype(np.float32), np.arange(6000.0), 1000.0)
    record = tokenize((one, analysis.PARAMS(**SMALL, n_token_epochs=3)), np.random.default_rng(0))
    table = tables.ecog(record)
    assert len(table) == 60 and table["trained"].sum() == 50
    # the mean of the covariate over each 100 samples
    assert table["force"].iloc[3] == pytest.approx(349.5)
    assert table["code"].between(0, 15).all()


def test_explained_variance():
    values = np.array([1.0, 1.0, 3.0, 3.0])
    assert metrics.explained(values, np.array([0, 0, 1, 1])) == 1
    assert metrics.explained(values, np.array([0, 1, 0, 1])) == 0


def test_absent_recordings_are_named(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    real = analysis.read_real(analysis.PARAMS(), download=False)
    assert real.labelled == () and real.ecog is None
    assert set(real.missing) >= {"bonn_ieeg", "SelfRegulationSCP1", "FingerMovements"}


def test_recordings_of_the_data_folder(data_root):
    if not (data_root / "du_in").is_dir():
        pytest.skip("the intracranial recordings are not below NEUROSCI_DATA")
    real = analysis.read_real(analysis.PARAMS(), download=False)
    bonn = next(one for one in real.labelled if one.name.startswith("Bonn"))
    assert bonn.X.shape == (200, 1, 4000) and np.bincount(bonn.y).tolist() == [100, 100]
    assert real.ecog.data.shape == (5, 19001)
    assert "bonn_ieeg" not in real.missing


# -------------------------------------------------------------------------------------- resuming, processes


def same(first, second):
    assert first.metrics == second.metrics
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name], check_exact=True)
    assert first.verdicts == second.verdicts


def test_finished_units_are_not_computed_again(run_small, result, units):
    store = UnitStore(units, "key", compute=False)
    same(run_small(units=store), result)
    assert store.resumed == store.planned > 10


def test_saved_result_is_read_back(result, tmp_path):
    result.save(tmp_path)
    assert load_result(tmp_path, analysis.PARAMS) == result


# ----------------------------------------------------------------------------------------------------- words


def test_no_missing_number_reaches_a_reader(result):
    assert not [text for text in texts(result) if re.search(r"\b(nan|inf|None)\b", text)]


def test_three_sentences(result):
    assert len(result.answer) == 3
    assert all(sentence.endswith(".") for sentence in result.answer)


def test_captions_and_alternatives_have_their_length(result):
    for figure in result.figures:
        if figure.width != "thumbnail":
            assert 30 <= len(f"{figure.finding} {figure.caption}".split()) <= 130, figure.name
            assert 12 <= len(figure.alt.split()) <= 60, figure.name
        assert figure.finding.endswith(".")


def test_every_table_has_a_note_and_every_figure_its_tables(result):
    assert set(result.table_notes) == set(result.tables)
    assert {figure.name for figure in result.figures} | {"real", "ecog"} == set(analysis.FIGURES)
    for figure in result.figures:
        assert set(figure.tables) <= set(result.tables)


def test_tick_labels_do_not_run_into_each_other():
    assert panels.labels_apart([50, 100, 150, 200, 500]) == ["50", "100", "", "200", "500"]
    assert panels.labels_apart([16, 64, 256, 1024, 2048]) == ["16", "64", "256", "", "2048"]
    assert panels.labels_apart([10]) == ["10"]


def test_smoothed_scores_are_a_gaussian_around_each_place():
    """Two far places with weights 2 and 1: the image at each is its weight, and falls off as the Gaussian."""
    places = np.array([[-41.0, -21.0, 15.0], [49.0, -5.0, 3.0]])
    image = panels.smoothed(places, np.array([2.0, 1.0]))
    volume, inverse = np.asarray(image.dataobj), np.linalg.inv(image.affine)

    def at(place):
        return volume[tuple(np.round(inverse @ [*place, 1.0])[:3].astype(int))]

    assert (at(places[0]), at(places[1])) == pytest.approx((1.0, 0.5), rel=1e-5)
    # voxels of 2 mm sample the Gaussian; the filter's truncation at 4 SD is below this tolerance
    for distance in (6.0, 12.0):
        expected = np.exp(-(distance**2) / (2 * panels.SMOOTHING_MM**2))
        assert at(places[0] + [0.0, distance, 0.0]) == pytest.approx(expected, rel=1e-3)


def test_every_figure_can_be_drawn(result, tmp_path):
    from neurosci.reporting import Report

    page = Report(result, figures=analysis.FIGURES).save(tmp_path)
    assert page.read_text(encoding="utf-8").count("<figure") == len(result.figures) - 1


def test_tables_hold_plain_columns(result):
    for name, table in result.tables.items():
        assert len(table), name
        for column, dtype in table.dtypes.items():
            assert dtype.kind in "biufO" or str(dtype) in ("str", "object"), (name, column)


def test_bold_marks_are_closed(result):
    for text in texts(result):
        assert text.count("**") % 2 == 0
        assert text.count("`") % 2 == 0


def test_words_that_are_never_used(result):
    banned = r"\b(prov(e|es|ed|ing)|confirm\w*|successful\w*|novel|powerful|interestingly|significant\w*)\b"
    for text in texts(result):
        assert not re.search(banned, text, re.IGNORECASE), text
        assert "!" not in text
