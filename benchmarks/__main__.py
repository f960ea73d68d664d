"""``python -m benchmarks [NAME ...]``: measure pairs, print a table of each, write ``bench/NAME.json``.

A pair is found in the ``PAIRS`` of any module of this folder. The exit code is 1 when a gate fails.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks.machine import ROOT, describe
from benchmarks.pairs import Pair, measure, table


def available() -> dict[str, Pair]:
    """Return all pairs by name."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    pairs = [
        pair
        for name in modules
        for pair in getattr(importlib.import_module(f"benchmarks.{name}"), "PAIRS", ())
    ]
    found = {pair.name: pair for pair in pairs}
    if len(found) != len(pairs):
        raise ValueError(f"two pairs have the same name, among {', '.join(sorted(p.name for p in pairs))}")
    return found


def main(arguments: list[str] | None = None, folder: Path = ROOT / "bench") -> int:
    """Measure the pairs that are named, or all."""
    pairs = available()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(pairs)}")
    names = parser.parse_args(arguments).names or list(pairs)
    unknown = sorted(set(names) - set(pairs))
    if unknown:
        parser.error(f"NAME must be one of {', '.join(pairs)}, got {', '.join(unknown)}")
    folder.mkdir(exist_ok=True)
    about = describe()
    machine = about["machine"]
    print(
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {about['versions']['python']}, NumPy {about['versions']['numpy']}"
    )
    passed = True
    for name in names:
        result = measure(pairs[name])
        print(f"\n{table(result)}", flush=True)
        passed &= result["passed"]
        text = json.dumps({**about, **result}, indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
