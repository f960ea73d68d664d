"""The analysis as a whole on a reduced scale: verdicts, tables, figures, words; parts with known answers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model  # noqa: F401 (its first import draws from the generator of Python)
from matplotlib.backends.backend_agg import FigureCanvasAgg

from neurosci._core.context import Context
from neurosci._core.metric import Metric
from neurosci.hmm_glm import _onset as onset
from neurosci.hmm_glm import _read_out as read_out
from neurosci.hmm_glm import _recordings as recordings
from neurosci.hmm_glm import _tables as tables
from neurosci.hmm_glm import analysis
from neurosci.hmm_glm._published import TABLE_1
from neurosci.reporting.figures import style_context

SMALL = {
    "n_draws": 2,
    "n_starts": 1,
    "max_iter": 6,
    "n_neurons": 8,
    "n_states": 2,
    "n_bins": 400,
    "n_train": 4,
    "n_test": 2,
    "n_sweep_bins": 300,
    "neuron_numbers": (8, 40, 50),
    "fitted_neurons": (6, 8),
    "state_numbers": (2, 3),
    "strengths": (0.0, 100.0),
    "n_train_trials": 6,
    "n_test_trials": 6,
    "n_clamp_draws": 2,
    "real_states": (3,),
    "n_real_starts": 1,
    "choice_states": (1, 2),
    "n_choice_blocks": 2,
    "n_sleep_train": 2,
    "n_sleep_test": 1,
    "sequence_duration": 5.0,
}
TINY = {
    **SMALL,
    "max_iter": 2,
    "n_bins": 200,
    "state_numbers": (2,),
    "strengths": (0.0,),
    "fitted_neurons": (6,),
}


@pytest.fixture(scope="module")
def result():
    """The analysis on a reduced scale, with the recordings that are here."""
    return analysis.run(analysis.PRESETS["quick"].replace(**SMALL), Context(verbose=False))


@pytest.fixture(scope="module")
def alone():
    """A smaller one without any recording."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            analysis, "load_recordings", lambda params, download: ({}, (), {"Every recording": "not here"})
        )
        found = analysis.run(analysis.PRESETS["quick"].replace(**TINY), Context(verbose=False))
    return found


def test_every_claim_is_judged(result):
    verdicts = {verdict.id: verdict for verdict in result.verdicts}
    assert list(verdicts) == [claim.id for claim in analysis.CLAIMS]
    assert {f"HG{i}" for i in range(1, 8)} <= set(verdicts)
    for name in ("HG3b", "HG5"):
        assert verdicts[name].verdict == "not testable here"
        assert "PFC-6" in verdicts[name].why


def test_recordings_that_are_absent_leave_the_claims_of_them_untested(alone):
    verdicts = {verdict.id: verdict.verdict for verdict in alone.verdicts}
    assert {name for name, verdict in verdicts.items() if verdict == "not testable here"} == {
        "HG3b", "HG3c", "HG5", "HG5b", "HG5c",
    }  # fmt: skip
    assert any("Every recording is not shown" in text for text in alone.warnings)
    assert alone.kinds == ("synthetic",)


def test_every_figure_is_drawn_at_its_size(result):
    widths = {"double": 7.2, "single": 3.5, "thumbnail": 2.9}
    assert {figure.name for figure in result.figures} <= set(analysis.FIGURES)
    with style_context():
        for figure in result.figures:
            drawn = analysis.FIGURES[figure.name](*[result.tables[name] for name in figure.tables])
            FigureCanvasAgg(drawn).draw()
            assert drawn.get_size_inches()[0] == widths[figure.width]


def test_captions_keep_their_lengths(result):
    real = {
        "onset", "real_likelihood", "real_connectivity", "trials", "by_number", "choice", "sleep", "outcome",
        "trajectory", "receptor",
    }  # fmt: skip
    for figure in result.figures:
        assert 20 <= len(figure.alt.split()) <= 60, (figure.name, len(figure.alt.split()))
        words = len(figure.finding.split()) + len(figure.caption.split())
        if figure.width != "thumbnail":
            assert 40 <= words <= 135, (figure.name, words)
        assert "ynthetic" in figure.finding or figure.name in real, figure.name


def test_tables_have_notes_and_metrics_are_numbers(result):
    assert set(result.table_notes) == set(result.tables)
    for name, metric in result.metrics.items():
        assert math.isfinite(metric.value), name


def test_printed_values_stand_beside_ours(result):
    table = result.tables["table1_mean"].set_index("model")
    assert list(table.index) == list(TABLE_1)
    assert table.loc["HG", "printed_accuracy"] == 37.73
    assert table.loc["OHG", ["printed_weight_error", "printed_adjacency", "printed_prior"]].tolist() == [
        10.99, 73.90, 80.60,
    ]  # fmt: skip


def test_starts_and_data_are_equal_for_every_model(result):
    table = result.tables["table1"]
    assert set(table["n_starts"]) == {1}
    assert table.groupby("draw")["model"].nunique().eq(len(TABLE_1)).all()


