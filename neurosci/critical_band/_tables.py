"""From tidy counts of many observers to one row of channel properties each."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option

from ._channel import ChannelEstimator
from ._channel_methods import METHODS
from ._filter import ChannelFilter, fit_channel_filter
from ._index import NotResolvedWarning, fit_channel
from ._likelihood import ChannelLikelihood, fit_channel_likelihood
from ._likelihood_design import CENTER, WIDTH
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD

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
    method: str = "index",
    criterion: float = 0.5,
    relative: bool = False,
    noise_sd: Sequence[float] = NOISE_SD,
    lowest_frequency: float = LOWEST_FREQUENCY,
    amplitude_bound: float | None = None,
    guess_rate: float = GUESS_RATE,
    sigmoid: str = "logistic",
) -> pd.DataFrame:
    """Estimate the channels of many observers.

    Parameters
    ----------
    counts : DataFrame
        One row per observer and condition with the columns named in `by`, ``noise_sd`` (pixel
        units, 0 to 1), ``band`` (0 for the lowest), ``n_trials``, ``n_correct``.
    by : str, default="network"
        Column that names the observer.
    method : {"index", "ml", "filter"}, default="index"
        The published method, maximum likelihood, or the filter observer; see `ChannelEstimator`.
    criterion : float, default=0.5
        Proportion correct at threshold; "index" only, since no other width depends on it.
    relative : bool, default=False
        Whether `criterion` is relative to accuracy without noise; "index" only.
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SDs, pixel units.
    lowest_frequency : float, default=1.75
        Label frequency of band 0, cycles/image.
    amplitude_bound : float, default=None
        Upper bound of the peak, octave steps; "index" only.
    guess_rate : float, default=0.0625
        Rate of correct answers by guessing, in [0, 1).
    sigmoid : {"logistic", "norm", "weibull", "gumbel"}, default="logistic"
        Shape of the psychometric function; "ml" only.

    Returns
    -------
    DataFrame
        One row per observer, sorted by name (the index): ``bandwidth`` (octaves; "ml": of amplitude
        sensitivity; "filter": of power gain), ``center_frequency`` (cycles/image; "filter": physical,
        otherwise on the label scale) and ``peak_sensitivity`` ("index": ratio; otherwise 1/pixel
        units), missing where not resolved; ``at_bound``; ``resolved`` and ``reason``;
        ``zero_noise_accuracy`` (proportion). "index" and "ml" add the raw values of the fit, resolved
        or not: ``center_index`` and ``width`` (bands, "index": signed), with "index" also ``amplitude``
        (octave steps), ``criterion`` (proportion) and ``index_0`` ... the threshold indices; "ml" adds
        ``slope``; "ml" and "filter" ``lapse_rate``, ``deviance``, ``dispersion``; "filter"
        ``internal_dprime``.

    Raises
    ------
    ValueError
        If columns are missing, a condition is repeated, counts are impossible or a parameter is
        outside its range.

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

    check_option("channel_table", "method", method, METHODS)
    names, correct, trials = count_arrays(counts, by, noise_sd)
    common: dict[str, Any] = {
        "noise_sd": noise_sd,
        "lowest_frequency": lowest_frequency,
        "guess_rate": guess_rate,
    }
    if method == "ml":
        fit = fit_channel_likelihood(correct, trials, sigmoid=sigmoid, **common)
        return likelihood_table(fit, pd.Index(names, name=by))
    if method == "filter":
        return filter_table(fit_channel_filter(correct, trials, **common), pd.Index(names, name=by))
    estimator = ChannelEstimator(
        criterion=criterion, relative=relative, amplitude_bound=amplitude_bound, **common
    )
    rows = [_row(estimator, k, n) for k, n in zip(correct, trials, strict=True)]
    return pd.DataFrame(rows, index=pd.Index(names, name=by))


def likelihood_table(fit: ChannelLikelihood, index: pd.Index) -> pd.DataFrame:
    """Return the columns of `channel_table` for channels fitted along one axis."""
    import pandas as pd

    total = fit.n_trials[:, 0].sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        zero_noise_accuracy = np.where(total > 0, fit.n_correct[:, 0].sum(axis=-1) / total, np.nan)
    columns = {
        "bandwidth": fit.bandwidth,
        "center_frequency": fit.center_frequency,
        "peak_sensitivity": fit.peak_sensitivity,
        "at_bound": fit.resolved & ~fit.peak_tested,
        "resolved": fit.resolved,
        "reason": [str(reason) for reason in fit.reason],
        "zero_noise_accuracy": zero_noise_accuracy,
        "center_index": fit.params[:, CENTER],
        "width": np.exp(fit.params[:, WIDTH]),
        "slope": fit.slope,
        "lapse_rate": fit.lapse_rate,
        "deviance": fit.deviance,
        "dispersion": fit.dispersion,
    }
    return pd.DataFrame(columns, index=index)


def filter_table(fit: ChannelFilter, index: pd.Index) -> pd.DataFrame:
    """Return the columns of `channel_table` for filter observers fitted along one axis."""
    import pandas as pd

    total = fit.n_trials[:, 0].sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        zero_noise_accuracy = np.where(total > 0, fit.n_correct[:, 0].sum(axis=-1) / total, np.nan)
    columns = {
        "bandwidth": fit.bandwidth,
        "center_frequency": fit.center_frequency,
        "peak_sensitivity": fit.peak_sensitivity,
        "at_bound": fit.resolved & ~fit.peak_tested,
        "resolved": fit.resolved,
        "reason": [str(reason) for reason in fit.reason],
        "zero_noise_accuracy": zero_noise_accuracy,
        "internal_dprime": fit.internal_dprime,
        "lapse_rate": fit.lapse_rate,
        "deviance": fit.deviance,
        "dispersion": fit.dispersion,
    }
    return pd.DataFrame(columns, index=index)


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
