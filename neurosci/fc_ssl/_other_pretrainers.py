"""Joint embedding, and the tasks of others behind the same interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurosci._core.checks import check_option

from ._decoders import DECODERS
from ._encoder import GraphEncoder
from ._joint import LATENT_LOSSES, JointEmbedding
from ._objective import Objective
from ._objectives import GraphAutoencoding, GraphInfomax, MaskedNodes, PerturbedContrast
from ._pretrainer import Pretrainer
from ._space_time_pretrainer import SpaceTimePretrainer

OBJECTIVES: dict[str, tuple[Callable[..., Objective], dict[str, Any]]] = {
    "simgrace": (PerturbedContrast, {}),
    "dgi": (GraphInfomax, {}),
    "gae": (GraphAutoencoding, {"variational": False}),
    "vgae": (GraphAutoencoding, {"variational": True}),
    "graphmae": (MaskedNodes, {}),
}
GRAPHS = ("dynamic", "static")


class STJEMA(SpaceTimePretrainer):
    r"""Pre-train on unlabelled scans by predicting latents of hidden regions, pairs and windows (ST-JEMA).

    A second encoder, whose weights follow slowly, sees everything. What it makes of hidden regions, of hidden
    pairs and of the middle one of three windows is predicted from what the first encoder sees.

    {parameters}

    Attributes
    ----------
    n_features_in_ : int
        Regions.
    window_ : int
        Frames of a window of the first scan.
    weights_ : dict of str to ndarray
        Weights of the encoder and of the task.
    history_ : list of dict
        One row for each epoch: losses, and with ``validation`` those of held-out scans.
    n_steps_ : int
        Steps of the optimiser.

    See Also
    --------
    STMAE : The same with correlations and edges as targets.

    Notes
    -----
    The idea is published [1]_; the details are our reading, and every one is a parameter. The target weights
    follow :math:`\bar\theta \leftarrow m \bar\theta + (1 - m) \theta`, with m rising from `momentum` to 1 as
    half a cosine. Latents are normalised over their features; the latent of a pair is the product of those
    of its regions.

    References
    ----------
    .. [1] Choi J., Lee H., Kim B.-H., Lee J. "Joint-embedding masked autoencoder for self-supervised
       learning of dynamic functional connectivity from the human brain", arXiv:2403.06432.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import STJEMA
    >>> scans = np.random.default_rng(0).standard_normal((6, 80, 12))
    >>> model = STJEMA(window=20, step=10, hidden_dim=8, n_layers=2, max_epochs=1, random_state=0)
    >>> model.fit(scans).transform(scans, pool="none").shape
    (6, 192)
    """

    def __init__(
        self,
        n_rois: int | None = None,
        window: float = 50,
        step: float = 16,
        *,
        mask: str = "block",
        momentum: float = 0.996,
        latent_loss: str = "smooth_l1",
        n_pairs: int = 256,
        decoder: str = "mixer",
        **shared: Any,
    ) -> None:
        super().__init__(n_rois, window, step, mask=mask, **shared)
        self.momentum = momentum
        self.latent_loss = latent_loss
        self.n_pairs = n_pairs
        self.decoder = decoder

    def _check_parameters(self) -> None:
        super()._check_parameters()
        where = type(self).__name__
        check_option(where, "latent_loss", self.latent_loss, LATENT_LOSSES)
        check_option(where, "decoder", self.decoder, DECODERS)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"{where}: momentum must be in [0, 1], got {self.momentum}")

    def _objective(self, encoder: GraphEncoder, window: int) -> Objective:  # noqa: ARG002
        return JointEmbedding(
            encoder,
            self.n_windows,
            momentum=self.momentum,
            latent_loss=self.latent_loss,
            n_pairs=self.n_pairs,
            decoder=self.decoder,
            **self._hiding(),
        )


class GraphPretrainer(Pretrainer):
    """Pre-train on unlabelled scans with the task of another method, on the same encoder and windows.

    With equal sizes, epochs and scans, these differ from `STMAE` in the task alone.

    {parameters}

    Attributes
    ----------
    n_features_in_ : int
        Regions.
    window_ : int
        Frames of a window of the first scan.
    weights_ : dict of str to ndarray
        Weights of the encoder and of the task.
    history_ : list of dict
        One row for each epoch: losses, and with ``validation`` those of held-out scans.
    n_steps_ : int
        Steps of the optimiser.

    Notes
    -----
    Each is in the style of its source, on the encoder of this package:

    * "simgrace" [1]_: the mean over regions finds itself, among the graphs of the batch, in the image of an
      encoder whose weights carry noise. Under several processes, only graphs of the same one are compared.
    * "dgi" [2]_: nodes are told from those of a graph whose regions changed places, given the graph's mean.
    * "gae" and "vgae" [3]_: all edges are reconstructed from products of latents.
    * "graphmae" [4]_: rows of correlations of hidden regions are reconstructed through a graph layer.

    References
    ----------
    .. [1] Xia J. et al. "SimGRACE: a simple framework for graph contrastive learning without data
       augmentation", WWW 2022.
    .. [2] Velickovic P. et al. "Deep graph infomax", ICLR 2019.
    .. [3] Kipf T. N., Welling M. "Variational graph auto-encoders", arXiv:1611.07308, 2016.
    .. [4] Hou Z. et al. "GraphMAE: self-supervised masked graph autoencoders", KDD 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import GraphPretrainer
    >>> scans = np.random.default_rng(0).standard_normal((6, 80, 12))
    >>> sizes = {"window": 20, "step": 10, "hidden_dim": 8, "n_layers": 2, "max_epochs": 1}
    >>> model = GraphPretrainer("gae", **sizes, random_state=0)
    >>> model.fit(scans).transform(scans).shape
    (6, 16)
    """

    def __init__(
        self,
        objective: str = "simgrace",
        n_rois: int | None = None,
        window: float = 50,
        step: float = 16,
        *,
        graphs: str = "dynamic",
        **shared: Any,
    ) -> None:
        super().__init__(n_rois, window, step, **shared)
        self.objective = objective
        self.graphs = graphs

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_option(type(self).__name__, "objective", self.objective, OBJECTIVES)
        check_option(type(self).__name__, "graphs", self.graphs, GRAPHS)

    def _whole_scan(self) -> bool:
        return self.graphs == "static"

    def _objective(self, encoder: GraphEncoder, window: int) -> Objective:  # noqa: ARG002
        make, options = OBJECTIVES[self.objective]
        return make(encoder.n_rois, encoder.hidden_dim, self.n_windows, **options)
