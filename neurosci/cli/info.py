"""``neurosci info``."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
from collections.abc import Iterable

from neurosci.cli import DONE, say

MISSING = "not installed"
EXTRAS = {
    "io": {
        "mne-bids": "recordings of a BIDS folder",
        "neo": "spike trains of neo",
        "pynapple": "spike times of pynapple",
        "pynwb": "NWB files",
    },
    "cluster": {
        "dask": "runs on more than one machine",
        "dask-jobqueue": "workers started by a batch system such as SLURM",
        "distributed": "runs on more than one machine",
    },
}
# Each serves one purpose and brings many libraries along, so that no extra lists it.
ALONE = {
    "braindecode": "baselines of du_in that are networks of others",
    "huggingface_hub": "the download of the trials that du_in's authors released",
}
OPTIONAL = (*(library for extra in EXTRAS.values() for library in extra), *ALONE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("--json", action="store_true", help="versions as JSON")


def call(options: argparse.Namespace) -> int:
    """Print versions and folders, and what is missing beside the command that brings it.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    from neurosci._core.provenance import versions

    required = versions()
    optional = optional_versions()
    if options.json:
        say(json.dumps({**required, **optional}, indent=1))
        return DONE
    for name, version in {**required, **optional}.items():
        say(f"{name:<16} {version}")
    say(f"{'cores':<16} {os.cpu_count()}")
    for variable in ("NEUROSCI_DATA", "NEUROSCI_CACHE"):
        say(f"{variable:<16} {os.environ.get(variable) or 'not set'}")
    say("")
    for line in remedies(name for name, version in {**required, **optional}.items() if version == MISSING):
        say(line)
    return DONE


def optional_versions() -> dict[str, str]:
    """Return the versions of the libraries that only some functions need.

    Returns
    -------
    dict of str to str
        Name to version; "not installed" where it is missing.
    """
    found = {}
    for name in OPTIONAL:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = MISSING
    return found


def remedies(missing: Iterable[str]) -> list[str]:
    """Say what each missing library is for and which command brings it.

    Parameters
    ----------
    missing : iterable of str
        Names of libraries.

    Returns
    -------
    list of str
        Lines; a single one where nothing is missing.

    Examples
    --------
    >>> print(*remedies(["pynwb"]), sep=chr(10))
    Missing, and only needed for what stands in brackets:
      pip install 'neurosci[io]'        pynwb (NWB files)
    >>> remedies([])
    ['Nothing is missing.']
    """
    names = list(missing)
    if not names:
        return ["Nothing is missing."]
    lines = []
    broken = [name for name in names if name not in OPTIONAL]
    if broken:
        lines += ["Missing, and needed by every run:", _line("pip install neurosci", ", ".join(broken))]
    if len(broken) < len(names):
        lines.append("Missing, and only needed for what stands in brackets:")
    for extra, libraries in EXTRAS.items():
        command = f"pip install 'neurosci[{extra}]'"
        lines += [_line(command, f"{name} ({libraries[name]})") for name in libraries if name in names]
    lines += [
        _line(f"pip install {name}", f"{name} ({words})") for name, words in ALONE.items() if name in names
    ]
    return lines


def _line(command: str, words: str) -> str:
    return f"  {command:<33} {words}"
