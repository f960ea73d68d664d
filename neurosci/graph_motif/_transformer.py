"""Maps of motif counts as features, one row for each person."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from neurosci._core.checks import check_option

from ._correlation import KINDS, check_density, check_threshold, correlation_graph
from ._motifs import DISTANCE_EDGES, check_coordinates, check_edges, check_motifs, motif_maps
from ._packed import PackedGraph
from ._signals import check_matrix, check_signals, without_not_finite

SCALES = ("log1p", "count")
NAN_POLICIES = ("raise", "omit")
COUNTS = ("degree", "triangles", "four_cycles", "distance_degree")


class MotifMapTransformer(TransformerMixin, BaseEstimator):
    """Turn each person's time series into maps of motif counts.

    Nothing is learned from the data but the number of nodes, so that maps may be computed once for all
    people, before any split.

    Parameters
    ----------
    threshold : float, default=0.5
        Correlation that an edge must exceed. Not used where `density` is given.
    motifs : sequence of str, default=("degree", "triangles")
        Maps, as in `motif_maps`.
    kind : {"positive", "absolute", "negative"}, default="positive"
        Rule for edges, as in `correlation_graph`.
    density : float, default=None
        Share of pairs that become edges, in (0, 1].
    scale : {"log1p", "count"}, default="log1p"
        Scale of counts, which have heavy tails: log(1 + count), or the counts themselves.
        Strength and clustering are kept as they are.
    coordinates : array-like of shape (n_nodes, 3), default=None
        Places of the nodes, in mm, for "distance_degree".
    distance_edges : sequence of float, default=(0, 20, 40, 60, 80, inf)
        Limits of its bins, in mm.
    nan_policy : {"raise", "omit"}, default="raise"
        Refuse NaN and infinite samples, or leave the nodes that hold some out of that person's graph, as
        constant ones are.
    n_jobs : int, default=None
        Threads for each person, as in joblib.
    device : str, default=None
        Device of torch, such as "cuda"; ``None`` computes with compiled loops.

    Attributes
    ----------
    n_features_in_ : int
        Number of nodes.

    See Also
    --------
    correlation_graph, motif_maps : The functions behind it.
    NiftiMotifMasker : The same from images.

    Notes
    -----
    Numbers of times may differ between people; note that counts then differ too, because shorter series
    have larger correlations by chance. Nodes left out have the value 0 in each map.

    References
    ----------
    Dey S, Rao AR, Shah M (2012). Exploiting the brain's network structure in identifying ADHD subjects.
    Frontiers in Systems Neuroscience 6, 75. The scale is a convention of this package.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.graph_motif import MotifMapTransformer
    >>> rng = np.random.default_rng(0)
    >>> people = [rng.normal(size=(n_times, 7)) for n_times in (41, 50, 44)]
    >>> maps = MotifMapTransformer(threshold=0.1, motifs=("degree", "triangles"))
    >>> maps.fit_transform(people).shape, maps.get_feature_names_out()[[0, 13]].tolist()
    ((3, 14), ['degree_0', 'triangles_6'])
    """

    def __init__(
        self,
        threshold: float = 0.5,
        motifs: Sequence[str] = ("degree", "triangles"),
        *,
        kind: str = "positive",
        density: float | None = None,
        scale: str = "log1p",
        coordinates: ArrayLike | None = None,
        distance_edges: Sequence[float] = DISTANCE_EDGES,
        nan_policy: str = "raise",
        n_jobs: int | None = None,
        device: str | None = None,
    ) -> None:
        self.threshold = threshold
        self.motifs = motifs
        self.kind = kind
        self.density = density
        self.scale = scale
        self.coordinates = coordinates
        self.distance_edges = distance_edges
        self.nan_policy = nan_policy
        self.n_jobs = n_jobs
        self.device = device

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (pipelines pass it)
        """Check the parameters and the people, and take the number of nodes from the first of them.

        Parameters
        ----------
        X : sequence of n_subjects arrays of shape (n_times, n_nodes)
            Time series; numbers of times may differ.
        y : object, default=None
            Not used.

        Returns
        -------
        MotifMapTransformer
            Itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, or people differ in their number of nodes.
        """
        where = type(self).__name__
        check_threshold(where, self.threshold)
        names = check_motifs(where, self.motifs)
        check_option(where, "kind", self.kind, KINDS)
        check_option(where, "scale", self.scale, SCALES)
        check_option(where, "nan_policy", self.nan_policy, NAN_POLICIES)
        if self.density is not None:
            check_density(where, self.density)
        check_edges(where, self.distance_edges)
        n_nodes = 0
        for index, series in enumerate(_people(where, X)):
            array = self._series(where, series, index)
            n_nodes = n_nodes or array.shape[1]
            _check_nodes(where, index, array.shape[1], n_nodes)
        if "distance_degree" in names:
            check_coordinates(where, self.coordinates, n_nodes)
        self.n_features_in_ = n_nodes
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the maps of each person, one after the other.

        Parameters
        ----------
        X : sequence of n_subjects arrays of shape (n_times, n_nodes)
            Time series.

        Returns
        -------
        ndarray of float64, shape (n_subjects, n_maps * n_nodes)
            All nodes of the first map, then of the second, and so on.

        Raises
        ------
        ValueError
            If a person has another number of nodes than in `fit`, or series that `correlation_graph` refuses.
        """
        from sklearn.utils.validation import check_is_fitted

        where = type(self).__name__
        check_is_fitted(self)
        rows = []
        for index, series in enumerate(_people(where, X)):
            array = self._series(where, series, index)
            _check_nodes(where, index, array.shape[1], self.n_features_in_)
            rows.append(self.maps_of(self.graph_of(array)).reshape(-1))
        return np.array(rows)

    def graph_of(self, series: ArrayLike) -> PackedGraph:
        """Return the graph of one person.

        Parameters
        ----------
        series : array-like of shape (n_times, n_nodes)
            Time series.

        Returns
        -------
        PackedGraph
            The graph, by the parameters of this estimator.
        """
        array = check_matrix(type(self).__name__, series, "series")
        if self.nan_policy == "omit":
            array = without_not_finite(array)
        return correlation_graph(
            array,
            self.threshold,
            kind=self.kind,
            density=self.density,
            n_jobs=self.n_jobs,
            device=self.device,
        )

    def maps_of(self, graph: PackedGraph) -> NDArray[np.float64]:
        """Return the maps of one graph on the scale of this estimator.

        Parameters
        ----------
        graph : PackedGraph
            The graph of one person.

        Returns
        -------
        ndarray of float64, shape (n_maps, n_nodes)
            Maps in the order of `motifs`; bins of distance are maps of their own.
        """
        maps = motif_maps(
            graph,
            self.motifs,
            coordinates=self.coordinates,
            distance_edges=self.distance_edges,
            n_jobs=self.n_jobs,
            device=self.device,
        )
        log = self.scale == "log1p"
        return np.vstack([np.log1p(m) if log and name in COUNTS else m for name, m in maps.items()]).astype(
            float
        )

    def map_names(self) -> list[str]:
        """Return the name of each map; bins of distance have their limits in theirs.

        Returns
        -------
        list of str
            Names in the order of `maps_of`.
        """
        names = []
        for motif in check_motifs(type(self).__name__, self.motifs):
            if motif == "distance_degree":
                limits = [f"{edge:g}" for edge in self.distance_edges]
                names += [f"{motif}_{low}_{high}" for low, high in itertools.pairwise(limits)]
            else:
                names.append(motif)
        return names

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the name of each column: the map and the node.

        Parameters
        ----------
        input_features : array-like of str, shape (n_nodes,), default=None
            Names of the nodes; ``None`` numbers them from 0.

        Returns
        -------
        ndarray of object, shape (n_maps * n_nodes,)
            Names such as "triangles_6".

        Raises
        ------
        ValueError
            If there are not as many names as nodes.
        """
        from sklearn.utils.validation import check_is_fitted

        where = type(self).__name__
        check_is_fitted(self, "n_features_in_")
        nodes = range(self.n_features_in_) if input_features is None else list(np.asarray(input_features))
        if len(nodes) != self.n_features_in_:
            raise ValueError(
                f"{where}: input_features must have {self.n_features_in_} names, one a node, got {len(nodes)}"
            )
        return np.array([f"{name}_{node}" for name in self.map_names() for node in nodes], dtype=object)

    def _series(self, where: str, series: Any, index: int) -> NDArray[Any]:
        check = check_signals if self.nan_policy == "raise" else check_matrix
        return check(where, series, f"X[{index}]")


def _people(where: str, X: Any) -> Any:
    if not hasattr(X, "__len__") or isinstance(X, str | dict):
        raise TypeError(
            f"{where}: X must be a sequence of arrays, one for each person, got {type(X).__name__}"
        )
    if not len(X):
        raise ValueError(f"{where}: X must hold at least 1 person, got 0")
    return X


def _check_nodes(where: str, index: int, n_nodes: int, expected: int) -> None:
    if n_nodes != expected:
        raise ValueError(
            f"{where}: X[{index}] must have {expected} nodes as the others, got {n_nodes} (all people need "
            "the same mask or parcellation)"
        )
