"""Parser of the files that the authors of the critical-band study released."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from neurosci.datasets._errors import DataFormatError

NOISE_SD = (0.0, 0.02, 0.04, 0.08, 0.16)
N_BANDS = 7
N_SHAPES = 16
CONDITIONS = {f"noise{sd:g}freq{band}": (sd, band) for sd in NOISE_SD for band in range(N_BANDS)}
REPEAT_TOLERANCE = 0.005
"""How far two files may differ about one network: 5 of 1000 images, since attacks start at random."""

_RESPONSES = re.compile(r"solomon_(?P<network>[A-Za-z0-9_.-]+)_accuracies_[0-9T:-]+\.json")
_ATTACK = re.compile(r"waccs_eps(?P<radius>[0-9]+(\.[0-9]+)?)(?P<part>_all|_remaining|)\.json")
_NETWORK = re.compile(r"[A-Za-z0-9_.-]+")
_LISTED = 20

Counts = dict[tuple[float, int], tuple[int, int]]


def read_json(content: bytes) -> dict[str, Any]:
    """Parse a JSON object strictly: no NaN, no key twice, nothing but an object that is not empty."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) != len(pairs):
            raise ValueError("a key occurs twice")
        return entries

    def constant(name: str) -> None:
        raise ValueError(f"{name} is not a number")

    try:
        parsed = json.loads(content, object_pairs_hook=unique, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not valid JSON ({error})" if content.strip() else "empty file") from error
    if not isinstance(parsed, dict) or not parsed:
        raise ValueError(f"must be a JSON object with entries, got {type(parsed).__name__}")
    return parsed


def parse_responses(content: bytes) -> Counts:
    """Count one network's answers: {(noise SD, band): (n_trials, n_correct)}.

    Raises ValueError that lists every wrong key at once.
    """
    entries = read_json(content)
    problems = [f"{key}: missing condition" for key in CONDITIONS if key not in entries]
    problems += [f"{key!r}: unknown condition" for key in entries if key not in CONDITIONS]
    counts: Counts = {}
    for key, condition in CONDITIONS.items():
        answers = entries.get(key)
        if answers is None and key not in entries:
            continue
        if not isinstance(answers, list) or not answers:
            problems.append(f"{key}: must be a list with at least one answer")
        elif any(type(answer) is not int or answer not in (0, 1) for answer in answers):
            problems.append(f"{key}: answers must be 0 or 1")
        else:
            counts[condition] = (len(answers), sum(answers))
    if problems:
        raise ValueError("; ".join(problems))
    return counts


def parse_accuracies(content: bytes) -> dict[str, float]:
    """Read {network: accuracy}."""
    return _per_network(content, lambda value: _fraction(value))


def parse_shape_scores(content: bytes) -> dict[str, float]:
    """Read {network: mean of 16 fractions of cue-conflict images, one per shape class}."""

    def mean(value: Any) -> float:
        if not isinstance(value, list) or len(value) != N_SHAPES:
            raise ValueError(f"must be {N_SHAPES} numbers")
        return math.fsum(map(_fraction, value)) / N_SHAPES

    return _per_network(content, mean)


def _per_network(content: bytes, convert: Callable[[Any], float]) -> dict[str, float]:
    values, problems = {}, []
    for network, value in read_json(content).items():
        try:
            if not _NETWORK.fullmatch(network):
                raise ValueError("name must consist of letters, digits and _.-")
            values[network] = convert(value)
        except ValueError as error:
            problems.append(f"{network!r}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return values


def _fraction(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("must be a number from 0 to 1")
    return float(value)


class Problems:
    """Collect what is wrong with all files, then say it at once."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._found: list[str] = []

    def add(self, file: str, problem: str) -> None:
        """Note one problem of one file."""
        self._found.append(f"{file}: {problem}")

    def attempt(self, parse: Callable[[bytes], Any], file: str, content: bytes) -> Any:
        """Parse, or note why not and return None."""
        try:
            return parse(content)
        except ValueError as error:
            self.add(file, str(error))
            return None

    def check(self) -> None:
        """Raise DataFormatError if anything was noted."""
        if self._found:
            more = [f"and {len(self._found) - _LISTED} more"] if len(self._found) > _LISTED else []
            listed = "\n  ".join(self._found[:_LISTED] + more)
            raise DataFormatError(
                f"{self._where}: files must have the authors' format, got {len(self._found)} wrong "
                f"(fetch them again):\n  {listed}"
            )


def read_networks(files: Mapping[str, bytes], problems: Problems) -> pd.DataFrame:
    """Tabulate the answers of all networks; a network that occurs twice must occur with the same answers."""
    networks: dict[str, Counts] = {}
    n_trials: dict[tuple[float, int], int] | None = None
    for file, content in files.items():
        match = _RESPONSES.fullmatch(file)
        if match is None:
            continue
        counts = problems.attempt(parse_responses, file, content)
        if counts is None:
            continue
        if networks.setdefault(match["network"], counts) != counts:
            problems.add(file, "a second file of this network holds other answers")
        these = {condition: n for condition, (n, _) in counts.items()}
        n_trials = n_trials or these
        if these != n_trials:
            problems.add(file, "numbers of images differ from those of the first network")
    rows = [
        (network, sd, band, *networks[network][sd, band])
        for network in sorted(networks)
        for sd, band in CONDITIONS.values()
    ]
    return pd.DataFrame(rows, columns=["network", "noise_sd", "band", "n_trials", "n_correct"])


def read_whitebox(files: Mapping[str, bytes], problems: Problems) -> pd.DataFrame:
    """Tabulate accuracies under attack: one row per network and radius.

    Where several files hold one radius, ``_all`` goes before the plain one and ``_remaining`` comes last.
    """
    order = {"_all": 0, "": 1, "_remaining": 2}
    found = [(file, match) for file in files if (match := _ATTACK.fullmatch(file))]
    found.sort(key=lambda item: (float(item[1]["radius"]), order[item[1]["part"]]))
    chosen: dict[tuple[float, str], tuple[float, str]] = {}
    for file, match in found:
        accuracies = problems.attempt(parse_accuracies, file, files[file]) or {}
        for network, accuracy in accuracies.items():
            kept, source = chosen.setdefault((float(match["radius"]), network), (accuracy, file))
            _compare(problems, file, network, accuracy, source, kept)
    rows = [(network, radius, *chosen[radius, network]) for radius, network in sorted(chosen)]
    return pd.DataFrame(rows, columns=["network", "radius", "accuracy", "source_file"])


def read_scores(files: Mapping[str, bytes], problems: Problems) -> pd.DataFrame:
    """Tabulate shape score and benign accuracy per network; not a number where no file has one."""
    shape = problems.attempt(parse_shape_scores, "sb_scores.json", files.get("sb_scores.json", b"")) or {}
    benign: dict[str, tuple[float, str]] = {}
    # "baccs.json" sorts before "baccs_eps...": the file of all networks goes first.
    for file in sorted(name for name in files if name.startswith("baccs")):
        accuracies = problems.attempt(parse_accuracies, file, files[file]) or {}
        for network, accuracy in accuracies.items():
            kept, source = benign.setdefault(network, (accuracy, file))
            _compare(problems, file, network, accuracy, source, kept)
    index = pd.Index(sorted({*shape, *benign}), name="network", dtype="str")
    table = pd.DataFrame(
        {
            "shape_score": pd.Series(shape, dtype=float).reindex(index),
            "benign": pd.Series({name: benign[name][0] for name in benign}, dtype=float).reindex(index),
        }
    )
    table["at_chance"] = table["benign"] < 2 * REPEAT_TOLERANCE
    return table


def _compare(problems: Problems, file: str, network: str, accuracy: float, source: str, kept: float) -> None:
    if abs(accuracy - kept) > REPEAT_TOLERANCE:
        problems.add(file, f"{network!r}: {accuracy:g} contradicts {kept:g} in {source}")


def reconcile(networks: pd.DataFrame, scores: pd.DataFrame, problems: Problems) -> None:
    """Note networks with answers but no shape score, and the reverse: a name was spelled in two ways."""
    answered = set(networks["network"])
    scored = set(scores.index[scores["shape_score"].notna()])
    for name in sorted(answered - scored):
        problems.add("sb_scores.json", f"{name!r}: missing network")
    for name in sorted(scored - answered):
        problems.add("sb_scores.json", f"{name!r}: no answers of this network")
