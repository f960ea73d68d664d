"""Looking up a name must not load libraries that only other functions need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ["pandas", "scipy", "matplotlib", "torch", "sklearn", "pooch", "requests", "tqdm"]


@pytest.mark.parametrize(
    "statement",
    [
        "import neurosci.datasets",
        "from neurosci.datasets import list_datasets, verify; list_datasets(); verify()",
    ],
)
def test_light(statement, cache):
    code = f"import json, sys; {statement}; print(json.dumps(sorted(set({HEAVY!r}) & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
