"""Run analyses: parameters in, result out, saved with a report and a dashboard."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from neurosci._core import registry
from neurosci._core.checks import check_option
from neurosci._core.context import Context
from neurosci._core.folder import RunFolder, shared_page
from neurosci._core.log import collect_warnings
from neurosci._core.params import Params
from neurosci._core.provenance import provenance, run_key
from neurosci._core.result import DataFormatError, Result, load_result
from neurosci._core.units import ShardFinishedError, UnitStore

STEPS = ("check parameters", "run", "write the report")


def run(
    name: str,
    *,
    preset: str = "quick",
    seed: int | None = None,
    params: Params | None = None,
    output: str | Path | None = None,
    n_jobs: int | None = None,
    device: str = "auto",
    shard: tuple[int, int] = (1, 1),
    overwrite: bool = False,
    verbose: bool = True,
    **settings: Any,
) -> Result:
    """Run one analysis.

    Parameters
    ----------
    name : str
        Name of the analysis; see `list_analyses`.
    preset : {"quick", "paper"}, default="quick"
        Set of parameters to start from: seconds, or the samples of the paper.
    seed : int, default=None
        Seed of all random numbers; ``None`` keeps the preset's.
    params : Params, default=None
        Parameters instead of a preset.
    output : path-like, default=None
        Folder for the report, tables and finished units; ``None`` writes nothing.
    n_jobs : int, default=None
        Processes, as in joblib. It never changes a number.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where deep models and samplers run.
    shard : tuple of int, default=(1, 1)
        ``(i, n)``: compute the i-th of n parts of the units of work; needs `output`.
    overwrite : bool, default=False
        Replace another run in the same folder.
    verbose : bool, default=True
        Show progress in a terminal.
    **settings : object
        Single parameters that differ from the preset, for example ``criterion=0.4``.

    Returns
    -------
    Result
        Tables, metrics, judged claims and figures.

    Raises
    ------
    ValueError
        If the name, the preset or a parameter is unknown or out of range.
    OSError
        If the output folder belongs to another run or cannot be written.

    Examples
    --------
    >>> import neurosci
    >>> result = neurosci.run("critical_band", preset="quick", seed=0)  # doctest: +SKIP
    >>> print(result.summary())  # doctest: +SKIP
    """
    context = Context(
        output=None if output is None else Path(output),
        n_jobs=n_jobs,
        device=device,
        shard=shard,
        overwrite=overwrite,
        verbose=verbose,
    )
    if params is None:
        params = resolve_params(name, preset=preset, seed=seed, settings=settings)
    elif seed is not None or settings:
        params = params.replace(**({} if seed is None else {"seed": seed}), **settings)
    return execute(name, params, context)


def resolve_params(
    name: str,
    *,
    preset: str = "quick",
    seed: int | None = None,
    settings: dict[str, Any] | None = None,
    toml: str | None = None,
) -> Params:
    """Build the parameters of a run from preset, file and single settings, in this order.

    Parameters
    ----------
    name : str
        Analysis.
    preset : str, default="quick"
        Where to start.
    seed : int, default=None
        Seed; ``None`` keeps the one so far.
    settings : dict, default=None
        Single fields.
    toml : str, default=None
        Content of a parameter file.

    Returns
    -------
    Params
        Checked parameters.
    """
    module = registry.load(name)
    check_option(f"analysis {name!r}", "preset", preset, module.PRESETS)
    params: Params = module.PRESETS[preset]
    if toml is not None:
        fields = module.PARAMS.from_toml(toml).to_dict()
        given = _toml_keys(toml)
        params = params.replace(**{k: v for k, v in fields.items() if k in given})
    changes = dict(settings or {})
    if seed is not None:
        changes["seed"] = seed
    return params.replace(**changes) if changes else params


def _toml_keys(text: str) -> set[str]:
    import tomllib

    return set(tomllib.loads(text))


def execute(
    name: str, params: Params, context: Context, *, compute: bool = True, dashboard: bool = True
) -> Result:
    """Run one analysis with given parameters; with an output folder, save and report it.

    Parameters
    ----------
    name : str
        Analysis.
    params : Params
        Its parameters.
    context : Context
        How to run.
    compute : bool, default=True
        Whether units that are not saved may be computed.
    dashboard : bool, default=True
        Write the dashboard of the output folder afterwards.

    Returns
    -------
    Result
        The result.
    """
    module = registry.load(name)
    if not isinstance(params, module.PARAMS):
        raise TypeError(f"run: params must be a {module.PARAMS.__name__}, got {type(params).__name__}")
    key = run_key(name, module.__name__, params)
    if context.output is None:
        if context.shard != (1, 1):
            raise ValueError("run: shard needs an output folder, where the shards meet; got output=None")
        return _compute(module, name, params, context, key)
    folder = RunFolder(context.output, name)
    try:
        _execute_in(folder, module, params, context, key, compute)
    finally:
        if dashboard and folder.path.is_dir():
            write_dashboard(context.output)
    return load_result(folder.path, module.PARAMS)


def _compute(module: ModuleType, name: str, params: Params, context: Context, key: str) -> Result:
    with collect_warnings() as messages:
        result: Result = module.run(params, context)
    preset = module.PRESETS.get(params.preset, params)
    return dataclasses.replace(
        result,
        warnings=(*result.warnings, *messages),
        provenance={**result.provenance, **provenance(name, params, preset, key)},
    )


def _execute_in(
    folder: RunFolder, module: ModuleType, params: Params, context: Context, key: str, compute: bool
) -> None:
    with ExitStack() as stack:
        folder.prepare_path()
        stack.enter_context(folder.locked())
        folder.prepare(params, key, overwrite=context.overwrite)
        clock = _Clock(folder, params, key)
        store = UnitStore(folder.path / "units", key, compute=compute, on_progress=clock.progress)
        clock.record("running", step=STEPS[1])
        step = STEPS[1]
        try:
            result = _compute(module, folder.name, params, dataclasses.replace(context, units=store), key)
            step = STEPS[2]
            clock.stop()
            folder.clear_result()
            _report(result, module, folder, clock.seconds)
        except ShardFinishedError as error:
            clock.record("shard", step=STEPS[1], missing=len(error.missing))
            raise
        except Exception as error:
            clock.record("failed", step=step, error=public_text(error, folder.output))
            raise
        except BaseException:
            clock.record("interrupted", step=step)
            raise
        clock.record("complete", step=step)


class _Clock:
    """Seconds and units of a run, written to its manifest."""

    def __init__(self, folder: RunFolder, params: Params, key: str) -> None:
        earlier = folder.manifest() or {}
        resumed = earlier.get("key") == key and earlier.get("status") in ("running", "interrupted", "shard")
        self.before = float(earlier.get("seconds", 0.0)) if resumed else 0.0
        self.folder, self.params, self.key = folder, params, key
        self.start = self.written = time.monotonic()
        self.units = (0, 0)
        self.end: float | None = None

    @property
    def seconds(self) -> float:
        now = time.monotonic() if self.end is None else self.end
        return round(self.before + now - self.start, 3)

    def stop(self) -> None:
        """Fix the duration: what the page shows is what the manifest keeps."""
        self.end = time.monotonic()

    def progress(self, finished: int, planned: int) -> None:
        self.units = (finished, planned)
        if time.monotonic() - self.written > 2:
            self.record("running", step=STEPS[1])

    def record(self, status: str, **facts: Any) -> None:
        self.written = time.monotonic()
        self.folder.record(
            self.params,
            self.key,
            status,
            seconds=self.seconds,
            units_done=self.units[0],
            units_planned=self.units[1],
            **facts,
        )


def error_text(error: BaseException) -> str:
    """Return the message of an error with its notes, which say in which unit or figure it arose.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    str
        One message.
    """
    text = str(error).strip() or type(error).__name__
    if isinstance(error, KeyError):
        text = f"missing key {text}"
    notes = "; ".join(getattr(error, "__notes__", ()))
    return f"{text} ({notes})" if notes else text


def public_text(error: BaseException, output: Path | None = None) -> str:
    """Return the message of an error without the paths of this machine.

    Parameters
    ----------
    error : BaseException
        What was raised.
    output : Path, default=None
        Output folder, whose path is left out.

    Returns
    -------
    str
        Message for a page that may be shared.
    """
    text = error_text(error)
    known = [(str(output.resolve()), output.name), (str(output), output.name)] if output is not None else []
    # A user whom the system does not know has no home folder.
    with contextlib.suppress(RuntimeError):
        known.append((str(Path.home()), "~"))
    for path, name in known:
        if len(path) > 1:
            text = text.replace(path, name)
    return text


def _report(result: Result, module: ModuleType, folder: RunFolder, seconds: float) -> Path:
    """Write figures, page, tables and, last, the result."""
    from neurosci.reporting import Report

    return Path(Report(result, figures=module.FIGURES, timing={"seconds": seconds}).save(folder.path))


def write_dashboard(output: Path) -> Path:
    """Write the dashboard of an output folder: one row per registered analysis.

    Parameters
    ----------
    output : Path
        Folder of all analyses.

    Returns
    -------
    Path
        The page.
    """
    from neurosci.reporting import render_dashboard

    with shared_page(output):
        return Path(render_dashboard([_entry(output, name) for name in registry.entries()], output))


def _entry(output: Path, name: str) -> dict[str, Any]:
    folder = RunFolder(output, name)
    manifest = folder.manifest() or {}
    entry: dict[str, Any] = {"name": name, "question": registry.find(name).summary, "state": "not run"}
    status = manifest.get("status")
    if status is None:
        return entry
    entry["seconds"] = manifest.get("seconds")
    if status == "complete" and (folder.path / "result.json").is_file():
        try:
            return entry | {
                "state": "complete",
                "result": load_result(folder.path, registry.load(name).PARAMS),
            }
        except DataFormatError as error:
            # One damaged run must not keep the others from their dashboard.
            return entry | {"state": "failed", "error": str(error), "step": STEPS[2]}
    if manifest.get("units_planned"):
        entry |= {"done": manifest.get("units_done", 0), "planned": manifest["units_planned"]}
    if status == "failed":
        about = {"error": manifest.get("error", "unknown"), "step": manifest.get("step", "")}
        return entry | {"state": "failed", **about}
    return entry | {"state": "interrupted", "step": manifest.get("step", "")}


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


def report(output: Path) -> list[Path]:
    """Draw all pages of an output folder again, from the saved results.

    Parameters
    ----------
    output : Path
        Folder of all analyses.

    Returns
    -------
    list of Path
        Pages written, the dashboard last.

    Raises
    ------
    FileNotFoundError
        If the folder holds no complete run.
    """
    pages = []
    for name in registry.entries():
        folder = RunFolder(output, name)
        if (folder.path / "result.json").is_file():
            module = registry.load(name)
            seconds = float((folder.manifest() or {}).get("seconds", 0.0))
            pages.append(_report(load_result(folder.path, module.PARAMS), module, folder, seconds))
    if not pages:
        raise FileNotFoundError(
            f"report: {output} holds no complete run (run one with neurosci run NAME --output {output})"
        )
    return [*pages, write_dashboard(output)]
