"""Where a result comes from: versions, hashes of the code, the command that repeats it."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import platform
import shlex
from pathlib import Path
from typing import Any

from neurosci._core.params import NONE_WORD, Params
from neurosci._version import __version__

NUMERIC = ("numpy", "scipy", "torch", "numba", "pandas", "statsmodels", "scikit-learn", "nilearn", "mne")
SHOWN = (*NUMERIC, "matplotlib", "joblib")


def versions() -> dict[str, str]:
    """Return the versions of Python, neurosci and the libraries below it.

    Returns
    -------
    dict of str to str
        Name to version; "not installed" where it is missing.
    """
    found = {"neurosci": __version__, "Python": platform.python_version()}
    for name in SHOWN:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@functools.cache
def code_hash(*packages: str) -> str:
    """Return a hash of the source files of some packages.

    Parameters
    ----------
    *packages : str
        Names of importable top-level packages.

    Returns
    -------
    str
        Sixteen hexadecimal digits that change when any line of code does.
    """
    digest = hashlib.sha256()
    for package in packages:
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or []) if spec else []:
            root = Path(location)
            for path in sorted(root.rglob("*.py")):
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def run_key(name: str, module: str, params: Params) -> str:
    """Return the key under which finished units may be used again.

    Parameters
    ----------
    name, module : str
        Analysis and its module.
    params : Params
        Its parameters.

    Returns
    -------
    str
        Hash of parameters, code and numeric libraries.
    """
    packages = tuple(dict.fromkeys(("neurosci", module.partition(".")[0])))
    found = versions()
    parts = [name, params.to_json(), code_hash(*packages), *(f"{lib}={found[lib]}" for lib in NUMERIC)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def settings_changed(params: Params, preset: Params) -> dict[str, Any]:
    """Return the fields that differ from the preset, besides the seed.

    Parameters
    ----------
    params, preset : Params
        What ran, and where it started from.

    Returns
    -------
    dict
        Field to value.
    """
    base = preset.to_dict()
    return {k: v for k, v in params.to_dict().items() if v != base[k] and k != "seed"}


def shell_command(name: str, params: Params, preset: Params) -> str:
    """Return the command line that repeats a run.

    Parameters
    ----------
    name : str
        Analysis.
    params, preset : Params
        What ran, and where it started from.

    Returns
    -------
    str
        Command for a shell.
    """
    parts = ["neurosci", "run", name, "--preset", params.preset, "--seed", str(params.seed)]
    for field, value in settings_changed(params, preset).items():
        text = (
            NONE_WORD
            if value is None
            else ",".join(map(str, value))
            if isinstance(value, list)
            else str(value)
        )
        parts += ["--set", f"{field}={text}"]
    return shlex.join(parts)


def python_command(name: str, params: Params, preset: Params) -> str:
    """Return the Python call that repeats a run.

    Parameters
    ----------
    name : str
        Analysis.
    params, preset : Params
        What ran, and where it started from.

    Returns
    -------
    str
        Two lines of Python.
    """
    changed = settings_changed(params, preset)
    extra = "".join(f", {field}={tuple(v) if isinstance(v, list) else v!r}" for field, v in changed.items())
    call = f"{json.dumps(name)}, preset={json.dumps(params.preset)}, seed={params.seed}{extra}"
    return f"import neurosci\nresult = neurosci.run({call})"


def provenance(name: str, params: Params, preset: Params, key: str) -> dict[str, Any]:
    """Return everything about a run that a reader needs to repeat it.

    Parameters
    ----------
    name : str
        Analysis.
    params, preset : Params
        What ran, and where it started from.
    key : str
        Key of the run.

    Returns
    -------
    dict
        Plain values for ``result.json``; no path, no user name, no date.
    """
    return {
        "version": __version__,
        "versions": versions(),
        "key": key,
        "params_hash": params.hash,
        "command": shell_command(name, params, preset),
        "python": python_command(name, params, preset),
        "machine": f"{platform.system()} {platform.machine()}",
    }
