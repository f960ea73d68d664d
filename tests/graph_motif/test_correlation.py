"""Graphs of correlations against correlations in float64, and what must not change them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from neurosci.graph_motif import correlation_graph, motif_maps
from neurosci.graph_motif._signals import reduce_series

# Rounding of float32 products of unit rows, and of the directions left out: the stated error of an edge.
NEAR = 2e-6
KINDS = ("positive", "absolute", "negative")


def series(n=333, n_times=41, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_times, n)) + rng.normal(size=(n_times, 3)) @ rng.normal(size=(3, n))


def reference(X, tau, kind):
    """Edges in float64, and which pairs are so near the threshold that float32 may decide otherwise."""
    r = np.corrcoef(np.asarray(X, dtype=np.float64), rowvar=False)
    value = {"positive": r, "absolute": np.abs(r), "negative": -r}[kind]
    edges = value > tau
    np.fill_diagonal(edges, False)
    return edges, np.abs(value - tau) < NEAR


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tau", [-0.3, 0, 0.3, 0.8])
@pytest.mark.parametrize("n", [2, 64, 513])
def test_equals_float64(n, tau, kind):
    X = series(n)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="correlation_graph: (no|every) pair")
        graph = correlation_graph(X, tau, kind=kind)
    edges, near = reference(X, tau, kind)
    assert not ((graph.to_dense() != edges) & ~near).any()
    assert graph.n_nodes == n


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_threads_and_runs_give_the_same_bits(kind):
    X = series(1500, seed=1)
    _, near = reference(X, 0.5, kind)
    first = correlation_graph(X, 0.5, kind=kind)
    assert (correlation_graph(X, 0.5, kind=kind).bits == first.bits).all()
    assert (correlation_graph(X, 0.5, kind=kind, n_jobs=2).bits == first.bits).all()
    for size in (64, 100, 1024, 4096):
        other = correlation_graph(X, 0.5, kind=kind, block_size=size, n_jobs=2)
        assert not ((other.to_dense() != first.to_dense()) & ~near).any()
        assert (other.to_dense() == other.to_dense().T).all()


def filtered(n=400, n_times=172):
    """Band-limited noise, which spans few directions."""
    spectrum = np.fft.rfft(series(n, n_times, seed=2), axis=0)
    frequency = np.fft.rfftfreq(n_times, 2.0)
    spectrum[(frequency < 0.009) | (frequency > 0.08)] = 0
    return np.fft.irfft(spectrum, n_times, axis=0)


def test_rank_is_reduced_where_the_error_allows():
    X = filtered()
    rows, constant, discarded = reduce_series(X)
    # Two directions for each frequency inside the band, 4 ... 27 of 1 / 344 s.
    assert rows.shape[1] == 48
    assert not constant.any()
    assert discarded < 1e-7
    error = np.abs((rows @ rows.T)[:400, :400] - np.corrcoef(X, rowvar=False)).max()
    assert error < NEAR


def test_one_series_outside_the_subspace_keeps_its_direction():
    """The error is bounded for every series, not on average."""
    X = filtered()
    X[:, 7] = np.random.default_rng(0).normal(size=len(X))
    rows, _, discarded = reduce_series(X)
    assert rows.shape[1] > 48
    assert discarded < 1e-7
    r = np.corrcoef(X, rowvar=False)
    assert np.abs((rows @ rows.T)[:400, :400] - r).max() < NEAR


def test_scale_and_shift_change_nothing():
    X = series(seed=3)
    rng = np.random.default_rng(0)
    expected = correlation_graph(X, 0.4)
    _, near = reference(X, 0.4, "positive")
    for other in (X * np.exp(rng.normal(size=333)) + rng.normal(size=333), X * 1e-30, X * 1e30, X * 1e-300):
        assert not ((correlation_graph(other, 0.4).to_dense() != expected.to_dense()) & ~near).any()


@pytest.mark.parametrize("dtype", ["float32", "int16", "int8", ">f8", "uint8"])
def test_types_of_numbers(dtype):
    X = np.clip(series(100, seed=4) * 10 + 100, 0, 127).round()
    expected = correlation_graph(X, 0.4).bits
    for given in (X.astype(dtype), np.asfortranarray(X.astype(dtype))):
        kept = given.copy()
        given.flags.writeable = False
        assert (correlation_graph(given, 0.4).bits == expected).all()
        assert (given == kept).all()


@pytest.mark.parametrize("constant", [0.0, 1e6, 0.1, -1e-12])
def test_constant_nodes_are_recorded_and_have_no_edges(constant):
    X = series(70)
    X[:, [0, 5, 69]] = constant
    for tau in (0.3, -0.9):
        graph = correlation_graph(X, tau)
        assert np.flatnonzero(graph.excluded).tolist() == [0, 5, 69]
        assert not graph.degree()[[0, 5, 69]].any()
        edges, near = reference(np.delete(X, [0, 5, 69], axis=1), tau, "positive")
        kept = np.ix_(~graph.excluded, ~graph.excluded)
        assert not ((graph.to_dense()[kept] != edges) & ~near).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("density", [1e-9, 0.01, 0.37, 0.9])
def test_density_keeps_the_largest(kind, density):
    X = series(200, seed=5)
    X[:, 3] = 1
    graph = correlation_graph(X, kind=kind, density=density, block_size=64, n_jobs=2)
    n_pairs = 199 * 198 // 2
    assert graph.n_edges == max(1, round(density * n_pairs))
    assert graph.density == pytest.approx(graph.n_edges / n_pairs, rel=1e-12)
    r = np.corrcoef(np.delete(X, 3, axis=1), rowvar=False)
    value = {"positive": r, "absolute": np.abs(r), "negative": -r}[kind]
    inside = np.delete(np.delete(graph.to_dense(), 3, axis=0), 3, axis=1)
    upper = np.triu_indices(199, 1)
    assert value[upper][inside[upper]].min() >= value[upper][~inside[upper]].max() - NEAR


def test_equal_correlations_are_kept_in_the_order_of_pairs():
    """Eight copies of one series: all 28 pairs are as large, and the first by (i, j) are kept."""
    X = np.repeat(series(1, seed=6), 8, axis=1)
    pairs = np.argwhere(np.triu(np.ones((8, 8)), 1))
    for n_edges in (1, 7, 8, 20):
        graph = correlation_graph(X, density=n_edges / 28)
        assert np.argwhere(np.triu(graph.to_dense())).tolist() == pairs[:n_edges].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_strength_sums_the_correlations_of_edges(kind):
    X = series(300, seed=7)
    graph = correlation_graph(X, 0.3, kind=kind)
    r = np.corrcoef(X, rowvar=False)
    found = motif_maps(graph, ("strength",))["strength"]
    np.testing.assert_allclose(found, (graph.to_dense() * r).sum(axis=1), atol=300 * NEAR)
    assert (motif_maps(graph, ("strength",), n_jobs=2)["strength"] == found).all()


@pytest.mark.parametrize("kind", KINDS)
def test_torch_gives_the_same_bits(kind):
    X = series(1100, seed=8)
    X[:, 9] = 4
    _, near = reference(X + np.arange(41)[:, None] * 1e-9, 0.3, kind)
    ours, theirs = (correlation_graph(X, 0.3, kind=kind, device=device) for device in (None, "cpu"))
    differ = ours.to_dense() != theirs.to_dense()
    assert not (differ & ~near).any()


def test_no_edge_and_every_edge_are_told():
    X = np.random.default_rng(0).normal(size=(50, 6))
    with pytest.warns(UserWarning, match="no pair of 6 nodes is an edge with threshold=0.99"):
        correlation_graph(X, 0.99)
    with pytest.warns(UserWarning, match="every pair of 6 nodes is an edge with density=1"):
        correlation_graph(X, density=1)


NAN = series(9)
NAN[3, 4] = np.nan


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"X": series(5)[:2]}, ValueError, "at least 3 times, got 2"),
        ({"X": series(1)}, ValueError, "at least 2 nodes, got 1"),
        ({"X": NAN}, ValueError, "got 1 NaN or infinite samples in 1 nodes, the first in node 4"),
        ({"X": np.ones((9, 4))}, ValueError, "at least 2 nodes that vary, got 0 of 4"),
        ({"X": series(5) + 0j}, TypeError, "real numbers, got dtype complex"),
        ({"X": series(5)[0]}, ValueError, "shape \\(n_times, n_nodes\\)"),
        ({"X": [[1, 2], [3]]}, ValueError, "ragged"),
        ({"threshold": 1.0}, ValueError, "threshold must be in \\(-1, 1\\), got 1.0"),
        ({"threshold": np.nan}, ValueError, "threshold must be in"),
        ({"threshold": "0.5"}, ValueError, "threshold must be a number"),
        ({"density": 0.0}, ValueError, "density must be in \\(0, 1\\], got 0.0"),
        ({"density": 1.5}, ValueError, "density must be in"),
        ({"kind": "postive"}, ValueError, "did you mean 'positive'"),
        ({"block_size": 0}, ValueError, "block_size must be a positive integer"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
    ],
)
def test_bad_input(change, error, words):
    with pytest.raises(error, match=f"^correlation_graph: .*{words}"):
        correlation_graph(**({"X": series(5)} | change))
