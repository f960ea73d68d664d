"""Batched binomial fits against statsmodels, SciPy and closed forms."""

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize
from scipy.special import expit, xlog1py, xlogy
from scipy.stats import chi2

from neurosci.stats import _curves
from neurosci.stats._curves import fit_binomial_curves
from neurosci.stats._profile import profile_binomial_curves

X = np.array([-2.0, -1.0, -0.3, 0.4, 1.1, 2.5])


def line(params, curves):
    p = expit(params[:, :1] + params[:, 1:] * X)
    return p, (p * (1 - p))[:, :, np.newaxis] * np.column_stack([np.ones_like(X), X])


def constant(params, curves):
    return params, np.ones((len(params), 1, 1))


def draw(seed, n_curves=7):
    """Draw counts that overlap: without errors on both sides the estimates would be infinite."""
    rng = np.random.default_rng(seed)
    n = rng.integers(15, 60, size=(n_curves, len(X)))
    p = expit(rng.uniform(-1, 1, size=(n_curves, 1)) + rng.uniform(0.3, 1.2, size=(n_curves, 1)) * X)
    return rng.binomial(n, p), n


# -------------------------------------------------------------------------------------------------- estimates


def test_logistic_regression_agrees_with_statsmodels(seed):
    """Oracle: statsmodels GLM, binomial family: estimates, covariance, likelihood, deviance, Pearson."""
    k, n = draw(seed)
    fits = fit_binomial_curves(k, n, line, [0.0, 1.0])
    assert fits.converged.all()
    assert fits.score_norm.max() < 1e-6
    for i in range(len(k)):
        result = sm.GLM(
            np.column_stack([k[i], n[i] - k[i]]), sm.add_constant(X), family=sm.families.Binomial()
        ).fit(tol=1e-14)
        np.testing.assert_allclose(fits.params[i], result.params, atol=1e-7)
        np.testing.assert_allclose(fits.covariance[i], result.cov_params(), rtol=1e-6)
        assert fits.deviance[i] == pytest.approx(result.deviance, abs=1e-9)
        assert fits.pearson[i] == pytest.approx(result.pearson_chi2, abs=1e-6)


def test_score_is_zero_in_high_precision(seed):
    """Oracle: the derivative of the log likelihood by mpmath at 40 digits."""
    k, n = draw(seed, n_curves=2)
    fits = fit_binomial_curves(k, n, line, [0.0, 1.0])

    def log_likelihood(i, a, b):
        p = [1 / (1 + mpmath.exp(-(a + b * mpmath.mpf(float(x))))) for x in X]
        return mpmath.fsum(
            int(k[i, j]) * mpmath.log(p[j]) + int(n[i, j] - k[i, j]) * mpmath.log(1 - p[j])
            for j in range(len(X))
        )

    with mpmath.workdps(40):
        for i in range(2):
            point = [mpmath.mpf(float(v)) for v in fits.params[i]]
            for order in ((1, 0), (0, 1)):
                assert abs(mpmath.diff(lambda a, b, i=i: log_likelihood(i, a, b), point, order)) < 1e-6
            assert float(log_likelihood(i, *point)) == pytest.approx(fits.log_likelihood[i], rel=1e-12)


def test_each_curve_is_as_if_alone(seed, monkeypatch):
    """Bit for bit: whatever else is in the call, and however the call is cut into blocks."""
    k, n = draw(seed)
    together = fit_binomial_curves(k, n, line, [0.0, 1.0])
    for i in range(len(k)):
        alone = fit_binomial_curves(k[i : i + 1], n[i : i + 1], line, [0.0, 1.0])
        np.testing.assert_array_equal(alone.params[0], together.params[i])
    monkeypatch.setattr(_curves, "_BLOCK", 2 * len(X) * 2)
    np.testing.assert_array_equal(fit_binomial_curves(k, n, line, [0.0, 1.0]).params, together.params)


def test_model_is_asked_for_the_right_curves():
    levels = np.random.default_rng(0).normal(size=(5, 4))
    truth = np.array([0.2, 1.3])
    n = np.full((5, 4), 10**6)
    k = np.rint(n * expit(truth[0] + truth[1] * levels)).astype(int)

    def own_levels(params, curves):
        p = expit(params[:, :1] + params[:, 1:] * levels[curves])
        inner = np.stack([np.ones_like(p), levels[curves]], axis=2)
        return p, (p * (1 - p))[:, :, np.newaxis] * inner

    starts = np.zeros((3, 5, 2))
    starts[1] += 1
    # rounding of the counts moves a probability by at most 5e-7
    np.testing.assert_allclose(
        fit_binomial_curves(k, n, own_levels, starts).params, np.tile(truth, (5, 1)), atol=1e-5
    )


