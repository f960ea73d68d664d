"""Ordered parallel map on joblib with one progress bar."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class WorkerError(RuntimeError):
    """A worker process died; finished units are saved."""


def parallel_map(
    func: Callable[..., Any],
    items: Iterable[tuple[Any, ...]],
    *,
    n_jobs: int | None = None,
    total: int | None = None,
    label: str = "",
    verbose: bool = True,
    ordered: bool = True,
) -> Iterator[Any]:
    """Yield ``func(*item)`` for each item as soon as it is ready.

    The backend is joblib's, so `joblib.parallel_config` (loky, threading, dask) decides where the
    work is done. Worker processes use one thread each for linear algebra.

    Parameters
    ----------
    func : callable
        Function of one item; importable.
    items : iterable of tuple
        Arguments.
    n_jobs : int, default=None
        Processes, as in joblib.
    total : int, default=None
        Number of items, for the progress bar.
    label : str, default=""
        Words beside the bar.
    verbose : bool, default=True
        Show the bar when standard error is a terminal.
    ordered : bool, default=True
        Yield in the order of the items; ``False`` yields in the order of completion.

    Yields
    ------
    object
        Results.

    Raises
    ------
    WorkerError
        If the system killed a worker.
    """
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    form = "generator" if ordered else "generator_unordered"
    results = Parallel(n_jobs=n_jobs, return_as=form)(delayed(func)(*item) for item in items)
    bar = tqdm(total=total, desc=label, disable=not (verbose and sys.stderr.isatty()), leave=False)
    with bar, contextlib.closing(results):
        try:
            for result in results:
                bar.update()
                yield result
        except Exception as error:
            if not _was_killed(error):
                raise
            raise WorkerError(
                f"{label or 'parallel_map'}: a worker was killed, probably for want of memory (lower n_jobs; "
                "finished units are saved, so the same command goes on from there)"
            ) from error


def _was_killed(error: Exception) -> bool:
    """Say whether a worker process died: loky and dask each have a class for it."""
    classes = (
        ("joblib.externals.loky.process_executor", "TerminatedWorkerError"),
        ("distributed.scheduler", "KilledWorker"),
    )
    return any(
        isinstance(error, getattr(sys.modules[module], name))
        for module, name in classes
        if module in sys.modules
    )


def stop_workers() -> None:
    """End the worker processes of an interrupted run."""
    loky = sys.modules.get("joblib.externals.loky")
    if loky is not None:
        with contextlib.suppress(Exception):
            loky.get_reusable_executor().shutdown(wait=False, kill_workers=True)
