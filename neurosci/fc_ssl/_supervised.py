"""Training the backbone with labels: what classifier and regressor share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from neurosci._core.checks import check_option
from neurosci._training import (
    Batch,
    integer_seed,
    one_cycle,
    resolve_device,
    seeded,
    train,
    warmup_cosine,
)
from neurosci._training.schedules import Schedule

from ._backbone import TIME_READOUTS, Backbone, Forward
from ._batches import KeptGraphs, Windows, gather
from ._encoder import NODE_INPUTS, GraphEncoder
from ._parameters import describe_parameters
from ._pretrainer import Pretrainer
from ._readouts import READOUTS
from ._scans import Scans

SCHEDULES = ("cosine", "one_cycle", "constant")


class Attention(NamedTuple):
    """Where the backbone looks.

    Parameters
    ----------
    node : ndarray of float32, shape (n_scans, n_layers, n_windows, n_rois)
        Weights of regions; NaN after a scan's last window.
    time : ndarray of float32, shape (n_scans, n_layers, n_windows, n_windows)
        Attention of a window (row) to windows; NaN after a scan's last window.
    """

    node: NDArray[np.float32]
    time: NDArray[np.float32]


@dataclass(frozen=True)
class Cutting:
    """How scans are cut and made into graphs.

    Parameters
    ----------
    window, step : float
        Length of a window and distance of two starts.
    unit : str
        Their unit.
    closed : str
        Whether a last window that ends with the scan counts.
    density : float
        Share of pairs that become edges.
    """

    window: float
    step: float
    unit: str
    closed: str
    density: float


class Supervised(BaseEstimator):
    """Base of classifier and regressor."""

    def __init__(
        self,
        encoder: Pretrainer | str | os.PathLike[str] | None = None,
        *,
        freeze: bool = False,
        window: float | None = None,
        step: float | None = None,
        unit: str | None = None,
        closed: str | None = None,
        density: float | None = None,
        crop: float | None = None,
        hidden_dim: int = 128,
        n_layers: int = 4,
        node_input: str = "time",
        readout: str = "sero",
        time_readout: str = "mean",
        dropout: float = 0.5,
        orthogonality: float = 1e-5,
        max_epochs: int = 30,
        batch_size: int = 8,
        lr: float = 1e-3,
        weight_decay: float = 1e-4,
        schedule: str = "cosine",
        n_accumulate: int = 1,
        precision: str = "float32",
        device: str = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
        keep_attention: bool = True,
        verbose: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.freeze = freeze
        self.window = window
        self.step = step
        self.unit = unit
        self.closed = closed
        self.density = density
        self.crop = crop
        self.hidden_dim = hidden_dim
        self.n_layers = n_layers
        self.node_input = node_input
        self.readout = readout
        self.time_readout = time_readout
        self.dropout = dropout
        self.orthogonality = orthogonality
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.n_accumulate = n_accumulate
        self.precision = precision
        self.device = device
        self.checkpoint = checkpoint
        self.keep_attention = keep_attention
        self.verbose = verbose
        self.random_state = random_state

    def __init_subclass__(cls, **options: Any) -> None:
        """Show the parameters that classifier and regressor share."""
        super().__init_subclass__(**options)
        describe_parameters(cls)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    def __sklearn_clone__(self) -> Self:
        # a clone of the encoder would have forgotten what it learned
        parameters = self.get_params(deep=False)
        pretrained = parameters.pop("encoder")
        return type(self)(encoder=pretrained, **{k: clone(v, safe=False) for k, v in parameters.items()})

    def attention(self, X: Any, *, t_r: Any = None) -> Attention:
        """Return where the backbone looks.

        Parameters
        ----------
        X : TimeSeriesStore, array-like of shape (n_scans, n_frames, n_rois), or sequence of array-like
            Scans.
        t_r : float or sequence of float, default=None
            Time between frames, in seconds.

        Returns
        -------
        Attention
            Weights of regions, and of windows.
        """
        check_is_fitted(self)
        return self._attention(self._scans(X, t_r, self.n_features_in_))

    # -------------------------------------------------------------------------------------------------- parts

    def _check_parameters(self) -> None:
        where = type(self).__name__
        check_option(where, "readout", self.readout, READOUTS)
        check_option(where, "time_readout", self.time_readout, TIME_READOUTS)
        check_option(where, "schedule", self.schedule, SCHEDULES)
        check_option(where, "node_input", self.node_input, NODE_INPUTS)

    def _pretrained(self) -> Pretrainer | None:
        """Return the pre-trainer whose encoder is used, if any."""
        if self.encoder is None or isinstance(self.encoder, Pretrainer):
            return self.encoder
        return Pretrainer.load(self.encoder)

    def _new_encoder(self, pretrained: Pretrainer | None, n_rois: int) -> GraphEncoder:
        if pretrained is None:
            return GraphEncoder(n_rois, self.hidden_dim, self.n_layers, self.node_input)
        return pretrained.encoder()

    def _cutting(self, pretrained: Pretrainer | None) -> Cutting:
        """Return how scans are cut: as told, else as in pre-training, else as by default."""
        default = Pretrainer() if pretrained is None else pretrained
        given = {name: getattr(self, name) for name in ("window", "step", "unit", "closed", "density")}
        return Cutting(**{k: getattr(default, k) if v is None else v for k, v in given.items()})

    def _scans(self, X: Any, t_r: Any, n_rois: int | None) -> Scans:
        cutting = self.cutting_
        return Scans(
            type(self).__name__,
            X,
            cutting.window,
            cutting.step,
            unit=cutting.unit,
            t_r=t_r,
            closed=cutting.closed,
            crop=self.crop,
            n_rois=n_rois,
        )

    def _fit(
        self, scans: Scans, n_outputs: int, target: torch.Tensor, error: Callable[..., torch.Tensor]
    ) -> None:
        """Train; `error(outputs, target)` is the mean loss of a batch."""
        seed = integer_seed(self.random_state)
        pretrained = self._pretrained()
        with seeded(seed, "weights"):
            encoder = self._new_encoder(pretrained, scans.n_rois)
            module = Backbone(encoder, n_outputs, self.readout, self.time_readout, self.dropout)
        encoder.requires_grad_(not self.freeze)
        size = min(self.batch_size, len(scans))
        if size == self.n_accumulate and min(len(scans.starts(i)) for i in range(len(scans))) < 2:
            raise ValueError(
                f"{type(self).__name__}: batch_size must give at least 2 windows to a step, whose mean and "
                f"spread normalise it, got {size} scans in {self.n_accumulate} parts, one of 1 window"
            )
        n_steps = self.max_epochs * (len(scans) // size)
        kept = KeptGraphs.where_useful(
            scans, self.cutting_.density, profiles=encoder.profile is not None, n_epochs=self.max_epochs
        )

        def loss(module: Backbone, batch: Batch) -> Any:
            if self.freeze:
                module.encoder.eval()
            group = [int(i) for i in batch.indices]
            starts = [scans.starts(i, batch.rng(i, "crop")) for i in group]
            output = self._forward(module, self._windows(scans, group, starts, module, batch.device, kept))
            value = error(
                output.logits.float(), target[torch.from_numpy(batch.indices)].to(output.logits.device)
            )
            parts = {"error": value}
            if self.orthogonality:
                parts["orthogonality"] = output.penalty
                value = value + self.orthogonality * output.penalty
            return value, parts

        history = train(
            module,
            loss,
            n_samples=len(scans),
            batch_size=self.batch_size,
            n_epochs=self.max_epochs,
            optimizer=torch.optim.AdamW(
                [p for p in module.parameters() if p.requires_grad],
                lr=self.lr,
                weight_decay=self.weight_decay,
                fused=True,
            ),
            schedule=self._schedule(n_steps),
            random_state=seed,
            device=self.device,
            precision=self.precision,
            n_accumulate=self.n_accumulate,
            checkpoint=None if self.checkpoint is None else Path(self.checkpoint),
            settings=self._settings(),
            progress=type(self).__name__ if self.verbose else None,
        )
        self.n_features_in_ = scans.n_rois
        self.n_steps_ = history.n_steps
        self.history_ = history.rows
        self.encoder_sizes_: dict[str, Any] = {
            "n_rois": encoder.n_rois,
            "hidden_dim": encoder.hidden_dim,
            "n_layers": encoder.n_layers,
            "node_input": encoder.node_input,
        }
        self.n_outputs_ = n_outputs
        self.weights_ = {k: v.detach().cpu().numpy().copy() for k, v in module.state_dict().items()}
        if self.keep_attention:
            self.node_attention_, self.time_attention_ = self._attention(scans)

    def _settings(self) -> dict[str, Any]:
        left_out = ("checkpoint", "device", "verbose", "random_state", "encoder", "keep_attention")
        parameters = {k: v for k, v in self.get_params(deep=False).items() if k not in left_out}
        return {"class": type(self).__name__, **parameters}

    def _schedule(self, n_steps: int) -> Schedule | None:
        if self.schedule == "one_cycle" and n_steps >= 2:
            return one_cycle(self.lr, total=n_steps, start=self.lr / 2, final=self.lr / 2000, warmup=0.2)
        if self.schedule == "cosine":
            return warmup_cosine(self.lr, self.lr / 100, warmup=n_steps // 10, total=max(n_steps, 1))
        return None

    def _windows(
        self,
        scans: Scans,
        group: list[int],
        starts: list[NDArray[np.int64]],
        module: Backbone,
        device: str,
        kept: KeptGraphs | None = None,
    ) -> Windows:
        return gather(
            [scans.series(i) for i in group],
            starts,
            [scans.windows[i] for i in group],
            self.cutting_.density,
            profiles=module.encoder.profile is not None,
            device=device,
            kept=kept,
            group=group,
        )

    def _forward(self, module: Backbone, windows: Windows) -> Forward:
        encoder = module.encoder
        codes = encoder.time_codes(windows.series, windows.scan, windows.ends)
        content = encoder.node_content(codes, windows.profiles, n_graphs=len(windows.scan))
        penalised = bool(self.orthogonality) and module.training
        output: Forward = module(windows.adjacency, content, windows.n_windows, penalised=penalised)
        return output

    def _fitted(self) -> Backbone:
        with seeded(0, "replaced by the weights"):
            encoder = GraphEncoder(**self.encoder_sizes_)
            module = Backbone(encoder, self.n_outputs_, self.readout, self.time_readout, self.dropout)
        module.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in self.weights_.items()})
        return module.eval()

    def _outputs(self, scans: Scans) -> list[tuple[list[int], Forward]]:
        """Return groups of scans with what the backbone returns for them."""
        device = resolve_device(self.device)
        module = self._fitted().to(device)
        results = []
        with torch.no_grad():
            for group in scans.chunks():
                starts = [scans.starts(i) for i in group]
                windows = self._windows(scans, group, starts, module, device)
                output = self._forward(module, windows)
                times = [layer.cpu() for layer in output.time_attention]
                nodes = output.node_attention.cpu()
                here = Forward(output.logits.cpu(), output.latent.cpu(), nodes, times, output.penalty)
                results.append((windows.n_windows, here))
        return results

    def _predicted(self, X: Any, t_r: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        scans = self._scans(X, t_r, self.n_features_in_)
        return np.concatenate([o.logits.double().numpy() for _, o in self._outputs(scans)])

    def _attention(self, scans: Scans) -> Attention:
        nodes, times = [], []
        for counts, output in self._outputs(scans):
            first = 0
            for row, count in enumerate(counts):
                nodes.append(output.node_attention[:, first : first + count].numpy())
                times.append(
                    np.stack([layer[row, :count, :count].numpy() for layer in output.time_attention])
                )
                first += count
        longest = max(node.shape[1] for node in nodes)
        n_layers, _, n_rois = nodes[0].shape
        node = np.full((len(nodes), n_layers, longest, n_rois), np.nan, dtype=np.float32)
        time = np.full((len(nodes), n_layers, longest, longest), np.nan, dtype=np.float32)
        for i, (a, b) in enumerate(zip(nodes, times, strict=True)):
            node[i, :, : a.shape[1]] = a
            time[i, :, : b.shape[1], : b.shape[2]] = b
        return Attention(node, time)
