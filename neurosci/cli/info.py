"""``neurosci info``."""

from __future__ import annotations

import argparse
import json
import os

from neurosci.cli import DONE, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("--json", action="store_true", help="versions as JSON")


def call(options: argparse.Namespace) -> int:
    """Print versions and folders.

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

    found = versions()
    if options.json:
        say(json.dumps(found, indent=1))
        return DONE
    for name, version in found.items():
        say(f"{name:<14} {version}")
    say(f"{'cores':<14} {os.cpu_count()}")
    for variable in ("NEUROSCI_DATA", "NEUROSCI_CACHE"):
        say(f"{variable:<14} {os.environ.get(variable) or 'not set'}")
    return DONE
