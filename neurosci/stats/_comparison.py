"""What every test of this package returns."""

from __future__ import annotations

from dataclasses import dataclass

from neurosci._core.metric import Metric
from neurosci._core.numbers import format_p


@dataclass(frozen=True)
class Comparison:
    """An effect and the test of the hypothesis that there is none.

    Parameters
    ----------
    effect : Metric
        The effect with its interval, where one exists, and n.
    pvalue : float
        Probability of an effect at least as large where there is none, in (0, 1].
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        Effects that speak against the hypothesis.
    method : str, default=""
        Name of the test.

    Examples
    --------
    >>> effect = Metric(0.04, 0.01, 0.07, n=12, n_unit="subjects", method="sign-flip interval")
    >>> print(Comparison(effect, 0.0123, method="sign-flip test"))
    0.040 [0.010, 0.070] (95% sign-flip interval, n = 12 subjects), p = 0.012 (two-sided sign-flip test)
    """

    effect: Metric
    pvalue: float
    alternative: str = "two-sided"
    method: str = ""

    def __str__(self) -> str:
        about = f"{self.alternative} {self.method}".strip()
        return f"{self.effect}, {format_p(self.pvalue)} ({about})"
