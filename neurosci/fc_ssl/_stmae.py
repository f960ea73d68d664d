"""Spatio-temporal masked autoencoding."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option

from ._decoders import DECODERS
from ._encoder import GraphEncoder
from ._masked import TARGETS, MaskedAutoencoding
from ._objective import Objective
from ._space_time_pretrainer import SpaceTimePretrainer


class Reconstruction(NamedTuple):
    """A window of each scan, predicted and true.

    Parameters
    ----------
    R_hat : ndarray of float32, shape (n_scans, n_rois, n_rois)
        Predicted rows of correlations; the loss does not see the scale of a row.
    A_prob : ndarray of float32, shape (n_scans, n_rois, n_rois)
        Predicted probability of an edge.
    R : ndarray of float32, shape (n_scans, n_rois, n_rois)
        Correlations.
    A : ndarray of float32, shape (n_scans, n_rois, n_rois)
        Graphs of zeros and ones.
    hidden_pairs : ndarray of bool, shape (n_scans, n_rois, n_rois)
        Pairs that were hidden.
    hidden_regions : ndarray of bool, shape (n_scans, n_rois)
        Regions whose content was hidden.
    """

    R_hat: NDArray[np.float32]
    A_prob: NDArray[np.float32]
    R: NDArray[np.float32]
    A: NDArray[np.float32]
    hidden_pairs: NDArray[np.bool_]
    hidden_regions: NDArray[np.bool_]


class STMAE(SpaceTimePretrainer):
    r"""Pre-train on unlabelled scans by reconstructing hidden regions, pairs and windows (ST-MAE).

    Of a window, regions lose their content and pairs of regions are hidden; a graph encoder and a decoder
    reconstruct the hidden entries of the correlation matrix and the hidden edges. Of three windows, the
    middle one is reconstructed from the two others.

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
    STJEMA : The same with latent targets.
    GraphPretrainer : Tasks of other methods on the same encoder.
    STAGINClassifier : Trains the whole model with labels.

    Notes
    -----
    The loss is :math:`L = L_{node}^s + L_{edge}^s + \lambda (L_{node}^t + L_{edge}^t)`. :math:`L_{node}` is
    the mean over regions v of :math:`(1 - \cos(\hat r_v \odot h_v, r_v \odot h_v))^\gamma`, with :math:`h_v`
    the hidden entries of the row of v; :math:`L_{edge}` the cross-entropy of hidden edges, with logits
    :math:`z_u^\top z_v / \sqrt D + b`. In time, everything but the diagonal is hidden.

    The idea is published [1]_; the details are our reading, since no code was found, and every one is a
    parameter. The encoder is that of [2]_. Only the encoder is kept for what follows.

    A hidden region keeps its embedding, which says where it is. The time code is a network over the series of
    all regions, so it would know the answer: by default, hidden regions, or the frames of the window to
    predict, are zeros in its input. Between two regions that are both visible, a hidden pair stays visible in
    their series to the time code; ``node_input="region"`` closes that as well.

    Under several processes the loss and its gradient are those of one process.

    References
    ----------
    .. [1] Choi J., Keum S., Yun E., Kim B.-H., Lee J. "A generative self-supervised framework using
       functional connectivity in fMRI data", NeurIPS 2023 Temporal Graph Learning workshop, arXiv:2312.01994.
    .. [2] Kim B.-H., Ye J. C., Kim J.-J. "Learning dynamic graph representation of brain connectome with
       spatio-temporal attention", NeurIPS 2021, arXiv:2105.13495, sections 3.1 and 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import STMAE
    >>> scans = np.random.default_rng(0).standard_normal((6, 80, 12))
    >>> model = STMAE(window=20, step=10, hidden_dim=8, n_layers=2, n_windows=2, max_epochs=1, random_state=0)
    >>> model.fit(scans).transform(scans).shape
    (6, 16)
    >>> model.reconstruct(scans, t=2, t_a=0, t_b=5).A_prob.shape
    (6, 12, 12)
    """

    def __init__(
        self,
        n_rois: int | None = None,
        window: float = 50,
        step: float = 16,
        *,
        target: str = "profile",
        gamma: float = 2.0,
        edge_weight: float | None = None,
        decoder: str = "mlp",
        **shared: Any,
    ) -> None:
        super().__init__(n_rois, window, step, **shared)
        self.target = target
        self.gamma = gamma
        self.edge_weight = edge_weight
        self.decoder = decoder

    def reconstruct(
        self, X: Any, t: int, t_a: int | None = None, t_b: int | None = None, *, t_r: Any = None
    ) -> Reconstruction:
        """Reconstruct one window of each scan, from what is left of it or from two others.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans.
        t : int
            Window, from 0.
        t_a, t_b : int, default=None
            Windows before and after; without them, a part of window t is hidden and reconstructed from the
            rest. What is hidden depends on the scan's position only.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        Reconstruction
            Predictions and what was there.

        Raises
        ------
        ValueError
            If a window does not exist, the three are not in order, or the branch was not trained.
        """
        check_is_fitted(self)
        where = f"{type(self).__name__}.reconstruct"
        if (t_a is None) != (t_b is None):
            raise ValueError(f"{where}: t_a and t_b must be given together, got t_a={t_a} and t_b={t_b}")
        wanted = [t] if t_a is None or t_b is None else [t_a, t, t_b]
        branch = "spatial" if len(wanted) == 1 else "temporal"
        if not getattr(self, branch):
            raise ValueError(
                f"{where}: the {branch} branch must be trained, got {branch}=False (fit with it)"
            )
        if sorted(set(wanted)) != wanted:
            raise ValueError(f"{where}: t_a < t < t_b must hold, got {t_a}, {t}, {t_b}")
        scans = self._scans(X, t_r, 1, self.n_features_in_)
        module, sampler = self._fitted(), self._sampler(scans)
        objective = cast(MaskedAutoencoding, module.objective)
        parts = []
        for group in scans.chunks():
            starts = []
            for i in group:
                available = scans.starts(i)
                if wanted[0] < 0 or wanted[-1] >= len(available):
                    raise ValueError(
                        f"{where}: windows must be in 0 ... {len(available) - 1} for scan {i}, got {wanted}"
                    )
                starts.append(available[wanted])
            windows = sampler.windows(group, starts, profiles=True)
            rngs = [np.random.default_rng(i) for i in group]
            with torch.no_grad():
                parts.append(objective.reconstruct(module.encoder, windows, rngs))
        return Reconstruction(*(torch.cat(list(part)).numpy() for part in zip(*parts, strict=True)))

    def _check_parameters(self) -> None:
        super()._check_parameters()
        where = type(self).__name__
        check_option(where, "target", self.target, TARGETS)
        check_option(where, "decoder", self.decoder, DECODERS)
        if self.gamma < 1:
            raise ValueError(f"{where}: gamma must be at least 1, got {self.gamma}")

    def _objective(self, encoder: GraphEncoder, window: int) -> Objective:
        return MaskedAutoencoding(
            encoder.n_rois,
            encoder.hidden_dim,
            self.n_windows,
            target=self.target,
            gamma=self.gamma,
            window=window,
            edge_weight=self.edge_weight,
            decoder=self.decoder,
            **self._hiding(),
        )
