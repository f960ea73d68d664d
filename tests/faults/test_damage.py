"""Damaged units, manifests and results: computed again with a warning, or refused; never believed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import neurosci as package
from neurosci import _run
from neurosci._core.result import DataFormatError, load_result
from neurosci._core.units import UnitStore
from tests.cli.installed import contents, leftovers

SETTINGS = {"n_boards": 3, "n_darts": 50, "verbose": False}


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def _other_version(path: Path) -> None:
    store = UnitStore(path.parent.parent, "0" * 16)
    store.save("throw", "board 1", "", {"hits": -1, "first": [0.0, 0.0]}, [])


def _link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "half of it": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "nothing": lambda path: path.write_bytes(b""),
    "zero bytes": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "one bit": _flip,
    "other code": _other_version,
    "a folder": _folder,
    "a link to nothing": _link_to_nothing,
    "absent": lambda path: path.unlink(),
}
SILENT = ("other code", "absent", "a link to nothing")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_unit_is_computed_again(dartboard: None, tmp_path: Path, damage: str) -> None:
    package.run("dartboard", output=tmp_path, **SETTINGS)
    tables = (tmp_path / "dartboard" / "tables" / "boards.csv").read_bytes()
    (unit,) = (tmp_path / "dartboard" / "units" / "throw").glob("board-1-*.npz")
    whole = unit.read_bytes()
    DAMAGES[damage](unit)
    result = package.run("dartboard", output=tmp_path, **SETTINGS)
    assert (tmp_path / "dartboard" / "tables" / "boards.csv").read_bytes() == tables
    assert unit.read_bytes() == whole
    told = [text for text in result.warnings if "damaged" in text]
    assert len(told) == (0 if damage in SILENT else 1)


def test_a_unit_in_the_place_of_another_is_not_believed(dartboard: None, tmp_path: Path) -> None:
    package.run("dartboard", output=tmp_path, **SETTINGS)
    expected = contents(tmp_path)
    units = sorted((tmp_path / "dartboard" / "units" / "throw").glob("*.npz"))
    shutil.copy(units[0], units[1])
    package.run("dartboard", output=tmp_path, **SETTINGS)
    assert contents(tmp_path) == expected


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        *(("result.json", damage) for damage in ("half of it", "nothing", "zero bytes", "absent")),
        *(("tables/boards.csv", damage) for damage in ("half of it", "one bit", "a folder", "absent")),
    ],
)
def test_a_damaged_result_is_refused_and_the_run_repairs_it(
    dartboard: None, tmp_path: Path, file: str, damage: str
) -> None:
    from dartboard.analysis import PARAMS

    package.run("dartboard", output=tmp_path, **SETTINGS)
    expected = contents(tmp_path)
    DAMAGES[damage](tmp_path / "dartboard" / file)
    with pytest.raises((DataFormatError, OSError), match=r"result\.json|boards"):
        load_result(tmp_path / "dartboard", PARAMS)
    package.run("dartboard", output=tmp_path, **SETTINGS)
    assert contents(tmp_path) == expected


@pytest.mark.parametrize("damage", ["half of it", "nothing", "zero bytes"])
def test_a_damaged_manifest_is_told_and_nothing_is_lost(dartboard: None, tmp_path: Path, damage: str) -> None:
    package.run("dartboard", output=tmp_path, **SETTINGS)
    expected = contents(tmp_path)
    DAMAGES[damage](tmp_path / "dartboard" / "run.json")
    with pytest.raises(FileExistsError, match=r"run\.json is damaged"):
        package.run("dartboard", output=tmp_path, **SETTINGS)
    assert contents(tmp_path) == expected


def test_nothing_of_an_unfinished_run_can_be_read(dartboard: None, tmp_path: Path) -> None:
    from dartboard.analysis import PARAMS

    with pytest.raises(RuntimeError, match="board 2"):
        package.run("dartboard", output=tmp_path, fail_at=2, **SETTINGS)
    with pytest.raises(FileNotFoundError, match="not complete"):
        load_result(tmp_path / "dartboard", PARAMS)
    with pytest.raises(FileNotFoundError, match="no complete run"):
        _run.report(tmp_path)
    assert len(list((tmp_path / "dartboard" / "units" / "throw").glob("*.npz"))) == 2
    assert leftovers(tmp_path) == []
