"""What ``neurosci info`` says is missing, and what an error says that a missing library causes."""

from __future__ import annotations

import ast
import builtins
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from neurosci import cli
from neurosci.cli import info
from tests.contract.surface import ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Where the name of an import is not that of the distribution.
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}
# A required library cannot be installed without these, which are parts of its interface.
BROUGHT_ALONG = {"llvmlite": "numba", "markupsafe": "jinja2"}


def required() -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}


def distribution(module: str) -> str:
    top = module.partition(".")[0]
    return canonicalize_name(DISTRIBUTIONS.get(top, top))


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every absolute import of a foreign module below a node, by the distribution that it needs."""
    known = {"neurosci", *sys.stdlib_module_names}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        yield from ((node, distribution(name)) for name in names if name.partition(".")[0] not in known)


def optional_imports() -> dict[str, list[tuple[str, list[str]]]]:
    """Library to the places that import it, each with the messages of the ImportError raised around it."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for path, tree in modules().items():
        guarded = {}
        for block in ast.walk(tree):
            if isinstance(block, ast.Try):
                messages = [text for handler in block.handlers for text in raised(handler)]
                guarded |= {id(node): messages for node, _ in imported(block)}
        for node, name in imported(tree):
            if not {name, BROUGHT_ALONG.get(name)} & required():
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                found.setdefault(name, []).append((place, guarded.get(id(node), [])))
    return found


def raised(handler: ast.ExceptHandler) -> list[str]:
    """Texts of the import errors that a handler raises; what is filled in stands as {}."""
    texts = []
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise) and ast.unparse(node).startswith("raise ImportError("):
            (message,) = node.exc.args
            parts = message.values if isinstance(message, ast.JoinedStr) else [message]
            texts.append("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts))
    return texts


def test_extras_are_those_of_the_project() -> None:
    declared = {
        extra: {Requirement(text).name for text in texts}
        for extra, texts in PROJECT["optional-dependencies"].items()
    }
    assert {extra: set(libraries) for extra, libraries in info.EXTRAS.items()} == declared
    assert not set(info.ALONE) & set(info.EXTRAS["io"]) & set(info.EXTRAS["cluster"])
    assert required() >= {"numpy", "torch"}


def test_every_optional_import_names_the_command_that_brings_it() -> None:
    found = optional_imports()
    assert {"pynwb", "mne-bids"} <= set(found)
    commands = {canonicalize_name(name): f"pip install {name}" for name in info.ALONE}
    for extra, libraries in info.EXTRAS.items():
        commands |= {canonicalize_name(name): f"pip install 'neurosci[{extra}]'" for name in libraries}
    for name, places in found.items():
        assert name in commands, f"{name} is neither required nor in an extra: {places}"
        for place, messages in places:
            assert messages, f"{place}: {name} is imported without an error that says how to install it"
            for text in messages:
                assert commands[name] in text, f"{place}: {text!r} lacks {commands[name]}"
                assert re.search(rf"\b{name.replace('-', '[-_]')}\b", text), f"{place}: {text!r} lacks {name}"


@pytest.mark.parametrize(
    ("module", "library"),
    [("pynwb", "pynwb"), ("mne_bids", "mne-bids"), ("huggingface_hub", "huggingface_hub")],
)
def test_a_missing_library_is_explained(
    module: str, library: str, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    from neurosci.datasets import download_du_in_release, load_nwb_spikes
    from neurosci.preprocessing.ieeg import read_bids

    real = builtins.__import__

    def without(name: str, *arguments: object, **options: object) -> object:
        if name.partition(".")[0] == module:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *arguments, **options)

    calls: dict[str, Callable[[], object]] = {
        "pynwb": lambda: load_nwb_spikes(tmp_path / "units.nwb"),
        "mne_bids": lambda: read_bids(tmp_path, subject="01", task="rest"),
        "huggingface_hub": lambda: download_du_in_release(tmp_path, revision="main"),
    }
    (tmp_path / "units.nwb").write_bytes(b"")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install") as caught:
        calls[module]()
    assert library in str(caught.value)
    wanted = f"pip install {library}" if library in info.ALONE else "pip install 'neurosci[io]'"
    assert wanted in str(caught.value)


def test_info_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    present = dict.fromkeys(info.OPTIONAL, "1.0") | {"pynwb": info.MISSING, "dask": info.MISSING}
    monkeypatch.setattr(info, "optional_versions", lambda: present)
    assert cli.main(["info"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^pynwb +not installed$", shown, flags=re.MULTILINE)
    assert "pip install 'neurosci[io]'        pynwb (NWB files)" in shown
    assert "pip install 'neurosci[cluster]'   dask" in shown
    assert "mne-bids (" not in shown
    monkeypatch.setattr(info, "optional_versions", lambda: dict.fromkeys(info.OPTIONAL, "1.0"))
    assert cli.main(["info"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing is missing."


def test_a_broken_installation_is_told_from_an_extra() -> None:
    lines = info.remedies(["torch", "neo"])
    assert lines[0] == "Missing, and needed by every run:"
    assert "torch" in lines[1] and "neo" not in lines[1]
    assert "neurosci[io]" in lines[3]


def test_json_holds_the_same_versions() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "neurosci", "info", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert set(info.OPTIONAL) <= set(found)
    assert found["numpy"] != info.MISSING
