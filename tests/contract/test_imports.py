"""Nothing heavy is loaded before it is used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time

import pytest

from tests.contract.surface import ROOT, modules

HEAVY = [
    "torch",
    "nilearn",
    "mne",
    "matplotlib",
    "pandas",
    "scipy",
    "sklearn",
    "statsmodels",
    "numba",
    "joblib",
    "pooch",
]
LIST_MODULES = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"

STATEMENTS = {"import": "import neurosci", "list_analyses": "import neurosci; neurosci.list_analyses()"}
STATEMENTS |= {
    f"neurosci {argument}": "import contextlib, io\n"
    "from neurosci.cli import main\n"
    f"with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main([{argument!r}])"
    for argument in ("--help", "--version", "list")
}


def run_python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("case", STATEMENTS)
def test_nothing_heavy_is_loaded(case):
    loaded = json.loads(run_python("-c", f"{STATEMENTS[case]}\n{LIST_MODULES}").splitlines()[-1])
    assert "neurosci" in loaded
    assert not set(HEAVY) & set(loaded)


def fastest(*arguments, n=7):
    times = []
    for _ in range(n):
        start = time.perf_counter()
        run_python(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def test_import_costs_little_over_numpy():
    # The minimum of several is what the code needs; the rest is what else the machine did meanwhile.
    assert fastest("-c", "import neurosci") - fastest("-c", "import numpy") < 0.1


def test_help_costs_at_most_three_imports_of_numpy():
    # `make bench` reports the seconds; here only the ratio, which does not depend on the machine.
    assert fastest("-m", "neurosci", "--help") < 3 * fastest("-c", "import numpy")


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in modules()])
def test_matplotlib_is_imported_inside_functions_only(path):
    # Under `if TYPE_CHECKING:` nothing is loaded, so only plain module-level statements count.
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            assert all(not alias.name.startswith("matplotlib") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("matplotlib")


def names_imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def draws(path):
    return any(
        name.split(".")[0] == "matplotlib" or "reporting" in name.split(".") for name in names_imported(path)
    )


ANALYSES = [path.parent for path in modules() if path.name == "analysis.py"]


@pytest.mark.parametrize("folder", [pytest.param(p, id=p.name) for p in ANALYSES])
def test_only_modules_named_for_drawing_draw(folder):
    drawing = {path.stem for path in folder.glob("*.py") if draws(path)} - {"analysis"}
    assert drawing
    assert all(name.startswith(("_plots", "_panels")) for name in drawing)
