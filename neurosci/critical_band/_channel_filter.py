"""The filter method of the estimator: attributes and intervals, as power or as amplitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ._channel_likelihood import EXPONENTS, LikelihoodMethod
from ._filter import ChannelFilter, check_n_bands, fit_filter_checked
from ._filter_design import FilterDesign
from ._filter_spectra import BandWeights
from ._likelihood_design import CENTER, WIDTH

_WHERE = "ChannelEstimator"


@dataclass(frozen=True, kw_only=True)
class FilterMethod(LikelihoodMethod):
    """A linear filter with internal noise that chooses among alternatives.

    Parameters
    ----------
    weights : BandWeights
        Spectra of the bands.
    """

    other_convention: ClassVar = "amplitude"

    weights: BandWeights

    def fit_counts(self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> dict[str, Any]:
        """Return the attributes for counts of shape (n_observers, n_noise_sd, n_bands), which are summed."""
        fit = self._fit(n_correct, n_trials)
        exponent = EXPONENTS[self.sensitivity]
        thresholds = fit.thresholds(self.criterion, relative=self.relative)
        resolved = bool(fit.resolved)
        widening = (EXPONENTS["power"] / exponent) ** 0.5
        criterion = float(self.criterion)
        if self.relative:
            criterion = self.guess_rate + criterion * (float(fit.ceiling) - self.guess_rate)
        peak = float(fit.peak_sensitivity) ** exponent
        return {
            "criterion_": criterion,
            "thresholds_": thresholds,
            "sensitivity_": thresholds ** -float(exponent),
            "resolved_": resolved,
            "reason_": str(fit.reason),
            "at_bound_": resolved and not bool(fit.peak_tested),
            "amplitude_": peak,
            "center_index_": float(fit.params[CENTER]) if resolved else np.nan,
            "width_": float(np.exp(fit.params[WIDTH])) * widening if resolved else np.nan,
            "bandwidth_": float(fit.bandwidth) * widening,
            "center_frequency_": float(fit.center_frequency),
            "peak_sensitivity_": peak,
            "internal_dprime_": float(fit.internal_dprime),
            "lapse_rate_": float(fit.lapse_rate),
            "log_likelihood_": float(fit.log_likelihood),
            "deviance_": float(fit.deviance),
            "dispersion_": float(fit.dispersion),
            "degrees_of_freedom_": int(fit.degrees_of_freedom),
            "converged_": bool(fit.converged),
        }

    def _design(self, n_correct: NDArray[np.int64]) -> FilterDesign:
        check_n_bands(n_correct.shape[-1], self.weights.n_bands, _WHERE)
        return FilterDesign(self.levels, self.guess_rate, self.weights, self.lowest_frequency, _WHERE)

    def _fit(self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> ChannelFilter:
        pooled = n_correct.sum(axis=0), n_trials.sum(axis=0)
        return fit_filter_checked(*pooled, self._design(n_correct), float(self.lowest_frequency))
