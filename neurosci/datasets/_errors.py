"""Errors of the data layer: few, and each a subclass of the builtin that one would expect."""

from __future__ import annotations

from neurosci._core.result import DataFormatError

__all__ = ["DataFormatError", "DataNotFoundError", "DatasetIntegrityError"]


class DataNotFoundError(FileNotFoundError):
    """Data are neither on this machine nor can they be fetched; the message names every way out.

    Parameters
    ----------
    message : str
        What was looked for and what can be done.
    reason : str, default=""
        The cause alone, in one line and without paths of this machine.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class DatasetIntegrityError(OSError):
    """A file is not the one that was registered: its SHA-256 differs."""


class TransferError(OSError):
    """A file could not be transferred; the message is the cause in one line, without paths."""
