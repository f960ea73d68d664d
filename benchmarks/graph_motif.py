"""Triangles at the voxels of a brain against graph libraries; memory; cost against edges and its limit.

``python -m benchmarks.graph_motif`` writes the cost curve, ``bench/graph_motif_cost.csv`` and ``.svg``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import ROOT, describe
from benchmarks.pairs import Pair, Target

if TYPE_CHECKING:
    import pandas as pd

VOXELS, MORE_VOXELS = 29_398, 69_765  # the MNI152 mask at 4 and at 3 mm
PEERS = {
    "igraph": ("igraph==1.0.*", "numpy"),
    "networkit": ("networkit==11.*", "scipy", "numpy"),
    "networkx": ("networkx>=3.6", "numpy"),
    "scipy": ("scipy", "numpy"),
    "graphblas": ("python-graphblas[default]", "numpy"),
}
LIMIT_MB = {VOXELS: 500.0, MORE_VOXELS: 3000.0}
N_DENSE = 64
FOLDER = Path(tempfile.gettempdir()) / "neurosci-bench-graph-motif"


def voxel_series(n_voxels: int) -> NDArray[np.float32]:
    """Return the synthetic series of one person, made once."""
    from nilearn.datasets import load_mni152_brain_mask

    from neurosci.graph_motif import make_motif_cohort

    path = FOLDER / f"series-{n_voxels}.npy"
    if not path.is_file():
        FOLDER.mkdir(exist_ok=True)
        mask = load_mni152_brain_mask(resolution=4 if n_voxels == VOXELS else 3)
        series = make_motif_cohort(4, mask_img=mask, site_effect=0.0).series(0)
        if series.shape[1] != n_voxels:
            raise RuntimeError(
                f"the mask has {series.shape[1]} voxels, not {n_voxels}: nilearn has changed it"
            )
        np.save(path, series)
    return np.load(path)


def give_series(threshold: float) -> Any:
    """Return a function that prepares series, as an array and as a file for other processes."""

    def prepare(n_voxels: int) -> dict[str, Any]:
        series = voxel_series(n_voxels)
        path = FOLDER / f"series-{n_voxels}.npz"
        np.savez(path, series=series)
        return {"path": str(path), "threshold": threshold}

    return prepare


def give_edges(threshold: float) -> Any:
    """Return a function that prepares edges in a file."""

    def prepare(n_voxels: int) -> dict[str, Any]:
        from neurosci.graph_motif import correlation_graph

        starts, columns = correlation_graph(voxel_series(n_voxels), threshold, n_jobs=-1).neighbours()
        rows = np.repeat(np.arange(n_voxels), np.diff(starts))
        first = rows < columns
        path = FOLDER / f"edges-{n_voxels}-{threshold}.npz"
        np.savez(path, rows=rows[first], columns=columns[first].astype(np.int64), n_nodes=n_voxels)
        return {"path": str(path), "threshold": threshold}

    return prepare


def with_correlations(data: dict[str, Any], n_jobs: int | None = None) -> NDArray[np.int64]:
    """Return the triangles of the correlations of series."""
    from benchmarks.graph_motif_peers import load
    from neurosci.graph_motif import correlation_graph, motif_maps

    graph = correlation_graph(load(data)["series"], data["threshold"], n_jobs=n_jobs)
    return motif_maps(graph, n_jobs=n_jobs)["triangles"]


def from_edges(data: dict[str, Any]) -> NDArray[np.int64]:
    """Return the triangles of a list of edges."""
    from benchmarks.graph_motif_peers import load
    from neurosci.graph_motif import PackedGraph, motif_maps

    arrays = load(data)
    graph = PackedGraph.from_edges(arrays["rows"], arrays["columns"], int(arrays["n_nodes"]))
    return motif_maps(graph)["triangles"]


def different(ours: Any, peer: Any) -> float:
    """Return at how many nodes two maps differ."""
    return float(np.count_nonzero(np.asarray(ours) != np.asarray(peer)))


def on_two_cores(rows: list[dict[str, Any]]) -> float:
    """Return the wall time from series to maps on all cores, the best of three."""
    del rows
    data = give_series(0.5)(VOXELS)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        with_correlations(data, n_jobs=-1)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def four_cycles_from_edges(data: dict[str, Any], n_jobs: int | None = None) -> NDArray[np.int64]:
    """Return the 4-cycles of a list of edges."""
    from benchmarks.graph_motif_peers import load
    from neurosci.graph_motif import PackedGraph, motif_maps

    arrays = load(data)
    graph = PackedGraph.from_edges(arrays["rows"], arrays["columns"], int(arrays["n_nodes"]))
    return motif_maps(graph, ("four_cycles",), n_jobs=n_jobs)["four_cycles"]


def give_dense_rows(n_voxels: int) -> dict[str, Any]:
    """Prepare edges at 0.5, the matrix as 0 and 1, and the nodes that the dense product computes."""
    from benchmarks.graph_motif_peers import load

    data = give_edges(0.5)(n_voxels)
    arrays = load(data)
    matrix = np.zeros((n_voxels, n_voxels), dtype=np.int8)
    matrix[arrays["rows"], arrays["columns"]] = matrix[arrays["columns"], arrays["rows"]] = 1
    nodes = np.random.default_rng(0).choice(n_voxels, N_DENSE, replace=False)
    return {**data, "matrix": matrix, "nodes": nodes}


def dense_four_cycles(data: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the 4-cycles of some nodes by products of dense rows: exact in float32, below 2^24."""
    matrix, nodes = data["matrix"], data["nodes"]
    left, common = matrix[nodes].astype(np.float32), np.zeros((len(nodes), len(matrix)), dtype=np.float32)
    for first in range(0, len(matrix), 2048):
        common += left[:, first : first + 2048] @ matrix[first : first + 2048].astype(np.float32)
    common[np.arange(len(nodes)), nodes] = 0
    c = common.astype(np.int64)
    return {"nodes": nodes, "four_cycles": (c * (c - 1) // 2).sum(axis=1)}


def different_rows(ours: Any, peer: Any) -> float:
    """Return at how many of the computed nodes two maps differ."""
    return different(np.asarray(ours)[peer["nodes"]], peer["four_cycles"])


def four_cycles_on_two_cores(rows: list[dict[str, Any]]) -> float:
    """Return the wall time from series to 4-cycles on all cores."""
    from neurosci.graph_motif import correlation_graph, motif_maps

    del rows
    X = voxel_series(VOXELS)
    start = time.perf_counter()
    motif_maps(correlation_graph(X, 0.5, n_jobs=-1), ("four_cycles",), n_jobs=-1)
    return time.perf_counter() - start


GROWTH = """
import re, sys
from pathlib import Path
import numpy as np
from neurosci.graph_motif import correlation_graph, motif_maps

def peak():  # of this program alone: what getrusage gives begins with the parent's
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6

X = np.load(sys.argv[1])
motifs = tuple(sys.argv[2:])
motif_maps(correlation_graph(X[:, :700], 0.5), motifs)  # compiled code and libraries are there before
before = peak()
motif_maps(correlation_graph(X, 0.5, n_jobs=-1), motifs, n_jobs=-1)
print(peak() - before)
"""


def peak_growth(n_voxels: int, motifs: tuple[str, ...] = ("degree", "triangles")) -> float:
    """Return by how many MB the memory of a process grows at most, from series to maps."""
    voxel_series(n_voxels)
    command = [sys.executable, "-c", GROWTH, str(FOLDER / f"series-{n_voxels}.npy"), *motifs]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def _against(
    peer: str, threshold: float, min_speedup: float, *, correlations: bool = False, n_rounds: int = 3
) -> Pair:
    tail = "_correlations" if correlations else ""
    what = "correlations, graph and triangles" if correlations else "graph from edges, and triangles"
    return Pair(
        name=f"graph_motif_{peer}_{round(10 * threshold)}{tail}",
        ours_words=f"{what}, threshold {threshold}, one core",
        peer_words=f"{peer}, the same",
        ours=with_correlations if correlations else from_edges,
        peer=f"benchmarks.graph_motif_peers:{peer}_triangles",
        requirements=PEERS[peer],
        prepare=(give_series if correlations else give_edges)(threshold),
        sizes=(VOXELS,),
        unit="voxels",
        n_rounds=n_rounds,
        min_speedup=min_speedup,
        disagreement=different,
        # Where correlations are computed twice, an edge may differ where it equals the threshold to 2e-6.
        max_disagreement=VOXELS if correlations else 0.0,
        disagreement_words="nodes whose triangles differ",
    )


PAIRS = (
    _against("igraph", 0.5, 5.0),
    _against("networkit", 0.5, 5.0),
    _against("igraph", 0.5, 1.0, correlations=True),
    _against("networkit", 0.5, 1.0, correlations=True),
    _against("igraph", 0.7, 1.0, correlations=True),
    _against("networkit", 0.7, 1.0, correlations=True),
    *(_against(peer, 0.7, 1.0) for peer in ("igraph", "networkit", "scipy", "graphblas", "networkx")),
    Pair(
        name="graph_motif_memory",
        ours_words="peak growth of memory, correlations to maps, two threads",
        peer_words="what is allowed",
        ours=peak_growth,
        peer=LIMIT_MB.__getitem__,
        sizes=(VOXELS, MORE_VOXELS),
        unit="voxels",
        n_rounds=1,
        disagreement=lambda ours, peer: ours / peer,
        max_disagreement=1.0,
        disagreement_words="growth over what is allowed (500 and 3,000 MB), larger",
        targets=(
            Target(words="29,398 voxels, correlations to maps, all cores", limit=3.0, value=on_two_cores),
        ),
    ),
    Pair(
        name="graph_motif_four_cycles",
        ours_words="graph from edges, and 4-cycles, threshold 0.7, one core",
        peer_words="scipy.sparse, the same from its product",
        ours=four_cycles_from_edges,
        peer="benchmarks.graph_motif_peers:scipy_four_cycles",
        requirements=PEERS["scipy"],
        prepare=give_edges(0.7),
        sizes=(VOXELS,),
        unit="voxels",
        n_rounds=3,
        disagreement=different,
        disagreement_words="nodes whose 4-cycles differ",
    ),
    Pair(
        name="graph_motif_four_cycles_dense",
        ours_words="graph from edges, and 4-cycles of all nodes, threshold 0.5, one core",
        peer_words=f"products of dense rows, {N_DENSE} nodes",
        ours=four_cycles_from_edges,
        peer=dense_four_cycles,
        prepare=give_dense_rows,
        sizes=(VOXELS,),
        unit="voxels",
        n_rounds=1,
        disagreement=different_rows,
        disagreement_words=f"of {N_DENSE} nodes, those whose 4-cycles differ",
        targets=(
            Target(
                words="29,398 voxels, correlations to 4-cycles, all cores",
                limit=14.0,
                value=four_cycles_on_two_cores,
            ),
        ),
    ),
    Pair(
        name="graph_motif_four_cycles_memory",
        ours_words="peak growth of memory, correlations to 4-cycles, two threads",
        peer_words="what is allowed",
        ours=lambda n_voxels: peak_growth(n_voxels, ("four_cycles",)),
        peer=LIMIT_MB.__getitem__,
        sizes=(VOXELS,),
        unit="voxels",
        n_rounds=1,
        disagreement=lambda ours, peer: ours / peer,
        max_disagreement=1.0,
        disagreement_words="growth over what is allowed (500 MB)",
    ),
)


def bandwidth() -> float:
    """Return the bytes of rows a second at which one core counts bits in common, rows in the cache."""
    from benchmarks.graph_motif_limit import count_all

    bits = np.random.default_rng(0).integers(0, 2**63, size=(64, 464), dtype=np.uint64)
    count_all(bits, 1)
    start = time.process_time()
    count_all(bits, 200)
    return 200 * 64 * 64 * 464 * 8 / (time.process_time() - start)


def cost_curve() -> list[dict[str, float]]:
    """Measure triangles over sizes and thresholds on one core."""
    from neurosci.graph_motif import correlation_graph, motif_maps

    limit = bandwidth()
    X = voxel_series(VOXELS)
    rows = []
    for n_voxels in (3675, 7350, 14_699, VOXELS):
        part = X[:, :: VOXELS // n_voxels][:, :n_voxels]
        for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            graph = correlation_graph(part, threshold, n_jobs=-1)
            start = time.process_time()
            motif_maps(graph, ("triangles",))
            seconds = time.process_time() - start
            # Two thirds of a row, on average, lie beyond the lower of the two nodes.
            read = graph.n_edges * graph.bits.shape[1] * 8 * 2 / 3
            rows.append(
                {
                    "n_voxels": part.shape[1],
                    "threshold": threshold,
                    "density": graph.density,
                    "n_edges": graph.n_edges,
                    "cpu_s": seconds,
                    "limit_s": read / limit,
                    "bytes_per_s": read / seconds,
                }
            )
    return rows


def draw(table: pd.DataFrame, path: Path, words: str) -> None:
    """Draw CPU time against edges, with the limit that counting bits sets."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for (n_voxels, rows), mark in zip(table.groupby("n_voxels"), "osv^", strict=True):
        axes.loglog(rows["n_edges"], rows["cpu_s"], mark + "-", label=f"{n_voxels:,} voxels")
        axes.loglog(rows["n_edges"], rows["limit_s"], ":", color="0.5")
    axes.plot([], [], ":", color="0.5", label="limit: rows in the nearest cache")
    axes.set(xlabel="Edges", ylabel="Triangles, CPU time (s), one core")
    axes.set_title(words, fontsize="small", color="0.4", loc="left")
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    """Write the cost curve as a table and a figure."""
    import pandas as pd

    table = pd.DataFrame(cost_curve())
    folder = ROOT / "bench"
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / "graph_motif_cost.csv", index=False)
    machine = describe()["machine"]
    draw(table, folder / "graph_motif_cost.svg", f"{machine['processor']}, {machine['cores']} cores")
    print(json.dumps({"bandwidth_limit_gb_per_s": bandwidth() / 1e9}))
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