def test_likelihood_never_falls():
    """From a bad start, the likelihood after m iterations rises with m."""
    k, n = draw(3)
    values = [
        fit_binomial_curves(k, n, line, [4.0, -3.0], max_iterations=m).log_likelihood for m in range(1, 12)
    ]
    assert (np.diff(values, axis=0) >= 0).all()
    assert (values[-1] > values[0] + 1).all()


def test_several_starts_find_the_higher_of_two_maxima():
    """p = 0.1 + 0.8 exp(-(x - c)^2) through a small and a large bump; a single start stays where it began."""
    x = np.linspace(-4, 4, 17)
    k, n = np.full((1, 17), 10), np.full((1, 17), 100)
    k[0, 3:6], k[0, 11:14] = 40, 80

    def bump(params, curves):
        p = 0.1 + 0.8 * np.exp(-((x - params) ** 2))
        return p, ((p - 0.1) * 2 * (x - params))[:, :, np.newaxis]

    assert fit_binomial_curves(k, n, bump, [-2.0]).params.item() == pytest.approx(-2, abs=0.3)
    both = fit_binomial_curves(k, n, bump, [[[-2.0]], [[2.0]]])
    assert both.params.item() == pytest.approx(2, abs=0.3)


# ----------------------------------------------------------------------------------------------------- bounds


def test_bounded_fit_agrees_with_scipy(seed):
    """Oracle: L-BFGS-B on the likelihood, with a slope that is not allowed above 0.5."""
    k, n = draw(seed)
    fits = fit_binomial_curves(k, n, line, [0.0, 0.2], low=[-np.inf, 0], high=[np.inf, 0.5])
    assert fits.converged.all()
    assert fits.at_bound[:, 1].any()
    for i in range(len(k)):

        def loss(v, i=i):
            p = expit(v[0] + v[1] * X)
            return -(xlogy(k[i], p) + xlog1py(n[i] - k[i], -p)).sum()

        best = optimize.minimize(
            loss, [0.0, 0.2], bounds=[(None, None), (0, 0.5)], method="L-BFGS-B", options={"ftol": 1e-14}
        )
        np.testing.assert_allclose(fits.params[i], best.x, atol=1e-4)
        assert fits.log_likelihood[i] >= -best.fun - 1e-9
    held = fits.at_bound[:, 1]
    assert np.isnan(fits.covariance[held, 1]).all()
    assert np.isfinite(fits.covariance[:, 0, 0]).all()


def test_equal_bounds_hold_a_parameter():
    k, n = draw(0)
    fixed = np.linspace(0.3, 1.2, len(k))[:, np.newaxis]
    low = np.hstack([np.full_like(fixed, -np.inf), fixed])
    high = np.hstack([np.full_like(fixed, np.inf), fixed])
    fits = fit_binomial_curves(k, n, line, [0.0, 0.0], low=low, high=high)
    np.testing.assert_array_equal(fits.params[:, 1], fixed[:, 0])
    # the score of the intercept alone: fitted and observed totals agree
    np.testing.assert_allclose((n * fits.probability).sum(axis=1), k.sum(axis=1), atol=1e-6)


def test_optimum_on_a_bound():
    fits = fit_binomial_curves([[0], [10], [4]], [[10]], constant, [0.5], low=0.02, high=0.9)
    np.testing.assert_allclose(fits.params[:, 0], [0.02, 0.9, 0.4], atol=1e-9)
    assert fits.at_bound[:, 0].tolist() == [True, True, False]
    assert fits.converged.all()


def test_separable_counts_end_at_the_bound_of_the_slope():
    k = np.where(X > 0, 10, 0)[np.newaxis]
    fits = fit_binomial_curves(k, np.full((1, len(X)), 10), line, [0.0, 1.0], low=[-50, 0], high=[50, 30])
    assert np.isfinite(fits.params).all()
    assert fits.deviance.item() < 1e-2
    limits = profile_binomial_curves(
        fits, k, np.full((1, len(X)), 10), line, [1], low=[-50, 0], high=[50, 30]
    )
    assert 0 < limits[0, 0, 0] < 10
    assert limits[0, 0, 1] == np.inf


def test_deviance_of_a_saturated_model_is_zero():
    fits = fit_binomial_curves([[3], [7]], [[10]], constant, [0.5], low=0, high=1)
    np.testing.assert_allclose(fits.deviance, 0, atol=1e-12)
    np.testing.assert_allclose(fits.covariance[:, 0, 0], [0.3 * 0.7 / 10] * 2, rtol=1e-6)


