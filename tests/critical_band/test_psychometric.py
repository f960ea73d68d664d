"""Single psychometric functions against an independent likelihood, statsmodels and a psignifit threshold."""

import copy
import math

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize
from scipy.stats import chi2, norm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from neurosci.critical_band import NotResolvedWarning
from neurosci.critical_band._psychometric import PsychometricFunction
from neurosci.critical_band._psychometric_curves import Curves, fit_psychometric_functions
from neurosci.critical_band._psychometric_shape import check_shape
from neurosci.critical_band._sigmoids import SIGMOIDS, sigmoid_inverse, sigmoid_value

LEVELS = np.array([0, 0.02, 0.04, 0.08, 0.16])
CORRECT = np.array([29, 28, 25, 14, 3])
TRIALS = np.array([30, 30, 31, 29, 30])


def by_hand(sigmoid, z):
    """Write each sigmoid out with the math module."""
    return {
        "logistic": lambda: 1 / (1 + math.exp(-z)),
        "norm": lambda: 0.5 * math.erfc(-z / math.sqrt(2)),
        "weibull": lambda: 1 - math.exp(-math.log(2) * math.exp(z)),
        "gumbel": lambda: math.exp(-math.log(2) * math.exp(-z)),
    }[sigmoid]()


def log_likelihood(v, levels, correct, trials, *, sigmoid="logistic", guess=1 / 16, scale="log2", sign=-1):
    position, log_slope, lapse = v
    total = 0.0
    for level, k, n in zip(levels, correct, trials, strict=True):
        if scale == "log2" and level == 0:
            value = 1.0 if sign < 0 else 0.0
        else:
            x = math.log2(level) if scale == "log2" else level
            value = by_hand(sigmoid, max(min(sign * math.exp(log_slope) * (x - position), 200), -200))
        p = min(max(guess + (1 - guess - lapse) * value, 1e-300), 1 - 1e-16)
        total += k * math.log(p) + (n - k) * math.log1p(-p)
    return total


# --------------------------------------------------------------------------------------------------- sigmoids


@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_sigmoid(sigmoid):
    """Oracles: the formula by the math module, and the derivative by mpmath."""
    z = np.linspace(-6, 4, 41)
    value, slope = sigmoid_value(sigmoid, z)
    np.testing.assert_allclose(value, [by_hand(sigmoid, x) for x in z], rtol=1e-12)
    formula = {
        "logistic": lambda x: 1 / (1 + mpmath.exp(-x)),
        "norm": mpmath.ncdf,
        "weibull": lambda x: 1 - mpmath.exp(-mpmath.log(2) * mpmath.exp(x)),
        "gumbel": lambda x: mpmath.exp(-mpmath.log(2) * mpmath.exp(-x)),
    }[sigmoid]
    with mpmath.workdps(30):
        np.testing.assert_allclose(slope, [float(mpmath.diff(formula, x)) for x in z], rtol=1e-10, atol=1e-18)
    assert sigmoid_value(sigmoid, np.zeros(1))[0].item() == pytest.approx(0.5, abs=1e-15)
    middle = np.abs(value - 0.5) < 0.49
    np.testing.assert_allclose(sigmoid_inverse(sigmoid, value[middle]), z[middle], rtol=1e-9, atol=1e-12)
    far, flat = sigmoid_value(sigmoid, np.array([-1e9, 1e9]))
    np.testing.assert_allclose(far, [0, 1], atol=1e-12)
    np.testing.assert_allclose(flat, 0, atol=1e-12)


@pytest.mark.parametrize("scale", ["log2", "linear"])
@pytest.mark.parametrize("direction", ["decreasing", "increasing"])
@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_derivatives(sigmoid, direction, scale):
    """Oracle: central differences; their error is about the cube root of the rounding error squared."""
    curves = Curves.build(
        "test",
        LEVELS,
        TRIALS[np.newaxis].astype(float),
        check_shape("test", sigmoid, 0.1, "fit", scale, direction),
    )
    middle = -4.0 if scale == "log2" else 0.07
    params = np.array([[middle, 0.6, 0.04], [middle * 1.1, 1.2, 0.0]])
    _, jacobian = curves.model(params, np.arange(2))
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-6
        above, below = (curves.model(params + s * step, np.arange(2))[0] for s in (1, -1))
        np.testing.assert_allclose(jacobian[:, :, j], (above - below) / 2e-6, atol=1e-8)


# -------------------------------------------------------------------------------------------------- estimates


