"""The folder of a run: whose it is, and what is left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurosci._core.folder import FolderInUseError, ForeignFolderError, RunFolder
from neurosci._core.params import Params


def prepared(tmp_path: Path, params: Params | None = None) -> RunFolder:
    folder = RunFolder(tmp_path / "out dir ü", "example")
    folder.prepare_path()
    folder.prepare(params or Params(), "key")
    folder.record(params or Params(), "key", "running", seconds=1.0)
    return folder


def test_the_same_parameters_may_come_back(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    folder.prepare(Params(), "key")
    assert Params.from_toml((folder.path / "params.toml").read_text()) == Params()
    assert (folder.manifest() or {})["status"] == "running"


def test_another_run_needs_overwrite_and_takes_nothing_foreign_along(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    (folder.path / "units" / "a").mkdir(parents=True)
    (folder.path / "units" / "a" / "x.npz").write_bytes(b"x")
    (folder.path / "notes.txt").write_text("mine")
    with pytest.raises(ForeignFolderError, match="seed 0 there, 9 here"):
        folder.prepare(Params(seed=9), "key")
    assert (folder.path / "units" / "a" / "x.npz").exists()
    folder.prepare(Params(seed=9), "key", overwrite=True)
    assert not (folder.path / "units").exists()
    assert (folder.path / "notes.txt").read_text() == "mine"


def test_a_linked_folder_is_not_followed_when_cleared(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("mine")
    (folder.path / "tables").symlink_to(precious)
    folder.clear()
    assert (precious / "data").read_text() == "mine"


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    (folder.path / ".result.json.abc.part").write_text("half")
    folder.prepare(Params(), "key")
    assert not list(folder.path.glob(".*.part"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "other"}'])
def test_a_damaged_manifest_is_not_believed(tmp_path: Path, content: str) -> None:
    folder = prepared(tmp_path)
    (folder.path / "run.json").write_text(content)
    assert folder.manifest() is None


def test_a_failure_before_the_parameters_does_not_hold_the_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, "example")
    folder.prepare_path()
    folder.record(Params(), "", "failed", step="check parameters", error="bad")
    folder.prepare(Params(seed=5), "key")
    assert json.loads((folder.path / "run.json").read_text())["status"] == "failed"


def test_the_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    code = """
import os, sys, pathlib
from neurosci._core.folder import RunFolder
with RunFolder(pathlib.Path(sys.argv[1]), "example").locked():
    print("held", flush=True)
    sys.stdin.readline()
    os._exit(9)
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(folder.output)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin and holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(FolderInUseError, match=f"process {holder.pid}"), folder.locked():
        pass
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.wait() == 9
    holder.stdin.close()
    holder.stdout.close()
    with folder.locked():
        assert (folder.path / "run.lock").read_text() == str(os.getpid())
    assert not (folder.path / "run.lock").exists()
