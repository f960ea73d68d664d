"""Start-up: what `import neurosci` and `neurosci --help` cost over the import of NumPy alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.pairs import Pair, Target


def _run(*arguments: str) -> Callable[[Any], None]:
    def call(_: Any) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    return call


PAIRS = (
    Pair(
        name="import",
        ours_words="import neurosci",
        peer_words="import numpy",
        ours=_run("-c", "import neurosci"),
        peer=_run("-c", "import numpy"),
        n_rounds=15,
        min_speedup=0.6,
        targets=(
            Target(
                words="import neurosci over import numpy",
                limit=0.1,
                value=lambda rows: rows[0]["ours"]["wall"] - rows[0]["peer"]["wall"],
            ),
        ),
    ),
    Pair(
        name="help",
        ours_words="neurosci --help",
        peer_words="import numpy",
        ours=_run("-m", "neurosci", "--help"),
        peer=_run("-c", "import numpy"),
        n_rounds=15,
        min_speedup=0.4,
        targets=(Target(words="neurosci --help", limit=0.3, value=lambda rows: rows[0]["ours"]["wall"]),),
    ),
)
