"""From images to batches of tensors: checks, layout and scaling of pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option

if TYPE_CHECKING:
    import torch

Preprocess = Callable[["torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True)
class Scaling:
    """Subtract a mean and divide by a standard deviation, per colour.

    Parameters
    ----------
    mean, sd : sequence of 3 float, or float
        In units of pixels from 0 to 1; `sd` > 0.

    Examples
    --------
    >>> import torch
    >>> from neurosci.critical_band import Scaling
    >>> Scaling(0.5, 0.25)(torch.ones(1, 3, 1, 1)).flatten().tolist()
    [2.0, 2.0, 2.0]
    """

    mean: float | Sequence[float]
    sd: float | Sequence[float]

    def __post_init__(self) -> None:
        for name, value in (("mean", self.mean), ("sd", self.sd)):
            numbers = np.asarray(value, dtype=float)
            if numbers.shape not in ((), (3,)) or not np.isfinite(numbers).all():
                raise ValueError(f"Scaling: {name} must be one number or three, got {value!r}")
        if not (np.asarray(self.sd) > 0).all():
            raise ValueError(f"Scaling: sd must be > 0, got {self.sd!r}")

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the scaled images.

        Parameters
        ----------
        pixels : torch.Tensor of shape (n, 3, H, W)
            Pixels from 0 to 1.

        Returns
        -------
        torch.Tensor
            Same shape, type and device.
        """
        return (pixels - self._like(self.mean, pixels)) / self._like(self.sd, pixels)

    def spread(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the standard deviations, ready to multiply images with.

        Parameters
        ----------
        pixels : torch.Tensor of shape (n, 3, H, W)
            Gives type and device.

        Returns
        -------
        torch.Tensor of shape (1, 3, 1, 1)
            Pixel units (0 to 1).
        """
        return self._like(self.sd, pixels)

    @staticmethod
    def _like(value: float | Sequence[float], pixels: torch.Tensor) -> torch.Tensor:
        import torch

        numbers = np.broadcast_to(np.asarray(value, dtype=float), (3,)).tolist()
        return torch.tensor(numbers, dtype=pixels.dtype, device=pixels.device).reshape(1, 3, 1, 1)


SCALINGS = {
    "imagenet": Scaling((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "efficientnet_lite": Scaling(127 / 255, 128 / 255),
}


def resolve_preprocess(preprocess: str | Preprocess | None, where: str) -> Preprocess:
    """Return a function of pixels from 0 to 1.

    Parameters
    ----------
    preprocess : str, callable or None
        Name of a scaling, a function, or None to leave pixels as they are.
    where : str
        Function that got it, for messages.

    Returns
    -------
    callable
        Takes and returns a tensor (n, 3, H, W).
    """
    if preprocess is None:
        return Scaling(0.0, 1.0)
    if isinstance(preprocess, str):
        check_option(where, "preprocess", preprocess, SCALINGS)
        return SCALINGS[preprocess]
    if not callable(preprocess):
        raise TypeError(
            f"{where}: preprocess must be None, a name or a function of pixels, "
            f"got {type(preprocess).__name__}"
        )
    return preprocess


def read_batches(images: Iterable[Any], size: int, where: str) -> Iterator[torch.Tensor]:
    """Yield batches of pixels from 0 to 1, one after the other, as the images are read.

    Parameters
    ----------
    images : iterable of array-like
        Images, or blocks of them along a first axis; grey (H, W) or colour (H, W, 3), uint8 (0 to 255) or
        float (0 to 1).
    size : int
        Images per batch.
    where : str
        Function that got them, for messages.

    Yields
    ------
    torch.Tensor of shape (n, 3, H, W)
        float32; the colours of a grey image share memory.
    """
    import torch

    first: tuple[int, ...] | None = None
    batch: list[NDArray[np.float32]] = []
    for number, image in enumerate(single_images(images)):
        pixels = check_image(image, number, where)
        first = first or pixels.shape
        if pixels.shape != first:
            raise ValueError(
                f"{where}: images must have one shape, got {pixels.shape} for image {number} after {first} "
                "(resize or crop them first)"
            )
        batch.append(pixels)
        if len(batch) == size:
            yield to_tensor(torch.from_numpy(np.stack(batch)))
            batch = []
    if batch:
        yield to_tensor(torch.from_numpy(np.stack(batch)))


def single_images(images: Iterable[Any]) -> Iterator[Any]:
    """Yield images one by one, also those that come in blocks."""
    for item in images:
        if is_block(item):
            yield from np.asarray(item)
        else:
            yield item


def is_block(item: Any) -> bool:
    """Tell several images from one: (n, H, W) or (n, H, W, 3), where one has (H, W) or (H, W, 3)."""
    shape = np.shape(item)
    return len(shape) == 4 or (len(shape) == 3 and shape[-1] != 3)


def to_tensor(pixels: torch.Tensor) -> torch.Tensor:
    """Return (n, 3, H, W) from (n, H, W) or (n, H, W, 3)."""
    if pixels.ndim == 3:
        return pixels[:, None].expand(-1, 3, -1, -1)
    return pixels.permute(0, 3, 1, 2)


def check_image(image: Any, number: int, where: str) -> NDArray[np.float32]:
    """Return one image as float32 from 0 to 1; refuse other shapes and ranges."""
    pixels = np.asarray(image)
    grey_or_colour = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[-1] == 3)
    if not grey_or_colour or 0 in pixels.shape:
        raise ValueError(
            f"{where}: images must have shape (H, W) or (H, W, 3), got {pixels.shape} for image {number}"
        )
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, dtype=np.float32) / np.float32(255)
    if pixels.dtype.kind != "f":
        raise ValueError(
            f"{where}: images must be uint8 (0 to 255) or float (0 to 1), got dtype {pixels.dtype} for image "
            f"{number}"
        )
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{where}: float images must be in 0 to 1, got {low:g} to {high:g} for image {number} "
            "(divide by 255, or give uint8)"
        )
    return np.asarray(pixels, dtype=np.float32)
