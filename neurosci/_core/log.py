"""One logger, and warnings caught for the report."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

logger = logging.getLogger("neurosci")


class CollectedWarning(UserWarning):
    """A warning raised in a unit of work, passed on with its own category in the text."""


@contextlib.contextmanager
def collect_warnings() -> Iterator[list[str]]:
    """Collect each distinct warning raised inside, for the report.

    Yields
    ------
    list of str
        Filled with "Category: message", in the order of their first appearance.
    """
    messages: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("default")

        def keep(message: Warning | str, category: type[Warning], *_: object) -> None:
            text = str(message) if category is CollectedWarning else f"{category.__name__}: {message}"
            if text not in messages:
                messages.append(text)

        warnings.showwarning = keep  # type: ignore[assignment]
        yield messages
