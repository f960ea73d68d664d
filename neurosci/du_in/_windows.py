"""Windows of signals for training: in memory, or cut from recordings that stay on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_N_HASHED = 1_000_000


class Windows:
    """Windows of equal length, read when they are asked for.

    Parameters
    ----------
    X : ndarray of shape (n_windows, n_chans, n_samples)
        Standardised windows; an array in memory or a memory map, of any real dtype.
    subjects : ndarray of int, shape (n_windows,), default=None
        Index of the subject of each window; ``None`` where there is one.

    Raises
    ------
    ValueError
        If the shape is not of three axes, or there is no window.
    """

    def __init__(self, X: NDArray[Any], subjects: NDArray[np.integer[Any]] | None = None) -> None:
        if X.ndim != 3 or len(X) == 0:
            raise ValueError(
                f"Windows: X must have shape (n_windows, n_chans, n_samples) with at least one window, got "
                f"{X.shape}"
            )
        self._arrays: Sequence[NDArray[Any]] = [X]
        self._channels_first = True
        self._recording = np.zeros(len(X), dtype=np.int64)
        self._start = np.arange(len(X))
        self.n_chans, self.n_samples = int(X.shape[1]), int(X.shape[2])
        self.subjects = None if subjects is None else np.asarray(subjects, dtype=np.int64)
        if self.subjects is not None and self.subjects.shape != (len(X),):
            raise ValueError(
                f"Windows: subjects must have one entry per window, {len(X)}, got shape {self.subjects.shape}"
            )

    @classmethod
    def from_recordings(
        cls,
        recordings: Sequence[NDArray[Any] | str | os.PathLike[str]],
        n_samples: int,
        hop: int,
        subjects: Sequence[int] | None = None,
    ) -> Windows:
        """Cut long recordings without copying them.

        Parameters
        ----------
        recordings : sequence of ndarray of shape (n_times, n_chans), or of paths
            Standardised recordings, time first so that a window is one block; paths are ``.npy`` files
            that are mapped, not read.
        n_samples : int
            Samples of a window.
        hop : int
            Samples between the starts of two windows.
        subjects : sequence of int, default=None
            Index of the subject of each recording.

        Returns
        -------
        Windows
            All complete windows.

        Raises
        ------
        ValueError
            If a recording is shorter than a window, or channels differ.
        """
        arrays = [
            r if isinstance(r, np.ndarray) else np.load(r, mmap_mode="r", allow_pickle=False)
            for r in recordings
        ]
        if not arrays or n_samples < 1 or hop < 1:
            raise ValueError(
                f"Windows.from_recordings: recordings, n_samples and hop must be positive, got "
                f"{len(arrays)}, {n_samples} and {hop}"
            )
        widths = {array.shape[1:] for array in arrays}
        if len(widths) > 1 or len(next(iter(widths))) != 1:
            raise ValueError(
                "Windows.from_recordings: recordings must have shape (n_times, n_chans) with equal channels, "
                f"got {', '.join(str(array.shape) for array in arrays)}"
            )
        for index, array in enumerate(arrays):
            if len(array) < n_samples:
                raise ValueError(
                    f"Windows.from_recordings: recordings must last at least one window of {n_samples} "
                    f"samples, got {len(array)} in recording {index}"
                )
        self = cls.__new__(cls)
        starts = [np.arange(0, len(array) - n_samples + 1, hop) for array in arrays]
        self._arrays, self._channels_first = arrays, False
        self._recording = np.repeat(np.arange(len(arrays)), [len(s) for s in starts])
        self._start = np.concatenate(starts)
        self.n_chans, self.n_samples = int(arrays[0].shape[1]), n_samples
        self.subjects = None if subjects is None else np.asarray(subjects, dtype=np.int64)[self._recording]
        return self

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._start)

    def cut(
        self, indices: NDArray[np.int64], starts: Sequence[int], n_times: int, device: str = "cpu"
    ) -> Tensor:
        """Return parts of windows.

        Parameters
        ----------
        indices : ndarray of int64, shape (n,)
            Windows.
        starts : sequence of int
            First sample of each part within its window.
        n_times : int
            Samples of a part.
        device : str, default="cpu"
            Where the tensor belongs.

        Returns
        -------
        Tensor of shape (n, n_chans, n_times)
            Signals, float32.
        """
        out = np.empty((len(indices), self.n_chans, n_times), dtype=np.float32)
        for row, index, start in zip(out, indices, starts, strict=True):
            if self._channels_first:
                row[:] = self._arrays[0][index, :, start : start + n_times]
            else:
                first = self._start[index] + start
                row[:] = self._arrays[self._recording[index]][first : first + n_times].T
        return torch.from_numpy(out).to(device, non_blocking=True)

    def centres(self, indices: NDArray[np.int64], n_times: int, device: str = "cpu") -> Tensor:
        """Return the middle of windows.

        Parameters
        ----------
        indices : ndarray of int64, shape (n,)
            Windows.
        n_times : int
            Samples.
        device : str, default="cpu"
            Where the tensor belongs.

        Returns
        -------
        Tensor of shape (n, n_chans, n_times)
            Signals, float32.
        """
        return self.cut(indices, [(self.n_samples - n_times) // 2] * len(indices), n_times, device)

    def subject_tensor(self, indices: NDArray[np.int64], device: str = "cpu") -> Tensor | None:
        """Return the subjects of windows.

        Parameters
        ----------
        indices : ndarray of int64, shape (n,)
            Windows.
        device : str, default="cpu"
            Where the tensor belongs.

        Returns
        -------
        Tensor of int64, shape (n,), or None
            ``None`` where there is one subject.
        """
        return None if self.subjects is None else torch.from_numpy(self.subjects[indices]).to(device)

    def fingerprint(self) -> str:
        """Return a hash of shape and (evenly spaced) values, to tell data of another training.

        Returns
        -------
        str
            SHA-256 in hexadecimal digits.
        """
        digest = hashlib.sha256(repr((len(self), self.n_chans, self.n_samples, self._start.sum())).encode())
        for array in self._arrays:
            flat = array.reshape(-1)
            digest.update(np.ascontiguousarray(flat[:: max(1, flat.size // _N_HASHED)]).tobytes())
        if self.subjects is not None:
            digest.update(self.subjects.tobytes())
        return digest.hexdigest()
