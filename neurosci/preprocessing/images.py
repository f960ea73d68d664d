"""Images: grey conversion, checks, quantisation as in a file, radial spectra, the Laplacian pyramid."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.result import DataFormatError

from . import _pyramid

Array = NDArray[np.float64]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
QUANTIZE = (None, "uint8", "jpeg75")
_REC601 = np.array([0.299, 0.587, 0.114])


def to_unit_range(images: ArrayLike, *, where: str = "to_unit_range") -> Array:
    """Return images as float64 between 0 and 1.

    Parameters
    ----------
    images : array-like
        Whole numbers (0 to 255), truth values, or real numbers (0 to 1).
    where : str, default="to_unit_range"
        Function or class that the messages name.

    Returns
    -------
    ndarray
        Same shape; whole numbers divided by 255.

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If a value is outside its range or not finite; the message has the shape and the range.

    Examples
    --------
    >>> to_unit_range(np.array([[0, 51, 255]], np.uint8))
    array([[0. , 0.2, 1. ]])
    """
    values = np.asarray(images)
    if values.dtype.kind not in "fiub":
        raise TypeError(
            f"{where}: images must hold whole numbers 0..255 or real numbers 0..1, got dtype {values.dtype}"
        )
    if not values.size:
        raise ValueError(f"{where}: images must not be empty, got shape {values.shape}")
    whole = values.dtype.kind in "iu"
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            n_bad = int(np.count_nonzero(~np.isfinite(values)))
            raise ValueError(f"{where}: images must be finite, got {n_bad} pixels that are NaN or infinite")
        top = 255 if whole else 1
        if low < 0 or high > top:
            fix = "divide by 255 or pass uint8" if not whole and low >= 0 and high <= 255 else "rescale them"
            raise ValueError(
                f"{where}: images must be {'whole numbers in 0..255' if whole else 'real numbers in 0..1'}, "
                f"got {low:g}..{high:g} in shape {values.shape} ({fix})"
            )
    out = values.astype(np.float64)
    return out / 255 if whole else out


def check_grey(image: ArrayLike, *, where: str = "check_grey", name: str = "image") -> Array:
    """Return one grey image as float64 between 0 and 1, or say why it is none.

    Parameters
    ----------
    image : array-like of shape (height, width)
        Whole numbers (0 to 255) or real numbers (0 to 1).
    where : str, default="check_grey"
        Function or class that the messages name.
    name : str, default="image"
        Name of the image in the messages.

    Returns
    -------
    ndarray of shape (height, width)
        The image.

    Raises
    ------
    TypeError
        If it does not hold real numbers.
    ValueError
        If it is not two-dimensional, is empty, or has values outside its range.
    """
    values = np.asarray(image)
    if values.ndim != 2:
        colour = values.ndim == 3 and values.shape[-1] in (3, 4)
        fix = "convert it with preprocessing.images.to_grey" if colour else "give one plane of pixels"
        raise ValueError(
            f"{where}: {name} must be grey, of shape (height, width), got {values.shape} ({fix})"
        )
    return to_unit_range(values, where=where)


def to_grey(images: ArrayLike) -> Array:
    """Turn colour images into grey ones by the luma weights of ITU-R BT.601.

    Parameters
    ----------
    images : array-like of shape (..., height, width, n_channels)
        One channel (grey), three (red, green, blue) or four (with opacity, which must be full); whole
        numbers (0 to 255) or real numbers (0 to 1).

    Returns
    -------
    ndarray of shape (..., height, width)
        Grey images, float64 between 0 and 1.

    Raises
    ------
    TypeError
        If they do not hold real numbers.
    ValueError
        If the last axis is not 1, 3 or 4 long, a pixel is transparent or a value outside its range.

    Examples
    --------
    >>> to_grey([[[0.0, 1.0, 0.0]]])
    array([[0.587]])
    """
    values = to_unit_range(images, where="to_grey")
    if values.ndim < 3 or values.shape[-1] not in (1, 3, 4):
        raise ValueError(
            "to_grey: images must have shape (..., height, width, n_channels) with 1, 3 or 4 channels, "
            f"got {values.shape}"
        )
    if values.shape[-1] == 4 and (values[..., 3] < 1).any():
        raise ValueError("to_grey: images must be opaque, got transparent pixels (put them on a background)")
    if values.shape[-1] == 1:
        return values[..., 0]
    return np.asarray(values[..., :3] @ _REC601)


def read_grey(path: str | Path, size: int | tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Read one image file as grey pixels.

    Parameters
    ----------
    path : path-like
        Image file.
    size : int or tuple of int, default=None
        Side, or height and width, in pixels: the middle of the image is cut to this shape and resized
        (bicubic). ``None`` keeps the image as it is.

    Returns
    -------
    ndarray of shape (height, width)
        Grey values (0 to 255).

    Raises
    ------
    DataFormatError
        If the file is damaged or no image.
    OSError
        If it cannot be opened.
    """
    from PIL import Image, ImageOps

    file = Path(path)
    content = file.read_bytes()
    try:
        with Image.open(io.BytesIO(content)) as image:
            grey = image.convert("L")
    # A decoder raises anything on bytes that it was not written for.
    except Exception as error:
        raise DataFormatError(
            f"read_grey: {file.name} cannot be used: {str(error) or type(error).__name__}"
        ) from error
    if size is not None:
        height, width = (size, size) if isinstance(size, int) else size
        if min(height, width) < 1:
            raise ValueError(f"read_grey: size must be positive, got {size}")
        grey = ImageOps.fit(grey, (width, height), Image.Resampling.BICUBIC)
    return np.asarray(grey).copy()


