"""Context: everything about a run that cannot change a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosci._core.checks import check_option

if TYPE_CHECKING:
    import numpy as np

    from neurosci._core.units import UnitStore

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, kw_only=True)
class Context:
    """How to run: where to write, with how many processes, on which device.

    Parameters
    ----------
    output : path-like, default=None
        Folder that receives one sub-folder per analysis; ``None`` writes nothing.
    n_jobs : int, default=None
        Processes; ``None`` means 1 unless a `joblib.parallel_config` says otherwise, -1 all cores.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where deep models and samplers run.
    verbose : bool, default=True
        Show progress (only in a terminal).
    shard : tuple of int, default=(1, 1)
        ``(i, n)``: compute the i-th of n parts of the units of work.
    overwrite : bool, default=False
        Replace another run in the same folder.
    download : bool, default=True
        Allow small public data sets to be fetched.
    units : UnitStore, default=None
        Store of finished units; set by the runner.

    Raises
    ------
    ValueError
        If a value is outside its range.
    """

    output: Path | None = None
    n_jobs: int | None = None
    device: str = "auto"
    verbose: bool = True
    shard: tuple[int, int] = (1, 1)
    overwrite: bool = False
    download: bool = True
    units: UnitStore | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        if self.output is not None:
            object.__setattr__(self, "output", Path(self.output))
        if self.n_jobs == 0:
            raise ValueError("Context: n_jobs must be None, -1 or a positive number, got 0")
        check_option("Context", "device", self.device, DEVICES)
        part, parts = self.shard
        if not 1 <= part <= parts:
            raise ValueError(f"Context: shard must be (i, n) with 1 <= i <= n, got {self.shard}")

    def torch_device(self) -> str:
        """Return the device for torch: "cuda" or "cpu".

        Returns
        -------
        str
            "cuda" when asked for or found by "auto".

        Raises
        ------
        RuntimeError
            If "cuda" was asked for and none is there.
        """
        if self.device == "cpu":
            return "cpu"
        import torch

        available = torch.cuda.is_available()
        if self.device == "cuda" and not available:
            raise RuntimeError(
                "Context: device is 'cuda', but torch finds no CUDA device (use 'auto' or 'cpu')"
            )
        return "cuda" if available else "cpu"

    def map(
        self,
        func: Callable[[Any, np.random.Generator], dict[str, Any]],
        items: Mapping[str, Any],
        *,
        stage: str,
        seed: int,
        inputs: str = "",
    ) -> dict[str, dict[str, Any]]:
        """Run `func` on each named unit of work, in parallel, saving and resuming finished ones.

        Parameters
        ----------
        func : callable
            ``func(item, rng) -> dict`` of arrays, numbers and strings; importable, so that other
            processes can run it.
        items : mapping of str to object
            Units by name; the name seeds the unit.
        stage : str
            Name of this stage, for the seed, the store and the progress bar.
        seed : int
            Seed of the run.
        inputs : str, default=""
            Hash of the data the units depend on; saved units with another hash are not used.

        Returns
        -------
        dict of str to dict
            Results, in the order of `items`.

        Raises
        ------
        ShardFinishedError
            If this shard is done and other shards' units are missing.
        """
        from neurosci._core.units import map_units

        return map_units(self, func, items, stage=stage, seed=seed, inputs=inputs)


def parse_shard(text: str) -> tuple[int, int]:
    """Read ``i/n``.

    Parameters
    ----------
    text : str
        For example "3/16".

    Returns
    -------
    tuple of int
        ``(i, n)``.

    Raises
    ------
    ValueError
        If the form is wrong.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"shard must be i/n with 1 <= i <= n, for example 3/16, got {text!r}")
    return int(match[1]), int(match[2])
