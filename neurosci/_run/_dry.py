"""What a run would do, without doing it."""

from __future__ import annotations

from types import ModuleType

from neurosci._core import registry
from neurosci._core.context import Context
from neurosci._core.folder import RunFolder
from neurosci._core.numbers import format_duration
from neurosci._core.params import Params
from neurosci._core.plan import Plan

UNKNOWN = "not known before the first run"
MEGABYTE = 1e6


def dry_run(name: str, params: Params, context: Context) -> str:
    """Describe a run: resolved parameters, data, expected duration, and what the folder already holds.

    Nothing is computed, downloaded or written.

    Parameters
    ----------
    name : str
        Analysis.
    params : Params
        Its parameters.
    context : Context
        How it would run.

    Returns
    -------
    str
        Lines for a console.
    """
    plan = plan_of(name, registry.load(name), params, context)
    parts = [
        [f"{name}: what the run would do; nothing is computed, downloaded or written"],
        ["", f"Parameters ({params.hash})", *_parameters(params)],
        ["", "Data", *_data(plan, download=context.download)],
        ["", "Expected duration", f"  {plan.duration}", *(f"  {line}" for line in plan.details)],
    ]
    if context.output is not None:
        parts.append(["", "Output", *_output(name, params, context)])
    return "\n".join(line for part in parts for line in part)


def plan_of(name: str, module: ModuleType, params: Params, context: Context) -> Plan:
    """Return what the analysis says about a run or, where it says nothing, what the table of analyses does.

    Parameters
    ----------
    name : str
        Analysis.
    module : module
        Its module.
    params : Params
        Its parameters.
    context : Context
        How it would run.

    Returns
    -------
    Plan
        Data and duration.
    """
    if hasattr(module, "plan"):
        return module.plan(params, context)  # type: ignore[no-any-return]
    entry = registry.find(name)
    durations = dict(zip(("quick", "paper"), entry.durations, strict=False))
    expected = durations.get(params.preset, UNKNOWN)
    if expected is not UNKNOWN and params.replace(seed=0) != module.PRESETS[params.preset].replace(seed=0):
        expected = f"{expected} with the preset {params.preset} as it is; some parameters differ here"
    return Plan(expected, entry.datasets)


def _parameters(params: Params) -> list[str]:
    rows = params.table()
    width = max(len(row["name"]) for row in rows)
    return [
        f"  {row['name']:{width}}  {row['value'] or '(none)'}{' ' * bool(row['unit'])}{row['unit']}"
        f"  [{row['source']}]"
        for row in rows
    ]


def _data(plan: Plan, *, download: bool) -> list[str]:
    from neurosci.datasets import list_datasets

    known = {record.name: record for record in list_datasets()}
    rows = []
    for name in plan.datasets:
        record = known[name]
        if record.found != "absent":
            where = "below NEUROSCI_DATA" if record.found == "local" else "in the cache"
            state = f"{record.n_files} file{'s' * (record.n_files > 1)} {where}"
        else:
            state = f"absent ({record.n_found} of {record.n_files} files are here)"
            if record.downloadable:
                size = f"{record.size_bytes / MEGABYTE:.1f} MB"
                state += f"; {size}, " + ("fetched where small, else left out" if download else "left out")
        rows.append(f"  {name}  {record.kind}, {state}")
    return rows or ["  none"]


def _output(name: str, params: Params, context: Context) -> list[str]:
    folder = RunFolder(context.output, name)  # type: ignore[arg-type]
    manifest = folder.manifest()
    if manifest is None:
        return [f"  {folder.path}: new"]
    if manifest.get("hash") != params.hash:
        return [
            f"  {folder.path}: holds a run with other parameters (choose another --output, or --overwrite)"
        ]
    units = f"{manifest.get('units_done', 0)} of {manifest.get('units_planned', 0)} units are finished"
    took = format_duration(float(manifest.get("seconds") or 0.0))
    return [f"  {folder.path}: {manifest.get('status')}, {units} after {took}"]
