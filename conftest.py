"""Fixtures of the whole suite: seeds, data, and the guards that keep one test from touching another."""

from __future__ import annotations

import functools
import logging
import os
import random
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

N_ALL_SEEDS = 20
# pytest announces the running test; joblib, scikit-learn and torch's optimisers set theirs at first use.
VOLATILE = ("PYTEST_CURRENT_TEST", "KMP_INIT_AT_FORK", "KMP_DUPLICATE_LIB_OK", "TORCHINDUCTOR_CACHE_DIR")
# pytest-timeout sets its alarm and takes it back when a test has failed.
SIGNALS = signal.valid_signals() - {signal.SIGALRM}
LOOPBACK = {"127.0.0.1", "::1", "localhost", ""}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-seeds",
        action="store_true",
        help=f"run tests that take a seed with {N_ALL_SEEDS} seeds, not one",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        seeds = range(N_ALL_SEEDS) if metafunc.config.getoption("--all-seeds") else [0]
        metafunc.parametrize("seed", seeds)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder of released data, named by NEUROSCI_DATA; the test is skipped without it."""
    root = os.environ.get("NEUROSCI_DATA")
    if not root:
        pytest.skip("NEUROSCI_DATA is not set: this test reads released data")
    path = Path(root)
    assert path.is_dir(), f"NEUROSCI_DATA must be a folder, got {root}"
    return path


@pytest.fixture(scope="session")
def skip_or_fail() -> Callable[[str], None]:
    """Skip with a reason on a private machine; fail for the same reason where CI=true."""

    def act(reason: str) -> None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{reason} (a skip is a failure where CI=true)")
        pytest.skip(reason)

    return act


@pytest.fixture(autouse=True)
def no_network(no_global_change: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sockets reach this machine only.

    It asks for the other guard first, so that what ``monkeypatch`` changed is undone before that one looks.
    """
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    resolve = socket.getaddrinfo

    def check(address: Any) -> None:
        if isinstance(address, tuple) and str(address[0]) not in LOOPBACK:
            raise OSError(f"no_network: a test must stay on this machine, got {address!r}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in LOOPBACK:
            raise socket.gaierror(f"no_network: a test must stay on this machine, got {name!r}")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)


def _random_states() -> dict[str, Any]:
    """State of every global generator; a library that was never imported has none."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    states: dict[str, Any] = {"Python": random.getstate(), "NumPy": (kind, keys.tobytes(), *rest)}
    if "torch" in sys.modules:
        import torch

        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Fail a test whose body drew from a global generator.

    The check surrounds the body alone, since pytest-randomly seeds those generators before and after it.
    """
    before = _random_states()
    result = yield
    after = _random_states()
    drawn = [name for name in before if before[name] != after[name]]
    assert not drawn, f"the test drew from the global random generator of {', '.join(drawn)}"
    return result


@functools.lru_cache(maxsize=1)
def _pools(_n_modules: int) -> ThreadpoolController:
    """Thread pools of the libraries that are loaded: looked for again when a module was imported."""
    return ThreadpoolController()


def _loggers() -> dict[str, Any]:
    """Level, switches and handlers of every logger; pytest's own handlers come and go."""

    def about(logger: logging.Logger) -> tuple[Any, ...]:
        handlers = [h for h in logger.handlers if not type(h).__module__.startswith("_pytest")]
        return logger.level, logger.disabled, logger.propagate, handlers

    logging.getLogger("neurosci")  # there before the package is imported
    known = list(logging.root.manager.loggerDict.items())
    return {
        "": (*about(logging.root), logging.root.manager.disable),
        **{name: about(logger) for name, logger in known if isinstance(logger, logging.Logger)},
    }


def _global_state() -> dict[str, Any]:
    """What a test may not leave changed."""
    state: dict[str, Any] = {
        "working folder": Path.cwd(),
        "environment": {k: v for k, v in os.environ.items() if k not in VOLATILE},
        "logging": _loggers(),
        "thread counts": {pool["filepath"]: pool["num_threads"] for pool in _pools(len(sys.modules)).info()},
        "signal handlers": {number: signal.getsignal(number) for number in SIGNALS},
        "open figures": [],
        "warnings filters": list(warnings.filters),
        "NumPy error handling": np.geterr(),
    }
    if "torch" in sys.modules:
        import torch

        state["torch thread count"] = torch.get_num_threads()
    if "matplotlib" in sys.modules:
        import matplotlib

        state["matplotlib rcParams"] = dict(matplotlib.rcParams)
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot

        state["open figures"] = pyplot.get_fignums()
    return state


@pytest.fixture(autouse=True)
def no_global_change() -> Iterator[None]:
    """Fail a test that leaves global state changed."""
    before, n_modules = _global_state(), len(sys.modules)
    yield
    after = _global_state()
    if len(sys.modules) != n_modules:
        # Libraries add filters when they are first imported, whichever test that is.
        del before["warnings filters"]
    # What a library brings along when it is first imported is no change of what was there.
    for name in ("logging", "thread counts"):
        after[name] = {key: value for key, value in after[name].items() if key in before[name]}
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"the test changed global state and did not restore it: {', '.join(changed)}"
