"""du_in in its paper preset: every claim is judged, and pre-training is claimed only at the plateau."""

from __future__ import annotations

from typing import Any


def units() -> list[str]:
    """Return one unit: the run itself, whose own units are saved below ``accept/du_in``."""
    return ["paper preset"]


def run_unit(name: str) -> dict[str, Any]:
    """Run it and read its verdicts."""
    from pathlib import Path

    import neurosci

    result = neurosci.run("du_in", preset="paper", output=Path("accept") / "du_in", verbose=False)
    rows = {row.id: row for row in result.verdicts}
    claimed = rows["DU2 generator"].verdict == "reproduced"
    at_plateau = "is at its plateau" in rows["DU2 generator"].why
    published = ("DU1", "DU2", "DU3", "DU7")
    return {
        "passed": all(rows[name].verdict == "reproduced" for name in published)
        and (at_plateau or not claimed)
        and rows["DU1 tokens"].verdict in ("reproduced", "differs", "undecided"),
        "verdicts": {name: row.verdict for name, row in rows.items()},
        "ours": {name: row.ours for name, row in rows.items()},
    }
