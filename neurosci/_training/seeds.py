"""Torch's generators, seeded by name inside a block and restored after it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch

from neurosci._core.random import check_random_state, spawn


def integer_seed(random_state: object = None) -> int:
    """Return a seed that names can be added to.

    Parameters
    ----------
    random_state : None, int, SeedSequence or Generator, default=None
        An integer is returned as it is; anything else is drawn from.

    Returns
    -------
    int
        Seed, >= 0.
    """
    rng = check_random_state(random_state)
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(rng.integers(2**31))


def set_generators(seed: int, *names: str) -> None:
    """Seed torch's generators of all devices; call it inside `seeded` only.

    Parameters
    ----------
    seed : int
        Seed of the run.
    *names : str
        Names of what draws.
    """
    number = int(spawn(seed, "torch", *names).integers(2**63 - 1))
    torch.random.set_rng_state(torch.Generator().manual_seed(number).get_state())
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all(
            [
                torch.Generator(f"cuda:{device}").manual_seed(number).get_state()
                for device in range(torch.cuda.device_count())
            ]
        )


@contextlib.contextmanager
def seeded(random_state: object, *names: str) -> Iterator[None]:
    """Seed torch's generators inside the block; what they were is restored after it.

    Parameters
    ----------
    random_state : None, int, SeedSequence or Generator
        Seed; see `integer_seed`.
    *names : str
        Names of what draws, for example ``"weights"``.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> with seeded(0, "weights"):
    ...     first = torch.rand(2)
    >>> with seeded(0, "weights"):
    ...     second = torch.rand(2)
    >>> bool((first == second).all())
    True
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        set_generators(integer_seed(random_state), *names)
        yield
