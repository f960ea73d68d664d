"""The published one-hot inference: relaxed types drawn afresh at each gradient step, in torch.

It differs from the published code where that cannot work: an E-step sees all sequences, strengths start at
one over the sum of the kernel, and the temperature falls to `tau` over the first half of the iterations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _forward as forward
from . import _kernels as kernels
from ._em import Fit
from ._m_step import Model, transitions
from ._passes import Parameters, Recording, emission

if TYPE_CHECKING:
    from ._fitting import Settings

Floats = NDArray[np.float64]

GRADIENT_STEPS = 50
LEARNING_RATE = 0.01
FIRST_TAU = 1.0
BATCH_BINS = 10_000
LOWEST_LOG_PRIOR = -20.0  # below it logits are halved, as published
LOWEST_DEGREE = 1e-6  # of a type: the density of relaxed types has logarithms of them


@dataclass
class RelaxedFit:
    """Result of the relaxed inference."""

    fit: Fit
    proba: Floats
    prior: Floats
    strength: Floats
    changed: Floats
    n_parameters: float

    def attributes(self) -> dict[str, Any]:
        """Return what the one-hot prior adds."""
        return {
            "adjacency_": (self.proba.argmax(axis=-1) - 1).astype(np.int8),
            "adjacency_proba_": self.proba,
            "adjacency_prior_": self.prior,
            "strength_": self.strength,
            "edges_changed_": self.changed,
            "n_parameters_": self.n_parameters,
        }


def gumbel_fit(
    model: Model, data: Recording, settings: Settings, start: Fit, rng: np.random.Generator
) -> RelaxedFit:
    """Fit types and strengths by gradients through Gumbel-Softmax draws, from the states of a plain fit."""
    import torch

    device = torch.device(settings.device or "cpu")
    kind: dict[str, Any] = {
        "dtype": torch.float64 if device.type == "cpu" else torch.float32,
        "device": device,
    }
    source = torch.Generator(device=device).manual_seed(int(rng.integers(2**63)))
    n_states, n_neurons, _ = start.parameters.weights.shape
    shape = (n_states, n_neurons, n_neurons)
    logits = torch.zeros((*shape, 3), **kind, requires_grad=True)
    shared = torch.zeros((n_neurons, n_neurons, 3), **kind, requires_grad=True)
    first = -float(np.log(data.kernel.sum()))
    log_strength = torch.full(shape, first, **kind, requires_grad=True)
    intercept = torch.tensor(start.parameters.intercept, **kind)
    intercept = intercept[:1] if model.shared_intercept else intercept
    intercept.requires_grad_(True)
    free = torch.tensor(model.free, **kind)
    optimiser = torch.optim.Adam([logits, shared, log_strength, intercept], lr=LEARNING_RATE)
    fit = Fit(start.parameters, list(start.history[-1:]), log_emission=start.log_emission)
    now, log_emission = start.parameters, start.log_emission
    changed = []
    constant = float(data.constant.sum())
    for epoch in range(settings.max_iter):
        gamma, pairs, _ = forward.smooth(log_emission, now.transmat, now.start, data.edges)
        ease = min(1.0, 2 * (epoch + 1) / settings.max_iter)
        tau = FIRST_TAU + (settings.tau - FIRST_TAU) * ease
        before = logits.detach().argmax(dim=-1).clone()
        for _ in range(GRADIENT_STEPS):
            x, h, g, scale = _batch(data, gamma, rng, kind)
            noise = torch.rand(logits.shape, generator=source, **kind).clamp_(1e-12, 1 - 1e-7)
            draw = torch.softmax((torch.log_softmax(logits, -1) - torch.log(-torch.log(noise))) / tau, -1)
            weights = (draw[..., 2] - draw[..., 0]) * log_strength.exp() * free
            a = torch.einsum("td,snd->tsn", h, weights) + intercept
            expected = (g[..., None] * _log_likelihood(model.link, a, x[:, None])).sum() * scale
            density = _relaxed_density(logits, shared, settings.tau)
            prior = density.sum()
            prior = prior - 0.5 * (((log_strength - settings.types.mean) / settings.types.scale) ** 2).sum()
            prior = prior - 0.5 * (((intercept - model.intercept_mean) / model.intercept_scale) ** 2).sum()
            optimiser.zero_grad()
            (-(expected + prior)).backward()
            optimiser.step()
            with torch.no_grad():
                logits[_relaxed_density(logits, shared, settings.tau) < LOWEST_LOG_PRIOR] *= 0.5
        changed.append(float((logits.detach().argmax(dim=-1) != before).double().mean()))
        soft = torch.softmax(logits.detach(), -1)
        now = _parameters(
            soft, log_strength, intercept, free, transitions(model, pairs, now.transmat), now.start
        )
        log_emission, _ = emission(data, now.weights, now.intercept, model.link)
        _, scale_now = forward.filtered(log_emission, now.transmat, now.start, data.edges)
        fit.history.append(float(scale_now.sum()) + constant)
    proba = torch.softmax(logits.detach(), -1)
    hard = torch.nn.functional.one_hot(proba.argmax(-1), 3).to(proba)
    now = _parameters(hard, log_strength, intercept, free, now.transmat, now.start)
    fit.parameters = now
    fit.log_emission, _ = emission(data, now.weights, now.intercept, model.link)
    present = float((np.abs(now.weights) > 0).sum())
    n_baselines = intercept.numel()
    return RelaxedFit(
        fit, _numpy(proba), _numpy(torch.softmax(shared.detach(), -1)), _numpy(log_strength.detach().exp()),
        np.array(changed), present + n_baselines + n_states * (n_states - 1),
    )  # fmt: skip


def _batch(
    data: Recording, gamma: Floats, rng: np.random.Generator, kind: Any
) -> tuple[Any, Any, Any, float]:
    """Draw whole sequences, at least `BATCH_BINS` bins where there are as many."""
    import torch

    order = rng.permutation(len(data.edges) - 1)
    lengths = np.diff(data.edges)[order]
    n = int(np.searchsorted(np.cumsum(lengths), BATCH_BINS)) + 1
    spans = [(int(data.edges[k]), int(data.edges[k + 1])) for k in order[:n]]
    x = np.concatenate([np.asarray(data.counts[a:b], float) for a, b in spans])
    h = np.concatenate([data.rows(a, b) for a, b in spans])
    g = np.concatenate([gamma[a:b] for a, b in spans])
    return torch.tensor(x, **kind), torch.tensor(h, **kind), torch.tensor(g, **kind), data.n_bins / len(x)


def _log_likelihood(link: int, a: Any, x: Any) -> Any:
    """Return x ln f - f without ``-ln x!``."""
    import torch
    from torch.nn import functional

    if link == kernels.EXP:
        a = a.clamp(max=kernels.EXP_CLIP)
        return x * a - a.exp()
    if link == kernels.SOFTPLUS:
        rate = functional.softplus(a)
        return x * torch.where(a < -30, a, rate.clamp(min=1e-300).log()) - rate
    if link == kernels.SIGMOID:
        rate = kernels.SIGMOID_LOW + kernels.SIGMOID_SPAN * torch.sigmoid(a)
        return x * rate.log() - rate
    return x * a - functional.softplus(a)


def _relaxed_density(logits: Any, shared: Any, tau: float) -> Any:
    """Return the log density of the relaxed types under the shared ones (Eq. 5), of each connection."""
    import torch

    degrees = torch.softmax(logits, -1).clamp(LOWEST_DEGREE, 1.0)
    degrees = degrees / degrees.sum(-1, keepdim=True)
    concrete = torch.distributions.RelaxedOneHotCategorical(
        torch.tensor(tau, dtype=logits.dtype, device=logits.device), logits=shared, validate_args=False
    )
    return concrete.log_prob(degrees)  # type: ignore[no-untyped-call]


def _parameters(
    types: Any, log_strength: Any, intercept: Any, free: Any, transmat: Floats, start: Floats
) -> Parameters:
    weights = (types[..., 2] - types[..., 0]) * log_strength.detach().exp() * free
    baselines = np.repeat(_numpy(intercept.detach()), len(start) // len(intercept), axis=0)
    return Parameters(_numpy(weights), baselines, transmat, start)


def _numpy(tensor: Any) -> Floats:
    result: Floats = np.ascontiguousarray(tensor.cpu().numpy(), dtype=float)
    return result
