"""From the parameters of the estimator to one of its methods, checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from neurosci._core.checks import check_option

from ._channel_filter import FilterMethod
from ._channel_index import IndexMethod
from ._channel_likelihood import EXPONENTS, LabelMethod, LikelihoodMethod
from ._counts import check_levels, check_noise_sd, check_rates
from ._filter_spectra import band_weights
from ._sigmoids import SIGMOIDS

if TYPE_CHECKING:
    from ._channel import ChannelEstimator

METHODS = ("index", "ml", "filter")
LIKELIHOODS = ("ml", "filter")


def check_parameters(estimator: ChannelEstimator, where: str) -> IndexMethod | LikelihoodMethod:
    """Return the method that the parameters ask for; refuse those outside their range.

    Parameters
    ----------
    estimator : ChannelEstimator
        Holds the parameters.
    where : str
        Name for messages.

    Returns
    -------
    IndexMethod, LabelMethod or FilterMethod
        The method with its settings.
    """
    check_option(where, "method", estimator.method, METHODS)
    if not 0 < estimator.criterion < 1:
        raise ValueError(
            f"{where}: criterion must be in (0, 1), got {estimator.criterion} (give 0.5 for 50 %)"
        )
    check_rates(estimator.guess_rate, estimator.lowest_frequency, where)
    check_option(where, "sensitivity", estimator.sensitivity, (None, *EXPONENTS))
    check_option(where, "sigmoid", estimator.sigmoid, SIGMOIDS)
    bound = estimator.amplitude_bound
    if bound is not None and not (math.isfinite(bound) and bound > 0):
        raise ValueError(f"{where}: amplitude_bound must be > 0 octave steps or None, got {bound}")
    names = ("criterion", "relative", "guess_rate", "lowest_frequency")
    common = {name: getattr(estimator, name) for name in names}
    if estimator.method in LIKELIHOODS:
        common["levels"] = check_levels(estimator.noise_sd, where)
        if estimator.method == "ml":
            kind = estimator.sensitivity or "amplitude"
            return LabelMethod(sensitivity=kind, sigmoid=estimator.sigmoid, **common)
        weights = band_weights(estimator.band_spectra, where)
        return FilterMethod(sensitivity=estimator.sensitivity or "power", weights=weights, **common)
    if estimator.sensitivity == "power":
        raise ValueError(
            f"{where}: sensitivity must be None or 'amplitude' with method 'index', got 'power' (it "
            "fits the logarithm of sensitivity, whose width is the same for both)"
        )
    return IndexMethod(levels=check_noise_sd(estimator.noise_sd, where), amplitude_bound=bound, **common)
