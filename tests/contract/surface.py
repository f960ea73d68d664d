"""What the package offers, found from its stubs: shared by the tests of the surface."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "neurosci"


def stubs() -> dict[str, Path]:
    """The package and its public sub-packages, each with the stub that lists its names."""
    top = PACKAGE / "__init__.pyi"
    inner = {name: PACKAGE / name / "__init__.pyi" for name in stub_names(top)}
    return {"neurosci": top} | {f"neurosci.{name}": path for name, path in inner.items() if path.is_file()}


def stub_names(path: Path) -> list[str]:
    """Names that a stub re-exports."""
    names = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            assert all(alias.asname == alias.name for alias in node.names), f"{path}: write `import a as a`"
            names += [alias.name for alias in node.names]
    return names


def public_objects() -> dict[str, Any]:
    """Every public class and function, by its public name; a public module offers what it defines."""
    found = {}
    for package, path in stubs().items():
        module = importlib.import_module(package)
        for name in stub_names(path):
            value = getattr(module, name)
            if not isinstance(value, ModuleType):
                found[f"{package}.{name}"] = value
            elif value.__name__ not in stubs():
                found |= {
                    f"{value.__name__}.{key}": member
                    for key, member in vars(value).items()
                    if not key.startswith("_") and getattr(member, "__module__", None) == value.__name__
                }
    return found


def public_methods(cls: type) -> list[str]:
    """Methods and properties that a class of ours defines and offers."""
    return [
        name
        for name, member in inspect.getmembers_static(cls)
        if not name.startswith("_")
        and (isinstance(member, property | classmethod | staticmethod) or inspect.isfunction(member))
        and inspect.getmodule(_function(member)).__name__.startswith("neurosci")
    ]


def _function(member: Any) -> Any:
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__func__", member)


@functools.cache
def modules() -> dict[Path, ast.Module]:
    """Syntax trees of all modules of the package, read once: many tests ask for one of them."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
