"""Synchronous dynamics, under its own name because it samples another measure."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from . import _checks as check
from ._estimator import MultitaskingHopfield


class OtherMeasureWarning(UserWarning):
    """A dynamics does not sample the Gibbs measure of the energy."""


class LittleDynamics:
    """Little's dynamics: all spins at once, each in the field of the last state.

    It does not keep the Gibbs measure of the energy and may cycle between two states. Use the dynamics of
    `MultitaskingHopfield` to sample; `sample` warns.

    Parameters
    ----------
    network : MultitaskingHopfield
        Fitted network; its temperature is used.
    """

    def __init__(self, network: MultitaskingHopfield) -> None:
        self.network = network

    def step(self, states: ArrayLike, random_state: Any = None) -> NDArray[np.int8]:
        """Return the states after one parallel step.

        Parameters
        ----------
        states : array of shape (n_states, n_neurons)
            Spins, -1 and 1.
        random_state : None, int, SeedSequence or Generator, default=None
            Source of random numbers.

        Returns
        -------
        ndarray of shape (n_states, n_neurons), int8
            The next states; at temperature 0 a spin without a field is a fair coin.
        """
        rng = check_random_state(random_state)
        spins = check.spins("LittleDynamics.step", "states", states, self.network.n_neurons_)
        field = np.atleast_2d(self.network.local_field(spins))
        temperature = float(self.network.temperature)
        if temperature == 0:
            chance = (np.sign(field) + 1) / 2
        else:
            chance = 1 / (1 + np.exp(np.clip(-2 * field / temperature, -700, 700)))
        result: NDArray[np.int8] = np.where(rng.random(field.shape) < chance, 1, -1).astype(np.int8)
        return result

    def sample(self, states: ArrayLike, n_steps: int, random_state: Any = None) -> NDArray[np.float64]:
        """Return the overlaps after each of several steps.

        Parameters
        ----------
        states : array of shape (n_states, n_neurons)
            First states.
        n_steps : int
            Steps.
        random_state : None, int, SeedSequence or Generator, default=None
            Source of random numbers.

        Returns
        -------
        ndarray of shape (n_states, n_steps, n_patterns)
            Overlaps, not those of the Gibbs measure.

        Warns
        -----
        OtherMeasureWarning
            Always.
        """
        warnings.warn(
            "LittleDynamics: synchronous updates do not sample the Gibbs measure of the energy "
            "(use MultitaskingHopfield.sample for that)",
            OtherMeasureWarning,
            stacklevel=2,
        )
        rng = check_random_state(random_state)
        spins = check.spins("LittleDynamics.sample", "states", states, self.network.n_neurons_)
        steps = check.whole("LittleDynamics.sample", "n_steps", n_steps, 1)
        out = np.empty((len(spins), steps, self.network.n_patterns_))
        for t in range(steps):
            spins = self.step(spins, rng)
            out[:, t] = self.network.overlaps(spins)
        return out
