"""Order of look-up, damaged files, folders that cannot be written."""

from __future__ import annotations

import os
import re
import stat

import pytest

from neurosci.datasets import (
    DataNotFoundError,
    DatasetIntegrityError,
    fetch,
    get_dataset,
    list_datasets,
    verify,
)
from neurosci.datasets._registry import RemoteFile, is_safe, parse_registry
from neurosci.datasets._store import find_roots, obtain


@pytest.fixture
def local(tmp_path, contents, place, cache, monkeypatch):
    """A complete NEUROSCI_DATA."""
    root = tmp_path / "local"
    place(root, contents)
    monkeypatch.setenv("NEUROSCI_DATA", str(root))
    return root


def test_local_files_go_before_the_cache_and_nothing_is_written(
    local, contents, make_dataset, place, cache, server, list_files
):
    place(cache, contents)
    before = {path: path.stat().st_mtime_ns for path in [local, *local.rglob("*")]}
    found = obtain(make_dataset(contents, server.url), where="test")
    assert all(path.is_relative_to(local) for path in found.values())
    assert {path: path.stat().st_mtime_ns for path in [local, *local.rglob("*")]} == before
    assert server.requests == []


def test_a_file_missing_locally_is_fetched_into_the_cache_alone(local, contents, make_dataset, cache, server):
    name = next(iter(contents))
    (local / "tiny/network_data" / name.replace(":", "")).unlink()
    before = sorted(local.rglob("*"))
    server.files = contents
    found = obtain(make_dataset(contents, server.url), where="test")
    assert [path.is_relative_to(cache) for path in found.values()] == [True] + [False] * (len(contents) - 1)
    assert sorted(local.rglob("*")) == before


def test_wrong_local_files_are_an_error_that_lists_them_all(local, contents, make_dataset, server):
    dataset = make_dataset(contents, server.url)
    paths = [local / file.path for file in dataset.files[:2]]
    for path in paths:
        path.write_bytes(b"other")
    with pytest.raises(DatasetIntegrityError, match="got 2 wrong") as caught:
        obtain(dataset, where="test")
    for file, path in zip(dataset.files, paths, strict=False):
        assert f"{path}: expected {file.sha256}, got " in str(caught.value)
    assert paths[0].read_bytes() == b"other"
    assert server.requests == []


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "folder", "symlink"])
def test_a_damaged_cache_file_is_repaired_with_a_warning(
    damage, contents, make_dataset, place, cache, server
):
    place(cache, contents)
    dataset = make_dataset(contents, server.url)
    server.files = contents
    path = cache / dataset.files[1].path
    good = path.read_bytes()
    if damage in ("folder", "symlink"):
        path.unlink()
        path.mkdir() if damage == "folder" else path.symlink_to(cache / dataset.files[0].path)
    else:
        path.write_bytes({"truncated": good[:50], "empty": b"", "flipped": b"?" + good[1:]}[damage])
    with pytest.warns(UserWarning, match=r"1 file\(s\) of the cache are damaged") as caught:
        obtain(dataset, where="test")
    # The warning points at the user's line, and holds no path of this machine (reports print warnings).
    assert caught[0].filename == __file__
    assert str(cache) not in str(caught[0].message)
    assert path.read_bytes() == good
    assert len(server.requests) == 1


def test_a_damaged_cache_file_is_an_error_where_downloads_are_off(
    contents, make_dataset, place, cache, server
):
    place(cache, contents)
    dataset = make_dataset(contents, server.url)
    path = cache / dataset.files[0].path
    path.write_bytes(b"other")
    with pytest.raises(DatasetIntegrityError, match=f"expected {dataset.files[0].sha256}, got "):
        obtain(dataset, where="test", download=False)
    assert path.read_bytes() == b"other"


def test_a_folder_with_content_in_place_of_a_file_is_not_deleted(
    contents, make_dataset, place, cache, server
):
    place(cache, contents)
    dataset = make_dataset(contents, server.url)
    server.files = contents
    path = cache / dataset.files[0].path
    path.unlink()
    (path / "mine").mkdir(parents=True)
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(DataNotFoundError, match="cannot be written"),
    ):
        obtain(dataset, where="test")
    assert (path / "mine").is_dir()


def test_refresh_downloads_again(contents, make_dataset, place, cache, server):
    place(cache, contents)
    server.files = contents
    obtain(make_dataset(contents, server.url), where="test", refresh=True)
    assert len(server.requests) == len(contents)


def test_refresh_keeps_good_files_when_it_fails(contents, make_dataset, place, cache, server):
    place(cache, contents)
    server.mode = "404"
    dataset = make_dataset(contents, server.url)
    with pytest.raises(DataNotFoundError):
        obtain(dataset, where="test", refresh=True)
    assert len(obtain(dataset, where="test", download=False)) == len(contents)


def test_a_run_downloads_nothing_above_the_limit(contents, make_dataset, cache, server):
    server.files = contents
    dataset = make_dataset(contents, server.url, size_bytes=61_000_000)
    with pytest.raises(DataNotFoundError, match="at most 20 MB by itself, and this is 61 MB"):
        obtain(dataset, where="test")
    assert server.requests == []
    obtain(dataset, where="test", download="force")


def test_the_limit_itself_is_allowed(contents, make_dataset, cache, server):
    server.files = contents
    obtain(make_dataset(contents, server.url, size_bytes=20_000_000), where="test")


def test_no_download_when_switched_off(contents, make_dataset, cache, server):
    with pytest.raises(DataNotFoundError, match="downloads are switched off"):
        obtain(make_dataset(contents, server.url), where="test", download=False)
    assert server.requests == []


