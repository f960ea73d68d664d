"""What a run says about an error, on the console and on pages that may be shared."""

from __future__ import annotations

import contextlib
from pathlib import Path


def error_text(error: BaseException) -> str:
    """Return the message of an error with its notes, which say in which unit or figure it arose.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    str
        One message.
    """
    text = str(error).strip() or type(error).__name__
    if isinstance(error, KeyError):
        text = f"missing key {text}"
    notes = "; ".join(getattr(error, "__notes__", ()))
    return f"{text} ({notes})" if notes else text


def public_text(error: BaseException, output: Path | None = None) -> str:
    """Return the message of an error without the paths of this machine.

    Parameters
    ----------
    error : BaseException
        What was raised.
    output : Path, default=None
        Output folder, whose path is left out.

    Returns
    -------
    str
        Message for a page that may be shared.
    """
    text = error_text(error)
    known = [(str(output.resolve()), output.name), (str(output), output.name)] if output is not None else []
    # A user whom the system does not know has no home folder.
    with contextlib.suppress(RuntimeError):
        known.append((str(Path.home()), "~"))
    for path, name in known:
        if len(path) > 1:
            text = text.replace(path, name)
    return text
