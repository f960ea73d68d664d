"""From tidy counts of many observers to one row of channel properties each."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._channel import ChannelEstimator
from ._index import NotResolvedWarning, fit_channel
from ._published import LOWEST_FREQUENCY, NOISE_SD

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ("noise_sd", "band", "n_trials", "n_correct")


def count_arrays(
    counts: pd.DataFrame, by: str, noise_sd: Sequence[float] = NOISE_SD
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """Return the names and the stacked counts (n_observers, n_noise_sd, n_bands), correct and trials."""
    where = "channel_table"
    missing = [column for column in (by, *_COLUMNS) if column not in counts.columns]
    if missing:
        raise ValueError(
            f"{where}: counts must have the columns {(by, *_COLUMNS)}, got none called {missing}"
        )
    if counts.empty:
        raise ValueError(f"{where}: counts must hold at least one row, got 0")
    twice = counts.duplicated([by, "noise_sd", "band"])
    if twice.any():
        raise ValueError(
            f"{where}: counts must hold each condition of an observer once, got {int(twice.sum())} repeats "
            f"(the first for {counts.loc[twice, by].iloc[0]!r})"
        )
    unknown = sorted(set(counts["noise_sd"]) - set(noise_sd))
    if unknown:
        raise ValueError(f"{where}: noise_sd of counts must be among {tuple(noise_sd)}, got {unknown}")
    names = sorted(counts[by].unique())
    bands = np.arange(int(counts["band"].max()) + 1)
    shape = (len(names), len(noise_sd), len(bands))
    position = (
        np.searchsorted(names, counts[by].to_numpy()),
        np.searchsorted(noise_sd, counts["noise_sd"].to_numpy()),
        counts["band"].to_numpy(),
    )
    correct, trials = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    correct[position] = counts["n_correct"]
    trials[position] = counts["n_trials"]
    return [str(name) for name in names], correct, trials


def channel_table(
    counts: pd.DataFrame,
    *,
    by: str = "network",
    criterion: float = 0.5,
    relative: bool = False,
    noise_sd: Sequence[float] = NOISE_SD,
    lowest_frequency: float = LOWEST_FREQUENCY,
    amplitude_bound: float | None = None,
) -> pd.DataFrame:
    """Estimate the channels of many observers by the published method.

    Parameters
    ----------
    counts : DataFrame
        One row per observer and condition with the columns named in `by`, ``noise_sd`` (pixel
        units, 0 to 1), ``band`` (0 for the lowest), ``n_trials``, ``n_correct``.
    by : str, default="network"
        Column that names the observer.
    criterion : float, default=0.5
        Proportion correct at threshold; see `ChannelEstimator`.
    relative : bool, default=False
        Whether `criterion` is relative to accuracy without noise.
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SDs, pixel units.
    lowest_frequency : float, default=1.75
        Label frequency of band 0, cycles/image.
    amplitude_bound : float, default=None
        Upper bound of the peak, octave steps.

    Returns
    -------
    DataFrame
        One row per observer, sorted by name (the index): ``bandwidth`` (octaves),
        ``center_frequency`` (cycles/image) and ``peak_sensitivity`` (ratio), missing where not
        resolved; ``at_bound``; ``resolved`` and ``reason``; ``zero_noise_accuracy`` (proportion);
        ``criterion`` (proportion); the raw values of the fit ``amplitude``, ``center_index`` and
        signed ``width``, resolved or not; and ``index_0`` ... the threshold indices.

    Raises
    ------
    ValueError
        If columns are missing, a condition is repeated or counts are impossible.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosci.critical_band import make_channel_counts
    >>> data = make_channel_counts(1, bandwidth=4.0, random_state=0)
    >>> counts = pd.DataFrame([
    ...     ("a", sd, band, data.n_trials[row, band], data.n_correct[0, row, band])
    ...     for row, sd in enumerate(data.noise_sd) for band in range(7)
    ... ], columns=["network", "noise_sd", "band", "n_trials", "n_correct"])
    >>> channel_table(counts)["resolved"].tolist()
    [True]
    """
    import pandas as pd

    names, correct, trials = count_arrays(counts, by, noise_sd)
    estimator = ChannelEstimator(
        criterion=criterion,
        relative=relative,
        noise_sd=noise_sd,
        lowest_frequency=lowest_frequency,
        amplitude_bound=amplitude_bound,
    )
    rows = [_row(estimator, k, n) for k, n in zip(correct, trials, strict=True)]
    return pd.DataFrame(rows, index=pd.Index(names, name=by))


def _row(
    estimator: ChannelEstimator, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]
) -> dict[str, object]:
    with warnings.catch_warnings():
        # the table has a column for what the warning says
        warnings.simplefilter("ignore", NotResolvedWarning)
        estimator.fit(n_correct, n_trials)
    raw = fit_channel(
        estimator.thresholds_,
        exceeded=estimator.resolved_bands_,
        n_steps=len(n_trials) - 1,
        amplitude_bound=estimator.amplitude_bound,
    )
    total = n_trials[0].sum()
    return {
        "bandwidth": estimator.bandwidth_,
        "center_frequency": estimator.center_frequency_,
        "peak_sensitivity": estimator.peak_sensitivity_,
        "at_bound": estimator.at_bound_,
        "resolved": estimator.resolved_,
        "reason": estimator.reason_,
        "zero_noise_accuracy": float(n_correct[0].sum() / total) if total else np.nan,
        "criterion": estimator.criterion_,
        "amplitude": raw.amplitude,
        "center_index": raw.center_index,
        "width": raw.width,
        **{f"index_{band}": int(index) for band, index in enumerate(estimator.thresholds_)},
    }
