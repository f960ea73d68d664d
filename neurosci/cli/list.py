"""``neurosci list``."""

from __future__ import annotations

import argparse

from neurosci._core import registry
from neurosci.cli import DONE, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("--names", action="store_true", help="names only, one a line")


def call(options: argparse.Namespace) -> int:
    """List the analyses.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    known = registry.entries()
    width = max(map(len, known), default=0)
    for name, entry in known.items():
        say(name if options.names else f"{name:<{width}}  {entry.summary}")
    return DONE
