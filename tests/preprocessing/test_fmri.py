"""NIfTI files whole, damaged and hostile."""

from __future__ import annotations

import contextlib
import gzip
import io
import resource
import struct
import warnings
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nilearn.image import mean_img

from neurosci._core.result import DataFormatError
from neurosci.preprocessing.fmri import read_nifti

SHAPE = (7, 8, 5, 6)


def voxels(shape=SHAPE):
    return np.random.default_rng(0).normal(100, 10, size=shape).astype("float32")


def nifti_bytes(data=None, kind=nib.Nifti1Image, **header):
    image = kind(voxels() if data is None else data, np.diag([2.0, 2, 3, 1]))
    for key, value in header.items():
        image.header[key] = value
    return image.to_bytes()


def write(tmp_path, content, name="bold.nii.gz"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content, mtime=0) if name.endswith("gz") else content)
    return path


def changed(content, place, value):
    return content[:place] + value + content[place + len(value) :]


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz", "BOLD.NII.GZ"])
def test_whole_file(tmp_path, name, kind):
    path = tmp_path / name
    content = nifti_bytes(kind=kind)
    path.write_bytes(gzip.compress(content) if name.lower().endswith("gz") else content)
    image = read_nifti(path)
    assert type(image) is kind
    assert np.array_equal(image.get_fdata(), voxels())
    assert np.array_equal(image.affine, np.diag([2.0, 2, 3, 1]))
    assert np.array_equal(read_nifti(str(path)).dataobj[..., 2], voxels()[..., 2])


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float64", ">i2", ">f4"])
def test_types_and_scaling(tmp_path, dtype):
    data = np.arange(7 * 8 * 5).reshape(7, 8, 5).astype(dtype)
    image = nib.Nifti1Image(data, np.eye(4))
    image.header.set_slope_inter(0.5, 3)
    path = tmp_path / "t1.nii.gz"
    nib.save(image, path)
    assert np.allclose(read_nifti(path).get_fdata(), nib.load(path).get_fdata())


def test_nilearn_takes_the_image(tmp_path):
    image = read_nifti(write(tmp_path, nifti_bytes()))
    assert np.allclose(mean_img(image).get_fdata(), voxels().mean(axis=3), atol=1e-4)


def test_nibabel_alone_misses_a_flipped_byte(tmp_path):
    """Why the stream is read to its end: at least one flip in a .nii.gz gives other voxels and no error."""
    content = gzip.compress(nifti_bytes(), mtime=0)
    path = tmp_path / "bold.nii.gz"
    missed = 0
    for place in range(600, len(content) - 20, 501):
        path.write_bytes(changed(content, place, bytes([content[place] ^ 0x10])))
        with contextlib.suppress(OSError, EOFError, zlib.error):
            missed += not np.array_equal(nib.load(path).get_fdata(), voxels())
    assert missed


def test_every_flipped_byte_of_a_gzip_is_noticed(tmp_path):
    """A flip gives an error that names the file, or the same voxels: gzip has spare bits."""
    content = gzip.compress(nifti_bytes(voxels((7, 8, 5))), mtime=0)
    path = tmp_path / "t1.nii.gz"
    passed = []
    for place in [*range(12), *range(12, len(content) - 8, 7), *range(len(content) - 8, len(content))]:
        path.write_bytes(changed(content, place, bytes([content[place] ^ (1 << place % 8)])))
        try:
            image = read_nifti(path)
        except DataFormatError as error:
            assert "read_nifti: t1.nii.gz cannot be used" in str(error)
        else:
            passed.append(place)
            assert np.array_equal(image.get_fdata(), voxels((7, 8, 5)))
    assert len(passed) < 12


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 0.999])
def test_truncated(tmp_path, name, share):
    path = write(tmp_path, nifti_bytes(), name)
    content = path.read_bytes()
    path.write_bytes(content[: max(1, int(len(content) * share))])
    with pytest.raises(DataFormatError, match=f"read_nifti: {name} cannot be used"):
        read_nifti(path)


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
@pytest.mark.parametrize("content", [b"<!DOCTYPE html><html>Please sign in</html>", b"\0" * 1000, b"x"])
def test_other_content(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataFormatError, match=f"{name} cannot be used"):
        read_nifti(path)
    with pytest.raises(
        DataFormatError, match=f"{name} cannot be used: it does not begin with a NIfTI header"
    ):
        read_nifti(write(tmp_path, content, name))


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
def test_empty(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(DataFormatError, match=f"{name} cannot be used: it is empty"):
        read_nifti(path)
    if name.endswith("gz"):
        with pytest.raises(DataFormatError, match="does not begin with a NIfTI header"):
            read_nifti(write(tmp_path, b"", name))


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
@pytest.mark.parametrize(
    "dim", [(4, 32767, 32767, 32767, 6), (3, 7, 8, 5000, 1), (7, 32767, 32767, 32767, 32767)]
)
def test_header_that_claims_more_than_there_is(tmp_path, name, dim):
    """Refused before memory is taken, in a process that may take no more than 512 MiB."""
    content = changed(nifti_bytes(), 40, struct.pack(f"<{len(dim)}h", *dim))
    path = write(tmp_path, content, name)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**29, hard))
    try:
        with pytest.raises(DataFormatError, match=rf"{name} cannot be used: its header claims [0-9,]+ bytes"):
            read_nifti(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_voxels_of_another_kind(tmp_path):
    for data in (
        np.ones((3, 4, 5), "complex64"),
        np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1")]),
    ):
        with pytest.raises(DataFormatError, match="its voxels must be real numbers"):
            read_nifti(write(tmp_path, nifti_bytes(data)))


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, struct.pack("<i", 349), "does not begin with a NIfTI header"),
        (40, struct.pack("<h", 0), "shape must be positive"),
        (40, struct.pack("<h", 9), ""),
        (42, struct.pack("<h", -7), "shape must be positive"),
        (42, struct.pack("<h", 0), "shape must be positive"),
        (70, struct.pack("<h", 999), ""),
        (108, struct.pack("<f", 1e9), "claims"),
        (108, struct.pack("<f", np.nan), ""),
        (108, struct.pack("<f", 4.0), ""),
        (112, struct.pack("<f", np.inf), "scale is infinite"),
        (280, struct.pack("<f", np.nan), "affine holds NaN"),
        (344, b"xxxx", ""),
    ],
)
@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
def test_impossible_headers(tmp_path, name, place, value, reason):
    with pytest.raises(DataFormatError, match=f"read_nifti: {name} cannot be used: .*{reason}"):
        read_nifti(write(tmp_path, changed(nifti_bytes(), place, value), name))


