"""Measure ours and a peer in turns, so that a busy machine slows both; judge the ratio, never the seconds."""

from __future__ import annotations

import math
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import ENVIRONMENTS, ROOT, Apart, Here, environment

SHORTEST = 0.02  # seconds; calls that are shorter are timed several at once
FEWEST = 3  # rounds, however long they take
LONGEST = 60.0  # seconds per size; no further round is begun after them


@dataclass(frozen=True, kw_only=True)
class Target:
    """An absolute figure that we aim at; it is printed, and it never fails a run.

    Parameters
    ----------
    words : str
        What it is.
    limit : float
        Seconds that it should not exceed.
    value : callable
        Function of the measured rows that returns the seconds.
    """

    words: str
    limit: float
    value: Callable[[list[dict[str, Any]]], float]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Ours and the peer, which do the same thing.

    Parameters
    ----------
    name : str
        Short name; the result is ``bench/NAME.json``.
    ours_words, peer_words : str
        What is timed.
    ours : callable
        Function of what `prepare` returns.
    peer : callable or str
        The same for the peer; ``"module:function"`` when it has an environment of its own.
    requirements : tuple of str, default=None
        Packages of the peer's own environment; ``None`` runs it in ours.
    prepare : callable, default=identity
        Makes the data of a size; not timed.
    sizes : tuple of int, default=(1,)
        Sizes, growing, so that the cost curve is seen.
    unit : str, default="calls"
        What a size counts.
    n_rounds : int, default=7
        Rounds per size: each times ours, then the peer.
    min_speedup : float, default=None
        Gate: peer / ours must be at least this at every size, for wall time and for CPU time.
    disagreement : callable, default=None
        ``disagreement(ours, peer) -> float`` of the two results.
    max_disagreement : float, default=0
        Gate on it.
    disagreement_words : str, default=""
        What it is, with its unit.
    targets : tuple of Target, default=()
        Absolute figures.
    """

    name: str
    ours_words: str
    peer_words: str
    ours: Callable[[Any], Any]
    peer: Callable[[Any], Any] | str
    requirements: tuple[str, ...] | None = None
    prepare: Callable[[int], Any] = lambda size: size
    sizes: tuple[int, ...] = (1,)
    unit: str = "calls"
    n_rounds: int = 7
    min_speedup: float | None = None
    disagreement: Callable[[Any, Any], float] | None = None
    max_disagreement: float = 0.0
    disagreement_words: str = ""
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        """Check that a peer elsewhere is named, and that a peer here is a function."""
        if isinstance(self.peer, str) != (self.requirements is not None):
            raise ValueError(
                f"Pair {self.name}: peer must be 'module:function' with requirements, or a function without"
            )

    def connect(self, folder: Path = ENVIRONMENTS, root: Path = ROOT) -> Here | Apart:
        """Return the peer, ready to be called."""
        if isinstance(self.peer, str):
            return Apart(self.peer, environment(self.name, self.requirements or (), folder), root)
        return Here(self.peer)


def measure(pair: Pair, peer: Here | Apart | None = None) -> dict[str, Any]:
    """Measure a pair at all its sizes and judge it."""
    with Here(pair.ours) as ours, peer or pair.connect() as theirs:
        rows = [_measure_size(pair, size, ours, theirs) for size in pair.sizes]
    gates = _gates(pair, rows)
    targets = [
        {"words": target.words, "value": value, "limit": target.limit, "met": value <= target.limit}
        for target in pair.targets
        for value in [target.value(rows)]
    ]
    return {
        "name": pair.name,
        "ours": pair.ours_words,
        "peer": pair.peer_words,
        "peer_requirements": pair.requirements,
        "unit": pair.unit,
        "sizes": rows,
        "cost_exponent": {side: _exponent(rows, side) for side in ("ours", "peer")},
        "gates": gates,
        "targets": targets,
        "passed": all(gate["passed"] for gate in gates),
    }


def _measure_size(pair: Pair, size: int, ours: Here, peer: Here | Apart) -> dict[str, Any]:
    data = pair.prepare(size)
    sides = {"ours": ours, "peer": peer}
    for side in sides.values():
        side.give(data)
    tracemalloc.start()
    ours.call(1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    first = {name: side.call(1) for name, side in sides.items()}
    n_calls = {name: max(1, math.ceil(SHORTEST / max(found["wall"], 1e-9))) for name, found in first.items()}
    seconds: dict[str, dict[str, list[float]]] = {name: {"wall": [], "cpu": []} for name in sides}
    begin = time.perf_counter()
    for done in range(pair.n_rounds):
        if done >= FEWEST and time.perf_counter() - begin > LONGEST:
            break
        for name, side in sides.items():
            found = side.call(n_calls[name])
            for clock in ("wall", "cpu"):
                seconds[name][clock].append(found[clock])
    row: dict[str, Any] = {"size": size, "n_rounds": len(seconds["ours"]["wall"]), "n_calls": n_calls}
    row["ours_peak_mib"] = peak / 2**20
    for name in sides:
        row[name] = {clock: statistics.median(values) for clock, values in seconds[name].items()}
    # The ratio of neighbours in time: what slows the machine for a while slows both.
    row["ratio"] = {
        clock: _spread(
            [p / max(o, 1e-9) for o, p in zip(seconds["ours"][clock], seconds["peer"][clock], strict=True)]
        )
        for clock in ("wall", "cpu")
    }
    row["seconds"] = seconds
    if pair.disagreement is not None:
        row["disagreement"] = float(pair.disagreement(first["ours"]["value"], first["peer"]["value"]))
    return row


def _spread(values: list[float]) -> dict[str, float]:
    low, median, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return {"median": median, "low": low, "high": high}


def _gates(pair: Pair, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    gates = []
    if pair.min_speedup is not None:
        slowest = min(row["ratio"][clock]["median"] for row in rows for clock in ("wall", "cpu"))
        gates.append(
            {
                "words": "peer / ours, the smallest over sizes and clocks",
                "value": slowest,
                "limit": pair.min_speedup,
                "side": ">=",
                "passed": slowest >= pair.min_speedup,
            }
        )
    if pair.disagreement is not None:
        largest = max(row["disagreement"] for row in rows)
        gates.append(
            {
                "words": pair.disagreement_words,
                "value": largest,
                "limit": pair.max_disagreement,
                "side": "<=",
                # "not above" would let a NaN pass
                "passed": largest <= pair.max_disagreement and all(row["disagreement"] >= 0 for row in rows),
            }
        )
    return gates


def _exponent(rows: list[dict[str, Any]], side: str) -> float | None:
    """Slope of log time over log size by least squares: 1 is a cost in proportion."""
    if len(rows) < 2:
        return None
    fit = statistics.linear_regression(
        [math.log(row["size"]) for row in rows], [math.log(max(row[side]["wall"], 1e-9)) for row in rows]
    )
    return fit.slope


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(result: dict[str, Any]) -> str:
    """Return a result as text: one row per size, then the gates and the targets."""
    lines = [f"{result['name']}: {result['ours']} (ours), {result['peer']} (peer)"]
    columns = (
        "ours wall",
        "cpu (s)",
        "peer wall",
        "cpu (s)",
        "wall, peer/ours",
        "cpu, peer/ours",
        "ours MiB",
    )
    widths = (10, 10, 10, 10, 28, 28, 10)
    lines.append(
        f"  {result['unit']:>9}" + "".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True))
    )
    for row in result["sizes"]:
        cells = [f"{row[side][clock]:.3g}" for side in ("ours", "peer") for clock in ("wall", "cpu")]
        for clock in ("wall", "cpu"):
            ratio = row["ratio"][clock]
            cells.append(f"{_short(ratio['median'])} [{_short(ratio['low'])}, {_short(ratio['high'])}]")
        cells.append(f"{row['ours_peak_mib']:.2f}")
        lines.append(f"  {row['size']:>9}" + "".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True)))
    if result["cost_exponent"]["ours"] is not None:
        slopes = {side: f"{value:.2f}" for side, value in result["cost_exponent"].items()}
        lines.append(f"  cost grows as size^{slopes['ours']} (ours), size^{slopes['peer']} (peer)")
    for gate in result["gates"]:
        state = "pass" if gate["passed"] else "FAIL"
        lines.append(
            f"  gate    {gate['words']}: {gate['value']:.3g} {gate['side']} {gate['limit']:g}: {state}"
        )
    for target in result["targets"]:
        state = "met" if target["met"] else "missed"
        lines.append(
            f"  target  {target['words']}: {target['value']:.3g} s, at most {target['limit']:g} s: {state}"
        )
    return "\n".join(lines)
