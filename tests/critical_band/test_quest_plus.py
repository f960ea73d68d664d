"""QUEST+ against Bayes' rule evaluated directly, another implementation, and known observers."""

from __future__ import annotations

import itertools
import math
import runpy
import warnings

import numpy as np
import pytest

from neurosci.critical_band import (
    PsychometricFunction,
    QuestPlus,
    from_human_trials,
    read_events,
    read_trials,
)

LEVELS = 0.32 * 2.0 ** -np.arange(9)
GRID = {"threshold": 0.21 * 2.0 ** -np.arange(0, 6, 0.7), "slope": [0.8, 1.9, 4.0], "lapse_rate": [0.0, 0.07]}


def chance(level, threshold, slope, lapse):
    """The logistic function on log2 level, written out."""
    share = 1 / (1 + math.exp(slope * (math.log2(level) - math.log2(threshold))))
    return 1 / 16 + (1 - 1 / 16 - lapse) * share


class Direct:
    """QUEST+ as it is written in the paper: a loop over stimuli, answers and combinations of parameters."""

    def __init__(self):
        self.combinations = list(itertools.product(*GRID.values()))
        self.weights = [1 / len(self.combinations)] * len(self.combinations)

    def posterior_after(self, level, correct):
        joint = []
        for weight, (threshold, slope, lapse) in zip(self.weights, self.combinations, strict=True):
            p = chance(level, threshold, slope, lapse)
            joint.append(weight * (p if correct else 1 - p))
        total = math.fsum(joint)
        return total, [value / total for value in joint]

    def expected_entropy(self, level):
        out = 0.0
        for correct in (True, False):
            total, posterior = self.posterior_after(level, correct)
            out -= total * math.fsum(p * math.log(p) for p in posterior if p > 0)
        return out

    def update(self, level, correct):
        self.weights = self.posterior_after(level, correct)[1]


def test_equals_the_direct_evaluation(seed):
    rng = np.random.default_rng(seed)
    direct, quest = Direct(), QuestPlus({"noise_sd": LEVELS}, GRID)
    for _ in range(25):
        expected = np.array([direct.expected_entropy(level) for level in LEVELS])
        # a few hundred terms of size 1 or less, added in another order
        np.testing.assert_allclose(quest.expected_entropy(), expected, rtol=0, atol=1e-12)
        level = quest.next_stimulus()["noise_sd"]
        assert expected[list(LEVELS).index(level)] <= expected.min() + 1e-11
        correct = bool(rng.random() < chance(level, 0.06, 2.0, 0.03))
        direct.update(level, correct)
        quest.update({"noise_sd": level}, correct)
        np.testing.assert_allclose(quest.posterior.ravel(), direct.weights, rtol=0, atol=1e-13)
    mean = [sum(w * c[i] for w, c in zip(direct.weights, direct.combinations, strict=True)) for i in range(3)]
    np.testing.assert_allclose(list(quest.estimate().values()), mean, rtol=1e-11)
    best = direct.combinations[int(np.argmax(direct.weights))]
    assert tuple(quest.estimate("mode").values()) == best
    assert math.isclose(quest.entropy, -math.fsum(w * math.log(w) for w in direct.weights), abs_tol=1e-12)


def weibull(intensity, threshold, slope, lower_asymptote, lapse_rate):
    """The function of the other implementation, in decibels."""
    return (
        1
        - lapse_rate
        - (1 - lower_asymptote - lapse_rate) * np.exp(-(10 ** (slope * (intensity - threshold) / 20)))
    )


def test_equals_the_package_questplus(seed):
    questplus = pytest.importorskip(
        "questplus", reason="questplus is not installed: only the direct evaluation is compared"
    )
    stimuli = {"intensity": np.arange(-40, 1, 2.0)}
    parameters = {
        "threshold": np.arange(-40, 1, 2.0),
        "slope": np.array([2, 3.5, 5.0]),
        "lower_asymptote": np.array([1 / 16]),
        "lapse_rate": np.array([0.01, 0.04]),
    }
    theirs = questplus.QuestPlus(
        stim_domain=stimuli,
        param_domain=parameters,
        outcome_domain={"response": ["Correct", "Incorrect"]},
        func="weibull",
        stim_scale="dB",
    )
    ours = QuestPlus(stimuli, parameters, weibull)
    rng = np.random.default_rng(seed)
    for _ in range(30):
        shown = ours.next_stimulus()
        assert theirs.next_stim == shown
        correct = bool(rng.random() < weibull(shown["intensity"], -17.3, 3.0, 1 / 16, 0.02))
        theirs.update(stim=shown, outcome={"response": "Correct" if correct else "Incorrect"})
        ours.update(shown, correct)
        np.testing.assert_allclose(ours.posterior, theirs.posterior.values, rtol=0, atol=1e-14)
    for name, value in theirs.param_estimate.items():
        assert math.isclose(ours.estimate()[name], value, rel_tol=1e-12)


