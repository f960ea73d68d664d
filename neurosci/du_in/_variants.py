"""Pre-trainings beside the main one: sweeps of the codex, of how much is hidden and how long they train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neurosci._core.random import spawn

if TYPE_CHECKING:
    from .analysis import DuINParams

OWN = "own codex"
SWEEPS = ("mask ratio", "tokenizer epochs", "masked epochs")
"""Of tables 14 to 16."""


class Variant(NamedTuple):
    """A masked model that differs from the main one in one number.

    Parameters
    ----------
    label : str
        What differs, in the names of units.
    sweep : str
        One of `SWEEPS`.
    value : float
        The number.
    tokenizer, masked : dict
        Fields of `Pretraining` that differ; without any for the tokenizer, the main one is used.
    """

    label: str
    sweep: str
    value: float
    tokenizer: dict[str, Any]
    masked: dict[str, Any]

    def start(self, generator: int) -> str:
        """Return the name of its masked model."""
        if self.tokenizer:
            return f"generator {generator}, {self.label}, codes"
        return f"generator {generator}, {OWN}, {self.label}"


def variants(params: DuINParams) -> list[Variant]:
    """Return all of them, the main setting apart."""
    ratio, first, second = main_values(params).values()
    made = [
        Variant(f"{r:g} hidden", SWEEPS[0], r, {}, {"sizes": (("mask_ratio", r),)})
        for r in params.mask_ratios
        if r != ratio
    ]
    made += [
        Variant(f"{n} epochs", SWEEPS[1], n, {"n_epochs": n}, {})
        for n in params.tokenizer_epochs
        if n != first
    ]
    made += [
        Variant(f"masked {n} epochs", SWEEPS[2], n, {}, {"n_epochs": n})
        for n in params.masked_epochs
        if n != second
    ]
    return made


def main_values(params: DuINParams) -> dict[str, float]:
    """Return what the main setting has in each sweep."""
    from ._sizes import model_sizes

    ratio = model_sizes(params.model).mask_ratio
    return dict(zip(SWEEPS, (ratio, params.n_pretrain_epochs, params.n_masked_epochs), strict=True))


def codex_sizes(params: DuINParams) -> list[tuple[str, tuple[tuple[str, Any], ...]]]:
    """Return the sizes of the codex that are tried, the model's own first."""
    tried: list[tuple[str, tuple[tuple[str, Any], ...]]] = [(OWN, ())]
    tried += [(f"{size} codes", (("codex_size", size),)) for size in params.codex_sizes]
    tried += [(f"{dim} dimensions", (("codex_dim", dim),)) for dim in params.codex_dims]
    return tried


def channel_sets(params: DuINParams, generator: int) -> dict[str, tuple[int, ...]]:
    """Return sets of channels whose reconstruction is compared with that of the selected ones (table 8)."""
    every = np.arange(params.n_channels)
    drawn = spawn(params.seed, "random channels", str(generator)).permutation(every)[: params.n_selected]
    sets = {"random channels": np.sort(drawn), "all channels": every}
    return {name: tuple(rows.tolist()) for name, rows in sets.items()}
