"""Checks of arguments whose messages say what was expected, what came and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known names.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        Names that exist.

    Returns
    -------
    str
        ``"did you mean 'x'?"`` or the list of known names.

    Examples
    --------
    >>> suggest("critcal_band", ["critical_band", "hopfield"])
    "did you mean 'critical_band'?"
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known: " + ", ".join(names) if names else "none is known"


def check_option(where: str, name: str, value: Any, options: Iterable[Any]) -> None:
    """Raise when a value is not one of the options.

    Parameters
    ----------
    where : str
        Function or class, for the message.
    name : str
        Argument, for the message.
    value : object
        What came.
    options : iterable
        What is allowed.

    Raises
    ------
    ValueError
        Names the options and, for text, the nearest one.
    """
    allowed = list(options)
    if value in allowed:
        return
    hint = (
        f" ({suggest(value, [o for o in allowed if isinstance(o, str)])})" if isinstance(value, str) else ""
    )
    listed = ", ".join(repr(o) for o in allowed)
    raise ValueError(f"{where}: {name} must be one of {listed}, got {value!r}{hint}")
