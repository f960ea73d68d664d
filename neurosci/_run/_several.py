"""Run several analyses, or complete them from the units of several shards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurosci._core import registry
from neurosci._core.context import Context
from neurosci._core.folder import RunFolder
from neurosci._core.params import Params
from neurosci._core.provenance import run_key
from neurosci._core.result import Result
from neurosci._core.units import ShardFinishedError

from ._messages import public_text
from ._pages import STEPS, write_dashboard
from ._single import execute


@dataclass(frozen=True)
class Outcome:
    """What became of one analysis in a run of several.

    Parameters
    ----------
    name : str
        Analysis.
    result : Result, default=None
        Its result, when it is complete.
    error : Exception, default=None
        What stopped it.
    """

    name: str
    result: Result | None = None
    error: Exception | None = None


def run_several(
    jobs: Sequence[tuple[str, Callable[[], Params]]],
    context: Context,
    *,
    report: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Run several analyses one after the other; one that fails leaves the others complete.

    Parameters
    ----------
    jobs : sequence of (str, callable)
        Analyses, and functions that build their parameters.
    context : Context
        How to run; needs an output folder.
    report : callable, default=silent
        Receives one line per analysis.

    Returns
    -------
    list of Outcome
        One per analysis.
    """
    outcomes = []
    for name, build in jobs:
        try:
            result = execute(name, build(), context, dashboard=False)
        except ShardFinishedError as finished:
            report(f"{name}: {finished}")
            outcomes.append(Outcome(name))
        except Exception as error:
            _remember_failure(context, name, error)
            outcomes.append(Outcome(name, error=error))
        else:
            report(result.summary())
            outcomes.append(Outcome(name, result=result))
    return outcomes


def _remember_failure(context: Context, name: str, error: Exception) -> None:
    """Record a failure that came before the run had a folder of its own."""
    if context.output is None:
        return
    folder = RunFolder(context.output, name)
    if not folder.path.exists() and (context.output.is_dir() or not context.output.exists()):
        folder.prepare_path()
        folder.record(
            Params(), "", "failed", step=STEPS[0], error=public_text(error, context.output), seconds=0.0
        )


def merge(folders: Sequence[Path], context: Context) -> list[Outcome]:
    """Join the units of several shards and complete the runs from them.

    Parameters
    ----------
    folders : sequence of Path
        Output folders of the shards; one is enough when all shards wrote to it.
    context : Context
        How to run; its output folder receives the merged runs.

    Returns
    -------
    list of Outcome
        One per analysis found.

    Raises
    ------
    FileNotFoundError
        If no folder holds a run.
    """
    if context.output is None:
        raise ValueError("merge: output must be a folder, got None")
    found: dict[str, list[RunFolder]] = {}
    for output in folders:
        for name in registry.entries():
            folder = RunFolder(output, name)
            if folder.manifest() is not None:
                found.setdefault(name, []).append(folder)
    if not found:
        listed = ", ".join(str(folder) for folder in folders)
        raise FileNotFoundError(
            f"merge: no run was found in {listed} (give the --output folders of the shards)"
        )
    outcomes = []
    for name, runs in found.items():
        try:
            outcomes.append(Outcome(name, result=_merge_one(name, runs, context)))
        except Exception as error:
            outcomes.append(Outcome(name, error=error))
    write_dashboard(context.output)
    return outcomes


def _merge_one(name: str, runs: list[RunFolder], context: Context) -> Result:
    module = registry.load(name)
    manifests = [run.manifest() or {} for run in runs]
    hashes = {manifest["hash"] for manifest in manifests}
    if len(hashes) > 1:
        raise ValueError(
            f"merge: the shards of {name} ran with different parameters (hashes {', '.join(sorted(hashes))})"
        )
    params = module.PARAMS.from_dict(manifests[0]["params"])
    target = RunFolder(context.output, name)  # type: ignore[arg-type]
    target.prepare_path()
    with target.locked():
        target.prepare(params, run_key(name, module.__name__, params), overwrite=context.overwrite)
        for run_folder in runs:
            _copy_units(run_folder.path / "units", target.path / "units")
    return execute(name, params, context, compute=False, dashboard=False)


def _copy_units(source: Path, target: Path) -> None:
    if not source.is_dir() or source.resolve() == target.resolve():
        return
    for path in sorted(source.rglob("*.npz")):
        # A link would copy whatever it points to into a folder that may be shared.
        if path.is_symlink() or not path.is_file():
            continue
        destination = target / path.relative_to(source)
        if not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            partial = destination.with_name(f".{destination.name}.part")
            shutil.copyfile(path, partial)
            partial.replace(destination)
