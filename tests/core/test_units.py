"""Units of work: the same numbers whatever the processes, the shards and the interruptions."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosci._core.context import Context, parse_shard
from neurosci._core.parallel import parallel_map
from neurosci._core.units import MissingUnitsError, ShardFinishedError, UnitStore, in_shard

NAMES = ["resnet50", "vit", "../../etc/passwd", "näme with spaces", "a" * 300, "n\nl"]


def draw(item: float, rng: np.random.Generator) -> dict[str, Any]:
    if item == 2:
        warnings.warn("two is odd here", UserWarning, stacklevel=2)
    return {"x": rng.normal(item, size=3), "name": str(item)}


def fail(item: float, rng: np.random.Generator) -> dict[str, Any]:
    raise AssertionError("a finished unit was computed again")


def context(folder: Path | None = None, **more: Any) -> Context:
    store = more.pop("store", None) or (None if folder is None else UnitStore(folder, "key"))
    return Context(units=store, verbose=False, **more)


def run(context: Context, names: list[str] = NAMES, func: Any = draw, **more: Any) -> dict[str, Any]:
    items = {name: float(i) for i, name in enumerate(names)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return context.map(func, items, stage="draw", seed=5, **more)


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return list(a) == list(b) and all(
        a[k]["x"].tobytes() == b[k]["x"].tobytes() and a[k]["name"] == b[k]["name"] for k in a
    )


def test_order_and_processes_change_nothing() -> None:
    reference = run(context())
    assert same(run(context(n_jobs=2)), reference)
    backwards = run(context(), NAMES)
    items = {name: float(i) for i, name in reversed(list(enumerate(NAMES)))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reversed_run = context().map(draw, items, stage="draw", seed=5)
    assert same({name: reversed_run[name] for name in NAMES}, backwards)


def test_saved_units_are_used_again_bit_for_bit(tmp_path: Path) -> None:
    first = run(context(tmp_path))
    assert same(run(context(tmp_path), func=fail), first)
    assert all(path.is_relative_to(tmp_path) for path in tmp_path.rglob("*.npz"))
    assert len(list(tmp_path.rglob("*.npz"))) == len(NAMES)


@pytest.mark.parametrize("change", ["key", "inputs"])
def test_units_of_other_code_or_data_are_not_used(tmp_path: Path, change: str) -> None:
    run(context(tmp_path))
    store = UnitStore(tmp_path, "other" if change == "key" else "key")
    with pytest.raises(AssertionError, match="computed again"):
        run(context(store=store), func=fail, inputs="other" if change == "inputs" else "")


def test_warnings_of_units_reach_the_run_also_when_resumed(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.warns(UserWarning, match="UserWarning: two is odd here"):
            context(tmp_path).map(draw, {"a": 2.0}, stage="draw", seed=0)


def test_shards_meet_in_one_folder(tmp_path: Path) -> None:
    reference = run(context())
    finished = 0
    for part in (1, 2, 3):
        try:
            result = run(context(tmp_path, shard=(part, 3)))
        except ShardFinishedError as error:
            finished += 1
            assert error.done + len(error.missing) == len(NAMES)
    assert finished == 2
    assert same(result, reference)


def test_a_merge_computes_nothing(tmp_path: Path) -> None:
    run(context(tmp_path), NAMES[:3])
    with pytest.raises(MissingUnitsError, match="3 of 6 units are missing"):
        run(context(store=UnitStore(tmp_path, "key", compute=False)))


@given(st.lists(st.text(), unique=True, max_size=30), st.integers(1, 8))
def test_each_unit_belongs_to_exactly_one_shard(names: list[str], parts: int) -> None:
    for name in names:
        assert sum(in_shard(name, (part, parts)) for part in range(1, parts + 1)) == 1


def test_parallel_map_keeps_the_order() -> None:
    assert list(parallel_map(pow, [(i, 2) for i in range(20)], n_jobs=2, verbose=False)) == [
        i**2 for i in range(20)
    ]


@pytest.mark.parametrize("text", ["0/3", "4/3", "a/b", "1", "1/0", "-1/3", ""])
def test_bad_shards(text: str) -> None:
    with pytest.raises(ValueError, match="shard must be i/n"):
        parse_shard(text)


def test_bad_contexts() -> None:
    with pytest.raises(ValueError, match="n_jobs"):
        Context(n_jobs=0)
    with pytest.raises(ValueError, match="did you mean 'cuda'"):
        Context(device="cuda0")
    with pytest.raises(ValueError, match="shard"):
        Context(shard=(3, 2))
    assert Context(device="cpu").torch_device() == "cpu"


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Context(device="auto").torch_device() == "cpu"
    with pytest.raises(RuntimeError, match="no CUDA device"):
        Context(device="cuda").torch_device()