def test_model_is_that_of_the_psychometric_function():
    for sigmoid, direction, scale in itertools.product(
        ("logistic", "norm", "weibull", "gumbel"), ("decreasing", "increasing"), ("log2", "linear")
    ):
        options = {"sigmoid": sigmoid, "direction": direction, "scale": scale, "guess_rate": 0.25}
        levels = np.array([0.5, 1, 2, 4, 8])
        right = np.array([58, 57, 45, 24, 16])[:: 1 if direction == "decreasing" else -1]
        fitted = PsychometricFunction(**options).fit(levels, right, np.full(5, 60))
        grid = {
            "threshold": [fitted.threshold_],
            "slope": [fitted.slope_, 9.0],
            "lapse_rate": [fitted.lapse_rate_],
        }
        p = QuestPlus({"level": levels}, grid, **options)
        for level, expected in zip(levels, fitted.predict(levels), strict=True):
            after = (
                QuestPlus({"level": levels}, grid, **options).update({"level": level}, True).posterior.ravel()
            )
            other = p._chance({"level": float(level)})
            assert math.isclose(other[0], expected, rel_tol=1e-12)
            np.testing.assert_allclose(after, other / other.sum(), rtol=1e-12)


def test_a_stimulus_that_is_not_on_the_grid():
    quest = QuestPlus({"noise_sd": LEVELS}, GRID).update({"noise_sd": 0.0531}, True)
    expected = np.array([chance(0.0531, *c) for c in itertools.product(*GRID.values())])
    np.testing.assert_allclose(quest.posterior.ravel(), expected / expected.sum(), rtol=1e-12)
    assert quest.trials()["noise_sd"].tolist() == [0.0531]


def test_the_channel_as_one_procedure():
    """Two stimulus dimensions and a model of one's own: a Gaussian channel over bands."""

    def model(noise_sd, band, peak, center, width):
        log_threshold = -np.log2(peak) + (band - center) ** 2 / (2 * width**2)
        return 1 / 16 + (15 / 16 - 0.03) / (1 + np.exp(2 * (np.log2(noise_sd) - log_threshold)))

    stimuli = {"noise_sd": 0.32 * 2.0 ** -np.arange(6), "band": np.arange(7)}
    parameters = {
        "peak": 2.0 ** np.arange(2, 7, 0.5),
        "center": np.arange(2, 6.1, 0.5),
        "width": [0.5, 1.0, 1.5, 2.0],
    }
    quest = QuestPlus(stimuli, parameters, model)
    rng = np.random.default_rng(0)
    for _ in range(400):
        shown = quest.next_stimulus()
        quest.update(shown, rng.random() < model(**shown, peak=2.0**5, center=4.5, width=1.0))
    assert quest.posterior.shape == (10, 9, 4)
    assert quest.expected_entropy().shape == (6, 7)
    assert quest.estimate("mode") == {"peak": 32.0, "center": 4.5, "width": 1.0}
    assert list(quest.trials().columns) == ["noise_sd", "band", "correct"]


def test_credible_intervals_hold_the_truth():
    """Observers drawn from the prior: 90 % intervals on a grid hold at least 90 %."""
    rng = np.random.default_rng(0)
    thresholds = 0.21 * 2.0 ** -np.arange(0, 6, 0.25)
    n, held = 200, 0
    for _ in range(n):
        quest = QuestPlus({"noise_sd": LEVELS}, {"threshold": thresholds, "slope": [2.0]})
        truth = rng.choice(thresholds)
        for _ in range(20):
            shown = quest.next_stimulus()
            quest.update(shown, rng.random() < chance(shown["noise_sd"], truth, 2.0, 0.0))
        low, high = quest.interval("threshold", 0.9)
        held += low <= truth <= high
    # four standard errors below 90 %
    assert held / n >= 0.9 - 4 * math.sqrt(0.9 * 0.1 / n)


