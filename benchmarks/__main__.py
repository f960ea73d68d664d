"""``python -m benchmarks [NAME ...]``: time the pairs, print a table, write ``bench/NAME.json``."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import startup
from benchmarks.machine import ROOT, describe
from benchmarks.pairs import measure

PAIRS = {pair.name: pair for module in (startup,) for pair in module.PAIRS}


def main() -> int:
    """Run the pairs that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(PAIRS)}")
    names = parser.parse_args().names or list(PAIRS)
    unknown = sorted(set(names) - set(PAIRS))
    if unknown:
        parser.error(f"NAME must be one of {', '.join(PAIRS)}, got {', '.join(unknown)}")
    folder = ROOT / "bench"
    folder.mkdir(exist_ok=True)
    about = describe()
    print(f"{'name':10}  {'ours (s)':>9}  {'other (s)':>9}  {'ratio [quartiles]':>20}  promise")
    kept = True
    for name in names:
        result = measure(PAIRS[name])
        low, high = result["ratio_quartiles"]
        ratio = f"{result['ratio_median']:.2f} [{low:.2f}, {high:.2f}]"
        state = "kept" if result["kept"] else "BROKEN"
        print(
            f"{name:10}  {result['ours_median_s']:9.3f}  {result['alternative_median_s']:9.3f}  {ratio:>20}  "
            f"{result['promise']}: {state}"
        )
        kept &= result["kept"]
        (folder / f"{name}.json").write_text(
            json.dumps({**about, **result}, indent=2) + "\n", encoding="utf-8"
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
