"""Pre-training on unlabelled scans: what does not depend on the task."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option
from neurosci._training import (
    integer_seed,
    load_weights,
    resolve_device,
    save_weights,
    seeded,
    train,
    warmup_cosine,
)

from ._batches import KeptGraphs
from ._encoder import NODE_INPUTS, GraphEncoder
from ._objective import Objective
from ._parameters import describe_parameters
from ._pooling import LAYERS, POOLS, TIMES, pooled
from ._pretraining import Pretraining, Sampler
from ._scans import Scans

KIND = "fc_ssl/pretrainer"


class Pretrainer(TransformerMixin, BaseEstimator):
    """Base of the pre-trainers; each adds a task."""

    def __init__(
        self,
        n_rois: int | None = None,
        window: float = 50,
        step: float = 16,
        *,
        unit: str = "frames",
        closed: str = "left",
        density: float = 0.3,
        crop: float | None = None,
        hidden_dim: int = 128,
        n_layers: int = 4,
        node_input: str = "time",
        n_windows: int = 8,
        max_epochs: int = 30,
        batch_size: int = 8,
        lr: float = 1e-3,
        weight_decay: float = 1e-4,
        warmup_epochs: int = 1,
        n_accumulate: int = 1,
        precision: str = "float32",
        device: str = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        verbose: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.n_rois = n_rois
        self.window = window
        self.step = step
        self.unit = unit
        self.closed = closed
        self.density = density
        self.crop = crop
        self.hidden_dim = hidden_dim
        self.n_layers = n_layers
        self.node_input = node_input
        self.n_windows = n_windows
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.warmup_epochs = warmup_epochs
        self.n_accumulate = n_accumulate
        self.precision = precision
        self.device = device
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.random_state = random_state

    def __init_subclass__(cls, **options: Any) -> None:
        """Show the parameters that a class shares."""
        super().__init_subclass__(**options)
        describe_parameters(cls)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    # --------------------------------------------------------------------------------------- what a task says

    def _objective(self, encoder: GraphEncoder, window: int) -> Objective:
        """Return the task for an encoder and windows of `window` frames."""
        raise NotImplementedError

    def _fewest_windows(self) -> int:
        """Return the windows that each scan must hold."""
        return 1

    def _whole_scan(self) -> bool:
        """Tell whether the graph of a scan is one of all its frames."""
        return False

    # ------------------------------------------------------------------------------------------ the estimator

    def fit(self, X: Any, y: Any = None, *, t_r: Any = None, validation: Any = None) -> Self:  # noqa: ARG002
        """Pre-train on scans; labels are not used.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Unlabelled scans; numbers of frames may differ.
        y : object, default=None
            Not used.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds; needed where ``unit="s"``, unless a store knows it.
        validation : as X, default=None
            Held-out scans whose losses are kept in ``history_`` after each epoch.

        Returns
        -------
        Pretrainer
            Itself.

        Raises
        ------
        ValueError
            If a parameter is outside its range, or scans are not as they must be: the message names the scan.
        """
        self._check_parameters()
        scans = self._scans(X, t_r, self._fewest_windows(), self.n_rois)
        held_out = (
            None if validation is None else self._scans(validation, t_r, self._fewest_windows(), scans.n_rois)
        )
        seed = integer_seed(self.random_state)
        with seeded(seed, "weights"):
            module = self._module(scans.n_rois, scans.windows[0])
        steps = max(1, len(scans) // min(self.batch_size, len(scans)))
        trained = [p for p in module.parameters() if p.requires_grad]
        history = train(
            module,
            self._sampler(scans, seed, module).loss,
            n_samples=len(scans),
            batch_size=self.batch_size,
            n_epochs=self.max_epochs,
            optimizer=torch.optim.AdamW(trained, lr=self.lr, weight_decay=self.weight_decay, fused=True),
            schedule=warmup_cosine(
                self.lr,
                self.lr / 100,
                warmup=min(self.warmup_epochs, self.max_epochs - 1) * steps,
                total=self.max_epochs * steps,
            ),
            random_state=seed,
            device=self.device,
            precision=self.precision,
            n_accumulate=self.n_accumulate,
            after_step=lambda m, step: m.objective.after_step(m.encoder, step / (self.max_epochs * steps)),
            validate=None if held_out is None else self._sampler(held_out, seed, module).validate,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint),
            settings=self._settings(),
            progress=type(self).__name__ if self.verbose else None,
        )
        self.n_features_in_ = scans.n_rois
        self.window_ = scans.windows[0]
        self.history_ = history.rows
        self.n_steps_ = history.n_steps
        self.weights_ = {k: v.detach().cpu().numpy().copy() for k, v in module.state_dict().items()}
        return self

    def transform(
        self, X: Any, *, pool: str = "mean", time: str = "mean", layers: str = "all", t_r: Any = None
    ) -> NDArray[np.float32]:
        """Return features of scans from the frozen encoder.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans; all their windows are used.
        pool : {"mean", "attention", "none"}, default="mean"
            Mean over regions, mean weighted by each region's product with the mean, or regions kept apart.
        time : {"mean", "sd", "moments"}, default="mean"
            Mean over windows, standard deviation over windows, or both.
        layers : {"all", "last"}, default="all"
            Layers side by side, or the last.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        ndarray of float32, shape (n_scans, n_features)
            Features: layers, then moments, then regions (with ``pool="none"``), then the hidden width.
        """
        where = f"{type(self).__name__}.transform"
        check_is_fitted(self)
        check_option(where, "pool", pool, POOLS)
        check_option(where, "time", time, TIMES)
        check_option(where, "layers", layers, LAYERS)
        scans = self._scans(X, t_r, 1, self.n_features_in_)
        device = resolve_device(self.device)
        encoder = self.encoder().eval().to(device)
        sampler = self._sampler(scans)
        rows = []
        with torch.no_grad():
            for group in scans.chunks():
                starts = [scans.starts(i) for i in group]
                windows = sampler.windows(group, starts, profiles=encoder.profile is not None, device=device)
                codes = encoder.time_codes(windows.series, windows.scan, windows.ends)
                content = encoder.node_content(codes, windows.profiles, n_graphs=len(windows.scan))
                nodes = encoder(windows.adjacency, content)
                rows.append(pooled(nodes, windows.n_windows, pool, time, layers).cpu())
        return np.asarray(torch.cat(rows).numpy())

    def encoder(self) -> GraphEncoder:
        """Return the pre-trained encoder as a module of torch, a copy of its own.

        Returns
        -------
        GraphEncoder
            Encoder.
        """
        check_is_fitted(self)
        return self._fitted().encoder

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save parameters and weights to a safetensors file.

        Parameters
        ----------
        path : path-like
            File that ends in ``.safetensors``, or a folder.

        Returns
        -------
        pathlib.Path
            The file.
        """
        check_is_fitted(self)
        config = {
            "class": type(self).__name__,
            "parameters": {**self.get_params(), "checkpoint": None},
            "n_features_in": self.n_features_in_,
            "window": self.window_,
            "n_steps": self.n_steps_,
            "history": self.history_,
        }
        return save_weights(path, KIND, config, {k: torch.from_numpy(v) for k, v in self.weights_.items()})

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Pretrainer:
        """Load what `save` wrote; nothing in the file can run.

        Parameters
        ----------
        path : path-like
            File or folder.

        Returns
        -------
        Pretrainer
            A fitted pre-trainer of the class that was saved.

        Raises
        ------
        ValueError
            If the file is not one of `save`, or names an unknown class.
        """
        config, tensors = load_weights(path, KIND)
        known = _known()
        check_option("Pretrainer.load", "class", config["class"], known)
        model = known[config["class"]](**config["parameters"])
        model.n_features_in_, model.window_ = config["n_features_in"], config["window"]
        model.n_steps_, model.history_ = config["n_steps"], config["history"]
        model.weights_ = {k: v.numpy() for k, v in tensors.items()}
        return model

    # -------------------------------------------------------------------------------------------------- parts

    def _check_parameters(self) -> None:
        where = type(self).__name__
        check_option(where, "node_input", self.node_input, NODE_INPUTS)
        for name in ("window", "step"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{where}: {name} must be positive, got {getattr(self, name)!r}")
        for name in ("hidden_dim", "n_layers", "n_windows", "max_epochs", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{where}: {name} must be a whole number of at least 1, got {value!r}")

    def _settings(self) -> dict[str, Any]:
        left_out = ("checkpoint", "device", "verbose", "random_state")
        parameters = {k: v for k, v in self.get_params().items() if k not in left_out}
        return {"class": type(self).__name__, **parameters}

    def _scans(self, X: Any, t_r: Any, fewest: int, n_rois: int | None) -> Scans:
        return Scans(
            type(self).__name__,
            X,
            self.window,
            self.step,
            unit=self.unit,
            t_r=t_r,
            closed=self.closed,
            crop=self.crop,
            n_rois=n_rois,
            fewest=fewest,
        )

    def _module(self, n_rois: int, window: int) -> Pretraining:
        encoder = GraphEncoder(n_rois, self.hidden_dim, self.n_layers, self.node_input)
        return Pretraining(encoder, self._objective(encoder, window))

    def _fitted(self) -> Pretraining:
        with seeded(0, "replaced by the weights"):
            module = self._module(self.n_features_in_, self.window_)
        module.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in self.weights_.items()})
        return module.eval()

    def _sampler(self, scans: Scans, seed: int = 0, module: Pretraining | None = None) -> Sampler:
        whole, kept = self._whole_scan(), None
        if module is not None and not whole:
            profiles = module.objective.uses_profiles or module.encoder.profile is not None
            kept = KeptGraphs.where_useful(scans, self.density, profiles=profiles, n_epochs=self.max_epochs)
        return Sampler(scans, self.density, whole, self.batch_size, seed, kept)


def _known() -> dict[str, type[Pretrainer]]:
    """Return the classes that a file may name."""
    from ._other_pretrainers import STJEMA, GraphPretrainer
    from ._stmae import STMAE

    return {cls.__name__: cls for cls in (STMAE, STJEMA, GraphPretrainer)}
