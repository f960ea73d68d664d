r"""Stochastic EM for recordings that do not fit in memory.

Blocks are read one at a time, in random order. Around the current weights :math:`\theta` each gives a
quadratic model of its expected log-likelihood, with curvature :math:`A` and linear term :math:`A\theta + g`;
both, and the expected transitions, are averaged with decaying steps, and the next weights maximise the
averaged model with the prior of the whole recording. Above 128 regressors states begin as states of rates
alone, and a Gaussian prior learns its scales from the averaged model.
"""

from __future__ import annotations

import warnings
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, xlogy

from neurosci._core.random import check_random_state

from . import _checks as check
from . import _forward as forward
from . import _kernels as kernels
from ._estimator import HMMGLM
from ._fitting import LARGEST_NEWTON, parameter_attributes
from ._m_step import Model, newton_direction, transitions
from ._passes import LINKS, Parameters, Recording, derivatives, emission
from ._rate_starts import rate_start
from ._streaming_wide import WideAverage

Floats = NDArray[np.float64]
Estimator = TypeVar("Estimator", bound=HMMGLM)


def fit_stochastic(
    model: Estimator,
    X: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_passes: int = 1,
    block_bins: int = 20_000,
    start_bins: int = 50_000,
    forgetting: float = 0.7,
    delay: float = 2.0,
) -> Estimator:
    """Fit a switching GLM to a long recording, block by block.

    Parameters
    ----------
    model : HMMGLM
        Model with prior "none" or "gaussian".
    X : array of shape (n_bins, n_neurons)
        Spike counts; a memory map of whole numbers is read block by block.
    lengths : array of shape (n_sequences,), default=None
        Bins of each sequence.
    n_passes : int, default=1
        How often the recording is read.
    block_bins : int, default=20000
        Bins of a block. A block that starts inside a sequence keeps its history.
    start_bins : int, default=50000
        Bins at the beginning that an ordinary fit, with all its starts, begins from; above 128 regressors
        a fit of states of rates without connections.
    forgetting : float, default=0.7
        Exponent in (0.5, 1] of the decay: the step of block k is ``(k + delay)**-forgetting``.
    delay : float, default=2.0
        Weight of the beginning, >= 1.

    Returns
    -------
    HMMGLM
        The model, fitted. ``loglik_history_`` holds, for each block, the log-likelihood of the whole
        recording as the block predicts it before its bins are used.

    Raises
    ------
    ValueError
        If the prior is another, a number is out of range, or there are more than 128 regressors and the
        link's curvature has no bound.

    Warns
    -----
    UserWarning
        If bins that were not used for the fit would be predicted worse than by constant rates: there are more
        weights than the bins can teach.

    Notes
    -----
    Memory is that of one block: 8 * block_bins * (n_neurons + 3 n_states) bytes, beside (with up to 128
    regressors) n_states * n_neurons curvature matrices, else one for each state.

    Each free weight costs half a nat on held-out data, n_states * n_neurons * n_regressors / (2 n_bins) nats
    per bin. Above 128 regressors the prior "gaussian" keeps this loss small: with ``learn_prior=True`` it
    estimates how far weights lie from zero, by marginal likelihood, and how much of that the states share, by
    products of their estimates: ``gaussian_prior_`` holds the standard deviations of weights around their
    centre and of the centre around zero. With ``learn_prior=False`` the first is `prior_scale`, and the
    centre is free.

    Examples
    --------
    >>> from neurosci.hmm_glm import HMMGLM, fit_stochastic, make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=5, n_states=2, n_bins=3000, n_sequences=2, random_state=0)
    >>> model = HMMGLM(2, basis=data.basis, link=data.link, n_init=2, random_state=0)
    >>> fit_stochastic(model, data.X, data.lengths, block_bins=1000, start_bins=2000).coef_.shape
    (2, 5, 5)
    """
    where = "fit_stochastic"
    if model.prior not in ("none", "gaussian"):
        raise ValueError(f"{where}: model must have prior 'none' or 'gaussian', got {model.prior!r}")
    size = check.whole(where, "block_bins", block_bins, 100)
    passes = check.whole(where, "n_passes", n_passes, 1)
    power = check.number(where, "forgetting", forgetting, low=0.5, above=True)
    shift = check.number(where, "delay", delay, low=1.0)
    counts, edges = check.counts(where, X, lengths)
    n_start = check.whole(where, "start_bins", start_bins, 100)
    large = counts.shape[1] * len(np.atleast_2d(_kernel(model).T)) > LARGEST_NEWTON
    if large and LINKS[model.link] == kernels.EXP:
        raise ValueError(
            f"{where}: model must have a link of bounded curvature above 128 regressors, got 'exp'"
        )
    rng = check_random_state(model.random_state)
    head_edges = np.unique(np.minimum(edges, n_start))
    average: _Average | WideAverage
    if large:
        now, fixed = _start_wide(model, counts, edges, head_edges, rng)
        average = WideAverage(fixed, int(edges[-1]), bool(model.learn_prior))
    else:
        _fit_head(model, counts, head_edges, rng)
        fixed = model._model(counts.shape[1], model.kernel_)
        now, average = model._parameters(), _Average(fixed, int(edges[-1]))
    blocks = [(a, min(a + size, int(edges[-1]))) for a in range(0, int(edges[-1]), size)]
    history, order = [], []
    k = 0
    for _ in range(passes):
        for i in rng.permutation(len(blocks)):
            data = _block(counts, model.kernel_, edges, *blocks[i])
            k += 1
            now, value = average.step(data, now, 1.0 if k == 1 else (k - 1 + shift) ** -power)
            history.append(value)
            order.append(int(i))
    learned = {}
    if isinstance(average, WideAverage):
        now = average.finish(now)
        learned = average.attributes(now)
    for name, value in (parameter_attributes(fixed, now) | learned).items():
        setattr(model, name, value)
    model.loglik_history_ = np.array(history)
    model.n_iter_, model.converged_ = k, True
    model.occupancy_ = average.occupancy
    model.mean_counts_ = sum(counts[a:b].sum(axis=0, dtype=np.int64) for a, b in blocks) / len(counts)
    # blocks of the first pass were predicted before their bins were used
    later = slice(len(blocks) // 2, len(blocks))
    reached = model.loglik_history_[later] / int(edges[-1])
    flat = [_constant_rates(counts[slice(*blocks[i])], model.mean_counts_) for i in order[later]]
    gain = reached - np.array(flat)
    lost = average.lost if isinstance(average, WideAverage) else 0.0
    # with few blocks chance alone may put a good model behind
    if len(gain) > 1 and gain.mean() - lost < -2 * gain.std(ddof=1) / np.sqrt(len(gain)):
        warnings.warn(
            f"{where}: X must teach all weights, got bins that the model is expected to predict "
            f"{lost - gain.mean():.3g} nats worse than constant rates do (take prior='gaussian', more bins "
            "or fewer neurons)",
            UserWarning,
            stacklevel=2,
        )
    return model


def _constant_rates(counts: NDArray[np.unsignedinteger], rates: Floats) -> float:
    """Return the log-likelihood of a bin at constant rates, with the constant ``-ln x!``."""
    part = np.asarray(counts)
    table = gammaln(np.arange(int(part.max()) + 1) + 1.0)
    return float(xlogy(part.mean(axis=0), rates).sum() - rates.sum() - table[part].sum() / len(part))


def _kernel(model: HMMGLM) -> Floats:
    from ._basis import ExponentialBasis

    return check.kernel_of("fit_stochastic", model.basis if model.basis is not None else ExponentialBasis())


def _start_wide(
    model: HMMGLM,
    counts: NDArray[np.unsignedinteger],
    edges: NDArray[np.int64],
    head_edges: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[Parameters, Model]:
    """Fit states of rates to the beginning, after the checks of an ordinary fit."""
    where = type(model).__name__
    settings = model._settings(where)
    model.kernel_, model.link_ = _kernel(model), model.link
    check.long_enough(where, edges, len(model.kernel_))
    check.no_silent_neuron(where, counts)
    check.enough_bins(where, counts[: head_edges[-1]], settings.n_states)
    if model.link == "sigmoid":
        check.rates_below_one(where, counts)
    fixed = model._model(counts.shape[1], model.kernel_)
    learned = model._learned(settings.n_states, fixed)
    model.n_features_in_ = counts.shape[1]
    model.solver_ = "stochastic"
    if learned is not None:
        model.start_loglik_ = np.empty(0)
        return learned, fixed
    start, model.start_loglik_ = rate_start(
        fixed, np.asarray(counts[: head_edges[-1]]), head_edges, settings.n_states, settings.dwell,
        rng.spawn(settings.n_init), settings.max_iter, settings.tol,
    )  # fmt: skip
    return start, fixed


def _fit_head(
    model: HMMGLM, counts: NDArray[np.unsignedinteger], edges: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Fit the beginning with a generator of its own, and leave the model's setting as it was."""
    setting = model.random_state
    try:
        model.random_state = rng.spawn(1)[0]
        model.fit(np.asarray(counts[: edges[-1]]), np.diff(edges))
    finally:
        model.random_state = setting


def _block(
    counts: NDArray[np.unsignedinteger], kernel: Floats, edges: NDArray[np.int64], start: int, stop: int
) -> Recording:
    """Return a block as a recording of its own, whose first bins know the history before it."""
    inside = edges[(edges > start) & (edges < stop)]
    begin = int(edges[np.searchsorted(edges, start, side="right") - 1])
    lead = min(len(kernel), start - begin)
    own = np.concatenate([[0], inside - start, [stop - start]])
    part = np.asarray(counts[start - lead : stop])
    wide = Recording(part, kernel, np.concatenate([[0], own[1:] + lead]))
    data = Recording(part[lead:], kernel, own.astype(np.int64))
    data.design = wide.rows(lead, len(part))
    return data


class _Average:
    """Averaged quadratic models, transitions and occupancy."""

    def __init__(self, model: Model, n_bins: int) -> None:
        self.model = model
        self.n_bins = float(n_bins)
        self.curvature: Floats = np.empty(0)
        self.linear: Floats = np.empty(0)
        self.pairs: Floats = np.empty(0)
        self.occupancy: Floats = np.empty(0)

    def step(self, data: Recording, now: Parameters, rate: float) -> tuple[Parameters, float]:
        """Take one block in; return parameters and the block's log-likelihood, scaled to all bins."""
        model = self.model
        log_emission, _ = emission(data, now.weights, now.intercept, model.link)
        gamma, pairs, scale = forward.smooth(log_emission, now.transmat, now.start, data.edges)
        value = float((scale + data.constant).mean()) * self.n_bins
        found = derivatives(data, now.weights, now.intercept, model.link, gamma, fisher=True)
        theta = np.concatenate([now.weights, now.intercept[..., None]], axis=-1)
        product = np.einsum("snde,sne->snd", found.curvature, theta)
        parts = (found.curvature, product + found.gradient, pairs, gamma.sum(axis=0))
        self.curvature, self.linear, self.pairs, self.occupancy = (
            part / data.n_bins if rate == 1.0 else (1 - rate) * old + rate * part / data.n_bins
            for old, part in zip(
                (self.curvature, self.linear, self.pairs, self.occupancy), parts, strict=True
            )
        )
        gradient = (self.linear - np.einsum("snde,sne->snd", self.curvature, theta)) * self.n_bins
        step, shift = newton_direction(
            model, now.weights, now.intercept, gradient, self.curvature * self.n_bins
        )
        transmat = transitions(model, self.pairs * self.n_bins, now.transmat)
        return Parameters(now.weights + step, now.intercept + shift, transmat, now.start), value
