"""Numbers on a page: the rules of the report, and properties that hold for any number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosci._core.metric import Metric
from neurosci._core.numbers import (
    decimals_for,
    format_duration,
    format_interval,
    format_number,
    format_p,
)

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (2.081, 2.00, 2.16, "octaves", "2.08 [2.00, 2.16] octaves"),
        (4.19, 3.99, 4.51, "times", "4.19 [3.99, 4.51] times"),
        (51.309, 39.2, 70.1, "%", "51\u00a0% [39, 70]"),
        (1.4312, 1.171, 1.728, "octaves", "1.43 [1.17, 1.73] octaves"),
        (-0.4, -0.6, -0.2, "", "−0.40 [−0.60, −0.20]"),
        (1.0, 1.0, 2.09, "octaves", "1.00 [1.00, 2.09] octaves"),
        (1.0, 1.0, 1.0, "octave", "1.00 [1.00, 1.00] octave"),
        (1.34, 1.02, math.inf, "times", "1.34 [1.02, no upper limit] times"),
        (math.nan, None, None, "octaves", "no estimate"),
        (0.513, None, None, "", "0.513"),
        (12345.6, 12000.0, 13000.0, "trials", "12,346 [12,000, 13,000] trials"),
    ],
)
def test_interval_text(value: float, low: float | None, high: float | None, unit: str, text: str) -> None:
    assert format_interval(value, low, high, unit) == text


@given(finite, finite, finite)
def test_value_and_limits_share_their_decimals(a: float, b: float, c: float) -> None:
    low, value, high = sorted((a, b, c))
    text = format_interval(value, low, high)
    numbers = text.replace("[", "").replace("]", "").replace(", ", " ").split()
    assert len({len(number.partition(".")[2]) for number in numbers}) == 1
    assert "nan" not in text and "inf" not in text and "-" not in text


@given(st.floats(1e-6, 1e6))
def test_half_width_shows_about_two_significant_digits(half_width: float) -> None:
    decimals = decimals_for(half_width)
    units = half_width * 10**decimals
    assert 7 - 1e-6 <= units < 70 + 1e-6 or decimals == 0


@given(finite)
def test_every_number_reads_back(value: float) -> None:
    text = format_number(value)
    base, _, power = text.replace("−", "-").replace(",", "").partition(" × 10")
    exponent = int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")) or 0)
    assert float(base) * 10.0**exponent == pytest.approx(value, rel=5.1e-3, abs=1e-300)


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.2004, "p = 0.20"),
        (0.0451, "p = 0.045"),
        (0.00951, "p = 0.010"),
        (0.0012, "p = 0.0012"),
        (1e-9, "p < 0.001"),
        (1.0, "p = 1.00"),
    ],
)
def test_p_text(p: float, text: str) -> None:
    assert format_p(p) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0.2 s"),
        (41.2, "41 s"),
        (59.7, "1 min"),
        (380, "6 min 20 s"),
        (3599.6, "1 h"),
        (6720, "1 h 52 min"),
    ],
)
def test_duration_text(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_metric_says_what_its_interval_is() -> None:
    metric = Metric(0.714, 0.64, 0.78, n=48, n_unit="subjects", method="BCa bootstrap")
    assert str(metric) == "0.71 [0.64, 0.78] (95% BCa bootstrap, n = 48 subjects)"
    assert Metric(3.0).n_text == "exact"
    assert str(Metric(0.5)) == "0.500"
