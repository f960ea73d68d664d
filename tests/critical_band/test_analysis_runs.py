"""Networks run by the analysis, frequencies of the noise bands, and which claims survive."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from neurosci._core.context import Context
from neurosci._core.metric import Metric
from neurosci._core.result import Source
from neurosci.critical_band import (
    CategoryMap,
    analysis,
    evaluate_network,
    make_channel_counts,
    published_trial_counts,
)
from neurosci.critical_band import _compute_runs as runs
from neurosci.critical_band._compute_bands import center_frequency, half_power
from neurosci.critical_band._inputs import Inputs, folder_images, shipped_photographs
from neurosci.critical_band._photographs import photographs
from neurosci.critical_band._survival import survival_table

LEVELS = (0.0, 0.02, 0.04, 0.08, 0.16)
NAMES = ("bear", "cat", "dog", "oven")


def trials_of_the_experiment(n_times=1):
    """One row per trial of the published design; categories take turns."""
    rows = [
        (f"{i}/{level}/{band}", NAMES[i % 4], level, band)
        for (row, band), n in np.ndenumerate(n_times * published_trial_counts())
        for level in (LEVELS[row],)
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["image", "category", "noise_sd", "band"])


def shown_to(kind, n_times=1):
    trials = trials_of_the_experiment(n_times)
    source = Source("Stimuli", "test", "published", "none", files=(("a", f"{kind}{n_times}"),))
    # a stand-in reads the number of a stimulus, not its pixels
    return runs.Shown(list(range(len(trials))), trials, kind, (source,))


@pytest.fixture
def answering(monkeypatch):
    """Replace networks by observers with channels of known width, one per version."""

    def with_widths(shown, **widths):
        def respond(images, version, weights, stage, inputs, context):
            truth = make_channel_counts(
                1, bandwidth=widths[f"v{version}"], center_frequency=35.0, peak_sensitivity=40.0,
                lapse_rate=0.15, random_state=0,
            ).probability[0]  # fmt: skip
            rows = shown.trials.iloc[images]
            level = rows["noise_sd"].map(LEVELS.index)
            right = np.random.default_rng(version).random(len(rows)) < truth[level, rows["band"]]
            return np.where(right, rows["category"], "knife")

        monkeypatch.setattr(runs, "respond", respond)

    return with_widths


def inputs_for(shown, tmp_path, versions=(0,)):
    paths = {}
    for version in versions:
        paths[version] = tmp_path / f"weights{version}"
        paths[version].write_bytes(b"none")
    return Inputs(shown, paths)


def verdict(result, name):
    return next(row for row in result.verdicts if row.id == name)


# --------------------------------------------------------------------------------------------- networks, CB8


def test_a_network_like_the_others(run_on, small_release, answering, tmp_path):
    """Ten times the published trials, so that the interval is narrow: 3.7 octaves lie in the middle."""
    shown = shown_to("published", 10)
    answering(shown, v0=3.7)
    result = run_on(
        small_release, inputs=inputs_for(shown, tmp_path), preset="paper", n_images_per_condition=0
    )
    row = verdict(result, "CB8")
    assert (row.verdict, row.caveat) == ("reproduced", False)
    table = result.tables["runs"].set_index("method")
    # four standard errors: the profile interval is two on each side
    likely = table.loc["likelihood"]
    assert likely["bandwidth"] == pytest.approx(3.7, abs=likely["high"] - likely["low"])
    known = result.tables["networks_likelihood"].query("used")["bandwidth"]
    low, high = np.quantile(known, [0.025, 0.975])
    expected = min(math.log2(likely["bandwidth"] / low), math.log2(high / likely["bandwidth"]))
    assert result.metrics["distance_inside"].value == pytest.approx(expected)
    assert result.metrics["distance_inside"].low > 0
    human = result.metrics["human_ml_bandwidth"].value
    assert likely["ratio"] == pytest.approx(likely["bandwidth"] / human)
    assert "EfficientNet-Lite0" in set(result.tables["accuracy"]["observer"])
    assert {"run_channels", "runs"} <= set(next(f for f in result.figures if f.name == "channels").tables)


def test_the_outermost_network_decides(run_on, small_release, answering, tmp_path):
    shown = shown_to("published", 10)
    answering(shown, v0=3.7, v1=1.5)
    result = run_on(
        small_release, inputs=inputs_for(shown, tmp_path, (0, 1)), preset="paper", n_images_per_condition=0
    )
    row = verdict(result, "CB8")
    assert row.verdict == "differs"
    assert row.n == "2 networks"
    assert "EfficientNet-Lite1" in row.why
    for figure in result.figures:
        analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])


def test_a_subset_never_decides(run_on, small_release, answering, tmp_path):
    shown = shown_to("published", 2)
    answering(shown, v0=1.2)
    result = run_on(small_release, inputs=inputs_for(shown, tmp_path), n_images_per_condition=8)
    row = verdict(result, "CB8")
    assert row.verdict == "undecided"
    assert "reset quick" in row.why
    assert result.metrics["EfficientNet-Lite0: index bandwidth"].n == 8 * 35


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [("photographs", "not testable here", "no categories"), ("user", "reproduced", "images are the user’s")],
)
def test_other_images(run_on, small_release, answering, tmp_path, kind, expected, words):
    shown = shown_to(kind, 10)
    answering(shown, v0=3.7)
    result = run_on(
        small_release, inputs=inputs_for(shown, tmp_path), preset="paper", n_images_per_condition=0
    )
    row = verdict(result, "CB8")
    assert row.verdict == expected
    assert words in row.why


def test_without_weights_the_rest_is_the_same(run_on, small_release, small_result):
    reason = "Its weights are not here: no network."
    other = run_on(small_release, inputs=Inputs(shown_to("published"), {0: reason}))
    row = verdict(other, "CB8")
    assert row.verdict == "not run"
    assert reason in row.why
    assert other.verdicts[:-1] == small_result.verdicts[:-1]
    assert other.answer == small_result.answer
    assert "runs" not in other.tables


def test_responses_do_not_depend_on_units(monkeypatch, tmp_path):
    """Units of 3 images, resumed from a store, and one unit give what `evaluate_network` gives."""
    import torch
    from torch import nn

    from neurosci._core.units import UnitStore

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(192, 1000)).eval()
    monkeypatch.setattr(runs, "_network", lambda version, weights: network)
    images = list(np.random.default_rng(0).integers(0, 256, (10, 32, 32), np.uint8))
    direct = evaluate_network(network, images, preprocess="efficientnet_lite")["response"].tolist()
    store = UnitStore(tmp_path, "key")
    for size in (3, 50):
        monkeypatch.setattr(runs, "IMAGES_PER_UNIT", size)
        for context in (Context(verbose=False), Context(verbose=False, units=store)):
            found = runs.respond(images, 0, Path("none"), f"images {size}", "", context)
            assert found.tolist() == direct
    monkeypatch.setattr(runs, "_network", None)
    again = runs.respond(images, 0, Path("none"), "images 50", "", Context(verbose=False, units=store))
    assert again.tolist() == direct


def test_balanced_subset_depends_on_names_alone():
    trials = trials_of_the_experiment()
    place = runs.balanced(trials, 8)
    chosen = trials.iloc[place]
    assert (chosen.groupby(["noise_sd", "band"]).size() == 8).all()
    assert (chosen.groupby(["noise_sd", "band"])["category"].nunique() == 4).all()
    order = np.random.default_rng(1).permutation(len(trials))
    other = trials.iloc[order].reset_index(drop=True)
    assert set(other.iloc[runs.balanced(other, 8)]["image"]) == set(chosen["image"])
    assert len(runs.balanced(trials, 0)) == len(trials)


# ------------------------------------------------------------------------------------------------- own images


def write_images(folder, names):
    rng = np.random.default_rng(0)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(60, 190, (240, 260, 3), np.uint8)).save(path)


def test_folder_with_categories(tmp_path):
    write_images(tmp_path, [f"{name}/{i}.png" for name in ("cat", "dog") for i in range(3)])
    shown = folder_images(str(tmp_path), 0)
    assert shown.kind == "user"
    assert not shown.clear
    assert len(shown.images) == len(shown.trials) == 6
    assert set(shown.trials["category"]) == {"cat", "dog"}
    stimulus = shown.images[0]
    assert stimulus.shape == (224, 224)
    assert stimulus.min() >= 0 and stimulus.max() <= 1
    again = folder_images(str(tmp_path), 0)
    assert again.hash == shown.hash
    np.testing.assert_array_equal(again.images[3], shown.images[3])
    assert folder_images(str(tmp_path), 1).hash != shown.hash


def test_folder_without_categories_takes_the_clear_response(tmp_path, monkeypatch):
    write_images(tmp_path, ["a.png", "b.png"])
    shown = folder_images(str(tmp_path), 0)
    assert len(shown.clear) == 2
    # each in 28 conditions, and once without noise
    assert len(shown.trials) == 2 * 29

    def respond(images, version, weights, stage, inputs, context):
        return np.array(["cat", "dog"] if stage == "clear images" else ["cat"] * len(images))

    monkeypatch.setattr(runs, "respond", respond)
    weights = tmp_path / "weights"
    weights.write_bytes(b"")
    correct, trials = runs.answers(shown, 0, weights, Context(verbose=False))
    assert correct.sum() == 29
    assert trials.sum() == 58


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        (["zebra/a.png"], ValueError, "named after the categories"),
        ([], ValueError, "must hold images"),
        (None, NotADirectoryError, "must be a folder"),
    ],
)
def test_folders_that_do_not_work(tmp_path, names, error, words):
    folder = tmp_path / "images"
    if names is not None:
        folder.mkdir()
        write_images(folder, names)
    with pytest.raises(error, match=words):
        folder_images(str(folder), 0)


def test_shipped_photographs():
    images = photographs()
    assert len(images) == 8
    assert all(image.shape == (224, 224) and image.dtype == np.uint8 for image in images.values())
    whole = load_sample_image("china.jpg")[:420, :420] @ [0.299, 0.587, 0.114]
    assert np.abs(images["china 0"].mean() - whole.mean()) < 1
    shown = shipped_photographs(0)
    assert len(shown.trials) == 8 * 29
    assert shown.sources[0].licence == "CC BY 2.0"


def test_inputs_without_data(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    found = analysis.load_inputs(analysis.PARAMS(), Context(verbose=False, download=False))
    assert found.shown.kind == "photographs"
    assert not found.excess
    assert "weights are not here" in found.weights[0]
    assert str(tmp_path) not in found.weights[0]


def test_inputs_with_the_published_stimuli(monkeypatch, data_root, tmp_path):
    monkeypatch.setenv("NEUROSCI_DATA", str(data_root))
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path))
    params = analysis.PARAMS(networks=())
    found = analysis.load_inputs(params, Context(verbose=False, download=False))
    assert found.shown.kind == "published"
    assert len(found.shown.trials) == 1050
    assert found.shown.trials["image"].is_unique
    # the strongest noise of each band, as the file names say
    assert {band: len(fields) for band, fields in found.excess.items()} == {
        0: 30, 1: 20, 2: 37, 3: 26, 4: 29, 5: 20, 6: 23,
    }  # fmt: skip
    centers = [np.mean([center_frequency(f) for f in found.excess[band]]) for band in (3, 4, 5, 6)]
    # the specification's values, within 5 %
    assert centers == pytest.approx([6.7, 13.0, 27.7, 87.8], rel=0.05)


# ------------------------------------------------------------------------------------------------- bands, CB7


@pytest.mark.parametrize("frequency", [1, 10, 77])
def test_centre_of_a_grating(frequency):
    x = np.arange(224)
    field = np.tile(np.sin(2 * np.pi * frequency * x / 224), (224, 1))
    assert center_frequency(field) == pytest.approx(frequency)
    assert center_frequency(field.T + 3.0) == pytest.approx(frequency)


def test_half_power_of_a_flat_band():
    """Equal power per octave from 8 to 32: half power at its ends, up to smoothing and grid."""
    frequency = np.geomspace(1, 128, 4000)
    power = ((frequency >= 8) & (frequency <= 32)).astype(float)
    low, high = half_power(frequency, power)
    assert [math.log2(low), math.log2(high)] == pytest.approx([3, 5], abs=0.13)


def test_labels_are_not_centres(result):
    row = verdict(result, "CB7")
    assert row.verdict == "differs"
    assert row.n == "7 noise bands"
    bands = result.tables["bands"]
    # measured values of the specification, printed to one decimal
    assert bands["center"].to_numpy() == pytest.approx([1.5, 2.0, 3.5, 6.7, 13.0, 27.7, 87.8], abs=0.1)
    assert ((bands["sampled_low"] <= bands["center"]) & (bands["center"] <= bands["sampled_high"])).all()
    assert result.metrics["label_distance"].value == pytest.approx(
        np.median(np.log2(bands["label"] / bands["center"]))
    )
    spectra = result.tables["spectra"]
    # one curve per band; power away from frequency 0 integrates to what is not there
    for band, rows in spectra.groupby("band"):
        area = np.trapezoid(rows["share_per_octave"], np.log2(rows["frequency"]))
        if band >= 2:
            assert area == pytest.approx(1 - bands.loc[band, "share_at_0"], abs=0.08)


# --------------------------------------------------------------------------------------------------- survival


def test_survival_by_hand(result):
    table = result.tables["survival"].set_index(["key", "method"])
    assert len(table) == 24
    assert table.loc[("width", "maximum likelihood"), "holds"] == "no"
    assert table.loc[("width", "filter observer"), "holds"] == "no"
    assert (table.loc["ratio", "holds"] == "yes").all()
    assert table.loc[("range", "paper’s method"), "holds"] == "no"
    assert (table.loc["robust", "holds"] == "undecided").all()
    assert result.notes[0].startswith("**Of the paper’s claims")
    (figure,) = (figure for figure in result.figures if figure.name == "survival")
    assert "hold by every other method" in figure.finding


def test_filter_observer_of_people(result):
    metric = result.metrics["human_filter_bandwidth"]
    assert metric.value == pytest.approx(1.40, abs=0.1)
    assert metric.low < metric.value < metric.high
    assert result.metrics["human_filter_center_frequency"].value == pytest.approx(22, abs=2.5)
    assert result.metrics["observer_filter_bandwidth"].value == pytest.approx(1.37, abs=0.1)
    assert "filter observer" in result.answer[1]
    for name in ("CB1", "CB2", "CB3", "CB6"):
        assert "filter observer" in verdict(result, name).why
    assert "relative to accuracy without noise" in verdict(result, "CB6").why


@pytest.mark.parametrize(
    ("low", "value", "high", "expected"),
    [(0.8, 1.1, 1.4, "yes"), (1.2, 1.4, 1.6, "no"), (None, 1.0, None, "no interval")],
)
def test_rule_of_one_cell(result, low, value, high, expected):
    from types import SimpleNamespace

    found = SimpleNamespace(robust={}, params=analysis.PARAMS())
    table = survival_table(found, {"human_bandwidth": Metric(value, low, high)})
    cells = table.set_index(["key", "method"])["holds"]
    assert cells[("width", "paper’s method")] == expected
    others = set(itertools.product(table["key"].unique(), table["method"].unique()))
    others.remove(("width", "paper’s method"))
    assert {cells[cell] for cell in others} == {"no estimate"}


def test_categories_of_the_stand_in():
    assert {*NAMES, "knife"} <= set(CategoryMap.imagenet16().categories)