@pytest.mark.parametrize("direction", ["decreasing", "increasing"])
@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_agrees_with_an_independent_fit(sigmoid, direction):
    """Oracle: Nelder-Mead on a likelihood written with the math module, from several starts."""
    correct = CORRECT if direction == "decreasing" else np.array([2, 3, 6, 17, 28])
    function = PsychometricFunction(sigmoid, direction=direction).fit(LEVELS, correct, TRIALS)
    sign = -1 if direction == "decreasing" else 1

    def loss(v):
        if not 0 <= v[2] < 15 / 16:
            return 1e9
        return -log_likelihood(v, LEVELS, correct, TRIALS, sigmoid=sigmoid, sign=sign)

    options = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}
    fits = [
        optimize.minimize(loss, [x, s, 0.03], method="Nelder-Mead", options=options)
        for x in (-4.5, -3.5)
        for s in (0.3, 1.0)
    ]
    best = min(fits, key=lambda fit: fit.fun)
    assert function.log_likelihood_ == pytest.approx(-best.fun, abs=1e-7)
    assert math.log2(function.threshold_) == pytest.approx(best.x[0], abs=1e-3)
    assert math.log(function.slope_) == pytest.approx(best.x[1], abs=1e-2)
    assert function.lapse_rate_ == pytest.approx(best.x[2], abs=1e-3)
    assert function.converged_
    saturated = sum(
        k * math.log(k / n) + (n - k) * math.log((n - k) / n) for k, n in zip(correct, TRIALS, strict=True)
    )
    assert function.deviance_ == pytest.approx(2 * (saturated - function.log_likelihood_), abs=1e-9)


@pytest.mark.parametrize(("sigmoid", "link"), [("logistic", "Logit"), ("norm", "Probit")])
def test_without_guessing_and_lapses_it_is_a_regression(sigmoid, link):
    """Oracle: statsmodels GLM on log2 level; threshold = -intercept / coefficient."""
    levels, correct = LEVELS[1:], np.array([28, 22, 9, 2])
    function = PsychometricFunction(sigmoid, guess_rate=0, lapse_rate=0).fit(levels, correct, TRIALS[1:])
    result = sm.GLM(
        np.column_stack([correct, TRIALS[1:] - correct]),
        sm.add_constant(np.log2(levels)),
        family=sm.families.Binomial(link=getattr(sm.families.links, link)()),
    ).fit(tol=1e-14)
    intercept, coefficient = result.params
    assert math.log2(function.threshold_) == pytest.approx(-intercept / coefficient, abs=1e-6)
    assert function.slope_ == pytest.approx(-coefficient, rel=1e-6)
    assert function.deviance_ == pytest.approx(result.deviance, abs=1e-8)
    # delta method: threshold = -a/b, log slope = log(-b)
    gradient = np.array([[-1 / coefficient, intercept / coefficient**2], [0, 1 / coefficient]])
    expected = gradient @ result.cov_params() @ gradient.T
    np.testing.assert_allclose(function.covariance_[:2, :2], expected, rtol=1e-5)
    assert np.isnan(function.covariance_[2]).all()


def test_linear_scale_is_a_regression_on_level():
    levels, correct = np.array([-2.0, -1, 0, 1, 2]), np.array([1, 5, 14, 25, 30])
    function = PsychometricFunction(guess_rate=0, lapse_rate=0, scale="linear", direction="increasing")
    function.fit(levels, correct, np.full(5, 30))
    result = sm.GLM(
        np.column_stack([correct, 30 - correct]), sm.add_constant(levels), family=sm.families.Binomial()
    ).fit(tol=1e-14)
    assert function.threshold_ == pytest.approx(-result.params[0] / result.params[1], abs=1e-6)
    assert function.slope_ == pytest.approx(result.params[1], rel=1e-6)


def test_agrees_with_psignifit(human_counts):
    """Pooled people, band 4 (28 cycles/image by its label).

    Stored: MAP threshold by psignifit 4.3 (sigmoid "neg_logistic", 16-alternative forced choice, all other
    settings at their defaults) on log2 of the four noise SDs above 0: -4.134165, which is 0.0569 in noise SD.
    Its priors and its beta-binomial make a difference; a tenth of an octave is allowed.
    """
    correct = sum(table[0] for table in human_counts.values())[:, 4]
    trials = sum(table[1] for table in human_counts.values())[:, 4]
    function = PsychometricFunction().fit(LEVELS, correct, trials)
    assert abs(math.log2(function.threshold_) - -4.134165) < 0.1
    assert abs(math.log2(function.threshold_ / 0.057)) < 0.1


