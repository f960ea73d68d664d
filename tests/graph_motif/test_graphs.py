"""Counts of motifs against closed forms, other libraries and dense products: whole numbers, so equality."""

from __future__ import annotations

import io
import math
import zipfile

import networkx as nx
import numpy as np
import pytest

from neurosci.graph_motif import PackedGraph, make_graph, motif_maps
from neurosci.graph_motif._motifs import MOTIFS, pair_counts, sparse_four_cycles, triangle_counts

SIZES = (1, 2, 3, 63, 64, 65, 511, 512, 513)


def by_products(dense):
    """Triangles and 4-cycles of each node from products of int64 matrices."""
    a = dense.astype(np.int64)
    paths = a @ a
    triangles = (paths * a).sum(axis=1) // 2
    squares = paths * (paths - 1) // 2
    np.fill_diagonal(squares, 0)
    return triangles, squares.sum(axis=1)


def counts(graph, **options):
    maps = motif_maps(graph, ("degree", "triangles", "four_cycles"), **options)
    assert all(map.dtype == np.int64 for map in maps.values())
    return maps["degree"], maps["triangles"], maps["four_cycles"]


@pytest.mark.parametrize("n", SIZES)
def test_complete_graph(n):
    degree, triangles, squares = counts(make_graph("complete", n))
    assert (degree == n - 1).all()
    assert (triangles == math.comb(n - 1, 2)).all()
    assert (squares == 3 * math.comb(n - 1, 3)).all()


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 3), (63, 66), (300, 213)])
def test_complete_bipartite_graph(a, b):
    degree, triangles, squares = counts(make_graph("bipartite", a + b, n_left=a))
    assert (degree == [b] * a + [a] * b).all()
    assert not triangles.any()
    assert (squares[:a] == (a - 1) * math.comb(b, 2)).all()
    assert (squares[a:] == (b - 1) * math.comb(a, 2)).all()


@pytest.mark.parametrize("n", [2, 3, 4, 5, 64, 513])
def test_cycles_paths_and_stars(n):
    _, triangles, squares = counts(make_graph("cycle", n))
    assert (triangles == (n == 3)).all()
    assert (squares == (n == 4)).all()
    for name in ("path", "star"):
        degree, triangles, squares = counts(make_graph(name, n))
        assert degree.sum() == 2 * (n - 1)
        assert not triangles.any()
        assert not squares.any()


def test_random_graphs_have_the_expected_means():
    n, density, seeds = 65, 0.3, 50
    found = np.array(
        [
            [maps.mean() for maps in counts(make_graph("random", n, density=density, random_state=seed))[1:]]
            for seed in range(seeds)
        ]
    )
    expected = np.array([math.comb(n - 1, 2) * density**3, 3 * math.comb(n - 1, 3) * density**4])
    error = found.std(axis=0, ddof=1) / np.sqrt(seeds)
    assert (np.abs(found.mean(axis=0) - expected) < 5 * error).all()


@pytest.mark.parametrize("density", [0, 0.002, 0.02, 0.1, 0.5, 0.9, 1])
@pytest.mark.parametrize("n", [65, 513, 700])
def test_equals_networkx_and_dense_products(n, density):
    graph = make_graph("cliques", n, density=density, clique_size=11, random_state=n)
    dense = graph.to_dense()
    degree, triangles, squares = counts(graph, n_jobs=2)
    expected, cycles = by_products(dense)
    assert (degree == dense.sum(axis=1)).all()
    assert (triangles == expected).all()
    assert (squares == cycles).all()
    if density <= 0.1:
        peer = nx.triangles(nx.from_numpy_array(dense))
        assert triangles.tolist() == [peer[i] for i in range(n)]


def test_each_way_of_counting_gives_the_same(seed):
    graph = make_graph("geometric", 601, radius=0.15, random_state=seed)
    triangles, squares = by_products(graph.to_dense())
    assert (triangle_counts(graph, 1) == triangles).all()
    assert (pair_counts(graph, 2)[0] == triangles).all()
    assert (pair_counts(graph, 2)[1] == squares).all()
    assert (sparse_four_cycles(graph, 2) == squares).all()


