"""``neurosci report``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurosci._core.result import DataFormatError
from neurosci.cli import DONE, FAILED, UsageError, complain, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("folder", metavar="DIR", help="output folder of finished runs")


def call(options: argparse.Namespace) -> int:
    """Draw pages again.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    from neurosci import _run

    try:
        pages = _run.report(Path(options.folder))
    except FileNotFoundError as error:
        raise UsageError(str(error)) from error
    except DataFormatError as error:
        complain(str(error))
        return FAILED
    for page in pages:
        say(str(page))
    return DONE
