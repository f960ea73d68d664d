import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from neurosci.stats._multiple import adjust_pvalues

# Example of Benjamini and Hochberg (1995), section 4: thrombolytic treatments, 15 tests.
THROMBOLYSIS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0,
]  # fmt: skip


def holm(p):
    """Holm's definition, step by step: rejected at q while each smallest is at most q / (tests left)."""
    p = np.asarray(p)
    order, m = np.argsort(p, kind="stable"), len(p)
    adjusted, running = np.empty(m), 0.0
    for i, index in enumerate(order):
        running = max(running, min(1.0, (m - i) * p[index]))
        adjusted[index] = running
    return adjusted


def step_up(p, factor):
    """Definition of the step-up adjustment: smallest q at which this test is rejected."""
    p = np.sort(p)
    m = len(p)
    return [min(min(1.0, factor * m * p[j] / (j + 1)) for j in range(i, m)) for i in range(m)]


def test_example_of_benjamini_and_hochberg():
    """The paper rejects the first four at a false discovery rate of 0.05, and Bonferroni's bound three."""
    assert np.count_nonzero(adjust_pvalues(THROMBOLYSIS, method="bh") <= 0.05) == 4
    assert np.count_nonzero(adjust_pvalues(THROMBOLYSIS, method="holm") <= 0.05) == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_definitions(p):
    ordered = np.sort(p)
    assert np.allclose(adjust_pvalues(p, method="holm"), holm(p), atol=1e-12)
    harmonic = sum(1 / k for k in range(1, len(p) + 1))
    for method, factor in (("bh", 1.0), ("by", harmonic)):
        assert np.allclose(adjust_pvalues(ordered, method=method), step_up(p, factor), atol=1e-12)


@pytest.mark.parametrize(("method", "theirs"), [("bh", "fdr_bh"), ("by", "fdr_by"), ("holm", "holm")])
def test_agrees_with_statsmodels(method, theirs):
    p = np.random.default_rng(0).uniform(size=(4, 7)) ** 2
    adjusted = adjust_pvalues(p, method=method)
    assert adjusted.shape == (4, 7)
    assert adjusted.ravel() == pytest.approx(multipletests(p.ravel(), method=theirs)[1], abs=1e-14)


def test_holm_keeps_the_family_wise_rate_and_bh_the_false_discovery_rate(seed):
    """2,000 families of 20 null and 5 real effects: at most 5 % plus three standard errors (0.5 % each)."""
    rng = np.random.default_rng(seed)
    from scipy.special import ndtr

    families = ndtr(-(rng.normal(size=(2000, 25)) + np.repeat([0.0, 3.0], [20, 5])))
    holm_errors, discoveries = 0, []
    for p in families:
        holm_errors += bool((adjust_pvalues(p)[:20] <= 0.05).any())
        rejected = adjust_pvalues(p, method="bh") <= 0.05
        discoveries.append(rejected[:20].sum() / max(1, rejected.sum()))
    assert holm_errors / 2000 <= 0.05 + 3 * 0.005
    assert np.mean(discoveries) <= 0.05 + 3 * 0.005


def test_input_is_kept():
    p = np.array([0.2, 0.01])
    p.flags.writeable = False
    adjust_pvalues(p)
    assert p.tolist() == [0.2, 0.01]


@pytest.mark.parametrize(
    ("pvalues", "error", "message"),
    [
        ([], ValueError, "at least 1 tests, got 0"),
        ([0.1, np.nan], ValueError, "must be finite, got 1 NaN"),
        ([0.1, 1.5, -1], ValueError, r"in \[0, 1\], got 2 outside, the first 1.5 at index 1"),
        (["a"], TypeError, "real numbers"),
    ],
)
def test_bad_pvalues(pvalues, error, message):
    with pytest.raises(error, match=f"adjust_pvalues: pvalues .*{message}"):
        adjust_pvalues(pvalues)


def test_unknown_method():
    with pytest.raises(ValueError, match="method must be one of 'holm', 'bh', 'by'"):
        adjust_pvalues([0.1], method="bonferroni")