def test_igraph_gives_the_same():
    igraph = pytest.importorskip("igraph", reason="igraph is a peer of the benchmarks, not installed here")
    graph = make_graph("geometric", 700, radius=0.1, random_state=0)
    edges = np.argwhere(np.triu(graph.to_dense())).tolist()
    peer = igraph.Graph(n=700, edges=edges)
    triangles = np.bincount(np.array(peer.list_triangles()).ravel(), minlength=700)
    assert (motif_maps(graph)["triangles"] == triangles).all()


# Totals of edges and triangles over the graphs of each set, counted by hand of another program.
TOTALS = {"KKI": (83, 4019, 2927), "OHSU": (79, 15773, 19710), "Peking_1": (85, 6575, 5689)}


@pytest.mark.parametrize("name", TOTALS)
def test_small_brain_graphs(data_root, name):
    with zipfile.ZipFile(data_root / "graph_motif" / f"tu_{name}.zip") as archive:
        inside = {path.rpartition("/")[2]: path for path in archive.namelist()}
        edges = np.loadtxt(io.BytesIO(archive.read(inside[f"{name}_A.txt"])), delimiter=",", dtype=int) - 1
        owner = np.loadtxt(io.BytesIO(archive.read(inside[f"{name}_graph_indicator.txt"])), dtype=int)
    n_edges = n_triangles = 0
    for number in np.unique(owner):
        nodes = np.flatnonzero(owner == number)
        inner = edges[owner[edges[:, 0]] == number] - nodes[0]
        dense = np.zeros((nodes.size, nodes.size), dtype=bool)
        dense[inner[:, 0], inner[:, 1]] = True
        graph = PackedGraph.from_dense(dense | dense.T)
        triangles, squares = by_products(graph.to_dense())
        degree, *found = counts(graph)
        assert (found[0] == triangles).all()
        assert (found[1] == squares).all()
        n_edges += graph.n_edges
        n_triangles += int(found[0].sum()) // 3
        assert degree.sum() == 2 * graph.n_edges
    assert (np.unique(owner).size, n_edges, n_triangles) == TOTALS[name]


