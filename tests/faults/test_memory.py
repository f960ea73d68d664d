"""Memory is bounded: the peak of a run grows with what it keeps, never with what it has worked on."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import neurosci as package
from neurosci._core.context import Context
from neurosci._core.units import UnitStore

MIB = 2**20
# 35 cells, each with the gradient and the Hessian of a dozen parameters in float64, are 40 kB; a Newton step
# holds a few of them at once.
PER_BOOTSTRAP = 160 * 1024


@contextmanager
def traced() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def peak(call: Callable[[], Any]) -> int:
    """Bytes at the peak of a call over those before it."""
    with traced():
        call()
        return tracemalloc.get_traced_memory()[1]


def work(item: int, rng: Any) -> dict[str, Any]:
    """Take 4 MiB, keep 80 bytes."""
    return {"mean": float(rng.random(item).mean())}


def test_units_cost_what_they_return(tmp_path: Path) -> None:
    n_draws = 4 * MIB // 8

    def run(n_units: int) -> None:
        context = Context(units=UnitStore(tmp_path / str(n_units), "key"), verbose=False)
        context.map(work, {f"unit {i}": n_draws for i in range(n_units)}, stage="work", seed=0)

    run(1)
    few, many = peak(lambda: run(4)), peak(lambda: run(64))
    # A kept record, its name and joblib's bookkeeping are some kilobytes; one array too many would be 4 MiB.
    assert (many - few) / 60 < 16 * 1024
    assert many < 12 * MIB


def test_a_run_costs_what_its_tables_hold(dartboard: None, tmp_path: Path) -> None:
    def run(n_boards: int) -> None:
        package.run(
            "dartboard", output=tmp_path / str(n_boards), n_boards=n_boards, n_darts=20_000, verbose=False
        )

    run(2)
    few, many = peak(lambda: run(4)), peak(lambda: run(84))
    # A board takes 640 kB while darts are thrown, and a row of a table and a dot of a figure afterwards.
    assert (many - few) / 80 < 32 * 1024


def test_bootstraps_of_a_channel_cost_a_fixed_number_of_bytes_each() -> None:
    from neurosci.critical_band import channel_confint, fit_channel_likelihood, make_channel_counts

    data = make_channel_counts(1, random_state=0)
    fit = fit_channel_likelihood(data.n_correct, data.n_trials)

    def run(n_resamples: int) -> None:
        channel_confint(fit, method="bootstrap", n_resamples=n_resamples, random_state=0)

    run(100)
    few, many = peak(lambda: run(200)), peak(lambda: run(1000))
    assert (many - few) / 800 < PER_BOOTSTRAP


@pytest.mark.parametrize("kind", ["likelihood", "index"])
def test_fifty_fits_leave_nothing_behind(kind: str) -> None:
    from neurosci.critical_band import ChannelEstimator, fit_channel_likelihood, make_channel_counts

    data = make_channel_counts(1, random_state=0)

    def fit() -> None:
        if kind == "likelihood":
            fit_channel_likelihood(data.n_correct, data.n_trials)
        else:
            ChannelEstimator().fit(data.n_correct[0], data.n_trials)

    with traced():
        for _ in range(50):
            fit()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        fit()
        one = tracemalloc.get_traced_memory()[1]
        for _ in range(50):
            fit()
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    # 5 % of what one fit needs, or 300 bytes for each: caches of Python, but no array of counts
    assert after - before < max(0.05 * one, 50 * 300)