@pytest.mark.parametrize("name", list(analysis.PRESETS["paper"].to_dict()))
def test_the_paper_preset_is_never_smaller(name):
    quick, paper = (analysis.PRESETS[preset].to_dict()[name] for preset in ("quick", "paper"))
    if name.startswith("n_"):
        assert paper >= quick


# ----------------------------------------------------------------------------------------------------- parts


def test_the_onset_of_a_planted_step():
    rng = np.random.default_rng(0)
    probability = rng.uniform(0, 0.2, size=(40, 100))
    probability[:, 60:80] += 0.7
    found, low, high = onset.average_onset(probability, 5, rng)
    assert found == 60
    assert low <= 60 <= high
    assert (onset.steepest(probability, 5) == 60).mean() > 0.9
    # means of ten bins of uniform noise: a step of 0.7 is over ten standard errors
    steps, gain = onset.rises(probability.mean(axis=0), 5)
    assert gain[steps == 60][0] == pytest.approx(0.7, abs=0.05)


def test_the_first_of_two_sizeable_rises_names_the_state():
    average = np.full((100, 3), 0.1)
    average[60:, 0] = 0.9
    average[40:, 1] = 0.6
    average[20:, 2] = 0.2
    assert onset.locked_state(average, 5) == (1, 40)


def test_a_profile_finds_what_one_value_hides():
    """A rise of one state, and one after another, in trials that also have other rises."""
    rng = np.random.default_rng(1)

    def made(n_trials, at):
        p = np.full((n_trials, 200, 3), 0.1)
        p[:, :, 0] = 0.8
        for trial in range(n_trials):
            t = at[trial]
            p[trial, t : t + 10] = [0.1, 0.8, 0.1]
            p[trial, t + 10 : t + 30] = [0.1, 0.1, 0.8]
            decoy = int(rng.integers(5, 45))
            p[trial, decoy : decoy + 10] = [0.0, 1.0, 0.0]
        return p

    at = rng.integers(60, 150, 30)
    found = onset.matched(made(20, np.full(20, 100)), made(30, at), 100, 10, 30)
    np.testing.assert_array_equal(found, at)
    assert (onset.steepest(made(30, at)[..., 1], 5) != at).mean() > 0.5
    # a profile that would reach beyond the trial is cut
    early = onset.matched(made(20, np.full(20, 100)), made(30, at), 100, 400, 30)
    assert early.shape == (30,)


def test_a_read_out_of_perfect_states_is_right():
    lengths = np.full(6, 30)
    labels = ("a", "a", "b", "b", "c", "c")
    path = np.repeat([0, 0, 1, 1, 2, 2], 30)
    counts = np.ones((180, 2), np.uint8)
    recorded = recordings.Recorded(
        name="made",
        train=counts,
        test=counts,
        train_lengths=lengths,
        test_lengths=lengths,
        train_labels=labels,
        test_labels=labels,
        bin_width=0.02,
        units=(0, 1),
        n_dropped=0,
    )
    units = {"HG": {"train_path": path, "test_path": path}}
    coefficients, scores = read_out.read_out(units, recorded, 3)
    assert scores.set_index("model").loc["HG", "accuracy"] == 100.0
    # equal counts everywhere tell nothing: a third is right
    assert scores.set_index("model").loc["spike counts", "n_right"] == 2
    assert len(coefficients) == 3 * read_out.N_PARTS
    # states are named on the data for fitting, whatever their numbers
    sleep = read_out.sleep_scores({"HG": {"train_path": 2 - path, "test_path": 2 - path}}, recorded, 3, 0)
    assert sleep.set_index("method").loc["HG", "accuracy"] == 100.0
    assert sleep.set_index("method").loc["HG", "rand_index"] == 1.0


def test_held_out_thirds_never_touch_the_data_for_fitting():
    epoch = np.repeat([0, 1], [30, 9])
    train, test = recordings._thirds(epoch, 6, 3)
    assert not (train & test).any()
    for name in (0, 1):
        own = epoch == name
        assert np.flatnonzero(train & own).max() + 1 < np.flatnonzero(test & own).min()


def test_names_of_units_are_read_back():
    assert tables.keys("HMM Corr draw=3") == {"model": "HMM Corr", "draw": "3"}
    assert tables.keys("N=40 draw=0") == {"model": "", "N": "40", "draw": "0"}


def test_runs_tile_a_path():
    rows = pd.DataFrame(tables.runs(np.array([1, 1, 0, 2, 2, 2]), row="x"))
    assert rows[["start", "stop", "state"]].to_numpy().tolist() == [[0, 2, 1], [2, 3, 0], [3, 6, 2]]


