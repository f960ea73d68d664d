"""What a run would do: told before it, by the table of analyses or by the analysis itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """What an analysis expects of a run with given parameters.

    An analysis whose cost depends on its parameters has a function ``plan(params, context)`` that returns
    one; for the others the table of analyses tells.

    Parameters
    ----------
    duration : str
        How long it takes, in words, and on what.
    datasets : tuple of str, default=()
        Names of the data sets that it reads, as `neurosci.datasets.list_datasets` gives them.
    details : tuple of str, default=()
        Further lines, for example the hours of each stage.
    """

    duration: str
    datasets: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