def test_trials_without_noise_inform_the_lapse_rate():
    """Oracle: with many of them the lapse rate is their error rate."""
    correct, trials = CORRECT.copy(), TRIALS.copy()
    correct[0], trials[0] = 90_000, 100_000
    function = PsychometricFunction().fit(LEVELS, correct, trials)
    # the other 120 trials pull by at most about 120/100000
    assert function.lapse_rate_ == pytest.approx(0.1, abs=2e-3)
    assert function.predict(0) == pytest.approx(1 - function.lapse_rate_, abs=1e-12)
    rising = PsychometricFunction(direction="increasing").fit(LEVELS, TRIALS - CORRECT, TRIALS)
    assert rising.predict(0) == pytest.approx(1 / 16, abs=1e-12)


def test_predict_and_threshold_are_inverse():
    function = PsychometricFunction().fit(LEVELS, CORRECT, TRIALS)
    p = np.array([[0.3, 0.5], [0.6, 0.85]])
    np.testing.assert_allclose(function.predict(function.threshold(p)), p, atol=1e-12)
    half = 1 / 16 + (15 / 16 - function.lapse_rate_) / 2
    assert function.threshold(half) == pytest.approx(function.threshold_)
    assert np.isnan(function.threshold([0.01, 1 / 16, 1.0])).all()
    # reached only beyond the tested levels
    assert np.isnan(function.threshold(function.predict(0.17)))


def test_many_functions_are_as_if_each_alone(seed):
    rng = np.random.default_rng(seed)
    p = 1 / 16 + 0.9 / (
        1 + np.exp(2 * (np.log2(np.maximum(LEVELS, 1e-9)) - rng.uniform(-5, -3, size=(9, 1))))
    )
    trials = rng.integers(20, 40, size=(9, 5))
    correct = rng.binomial(trials, np.minimum(p, 0.97))
    many = fit_psychometric_functions(LEVELS, correct, trials)
    own = fit_psychometric_functions(np.tile(LEVELS, (9, 1)), correct, trials)
    np.testing.assert_allclose(own.params, many.params, atol=1e-6)
    for i in range(9):
        one = fit_psychometric_functions(LEVELS, correct[i : i + 1], trials[i : i + 1])
        np.testing.assert_array_equal(one.params[0], many.params[i])
    assert many.converged.all()
    assert (many.score_norm[np.isfinite(many.slope)] < 1e-6).all()


def test_recovers_the_truth_with_many_trials():
    """With 1e7 trials per level the standard errors are below 0.001."""
    truth = 1 / 16 + (15 / 16 - 0.05) / (1 + np.exp(2.0 * (np.log2([0.001, 0.02, 0.04, 0.08, 0.16]) + 4.2)))
    n = np.full(5, 10**7)
    function = PsychometricFunction().fit([0.001, 0.02, 0.04, 0.08, 0.16], np.rint(n * truth), n)
    assert math.log2(function.threshold_) == pytest.approx(-4.2, abs=1e-3)
    assert function.slope_ == pytest.approx(2, abs=1e-2)
    assert function.lapse_rate_ == pytest.approx(0.05, abs=1e-3)


# --------------------------------------------------------------------------------------- what is not resolved


@pytest.mark.parametrize(
    ("correct", "reason", "low", "high"),
    [
        ([30, 30, 30, 30, 30], "does not change with level", 0.16, np.inf),
        ([29, 28, 29, 27, 28], "does not change with level", 0.16, np.inf),
        ([30, 30, 30, 2, 2], "anywhere in a gap", 0.04, 0.08),
        ([10, 3, 2, 2, 2], "below the lowest tested level", 0, 0.04),
    ],
)
def test_no_extrapolated_threshold(correct, reason, low, high):
    with pytest.warns(NotResolvedWarning, match=reason):
        function = PsychometricFunction().fit(LEVELS, correct, np.full(5, 30))
    assert math.isnan(function.threshold_)
    assert math.isnan(function.slope_)
    assert not function.resolved_
    assert reason in function.reason_
    assert np.isnan(function.threshold(0.5))
    interval = function.confint()["threshold"]
    assert interval.low >= low * (1 - 1e-9)
    assert interval.high <= high
    assert math.isinf(interval.high) == math.isinf(high)


