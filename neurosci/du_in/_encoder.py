"""From channels to tokens: spatial projection, convolutions inside a patch, transformer."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from ._config import DuINConfig, resolve
from ._layers import PatchConvolution, SubjectLinear, bias_of
from ._transformer import Transformer


def check_signals(where: str, x: Tensor, n_chans: int, n_times: int | None) -> None:
    """Raise when signals do not have the shape of a network's input.

    Parameters
    ----------
    where : str
        Who asks, for the message.
    x : Tensor
        Signals.
    n_chans : int
        Channels expected.
    n_times : int or None
        Samples expected; ``None`` allows any.

    Raises
    ------
    ValueError
        Names both shapes.
    """
    if x.ndim != 3 or x.shape[1] != n_chans or n_times not in (None, x.shape[2]):
        wanted = f"(batch, {n_chans}, {'n_times' if n_times is None else n_times})"
        raise ValueError(f"{where}: x must have shape {wanted}, got {tuple(x.shape)}")


def cut_patches(x: Tensor, n_patches: int) -> Tensor:
    """Cut signals into patches.

    Parameters
    ----------
    x : Tensor of shape (batch, n_chans, n_times)
        Signals.
    n_patches : int
        Patches; must divide the samples.

    Returns
    -------
    Tensor of shape (batch, n_patches, n_chans, patch_samples)
        A view.
    """
    return x.reshape(x.shape[0], x.shape[1], n_patches, -1).transpose(1, 2)


class SpatialEncoder(nn.Module):
    """Embed patches of all channels together; affine in evaluation mode.

    Parameters
    ----------
    n_chans : int
        Channels.
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones.
    n_subjects : int, default=1
        Subjects; each has a projection (or, with ``d_neural=None``, convolutions) of its own.
    **sizes : object
        Fields of `DuINConfig` that replace those of `config`.

    Raises
    ------
    ValueError
        If a size is not positive.
    """

    def __init__(
        self, n_chans: int, config: DuINConfig | None = None, *, n_subjects: int = 1, **sizes: Any
    ) -> None:
        super().__init__()
        self.config = resolve(config, sizes)
        if n_chans < 1 or n_subjects < 1:
            raise ValueError(
                f"SpatialEncoder: n_chans and n_subjects must be at least 1, got {n_chans} and {n_subjects}"
            )
        self.n_chans, self.n_subjects = n_chans, n_subjects
        width = self.config.d_neural
        self.projection = SubjectLinear(n_chans, width, n_subjects) if width else None
        self.convs = nn.ModuleList(
            PatchConvolution(width or n_chans, self.config) for _ in range(1 if width else n_subjects)
        )

    @property
    def device(self) -> torch.device:
        """Device of the weights.

        Returns
        -------
        torch.device
            Where signals must be.
        """
        return next(self.parameters()).device

    def forward(self, x: Tensor, subjects: Tensor | None = None) -> Tensor:
        """Embed patches.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_patches, d_model)
            Embeddings of patches.

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        check_signals("SpatialEncoder", x, self.n_chans, None)
        n_patches = self.config.n_patches(x.shape[2], "SpatialEncoder")
        # one copy while the array is smallest: patches become items of the batch
        patches = cut_patches(x, n_patches).flatten(0, 1)
        per_patch = None if subjects is None else subjects.repeat_interleave(n_patches)
        if self.projection is not None and per_patch is None and self.n_chans < 2 * self.projection.n_out:
            embedded: Tensor = self._project_and_convolve(patches)
        elif self.projection is not None:
            embedded = self.convs[0](self.projection(patches, per_patch))
        elif per_patch is None:
            embedded = self.convs[0](patches)
        else:
            embedded = patches.new_empty(len(patches), self.config.d_model)
            for subject in subjects_present(per_patch):
                (where,) = torch.nonzero(per_patch == subject, as_tuple=True)
                embedded = embedded.index_copy(0, where, self.convs[subject](patches[where]))
        return embedded.view(len(x), n_patches, -1)

    def _project_and_convolve(self, patches: Tensor) -> Tensor:
        """Embed patches of one subject with projection and first convolution as one product.

        Neither has an activation. Zeros beyond the edges of a patch come after the projection, so that its
        bias is a channel of ones inside the patch. No gradient of a projected signal is needed.
        """
        convs: Any = self.convs[0]
        first, projection = convs.convs[0], self.projection
        (kernel,), (stride,) = first.kernel_size, first.stride
        inside = nn.functional.pad(patches, (0, 0, 0, 1), value=1.0)
        windows = nn.functional.pad(inside, (kernel // 2, kernel // 2)).unfold(2, kernel, stride)
        rows = windows.transpose(1, 2).flatten(2)
        with torch.autocast(patches.device.type, enabled=False):
            mixing = torch.cat([projection.weight[0], projection.bias[0][:, None]], dim=1)  # type: ignore[union-attr]
            weight = torch.einsum("ock,ci->oik", first.weight, mixing).flatten(1)
        result: Tensor = convs.from_first(nn.functional.linear(rows, weight, bias_of(first, self.training)))
        return result

    @torch.no_grad()
    def fold(self, subject: int = 0) -> FoldedSpatialEncoder:
        """Return the same map in evaluation mode as one matrix.

        Everything up to the tokens is affine, so the response to each sample of each channel, and to
        silence, says all; the zeros beyond the edges of a patch are part of it.

        Parameters
        ----------
        subject : int, default=0
            Whose projection to use.

        Returns
        -------
        FoldedSpatialEncoder
            One matrix product per patch; equal up to rounding.
        """
        exact = copy.deepcopy(self).eval().double()
        length = self.config.patch_samples
        silence = torch.zeros(length, self.n_chans, length, dtype=torch.float64, device=exact.device)
        chosen = torch.full((length,), subject, device=exact.device)
        bias = exact(silence[:1], chosen[:1])[0, 0]
        columns = []
        for channel in range(self.n_chans):
            impulses = silence.clone()
            impulses[:, channel].fill_diagonal_(1)
            columns.append(exact(impulses, chosen)[:, 0] - bias)
        return FoldedSpatialEncoder(torch.cat(columns).T.float(), bias.float(), self.n_chans, self.config)


class FoldedSpatialEncoder(nn.Module):
    """A spatial encoder in evaluation mode as one matrix per patch.

    Parameters
    ----------
    weight : Tensor of shape (d_model, n_chans * patch_samples)
        Response to each sample of each channel.
    bias : Tensor of shape (d_model,)
        Response to silence.
    n_chans : int
        Channels.
    config : DuINConfig
        Sizes.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, n_chans: int, config: DuINConfig) -> None:
        super().__init__()
        self.n_chans, self.config = n_chans, config
        self.register_buffer("weight", weight.contiguous())
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """Embed patches; see `SpatialEncoder.forward`.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.

        Returns
        -------
        Tensor of shape (batch, n_patches, d_model)
            Embeddings of patches.
        """
        check_signals("FoldedSpatialEncoder", x, self.n_chans, None)
        n_patches = self.config.n_patches(x.shape[2], "FoldedSpatialEncoder")
        return nn.functional.linear(cut_patches(x, n_patches).flatten(2), self.weight, self.bias)


def subjects_present(subjects: Tensor) -> list[int]:
    """Return the subjects of a batch in growing order.

    Parameters
    ----------
    subjects : Tensor of shape (batch,)
        Indices.

    Returns
    -------
    list of int
        Each once.
    """
    return [int(subject) for subject in torch.unique(subjects)]


class DuINEncoder(nn.Module):
    """Encoder of Du-IN: region-level tokens of 100 ms, transformed in their context.

    Parameters
    ----------
    n_chans : int
        Channels.
    n_times : int, default=None
        Samples of a window; ``None`` allows up to 1024 patches.
    config : DuINConfig, default=None
        Sizes; ``None`` stands for the published ones.
    n_subjects : int, default=1
        Subjects.
    **sizes : object
        Fields of `DuINConfig` that replace those of `config`.

    Raises
    ------
    ValueError
        If the patch length does not divide the number of samples.

    References
    ----------
    Zheng, H. et al. (2024), section 3.2, figure 2, table 5.

    Examples
    --------
    >>> import torch
    >>> from neurosci.du_in import DuINConfig, DuINEncoder
    >>> encoder = DuINEncoder(4, 300, DuINConfig.small()).eval()
    >>> encoder(torch.zeros(2, 4, 300)).shape
    torch.Size([2, 3, 80])
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int | None = None,
        config: DuINConfig | None = None,
        *,
        n_subjects: int = 1,
        **sizes: Any,
    ) -> None:
        super().__init__()
        self.config = resolve(config, sizes)
        self.n_chans, self.n_times, self.n_subjects = n_chans, n_times, n_subjects
        n_tokens = 1024 if n_times is None else self.config.n_patches(n_times, type(self).__name__)
        self.spatial: nn.Module = SpatialEncoder(n_chans, self.config, n_subjects=n_subjects)
        self.transformer = Transformer(self.config, self.config.n_layers, n_tokens)

    def forward(self, x: Tensor, subjects: Tensor | None = None) -> Tensor:
        """Return tokens in their context.

        Parameters
        ----------
        x : Tensor of shape (batch, n_chans, n_times)
            Standardised signals.
        subjects : Tensor of shape (batch,), default=None
            Index of the subject of each item; ``None`` is subject 0.

        Returns
        -------
        Tensor of shape (batch, n_patches, d_model)
            Tokens.
        """
        check_signals("DuINEncoder", x, self.n_chans, self.n_times)
        tokens: Tensor = self.transformer(self.spatial(x, subjects))
        return tokens

    def load_encoder(self, other: DuINEncoder) -> None:
        """Copy the spatial encoder and the transformer of another encoder.

        Parameters
        ----------
        other : DuINEncoder
            An encoder of the same sizes; its windows may have another length.

        Raises
        ------
        ValueError
            If sizes differ.
        """
        for name in ("spatial", "transformer"):
            copy_weights(getattr(self, name), getattr(other, name))

    def contributions(self) -> Tensor:
        """Return the contribution of each channel by its projection weights.

        Returns
        -------
        Tensor of shape (n_subjects, n_chans)
            Mean absolute weight over the projection's outputs, over the largest (equation 12).

        Raises
        ------
        ValueError
            If the network has no projection.
        """
        projection = getattr(self.spatial, "projection", None)
        if projection is None:
            raise ValueError("DuINEncoder.contributions: d_neural must be a width, got None")
        scores: Tensor = projection.weight.detach().abs().mean(dim=1)
        return scores / scores.amax(dim=1, keepdim=True)


def copy_weights(mine: nn.Module, theirs: nn.Module) -> None:
    """Copy weights and buffers between modules of the same sizes.

    Parameters
    ----------
    mine, theirs : torch.nn.Module
        Where to, and where from.

    Raises
    ------
    ValueError
        If names or shapes differ.
    """
    old, new = mine.state_dict(), theirs.state_dict()
    different = sorted(
        k for k in {*old, *new} if k not in old or k not in new or old[k].shape != new[k].shape
    )
    if different:
        raise ValueError(
            f"DuINEncoder.load_encoder: other must have the same sizes, got a difference in "
            f"{', '.join(different[:3])} (use the same channels and configuration)"
        )
    mine.load_state_dict(new)