class ImageFolder(Mapping[str, NDArray[np.uint8]]):
    """The images of a folder, each read when it is asked for.

    Parameters
    ----------
    folder : path-like
        Folder with one sub-folder per category, or with images only.
    size : int or tuple of int, default=224
        Side, or height and width, of the images in pixels; see `read_grey`.

    Attributes
    ----------
    categories : dict of str to str
        Sub-folder of each image, "" for those that lie in the folder itself.

    Examples
    --------
    >>> images = ImageFolder("my_photographs")  # doctest: +SKIP
    """

    def __init__(self, folder: str | Path, size: int | tuple[int, int] = 224) -> None:
        root = Path(folder)
        if not root.is_dir():
            raise NotADirectoryError(f"ImageFolder: folder must be a folder of images, got {root}")
        found = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not found:
            raise ValueError(
                f"ImageFolder: folder must hold images ({', '.join(SUFFIXES)}), got none in {root}"
            )
        self.size = size
        self._paths = {str(path.relative_to(root).as_posix()): path for path in found}
        self.categories = {
            name: path.relative_to(root).parts[0] if path.parent != root else ""
            for name, path in self._paths.items()
        }

    def __getitem__(self, name: str) -> NDArray[np.uint8]:
        return read_grey(self._paths[name], self.size)

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def quantize(images: ArrayLike, kind: str | None) -> NDArray[np.float32]:
    """Round images as a file does.

    Parameters
    ----------
    images : array-like of shape (..., height, width)
        Grey images, real numbers (0 to 1).
    kind : {"uint8", "jpeg75"} or None
        256 levels; the same and then JPEG of quality 75, decoded again, which adds an error of its own;
        or nothing.

    Returns
    -------
    ndarray
        Same shape, float32 between 0 and 1.

    Raises
    ------
    ValueError
        If the kind is unknown or a value outside its range.

    Examples
    --------
    >>> quantize([[0.0, 0.5, 1.0]], "uint8") * 255
    array([[  0., 128., 255.]], dtype=float32)
    """
    check_option("quantize", "kind", kind, QUANTIZE)
    values = np.asarray(images)
    if values.dtype.kind != "f":
        raise ValueError(f"quantize: images must be real numbers in 0..1, got dtype {values.dtype}")
    if values.ndim < 2:
        raise ValueError(f"quantize: images must have shape (..., height, width), got {values.shape}")
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"quantize: images must be real numbers in 0..1, got {values.min():g}..{values.max():g}"
        )
    if kind is None:
        return values.astype(np.float32)
    levels = (values * 255 + 0.5).astype(np.uint8)
    if kind == "jpeg75":
        planes = levels.reshape(-1, *levels.shape[-2:])
        levels = np.stack([_through_jpeg(plane) for plane in planes]).reshape(levels.shape)
    return levels.astype(np.float32) / np.float32(255)


