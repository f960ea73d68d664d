r"""Averaged quadratic models for many neurons: one eigenbasis for each state instead of a matrix per neuron.

The curvature of neuron :math:`n` in state :math:`s` is taken as :math:`r_{sn} G_s`, with the Gram matrix
:math:`G_s` of the state's bins and the Fisher information :math:`r_{sn}` at the neuron's rate. In the
eigenbasis of :math:`G_s` every direction of every neuron is a problem of its own, so that a Gaussian prior
and the likelihood of its scale cost no more than the matrix product that leads there.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar

from . import _forward as forward
from . import _kernels as kernels
from ._large import weighted_grams
from ._m_step import Model, transitions
from ._passes import Parameters, Recording, derivatives, emission
from ._rate_starts import shared

Floats = NDArray[np.float64]

MOST_CHANGE = (
    1.0  # of a linear predictor in a step, root mean square over bins: where a quadratic still holds
)
FLAT = 1e-8  # of the largest curvature: directions that the data say nothing about
SCALE_RANGE = 1e6  # between which, times the median error of a weight, its scale is looked for


def information(link: int, rates: Floats) -> Floats:
    """Return the Fisher information of a linear predictor at some spikes per bin."""
    if link == kernels.SOFTPLUS:
        result: Floats = np.expm1(-rates) ** 2 / rates
    elif link == kernels.SIGMOID:
        share = np.minimum(rates, 1 - 1e-6)
        result = share * (1 - share) ** 2
    elif link == kernels.BERNOULLI:
        share = np.minimum(rates, 1 - 1e-6)
        result = share * (1 - share)
    else:
        result = rates
    return result


def likeliest_variance(estimate: Floats, noise: Floats) -> float:
    """Return the variance of normal values, around zero, seen with normal errors of known variances."""
    squares, noise = estimate.ravel() ** 2, noise.ravel()
    middle = float(np.median(noise))

    def surprise(log_variance: float) -> float:
        total = noise + np.exp(log_variance)
        return float((np.log(total) + squares / total).mean())

    centre, width = np.log(middle), np.log(SCALE_RANGE)
    found = minimize_scalar(
        surprise, bounds=(centre - width, centre + width), method="bounded", options={"xatol": 0.05}
    )
    return float(np.exp(found.x))


class WideAverage:
    """Averaged Gram matrices, gradients, transitions and occupancy, with a Gaussian prior of learned scales.

    Parameters
    ----------
    model : Model
        What is fixed.
    n_bins : int
        Bins of the whole recording.
    learn : bool
        Whether the scales of the Gaussian prior are estimated: of the weights around their centre, and of the
        centre around zero. Otherwise the first is the model's, and the centre is free. A model without a
        prior has weights that learn their scale while blocks come in: the first blocks alone know too little
        about so many weights for an E-step on the next one. `finish` takes that away.
    """

    def __init__(self, model: Model, n_bins: int, learn: bool) -> None:
        self.model, self.n_bins = model, float(n_bins)
        self.learn = learn or not model.gaussian
        self.variance = model.prior_scale**2
        self.centre_variance = np.inf
        self.freedom = self.common_freedom = 0.0
        self.grams = self.gradient = self.spikes = self.pairs = self.occupancy = np.empty(0)
        self.centre: Floats = np.zeros(model.free.shape)
        self.inverse_bins = (
            0.0  # sum of squared weights of bins: one over the number that the average is worth
        )

    def step(self, data: Recording, now: Parameters, rate: float) -> tuple[Parameters, float]:
        """Take one block in; return parameters and the block's log-likelihood, scaled to all bins."""
        model, first = self.model, rate == 1.0
        log_emission, _ = emission(data, now.weights, now.intercept, model.link)
        gamma, pairs, scale = forward.smooth(log_emission, now.transmat, now.start, data.edges)
        value = float((scale + data.constant).mean()) * self.n_bins
        if first:
            now = shared(model, now, np.maximum(data.counts.mean(axis=0), 0.5 / data.n_bins))
        found = derivatives(data, now.weights, now.intercept, model.link, gamma, blocks=None)
        parts = (
            weighted_grams(data, gamma),
            found.gradient,
            gamma.T @ data.counts.astype(float),
            pairs,
            gamma.sum(axis=0),
        )
        old = (self.grams, self.gradient, self.spikes, self.pairs, self.occupancy)
        self.grams, self.gradient, self.spikes, self.pairs, self.occupancy = (
            part / data.n_bins if first else (1 - rate) * before + rate * part / data.n_bins
            for before, part in zip(old, parts, strict=True)
        )
        self.inverse_bins = (1 - rate) ** 2 * self.inverse_bins + rate**2 / data.n_bins
        weights, intercept = self._step(now)
        transmat = transitions(model, self.pairs * self.n_bins, now.transmat)
        return Parameters(weights, intercept, transmat, now.start), value

    @property
    def lost(self) -> float:
        """Expected loss of held-out bins to errors of free weights, in nats per bin."""
        return 0.0 if self.model.gaussian else 0.5 * self.freedom * self.inverse_bins

    def attributes(self, now: Parameters) -> dict[str, Any]:
        """Return learned attributes beside the parameters: scales of the prior, and their parameters' number.

        Deviations of the states from their centre add up to nearly zero, so that one state's are not counted.
        """
        n_states, n_neurons = now.intercept.shape
        freedom, scales = self.freedom, None
        if self.model.gaussian:
            freedom = self.common_freedom + (1 - 1 / n_states) * self.freedom
            scales = {
                "scale": float(np.sqrt(self.variance)),
                "centre_scale": float(np.sqrt(self.centre_variance)),
            }
        n_baselines = n_neurons * (1 if self.model.shared_intercept else n_states)
        return {
            "n_parameters_": freedom + n_baselines + n_states * (n_states - 1),
            "gaussian_prior_": scales,
        }

    def finish(self, now: Parameters) -> Parameters:
        """Return the last parameters: without a prior those that maximise the averaged model alone."""
        if self.model.gaussian:
            return now
        self.learn, self.variance = False, np.inf
        weights, intercept = self._step(now)
        return Parameters(weights, intercept, now.transmat, now.start)

    def _step(self, now: Parameters) -> tuple[Floats, Floats]:
        """Return weights and baselines that maximise the averaged model with the prior."""
        model = self.model
        n = min(1 / self.inverse_bins, self.n_bins)
        size = np.maximum(self.occupancy, 0.5 / n)
        rates = np.maximum(self.spikes / size[:, None], 0.5 / (n * size[:, None]))
        bend = information(model.link, rates)
        change = np.zeros_like(now.intercept)
        if model.shared_intercept:
            # first, and alone: weights come after it, and can do what it has left
            pooled = self.gradient[..., -1].sum(axis=0) / (bend * size[:, None]).sum(axis=0)
            change += np.clip(pooled, -MOST_CHANGE, MOST_CHANGE)
            self._move(bend, np.zeros_like(now.weights), change)
        border = self.grams[:, :-1, -1]
        means = np.zeros_like(border) if model.shared_intercept else border / size[:, None]
        inner = self.grams[:, :-1, :-1] - means[:, :, None] * border[:, None, :]
        slope = self.gradient[..., :-1] - self.gradient[..., -1:] * means[:, None, :]
        weights = self._weights(now.weights, bend, size, inner, slope, n)
        moved = weights - now.weights
        self._move(bend, moved, -np.einsum("sd,snd->sn", means, moved))
        shift = np.zeros_like(change)
        if not model.shared_intercept:
            shift = np.clip(self.gradient[..., -1] / (bend * size[:, None]), -MOST_CHANGE, MOST_CHANGE)
            self._move(bend, np.zeros_like(weights), shift)
        return weights, now.intercept + change + shift - np.einsum("sd,snd->sn", means, moved)

    def _weights(
        self, weights: Floats, bend: Floats, size: Floats, inner: Floats, slope: Floats, n: float
    ) -> Floats:
        """Return each state's weights after a step, towards the centre where there is a prior."""
        bases = [eigh(matrix) for matrix in inner]
        both = [
            _estimates(values, vectors, bend[s], weights[s], slope[s], n)
            for s, (values, vectors) in enumerate(bases)
        ]
        if self.learn:
            self._find_scales(bases, both)
        if self.model.gaussian:
            # what the states have in common: all bins' estimate of it, around which each state scatters
            values, vectors = eigh(inner.sum(axis=0))
            level = (bend * size[:, None]).sum(axis=0) / size.sum()
            away = bend[..., None] * ((weights - self.centre) @ inner)
            z, error = _estimates(values, vectors, level, self.centre, (slope + away).sum(axis=0), n)
            error += self.variance / len(weights)
            self.centre = _posterior(z, error, vectors, self.centre_variance, self.model.free)
            self.common_freedom = float(_share(error * n / self.n_bins, self.centre_variance).sum())
        result = np.empty_like(weights)
        self.freedom = 0.0
        for s, ((values, vectors), (z, error)) in enumerate(zip(bases, both, strict=True)):
            apart = z - self.centre @ vectors
            goal = self.centre + _posterior(apart, error, vectors, self.variance, self.model.free)
            moved = goal - weights[s]
            result[s] = weights[s] + moved * _shorten(moved, values, vectors, size[s])
            self.freedom += float(_share(error * n / self.n_bins, self.variance).sum())
        return np.clip(result, -self.model.bound, self.model.bound)

    def _find_scales(self, bases: list[tuple[Floats, Floats]], both: list[tuple[Floats, Floats]]) -> None:
        """Estimate how far weights lie from zero, and which part of that the states share.

        The first is the likeliest variance. Errors of different states are independent, so that products of
        their estimates tell the second: shrunk ones, by as much as shrinking makes products smaller.
        """
        z, error = (np.concatenate(part) for part in zip(*both, strict=True))
        seen = np.isfinite(error)
        total = likeliest_variance(z[seen], error[seen])
        if not self.model.gaussian:
            self.variance = total
            return
        shares = [_share(error, total) for _, error in both]
        shrunk = [
            (share * z) @ vectors.T for share, (z, _), (_, vectors) in zip(shares, both, bases, strict=True)
        ]
        product, weight = 0.0, 0.0
        for s, t in combinations(range(len(both)), 2):
            overlap = (bases[s][1].T @ bases[t][1]) ** 2
            product += float((shrunk[s] * shrunk[t]).sum())
            weight += float((shares[s] @ overlap * shares[t]).sum())
        common = min(max(product / weight, 0.0), total) if weight else total
        self.centre_variance, self.variance = common, total - common

    def _move(self, bend: Floats, moved: Floats, change: Floats) -> None:
        """Carry the averaged gradient to moved parameters, by the averaged curvature."""
        full = np.concatenate([moved, change[..., None]], axis=-1)
        self.gradient = self.gradient - bend[..., None] * (full @ self.grams)


