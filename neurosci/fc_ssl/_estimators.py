"""Classifier and regressor of scans."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from torch.nn import functional

from ._checks import check_labels
from ._supervised import Supervised


class STAGINClassifier(ClassifierMixin, Supervised):
    """Classify scans by their dynamic connectivity, with attention over regions and windows (STAGIN).

    Graphs of windows go through graph layers, an attention over regions and, within each scan, an attention
    over windows; each layer gives logits, which are added. The encoder may start from a pre-trained one.

    {parameters}

    Attributes
    ----------
    classes_ : ndarray
        Classes.
    n_features_in_ : int
        Regions.
    weights_ : dict of str to ndarray
        Weights of the whole model.
    encoder_sizes_ : dict
        Sizes of the encoder.
    n_outputs_ : int
        Outputs of the model: classes, or one.
    cutting_ : Cutting
        How scans are cut into windows.
    history_ : list of dict
        One row for each epoch.
    n_steps_ : int
        Steps of the optimiser.
    node_attention_ : ndarray of float32, shape (n_scans, n_layers, n_windows, n_rois)
        Weights of regions on the training scans, with `keep_attention`; NaN after a scan's last window.
    time_attention_ : ndarray of float32, shape (n_scans, n_layers, n_windows, n_windows)
        The same of windows (rows attend to columns).

    See Also
    --------
    STMAE : Pre-trains the encoder.
    STAGINRegressor : The same for numbers.

    Notes
    -----
    ``window``, ``step``, ``unit``, ``closed`` and ``density`` are those of the pre-trainer where they are
    ``None`` (without one: 50, 16, "frames", "left", 0.3); the sizes of the encoder always are. The training
    of the published code is ``schedule="one_cycle", lr=1e-3, max_epochs=30, batch_size=3, weight_decay=0,
    time_readout="sum", window=50, step=3, crop=600``.

    A clone keeps its pre-trained encoder, so that cross-validation starts each fold from it.

    References
    ----------
    .. [1] Kim B.-H., Ye J. C., Kim J.-J. "Learning dynamic graph representation of brain connectome with
       spatio-temporal attention", NeurIPS 2021, arXiv:2105.13495.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import STAGINClassifier
    >>> scans = np.random.default_rng(0).standard_normal((6, 80, 12))
    >>> model = STAGINClassifier(window=20, step=10, hidden_dim=8, n_layers=2, max_epochs=1, random_state=0)
    >>> model.fit(scans, [0, 1, 0, 1, 0, 1]).predict_proba(scans).shape
    (6, 2)
    >>> model.node_attention_.shape, model.time_attention_.shape
    ((6, 2, 6, 12), (6, 2, 6, 6))
    """

    def fit(self, X: Any, y: ArrayLike, *, t_r: Any = None) -> Self:
        """Train on labelled scans.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans.
        y : array-like of shape (n_scans,)
            Classes.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds; needed where windows are in seconds, unless a store knows it.

        Returns
        -------
        STAGINClassifier
            Itself.

        Raises
        ------
        ValueError
            If a parameter, a scan or the labels are not as they must be.
        """
        self._check_parameters()
        pretrained = self._pretrained()
        self.cutting_ = self._cutting(pretrained)
        scans = self._scans(X, t_r, None if pretrained is None else pretrained.n_features_in_)
        labels = check_labels(type(self).__name__, y, len(scans))
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self._fit(
            scans, len(self.classes_), torch.from_numpy(codes.astype(np.int64)), functional.cross_entropy
        )
        return self

    def decision_function(self, X: Any, *, t_r: Any = None) -> NDArray[np.float64]:
        """Return logits: of the second class against the first where there are two, else of each class.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans; all their windows are used.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        ndarray of float64, shape (n_scans,) or (n_scans, n_classes)
            Logits.
        """
        logits = self._predicted(X, t_r)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any, *, t_r: Any = None) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        ndarray of float64, shape (n_scans, n_classes)
            Probabilities.
        """
        return np.asarray(softmax(self._predicted(X, t_r), axis=1))

    def predict(self, X: Any, *, t_r: Any = None) -> NDArray[Any]:
        """Return the likeliest class.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        ndarray of shape (n_scans,)
            Classes.
        """
        chosen = self._predicted(X, t_r).argmax(1)
        return np.asarray(self.classes_[chosen])


class STAGINRegressor(RegressorMixin, Supervised):
    """Predict a number from the dynamic connectivity of scans, with attention over regions and windows.

    The model is that of `STAGINClassifier`, with a squared error on values that are standardised with the
    mean and standard deviation of the training scans.

    {parameters}

    Attributes
    ----------
    target_mean_ : float
        Mean of the training values.
    target_scale_ : float
        Their standard deviation.
    n_features_in_ : int
        Regions.
    weights_ : dict of str to ndarray
        Weights of the whole model.
    encoder_sizes_ : dict
        Sizes of the encoder.
    n_outputs_ : int
        Outputs of the model: classes, or one.
    cutting_ : Cutting
        How scans are cut into windows.
    history_ : list of dict
        One row for each epoch.
    n_steps_ : int
        Steps of the optimiser.
    node_attention_ : ndarray of float32, shape (n_scans, n_layers, n_windows, n_rois)
        Weights of regions on the training scans, with `keep_attention`; NaN after a scan's last window.
    time_attention_ : ndarray of float32, shape (n_scans, n_layers, n_windows, n_windows)
        The same of windows (rows attend to columns).

    See Also
    --------
    STAGINClassifier : The same for classes; its notes hold here too.

    Examples
    --------
    >>> import numpy as np
    >>> from neurosci.fc_ssl import STAGINRegressor
    >>> scans = np.random.default_rng(0).standard_normal((6, 80, 12))
    >>> model = STAGINRegressor(window=20, step=10, hidden_dim=8, n_layers=2, max_epochs=1, random_state=0)
    >>> model.fit(scans, [20.0, 31.5, 44.0, 25.0, 38.0, 52.0]).predict(scans).shape
    (6,)
    """

    def fit(self, X: Any, y: ArrayLike, *, t_r: Any = None) -> Self:
        """Train on scans with known values, which are standardised.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans.
        y : array-like of shape (n_scans,)
            Values.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds; needed where windows are in seconds, unless a store knows it.

        Returns
        -------
        STAGINRegressor
            Itself.

        Raises
        ------
        ValueError
            If a parameter, a scan or the values are not as they must be.
        """
        self._check_parameters()
        pretrained = self._pretrained()
        self.cutting_ = self._cutting(pretrained)
        scans = self._scans(X, t_r, None if pretrained is None else pretrained.n_features_in_)
        values = check_labels(type(self).__name__, y, len(scans), classes=False)
        self.target_mean_ = float(values.mean())
        self.target_scale_ = float(values.std()) or 1.0
        target = torch.from_numpy(((values - self.target_mean_) / self.target_scale_).astype(np.float32))
        self._fit(scans, 1, target[:, None], functional.mse_loss)
        return self

    def predict(self, X: Any, *, t_r: Any = None) -> NDArray[np.float64]:
        """Return predicted values in the unit of the training values.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans; all their windows are used.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        ndarray of float64, shape (n_scans,)
            Values.
        """
        return self._predicted(X, t_r)[:, 0] * self.target_scale_ + self.target_mean_
