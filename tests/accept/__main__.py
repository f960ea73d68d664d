"""``python -m tests.accept NAME``: a long acceptance run, made of units that are saved and not repeated.

A run is a module of this folder with ``units() -> list of str`` and ``run_unit(name) -> dict``, which is JSON
and holds ``passed``. Results go to ``accept/NAME.json`` with the commit and the machine. A unit is repeated
when the code has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT, describe
from neurosci._core.files import write_json

FOLDER = Path(__file__).parent


def available() -> list[str]:
    """Names of the runs."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith(("_", "test_")))


def code_hash(name: str) -> str:
    """Hash of all that a unit's result depends on: the package and the run itself."""
    digest = hashlib.sha256()
    package = (
        path
        for path in sorted((ROOT / "neurosci").rglob("*"))
        if path.suffix and "__pycache__" not in path.parts and path.is_file()
    )
    for path in (*package, FOLDER / f"{name}.py"):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def load_unit(path: Path, code: str) -> dict[str, Any] | None:
    """A finished unit of the same code, or nothing."""
    if not path.is_file():
        return None
    saved = json.loads(path.read_text(encoding="utf-8"))
    return saved if saved["code"] == code else None


def run(name: str, output: Path, restart: bool = False) -> dict[str, Any]:
    """Run what is not finished and write the summary last."""
    module = importlib.import_module(f"tests.accept.{name}")
    code = code_hash(name)
    folder = output / f"{name}-units"
    folder.mkdir(parents=True, exist_ok=True)
    finished = {}
    for unit in module.units():
        path = folder / f"{re.sub('[^A-Za-z0-9_-]', '-', unit)}.json"
        saved = None if restart else load_unit(path, code)
        if saved is None:
            start = time.perf_counter()
            outcome = module.run_unit(unit)
            saved = {"unit": unit, "code": code, "seconds": round(time.perf_counter() - start, 1), **outcome}
            write_json(path, saved)
            origin = f"{saved['seconds']} s"
        else:
            origin = "saved earlier"
        finished[unit] = saved
        print(f"{'passed' if saved['passed'] else 'FAILED'}  {unit}  ({origin})", flush=True)
    passed = all(unit["passed"] for unit in finished.values())
    summary = {"name": name, "passed": passed, "code": code, **describe(), "units": finished}
    write_json(output / f"{name}.json", summary)
    return summary


def main(arguments: list[str] | None = None) -> int:
    """Run one acceptance run; 0 when every unit passed."""
    parser = argparse.ArgumentParser(
        prog="make accept", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=available(), metavar="NAME", help=f"one of: {', '.join(available())}")
    parser.add_argument("--output", type=Path, default=ROOT / "accept")
    parser.add_argument("--restart", action="store_true", help="repeat units that are finished")
    options = parser.parse_args(arguments)
    summary = run(options.name, options.output, options.restart)
    print(options.output / f"{options.name}.json")
    return 0 if summary["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