def test_a_cache_that_is_a_file(contents, make_dataset, server, cache):
    server.files = contents
    cache.write_text("mine")
    with pytest.raises(DataNotFoundError, match=r"cache folder cannot be written .*NEUROSCI_CACHE"):
        obtain(make_dataset(contents, server.url), where="test")
    assert cache.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the administrator")
def test_a_cache_without_permission(contents, make_dataset, server, cache):
    cache.mkdir()
    cache.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(DataNotFoundError, match="cache folder cannot be written"):
        obtain(make_dataset(contents, server.url), where="test")


def test_a_full_disk(contents, make_dataset, server, cache, monkeypatch, list_files):
    def full(_handle):
        raise OSError(28, "No space left on device")

    server.files = contents
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataNotFoundError, match=r"cannot be written .*no space left"):
        obtain(make_dataset(contents, server.url), where="test")
    assert list_files(cache) == []


def test_a_cache_inside_the_read_only_root_is_refused(contents, make_dataset, server, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSCI_DATA", str(tmp_path))
    monkeypatch.setenv("NEUROSCI_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataNotFoundError, match="lies inside NEUROSCI_DATA"):
        obtain(make_dataset(contents, server.url), where="test")
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_does_not_exist_is_mentioned(contents, make_dataset, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSCI_DATA", str(tmp_path / "typo"))
    with pytest.raises(DataNotFoundError, match=r"NEUROSCI_DATA is set to .*typo, which is not a folder"):
        obtain(make_dataset(contents), where="test")


def test_data_dir_replaces_the_cache(tmp_path, cache):
    assert find_roots().cache == cache
    assert find_roots(tmp_path / "mine").cache == tmp_path / "mine"


def test_the_platform_cache_is_the_default(monkeypatch):
    monkeypatch.delenv("NEUROSCI_CACHE", raising=False)
    monkeypatch.setenv("NEUROSCI_DATA", "")
    roots = find_roots()
    assert roots.local is None
    assert roots.cache.name == "neurosci"


# What lies below NEUROSCI_DATA file by file as it was released.
RELEASED = ("critical_band", "critical_band_humans", "dendrites")


def test_people_are_not_offered_for_download(cache):
    with pytest.raises(DataNotFoundError, match="no public download") as caught:
        fetch("critical_band_humans")
    assert "datasets fetch" not in str(caught.value)
    assert str(cache / "critical_band/human/human_counts.csv") in str(caught.value)


def test_list_and_verify_without_data(cache):
    records = {record.name: record for record in list_datasets()}
    assert {record.found for record in records.values()} == {"absent"}
    assert records["critical_band"].downloadable
    assert not records["critical_band_humans"].downloadable
    assert {record.state for record in verify()} == {"missing"}
    assert len(verify()) == sum(record.n_files for record in records.values())
    assert sum(records[name].n_files for name in RELEASED) == 114


def test_list_and_verify_see_local_cached_and_damaged_files(cache, published, monkeypatch, list_files):
    monkeypatch.setenv("NEUROSCI_DATA", str(published.parent))
    assert {record.found for record in list_datasets() if record.name in RELEASED} == {"local"}
    assert {record.state for name in RELEASED for record in verify(name)} == {"ok"}
    assert len(fetch("critical_band")) == 102
    assert not cache.exists()

    monkeypatch.delenv("NEUROSCI_DATA")
    for file in get_dataset("critical_band_humans").files:
        target = cache / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((published.parent / file.path).read_bytes())
    found = {record.name: record.found for record in list_datasets() if record.name in RELEASED}
    assert found == {"critical_band": "absent", "critical_band_humans": "cache", "dendrites": "absent"}
    target.write_bytes(b"")
    assert [record.state for record in verify("critical_band_humans")] == ["ok", "corrupt"]


def test_unknown_names_suggest_the_nearest(cache):
    for function in (fetch, verify, get_dataset):
        with pytest.raises(ValueError, match=re.escape("did you mean 'critical_band'?")):
            function("critical_bnd")


def test_every_registered_data_set_says_what_it_is():
    for record in list_datasets():
        dataset = get_dataset(record.name)
        assert dataset.kind in ("real", "published")
        for text in (dataset.licence, dataset.citation, dataset.terms, dataset.stand_in, dataset.description):
            assert text
        assert len({file.path for file in dataset.files}) == len(dataset.files)


def test_sizes_are_those_of_the_files(published):
    # of wheels and archives of other places only a part is kept
    for record in list_datasets():
        if record.name not in RELEASED:
            continue
        files = get_dataset(record.name).files
        assert record.size_bytes == sum((published.parent / file.path).stat().st_size for file in files)


HASH = "0" * 64


def test_registry_lines():
    lines = f"# comment\n\na/b.json {HASH} b:c.json\nplain.csv {HASH}\n"
    assert list(parse_registry(lines, "root", "https://x.org/")) == [
        RemoteFile("root/a/b.json", HASH, "https://x.org/b%3Ac.json"),
        RemoteFile("root/plain.csv", HASH, None),
    ]


@pytest.mark.parametrize("line", [f"../up {HASH}", "a.json 123", "a.json", f"a {HASH} b c", f"/abs {HASH} b"])
def test_bad_registry_lines(line):
    with pytest.raises(ValueError, match="registry of root: line 1"):
        list(parse_registry(line, "root", ""))


@pytest.mark.parametrize(
    "path", ["", ".", "/a", "a/../b", "..", "a//b", "a/", "./a", "a\\b", "C:/a", "a\nb", "a\x00b", "a*"]
)
def test_unsafe_paths(path):
    assert not is_safe(path)


def test_safe_paths():
    assert is_safe("a/b-c_d.json")
    assert is_safe("resources/ex/sub-01.tsv")
