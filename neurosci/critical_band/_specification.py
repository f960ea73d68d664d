"""Explained variance under every analysis choice that the paper leaves open."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ._index import FWHM_PER_SIGMA
from ._published import LOWEST_FREQUENCY
from ._tables import channel_table

if TYPE_CHECKING:
    import pandas as pd

_WHERE = "specification_curve"
_PEAK_FORMS = ("log2", "ratio", "inverse")
# log2 of a width with its sign is undefined, so the sign is kept with linear predictors only
_WIDTH_FORMS = (("log2", "absolute"), ("linear", "absolute"), ("linear", "signed"))


def specification_curve(
    counts: pd.DataFrame,
    score: pd.Series,
    *,
    criteria: Sequence[float] = (0.4, 0.5, 0.6),
    bandwidth_limits: Sequence[float] = (6, 8, 10, 12, 16, 24, 32, 64, np.inf),
    lowest_frequency: float = LOWEST_FREQUENCY,
) -> pd.DataFrame:
    """Return the explained variance of a score under every combination of analysis choices.

    Parameters
    ----------
    counts : DataFrame
        Tidy counts as for `channel_table`, one observer per ``network``.
    score : Series
        Score of each network, by name.
    criteria : sequence of float, default=(0.4, 0.5, 0.6)
        Proportions correct at threshold; the code released with the two versions of the paper uses
        0.6 and 0.5.
    bandwidth_limits : sequence of float, default=(6, 8, 10, 12, 16, 24, 32, 64, inf)
        A network is left out when its width reaches the limit, octaves; ``inf`` leaves none out.
    lowest_frequency : float, default=1.75
        Label frequency of band 0, cycles/image.

    Returns
    -------
    DataFrame
        One row per specification, sorted by ``r_squared``: ``rank`` (1 for the lowest),
        ``criterion``, ``bandwidth_limit`` (octaves, inf for none), ``scale`` of width and centre
        ("log2", "linear"), ``peak_form`` ("log2": octave steps; "ratio"; "inverse": one over the
        threshold in the script's unit, as in the commit before), ``width_sign`` ("absolute",
        "signed"), ``n_networks``, ``r_squared``.

    Raises
    ------
    ValueError
        If a network has no score or a limit leaves too few networks.

    Notes
    -----
    The raw values of the fit are used, resolved or not, as a script without the rule of
    `fit_channel` would: that is what the limit is for, and without a limit the fits of networks
    that never reach the criterion take part. All three properties are always used, since the
    claim is about three. R squared does not depend on the resampling of anything: it is exact.

    Examples
    --------
    >>> from neurosci.critical_band import make_channel_counts
    >>> import numpy as np, pandas as pd
    >>> data = make_channel_counts(30, bandwidth=np.linspace(2, 5, 30), random_state=0)
    >>> rows = [(f"n{i:02d}", sd, b, data.n_trials[r, b], data.n_correct[i, r, b])
    ...         for i in range(30) for r, sd in enumerate(data.noise_sd) for b in range(7)]
    >>> counts = pd.DataFrame(rows, columns=["network", "noise_sd", "band", "n_trials", "n_correct"])
    >>> score = pd.Series(np.linspace(0, 1, 30), index=[f"n{i:02d}" for i in range(30)])
    >>> len(specification_curve(counts, score, criteria=[0.5], bandwidth_limits=[12]))
    9
    """
    import pandas as pd

    rows = []
    for criterion in criteria:
        fits = channel_table(counts, criterion=criterion, lowest_frequency=lowest_frequency)
        without = [name for name in fits.index if name not in score.index]
        if without:
            raise ValueError(f"{_WHERE}: score must hold each network of counts, got none for {without[:5]}")
        # a fit that did not converge has no value that any script could pass on
        fits = fits[np.isfinite(fits["width"])]
        for limit, (scale, sign), form in itertools.product(bandwidth_limits, _WIDTH_FORMS, _PEAK_FORMS):
            kept = fits[
                FWHM_PER_SIGMA * (fits["width"].abs() if sign == "absolute" else fits["width"]) < limit
            ]
            predictors = _predictors(kept, scale, sign, form, lowest_frequency)
            rows.append(
                {
                    "criterion": criterion,
                    "bandwidth_limit": limit,
                    "scale": scale,
                    "peak_form": form,
                    "width_sign": sign,
                    "n_networks": len(kept),
                    "r_squared": _r_squared(predictors, score.loc[kept.index]),
                }
            )
    table = pd.DataFrame(rows).sort_values("r_squared", kind="stable", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _predictors(
    fits: pd.DataFrame, scale: str, sign: str, form: str, lowest_frequency: float
) -> list[np.ndarray]:
    width = FWHM_PER_SIGMA * fits["width"].to_numpy()
    if sign == "absolute":
        width = np.abs(width)
    center = fits["center_index"].to_numpy()
    amplitude = fits["amplitude"].to_numpy()
    shape = [np.log2(width), center] if scale == "log2" else [width, lowest_frequency * 2.0**center]
    peak = {"log2": amplitude, "ratio": 2.0**amplitude, "inverse": 2.0**-amplitude}[form]
    return [*shape, peak]


def _r_squared(predictors: list[np.ndarray], score: pd.Series) -> float:
    import statsmodels.api as sm

    if len(score) < len(predictors) + 2:
        raise ValueError(
            f"{_WHERE}: bandwidth_limits must leave at least {len(predictors) + 2} networks, got {len(score)}"
        )
    design = sm.add_constant(np.column_stack(predictors), has_constant="add")
    return float(sm.OLS(score.to_numpy(dtype=float), design).fit().rsquared)
