"""Files that others may have touched are loaded without pickle: nothing in them is executed."""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from neurosci._core.files import load_record, save_record
from neurosci._core.units import UnitStore
from tests.contract.surface import ROOT, modules
from tests.security.conftest import run


def signed(body: bytes) -> bytes:
    """The checksum of a unit file is no secret: whoever changes one can write a new one."""
    return hashlib.sha256(body).digest() + body


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def npy_header(text):
    header = text.encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header


def archive(kind=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as file:
        for name, content in members.items():
            file.writestr(f"{name.replace('__', '/')}.npy", content)
    return buffer.getvalue()


def plain(text):
    return npy(np.array(text))


@functools.cache
def bomb():
    """200 MB of zeros in 195 kB."""
    header = npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (25000000,)}")
    return archive(zipfile.ZIP_DEFLATED, plain=plain("{}"), array__x=header + bytes(200_000_000))


def bodies(trap):
    """Name and content of what could stand in place of a unit file, its checksum right."""
    objects = np.array([trap], dtype=object)
    unit = '{"unit": {"stage": "s", "name": "n", "inputs": "", "key": "k", "warnings": []}}'
    good = plain(unit)
    numbers = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}"
    return {
        "pickle": pickle.dumps(trap),
        "pickled dict": pickle.dumps({"plain": trap}),
        "array of objects": npy(objects),
        "plain as objects": npz(plain=objects),
        "array as objects": npz(plain=np.array("{}"), **{"array/x": objects}),
        "other member as objects": npz(plain=np.array("{}"), other=objects),
        "structured objects": npz(plain=np.array("{}"), x=np.array([(trap,)], dtype=[("a", object)])),
        "bare array": npy(np.arange(3)),
        "zip of nothing": archive(),
        "no zip": b"PK\x03\x04" + b"x" * 100,
        "no plain": archive(x=plain("{}")),
        "deep JSON": archive(plain=plain("[" * 100_000)),
        "long integer": archive(plain=plain('{"a": ' + "9" * 5000 + "}")),
        "JSON list": archive(plain=plain("[1, 2]")),
        "JSON number": archive(plain=plain("3")),
        "no JSON": archive(plain=plain("os.mkdir")),
        "number as plain": archive(plain=npy(np.array(3))),
        "unit of a wrong type": archive(plain=plain('{"unit": 3}')),
        "unit without a name": archive(plain=plain('{"unit": {}}')),
        "warnings of a wrong type": archive(plain=plain(unit.replace("[]", "7"))),
        "huge array": archive(plain=good, array__x=npy_header(numbers % "(999999999999,)")),
        "overflowing array": archive(plain=good, array__x=npy_header(numbers % f"({2**62}, {2**62})")),
        "expression for a shape": archive(plain=good, array__x=npy_header(numbers % "(10**9,)")),
        "unknown type": archive(plain=good, array__x=npy_header(numbers.replace("<f8", "zz") % "(3,)")),
        "cut header": archive(plain=good, array__x=npy_header("{'descr': '" + "(" * 500)),
        "bomb": bomb(),
    }


@pytest.mark.parametrize("case", bodies(None))
def test_unit_file_of_another_kind_is_computed_again(tmp_path, trap, case):
    store = UnitStore(tmp_path / "units", "k")
    path = store.path("s", "n")
    path.parent.mkdir(parents=True)
    path.write_bytes(signed(bodies(trap)[case]))
    message = "a saved unit was damaged and is computed again: load_record: n-[0-9a-f]{8}.npz is damaged"
    if case.startswith("unit ") or case.startswith("warnings "):
        assert store.load("s", "n", "") is None
    else:
        with pytest.warns(UserWarning, match=message):
            assert store.load("s", "n", "") is None
        with pytest.raises(ValueError, match="is damaged"):
            load_record(path)


def test_each_changed_byte_behind_a_right_checksum(tmp_path):
    """Whoever rewrites the checksum too gets another number or the one error; never another error."""
    path = tmp_path / "unit.npz"
    save_record(path, {"x": np.arange(40.0), "unit": {"name": "n"}, "note": "text"})
    body = path.read_bytes()[32:]
    for place in range(len(body)):
        path.write_bytes(signed(body[:place] + bytes([body[place] ^ 0x55]) + body[place + 1 :]))
        try:
            record = load_record(path)
        except ValueError as error:
            assert "unit.npz is damaged" in str(error)
        else:
            assert isinstance(record, dict)


