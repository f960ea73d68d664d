"""``neurosci merge``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurosci.cli import UsageError
from neurosci.cli.run import add_execution, execution_context, finish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("folders", nargs="+", metavar="DIR", help="output folders of the shards")
    parser.add_argument("--output", metavar="DIR", help="where to write; default: the first folder")
    add_execution(parser)


def call(options: argparse.Namespace) -> int:
    """Join shards.

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

    options.output = options.output or options.folders[0]
    try:
        context = execution_context(options)
        outcomes = _run.merge([Path(folder) for folder in options.folders], context)
    except (ValueError, FileNotFoundError) as error:
        raise UsageError(str(error)) from error
    return finish(outcomes, context)
