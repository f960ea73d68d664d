"""Start-up: what `import neurosci` and `neurosci --help` cost over the import of NumPy alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from benchmarks.pairs import Pair


def _run(*arguments: str) -> Callable[[], None]:
    def call() -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    return call


PAIRS = (
    Pair(
        name="import",
        ours="import neurosci",
        alternative="import numpy",
        run_ours=_run("-c", "import neurosci"),
        run_alternative=_run("-c", "import numpy"),
        promise="ours - alternative < 0.1 s",
        keeps=lambda ours, alternative: ours - alternative < 0.1,
    ),
    Pair(
        name="help",
        ours="python -m neurosci --help",
        alternative="import numpy",
        run_ours=_run("-m", "neurosci", "--help"),
        run_alternative=_run("-c", "import numpy"),
        promise="ours < 0.3 s",
        keeps=lambda ours, _: ours < 0.3,
    ),
)
