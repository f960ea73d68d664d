"""The likelihood method of the estimator: attributes and intervals, as amplitude or as power."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric

from ._channel_intervals import IntervalOptions, as_metrics, quantile_limits
from ._likelihood import ChannelLikelihood, fit_checked
from ._likelihood_design import CENTER, WIDTH, Design
from ._likelihood_intervals import channel_confint, pool_observers, refit

if TYPE_CHECKING:
    from ._filter import ChannelFilter

# Sensitivity as amplitude is one over the noise SD, as power one over its square.
EXPONENTS = {"amplitude": 1, "power": 2}


@dataclass(frozen=True, kw_only=True)
class LikelihoodMethod(ABC):
    """What the methods that maximise a likelihood share; settings of `ChannelEstimator`, checked.

    Parameters
    ----------
    levels : ndarray of shape (n_noise_sd,)
        Noise SDs, pixel units.
    criterion, guess_rate : float
        Proportions.
    relative : bool
        Whether `criterion` is relative.
    sensitivity : {"amplitude", "power"}
        Convention.
    lowest_frequency : float
        Cycles/image.
    """

    offered: ClassVar = ("profile", "bootstrap", "wald")
    # the convention of sensitivity that is not the one of the fit itself
    other_convention: ClassVar[str]

    levels: NDArray[np.float64]
    criterion: float
    relative: bool
    sensitivity: str
    guess_rate: float
    lowest_frequency: float

    @abstractmethod
    def fit_counts(self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> dict[str, Any]:
        """Return the attributes for counts of shape (n_observers, n_noise_sd, n_bands), which are summed."""

    @abstractmethod
    def _design(self, n_correct: NDArray[np.int64]) -> Design: ...

    @abstractmethod
    def _fit(
        self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]
    ) -> ChannelLikelihood | ChannelFilter: ...

    def intervals(
        self,
        n_correct: NDArray[np.int64],
        n_trials: NDArray[np.int64],
        values: dict[str, float],
        options: IntervalOptions,
    ) -> dict[str, Metric]:
        """Return the properties with their intervals."""
        if options.over == "observers":
            design = self._design(n_correct)
            pooled = pool_observers(n_correct, n_trials, options.n_resamples, options.rng)
            draws = refit(*pooled, design)
            limits = design.named_limits(quantile_limits(draws, options.level), self.lowest_frequency)
        else:
            limits = channel_confint(
                self._fit(n_correct, n_trials),
                method=options.method,
                level=options.level,
                n_resamples=options.n_resamples,
                random_state=options.rng,
            )
        other = limits.pop(f"bandwidth_{self.other_convention}")
        if self.sensitivity == self.other_convention:
            limits["bandwidth"] = other
        limits["peak_sensitivity"] = limits["peak_sensitivity"] ** EXPONENTS[self.sensitivity]
        return as_metrics(values, limits, options, n_trials)


@dataclass(frozen=True, kw_only=True)
class LabelMethod(LikelihoodMethod):
    """Thresholds that follow a Gaussian over the labels of the bands.

    Parameters
    ----------
    sigmoid : str
        Name.
    """

    other_convention: ClassVar = "power"

    sigmoid: str

    def fit_counts(self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> dict[str, Any]:
        """Return the attributes for counts of shape (n_observers, n_noise_sd, n_bands), which are summed."""
        fit = self._fit(n_correct, n_trials)
        exponent = EXPONENTS[self.sensitivity]
        thresholds = fit.thresholds(self.criterion, relative=self.relative)
        resolved = bool(fit.resolved)
        peak = float(fit.peak_sensitivity) ** exponent
        criterion, lapse_rate = float(self.criterion), float(fit.lapse_rate)
        if self.relative:
            criterion = self.guess_rate + criterion * (1 - lapse_rate - self.guess_rate)
        return {
            "criterion_": criterion,
            "thresholds_": thresholds,
            "sensitivity_": thresholds ** -float(exponent),
            "resolved_": resolved,
            "reason_": str(fit.reason),
            "at_bound_": resolved and not bool(fit.peak_tested),
            "amplitude_": peak,
            "center_index_": float(fit.params[CENTER]) if resolved else np.nan,
            "width_": float(np.exp(fit.params[WIDTH])) / exponent**0.5 if resolved else np.nan,
            "bandwidth_": float(fit.bandwidth) / exponent**0.5,
            "center_frequency_": float(fit.center_frequency),
            "peak_sensitivity_": peak,
            "slope_": float(fit.slope),
            "lapse_rate_": lapse_rate,
            "log_likelihood_": float(fit.log_likelihood),
            "deviance_": float(fit.deviance),
            "dispersion_": float(fit.dispersion),
            "degrees_of_freedom_": int(fit.degrees_of_freedom),
            "converged_": bool(fit.converged),
        }

    def _design(self, n_correct: NDArray[np.int64]) -> Design:
        return Design(self.levels, n_correct.shape[-1], self.guess_rate, self.sigmoid)

    def _fit(self, n_correct: NDArray[np.int64], n_trials: NDArray[np.int64]) -> ChannelLikelihood:
        pooled = n_correct.sum(axis=0), n_trials.sum(axis=0)
        return fit_checked(*pooled, self._design(n_correct), float(self.lowest_frequency))
