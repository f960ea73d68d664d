"""Memory that is kept from one step of training to the next."""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

LINE = 64
"""Bytes of a line of the cache, at which tensors begin."""


class Workspace:
    """Large tensors on a processor, made of memory that earlier ones have left.

    Memory that comes fresh from the system is cleared page by page when it is first written, which takes
    longer than the product that is written to it. What was handed out is used again as soon as no tensor
    refers to it any more, so that nobody has to give it back.
    """

    def __init__(self) -> None:
        self._owned: list[tuple[NDArray[np.uint8], weakref.ref[NDArray[np.uint8]]]] = []

    def __deepcopy__(self, _: Any) -> Workspace:
        return Workspace()

    def __reduce__(self) -> tuple[type[Workspace], tuple[()]]:
        return Workspace, ()

    @property
    def n_bytes(self) -> int:
        """Memory that is held."""
        return sum(memory.nbytes for memory, _ in self._owned)

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Return a tensor that is not initialised.

        Parameters
        ----------
        shape : tuple of int
            Shape.
        dtype : torch.dtype
            Type.

        Returns
        -------
        torch.Tensor
            Tensor on the processor.
        """
        size = math.prod(shape) * dtype.itemsize
        free = [place for place, (_, lent) in enumerate(self._owned) if lent() is None]
        fitting = [place for place in free if len(self._owned[place][0]) >= size + LINE]
        if fitting:
            place = min(fitting, key=lambda i: len(self._owned[i][0]))
            memory = self._owned[place][0]
        else:
            # what is too small now was left by smaller batches
            self._owned = [pair for i, pair in enumerate(self._owned) if i not in free]
            place, memory = len(self._owned), np.empty(size + LINE, dtype=np.uint8)
            self._owned.append((memory, weakref.ref(memory)))
        first = -memory.ctypes.data % LINE
        # the tensor keeps this view alive for as long as its storage lives
        view = memory[first : first + size]
        self._owned[place] = (memory, weakref.ref(view))
        return torch.from_numpy(view).view(dtype).view(shape)