def test_steep_slope_leaves_the_threshold():
    """One cell on the slope pins the threshold, not the slope."""
    with pytest.warns(NotResolvedWarning, match="no slope is resolved"):
        function = PsychometricFunction().fit(LEVELS, [30, 30, 15, 2, 2], np.full(5, 30))
    assert function.threshold_ == pytest.approx(0.04, rel=0.02)
    assert math.isnan(function.slope_)
    assert math.isinf(function.confint()["slope"].high)


# -------------------------------------------------------------------------------------------------- intervals


@pytest.mark.parametrize("sigmoid", ["logistic", "weibull"])
def test_profile_limits_have_the_deviance_of_chi_square(sigmoid):
    """Oracle: Nelder-Mead over the other two parameters at each limit."""
    function = PsychometricFunction(sigmoid).fit(LEVELS, CORRECT, TRIALS)
    intervals = function.confint()
    critical = chi2.ppf(0.95, 1)
    for j, (name, scale) in enumerate([("threshold", math.log2), ("slope", math.log), ("lapse_rate", float)]):
        for limit in (intervals[name].low, intervals[name].high):
            open_end = math.isinf(limit)
            value = 4.0 if open_end else scale(limit)

            def loss(other, j=j, value=value):
                v = np.insert(other, j, value)
                if not 0 <= v[2] < 15 / 16:
                    return 1e9
                return -log_likelihood(v, LEVELS, CORRECT, TRIALS, sigmoid=sigmoid)

            best = min(
                optimize.minimize(
                    loss, np.delete(function.params_, j) + shift, method="Nelder-Mead",
                    options={"xatol": 1e-7, "fatol": 1e-10},
                ).fun
                for shift in (0, np.array([0.05, 0.02]))
            )  # fmt: skip
            excess = 2 * (function.log_likelihood_ + best)
            assert excess < critical if open_end else excess == pytest.approx(critical, abs=2e-3)


def test_wald_interval_is_the_normal_one():
    function = PsychometricFunction().fit(LEVELS, CORRECT, TRIALS)
    metric = function.confint("wald", 0.9)["threshold"]
    reach = norm.ppf(0.95) * math.sqrt(function.covariance_[0, 0])
    assert math.log2(metric.low) == pytest.approx(math.log2(function.threshold_) - reach)
    assert math.log2(metric.high) == pytest.approx(math.log2(function.threshold_) + reach)
    assert (metric.n, metric.n_unit, metric.level) == (150, "trials", 0.9)


@pytest.mark.parametrize("resample", ["fitted", "observed"])
def test_bootstrap_agrees_with_profile(resample):
    """Both are first-order right: with 3,000 trials a level their limits are within 30 % of the width."""
    correct, trials = CORRECT * 100, TRIALS * 100
    function = PsychometricFunction().fit(LEVELS, correct, trials)
    profile = function.confint()["threshold"]
    settings = {"resample": resample, "n_resamples": 500, "random_state": 0}
    bootstrap = function.confint("bootstrap", **settings)["threshold"]
    width = profile.high - profile.low
    assert bootstrap.low == pytest.approx(profile.low, abs=0.3 * width)
    assert bootstrap.high == pytest.approx(profile.high, abs=0.3 * width)
    assert function.confint("bootstrap", **settings)["threshold"] == bootstrap


def test_coverage_of_the_profile_interval():
    """400 experiments with 100 trials a level: 380 held on average, 366 to 394 is 3.2 standard deviations."""
    rng = np.random.default_rng(5)
    levels = np.array([0, 0.01, 0.02, 0.04, 0.08, 0.16])
    with np.errstate(divide="ignore"):
        p = 1 / 16 + (15 / 16 - 0.05) / (1 + np.exp(2 * (np.log2(levels) + 5)))
    held = 0
    for _ in range(400):
        metric = PsychometricFunction().fit(levels, rng.binomial(100, p), np.full(6, 100)).confint()
        held += metric["threshold"].low <= 2**-5 <= metric["threshold"].high
    assert 366 <= held <= 394


def test_fixed_lapse_rate_has_no_interval():
    function = PsychometricFunction(lapse_rate=0.03).fit(LEVELS, CORRECT, TRIALS)
    assert function.lapse_rate_ == 0.03
    assert set(function.confint()) == {"threshold", "slope"}


# -------------------------------------------------------------------------------------------------- behaviour


def test_estimator_conventions():
    function = PsychometricFunction("norm", lapse_rate=0.02)
    assert function.get_params()["sigmoid"] == "norm"
    fitted = clone(function).fit(LEVELS, CORRECT, TRIALS)
    again = copy.deepcopy(fitted).fit(LEVELS, CORRECT, TRIALS)
    np.testing.assert_array_equal(again.params_, fitted.params_)
    for method, arguments in (("predict", ([0.1],)), ("threshold", (0.5,)), ("confint", ())):
        with pytest.raises(NotFittedError):
            getattr(function, method)(*arguments)