def test_points_without_trials_do_not_count():
    k, n = draw(1)
    k[:, 2], n[:, 2] = 0, 0
    fits = fit_binomial_curves(k, n, line, [0.0, 1.0])

    def shorter(params, curves):
        p, jacobian = line(params, curves)
        return np.delete(p, 2, axis=1), np.delete(jacobian, 2, axis=1)

    reference = fit_binomial_curves(np.delete(k, 2, axis=1), np.delete(n, 2, axis=1), shorter, [0.0, 1.0])
    np.testing.assert_allclose(fits.params, reference.params, atol=1e-9)
    np.testing.assert_allclose(fits.deviance, reference.deviance, atol=1e-9)


def test_inputs_are_left_alone():
    k, n = draw(2)
    start = np.array([0.0, 1.0])
    for array in (k, n, start):
        array.flags.writeable = False
    fit_binomial_curves(k, n, line, start)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_correct": [[1, 2]]}, "n_trials must have the shape"),
        ({"n_correct": [1, 2]}, r"n_correct must have shape \(n_curves, n_points\)"),
        ({"n_correct": [[11]]}, "0 <= n_correct <= n_trials, got 11 of 10 in curve 0, point 0"),
        ({"n_correct": [[-1]]}, "0 <= n_correct"),
        ({"n_correct": [[np.nan]]}, "0 <= n_correct"),
        ({"start": [[0.5], [0.5]]}, "start must have shape"),
        ({"start": [np.nan]}, "start must be finite"),
        ({"low": 1, "high": 0}, "low must be at most high"),
        ({"low": [0, 0, 0]}, "must broadcast"),
    ],
)
def test_bad_input(change, message):
    settings = {"n_correct": [[5]], "n_trials": [[10]], "model": constant, "start": [0.5], **change}
    with pytest.raises(ValueError, match=message):
        fit_binomial_curves(**settings)


# --------------------------------------------------------------------------------------------------- profiles


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_profile_of_a_proportion(level):
    """Oracle: roots of the binomial deviance by Brent's method."""
    counts = np.array([[8], [50], [0]])
    trials = np.array([[10], [80], [10]])
    bounds = {"low": 1e-9, "high": 1 - 1e-9}
    fits = fit_binomial_curves(counts, trials, constant, [0.5], **bounds)
    limits = profile_binomial_curves(fits, counts, trials, constant, [0], level=level, **bounds)[:, 0]
    for (low, high), k, n in zip(limits, counts[:, 0], trials[:, 0], strict=True):

        def excess(p, k=k, n=n):
            best = xlogy(k, k / n) + xlog1py(n - k, -k / n)
            return 2 * (best - xlogy(k, p) - xlog1py(n - k, -p)) - chi2.ppf(level, 1)

        assert high == pytest.approx(optimize.brentq(excess, max(k / n, 1e-12), 1 - 1e-12), abs=1e-5)
        if k:
            assert low == pytest.approx(optimize.brentq(excess, 1e-12, k / n), abs=1e-5)
        else:
            assert low == -np.inf


def test_profile_of_a_regression_agrees_with_refits(seed):
    """Oracle: the other parameter refitted by SciPy at each limit has the deviance of chi-square."""
    k, n = draw(seed, n_curves=3)
    fits = fit_binomial_curves(k, n, line, [0.0, 1.0])
    limits = profile_binomial_curves(fits, k, n, line, [1, 0])
    assert limits.shape == (3, 2, 2)
    for i in range(3):
        for column, which in enumerate([1, 0]):
            for value in limits[i, column]:

                def loss(other, i=i, which=which, value=value):
                    logit = other + value * X if which == 1 else value + other * X
                    return (n[i] * np.logaddexp(0, logit) - k[i] * logit).sum()

                best = optimize.minimize_scalar(loss, bracket=(-1, 1), options={"xtol": 1e-10})
                excess = 2 * (fits.log_likelihood[i] + best.fun)
                assert excess == pytest.approx(chi2.ppf(0.95, 1), abs=1e-3)
    assert (limits[:, :, 0] < fits.params[:, [1, 0]]).all()
    assert (limits[:, :, 1] > fits.params[:, [1, 0]]).all()


def test_profile_refuses_bad_options():
    fits = fit_binomial_curves([[5]], [[10]], constant, [0.5])
    with pytest.raises(ValueError, match="level must be in"):
        profile_binomial_curves(fits, [[5]], [[10]], constant, [0], level=95)
    with pytest.raises(ValueError, match="parameters must be numbers from 0 to 0"):
        profile_binomial_curves(fits, [[5]], [[10]], constant, [1])