def test_more_bytes_than_described(tmp_path):
    content = changed(nifti_bytes(), 48, struct.pack("<h", 5))
    with pytest.warns(UserWarning, match="bold.nii.gz holds 1,120 bytes more than its header describes"):
        image = read_nifti(write(tmp_path, content))
    assert image.shape == (7, 8, 5, 5)
    with pytest.warns(UserWarning, match="bytes more than its header"):
        read_nifti(write(tmp_path, content, "bold.nii"))


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 351), value=st.binary(min_size=1, max_size=4))
def test_any_header_is_read_or_refused(tmp_path_factory, place, value):
    """Whatever the header says: an image, or the one error; never another one."""
    path = write(
        tmp_path_factory.mktemp("any"), changed(nifti_bytes(voxels((3, 4, 2))), place, value), "t1.nii"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = read_nifti(path)
        except DataFormatError as error:
            assert "t1.nii" in str(error)
        else:
            assert np.isfinite(image.get_fdata()).all()


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=600))
def test_any_bytes_are_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("t1.nii", "t1.nii.gz"):
        with pytest.raises(DataFormatError, match=name):
            read_nifti(write(folder, content, name))


@pytest.mark.parametrize("name", ["bold.nii", "bold.nii.gz"])
def test_nan_and_infinite_voxels(tmp_path, name):
    data = voxels()
    data[1, 2, 3, 4] = np.nan
    data[0, 0, 0, 5] = np.inf
    path = write(tmp_path, nifti_bytes(data), name)
    reason = r"2 of 1680 voxels are NaN or infinite, the first at volume 4"
    with pytest.raises(DataFormatError, match=f"{name} cannot be used: {reason}"):
        read_nifti(path)
    with pytest.warns(UserWarning, match=reason) as caught:
        image = read_nifti(path, nan_policy="propagate")
    assert caught[0].filename == __file__
    assert np.array_equal(image.get_fdata(), data, equal_nan=True)


def test_scaling_that_overflows(tmp_path):
    image = nib.Nifti1Image(np.full((3, 4, 5), 30000, "int16"), np.eye(4))
    content = changed(changed(image.to_bytes(), 112, struct.pack("<f", 3e38)), 116, struct.pack("<f", 0))
    assert np.isfinite(read_nifti(write(tmp_path, content)).get_fdata()).all()
    image = nib.Nifti1Image(np.full((3, 4, 5), 1e300), np.eye(4))
    content = changed(changed(image.to_bytes(), 112, struct.pack("<f", 3e38)), 116, struct.pack("<f", 0))
    with pytest.raises(DataFormatError, match="60 of 60 voxels are NaN or infinite, the first at slice 0"):
        read_nifti(write(tmp_path, content))


def test_size_limit(tmp_path):
    path = write(tmp_path, nifti_bytes())
    with pytest.raises(ValueError, match=r"needs 6,720 bytes .* at most max_bytes=6,000") as caught:
        read_nifti(path, max_bytes=6000)
    assert not isinstance(caught.value, DataFormatError)


def test_zeros_that_unpack_to_more_than_the_header_says(tmp_path):
    """64 MiB of zeros behind a small image: read for the checksum, never kept."""
    import tracemalloc

    path = write(tmp_path, nifti_bytes() + bytes(2**26))
    tracemalloc.start()
    with pytest.warns(UserWarning, match="67,108,864 bytes more"):
        read_nifti(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match=r"path must end in .nii, .nii.gz, got 'bold.img'"):
        read_nifti(tmp_path / "bold.img")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_nifti(tmp_path / "bold.nii")
    (tmp_path / "folder.nii").mkdir()
    with pytest.raises(IsADirectoryError, match="must be a file"):
        read_nifti(tmp_path / "folder.nii")
    with pytest.raises(ValueError, match="nan_policy must be one of 'raise', 'propagate', got 'omit'"):
        read_nifti(write(tmp_path, nifti_bytes()), nan_policy="omit")


def test_several_gzip_members(tmp_path):
    """A stream in several parts, as parallel gzip writes it, is one file; each part has its checksum."""
    content = nifti_bytes()
    buffer = io.BytesIO()
    for start in range(0, len(content), 3000):
        buffer.write(gzip.compress(content[start : start + 3000]))
    path = tmp_path / "bold.nii.gz"
    path.write_bytes(buffer.getvalue())
    assert np.array_equal(read_nifti(path).get_fdata(), voxels())
    path.write_bytes(changed(buffer.getvalue(), 1500, b"\x55\x55"))
    with pytest.raises(DataFormatError):
        read_nifti(path)
