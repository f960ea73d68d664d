"""Run one analysis: parameters in, result out, saved with its page."""

from __future__ import annotations

import dataclasses
import time
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

from neurosci._core import registry
from neurosci._core.checks import check_option
from neurosci._core.context import Context
from neurosci._core.folder import RunFolder
from neurosci._core.log import collect_warnings
from neurosci._core.params import Params
from neurosci._core.provenance import provenance, run_key
from neurosci._core.result import Result, load_result
from neurosci._core.units import ShardFinishedError, UnitStore

from ._messages import public_text
from ._pages import STEPS, write_dashboard, write_page


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
            write_page(result, module, folder, clock.seconds)
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
