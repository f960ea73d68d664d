"""Random numbers: generators in, never a global state; children seeded by name, never by order."""

from __future__ import annotations

import hashlib

import numpy as np


def check_random_state(random_state: object = None) -> np.random.Generator:
    """Turn a `random_state` argument into a generator.

    Parameters
    ----------
    random_state : None, int, SeedSequence or Generator, default=None
        ``None`` draws fresh entropy; a generator is returned as it is.

    Returns
    -------
    numpy.random.Generator
        The generator to draw from.

    Raises
    ------
    TypeError
        If `random_state` is of any other type.
    ValueError
        If an integer is negative.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if random_state is None or isinstance(random_state, np.random.SeedSequence):
        return np.random.default_rng(random_state)
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        if random_state < 0:
            raise ValueError(f"check_random_state: random_state must be >= 0, got {random_state}")
        return np.random.default_rng(int(random_state))
    raise TypeError(
        "check_random_state: random_state must be None, an int, a SeedSequence or a Generator, "
        f"got {type(random_state).__name__}"
    )


def spawn(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of one named unit of work.

    The stream depends on `seed` and the names only, so the number of processes, the split into
    shards and an interruption cannot change a number.

    Parameters
    ----------
    seed : int
        Seed of the run, >= 0.
    *names : str
        Names that lead to the unit, for example ``("bootstrap", "resnet50")``.

    Returns
    -------
    numpy.random.Generator
        Generator of this unit.

    Examples
    --------
    >>> a = spawn(0, "fold", "1").integers(1000)
    >>> b = spawn(0, "fold", "1").integers(1000)
    >>> bool(a == b)
    True
    """
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
