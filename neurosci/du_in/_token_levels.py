"""Control of the token level: tokens of a region, or of single channels, in one and the same transformer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .._core.checks import check_option
from ._classifier import DuINClassifierModule
from ._config import DuINConfig
from ._decoder import DuINClassifier
from ._encoder import check_signals
from ._layers import PatchConvolution, full, linear

LEVELS = ("region", "channel")
POOLINGS = ("concatenate", "mean")


class ChannelTokenModule(DuINClassifierModule):
    """Word decoder whose tokens are patches of single channels.

    The convolutions have one input channel and the same weights for all channels; a learned embedding tells
    channels apart, and every token attends to those of all channels and patches.

    Parameters
    ----------
    n_chans, n_times, n_outputs : int
        Channels, samples of a trial, classes.
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones.
    pooling : {"concatenate", "mean"}, default="concatenate"
        What the head sees of the channels: all tokens, or their mean over channels.
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        config: DuINConfig | None = None,
        *,
        pooling: str = "concatenate",
    ) -> None:
        super().__init__(n_chans, n_times, n_outputs, config)
        check_option("ChannelTokenModule", "pooling", pooling, POOLINGS)
        self.pooling = pooling
        sizes = self.config
        self.spatial = PatchConvolution(1, sizes)
        self.channels = nn.Parameter(torch.empty(n_chans, 1, sizes.d_model))
        nn.init.trunc_normal_(self.channels, std=0.02)
        if pooling == "concatenate":
            n_features = n_chans * sizes.n_patches(n_times) * sizes.d_model
            self.classify[1] = linear(n_features, sizes.n_hidden)

    def forward(self, x: Tensor, subjects: Tensor | None = None) -> Tensor:  # noqa: ARG002 (one subject)
        """Return logits.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        subjects : Tensor, default=None
            Not used.

        Returns
        -------
        Tensor of shape (batch, n_outputs)
            Logits, never in half precision.
        """
        check_signals("ChannelTokenModule", x, self.n_chans, self.n_times)
        batch, n_chans, n_times = x.shape
        n_patches = n_times // self.config.patch_samples
        embedded = self.spatial(x.reshape(batch * n_chans * n_patches, 1, -1))
        tokens = embedded.view(batch, n_chans, n_patches, -1) + self.channels
        tokens = (tokens + self.transformer.positions[:n_patches]).flatten(1, 2)
        for layer in self.transformer.layers:
            tokens = layer(tokens)
        tokens = tokens.view(batch, n_chans, n_patches, -1)
        pooled = tokens if self.pooling == "concatenate" else tokens.mean(dim=1)
        return full(self.classify(pooled))


class TokenLevelClassifier(DuINClassifier):
    """Decode from tokens of a region or of single channels, everything else being equal.

    Parameters
    ----------
    level : {"region", "channel"}, default="region"
        A token is a patch of all channels together (with all channels of the brain this is the paper's
        brain level), or a patch of one channel.
    pooling : {"concatenate", "mean"}, default="concatenate"
        What the head sees of channel tokens: all of them, or their mean over channels.
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones. The patch length is part of them.
    max_shift : int, default=None
        Largest shift of a training trial in samples; ``None`` is a tenth of the trial.
    schedule : {"default", "published", "published_code"}, default="default"
        Optimisation: ours, that of the paper's table, or that of the authors' code.
    n_epochs, batch_size : int, default=None
        Instead of those of the schedule.
    learning_rate : float, default=None
        Highest rate, instead of that of the schedule.
    standardize : bool, default=True
        Whether channels are z-scored by the statistics of the training windows.
    random_state : None, int, SeedSequence or Generator, default=None
        Seed of weights, order and augmentation.
    device : {"auto", "cpu", "cuda"}, default="auto"
        Where to train.
    precision : {"float32", "bfloat16"}, default="float32"
        Arithmetic of matrix products.
    verbose : bool, default=False
        Show progress in a terminal.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    weights_ : dict of str to ndarray
        Weights and buffers of the network; `module_` is the network.
    history_ : dict of str to ndarray
        One value per epoch: ``loss`` (nats) and ``accuracy``.
    init_history_ : dict
        Empty: nothing is pre-trained.
    mean_, scale_ : ndarray of shape (n_channels,)
        Statistics of each channel in training.
    n_channels_in_, n_times_in_ : int
        Channels, and samples of a training window.
    ch_names_ : tuple of str or None
        Channels, where epochs were given.
    sfreq_ : float or None
        Sampling rate in Hz, where epochs were given.

    See Also
    --------
    DuINClassifier : The same with pre-training.

    Notes
    -----
    The published comparison of levels also changes patch length, sampling rate and size. Here they are
    equal; channel tokens are as many times more as there are channels, and cost accordingly.

    References
    ----------
    Zheng, H. et al. (2024), section 4.4, table 2.

    Examples
    --------
    >>> from neurosci.du_in import DuINConfig, SyntheticSEEG, TokenLevelClassifier
    >>> trials = SyntheticSEEG(2, n_contacts=6).trials(2)
    >>> decoder = TokenLevelClassifier("channel", config=DuINConfig.small(), n_epochs=1, random_state=0)
    >>> decoder.fit(trials.X[:, :2], trials.y).predict(trials.X[:, :2]).shape
    (4,)
    """

    init = None
    head = "linear"
    quantize = False
    n_pretrain_epochs = None
    validation_fraction = 0.0
    keep = "last"
    warm_start = False
    checkpoint = None

    def __init__(
        self,
        level: str = "region",
        *,
        pooling: str = "concatenate",
        config: DuINConfig | None = None,
        max_shift: int | None = None,
        schedule: str = "default",
        n_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        standardize: bool = True,
        random_state: Any = None,
        device: str = "auto",
        precision: str = "float32",
        verbose: bool = False,
    ) -> None:
        self.level = level
        self.pooling = pooling
        self.config = config
        self.max_shift = max_shift
        self.schedule = schedule
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.standardize = standardize
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def _network(self) -> DuINClassifierModule:
        check_option(type(self).__name__, "level", self.level, LEVELS)
        if self.level == "region":
            return super()._network()
        return ChannelTokenModule(
            self.n_channels_in_, self.n_times_in_, len(self.classes_), self._config, pooling=self.pooling
        )
