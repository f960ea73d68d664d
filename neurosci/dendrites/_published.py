"""Numbers that others published: measured thresholds with their citations, grids of the figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option


@dataclass(frozen=True)
class MeasuredThreshold:
    """Number of coincident synapses that triggers a dendritic NMDA spike, as others report it.

    Parameters
    ----------
    label : str
        Short name for a figure.
    low, high : float
        Range in synapses: as given, or mean ± SD.
    mean, sd : float or None
        Mean and standard deviation, where they are given.
    preparation : str
        What was measured or modelled.
    citation : str
        Where it stands.
    doi : str
        Digital object identifier; empty where none is known.
    obtained : str
        How the value was obtained for this table.
    cited_by_paper : bool
        Whether it is the range that Ahmad and Hawkins (2016) cite.
    """

    label: str
    low: float
    high: float
    mean: float | None
    sd: float | None
    preparation: str
    citation: str
    doi: str
    obtained: str
    cited_by_paper: bool


def _cited(label: str, preparation: str, citation: str, doi: str, where: str) -> MeasuredThreshold:
    obtained = f"as cited by Ahmad and Hawkins (2016), {where}; original not consulted"
    return MeasuredThreshold(label, 8, 20, None, None, preparation, citation, doi, obtained, True)


def _modelled(
    label: str, mean: float, sd: float, preparation: str, citation: str, doi: str, obtained: str
) -> MeasuredThreshold:
    return MeasuredThreshold(
        label, mean - sd, mean + sd, mean, sd, preparation, citation, doi, obtained, False
    )


_PETOUSAKIS = (
    "Petousakis K-E, Park J, Papoutsi A, Smirnakis S, Poirazi P. Model of the contributions of apical and "
    "basal trees to orientation selectivity. eLife"
)

MEASURED_THRESHOLDS: tuple[MeasuredThreshold, ...] = (
    _cited(
        "Major 2013 (review)",
        "review of neocortical pyramidal neurons",
        "Major G, Larkum ME, Schiller J (2013). Annual Review of Neuroscience 36, 1-24",
        "10.1146/annurev-neuro-062111-150343",
        "sections 1, 3.2 and 4.3",
    ),
    _cited(
        "Branco 2011",
        "single cortical pyramidal cell dendrites",
        "Branco T, Häusser M (2011). Neuron 69, 885-892",
        "10.1016/j.neuron.2011.02.006",
        "section 4.3",
    ),
    _cited(
        "Spruston 2008 and others",
        "reviews, layer 5 tuft",
        "Spruston N (2008). Nature Reviews Neuroscience 9, 206; Larkum ME and others (2009). Science 325, "
        "756; Antic SD and others (2010). Journal of Neuroscience Research 88, 2991",
        "10.1038/nrn2286; 10.1126/science.1171958; 10.1002/jnr.22444",
        "section 1",
    ),
    _modelled(
        "Eyal 2018",
        20,
        10,
        "biophysical models of human L2/L3 pyramidal cells",
        "Eyal G and others (2018). Frontiers in Cellular Neuroscience 12, 181",
        "10.3389/fncel.2018.00181",
        "abstract of the paper",
    ),
    _modelled(
        "Petousakis, basal",
        51.429,
        13.179,
        "biophysical model of a mouse V1 L2/3 pyramidal cell, basal segments",
        _PETOUSAKIS,
        "",
        "results section and Fig. 1E-F of the paper",
    ),
    _modelled(
        "Petousakis, apical",
        40.721,
        23.675,
        "biophysical model of a mouse V1 L2/3 pyramidal cell, apical segments",
        _PETOUSAKIS,
        "",
        "results section and Fig. 1E-F of the paper",
    ),
)
"""Every value found; the first three are the range that the paper cites."""

_GRIDS = {
    "figure 6": range(10_000, 200_000, 20_000),
    "later variant": range(1000, 18_000, 4000),
}


def published_grid(name: str = "figure 6") -> NDArray[np.int64]:
    """Return the grid of segments behind the published medians.

    Parameters
    ----------
    name : {"figure 6", "later variant"}, default="figure 6"
        n from 10,000 to 190,000 (420 segments), or from 1,000 to 17,000 (210 segments).

    Returns
    -------
    ndarray of int64, shape (n_combinations, 3)
        Columns n, a and s: activity from 0.5 % to 3 % in steps of 0.5 %, s from 20 to 50 in steps of 5.

    Raises
    ------
    ValueError
        If the name is unknown.

    Notes
    -----
    The paper does not write its grid down. This one was recovered here: it reproduces the published
    medians to their printed digits.

    Examples
    --------
    >>> published_grid().shape
    (420, 3)
    """
    check_option("published_grid", "name", name, _GRIDS)
    rows = [
        (n, (per_mille * n + 500) // 1000, s)
        for n, per_mille, s in product(_GRIDS[name], range(5, 35, 5), range(20, 55, 5))
    ]
    return np.array(rows, dtype=np.int64)
