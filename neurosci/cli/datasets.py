"""``neurosci datasets``."""

from __future__ import annotations

import argparse

from neurosci.cli import DONE, FAILED, UsageError, complain, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="list the data sets and where each one was found")
    fetch = actions.add_parser("fetch", help="download a data set into the cache")
    fetch.add_argument("name", metavar="NAME")
    fetch.add_argument("--force", action="store_true", help="fetch again what is there")
    verify = actions.add_parser("verify", help="check the hash of every file")
    verify.add_argument("name", metavar="NAME", nargs="?")


def call(options: argparse.Namespace) -> int:
    """List, fetch or verify data sets.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    from neurosci import datasets

    try:
        if options.action == "list":
            for known in datasets.list_datasets():
                size = f"{known.size_bytes / 1e6:.1f} MB"
                say(f"{known.name}  {known.kind}, {size}, {known.found}; {known.licence}")
            return DONE
        if options.action == "fetch":
            paths = datasets.fetch(options.name, force=options.force)
            say(f"{options.name}: {len(paths)} files are here and match their hashes")
            return DONE
        records = datasets.verify(options.name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        complain(str(error))
        return FAILED
    bad = [record for record in records if record.state != "ok"]
    for record in bad:
        say(f"{record.state}: {record.path}")
    say(f"{len(records) - len(bad)} of {len(records)} files match their hashes")
    return FAILED if any(record.state == "corrupt" for record in bad) else DONE
