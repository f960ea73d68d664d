"""Claims of a paper and the rules that judge them: written before a run, computed by it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci._core.numbers import NBSP, format_number

KINDS = ("digits", "interval", "direction", "order", "bound", "range", "none")
VERDICTS = ("reproduced", "differs", "undecided", "not testable here", "not run")
FEW_CASES = 10
RANGE_SHARE = 90.0


@dataclass(frozen=True)
class Verdict:
    """A judged claim: one row of the claims table.

    Parameters
    ----------
    id, text, source, paper : str
        The claim, where it stands, and its printed value in words.
    verdict : {"reproduced", "differs", "undecided", "not testable here", "not run"}
        Computed from the claim's rule.
    ours : str
        Our value with interval and unit.
    n : str
        Number of cases in words.
    why : str
        The reason, in one or two sentences.
    caveat : bool, default=False
        The value is reproduced, but see `why`.
    synthetic : bool, default=False
        The verdict speaks of a generator with known truth, not of recordings.
    metric : Metric, default=None
        The number behind `ours`.
    """

    id: str
    text: str
    source: str
    paper: str
    verdict: str
    ours: str
    n: str
    why: str
    caveat: bool = False
    synthetic: bool = False
    metric: Metric | None = None

    @property
    def words(self) -> str:
        """Verdict in words, with its caveat."""
        return f"{self.verdict}, with a caveat" if self.caveat else self.verdict


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim and the rule that judges it.

    Parameters
    ----------
    id : str
        Stable name, for example "CB3".
    text : str
        The claim as a sentence.
    source : str
        Where it stands in the paper.
    kind : {"digits", "interval", "direction", "order", "bound", "range", "none"}
        Rule: every printed digit agrees (same data and method); the printed value lies in our
        interval (other data or method); a difference has the claimed sign; the best is better than
        the runner-up; a value lies below or above a bound; units lie in a printed range; no rule
        (never testable here).
    paper : str
        The printed value in words, for the table.
    printed : tuple of str, default=()
        Printed numbers, with the digits of the print.
    denied : float, default=None
        Value that would deny the claim: no effect, chance, ratio 1.
    side : {"greater", "less"}, default="greater"
        Claimed side, for direction, order and bound.
    margin : float, default=0.0
        Differences within this margin of `denied` count as none.
    needs_samples : bool, default=False
        Few resamples or cases make the interval too wide: with the quick preset the claim is never
        "differs".
    """

    id: str
    text: str
    source: str
    kind: str
    paper: str
    printed: tuple[str, ...] = ()
    denied: float | None = None
    side: str = "greater"
    margin: float = 0.0
    needs_samples: bool = False

    def __post_init__(self) -> None:
        """Refuse a claim whose rule is incomplete."""
        where = f"Claim {self.id}"
        check_option(where, "kind", self.kind, KINDS)
        check_option(where, "side", self.side, ("greater", "less"))
        if self.kind in ("digits", "interval", "bound", "range") and not self.printed:
            raise ValueError(
                f"{where}: printed must hold the paper's digits for kind {self.kind!r}, got nothing"
            )
        if self.kind == "range" and len(self.printed) != 2:
            raise ValueError(f"{where}: printed must be (low, high) for kind 'range', got {self.printed!r}")
        if self.kind == "direction" and self.denied is None:
            raise ValueError(f"{where}: denied must be the value of no effect for kind 'direction', got None")

    def judge(
        self,
        metric: Metric,
        *,
        why: str = "",
        caveats: Sequence[str] = (),
        values: Sequence[float] | None = None,
        preset: str = "paper",
        synthetic: bool = False,
        ours: str | None = None,
    ) -> Verdict:
        """Compute the verdict.

        Parameters
        ----------
        metric : Metric
            Our value; for kind "range" the share of units in the range, in percent.
        why : str, default=""
            What came out, one sentence; the rule's own reason is written before it where needed.
        caveats : sequence of str, default=()
            Reasons for a caveat that only the analysis can know: the method fixes the value, a
            choice was made after seeing it, a second method disagrees.
        values : sequence of float, default=None
            Numbers compared with `printed` for kind "digits"; ``None`` means the metric's value.
        preset : str, default="paper"
            With "quick" a claim that needs more samples is undecided, never "differs".
        synthetic : bool, default=False
            The number comes from a generator.
        ours : str, default=None
            Text for the table; ``None`` writes the metric.

        Returns
        -------
        Verdict
            Row of the claims table.
        """
        if self.kind == "none":
            raise ValueError(
                f"Claim {self.id}: kind 'none' has no rule to judge by; use not_testable or not_run"
            )
        if not math.isfinite(metric.value):
            return self.not_testable(why or "no estimate.")
        verdict, reason = self._apply(metric, values)
        if preset == "quick" and self.needs_samples and verdict in ("differs", "undecided"):
            verdict, reason = "undecided", "Preset quick: too few samples to decide."
        notes = list(caveats)
        if self.kind == "digits":
            notes = self._own_caveats(metric) + notes
        caveat = verdict == "reproduced" and bool(notes)
        sentences = [reason, why]
        if caveat:
            sentences.append(f"The caveat: {_joined(notes)}.")
        elif notes:
            joined = _joined(notes)
            sentences.append(f"{joined[:1].upper()}{joined[1:]}.")
        return Verdict(
            id=self.id,
            text=self.text,
            source=self.source,
            paper=self.paper,
            verdict=verdict,
            ours=ours if ours is not None else metric.text,
            n=metric.n_text,
            why=" ".join(s for s in sentences if s),
            caveat=caveat,
            synthetic=synthetic,
            metric=metric,
        )

    def not_testable(self, reason: str, *, ours: str = "no data", n: str = "0") -> Verdict:
        """Return the row of a claim whose data or text is not open.

        Parameters
        ----------
        reason : str
            Why, in one sentence.
        ours, n : str
            What stands in those columns.

        Returns
        -------
        Verdict
            Row of the claims table.
        """
        return Verdict(self.id, self.text, self.source, self.paper, "not testable here", ours, n, reason)

    def not_run(self, reason: str) -> Verdict:
        """Return the row of a claim that this version does not judge yet.

        Parameters
        ----------
        reason : str
            What is missing, in one sentence.

        Returns
        -------
        Verdict
            Row of the claims table.
        """
        return replace(self.not_testable(reason, ours="not run", n="–"), verdict="not run")

    def _apply(self, metric: Metric, values: Sequence[float] | None) -> tuple[str, str]:
        if self.kind == "digits":
            return self._apply_digits([metric.value] if values is None else list(values))
        if self.kind == "range":
            return self._apply_range(metric)
        if self.kind == "bound":
            return _sided(metric, float(self.printed[0]), self.side, 0.0, needs_interval=False)
        if metric.low is None or metric.high is None:
            raise ValueError(f"Claim {self.id}: a {self.kind} needs a metric with an interval, got none")
        if self.kind == "interval":
            return self._apply_interval(metric)
        return _sided(metric, self.denied or 0.0, self.side, self.margin, needs_interval=True)

    def _apply_digits(self, values: list[float]) -> tuple[str, str]:
        if len(values) != len(self.printed):
            raise ValueError(
                f"Claim {self.id}: values must hold {len(self.printed)} numbers, one for each printed one, "
                f"got {len(values)}"
            )
        shown = [as_printed(value, printed) for value, printed in zip(values, self.printed, strict=True)]
        pairs = zip(shown, self.printed, strict=True)
        wrong = [f"{printed} is printed, {ours} computed" for ours, printed in pairs if ours != printed]
        if wrong:
            return "differs", "A printed digit disagrees: " + "; ".join(wrong) + "."
        return "reproduced", "Every printed digit agrees."

    def _apply_interval(self, metric: Metric) -> tuple[str, str]:
        low, high = float(metric.low), float(metric.high)  # type: ignore[arg-type]
        if not low <= float(self.printed[0]) <= high:
            return "differs", "The printed value lies outside our interval."
        if self.denied is not None and low <= self.denied <= high:
            return "undecided", "Too few observations: the interval holds the printed value and its denial."
        return "reproduced", "The printed value lies in our interval."

    def _apply_range(self, metric: Metric) -> tuple[str, str]:
        if metric.value >= RANGE_SHARE:
            return "reproduced", ""
        if metric.high is not None and metric.high < RANGE_SHARE:
            return "differs", ""
        return (
            "undecided",
            f"Too few observations: the interval of the share reaches {RANGE_SHARE:.0f}{NBSP}%.",
        )

    def _own_caveats(self, metric: Metric) -> list[str]:
        notes = []
        low, high, denied = metric.low, metric.high, self.denied
        if low is not None and high is not None and denied is not None and low <= denied <= high:
            notes.append(f"the interval includes {format_number(denied)}.")
        if metric.n is not None and metric.n < FEW_CASES:
            notes.append(f"it rests on {metric.n_text}.")
        return notes


