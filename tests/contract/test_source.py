"""What no module of the package may do, read from its syntax tree."""

from __future__ import annotations

import ast
import re
import subprocess

import pytest

from tests.contract.surface import PACKAGE, ROOT, modules, stubs

# Generators are passed in; these draw from, or seed, a global one.
NUMPY_RANDOM_ALLOWED = {"Generator", "SeedSequence", "default_rng", "BitGenerator", "PCG64"}
FORBIDDEN_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "yaml",
    "psignifit",
    "pingouin",
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "print", "breakpoint"}


def dotted(node):
    """Name of an attribute chain, such as numpy.random.seed."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def problems(tree):
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
            found += [(node.lineno, f"imports {n}") for n in names if n.split(".")[0] in FORBIDDEN_MODULES]
            if "random" in names and not getattr(node, "level", 0):
                found.append((node.lineno, "imports the global generator of Python"))
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            match = re.fullmatch(r"(?:np|numpy)\.random\.(\w+)", name)
            if match and match[1] not in NUMPY_RANDOM_ALLOWED:
                found.append((node.lineno, f"uses {name}"))
            if name in (
                "torch.manual_seed",
                "torch.seed",
                "torch.random.manual_seed",
                "torch.cuda.manual_seed_all",
            ):
                found.append((node.lineno, f"uses {name}"))
            if name in ("joblib.load", "joblib.dump", "os.system", "os.popen"):
                found.append((node.lineno, f"uses {name}"))
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
                found.append((node.lineno, f"calls {node.func.id}"))
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                banned = {("shell", True), ("verify", False), ("allow_pickle", True), ("weights_only", False)}
                if (keyword.arg, value) in banned:
                    found.append((node.lineno, f"passes {keyword.arg}={value}"))
    return [f"line {line}: {what}" for line, what in found]


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in modules()])
def test_module_does_nothing_forbidden(path):
    assert problems(modules()[path]) == []


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nnp.random.seed(0)",
        "import numpy\nnumpy.random.rand(3)",
        "import random",
        "import torch\ntorch.manual_seed(0)",
        "import pickle",
        "from yaml import load",
        "eval('1')",
        "print('x')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import requests\nrequests.get('https://x', verify=False)",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
    ],
)
def test_the_check_finds_what_it_looks_for(code):
    assert problems(ast.parse(code))


def test_the_check_passes_what_is_fine():
    code = "import numpy as np\nrng = np.random.default_rng(0)\nrng.normal()\nnp.load('x')"
    assert problems(ast.parse(code)) == []


def test_package_init_files_hold_only_names():
    for path in PACKAGE.rglob("__init__.py"):
        if path.with_suffix(".pyi").is_file():
            kinds = {type(node) for node in ast.parse(path.read_text(encoding="utf-8")).body}
            assert kinds <= {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign}, path


def test_each_stub_is_loaded():
    for package, path in stubs().items():
        assert "attach_stub" in path.with_suffix(".py").read_text(encoding="utf-8"), package


def tracked_text_files():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is not a git checkout, so there is no list of its files")
    names = (
        name for name in listed.stdout.split("\0") if name and not name.endswith((".png", ".npz", ".gz"))
    )
    return [ROOT / name for name in names]


def test_no_file_names_a_folder_of_one_machine():
    homes = re.compile(rf"(?<![\w.])/(?:root|home|Users|{ROOT.parts[1]})/")
    here = str(ROOT)
    for path in tracked_text_files():
        if not path.is_file() or path.is_symlink():
            continue
        text = path.read_text(encoding="utf-8")
        found = [line for line in text.splitlines() if homes.search(line) or here in line]
        assert not found, f"{path.relative_to(ROOT)}: {found[0].strip()}"


def test_no_marks_of_unfinished_work():
    marks = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    for path in tracked_text_files():
        if path.suffix in (".py", ".pyi", ".rst", ".md", ".html", ".css") and path.is_file():
            found = marks.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)}: {found.group()}"
