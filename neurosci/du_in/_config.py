"""Sizes of the networks: one frozen record shared by the tokenizer, the masked model and the classifier."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from .._core.checks import suggest


@dataclasses.dataclass(frozen=True, kw_only=True)
class DuINConfig:
    """Sizes of the Du-IN networks; the defaults are the published ones.

    Parameters
    ----------
    patch_samples : int, default=100
        Samples per patch (100 ms at 1000 Hz); must divide the number of samples.
    d_neural : int or None, default=16
        Width of the spatial projection of each subject. ``None`` gives every subject convolutions of its
        own on the channels instead, as in the multi-subject variant.
    conv_channels : tuple of int, default=(128, 128, 16)
        Output channels of the convolutions inside a patch.
    conv_kernels : tuple of int, default=(19, 3, 3)
        Their kernels, in samples; odd.
    conv_strides : tuple of int, default=(10, 1, 1)
        Their steps.
    n_layers : int, default=8
        Transformer layers of the encoder.
    n_heads : int, default=8
        Attention heads.
    d_head : int, default=64
        Width of a head; heads times width need not be the model's width.
    d_feedforward : int, default=320
        Width of the hidden layer of a transformer layer.
    dropout : float, default=0.2
        Dropout of attention weights and of the hidden layer, in [0, 1).
    codex_size : int, default=2048
        Number of codes.
    codex_dim : int, default=64
        Dimension of a code.
    decay : float, default=0.99
        Share of a code that one update keeps, in [0, 1].
    commitment : float, default=1.0
        Weight of the commitment loss.
    n_kmeans_iterations : int, default=10
        Iterations of the spherical k-means that starts the codex.
    n_decoder_layers : int, default=4
        Transformer layers of the decoder.
    deconv_channels : tuple of int, default=(128, 128, 128, 128, 16)
        Output channels of the transposed convolutions of the regression head.
    deconv_kernels : tuple of int, default=(3, 3, 10, 9, 19)
        Their kernels.
    deconv_strides : tuple of int, default=(1, 1, 10, 1, 10)
        Their steps. Their product is `patch_samples`, or that over the positions of a patch: in the
        second case tokens are unfolded into positions first, as in the multi-subject variant.
    mask_ratio : float, default=0.5
        Share of patches that the first of the two symmetric masks hides, in (0, 1).
    n_hidden : int, default=128
        Hidden units of the classifier's head.

    Raises
    ------
    ValueError
        If sizes contradict each other.

    Examples
    --------
    >>> from neurosci.du_in import DuINConfig
    >>> DuINConfig.paper().d_model, DuINConfig.small().d_model
    (160, 80)
    """

    patch_samples: int = 100
    d_neural: int | None = 16
    conv_channels: tuple[int, ...] = (128, 128, 16)
    conv_kernels: tuple[int, ...] = (19, 3, 3)
    conv_strides: tuple[int, ...] = (10, 1, 1)
    n_layers: int = 8
    n_heads: int = 8
    d_head: int = 64
    d_feedforward: int = 320
    dropout: float = 0.2
    codex_size: int = 2048
    codex_dim: int = 64
    decay: float = 0.99
    commitment: float = 1.0
    n_kmeans_iterations: int = 10
    n_decoder_layers: int = 4
    deconv_channels: tuple[int, ...] = (128, 128, 128, 128, 16)
    deconv_kernels: tuple[int, ...] = (3, 3, 10, 9, 19)
    deconv_strides: tuple[int, ...] = (1, 1, 10, 1, 10)
    mask_ratio: float = 0.5
    n_hidden: int = 128

    @classmethod
    def paper(cls) -> DuINConfig:
        """Return the published sizes.

        Returns
        -------
        DuINConfig
            Model width 160, eight layers, 2048 codes of 64 dimensions.
        """
        return cls()

    @classmethod
    def small(cls) -> DuINConfig:
        """Return sizes that train within seconds on one core.

        Returns
        -------
        DuINConfig
            Model width 80, four layers, 256 codes of 32 dimensions.
        """
        return cls(
            conv_channels=(32, 32, 8),
            n_layers=4,
            n_heads=4,
            d_head=32,
            d_feedforward=160,
            dropout=0.1,
            codex_size=256,
            codex_dim=32,
            n_decoder_layers=2,
            deconv_channels=(32, 32, 32, 32, 16),
        )

    @classmethod
    def multi_subject(cls) -> DuINConfig:
        """Return the published sizes of the variant with one spatial encoder per subject.

        Returns
        -------
        DuINConfig
            Convolutions and regression head per subject, 1024 codes shared by all.
        """
        return cls(
            d_neural=None,
            codex_size=1024,
            deconv_channels=(128, 128, 128),
            deconv_kernels=(3, 3, 19),
            deconv_strides=(1, 1, 10),
        )

    def __post_init__(self) -> None:
        """Turn lists into tuples, and check."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                object.__setattr__(self, field.name, tuple(value))
        for name in _COUNTS:
            value = getattr(self, name)
            parts = value if isinstance(value, tuple) else (value,)
            if value is None and name == "d_neural":
                continue
            if not parts or any(not isinstance(p, int) or isinstance(p, bool) or p < 1 for p in parts):
                raise ValueError(f"DuINConfig: {name} must be positive integers, got {value!r}")
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"DuINConfig: {name} must be between {low} and {high}, got {value!r}")
        if not 0 < self.mask_ratio < 1 or self.dropout == 1:
            raise ValueError(
                f"DuINConfig: mask_ratio must lie inside (0, 1) and dropout below 1, got {self.mask_ratio} "
                f"and {self.dropout}"
            )
        for stem in ("conv", "deconv"):
            lengths = [len(getattr(self, f"{stem}_{part}")) for part in ("channels", "kernels", "strides")]
            if len(set(lengths)) > 1:
                raise ValueError(
                    f"DuINConfig: {stem}_channels, {stem}_kernels and {stem}_strides must have equal "
                    f"lengths, got {lengths}"
                )
        if any(kernel % 2 == 0 for kernel in self.conv_kernels):
            raise ValueError(f"DuINConfig: conv_kernels must be odd, got {self.conv_kernels}")
        if self.d_model % 2:
            raise ValueError(
                f"DuINConfig: the model's width must be even, got {self.n_positions} positions x "
                f"{self.conv_channels[-1]} channels = {self.d_model}"
            )
        if self.unfolds not in (True, False):
            raise ValueError(
                f"DuINConfig: deconv_strides must multiply to patch_samples = {self.patch_samples}, or to "
                f"that over the {self.n_positions} positions of a patch, got {self.deconv_strides}"
            )

    @property
    def n_positions(self) -> int:
        """Positions per patch after the convolutions.

        Returns
        -------
        int
            Ten in the published network.
        """
        length = self.patch_samples
        for kernel, stride in zip(self.conv_kernels, self.conv_strides, strict=True):
            length = (length + 2 * (kernel // 2) - kernel) // stride + 1
        return length

    @property
    def d_model(self) -> int:
        """Width of a token.

        Returns
        -------
        int
            Positions times channels of the last convolution.
        """
        return self.n_positions * self.conv_channels[-1]

    @property
    def unfolds(self) -> bool | None:
        """Whether the regression head unfolds tokens into positions; ``None`` where its steps do not fit.

        Returns
        -------
        bool or None
            True for the multi-subject variant.
        """
        product = 1
        for stride in self.deconv_strides:
            product *= stride
        if product == self.patch_samples:
            return False
        return True if product * self.n_positions == self.patch_samples else None

    def n_patches(self, n_times: int, where: str = "DuINConfig") -> int:
        """Return how many patches a number of samples makes.

        Parameters
        ----------
        n_times : int
            Samples.
        where : str, default="DuINConfig"
            Who asks, for the message.

        Returns
        -------
        int
            Patches.

        Raises
        ------
        ValueError
            If the patch length does not divide the number of samples.
        """
        if n_times < self.patch_samples or n_times % self.patch_samples:
            nearest = n_times // self.patch_samples * self.patch_samples
            advice = f"cut to {nearest} samples" if nearest else "give longer windows"
            raise ValueError(
                f"{where}: n_times must be a multiple of patch_samples = {self.patch_samples}, got {n_times} "
                f"({advice}, or choose another patch length)"
            )
        return n_times // self.patch_samples

    def replace(self, **sizes: Any) -> DuINConfig:
        """Return a copy with other sizes.

        Parameters
        ----------
        **sizes : object
            Fields and their values.

        Returns
        -------
        DuINConfig
            The copy.

        Raises
        ------
        TypeError
            If a name is no field.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in sizes:
            if name not in known:
                raise TypeError(f"DuINConfig: {name!r} must be a field ({suggest(name, known)})")
        return dataclasses.replace(self, **sizes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them.

        Returns
        -------
        dict
            Tuples are lists.
        """
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> DuINConfig:
        """Return the configuration that `to_dict` described.

        Parameters
        ----------
        fields : mapping
            Fields and their values.

        Returns
        -------
        DuINConfig
            The configuration.

        Raises
        ------
        TypeError
            If a name is no field.
        """
        return cls().replace(**fields)


_COUNTS = (
    "patch_samples",
    "d_neural",
    "conv_channels",
    "conv_kernels",
    "conv_strides",
    "n_layers",
    "n_heads",
    "d_head",
    "d_feedforward",
    "codex_size",
    "codex_dim",
    "n_kmeans_iterations",
    "n_decoder_layers",
    "deconv_channels",
    "deconv_kernels",
    "deconv_strides",
    "n_hidden",
)
_RANGES = (
    ("dropout", 0.0, 1.0),
    ("decay", 0.0, 1.0),
    ("commitment", 0.0, float("inf")),
    ("mask_ratio", 0.0, 1.0),
)


def resolve(config: DuINConfig | None, sizes: Mapping[str, Any]) -> DuINConfig:
    """Return a configuration with some of its fields replaced.

    Parameters
    ----------
    config : DuINConfig or None
        ``None`` stands for the published sizes.
    sizes : mapping
        Fields to replace.

    Returns
    -------
    DuINConfig
        The configuration.
    """
    return (config or DuINConfig()).replace(**sizes)