def _joined(notes: Sequence[str]) -> str:
    return "; ".join(note.strip().rstrip(".") for note in notes)


def _sided(
    metric: Metric, border: float, side: str, margin: float, *, needs_interval: bool
) -> tuple[str, str]:
    low = metric.value if metric.low is None else metric.low
    high = metric.value if metric.high is None else metric.high
    if side == "less":
        low, high, border = -high, -low, -border
    if low > border + margin:
        return "reproduced", ""
    if high <= border + margin:
        return "differs", ""
    return "undecided", "Too few observations: the interval includes no effect." if needs_interval else (
        "Too few observations: the interval includes the bound."
    )


def as_printed(value: float, printed: str) -> str:
    """Round a value to the precision of a printed number.

    Parameters
    ----------
    value : float
        Our value.
    printed : str
        The printed number; its decimals set the precision.

    Returns
    -------
    str
        Our value with as many decimals.

    Examples
    --------
    >>> as_printed(0.99990, "1.00"), as_printed(51.309, "51")
    ('1.00', '51')
    """
    decimals = len(printed.partition(".")[2])
    return f"{value:.{decimals}f}"


def count_in_range(values: Iterable[float], printed: tuple[str, str]) -> tuple[int, int]:
    """Count the values that lie in a printed range after rounding to its precision.

    Parameters
    ----------
    values : iterable of float
        One value per unit; NaN does not count as a unit.
    printed : tuple of str
        Printed lower and upper end.

    Returns
    -------
    inside, n : int
        Units in the range and units in all.

    Examples
    --------
    >>> count_in_range([1.4, 1.6, 4.4, 4.6], ("2", "4"))
    (2, 4)
    """
    finite = [v for v in values if math.isfinite(v)]
    low, high = (float(p) for p in printed)
    decimals = max(len(p.partition(".")[2]) for p in printed)
    rounded = np.round(np.asarray(finite, dtype=float), decimals)
    return int(np.count_nonzero((rounded >= low) & (rounded <= high))), len(finite)


def count_verdicts(verdicts: Iterable[Verdict]) -> str:
    """Say in words how many claims have which verdict.

    Parameters
    ----------
    verdicts : iterable of Verdict
        Judged claims.

    Returns
    -------
    str
        For example "5 reproduced (4 with a caveat), 1 differs, 2 not testable here".
    """
    rows = list(verdicts)
    counts = Counter(row.verdict for row in rows)
    caveats = sum(row.caveat for row in rows)
    words = []
    for verdict in VERDICTS:
        number = counts[verdict]
        if not number:
            continue
        name = "differ" if verdict == "differs" and number > 1 else verdict
        extra = f" ({caveats} with a caveat)" if verdict == "reproduced" and caveats else ""
        words.append(f"{number} {name}{extra}")
    return ", ".join(words) or "no claims"