def test_objects_are_not_saved(tmp_path, trap):
    with pytest.raises(TypeError, match="must be an array of numbers or strings, got dtype object"):
        save_record(tmp_path / "a.npz", {"x": np.array([trap], dtype=object)})
    with pytest.raises(TypeError):
        save_record(tmp_path / "a.npz", {"x": trap})
    assert not (tmp_path / "a.npz").exists()


def test_run_with_hostile_units_gives_the_numbers_of_a_clean_one(output, trap, tmp_path):
    """Every unit file replaced: warned about, computed again, same tables."""
    expected = (output / "dartboard" / "tables" / "boards.csv").read_bytes()
    units = sorted((output / "dartboard" / "units").rglob("*.npz"))
    assert len(units) == 3
    hostile = bodies(trap)
    for path, case in zip(units, ("array as objects", "pickle", "bomb"), strict=True):
        path.write_bytes(signed(hostile[case]))
    result = run(output)
    assert (output / "dartboard" / "tables" / "boards.csv").read_bytes() == expected
    assert sum("a saved unit was damaged" in text for text in result.warnings) == 3
    assert "executed" not in json.dumps(result.warnings)


def test_merge_copies_no_links(output, dartboard, tmp_path):
    """A unit of a shard that is a link would carry another file into a folder that may be shared."""
    from neurosci import _run
    from neurosci._core.context import Context

    secret = tmp_path / "secret.txt"
    secret.write_text("a key")
    unit = sorted((output / "dartboard" / "units").rglob("*.npz"))[0]
    unit.unlink()
    unit.symlink_to(secret)
    _run.merge([output], Context(output=tmp_path / "merged", verbose=False))
    copied = [path.read_bytes() for path in (tmp_path / "merged").rglob("*") if path.is_file()]
    assert copied
    assert all(b"a key" not in content for content in copied)


def test_torch_refuses_pickles(tmp_path, trap):
    """A fact about torch that the weights of this package rely on: foreign classes are refused by default."""
    torch = pytest.importorskip("torch")
    path = tmp_path / "weights.pt"
    torch.save({"weight": torch.zeros(2), "extra": trap}, path)
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(path)
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    assert version >= (2, 10), "older versions execute code even with weights_only=True"


UNSAFE_ATTRIBUTES = {
    "extractall": "writes wherever an archive says",
    "unpack_archive": "writes wherever an archive says",
    "read_pickle": "executes what a file says",
    "to_pickle": "writes what must not be read",
    "read_hdf": "unpickles objects",
    "from_stream_unsafe": "executes what a file says",
    "mktemp": "names a file that another may make first",
}


def unsafe(tree):
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in UNSAFE_ATTRIBUTES:
            found.append(f"line {node.lineno}: {node.attr} {UNSAFE_ATTRIBUTES[node.attr]}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            given = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
            if (owner, node.func.attr) == ("torch", "load") and given.get("weights_only") is not True:
                found.append(f"line {node.lineno}: torch.load without weights_only=True")
            if (
                owner in ("np", "numpy")
                and node.func.attr == "load"
                and given.get("allow_pickle") is not False
            ):
                found.append(f"line {node.lineno}: numpy.load without allow_pickle=False")
            if (owner, node.func.attr) in {("np", "fromstring"), ("tarfile", "open")}:
                found.append(f"line {node.lineno}: {owner}.{node.func.attr}")
    return found


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in modules()])
def test_module_loads_nothing_unsafely(path):
    assert unsafe(modules()[path]) == []


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(p)",
        "torch.load(p, weights_only=flag)",
        "np.load(p)",
        "archive.extractall(p)",
        "tarfile.open(p)",
    ],
)
def test_the_check_finds_what_it_looks_for(code):
    assert unsafe(ast.parse(code))


def test_names_from_files_are_never_imported():
    """Modules are imported by name in one place, from the registry."""
    users = [
        str(path.relative_to(ROOT / "neurosci"))
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "import_module"
    ]
    assert set(users) <= {"_core/registry.py", "cli/__init__.py"}