def test_learns_more_than_random_stimuli():
    def entropy_after(choose, seed):
        rng = np.random.default_rng(seed)
        quest = QuestPlus({"noise_sd": LEVELS}, GRID)
        for _ in range(25):
            shown = choose(quest, rng)
            quest.update(shown, rng.random() < chance(shown["noise_sd"], 0.06, 2.0, 0.03))
        return quest.entropy

    best = [entropy_after(lambda q, _: q.next_stimulus(), s) for s in range(20)]
    blind = [entropy_after(lambda _, r: {"noise_sd": float(r.choice(LEVELS))}, s) for s in range(20)]
    assert np.mean(best) < np.mean(blind)


def test_priors():
    parts = {"threshold": np.arange(1.0, 10.0), "lapse_rate": [3, 1]}
    by_parts = QuestPlus({"noise_sd": LEVELS}, GRID, prior=parts)
    whole = parts["threshold"][:, np.newaxis, np.newaxis] * np.ones((9, 3, 1)) * np.array([3, 1])
    by_table = QuestPlus({"noise_sd": LEVELS}, GRID, prior=whole)
    np.testing.assert_allclose(by_parts.posterior, by_table.posterior, rtol=1e-14)
    np.testing.assert_allclose(by_parts.marginal("threshold"), np.arange(1, 10) / 45, rtol=1e-14)
    np.testing.assert_allclose(by_parts.marginal("lapse_rate"), [0.75, 0.25], rtol=1e-14)


def test_one_of_the_best_is_drawn():
    quest = QuestPlus({"noise_sd": LEVELS}, GRID, n_best=3, random_state=0)
    best = set(LEVELS[np.argsort(quest.expected_entropy())[:3]])
    drawn = [quest.next_stimulus()["noise_sd"] for _ in range(60)]
    assert set(drawn) == best
    again = QuestPlus({"noise_sd": LEVELS}, GRID, n_best=3, random_state=0)
    assert drawn == [again.next_stimulus()["noise_sd"] for _ in range(60)]


def test_of_equal_stimuli_the_first_is_shown():
    quest = QuestPlus({"x": [3.0, 1.0, 2.0]}, {"a": [0.2, 0.8]}, lambda x, a: a + 0 * x)
    assert quest.next_stimulus() == {"x": 3.0}


def test_zero_noise_is_a_level():
    quest = QuestPlus({"noise_sd": [0, 0.1]}, {"threshold": [0.05, 0.2], "slope": [2], "lapse_rate": [0.1]})
    quest.update({"noise_sd": 0}, False)
    # without noise every observer has the same accuracy, so nothing is learned
    np.testing.assert_allclose(quest.posterior.ravel(), 0.5)
    assert quest.trials()["correct"].dtype == bool


