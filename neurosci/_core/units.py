"""Units of work: named, seeded by name, saved when finished, resumed, split into shards."""

from __future__ import annotations

import hashlib
import re
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from neurosci._core.files import load_record, save_record, slug
from neurosci._core.log import CollectedWarning, collect_warnings
from neurosci._core.parallel import parallel_map
from neurosci._core.random import spawn

if TYPE_CHECKING:
    from neurosci._core.context import Context

UnitFunction = Callable[[Any, Any], dict[str, Any]]


class ShardFinishedError(Exception):
    """The units of this shard are saved; the result needs those of the other shards too."""

    def __init__(self, stage: str, done: int, missing: list[str]) -> None:
        self.stage, self.done, self.missing = stage, done, missing
        super().__init__(f"stage {stage}: {done} units saved, {len(missing)} belong to other shards")


class MissingUnitsError(RuntimeError):
    """Units that a merge needs are not there."""


@dataclass
class UnitStore:
    """Folder of finished units of one run.

    Parameters
    ----------
    folder : Path
        Where the units are kept.
    key : str
        Hash of parameters and code; units of another key are not used.
    compute : bool, default=True
        Whether missing units may be computed; a merge sets False.
    on_progress : callable, default=None
        Called with the number of finished and planned units.
    """

    folder: Path
    key: str
    compute: bool = True
    on_progress: Callable[[int, int], None] | None = None
    resumed: int = field(default=0, init=False)
    computed: int = field(default=0, init=False)
    planned: int = field(default=0, init=False)

    def path(self, stage: str, name: str) -> Path:
        """Return the file of a unit.

        Parameters
        ----------
        stage, name : str
            Stage and unit.

        Returns
        -------
        Path
            File name made of safe letters.
        """
        return self.folder / _folder_name(stage) / f"{slug(name)}.npz"

    def load(self, stage: str, name: str, inputs: str) -> tuple[dict[str, Any], list[str]] | None:
        """Return a finished unit, or ``None`` when it must be computed.

        Parameters
        ----------
        stage, name : str
            Stage and unit.
        inputs : str
            Hash of the data the unit depends on.

        Returns
        -------
        (dict, list of str) or None
            The unit's result and the warnings it raised.
        """
        path = self.path(stage, name)
        try:
            record = load_record(path)
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            warnings.warn(f"a saved unit was damaged and is computed again: {error}", stacklevel=2)
            return None
        about = record.pop("unit", None)
        if not isinstance(about, dict):
            return None
        messages = about.pop("warnings", [])
        if not isinstance(messages, list) or not all(isinstance(text, str) for text in messages):
            return None
        if about != {"stage": stage, "name": name, "inputs": inputs, "key": self.key}:
            return None
        return record, messages

    def save(self, stage: str, name: str, inputs: str, record: dict[str, Any], messages: list[str]) -> None:
        """Save a finished unit atomically.

        Parameters
        ----------
        stage, name : str
            Stage and unit.
        inputs : str
            Hash of the data the unit depends on.
        record : dict
            The unit's result.
        messages : list of str
            Warnings it raised.
        """
        path = self.path(stage, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)  # `load` has told that it is damaged; a file cannot replace it
        about = {"stage": stage, "name": name, "inputs": inputs, "key": self.key, "warnings": messages}
        save_record(path, {**record, "unit": about})

    def progress(self, finished: int) -> None:
        """Record that `finished` units were added.

        Parameters
        ----------
        finished : int
            Units.
        """
        self.computed += finished
        if self.on_progress:
            self.on_progress(self.resumed + self.computed, self.planned)


def _folder_name(stage: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", stage)


def in_shard(name: str, shard: tuple[int, int]) -> bool:
    """Say whether a unit belongs to a shard.

    Parameters
    ----------
    name : str
        Name of the unit.
    shard : tuple of int
        ``(i, n)``.

    Returns
    -------
    bool
        Decided by the hash of the name, so every process agrees.

    Examples
    --------
    >>> sum(in_shard("resnet50", (i, 4)) for i in (1, 2, 3, 4))
    1
    """
    part, parts = shard
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") % parts == part - 1


def _run_unit(
    func: UnitFunction, name: str, item: Any, seed: int, stage: str
) -> tuple[str, dict[str, Any], list[str]]:
    # One thread each: how a sum is split over threads would otherwise change its last digits.
    with threadpool_limits(limits=1), collect_warnings() as messages:
        try:
            record = func(item, spawn(seed, stage, name))
        except Exception as error:
            error.add_note(f"in unit {name!r} of stage {stage!r}")
            raise
    return name, {key: _own(value) for key, value in record.items()}, messages


def _own(value: Any) -> Any:
    """Copy a view, which would keep the whole array alive that it was cut from."""
    return value.copy() if isinstance(value, np.ndarray) and value.base is not None else value


def map_units(
    context: Context,
    func: UnitFunction,
    items: Mapping[str, Any],
    *,
    stage: str,
    seed: int,
    inputs: str = "",
) -> dict[str, dict[str, Any]]:
    """Run named units; see `Context.map`.

    Parameters
    ----------
    context : Context
        Processes, shard and store.
    func : callable
        ``func(item, rng) -> dict``.
    items : mapping of str to object
        Units by name.
    stage : str
        Name of the stage.
    seed : int
        Seed of the run.
    inputs : str, default=""
        Hash of the data.

    Returns
    -------
    dict of str to dict
        Results in the order of `items`.
    """
    store = context.units
    results: dict[str, tuple[dict[str, Any], list[str]]] = {}
    if store is not None:
        store.planned += len(items)
        for name in items:
            saved = store.load(stage, name, inputs)
            if saved is not None:
                results[name] = saved
        store.resumed += len(results)
    waiting = [name for name in items if name not in results]
    if waiting and store is not None and not store.compute:
        raise MissingUnitsError(
            f"stage {stage}: {len(waiting)} of {len(items)} units are missing, the first is {waiting[0]!r} "
            "(run their shards with the same version and data, then merge again)"
        )
    mine = [name for name in waiting if in_shard(name, context.shard)]
    for name, record, messages in _compute(context, func, items, mine, stage, seed):
        if store is not None:
            store.save(stage, name, inputs, record, messages)
            store.progress(1)
        results[name] = record, messages
    missing = [name for name in items if name not in results]
    if missing:
        raise ShardFinishedError(stage, len(results), missing)
    for name in items:
        for message in results[name][1]:
            warnings.warn(CollectedWarning(message), stacklevel=3)
    return {name: results[name][0] for name in items}


def _compute(
    context: Context, func: UnitFunction, items: Mapping[str, Any], names: list[str], stage: str, seed: int
) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    if not names:
        return iter(())
    calls = ((func, name, items[name], seed, stage) for name in names)
    return parallel_map(
        _run_unit,
        calls,
        n_jobs=context.n_jobs,
        total=len(names),
        label=stage,
        verbose=context.verbose,
        ordered=False,
    )
