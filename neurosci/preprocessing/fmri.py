"""Functional and structural MRI."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from neurosci.preprocessing._files import (
    CHUNK,
    FiniteCheck,
    check_file,
    largest_content,
    open_whole,
    refusing,
)

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Image

_SUFFIXES = (".nii", ".nii.gz")


def read_nifti(path: str | Path, *, nan_policy: str = "raise", max_bytes: int = 2**33) -> Nifti1Image:
    """Read a NIfTI image whole, and refuse it where the file is damaged.

    Parameters
    ----------
    path : path-like
        File that ends in ``.nii`` or ``.nii.gz``.
    nan_policy : {"raise", "propagate"}, default="raise"
        Refuse NaN and infinite voxels, or keep them with a warning that counts them.
    max_bytes : int, default=8589934592
        Largest size of all voxels as stored, in bytes (8 GiB), checked before memory is taken.

    Returns
    -------
    nibabel.nifti1.Nifti1Image
        The image, NIfTI-1 or NIfTI-2. Its voxels are in memory as stored for ``.nii.gz`` and on the
        disk for ``.nii``; ``get_fdata()`` scales them.

    Raises
    ------
    DataFormatError
        If the file is empty, truncated, no NIfTI, of complex or coloured voxels, fails its gzip
        checksum, holds fewer bytes than its header claims, or holds NaN or infinite voxels.
    ValueError
        If the name has another ending, or the voxels need more than `max_bytes`.
    OSError
        If the file is absent or may not be read.

    Warns
    -----
    UserWarning
        If the file holds more bytes than its header describes, or NaN under "propagate".

    Notes
    -----
    nibabel stops reading a ``.nii.gz`` where the voxels end, before the checksum that follows them, and
    so takes changed bytes for data; here the stream is read to its end. A ``.nii`` has no checksum:
    a changed voxel in it cannot be seen. Peak memory is twice the stored voxels for ``.nii.gz``, and
    one volume in float64 in both cases.

    Examples
    --------
    >>> from neurosci.preprocessing.fmri import read_nifti
    >>> img = read_nifti("sub-01_bold.nii.gz")  # doctest: +SKIP
    """
    where = "read_nifti"
    file = check_file(where, path, _SUFFIXES, nan_policy)
    with open_whole(file) as stream:
        with refusing(where, file):
            kind, needed, voxels = _read_header(stream, largest_content(file))
        if voxels > max_bytes:
            raise ValueError(
                f"{where}: {file.name} needs {voxels:,} bytes for its voxels, which must be at most "
                f"max_bytes={max_bytes:,} (raise it if that much memory is free)"
            )
        with refusing(where, file):
            content, held = _read_content(stream, needed, keep=file.name.lower().endswith(".gz"))
            if held < needed:
                raise ValueError(f"its header claims {needed:,} bytes, and it holds {held:,}")
            image: Any = kind.from_filename(file) if content is None else kind.from_stream(content)
    if held > needed:
        warnings.warn(
            f"{where}: {file.name} holds {held - needed:,} bytes more than its header describes "
            "(its shape or type may be wrong)",
            stacklevel=2,
        )
    _check_voxels(where, file, image, nan_policy)
    return image  # type: ignore[no-any-return]


def _read_header(stream: IO[bytes], limit: int) -> tuple[Any, int, int]:
    """Return the class of image, the bytes that the file must hold, and those of the voxels."""
    from nibabel.nifti1 import Nifti1Image
    from nibabel.nifti2 import Nifti2Image

    start = stream.read(540)
    kind = Nifti2Image if start[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c") else Nifti1Image
    size = kind.header_class.sizeof_hdr
    if len(start) < size or start[:4] not in (size.to_bytes(4, "little"), size.to_bytes(4, "big")):
        raise ValueError("it does not begin with a NIfTI header")
    header: Any = kind.header_class(start[:size], check=True)  # type: ignore[no-untyped-call]
    dtype, shape = header.get_data_dtype(), header.get_data_shape()
    if dtype.kind not in "iuf":
        raise ValueError(f"its voxels must be real numbers, got {dtype}")
    if not shape or min(shape) < 1:
        raise ValueError(f"its shape must be positive, got {tuple(shape)}")
    if not np.isfinite(header.get_best_affine()).all():
        raise ValueError("its affine holds NaN or infinite numbers")
    # NaN and 0 stand for "not scaled"; nibabel takes infinity for that too.
    if np.isinf(header["scl_slope"]):
        raise ValueError("its scale is infinite")
    voxels = math.prod(int(n) for n in shape) * dtype.itemsize
    offset = header.get_data_offset()
    if offset < size:
        raise ValueError(f"its voxels must begin after the header, got byte {offset}")
    if offset + voxels > limit:
        raise ValueError(
            f"its header claims {offset + voxels:,} bytes, more than a file of this size can hold"
        )
    stream.seek(0)
    return kind, offset + voxels, voxels


def _read_content(stream: IO[bytes], needed: int, *, keep: bool) -> tuple[io.BytesIO | None, int]:
    """Read to the end, which checks the checksum of gzip, and keep what the header describes."""
    content = io.BytesIO()
    if not keep:
        return None, stream.seek(0, io.SEEK_END)
    held = 0
    while block := stream.read(CHUNK):
        content.write(block[: max(0, needed - held)])
        held += len(block)
    content.seek(0)
    return content, held


def _check_voxels(where: str, file: Path, image: Any, nan_policy: str) -> None:
    check = FiniteCheck(where, file, "voxels")
    name = "volume" if image.ndim > 3 else "slice"
    # Scaling may overflow, which is what is looked for.
    with np.errstate(all="ignore"), refusing(where, file):
        for index in range(image.shape[-1]):
            block = np.asarray(image.dataobj[..., index], dtype=np.float64)
            check.add(block[..., np.newaxis], index, name)
    check.finish(nan_policy)
