"""Pages of an output folder: one per complete run, and the dashboard over all of them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from neurosci._core import registry
from neurosci._core.folder import RunFolder, shared_page
from neurosci._core.result import DataFormatError, Result, load_result

STEPS = ("check parameters", "run", "write the report")


def write_page(result: Result, module: ModuleType, folder: RunFolder, seconds: float) -> Path:
    """Write figures, page, tables and, last, the result.

    Parameters
    ----------
    result : Result
        What the analysis found.
    module : module
        The analysis, for its figures.
    folder : RunFolder
        Where to write.
    seconds : float
        Duration of the run, in seconds.

    Returns
    -------
    Path
        The page.
    """
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
            pages.append(write_page(load_result(folder.path, module.PARAMS), module, folder, seconds))
    if not pages:
        raise FileNotFoundError(
            f"report: {output} holds no complete run (run one with neurosci run NAME --output {output})"
        )
    return [*pages, write_dashboard(output)]