def test_order_and_form_of_the_input_do_not_matter():
    expected = PsychometricFunction().fit(LEVELS, CORRECT, TRIALS).params_
    order = [3, 0, 4, 2, 1]
    np.testing.assert_allclose(
        PsychometricFunction().fit(LEVELS[order], CORRECT[order], TRIALS[order]).params_, expected, atol=1e-6
    )
    given = PsychometricFunction().fit(LEVELS.tolist(), CORRECT.astype(np.uint8), TRIALS.astype(">f4"))
    np.testing.assert_array_equal(given.params_, expected)


def test_level_without_trials_is_passed_over():
    with pytest.warns(UserWarning, match="1 of 6 levels have no trial"):
        function = PsychometricFunction().fit([*LEVELS, 0.32], [*CORRECT, 0], [*TRIALS, 0])
    np.testing.assert_allclose(
        function.params_, PsychometricFunction().fit(LEVELS, CORRECT, TRIALS).params_, atol=1e-9
    )
    assert function.level_range_ == pytest.approx((0.02, 0.16))


@pytest.mark.parametrize(
    ("settings", "arguments", "error", "message"),
    [
        ({"sigmoid": "logit"}, {}, ValueError, "sigmoid must be one of"),
        ({"guess_rate": 1.0}, {}, ValueError, r"guess_rate must be in \[0, 1\)"),
        ({"lapse_rate": 0.95}, {}, ValueError, "lapse_rate must be 'fit' or in"),
        ({"lapse_rate": "free"}, {}, ValueError, "lapse_rate must be one of 'fit'"),
        ({"scale": "log"}, {}, ValueError, "scale must be one of"),
        ({"direction": "down"}, {}, ValueError, "direction must be one of"),
        ({}, {"level": -LEVELS}, ValueError, "level must be >= 0 on the log2 scale"),
        ({}, {"level": [np.nan, 1, 2, 3, 4]}, ValueError, "level must be finite, got 1 NaN"),
        ({}, {"level": ["a"] * 5}, TypeError, "level must be numbers, got dtype"),
        ({}, {"level": LEVELS[np.newaxis]}, ValueError, r"level must have shape \(n_levels,\)"),
        (
            {},
            {"level": [0, 0.1, 0.1, 0.1, 0.1]},
            ValueError,
            "at least 2 different levels above 0 with trials, got 1",
        ),
        ({}, {"n_correct": TRIALS + 1}, ValueError, "n_correct must be at most n_trials, got 31 of 30"),
        ({}, {"n_correct": CORRECT / 30}, ValueError, "whole numbers"),
        ({}, {"n_correct": CORRECT[:4]}, ValueError, "n_correct must have shape"),
        ({}, {"n_trials": -TRIALS}, ValueError, "n_trials must be >= 0"),
        ({}, {"n_trials": np.zeros(5), "n_correct": np.zeros(5)}, ValueError, "with trials, got 0"),
    ],
)
def test_bad_input(settings, arguments, error, message):
    given = {"level": LEVELS, "n_correct": CORRECT, "n_trials": TRIALS, **arguments}
    with pytest.raises(error, match=f"^PsychometricFunction: .*{message}"):
        PsychometricFunction(**settings).fit(**given)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "exact"}, "method must be one of"),
        ({"level": 95}, "level must be in"),
        ({"method": "bootstrap", "n_resamples": 10}, "n_resamples must be >= 100"),
        ({"method": "bootstrap", "resample": "trials"}, "resample must be one of"),
    ],
)
def test_bad_options_of_intervals(settings, message):
    function = PsychometricFunction().fit(LEVELS, CORRECT, TRIALS)
    with pytest.raises(ValueError, match=message):
        function.confint(**settings)


def test_bad_input_of_the_batch():
    with pytest.raises(ValueError, match=r"n_correct must have shape \(n_functions, n_levels\)"):
        fit_psychometric_functions(LEVELS, CORRECT, TRIALS)
    with pytest.raises(ValueError, match="level must have shape"):
        fit_psychometric_functions(LEVELS[:3], CORRECT[np.newaxis], TRIALS)
    with pytest.raises(ValueError, match="proportion_correct must be in"):
        PsychometricFunction().fit(LEVELS, CORRECT, TRIALS).threshold(50)
