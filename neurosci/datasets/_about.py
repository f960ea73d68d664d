"""What every loader says about its data, taken from the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurosci.datasets._registry import Dataset


def about(dataset: Dataset, content: str) -> dict[str, Any]:
    """Return the fields that every loader copies from the registry."""
    from neurosci._core.result import Source

    source = Source(
        name=dataset.title,
        content=content,
        kind=dataset.kind,
        licence=dataset.licence,
        citation=dataset.citation,
        url=dataset.homepage,
        files=tuple((Path(file.path).name, file.sha256) for file in dataset.files),
        note=f"{dataset.description} {dataset.terms}",
    )
    return {
        "kind": dataset.kind,
        "description": dataset.description,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "terms": dataset.terms,
        "sources": (source,),
    }
