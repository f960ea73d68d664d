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
    datasets : tuple of str, default=()
        Data sets that it reads where they are, for a dry run.
    durations : tuple of str, default=()
        How long the presets "quick" and "paper" take, in words, for a dry run.
    """

    name: str
    module: str
    summary: str = ""
    datasets: tuple[str, ...] = ()
    durations: tuple[str, ...] = ()


ANALYSES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            "critical_band",
            "neurosci.critical_band.analysis",
            "How wide is the band of spatial frequencies that people and networks use to recognise objects?",
            (
                "critical_band",
                "critical_band_humans",
                "critical_band_stimuli",
                "efficientnet_lite0",
                "efficientnet_lite1",
                "efficientnet_lite2",
            ),
            ("half a minute on one core", "five minutes on one core"),
        ),
        Entry(
            "dendrites",
            "neurosci.dendrites.analysis",
            "How reliably does a dendritic segment recognise a sparse pattern?",
            ("dendrites", "fly_neurons"),
            ("20 s on one core", "a minute on one core"),
        ),
        Entry(
            "hopfield",
            "neurosci.hopfield.analysis",
            "How many patterns can a diluted Hebbian network recall at once?",
            (),
            ("45 s on one core", "20 minutes on one core"),
        ),
        Entry(
            "graph_motif",
            "neurosci.graph_motif.analysis",
            "Do maps of 3-cycles in brain graphs tell people with a diagnosis from people without?",
            ("abide_cc200", "hcp_rest"),
            ("50 s on one core", "20 minutes on one core"),
        ),
        Entry(
            "hmm_glm",
            "neurosci.hmm_glm.analysis",
            "Do spikes tell a population's state, and which neurons excite or inhibit each other in it?",
            (
                "grasshopper",
                "head_direction",
                "adn_ca1",
                "hippocampus_w_maze",
                "hippocampus_linear_track",
                "locust_20000421",
                "locust_20000613",
            ),
            ("a minute on one core", "an estimated 40 minutes on one core"),
        ),
        Entry(
            "fc_ssl",
            "neurosci.fc_ssl.analysis",
            "Does pre-training on unlabelled dynamic connectivity help to predict from few labels?",
            ("abide_ho110", "hcp_rest"),
            ("a minute on one core", "an estimated three hours on one core"),
        ),
        Entry(
            "du_in",
            "neurosci.du_in.analysis",
            "Do discrete codes and masked modelling help to decode words from intracranial recordings?",
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
