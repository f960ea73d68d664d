"""The filter observer as a model of all cells: probabilities, derivatives, bounds and starts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosci.stats._curves import CurveFits

from ._filter_observer import LARGEST_DPRIME, alternatives, choice_table
from ._filter_spectra import BandWeights
from ._index import FWHM_PER_SIGMA
from ._likelihood_design import CENTER, LAPSE, N_PARAMS, PEAK, WIDTH, Design

# The place of the slope in the likelihood method is that of the natural log of d' without noise.
DPRIME = 3
# Full widths of the power gain outside of these, octaves, are beyond what the bands can show.
_BANDWIDTHS = (0.1, 64.0)
# Accuracies of 0.075 and of 1 less one in a million, for 16 alternatives.
_DPRIMES = (0.1, 7.0)
_LN2 = math.log(2)


class FilterDesign(Design):
    """Cells of the experiment as points of a curve, seen by a noisy linear channel.

    Parameters
    ----------
    levels : ndarray of shape (n_noise_sd,)
        Noise SDs, pixel units.
    guess_rate : float
        One over the number of alternatives.
    weights : BandWeights
        Spectra of the bands.
    lowest_frequency : float
        Cycles/image; the centre is counted in octaves from here.
    where : str
        Function that is called, for messages.
    """

    def __init__(
        self,
        levels: NDArray[np.float64],
        guess_rate: float,
        weights: BandWeights,
        lowest_frequency: float,
        where: str,
    ) -> None:
        super().__init__(levels, weights.n_bands, guess_rate, "logistic")
        self.table = choice_table(alternatives(guess_rate, where))
        self.weights = weights
        self.position = weights.log2_frequency - math.log2(lowest_frequency)
        self.centers = weights.center - math.log2(lowest_frequency)
        shown = self.log2_noise[[-1, 0]]
        self.low = np.array(
            [
                -shown[0] - 10,
                self.position[0] - 2,
                math.log(_BANDWIDTHS[0] / FWHM_PER_SIGMA),
                math.log(_DPRIMES[0]),
                0.0,
            ]
        )
        self.high = np.array(
            [
                -shown[1] + 10,
                self.position[-1] + 2,
                math.log(_BANDWIDTHS[1] / FWHM_PER_SIGMA),
                math.log(_DPRIMES[1]),
                1.0,
            ]
        )

    @property
    def center_range(self) -> tuple[float, float]:
        """Octaves from the lowest frequency between which a centre counts as measured."""
        return float(self.centers[0]) - 0.5, float(self.centers[-1]) + 0.5

    def passed(self, params: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Return the noise power that passes, (n, n_bands), and its derivatives by centre and log width."""
        distance = (self.position - params[:, [CENTER]]) / np.exp(params[:, [WIDTH]])
        gain = np.exp(-(distance**2) / 2)
        by_center = (gain * distance) @ self.weights.power / np.exp(params[:, [WIDTH]])
        by_width = (gain * distance**2) @ self.weights.power
        return gain @ self.weights.power, by_center, by_width

    def model(
        self, params: NDArray[np.float64], _curves: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return probabilities and their derivatives."""
        log_a, lapse = params[:, [DPRIME]], params[:, [LAPSE]]
        rest = np.exp(-2 * log_a)
        log_q = self.table.log_q(log_a)
        # (n, n_levels above 0, n_bands), then points as in `pack`
        scale = np.exp(2 * _LN2 * params[:, [PEAK]] + log_q)[..., np.newaxis]
        power = 4.0 ** self.log2_noise.reshape(-1, self.n_bands)[:, :1] * scale

        def points(per_band: NDArray[np.float64]) -> NDArray[np.float64]:
            table = (power * per_band[:, np.newaxis]).reshape(len(params), -1)
            if not self.has_zero:
                return np.asarray(table)
            return np.concatenate([table, np.zeros((len(params), 1))], axis=1)

        noise, by_center, by_width = map(points, self.passed(params))
        total = noise + rest
        dprime = np.minimum(total**-0.5, LARGEST_DPRIME)
        change = -0.5 * total**-1.5 * self.table.slope(dprime)
        accuracy = self.table.accuracy(dprime)
        guess = 1 / self.table.n_alternatives
        p = lapse * guess + (1 - lapse) * accuracy
        jacobian = np.empty((*p.shape, N_PARAMS))
        inner = (1 - lapse) * change
        jacobian[:, :, PEAK] = inner * 2 * _LN2 * noise
        jacobian[:, :, CENTER] = inner * by_center
        jacobian[:, :, WIDTH] = inner * by_width
        jacobian[:, :, DPRIME] = inner * (noise * self.table.log_q_slope(log_a) - 2 * rest)
        jacobian[:, :, LAPSE] = guess - accuracy
        return p, jacobian

    def start_grid(self) -> NDArray[np.float64]:
        """Return the coarse grid of the starts."""
        shown = self.log2_noise[:: self.n_bands]
        low, high = self.center_range
        axes = (
            np.arange(-shown[-1] - 0.25, -shown[0] + 3.0, 0.75),
            np.arange(low + 0.5, high, 0.5),
            np.log(np.array([0.7, 1.4, 2.5, 5.0]) / FWHM_PER_SIGMA),
            np.log([2.0, 3.5, 5.0]),
            np.array([0.01, 0.05, 0.12, 0.3, 0.6]),
        )
        return np.array(list(itertools.product(*axes)))

    def flat_starts(self) -> NDArray[np.float64]:
        """Return starts of peak, d' and lapse rate of an observer with equal gain at all frequencies."""
        peaks: Sequence[float] = (-np.quantile(self.log2_noise, [0.1, 0.5, 0.9])).tolist()
        return np.array(
            [[peak, math.log(a), lapse] for peak in peaks for a in (2.0, 5.0) for lapse in (0.05, 0.4)]
        )

    def shape_test(self, fits: CurveFits) -> tuple[NDArray[np.bool_], str]:
        """Return where d' without noise is at its lower bound; at the upper one nothing is lost."""
        return fits.params[:, DPRIME] <= self.low[DPRIME], "accuracy without noise is not above guessing"

    def thresholds(
        self, params: NDArray[np.float64], criterion: float, relative: bool
    ) -> NDArray[np.float64]:
        """Return the noise SD at a criterion, (n, n_bands); NaN where accuracy never is there."""
        guess = 1 / self.table.n_alternatives
        a, lapse = np.exp(params[:, [DPRIME]]), params[:, [LAPSE]]
        top = self.table.accuracy(a)
        with np.errstate(divide="ignore", invalid="ignore"):
            if relative:
                wanted = guess + criterion * (top - guess)
            else:
                wanted = (criterion - lapse * guess) / (1 - lapse)
            dprime = np.where(wanted < top, self.table.dprime(wanted), np.nan)
            scale = np.exp(2 * _LN2 * params[:, [PEAK]] + self.table.log_q(np.log(a)))
            return np.asarray(np.sqrt((dprime**-2 - a**-2) / (scale * self.passed(params)[0])))

    def named_limits(
        self, limits: NDArray[np.float64], lowest_frequency: float
    ) -> dict[str, NDArray[np.float64]]:
        """Turn limits of the parameters, (..., n_params, 2), into those of the quantities."""
        with np.errstate(over="ignore"):
            bandwidth = FWHM_PER_SIGMA * np.exp(limits[..., WIDTH, :])
            return {
                "bandwidth": bandwidth,
                "bandwidth_amplitude": bandwidth * math.sqrt(2),
                "center_frequency": lowest_frequency * 2 ** limits[..., CENTER, :],
                "peak_sensitivity": 2 ** limits[..., PEAK, :],
                "internal_dprime": np.exp(limits[..., DPRIME, :]),
                "lapse_rate": np.clip(limits[..., LAPSE, :], 0, 1),
            }
