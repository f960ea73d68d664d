"""The table of analyses: strings only, so that listing them imports nothing heavy."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from types import ModuleType

from neurosci._core.checks import suggest

ENTRY_POINTS = "neurosci.analyses"


@dataclass(frozen=True)
class Entry:
    """One analysis.

    Parameters
    ----------
    name : str
        Short name, the same everywhere.
    module : str
        Module with ``PARAMS``, ``PRESETS``, ``CLAIMS``, ``FIGURES`` and ``run``.
    summary : str, default=""
        What it is about, in one line.
    """

    name: str
    module: str
    summary: str = ""


ANALYSES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            "critical_band",
            "neurosci.critical_band.analysis",
            "How wide is the band of spatial frequencies that people and networks use to recognise objects?",
        ),
        Entry(
            "dendrites",
            "neurosci.dendrites.analysis",
            "How reliably does a dendritic segment recognise a sparse pattern?",
        ),
        Entry(
            "hopfield",
            "neurosci.hopfield.analysis",
            "How many patterns can a diluted Hebbian network recall at once?",
        ),
        Entry(
            "graph_motif",
            "neurosci.graph_motif.analysis",
            "Do maps of 3-cycles in brain graphs tell people with a diagnosis from people without?",
        ),
        Entry(
            "hmm_glm",
            "neurosci.hmm_glm.analysis",
            "Do spikes tell a population's state, and which neurons excite or inhibit each other in it?",
        ),
    )
}


class UnknownAnalysisError(ValueError):
    """No analysis has this name."""


def entries() -> dict[str, Entry]:
    """Return all analyses: those of the package, then those of installed plug-ins.

    Returns
    -------
    dict of str to Entry
        By name.
    """
    known = dict(ANALYSES)
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        known.setdefault(
            point.name, Entry(point.name, point.value, f"from {point.dist.name}" if point.dist else "")
        )
    return known


def list_analyses() -> list[str]:
    """Return the names of all analyses.

    Returns
    -------
    list of str
        Names to pass to `run`.

    Examples
    --------
    >>> import neurosci
    >>> "critical_band" in neurosci.list_analyses()
    True
    """
    return list(entries())


def find(name: str) -> Entry:
    """Return the entry of an analysis.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Entry
        The entry.

    Raises
    ------
    UnknownAnalysisError
        Names the nearest analysis.
    """
    known = entries()
    if name not in known:
        raise UnknownAnalysisError(f"no analysis is called {name!r} ({suggest(name, known)})")
    return known[name]


def load(name: str) -> ModuleType:
    """Import the module of an analysis and check that it is complete.

    Parameters
    ----------
    name : str
        Name of the analysis.

    Returns
    -------
    module
        With ``PARAMS``, ``PRESETS``, ``CLAIMS``, ``FIGURES`` and ``run``.

    Raises
    ------
    TypeError
        If a part is missing; names it.
    """
    entry = find(name)
    module = importlib.import_module(entry.module)
    missing = [
        part for part in ("PARAMS", "PRESETS", "CLAIMS", "FIGURES", "run") if not hasattr(module, part)
    ]
    if missing:
        raise TypeError(f"analysis {name!r}: module {entry.module} lacks {', '.join(missing)}")
    return module