def _through_jpeg(plane: NDArray[np.uint8], quality: int = 75) -> NDArray[np.uint8]:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(plane).save(buffer, format="JPEG", quality=quality)
    with Image.open(buffer) as image:
        return np.asarray(image.convert("L"))


def radial_spectrum(images: ArrayLike, edges: ArrayLike) -> tuple[Array, Array]:
    """Measure power in rings of spatial frequency, over all orientations.

    Parameters
    ----------
    images : array-like of shape (..., height, width)
        Real, finite images.
    edges : array-like of shape (n_rings + 1,)
        Ascending limits of the rings, cycles per shorter side; a ring has its lower limit and not its upper.

    Returns
    -------
    frequency : ndarray of shape (n_rings,)
        Mean frequency of the coefficients in each ring, cycles per shorter side; NaN for an empty ring.
    power : ndarray of shape (..., n_rings)
        Share of the mean square of the image that lies in each ring, in squared units of the image.

    Raises
    ------
    ValueError
        If shapes are wrong, limits do not ascend or a value is not finite.
    """
    where = "radial_spectrum"
    values = np.asarray(images, dtype=np.float64)
    limits = np.asarray(edges, dtype=np.float64)
    if values.ndim < 2 or not values.size:
        raise ValueError(f"{where}: images must have shape (..., height, width), got {values.shape}")
    if limits.ndim != 1 or len(limits) < 2 or not (np.diff(limits) > 0).all():
        raise ValueError(f"{where}: edges must be at least two ascending numbers, got {edges!r}")
    if not np.isfinite(values).all():
        raise ValueError(f"{where}: images must be finite, got NaN or infinite pixels")
    height, width = values.shape[-2:]
    rows = np.fft.fftfreq(height)[:, np.newaxis]
    radius = np.hypot(rows, np.fft.fftfreq(width)) * min(height, width)
    ring = np.searchsorted(limits, radius.ravel(), side="right")
    n_rings = len(limits) - 1
    inside = (ring >= 1) & (ring <= n_rings)
    place = ring[inside] - 1
    counts = np.bincount(place, minlength=n_rings)
    with np.errstate(invalid="ignore"):
        frequency = np.bincount(place, radius.ravel()[inside], n_rings) / counts
    planes = values.reshape(-1, height * width)
    power = np.empty((len(planes), n_rings))
    for n, plane in enumerate(planes):
        squared = np.abs(np.fft.fft2(plane.reshape(height, width))) ** 2
        power[n] = np.bincount(place, squared.ravel()[inside], n_rings)
    return frequency, power.reshape(*values.shape[:-2], n_rings) / (height * width) ** 2


def laplacian_levels(field: ArrayLike, n_levels: int) -> Array:
    """Split a field into the levels of a Laplacian pyramid, each reconstructed alone.

    Parameters
    ----------
    field : array-like of shape (height, width)
        Real field with sides of at least ``2 ** (n_levels - 1)``.
    n_levels : int
        Number of levels, >= 2.

    Returns
    -------
    ndarray of shape (n_levels, height, width)
        From the finest level to the low-pass residual; they add up to the field.

    Raises
    ------
    ValueError
        If the field has another number of axes or is too small.

    Notes
    -----
    Five binomial taps, edges mirrored without repetition, a side of n samples halved to ceil(n / 2): what
    pyrtools does with its defaults. Each level is a difference of products with small matrices,
    :math:`B_b X B_b^T - B_{b+1} X B_{b+1}^T`.

    References
    ----------
    Burt PJ, Adelson EH (1983). The Laplacian pyramid as a compact image code. IEEE Transactions on
    Communications 31, 532-540.
    """
    where = "laplacian_levels"
    values = np.asarray(field, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"{where}: field must have shape (height, width), got {values.shape}")
    if n_levels < 2 or min(values.shape) < 2 ** (n_levels - 1):
        raise ValueError(
            f"{where}: n_levels must be in 2 .. {max(min(values.shape), 1).bit_length()} for a field of "
            f"shape {values.shape}, got {n_levels}"
        )
    rows, columns = (_pyramid.side_operators(side, n_levels) for side in values.shape)
    low = [r @ values @ c.T for r, c in zip(rows.low_pass[1:], columns.low_pass[1:], strict=True)]
    return np.stack(
        [fine - coarse for fine, coarse in zip([values, *low[:-1]], low, strict=True)] + [low[-1]]
    )
