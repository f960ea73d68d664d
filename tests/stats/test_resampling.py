import numpy as np
import pandas as pd
import pytest
from scipy import stats

from neurosci.stats import Metric, bootstrap_interval


def test_mean_agrees_with_the_normal_interval(seed):
    """Oracle: mean +- 1.96 standard errors, which the percentile limits of 200 values meet to 0.25 SE."""
    data = np.random.default_rng(seed).normal(3, 2, size=200)
    metric = bootstrap_interval(data, np.mean, n_resamples=2000, random_state=seed)
    error = data.std() / np.sqrt(200)
    assert metric.value == pytest.approx(data.mean())
    assert metric.low == pytest.approx(data.mean() - 1.96 * error, abs=0.25 * error)
    assert metric.high == pytest.approx(data.mean() + 1.96 * error, abs=0.25 * error)


def test_agrees_with_scipy_bootstrap():
    data = np.random.default_rng(1).exponential(size=60)
    ours = bootstrap_interval(data, np.median, n_resamples=4000, random_state=0)
    reference = stats.bootstrap(
        (data,), np.median, n_resamples=4000, method="percentile", rng=np.random.default_rng(5)
    ).confidence_interval
    # two independent Monte Carlo runs; the median of 60 values sits on a grid of about 0.05
    assert ours.low == pytest.approx(reference.low, abs=0.06)
    assert ours.high == pytest.approx(reference.high, abs=0.06)


def test_coverage_of_the_mean():
    """Over 300 data sets of 50 normal values the 95 % interval covers 0 in 90 to 98 %."""
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(300):
        metric = bootstrap_interval(
            rng.normal(size=50), lambda x: x.mean(axis=1), vectorized=True, n_resamples=400, random_state=rng
        )
        covered += metric.low <= 0 <= metric.high
    assert 270 <= covered <= 294


def test_vectorized_equals_looped():
    data = np.random.default_rng(2).normal(size=(31, 3))
    loop = bootstrap_interval(data, lambda x: x[:, 1].mean(), random_state=4)
    batch = bootstrap_interval(data, lambda x: x[..., 1].mean(axis=1), vectorized=True, random_state=4)
    assert (loop.low, loop.high) == pytest.approx((batch.low, batch.high), rel=1e-12)


def test_whole_groups_are_resampled():
    """Oracle: with equal values inside a group it is the bootstrap of the values of groups."""
    groups = np.repeat(["a", "b", "c", "d", "e"], 4)
    values = np.repeat([1.0, 2.0, 4.0, 8.0, 16.0], 4)
    grouped = bootstrap_interval(values, np.mean, groups=groups, random_state=0, n_resamples=1000)
    single = bootstrap_interval(np.array([1.0, 2, 4, 8, 16]), np.mean, random_state=0, n_resamples=1000)
    assert (grouped.low, grouped.high, grouped.n) == (single.low, single.high, 5)
    alone = bootstrap_interval(values, np.mean, random_state=0, n_resamples=1000)
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


def test_order_of_groups_does_not_matter_for_their_names():
    values = np.arange(12.0)
    first = bootstrap_interval(values, np.mean, groups=np.repeat([0, 1, 2], 4), random_state=0)
    second = bootstrap_interval(values, np.mean, groups=np.repeat(["x", "y", "z"], 4), random_state=0)
    assert (first.low, first.high) == (second.low, second.high)


def test_data_frame_and_seed():
    frame = pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9.0) ** 2})
    before = frame.copy()
    first = bootstrap_interval(frame, lambda d: d["y"].mean() / d["x"].mean(), random_state=7)
    again = bootstrap_interval(frame, lambda d: d["y"].mean() / d["x"].mean(), random_state=7)
    assert first == again
    pd.testing.assert_frame_equal(frame, before)


def test_read_only_input():
    data = np.arange(10.0)
    data.setflags(write=False)
    assert isinstance(bootstrap_interval(data, np.mean, random_state=0), Metric)


def test_open_limit():
    """A tenth of the resamples without upper limit makes the interval open above, and only there."""
    data = np.arange(10.0)
    metric = bootstrap_interval(data, lambda x: np.inf if x.mean() > 5.6 else x.mean(), random_state=0)
    assert metric.high == np.inf
    assert np.isfinite(metric.low)


def test_missing_values_of_the_statistic():
    data = np.arange(10.0)

    def sometimes(x):
        return np.nan if x[0] == 0 else x.mean()

    with pytest.raises(ValueError, match="statistic must return a number"):
        bootstrap_interval(data[::-1], sometimes, random_state=0)
    metric = bootstrap_interval(data[::-1], sometimes, nan_policy="omit", random_state=0)
    assert "without a value" in metric.method


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"data": np.array([1.0])}, "at least 2 units, got 1"),
        ({"data": np.array([])}, "at least 2 units, got 0"),
        ({"groups": ["a"] * 5}, "at least 2 groups, got 1"),
        ({"groups": ["a", "b"]}, r"groups must have shape \(5,\)"),
        ({"groups": list("aabbc"), "vectorized": True}, "groups must be None"),
        ({"n_resamples": 10}, "n_resamples must be >= 100"),
        ({"level": 95}, r"level must be in \(0, 1\)"),
        ({"nan_policy": "ignore"}, "nan_policy must be"),
    ],
)
def test_bad_input(settings, message):
    arguments = {"data": np.arange(5.0), **settings}
    data = arguments.pop("data")
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(data, np.mean, random_state=0, **arguments)


def test_wrong_random_state():
    with pytest.raises(TypeError, match="random_state"):
        bootstrap_interval(np.arange(5.0), np.mean, random_state="a")
