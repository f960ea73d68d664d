"""A number with its interval and n."""

from __future__ import annotations

from dataclasses import dataclass

from neurosci._core.numbers import format_interval, format_number


@dataclass(frozen=True)
class Metric:
    """A number that knows its uncertainty, its unit and how many cases it rests on.

    Parameters
    ----------
    value : float
        Estimate.
    low, high : float, default=None
        Limits of the interval; ``None`` where no interval exists.
    n : int, default=None
        Number of independent cases.
    unit : str, default=""
        Unit of the value, for example "octaves"; "%" for percent.
    n_unit : str, default=""
        What is counted, for example "people".
    level : float, default=0.95
        Coverage of the interval.
    method : str, default=""
        How the interval was made, for example "bootstrap over observers".

    Examples
    --------
    >>> print(Metric(0.714, 0.64, 0.78, n=48, n_unit="people", method="BCa bootstrap"))
    0.71 [0.64, 0.78] (95% BCa bootstrap, n = 48 people)
    """

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    n_unit: str = ""
    level: float = 0.95
    method: str = ""

    @property
    def text(self) -> str:
        """Value and interval with unit, without the method."""
        return format_interval(self.value, self.low, self.high, self.unit)

    @property
    def n_text(self) -> str:
        """Number of cases in words."""
        if self.n is None:
            return "exact"
        return f"{format_number(self.n)} {self.n_unit}".strip()

    def __str__(self) -> str:
        about = []
        if self.low is not None:
            about.append(f"{self.level:.0%} {self.method}".strip())
        elif self.method:
            about.append(self.method)
        if self.n is not None:
            about.append(f"n = {self.n_text}")
        return f"{self.text} ({', '.join(about)})" if about else self.text
