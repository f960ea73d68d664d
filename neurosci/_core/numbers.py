"""Numbers as a reader sees them: one rule for values, intervals, probabilities and durations."""

from __future__ import annotations

import math

NBSP = "\u00a0"
MINUS = "\u2212"
NO_ESTIMATE = "no estimate"

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def decimals_for(half_width: float) -> int:
    """Return the decimals at which an interval's half-width shows about two significant digits.

    Parameters
    ----------
    half_width : float
        Half of the interval's length, in the unit of the value.

    Returns
    -------
    int
        Decimals such that the half-width counts 7 to 69 units of the last place; never negative.

    Examples
    --------
    >>> decimals_for(0.08), decimals_for(0.26), decimals_for(15.5)
    (2, 2, 0)
    """
    if not math.isfinite(half_width) or half_width <= 0:
        return 2
    return max(0, -math.floor(math.log10(half_width / 7) + 1e-12))


def format_number(value: float, decimals: int | None = None) -> str:
    """Format one number: true minus, commas from 1,000, powers of ten when far from one.

    Parameters
    ----------
    value : float
        The number; NaN and infinities read "no estimate".
    decimals : int, default=None
        Decimals to show; ``None`` shows three significant digits.

    Returns
    -------
    str
        Text for a page or a message.

    Examples
    --------
    >>> format_number(0.51309), format_number(1050), format_number(-0.4, 1), format_number(8.4e-13)
    ('0.513', '1,050', '−0.4', '8.40 × 10⁻¹³')
    """
    if value is None or not math.isfinite(value):
        return NO_ESTIMATE
    if decimals is None:
        magnitude = abs(value)
        if value == int(value) and magnitude < 1e15:
            return f"{int(value):,}".replace("-", MINUS)
        if magnitude < 1e-3 or magnitude >= 1e6:
            mantissa, exponent = f"{value:.2e}".split("e")
            power = str(int(exponent)).translate(_SUPERSCRIPT)
            return f"{mantissa} × 10{power}".replace("-", MINUS)
        decimals = max(0, 2 - math.floor(math.log10(magnitude)))
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def format_interval(value: float, low: float | None, high: float | None, unit: str = "") -> str:
    r"""Format a value with its interval; value and limits share their decimals.

    Parameters
    ----------
    value, low, high : float
        Estimate and limits in `unit`; limits may be ``None`` (no interval) or infinite (open).
    unit : str, default=""
        Unit written after the bracket; "%" is set close to the value.

    Returns
    -------
    str
        For example ``"2.08 [2.00, 2.16] octaves"``.

    Examples
    --------
    >>> format_interval(2.0812, 2.004, 2.156, "octaves")
    '2.08 [2.00, 2.16] octaves'
    >>> format_interval(51.3, 39.2, 70.4, "%")
    '51\xa0% [39, 70]'
    """
    percent = f"{NBSP}%" if unit == "%" else ""
    tail = f" {unit}" if unit and not percent else ""
    if value is None or not math.isfinite(value):
        return NO_ESTIMATE
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return f"{format_number(value)}{percent}{tail}"
    spans = [s for s in (abs(value - low), abs(high - value)) if math.isfinite(s) and s > 0]
    widths = (high - low) / 2 if math.isfinite(high - low) else (min(spans) if spans else 0.0)
    decimals = decimals_for(widths)
    limits = [
        "no lower limit" if low == -math.inf else format_number(low, decimals),
        "no upper limit" if high == math.inf else format_number(high, decimals),
    ]
    return f"{format_number(value, decimals)}{percent} [{limits[0]}, {limits[1]}]{tail}"


def format_p(p: float) -> str:
    """Format a probability of a test: two significant digits, "p < 0.001" below that.

    Parameters
    ----------
    p : float
        Probability in [0, 1].

    Returns
    -------
    str
        For example ``"p = 0.20"``.

    Examples
    --------
    >>> format_p(0.2004), format_p(0.0451), format_p(1e-9)
    ('p = 0.20', 'p = 0.045', 'p < 0.001')
    """
    if not math.isfinite(p):
        return NO_ESTIMATE
    if p < 0.001:
        return "p < 0.001"
    decimals = 2 if p >= 0.095 else 3 if p >= 0.0095 else 4
    return f"p = {p:.{decimals}f}"


def format_duration(seconds: float) -> str:
    """Format a duration: "0.2 s", "41 s", "6 min 20 s", "1 h 52 min".

    Parameters
    ----------
    seconds : float
        Duration in seconds.

    Returns
    -------
    str
        Text with at most two units.

    Examples
    --------
    >>> format_duration(0.24), format_duration(41.2), format_duration(380), format_duration(6720)
    ('0.2 s', '41 s', '6 min 20 s', '1 h 52 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