def test_the_t_interval_of_means():
    # by hand: mean 2, standard error 1 / sqrt(3); with two degrees of freedom the quantile of t has the
    # closed form (2p - 1) sqrt(2 / (4 p (1 - p)))
    quantile = 0.95 * math.sqrt(2 / (4 * 0.975 * 0.025))
    mean, low, high = tables.mean_interval(np.array([1.0, 2.0, 3.0, np.nan]))
    assert mean == 2.0
    assert high - mean == pytest.approx(quantile / math.sqrt(3), rel=1e-9)
    assert mean - low == pytest.approx(high - mean, rel=1e-12)


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [((1.0, 2.0), "reproduced"), ((-2.0, -1.0), "differs"), ((-1.0, 1.0), "undecided")],
)
def test_the_rule_of_the_order_claims(difference, verdict):
    claim = next(claim for claim in analysis.CLAIMS if claim.id == "HG1")
    low, high = difference
    assert claim.judge(Metric((low + high) / 2, low, high, n=10)).verdict == verdict


# -------------------------------------------------------------------------------------------- real recordings


def test_a_three_state_fit_finds_the_odour_onset_in_held_out_trials(recorded_trials):
    """Twenty trials for fitting; neither labels nor times are given to the model."""
    from neurosci.hmm_glm import OneHotHMMGLM

    found = recorded_trials
    model = OneHotHMMGLM(3, shared_intercept=False, n_init=3, max_iter=30, dwell=50, random_state=0)
    model.fit(found.train, found.train_lengths)
    n_bins = int(found.train_lengths[0])
    width = round(0.2 / found.bin_width)
    train, test = (
        model.predict_proba(part, lengths).reshape(lengths.size, n_bins, 3)
        for part, lengths in ((found.train, found.train_lengths), (found.test, found.test_lengths))
    )
    state, _ = onset.locked_state(train.mean(axis=0), width)
    at, low, high = onset.average_onset(test[..., state], width, np.random.default_rng(0))
    # firing of the population changes at 3.1 to 3.2 s; the window is 0.1 s before to 0.4 s after 3.1 s
    first, last = found.onset
    assert first <= at * found.bin_width <= last
    assert first <= low * found.bin_width <= high * found.bin_width <= last
    single = onset.matched(train, test, onset.locked_state(train.mean(axis=0), width)[1], 25, 125)
    seconds = single * found.bin_width
    # 5 % of times lie in the window; with 30 trials a share of one half excludes 31 % and less
    assert ((first <= seconds) & (seconds <= last)).mean() > 0.5


def test_history_tells_half_a_bit_of_a_held_out_spike_of_head_direction_neurons():
    from neurosci.datasets import DataNotFoundError, fetch_head_direction_spikes
    from neurosci.hmm_glm import PoissonGLM

    try:
        found = fetch_head_direction_spikes(download=False)
    except DataNotFoundError:
        pytest.skip("needs NEUROSCI_DATA with the folder hmm_glm")
    cut = recordings.sleep_records(found, analysis.PRESETS["quick"])
    glm = PoissonGLM(shared_intercept=False).fit(cut.train, cut.train_lengths)
    assert glm.bits_per_spike(cut.test, cut.test_lengths) > 0.5


def test_every_second_stretch_of_the_odour_recording_has_no_response(locust):
    """What the joining of two stretches of ten seconds to one trial rests on."""
    from scipy.stats import mannwhitneyu

    from neurosci.preprocessing.spikes import bin_spikes

    for condition in recordings.ODOURS:
        rows = locust.epochs[locust.epochs["label"] == condition]
        binned = bin_spikes(list(locust.data), 0.5, epochs=rows[["start_s", "end_s"]].to_numpy())
        rate = np.asarray(binned.counts).sum(axis=1).astype(float).reshape(len(rows), 20)
        # firing from 3.0 to 3.5 s against the half second before
        change = rate[:, 6] - rate[:, 5]
        with_odour, without = change[:: recordings.STRETCHES], change[1 :: recordings.STRETCHES]
        assert mannwhitneyu(with_odour, without, alternative="greater").pvalue < 1e-6
        assert abs(without.mean()) < 4 * without.std(ddof=1) / np.sqrt(without.size)
        # the last half second is cut short where the acquisition ends
        assert rate[1 :: recordings.STRETCHES, -1].mean() < 0.8 * rate[1 :: recordings.STRETCHES, :-1].mean()
        assert rate[:: recordings.STRETCHES, -1].mean() > 0.9 * rate[:: recordings.STRETCHES, 8:-1].mean()


@pytest.fixture
def locust():
    """The session of the odour trials."""
    from neurosci.datasets import DataNotFoundError, fetch_locust_spikes

    try:
        return fetch_locust_spikes(download=False)
    except DataNotFoundError:
        pytest.skip("needs NEUROSCI_DATA with the folder realdata")


@pytest.fixture
def recorded_trials(locust):
    """The first condition of 50 odour trials: 20 for fitting, 30 held out."""
    return recordings.odour_trials(locust, recordings.ODOURS[0], analysis.PRESETS["quick"])
