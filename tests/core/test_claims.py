"""Verdicts: each rule over every position of the interval."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosci._core.claims import Claim, as_printed, count_in_range, count_verdicts
from neurosci._core.metric import Metric


def claim(kind: str, **rule: object) -> Claim:
    return Claim(id="T1", text="A test.", source="Table 1", kind=kind, paper="1.00", **rule)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("printed", "value", "verdict"),
    [
        ("1.00", 0.99990, "reproduced"),
        ("1.00", 0.994, "differs"),
        ("51", 51.309, "reproduced"),
        ("51", 51.6, "differs"),
        ("0.513", 0.51309, "reproduced"),
        ("-0.4", -0.44, "reproduced"),
    ],
)
def test_digits(printed: str, value: float, verdict: str) -> None:
    judged = claim("digits", printed=(printed,)).judge(Metric(value, n=74))
    assert judged.verdict == verdict
    assert not judged.caveat


def test_digits_compare_every_printed_number() -> None:
    rule = claim("digits", printed=("1.43", "0.54"))
    assert rule.judge(Metric(1.43, n=14), values=(1.4312, 0.5391)).verdict == "reproduced"
    judged = rule.judge(Metric(1.43, n=14), values=(1.4312, 0.5602))
    assert judged.verdict == "differs"
    assert "0.54 is printed, 0.56 computed" in judged.why
    with pytest.raises(ValueError, match="values must hold 2 numbers"):
        rule.judge(Metric(1.43, n=14))


def test_caveats_never_change_a_verdict() -> None:
    rule = claim("digits", printed=("66",), denied=0.0)
    judged = rule.judge(Metric(66.25, 0.0, 80.0, n=6, n_unit="networks"))
    assert (judged.verdict, judged.caveat) == ("reproduced", True)
    assert judged.why.endswith("The caveat: the interval includes 0; it rests on 6 networks.")
    assert rule.judge(Metric(66.25, 40.0, 80.0, n=74)).caveat is False
    assert rule.judge(Metric(66.25, 40.0, 80.0, n=74), caveats=["the method fixes it."]).caveat is True
    other = rule.judge(Metric(70.0, 40.0, 80.0, n=74), caveats=["the method fixes it."])
    assert (other.verdict, other.caveat) == ("differs", False)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.9, 1.1, "reproduced"), (1.05, 1.2, "differs"), (0.5, 0.9, "differs"), (-0.1, 1.1, "undecided")],
)
def test_interval(low: float, high: float, verdict: str) -> None:
    assert (
        claim("interval", printed=("1.0",), denied=0.0).judge(Metric(1.0, low, high, n=50)).verdict == verdict
    )


@pytest.mark.parametrize("kind", ["direction", "order"])
@pytest.mark.parametrize(
    ("low", "high", "greater", "less"),
    [
        (0.2, 0.4, "reproduced", "differs"),
        (-0.4, -0.2, "differs", "reproduced"),
        (-0.1, 0.3, "undecided", "undecided"),
    ],
)
def test_direction_and_order(kind: str, low: float, high: float, greater: str, less: str) -> None:
    metric = Metric((low + high) / 2, low, high, n=30)
    assert claim(kind, denied=0.0).judge(metric).verdict == greater
    assert claim(kind, denied=0.0, side="less").judge(metric).verdict == less


def test_a_difference_inside_the_margin_differs() -> None:
    rule = claim("direction", denied=0.0, margin=0.05)
    assert rule.judge(Metric(0.02, 0.01, 0.04, n=30)).verdict == "differs"
    assert rule.judge(Metric(0.05, 0.01, 0.10, n=30)).verdict == "undecided"


@pytest.mark.parametrize(
    ("metric", "verdict"),
    [(Metric(1e-10), "reproduced"), (Metric(1e-8), "differs"), (Metric(5e-10, 1e-10, 2e-9), "undecided")],
)
def test_bound(metric: Metric, verdict: str) -> None:
    assert claim("bound", printed=("1e-9",), side="less").judge(metric).verdict == verdict


@pytest.mark.parametrize(
    ("metric", "verdict"),
    [
        (Metric(58.1, 47, 78, n=74), "differs"),
        (Metric(93.0, 85, 97, n=74), "reproduced"),
        (Metric(80.0, 50, 95, n=9), "undecided"),
    ],
)
def test_range(metric: Metric, verdict: str) -> None:
    assert claim("range", printed=("2", "4")).judge(metric).verdict == verdict


def test_quick_never_says_differs_for_want_of_samples() -> None:
    rule = claim("direction", denied=0.0, needs_samples=True)
    low = Metric(-0.3, -0.4, -0.2, n=30)
    assert rule.judge(low).verdict == "differs"
    judged = rule.judge(low, preset="quick")
    assert judged.verdict == "undecided"
    assert judged.why.startswith("Preset quick")
    assert rule.judge(Metric(0.3, 0.2, 0.4, n=30), preset="quick").verdict == "reproduced"


def test_no_estimate_is_not_testable() -> None:
    assert claim("direction", denied=0.0).judge(Metric(math.nan)).verdict == "not testable here"


def test_rules_must_be_complete() -> None:
    for kind in ("digits", "interval", "bound", "range"):
        with pytest.raises(ValueError, match="printed"):
            claim(kind)
    with pytest.raises(ValueError, match="denied"):
        claim("direction")
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        claim("digit", printed=("1",))
    with pytest.raises(ValueError, match="interval"):
        claim("direction", denied=0.0).judge(Metric(1.0, n=5))
    with pytest.raises(ValueError, match="no rule"):
        claim("none").judge(Metric(1.0))


@given(st.lists(st.floats(0, 20), max_size=40))
def test_count_in_range_agrees_with_rounding_one_by_one(values: list[float]) -> None:
    inside, n = count_in_range(values, ("2", "4"))
    assert (inside, n) == (sum(2 <= round(v) <= 4 for v in values), len(values))


def test_count_in_range_leaves_out_what_was_not_estimated() -> None:
    assert count_in_range([math.nan, 3.0, math.inf], ("2", "4")) == (1, 1)


def test_words_for_the_counts() -> None:
    rule = claim("digits", printed=("1",), denied=0.0)
    rows = [
        rule.judge(Metric(1.2, n=50)),
        rule.judge(Metric(1.2, n=5)),
        rule.judge(Metric(2.0, n=50)),
        rule.judge(Metric(3.0, n=50)),
        rule.not_testable("The data are not open."),
        rule.not_run("Needs the likelihood method."),
    ]
    assert count_verdicts(rows) == "2 reproduced (1 with a caveat), 2 differ, 1 not testable here, 1 not run"
    assert count_verdicts([]) == "no claims"
    assert as_printed(39.5981, "39.598") == "39.598"
