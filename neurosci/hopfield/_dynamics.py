"""Samplers on given rows: single-spin sweeps, replica batches, block Gibbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _kernels as kernels
from ._classes import distinct_rows, leading_signs

BATCH_FROM = 4
EXACT = 2**53


@dataclass(frozen=True, eq=False)
class Couplings:
    """Low-rank couplings: J = scale * rows rows^T without its diagonal.

    Parameters
    ----------
    rows : ndarray of shape (n_neurons, n_columns), int32
        Whole numbers.
    own : ndarray of shape (n_neurons,), int64
        Squared length of each row: the diagonal, in units of the scale.
    scale : float
        Coupling scale.
    """

    rows: NDArray[np.int32]
    own: NDArray[np.int64]
    scale: float

    def sums(self, states: NDArray[np.int8]) -> NDArray[np.int64]:
        """Return rows^T state for each state, exact."""
        result: NDArray[np.int64] = np.rint(states.astype(np.float64) @ self.rows.astype(np.float64)).astype(
            np.int64
        )
        return result


@dataclass(frozen=True, eq=False)
class Run:
    """Raw outcome: sums (n_replicas, n_recorded, n_columns), changed spins per update, last states."""

    sums: NDArray[np.float64]
    acceptance: float
    states: NDArray[np.int8]


def words(rng: np.random.Generator, n: int) -> NDArray[np.uint64]:
    """Return starting points of independent streams."""
    return rng.integers(0, 2**64, n, dtype=np.uint64)


def single_spin(
    couplings: Couplings,
    states: NDArray[np.int8],
    beta: float,
    n_sweeps: int,
    rng: np.random.Generator,
    *,
    rule: int = kernels.GLAUBER,
    random_site: bool = False,
    random_ties: bool = True,
    every: int = 1,
) -> Run:
    """Run single-spin dynamics; several heat-bath replicas in turn through the same neurons go as a batch."""
    batch = len(states) >= BATCH_FROM and rule == kernels.GLAUBER and not random_site
    if batch and couplings.own.sum() < EXACT:
        return batch_glauber(couplings, states, beta, n_sweeps, rng, every=every)
    n_replicas, n = states.shape
    recorded = n_sweeps // every
    sums = np.empty((n_replicas, recorded, couplings.rows.shape[1]), np.int64)
    last = states.copy()
    overlaps = couplings.sums(states)
    flips = 0
    for r, word in enumerate(words(rng, n_replicas)):
        changed, _ = kernels.sweeps(
            couplings.rows, couplings.own, last[r], overlaps[r], couplings.scale, beta, rule, random_site,
            random_ties, sums[r], every, word,
        )  # fmt: skip
        flips += changed
    return Run(sums.astype(float), flips / max(n_replicas * n * recorded * every, 1), last)


def batch_glauber(
    couplings: Couplings,
    states: NDArray[np.int8],
    beta: float,
    n_sweeps: int,
    rng: np.random.Generator,
    *,
    every: int = 1,
) -> Run:
    """Run heat-bath sweeps of many replicas side by side."""
    n_replicas, n = states.shape
    recorded = n_sweeps // every
    spins = np.ascontiguousarray(states.T, dtype=np.float64)
    overlaps = np.ascontiguousarray(couplings.sums(states).T, dtype=np.float64)
    record = np.empty((recorded, couplings.rows.shape[1], n_replicas))
    flips = kernels.batch_sweeps(
        couplings.rows, couplings.own, spins, overlaps, 2 * beta * couplings.scale, record, every,
        words(rng, n_replicas),
    )  # fmt: skip
    last = np.ascontiguousarray(spins.T).astype(np.int8)
    return Run(record.transpose(2, 0, 1), flips / max(n_replicas * n * recorded * every, 1), last)


def require_cuda(where: str) -> None:
    """Refuse to go on where torch finds no CUDA device."""
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError(
            f"{where}: device must be one that torch finds, got 'cuda', and torch finds no CUDA device "
            "(use device='cpu')"
        )


def block_gibbs(
    couplings: Couplings,
    states: NDArray[np.int8],
    beta: float,
    n_sweeps: int,
    rng: np.random.Generator,
    *,
    every: int = 1,
    device: str = "cpu",
) -> Run:
    r"""Run block Gibbs sweeps: all spins at once, given one Gaussian field per column.

    The Hubbard-Stratonovich form has :math:`z | s \sim N(R^T s / N, 1 / (\beta N))` and independent spins
    given :math:`z`, so that all spins are drawn in parallel and the Gibbs measure is kept.
    """
    import torch
    from threadpoolctl import threadpool_limits

    # at these sizes threads cost more than they save, and much more on a busy machine
    with threadpool_limits(1, user_api="openmp"):
        return _block_gibbs(torch, couplings, states, beta, n_sweeps, rng, every, device)


def _block_gibbs(
    torch: Any,
    couplings: Couplings,
    states: NDArray[np.int8],
    beta: float,
    n_sweeps: int,
    rng: np.random.Generator,
    every: int,
    device: str,
) -> Run:
    generator = torch.Generator(device=device)
    generator.manual_seed(int(rng.integers(2**62)))
    n_replicas, n = states.shape
    # float32 holds the sums of float32 rows inexactly; double keeps J exact to rounding
    rows = torch.as_tensor(couplings.rows, dtype=torch.float64, device=device)
    spins = torch.as_tensor(states, device=device).to(torch.float64)
    recorded = n_sweeps // every
    sums = torch.empty((n_replicas, recorded, rows.shape[1]), dtype=torch.float64, device=device)
    flips = torch.zeros((), dtype=torch.float64, device=device)
    width = float(1 / np.sqrt(beta * couplings.scale)) if beta > 0 else 0.0
    overlaps = spins @ rows
    for t in range(recorded * every):
        draw = torch.randn(overlaps.shape, dtype=torch.float64, device=device, generator=generator)
        field = couplings.scale * ((overlaps + width * draw) @ rows.T)
        chance = torch.special.expit(2 * beta * field)
        uniform = torch.rand(chance.shape, dtype=torch.float64, device=device, generator=generator)
        new = torch.where(uniform < chance, 1.0, -1.0).to(torch.float64)
        flips += (new != spins).sum()
        spins = new
        overlaps = spins @ rows
        if (t + 1) % every == 0:
            sums[:, (t + 1) // every - 1] = overlaps
    share = float(flips) / max(n_replicas * n * recorded * every, 1)
    return Run(sums.cpu().numpy(), share, spins.to(torch.int8).cpu().numpy())


def class_gibbs(
    couplings: Couplings,
    states: NDArray[np.int8],
    beta: float,
    n_sweeps: int,
    rng: np.random.Generator,
    *,
    every: int = 1,
) -> Run:
    """Run block Gibbs on class occupations; last states are drawn evenly among those with the occupations."""
    n_replicas, n = states.shape
    rows = couplings.rows.astype(np.int64)
    turn = leading_signs(rows)
    # a neuron that no pattern uses is a fair coin either way around
    turn[turn == 0] = 1
    distinct, member, counts = distinct_rows(rows * turn[:, None])
    recorded = n_sweeps // every
    sums = np.empty((n_replicas, recorded, rows.shape[1]))
    last = np.empty_like(states)
    scaled: NDArray[np.float64] = distinct * np.sqrt(couplings.scale * n)
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
    changed = 0.0
    for r, word in enumerate(words(rng, n_replicas)):
        ups = np.bincount(member, weights=states[r] * turn > 0, minlength=len(counts)).astype(np.int64)
        changed += kernels.class_sweeps(scaled, counts, ups, n, beta, sums[r], every, word)[0]
        place: NDArray[np.float64] = rng.random(len(member))
        # the spins with the smallest draws within each class point up
        ranked = np.lexsort((place, member))
        up = np.zeros(n, bool)
        for begin, count in zip(begins, ups, strict=True):
            up[ranked[begin : begin + count]] = True
        last[r] = np.where(up, 1, -1) * turn
    share = changed / max(n_replicas * n * recorded * every, 1)
    return Run(np.rint(sums / np.sqrt(couplings.scale * n)), share, last)
