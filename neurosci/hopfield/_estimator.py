"""The network: couplings learned from patterns or examples, and the dynamics of its spins."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option
from neurosci._core.random import check_random_state

from . import _checks as check
from . import _dynamics as dynamics
from . import _kernels as kernels
from ._dynamics import Run
from ._learning import Learned, learn
from ._observables import Observables
from ._trace import Trace

DYNAMICS = ("glauber", "metropolis", "block_gibbs", "class_gibbs")
INITS = ("random", "hierarchical", "pattern")
MOST_BYTES = 8 * 2**30
MOST_RETRIEVAL_SWEEPS = 10_000


class MultitaskingHopfield(Observables, BaseEstimator):
    r"""Hebbian network that recalls several diluted patterns at once.

    Couplings are :math:`J_{ij} = \frac{1}{N} \sum_\mu \xi_i^\mu \xi_j^\mu` for storing,
    :math:`\frac{1}{N(1+\rho)} \sum_\mu \bar\eta_i^\mu \bar\eta_j^\mu` for learning from examples with a
    teacher (who averages them), and
    :math:`\frac{1}{N M r^2 (1+\rho)} \sum_{\mu,a} \eta_i^{\mu,a} \eta_j^{\mu,a}` without one. They are kept
    in their low-rank form of whole numbers; a field costs as many operations as there are columns.

    Parameters
    ----------
    learning : {"storing", "supervised", "unsupervised"}, default="storing"
        What the couplings are made of.
    temperature : float, default=0.1
        Temperature of the dynamics; 0 for descent by single-spin dynamics only.
    dynamics : {"glauber", "metropolis", "block_gibbs", "class_gibbs"}, default="glauber"
        Sampler; all keep the same Gibbs measure.
    normalization : {"paper", "plain", "unit_tc"}, default="paper"
        "plain" leaves out the factor ``1 / (1 + rho)``; "unit_tc" divides energy and overlaps by the share of
        nonzero entries, so that the critical temperature is 1.
    n_sweeps : int, default=1000
        Sweeps that are recorded.
    burn_in : int, default=200
        Sweeps before.
    n_replicas : int, default=1
        Independent copies.
    quality : float, default=1.0
        Quality of the examples, known and not estimated from them.
    n_examples : int, default=None
        Examples behind each sum, where `fit` is given sums.
    scan : {"systematic", "random"}, default="systematic"
        Order of the neurons in single-spin dynamics.
    ties : {"random", "keep"}, default="random"
        What a spin without a field does at temperature 0.
    device : {"cpu", "cuda"}, default="cpu"
        Where block Gibbs runs.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of random numbers.

    Attributes
    ----------
    rows_ : ndarray of shape (n_neurons, n_columns), int32
        Patterns, sums of examples, or all examples.
    scale_ : float
        Factor of ``rows_ @ rows_.T`` in the couplings.
    overlap_scale_ : float
        Factor of ``rows_.T @ state`` in the overlaps.
    patterns_ : ndarray of shape (n_neurons, n_patterns), int8, or None
        The patterns, where they are known.
    n_neurons_, n_patterns_, n_examples_ : int
        Sizes.
    dilution_ : float
        Share of zero entries.
    rho_ : float
        Entropy of the data set; 0 for storing.

    Examples
    --------
    >>> from neurosci.hopfield import MultitaskingHopfield, sample_patterns
    >>> patterns = sample_patterns(2000, 2, dilution=0.3, random_state=0)
    >>> network = MultitaskingHopfield(temperature=0.1, n_sweeps=200, random_state=0).fit(patterns)
    >>> trace = network.sample(init="hierarchical")
    >>> bool((trace.overlaps.mean(axis=(0, 1)) > 0.15).all())
    True
    """

    def __init__(
        self,
        learning: str = "storing",
        temperature: float = 0.1,
        dynamics: str = "glauber",
        normalization: str = "paper",
        n_sweeps: int = 1000,
        burn_in: int = 200,
        n_replicas: int = 1,
        quality: float = 1.0,
        n_examples: int | None = None,
        scan: str = "systematic",
        ties: str = "random",
        device: str = "cpu",
        random_state: Any = None,
    ) -> None:
        self.learning = learning
        self.temperature = temperature
        self.dynamics = dynamics
        self.normalization = normalization
        self.n_sweeps = n_sweeps
        self.burn_in = burn_in
        self.n_replicas = n_replicas
        self.quality = quality
        self.n_examples = n_examples
        self.scan = scan
        self.ties = ties
        self.device = device
        self.random_state = random_state

    # ------------------------------------------------------------------------------------------ learning

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the couplings.

        Parameters
        ----------
        X : array of shape (n_neurons, n_patterns) or (n_neurons, n_patterns, n_examples)
            Patterns for storing; examples, or with "supervised" their sums, for learning.
        y : array of shape (n_neurons, n_patterns), default=None
            The patterns behind the examples, if overlaps with them are wanted; learning does not use them.

        Returns
        -------
        MultitaskingHopfield
            The network itself.
        """
        self._check_settings()
        found: Learned = learn(X, y, self.learning, self.normalization, self.quality, self.n_examples)
        for name, value in vars(found).items():
            setattr(self, f"{name}_", value)
        return self

    def _check_settings(self) -> None:
        where = "MultitaskingHopfield"
        check_option(where, "dynamics", self.dynamics, DYNAMICS)
        check_option(where, "scan", self.scan, ("systematic", "random"))
        check_option(where, "ties", self.ties, ("random", "keep"))
        check_option(where, "device", self.device, ("cpu", "cuda"))
        temperature = check.non_negative(where, "temperature", self.temperature)
        if temperature == 0 and self.dynamics not in ("glauber", "metropolis"):
            raise ValueError(
                f"{where}: temperature must be > 0 for dynamics {self.dynamics!r}, got 0 "
                "(use dynamics='glauber', or retrieve)"
            )
        if self.device == "cuda" and self.dynamics == "block_gibbs":
            dynamics.require_cuda(where)
        check.whole(where, "n_sweeps", self.n_sweeps, 1)
        check.whole(where, "burn_in", self.burn_in, 0)
        check.whole(where, "n_replicas", self.n_replicas, 1)

    # ------------------------------------------------------------------------------------------- dynamics

    def initial_states(self, init: str | ArrayLike = "random") -> NDArray[np.int8]:
        """Return first states, one for each replica.

        Parameters
        ----------
        init : {"random", "hierarchical", "pattern"} or array, default="random"
            Fair coins; the first pattern with a nonzero entry decides each spin; the first pattern alone
            does; or states of shape (n_neurons,) or (n_replicas, n_neurons).

        Returns
        -------
        ndarray of shape (n_replicas, n_neurons), int8
            Spins.
        """
        return self._start(init, check_random_state(self.random_state))

    def _start(self, init: str | ArrayLike, rng: np.random.Generator) -> NDArray[np.int8]:
        check_is_fitted(self)
        where, shape = "MultitaskingHopfield", (self.n_replicas, self.n_neurons_)
        if not isinstance(init, str):
            given = check.spins(where, "init", init, self.n_neurons_)
            if len(given) not in (1, self.n_replicas):
                raise ValueError(f"{where}: init must hold 1 or {self.n_replicas} states, got {len(given)}")
            return np.ascontiguousarray(np.broadcast_to(given, shape)).copy()
        check_option(where, "init", init, INITS)
        coins = np.where(rng.random(shape) < 0.5, 1, -1).astype(np.int8)
        if init == "random":
            return coins
        guide = self.patterns_ if self.patterns_ is not None else np.sign(self._pattern_sums())
        if init == "pattern":
            leading = guide[:, 0]
        else:
            leading = guide[np.arange(len(guide)), np.argmax(guide != 0, axis=1)]
        result: NDArray[np.int8] = np.where(leading == 0, coins, leading).astype(np.int8)
        return result

    def sample(self, init: str | ArrayLike = "random", every: int = 1) -> Trace:
        """Sample the Gibbs measure; at temperature 0, descend.

        Parameters
        ----------
        init : {"random", "hierarchical", "pattern"} or array, default="random"
            First states, as in `initial_states`.
        every : int, default=1
            Sweeps from one record to the next.

        Returns
        -------
        Trace
            Series of overlaps and energies with their autocorrelation times.
        """
        check_is_fitted(self)
        self._check_settings()
        step = check.whole("MultitaskingHopfield.sample", "every", every, 1)
        recorded = self.n_sweeps // step
        if recorded < 1:
            raise ValueError(
                f"MultitaskingHopfield.sample: every must be <= n_sweeps = {self.n_sweeps}, got {step}"
            )
        needed = 8 * self.n_replicas * (recorded * self.rows_.shape[1] * 2 + self.n_neurons_)
        if needed > MOST_BYTES:
            raise MemoryError(
                f"MultitaskingHopfield.sample: records and states must fit {MOST_BYTES:,} bytes, got "
                f"{needed:,} (raise every, or lower n_replicas or n_sweeps)"
            )
        rng = check_random_state(self.random_state)
        states = self._start(init, rng)
        if self.burn_in:
            states = self._run(states, self.burn_in, rng, every=self.burn_in).states
        run = self._run(states, recorded * step, rng, every=step)
        return Trace(
            overlaps=self._to_overlaps(run.sums),
            pattern_overlaps=None if self.patterns_ is None else self.pattern_overlaps(run.states),
            energy=self._energy_of(run.sums),
            acceptance=run.acceptance,
            states=run.states,
        )

    def _run(
        self,
        states: NDArray[np.int8],
        n_sweeps: int,
        rng: np.random.Generator,
        *,
        every: int = 1,
        temperature: float | None = None,
    ) -> Run:
        t = float(self.temperature if temperature is None else temperature)
        couplings = self._couplings
        if self.dynamics == "block_gibbs":
            return dynamics.block_gibbs(
                couplings, states, 1 / t, n_sweeps, rng, every=every, device=self.device
            )
        if self.dynamics == "class_gibbs":
            return dynamics.class_gibbs(couplings, states, 1 / t, n_sweeps, rng, every=every)
        rule = kernels.QUENCH
        if t > 0:
            rule = kernels.GLAUBER if self.dynamics == "glauber" else kernels.METROPOLIS
        return dynamics.single_spin(
            couplings, states, 1 / t if t > 0 else np.inf, n_sweeps, rng, rule=rule, every=every,
            random_site=self.scan == "random", random_ties=self.ties == "random",
        )  # fmt: skip

    def retrieve(self, state: ArrayLike) -> NDArray[np.int8]:
        """Descend to a state in which every spin agrees with its field.

        Parameters
        ----------
        state : array of shape (n_neurons,) or (n_states, n_neurons)
            First states.

        Returns
        -------
        ndarray of the shape of `state`, int8
            Local minima of the energy; spins without a field keep their value.
        """
        couplings = self._couplings
        spins = check.spins("MultitaskingHopfield.retrieve", "state", state, self.n_neurons_)
        rng = check_random_state(self.random_state)
        for _ in range(MOST_RETRIEVAL_SWEEPS):
            run = dynamics.single_spin(
                couplings, spins, np.inf, 1, rng, rule=kernels.QUENCH, random_ties=False
            )
            if run.acceptance == 0:
                break
            spins = run.states
        return spins[0] if np.ndim(state) == 1 else spins
