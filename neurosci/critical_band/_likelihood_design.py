"""The joint model of all bands: probabilities, derivatives, bounds, starts and the rules of resolution."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from neurosci.stats._curves import CurveFits, fit_binomial_curves

from ._index import FWHM_PER_SIGMA
from ._sigmoids import sigmoid_value

# Parameters: log2 of the peak sensitivity, centre, natural log of width and slope, lapse rate.
PEAK, CENTER, WIDTH, SLOPE, LAPSE = range(5)
N_PARAMS = 5
LOG2_E = math.log2(math.e)

# Full widths outside of these, octaves, are beyond what bands one octave apart can show.
_BANDWIDTHS = (0.1, 64.0)
_SLOPES = (0.05, 50.0)
_N_STARTS = 3
# Observers per block of the start search: its table of likelihoods stays below 100 MB.
_BLOCK = 2000
_SIGNIFICANT = 0.95


def log2_sensitivity(params: NDArray[np.float64], n_bands: int) -> NDArray[np.float64]:
    """Return log2 of one over the noise SD at half performance, (..., n_bands) from (..., n_params)."""
    distance = (np.arange(n_bands) - params[..., [CENTER]]) / np.exp(params[..., [WIDTH]])
    return np.asarray(params[..., [PEAK]] - LOG2_E * distance**2 / 2)


class Design:
    """Cells of the experiment as points of a curve: all trials without noise are one point, the last."""

    def __init__(self, levels: NDArray[np.float64], n_bands: int, guess_rate: float, sigmoid: str) -> None:
        self.levels, self.n_bands = levels, n_bands
        self.guess_rate, self.sigmoid = float(guess_rate), sigmoid
        shown = np.log2(levels[levels > 0])
        self.has_zero = bool(levels[0] == 0)
        self.log2_noise = np.repeat(shown, n_bands)
        self.band = np.tile(np.arange(float(n_bands)), len(shown))
        widths = [math.log(width / FWHM_PER_SIGMA) for width in _BANDWIDTHS]
        slopes = [math.log(slope) for slope in _SLOPES]
        self.low = np.array([-shown[-1] - 10, -n_bands, widths[0], slopes[0], 0.0])
        self.high = np.array([-shown[0] + 10, 2 * n_bands, widths[1], slopes[1], 1 - self.guess_rate])

    def pack(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (n_curves, n_points) from (..., n_noise_sd, n_bands)."""
        table = counts.reshape(-1, len(self.levels), self.n_bands).astype(float)
        if not self.has_zero:
            return table.reshape(len(table), -1)
        return np.concatenate(
            [table[:, 1:].reshape(len(table), -1), table[:, 0].sum(1, keepdims=True)], axis=1
        )

    def unpack(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n_curves, n_noise_sd, n_bands) from values of the points."""
        if not self.has_zero:
            return points.reshape(len(points), -1, self.n_bands)
        zero = np.broadcast_to(points[:, -1:, np.newaxis], (len(points), 1, self.n_bands))
        return np.concatenate([zero, points[:, :-1].reshape(len(points), -1, self.n_bands)], axis=1)

    def probability(self, params: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of a correct answer in each cell, (..., n_noise_sd, n_bands)."""
        flat = params.reshape(-1, N_PARAMS)
        p = self.unpack(self.model(flat, np.arange(len(flat)))[0])
        return p.reshape(*params.shape[:-1], len(self.levels), self.n_bands)

    def model(
        self, params: NDArray[np.float64], _curves: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return probabilities and their derivatives."""
        peak, center, log_width, log_slope, lapse = (column[:, np.newaxis] for column in params.T)
        slope = np.exp(log_slope)
        distance = (self.band - center) / np.exp(log_width)
        bend = LOG2_E * distance
        argument = -slope * (self.log2_noise + peak - bend * distance / 2)
        value, change = sigmoid_value(self.sigmoid, argument)
        gain = 1 - self.guess_rate - lapse
        change = gain * change
        n_points = value.shape[1]
        p = np.empty((len(params), n_points + self.has_zero))
        jacobian = np.zeros((*p.shape, N_PARAMS))
        p[:, :n_points] = self.guess_rate + gain * value
        inner = jacobian[:, :n_points]
        inner[:, :, PEAK] = -slope * change
        inner[:, :, CENTER] = inner[:, :, PEAK] * bend / np.exp(log_width)
        inner[:, :, WIDTH] = inner[:, :, PEAK] * bend * distance
        inner[:, :, SLOPE] = argument * change
        inner[:, :, LAPSE] = -value
        if self.has_zero:
            p[:, -1] = 1 - lapse[:, 0]
            jacobian[:, -1, LAPSE] = -1
        return p, jacobian

    @property
    def center_range(self) -> tuple[float, float]:
        """Bands from the lowest between which a centre counts as measured."""
        return -0.5, self.n_bands - 0.5

    def start_grid(self) -> NDArray[np.float64]:
        """Return the coarse grid of the starts."""
        shown = self.log2_noise[:: self.n_bands]
        axes = (
            np.arange(-shown[-1] - 0.25, -shown[0] + 2.5, 0.75),
            np.arange(0, self.n_bands - 0.75, 0.5),
            np.log(np.array([1.2, 2.0, 3.5, 6.0]) / FWHM_PER_SIGMA),
            np.log([1.2, 3.0]),
            (1 - self.guess_rate) * np.array([0.01, 0.05, 0.12, 0.3, 0.6]),
        )
        return np.array(list(itertools.product(*axes)))

    def flat_starts(self) -> NDArray[np.float64]:
        """Return starts of peak, slope and lapse rate of an observer with one threshold for all bands."""
        peaks = -np.quantile(self.log2_noise, [0.1, 0.5, 0.9])
        top = 1 - self.guess_rate
        return np.array([[peak, math.log(2), lapse * top] for peak in peaks for lapse in (0.05, 0.4)])

    def starts(self, correct: NDArray[np.float64], trials: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n_starts, n_curves, n_params): likely points of a coarse grid, apart from each other."""
        grid = self.start_grid()
        p = np.clip(self.model(grid, np.arange(len(grid)))[0], 1e-9, 1 - 1e-9)
        log_p, log_q = np.log(p).T, np.log1p(-p).T
        found = np.empty((_N_STARTS, len(correct), N_PARAMS))
        for first in range(0, len(correct), _BLOCK):
            part = slice(first, first + _BLOCK)
            value = correct[part] @ log_p + (trials[part] - correct[part]) @ log_q
            for start in range(_N_STARTS):
                best = grid[value.argmax(axis=1)]
                found[start, part] = best
                near = (np.abs(grid[:, CENTER] - best[:, [CENTER]]) < 1) & (
                    np.abs(grid[:, WIDTH] - best[:, [WIDTH]]) < 0.3
                )
                value[near] = -np.inf
        return found

    def reasons(
        self, fits: CurveFits, correct: NDArray[np.float64], trials: NDArray[np.float64]
    ) -> NDArray[np.str_]:
        """Say why counts do not determine a channel; empty where they do."""
        from scipy.special import chdtri

        flat = _flat_likelihood(correct, trials, self)
        gain = 2 * (fits.log_likelihood - flat)
        center = fits.params[:, CENTER]
        with np.errstate(invalid="ignore"):
            spread = np.sqrt(fits.covariance[:, WIDTH, WIDTH])
            known = spread < math.log(2)
        upper_lapse = fits.params[:, LAPSE] >= self.high[LAPSE]
        low, high = self.center_range
        tests = (
            (~fits.converged, "the optimiser did not converge"),
            (upper_lapse, "accuracy without noise is not above guessing"),
            (~(gain > chdtri(2, 1 - _SIGNIFICANT)), "thresholds do not differ between bands"),
            (fits.at_bound[:, WIDTH], "the width is at the bound of the fit"),
            self.shape_test(fits),
            (fits.at_bound[:, PEAK] | fits.at_bound[:, CENTER], "the peak is at the bound of the fit"),
            ((center < low) | (center > high), "the peak lies outside the measured bands"),
            (~known, "the standard error of the width exceeds a factor of two"),
        )
        return np.select([test for test, _ in tests], [reason for _, reason in tests], default="")

    def shape_test(self, fits: CurveFits) -> tuple[NDArray[np.bool_], str]:
        """Return where the slope stopped at a bound that says nothing, and the reason to give."""
        return fits.at_bound[:, SLOPE], "the slope is at the bound of the fit"

    def named_limits(
        self, limits: NDArray[np.float64], lowest_frequency: float
    ) -> dict[str, NDArray[np.float64]]:
        """Turn limits of the parameters, (..., n_params, 2), into those of the quantities."""
        # Limits far outside of what can be measured would only overflow.
        with np.errstate(over="ignore"):
            bandwidth = FWHM_PER_SIGMA * np.exp(limits[..., WIDTH, :])
            return {
                "bandwidth": bandwidth,
                "bandwidth_power": bandwidth / math.sqrt(2),
                "center_frequency": lowest_frequency * 2 ** limits[..., CENTER, :],
                "peak_sensitivity": 2 ** limits[..., PEAK, :],
                "slope": np.exp(limits[..., SLOPE, :]),
                "lapse_rate": np.clip(limits[..., LAPSE, :], 0, 1),
            }


def _flat_likelihood(
    correct: NDArray[np.float64], trials: NDArray[np.float64], design: Design
) -> NDArray[np.float64]:
    """Return the log likelihood of one threshold for all bands."""
    columns = [PEAK, SLOPE, LAPSE]

    def model(
        params: NDArray[np.float64], curves: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        whole = np.zeros((len(params), N_PARAMS))
        whole[:, columns] = params
        whole[:, WIDTH] = 20.0
        p, jacobian = design.model(whole, curves)
        return p, jacobian[:, :, columns]

    start = design.flat_starts()
    starts = np.broadcast_to(start[:, np.newaxis], (len(start), len(correct), 3))
    low, high = design.low[columns], design.high[columns]
    return fit_binomial_curves(
        correct, trials, model, starts, low=low, high=high, tolerance=1e-4
    ).log_likelihood
