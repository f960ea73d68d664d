"""Weight files: exact, whole, and refused before anything is read from a foreign one."""

from __future__ import annotations

import json
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from neurosci._training import load_weights, save_weights, seeded

TENSORS = {
    "weight": torch.arange(6.0).reshape(2, 3).T,
    "count": torch.tensor(3),
    "mask": torch.tensor([True, False]),
    "low": torch.ones(2, dtype=torch.bfloat16),
    "empty": torch.zeros(0, 4),
}


@pytest.mark.parametrize("name", ["folder", "file.safetensors"])
def test_comes_back_exactly(tmp_path, name):
    config = {"n_chans": 10, "names": ["A1-A2", "TI'4-TI'5"]}
    file = save_weights(tmp_path / name, "test", config, TENSORS)
    assert file.is_file()
    loaded, tensors = load_weights(tmp_path / name, "test")
    assert loaded == config
    assert all(torch.equal(tensors[k], TENSORS[k]) and tensors[k].dtype == TENSORS[k].dtype for k in TENSORS)
    if name == "folder":
        assert json.loads((tmp_path / name / "config.json").read_text()) == {"kind": "test", **config}


def test_other_kind_is_refused(tmp_path):
    save_weights(tmp_path / "a", "test", {}, TENSORS)
    with pytest.raises(ValueError, match=r"load_weights: model.safetensors must hold 'other', got 'test'"):
        load_weights(tmp_path / "a", "other")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"load_weights: there is no file .*nothing"):
        load_weights(tmp_path / "nothing", "test")


def foreign(tmp_path):
    with seeded(0):
        state = torch.nn.Linear(2, 2).state_dict()
    torch.save(state, tmp_path / "torch.pth")
    save_file(state, tmp_path / "plain.safetensors")
    save_file(state, tmp_path / "other.safetensors", metadata={"format": "pt", "kind": "test"})
    (tmp_path / "empty.bin").write_bytes(b"")
    (tmp_path / "short.bin").write_bytes(b"\x05")
    (tmp_path / "huge.bin").write_bytes((2**62).to_bytes(8, "little") + b"{}")
    (tmp_path / "list.bin").write_bytes((2).to_bytes(8, "little") + b"[]")
    (tmp_path / "deep.bin").write_bytes((90_000).to_bytes(8, "little") + b"[" * 90_000)
    with zipfile.ZipFile(tmp_path / "archive.bin", "w") as archive:
        archive.writestr("data.pkl", "x")
    return sorted(tmp_path.iterdir())


def test_foreign_files_are_refused_before_a_tensor_is_read(tmp_path, monkeypatch):
    files = foreign(tmp_path)
    monkeypatch.setattr("safetensors.torch.load", lambda _: pytest.fail("tensors were read"))
    monkeypatch.setattr("torch.load", lambda *_, **__: pytest.fail("torch.load was called"))
    assert len(files) == 9
    for path in files:
        with pytest.raises(ValueError, match="must be a file of save_weights, got no header of ours"):
            load_weights(path, "test")


def test_each_damaged_byte_is_noticed(tmp_path):
    file = save_weights(tmp_path / "a.safetensors", "test", {"n": 1}, {"w": torch.arange(4.0)})
    content = file.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x10
        file.write_bytes(changed)
        # A changed digit of the configuration is text like any other: it is the tensors that are guarded.
        try:
            _, tensors = load_weights(file, "test")
        except ValueError:
            continue
        assert torch.equal(tensors["w"], torch.arange(4.0)), place
    for length in range(0, len(content), 7):
        file.write_bytes(content[:length])
        with pytest.raises(ValueError, match="load_weights"):
            load_weights(file, "test")