def _estimates(
    values: Floats, vectors: Floats, bend: Floats, weights: Floats, slope: Floats, n: float
) -> tuple[Floats, Floats]:
    """Return what the data alone say of each neuron's weights in the eigenbasis, and its error variance.

    The error is infinite, and the estimate zero, where the data say nothing.
    """
    curvature = n * bend[:, None] * np.where(values > FLAT * values[-1], values, 0.0)
    with np.errstate(divide="ignore"):
        error = 1 / curvature
    known = curvature > 0
    z = np.where(known, weights @ vectors + n * (slope @ vectors) / np.where(known, curvature, 1.0), 0.0)
    return z, error


def _share(error: Floats, variance: float) -> Floats:
    """Return how much of an estimate is kept."""
    if np.isinf(variance):
        return np.isfinite(error).astype(float)
    share: Floats = variance / (variance + error)
    return share


def _posterior(z: Floats, error: Floats, vectors: Floats, variance: float, free: NDArray[np.bool_]) -> Floats:
    """Return each neuron's posterior mean, out of the eigenbasis; weights that are not fitted stay zero."""
    share = _share(error, variance)
    result = (share * z) @ vectors.T
    spread = np.where(np.isfinite(error), share * np.where(np.isfinite(error), error, 0.0), 0.0)
    for n in np.flatnonzero(~free.all(axis=1)):
        held = np.flatnonzero(~free[n])
        columns = (vectors * spread[n]) @ vectors[held].T
        result[n] -= columns @ np.linalg.lstsq(columns[held], result[n, held], rcond=None)[0]
        result[n, held] = 0.0
    return result


def _shorten(moved: Floats, values: Floats, vectors: Floats, size: float) -> Floats:
    """Return the factor of each neuron's step that keeps linear predictors near, of shape (n_neurons, 1)."""
    square = ((moved @ vectors) ** 2 * np.maximum(values, 0.0)).sum(axis=1) / size
    factor: Floats = MOST_CHANGE / np.maximum(np.sqrt(square), MOST_CHANGE)
    return factor[:, None]
