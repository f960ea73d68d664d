"""``neurosci run``."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurosci._core import registry
from neurosci._core.context import DEVICES, Context, parse_shard
from neurosci._core.params import Params, parse_assignment
from neurosci.cli import DONE, FAILED, USAGE, UsageError, complain, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument("name", nargs="?", metavar="NAME", help="analysis, see 'neurosci list'")
    parser.add_argument("--all", action="store_true", help="run every analysis")
    parser.add_argument("--preset", choices=("quick", "paper"), default="quick", help="default: quick")
    parser.add_argument("--params", metavar="FILE", help="TOML file with parameters")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="one parameter; may be repeated"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of all random numbers")
    add_execution(parser)
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="compute the I-th of N parts only")
    parser.add_argument("--output", default="reports", metavar="DIR", help="default: reports")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what the run would do and how long it takes; do nothing"
    )


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Add the options that cannot change a number.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        A parser.
    """
    parser.add_argument("--n-jobs", type=int, metavar="N", help="processes; -1 takes all cores")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: auto")
    parser.add_argument("--overwrite", action="store_true", help="replace another run in the output folder")
    parser.add_argument("--no-download", action="store_true", help="use data that are here, fetch none")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def call(options: argparse.Namespace) -> int:
    """Run one analysis or all, or say what the run would do.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.

    Returns
    -------
    int
        Exit code.
    """
    if options.all == (options.name is not None):
        raise UsageError("run: give the name of one analysis, or --all (see 'neurosci list')")
    if options.all and (options.set or options.params):
        raise UsageError("run: --set and --params belong to one analysis; give its name instead of --all")
    try:
        names = registry.list_analyses() if options.all else [registry.find(options.name).name]
        context = execution_context(options, shard=parse_shard(options.shard))
    except ValueError as error:
        raise UsageError(str(error)) from error
    from neurosci import _run

    jobs: list[tuple[str, Callable[[], Params]]] = [(n, functools.partial(_build, n, options)) for n in names]
    if options.dry_run:
        say("\n\n".join(_run.dry_run(name, _checked(build), context) for name, build in jobs))
        return DONE
    if not options.all:
        params = _checked(jobs[0][1])
        jobs = [(names[0], lambda: params)]
    outcomes = _run.run_several(jobs, context, report=say)
    return finish(outcomes, context)


def execution_context(options: argparse.Namespace, **more: Any) -> Context:
    """Build the context that the options describe.

    Parameters
    ----------
    options : argparse.Namespace
        Parsed arguments.
    **more : object
        Further fields.

    Returns
    -------
    Context
        How to run.
    """
    return Context(
        output=Path(options.output),
        n_jobs=options.n_jobs,
        device=options.device,
        overwrite=options.overwrite,
        download=not options.no_download,
        verbose=not options.quiet,
        **more,
    )


def finish(outcomes: list[Any], context: Context) -> int:
    """Write the dashboard, print its path, and return the exit code.

    Parameters
    ----------
    outcomes : list of Outcome
        What became of each analysis.
    context : Context
        How it was run.

    Returns
    -------
    int
        Exit code.
    """
    from neurosci import _run
    from neurosci._core.folder import FolderInUseError, ForeignFolderError

    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    for outcome in outcomes:
        if outcome.result is not None and outcome.result.synthetic:
            complain(f"{outcome.name}: {synthetic_note(outcome.result.provenance)}")
        if outcome.error is not None:
            complain(f"{outcome.name}: {_run.error_text(outcome.error)}")
    refused = (ForeignFolderError, FolderInUseError, NotADirectoryError)
    if errors and all(isinstance(error, refused) for error in errors):
        return USAGE
    if context.output is not None and context.output.is_dir():
        say(str(_run.write_dashboard(context.output)))
    return FAILED if errors else DONE


def synthetic_note(provenance: dict[str, Any]) -> str:
    """Say why a result rests on synthetic data: for want of real ones, or because it simulates a model.

    Parameters
    ----------
    provenance : dict
        Of the result; ``fetch_command`` is there when real data could be fetched instead.

    Returns
    -------
    str
        Note for the console.
    """
    command = provenance.get("fetch_command")
    if command:
        return f"real data were not found, so this result is SYNTHETIC (to use them: {command})"
    return "simulations are part of this analysis; what is SYNTHETIC is marked in its report"


def _build(name: str, options: argparse.Namespace) -> Params:
    from neurosci import _run

    toml = None
    if options.params:
        try:
            toml = Path(options.params).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"run: --params {options.params} cannot be read: {error}") from error
    settings = dict(parse_assignment(registry.load(name).PARAMS, text) for text in options.set)
    return _run.resolve_params(name, preset=options.preset, seed=options.seed, settings=settings, toml=toml)


def _checked(build: Callable[[], Params]) -> Params:
    try:
        return build()
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
