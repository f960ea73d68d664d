"""Synthetic recordings whose states, weights and types of connection are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state
from neurosci.preprocessing.spikes import ExponentialBasis

from . import _checks as check
from ._passes import LINKS
from ._simulate import draw_counts, draw_states

if TYPE_CHECKING:
    from sklearn.utils import Bunch

Floats = NDArray[np.float64]

TYPE_SHARES = (0.1, 0.8, 0.1)
STRENGTH_MEAN, STRENGTH_VARIANCE = -5.0, 1.5
INTERCEPT_VARIANCE = 0.0008


def make_onehot_hmmglm(
    n_neurons: int = 20,
    n_states: int = 5,
    n_bins: int = 5000,
    n_sequences: int = 20,
    *,
    link: str = "sigmoid",
    basis: Any = None,
    concentration: tuple[float, float, float] = TYPE_SHARES,
    strength_mean: float = STRENGTH_MEAN,
    strength_variance: float = STRENGTH_VARIANCE,
    intercept_variance: float = INTERCEPT_VARIANCE,
    switch_probability: float = 0.005,
    random_state: Any = None,
) -> Bunch:
    r"""Draw a network of one-hot connections that switches between states, and its spikes.

    Types of connection are :math:`a_0 \sim` Dirichlet and :math:`a_s \sim` Categorical(:math:`a_0`),
    strengths are log-normal, baselines normal, and each state is left for each other with
    `switch_probability` (the synthetic data of the paper, section 4.1).

    Parameters
    ----------
    n_neurons : int, default=20
        Number of neurons.
    n_states : int, default=5
        Number of states.
    n_bins : int, default=5000
        Bins of each sequence.
    n_sequences : int, default=20
        Number of sequences.
    link : {"sigmoid", "softplus", "exp"}, default="sigmoid"
        Rate as a function of the linear predictor.
    basis : HistoryBasis, default=None
        Kernel of the past; ``None`` is the exponential kernel over five bins with sum 20. The paper does
        not state its sum; with this one states can be decoded as well as published.
    concentration : tuple of float, default=(0.1, 0.8, 0.1)
        Dirichlet parameters of the inhibitory, absent and excitatory type.
    strength_mean : float, default=-5.0
        Mean of the logarithm of strengths.
    strength_variance : float, default=1.5
        Variance of the logarithm of strengths.
    intercept_variance : float, default=0.0008
        Variance of baselines.
    switch_probability : float, default=0.005
        Probability of a step to each of the other states.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of the draws.

    Returns
    -------
    Bunch
        ``X`` (n_sequences * n_bins, n_neurons) counts, ``lengths`` (n_sequences,), ``states`` per bin, and
        the truth: ``coef`` (n_states, target, source), ``intercept`` (n_neurons,), ``transmat``,
        ``startprob``, ``adjacency`` (n_states, n_neurons, n_neurons) in -1, 0, 1, ``adjacency_prior``
        (n_neurons, n_neurons, 3) as inhibitory, none, excitatory, ``strength``; and ``basis`` and ``link``.

    Raises
    ------
    ValueError
        If an argument is out of range, or the network is unstable.

    Examples
    --------
    >>> from neurosci.hmm_glm import make_onehot_hmmglm
    >>> data = make_onehot_hmmglm(n_neurons=7, n_states=3, n_bins=100, n_sequences=2, random_state=0)
    >>> data.X.shape, data.coef.shape, data.lengths.tolist()
    ((200, 7), (3, 7, 7), [100, 100])
    """
    from sklearn.utils import Bunch

    where = "make_onehot_hmmglm"
    check_option(where, "link", link, ("sigmoid", "softplus", "exp"))
    n, s = check.whole(where, "n_neurons", n_neurons, 1), check.whole(where, "n_states", n_states, 1)
    bins = check.whole(where, "n_bins", n_bins, 1)
    sequences = check.whole(where, "n_sequences", n_sequences, 1)
    leave = check.number(where, "switch_probability", switch_probability, low=0.0)
    if leave * (s - 1) > 1:
        raise ValueError(
            f"{where}: switch_probability must be <= 1 / (n_states - 1) = {1 / (s - 1):.3g}, got {leave}"
        )
    shares = np.asarray(concentration, float)
    if shares.shape != (3,) or not (shares > 0).all():
        raise ValueError(f"{where}: concentration must be three numbers > 0, got {concentration!r}")
    strength_sd = np.sqrt(check.number(where, "strength_variance", strength_variance, low=0.0))
    intercept_sd = np.sqrt(check.number(where, "intercept_variance", intercept_variance, low=0.0))
    basis = calibrated_basis() if basis is None else basis
    kernel = check.kernel_of(where, basis)
    rng = check_random_state(random_state)
    prior = rng.dirichlet(shares, size=(n, n))
    edges = np.cumsum(prior, axis=-1)
    types = (rng.random((s, n, n, 1)) >= edges[..., :2]).sum(axis=-1) - 1
    strength = np.exp(rng.normal(strength_mean, strength_sd, size=(s, n, n)))
    intercept = rng.normal(0.0, intercept_sd, size=n)
    transmat = np.full((s, s), leave)
    np.fill_diagonal(transmat, 1 - leave * (s - 1))
    start = np.full(s, 1 / s)
    states = draw_states(transmat, start, bins, sequences, rng)
    coef = types * strength
    X = draw_counts(
        where,
        LINKS[link],
        np.repeat(coef, kernel.shape[1], axis=-1),
        np.broadcast_to(intercept, (s, n)),
        kernel,
        states,
        bins,
        rng,
    )
    return Bunch(
        X=X, lengths=np.full(sequences, bins), states=states, coef=coef, intercept=intercept,
        transmat=transmat, startprob=start, adjacency=types.astype(np.int8), adjacency_prior=prior,
        strength=strength, basis=basis, link=link,
    )  # fmt: skip


def make_subpopulation_hmmglm(
    n_groups: int = 3,
    n_neurons: int = 5,
    n_states: int = 2,
    n_bins: int = 5000,
    n_sequences: int = 20,
    *,
    random_state: Any = None,
) -> Bunch:
    """Draw groups of neurons that switch on their own, side by side (appendix A.6).

    Parameters
    ----------
    n_groups : int, default=3
        Number of groups. No connection runs from one to another.
    n_neurons : int, default=5
        Neurons of each group.
    n_states : int, default=2
        States of each group.
    n_bins : int, default=5000
        Bins of each sequence.
    n_sequences : int, default=20
        Number of sequences.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of the draws.

    Returns
    -------
    Bunch
        As of `make_onehot_hmmglm` for all neurons and the joint states, in which the first group's state
        changes slowest; and ``group_states`` (n_bins_total, n_groups) and ``groups`` (n_neurons_total,).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> from neurosci.hmm_glm import make_subpopulation_hmmglm
    >>> data = make_subpopulation_hmmglm(n_bins=100, n_sequences=1, random_state=0)
    >>> data.coef.shape, int(data.states.max()) < 8
    ((8, 15, 15), True)
    """
    from functools import reduce

    from scipy.linalg import block_diag
    from sklearn.utils import Bunch

    check.whole("make_subpopulation_hmmglm", "n_groups", n_groups, 1)
    parts = [
        make_onehot_hmmglm(n_neurons, n_states, n_bins, n_sequences, random_state=seed)
        for seed in check_random_state(random_state).spawn(n_groups)
    ]
    joint = np.array(list(np.ndindex(*(n_states,) * n_groups)))
    places = n_states ** np.arange(n_groups)[::-1]

    def side_by_side(name: str) -> Any:
        return np.array(
            [block_diag(*(part[name][s] for part, s in zip(parts, row, strict=True))) for row in joint]
        )

    absent = np.zeros((n_groups * n_neurons, n_groups * n_neurons, 3))
    absent[..., 1] = 1.0
    for g, part in enumerate(parts):
        own = slice(g * n_neurons, (g + 1) * n_neurons)
        absent[own, own] = part.adjacency_prior
    group_states = np.stack([part.states for part in parts], axis=1)
    return Bunch(
        X=np.concatenate([part.X for part in parts], axis=1), lengths=parts[0].lengths,
        states=group_states @ places, group_states=group_states,
        groups=np.repeat(np.arange(n_groups), n_neurons), coef=side_by_side("coef"),
        intercept=np.concatenate([part.intercept for part in parts]),
        transmat=reduce(np.kron, [part.transmat for part in parts]),
        startprob=np.full(len(joint), 1 / len(joint)), adjacency=side_by_side("adjacency"),
        adjacency_prior=absent, strength=side_by_side("strength"), basis=parts[0].basis, link=parts[0].link,
    )  # fmt: skip


def calibrated_basis() -> ExponentialBasis:
    """Return the exponential kernel over five bins whose weights sum to 20."""
    return ExponentialBasis(decay=20.0, window_size=5, time_span=0.25)