def test_identities(seed):
    graph = make_graph("cliques", 333, density=0.07, random_state=seed)
    places = np.random.default_rng(seed).integers(0, 30, size=(333, 3)) * 4.0
    maps = motif_maps(graph, [name for name in MOTIFS if name != "strength"], coordinates=places)
    degree, triangles = maps["degree"], maps["triangles"]
    assert triangles.sum() % 3 == 0
    assert maps["four_cycles"].sum() % 4 == 0
    assert (maps["distance_degree"].sum(axis=0) == degree).all()
    assert (triangles <= degree * (degree - 1) // 2).all()
    clustering = nx.clustering(nx.from_numpy_array(graph.to_dense()))
    np.testing.assert_allclose(maps["clustering"], [clustering[i] for i in range(333)], rtol=1e-14)


def test_permuting_nodes_permutes_maps():
    graph = make_graph("cliques", 333, density=0.05, random_state=3)
    order = np.random.default_rng(0).permutation(333)
    shuffled = PackedGraph.from_dense(graph.to_dense()[np.ix_(order, order)])
    for before, after in zip(counts(graph), counts(shuffled), strict=True):
        assert (before[order] == after).all()


def test_distances_are_binned_with_their_lower_limit():
    dense = np.zeros((4, 4), dtype=bool)
    dense[0, 1:] = dense[1:, 0] = True
    places = [[0, 0, 0], [20, 0, 0], [0, 12, 16], [0, 0, 79.9]]
    bins = motif_maps(PackedGraph.from_dense(dense), ("distance_degree",), coordinates=places)
    assert bins["distance_degree"][:, 0].tolist() == [0, 2, 0, 1, 0]


def test_counts_beyond_32_bits():
    """A complete graph of 3,001 nodes has 1.3e10 4-cycles at each node; sums in 32 bits would wrap."""
    _, triangles, squares = counts(make_graph("complete", 3001), n_jobs=2)
    assert set(triangles.tolist()) == {math.comb(3000, 2)}
    assert set(squares.tolist()) == {3 * math.comb(3000, 3)}


def test_torch_gives_the_same():
    graph = make_graph("cliques", 1100, density=0.2, random_state=1)
    for ours, theirs in zip(counts(graph), counts(graph, device="cpu"), strict=True):
        assert (ours == theirs).all()


def test_cuda_gives_the_same(skip_or_fail):
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here; the same code runs on the processor in the test above")
    graph = make_graph("cliques", 1100, density=0.2, random_state=1)
    for ours, theirs in zip(counts(graph), counts(graph, device="cuda"), strict=True):
        assert (ours == theirs).all()


def test_packing_round_trips():
    graph = make_graph("random", 130, density=0.2, random_state=0)
    dense = graph.to_dense()
    assert graph.bits.shape == (130, 8)
    for again in (
        PackedGraph.from_dense(dense.astype(float)),
        PackedGraph.from_scipy(graph.to_scipy()),
        PackedGraph(graph.bits.copy()),
    ):
        assert (again.bits == graph.bits).all()
        assert again.n_edges == graph.n_edges == dense.sum() // 2
    assert (graph.to_scipy().toarray() == dense).all()
    assert "130" in repr(graph)
    # loops are left out
    assert (PackedGraph.from_dense(dense | np.eye(130, dtype=bool)).bits == graph.bits).all()
    assert graph.density == graph.n_edges / (130 * 129 / 2)


BITS = np.zeros((3, 8), dtype=np.uint64)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: PackedGraph.from_dense([[0, 1], [0, 0]]), ValueError, "must be symmetric"),
        (lambda: PackedGraph.from_dense([[0, 2], [2, 0]]), ValueError, "0 and 1 only, got 2"),
        (lambda: PackedGraph.from_dense([[0, np.nan], [np.nan, 0]]), ValueError, "0 and 1 only"),
        (lambda: PackedGraph.from_dense([[0, 1, 0], [1, 0, 0]]), ValueError, "must be square"),
        (lambda: PackedGraph.from_dense([["a"]]), TypeError, "booleans or numbers"),
        (lambda: PackedGraph.from_scipy(np.eye(3)), TypeError, "must be sparse, got ndarray"),
        (lambda: PackedGraph(BITS.astype(np.int64)), ValueError, "bits must be uint64"),
        (lambda: PackedGraph(BITS[:, :4]), ValueError, "bits must be uint64"),
        (lambda: PackedGraph(BITS + np.uint64(1)), ValueError, "must be symmetric"),
        (lambda: motif_maps(np.eye(3)), TypeError, "graph must be a PackedGraph"),
        (lambda: motif_maps(PackedGraph(BITS), ()), ValueError, "at least one of"),
        (lambda: motif_maps(PackedGraph(BITS), ("triangle",)), ValueError, "did you mean 'triangles'"),
        (lambda: motif_maps(PackedGraph(BITS), ("degree", "degree")), ValueError, "must be different"),
        (
            lambda: motif_maps(PackedGraph(BITS), ("strength",)),
            ValueError,
            "must come from correlation_graph",
        ),
        (
            lambda: motif_maps(PackedGraph(BITS), ("distance_degree",)),
            ValueError,
            "coordinates must be given",
        ),
        (lambda: motif_maps(PackedGraph(BITS), n_jobs=0), ValueError, "n_jobs must not be 0"),
        (lambda: motif_maps(PackedGraph(BITS), device="no such"), ValueError, "device must be one"),
        (lambda: make_graph("ring", 3), ValueError, "name must be one of"),
        (lambda: make_graph("random", 3, density=2), ValueError, "density must be from 0 to 1"),
    ],
)
def test_bad_input(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_asymmetric_sparse_matrix():
    from scipy.sparse import csr_array

    with pytest.raises(ValueError, match=r"got \(0, 1\) without \(1, 0\)"):
        PackedGraph.from_scipy(csr_array(np.array([[0, 1], [0, 0]])))
