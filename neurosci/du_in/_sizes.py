"""Sizes of the networks of the analysis: small ones of the published shape."""

from __future__ import annotations

from ._config import DuINConfig


def model_sizes(model: str, patch_samples: int = 100, step: int | None = None) -> DuINConfig:
    """Return the sizes of a model for a patch length.

    Parameters
    ----------
    model : {"tiny", "small", "published"}
        Size.
    patch_samples : int, default=100
        Samples of a patch.
    step : int, default=None
        Step of the first convolution, which sees twice as many samples; divides the patch. ``None`` is a
        tenth of a patch, so that tokens have the same width for every patch length.

    Returns
    -------
    DuINConfig
        The sizes.
    """
    sizes = {"tiny": tiny, "small": DuINConfig.small, "published": DuINConfig.paper}[model]()
    step = patch_samples // 10 if step is None else step
    if (patch_samples, step) == (100, 10):
        return sizes
    return sizes.replace(
        patch_samples=patch_samples,
        conv_kernels=(max(2 * step - 1, 3), *sizes.conv_kernels[1:]),
        conv_strides=(step, *sizes.conv_strides[1:]),
        deconv_strides=(1, 1, step, 1, patch_samples // step),
        deconv_kernels=(3, 3, max(step, 3), 9, max(2 * (patch_samples // step) - 1, 3)),
    )


def tiny() -> DuINConfig:
    """Return sizes for runs of seconds: two layers, 32 codes of 16 dimensions."""
    return DuINConfig.small().replace(
        conv_channels=(16, 16, 8),
        n_layers=2,
        d_head=16,
        d_neural=12,
        codex_size=32,
        codex_dim=16,
        n_decoder_layers=1,
        deconv_channels=(16, 16, 16, 16, 12),
        n_hidden=64,
    )
