"""What is inside a NIfTI file: its header, its bytes to the last one, and voxels that are not finite."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import IO, Any

import numpy as np

from neurosci.preprocessing._files import CHUNK, FiniteCheck, refusing


def read_header(stream: IO[bytes], limit: int) -> tuple[Any, int, int]:
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


def read_content(stream: IO[bytes], needed: int, *, keep: bool) -> tuple[io.BytesIO | None, int]:
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


def check_voxels(where: str, file: Path, image: Any, nan_policy: str) -> None:
    check = FiniteCheck(where, file, "voxels")
    name = "volume" if image.ndim > 3 else "slice"
    # Scaling may overflow, which is what is looked for.
    with np.errstate(all="ignore"), refusing(where, file):
        for index in range(image.shape[-1]):
            block = np.asarray(image.dataobj[..., index], dtype=np.float64)
            check.add(block[..., np.newaxis], index, name)
    check.finish(nan_policy)