STANDARD = {"stimuli": {"noise_sd": LEVELS}, "parameters": GRID}


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"stimuli": {}}, ValueError, "stimuli must be a mapping of names to values"),
        ({"stimuli": LEVELS}, ValueError, "stimuli must be a mapping"),
        ({"stimuli": {"x": []}}, ValueError, r"stimuli\['x'\] must be finite numbers in one dimension"),
        ({"stimuli": {"x": [1, np.nan]}}, ValueError, r"stimuli\['x'\] must be finite"),
        ({"stimuli": {"x": ["a"]}}, TypeError, r"stimuli\['x'\] must be numbers, got dtype"),
        ({"stimuli": {"x": [1, 1]}}, ValueError, "must be distinct"),
        ({"stimuli": {"slope": [1]}}, ValueError, "different names, got 'slope' in both"),
        ({"stimuli": {"x": [1], "y": [2]}}, ValueError, "one dimension without a model, got x, y"),
        ({"stimuli": {"x": [-1.0]}}, ValueError, r"log2 scale, got -1 .*scale='linear'"),
        ({"parameters": {"threshold": [1]}}, ValueError, "threshold, slope and perhaps lapse_rate"),
        ({"parameters": {"threshold": [0], "slope": [1]}}, ValueError, "thresholds > 0 on the log2 scale"),
        ({"parameters": {"threshold": [1], "slope": [-1]}}, ValueError, "slopes must be > 0"),
        ({"sigmoid": "logit"}, ValueError, "sigmoid must be one of .*did you mean 'logistic'"),
        ({"guess_rate": 1}, ValueError, r"guess_rate must be in \[0, 1\)"),
        ({"model": 3}, TypeError, "model must be callable, got int"),
        ({"model": lambda **_: 2.0}, ValueError, r"probabilities in 0\.\.1, got 2\.\.2 with 0 NaN"),
        ({"model": lambda **_: np.array([0.5, np.nan])}, ValueError, "with .* NaN"),
        ({"model": lambda **_: np.zeros(7)}, ValueError, r"broadcasts to \(9, 9, 3, 2\), got \(7,\)"),
        ({"prior": np.ones(3)}, ValueError, r"prior must have shape \(9, 3, 2\), got \(3,\)"),
        ({"prior": {"slope": [1]}}, ValueError, r"prior\['slope'\] must have shape \(3,\), got \(1,\)"),
        ({"prior": {"beta": [1]}}, ValueError, "prior must name parameters among .*, got beta"),
        ({"prior": np.zeros((9, 3, 2))}, ValueError, "prior must be finite weights >= 0"),
        ({"prior": np.full((9, 3, 2), np.nan)}, ValueError, "prior must be finite weights"),
        ({"n_best": 0}, ValueError, r"n_best must be a whole number in 1 \.\. 9, got 0"),
        ({"n_best": 10}, ValueError, r"n_best must be a whole number in 1 \.\. 9, got 10"),
        (
            {"parameters": {"threshold": np.arange(1, 3001), "slope": np.arange(1, 3001)}},
            ValueError,
            "at most",
        ),
    ],
)
def test_bad_arguments(changes, error, words):
    with pytest.raises(error, match=f"^QuestPlus: .*{words}"):
        QuestPlus(**STANDARD | changes)


def test_bad_answers():
    quest = QuestPlus(**STANDARD)
    for stimulus, correct, words in (
        ({}, True, "stimulus must have the dimensions noise_sd, got none"),
        (
            {"noise_sd": 0.1, "band": 2},
            True,
            "stimulus must have the dimensions noise_sd, got noise_sd, band",
        ),
        ({"noise_sd": np.inf}, True, "stimulus must be finite"),
        ({"noise_sd": -0.1}, True, "stimulus must be >= 0 on the log2 scale"),
        ({"noise_sd": 0.1}, "yes", "correct must be True or False, got 'yes'"),
        ({"noise_sd": 0.1}, np.nan, "correct must be True or False, got nan"),
    ):
        with pytest.raises(ValueError, match=f"^QuestPlus: {words}"):
            quest.update(stimulus, correct)
    assert quest.n_trials == 0
    sure = QuestPlus({"x": [1.0]}, {"a": [1.0, 2.0]}, lambda x, a: 1.0 + 0 * a * x)
    with pytest.raises(ValueError, match=r"correct must be possible, got False at .*allow for lapses"):
        sure.update({"x": 1.0}, False)
    with pytest.raises(ValueError, match=r"parameter must be one of .*did you mean 'slope'"):
        quest.marginal("slop")
    with pytest.raises(ValueError, match="method must be one of"):
        quest.estimate("median")
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\)"):
        quest.interval("slope", 95)


def test_example_experiment_runs_with_a_simulated_observer(pytestconfig, tmp_path, capsys):
    script = pytestconfig.rootpath / "docs" / "how_to" / "masking_experiment.py"
    namespace = runpy.run_path(str(script))
    with warnings.catch_warnings():  # the script sets a filter of its own
        trials, quests = namespace["main"](["--simulate", "--trials", "40", "--output", str(tmp_path)])
    thresholds = [quest.estimate()["threshold"] for quest in quests]
    # the simulated observer: 0.03 at 28 cycles/image, twice as much an octave away, 16 times at two
    assert int(np.argmin(thresholds)) == 4
    assert max(thresholds[3:6]) < 0.14 < min(thresholds[:3])
    assert len(trials) == 7 * 40
    same = read_events(tmp_path / "sub-01_task-masking_events.tsv").table
    np.testing.assert_array_equal(same["seed"], trials["seed"])
    human = from_human_trials(read_trials(tmp_path / "sub-01_task-masking.csv"))
    np.testing.assert_array_equal(human["correct"], trials["correct"])
    assert "threshold" in capsys.readouterr().out
