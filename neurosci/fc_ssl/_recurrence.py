"""A gated recurrent unit whose steps over time are compiled."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable


def recurrent_states(cell: nn.GRU, series: torch.Tensor) -> torch.Tensor:
    """Return the states of a one-layer recurrent network, from a state of zeros.

    Parameters
    ----------
    cell : nn.GRU
        Network, batch first.
    series : torch.Tensor of shape (n_scans, n_frames, n_inputs)
        Input.

    Returns
    -------
    torch.Tensor of shape (n_scans, n_frames, hidden_dim)
        States; what `cell` returns, up to rounding.
    """
    if series.device.type != "cpu":
        return cell(series)[0]  # type: ignore[no-any-return]
    weights = dict(cell.named_parameters())
    outside = weights["weight_ih_l0"]
    with torch.autocast("cpu", enabled=False):
        inputs = nn.functional.linear(series.to(outside.dtype), outside, weights["bias_ih_l0"])
        rows = inputs.transpose(0, 1).contiguous()
        states: torch.Tensor = _States.apply(  # type: ignore[no-untyped-call]
            rows, weights["weight_hh_l0"], weights["bias_hh_l0"]
        )
    return states.transpose(0, 1)


class _States(torch.autograd.Function):
    """States by frame, scan and feature."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        from ._kernels import gated_forward

        n_frames, n_scans, three = inputs.shape
        hidden = inputs.new_zeros(n_frames + 1, n_scans, three // 3)
        gates, candidates = torch.empty_like(inputs), torch.empty_like(hidden[1:])
        transposed = weight.detach().T.contiguous()
        arrays = (inputs, transposed, bias, hidden, gates, candidates)
        gated_forward(*(tensor.detach().numpy() for tensor in arrays))
        ctx.save_for_backward(weight, hidden, gates, candidates)
        return hidden[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        from ._kernels import gated_backward

        weight, hidden, gates, candidates = ctx.saved_tensors
        inputs, recurrent = torch.empty_like(gates), torch.empty_like(gates)
        arrays = (gradient.contiguous(), weight.contiguous(), hidden, gates, candidates, inputs, recurrent)
        gated_backward(*(tensor.detach().numpy() for tensor in arrays))
        rows = recurrent.flatten(0, 1)
        return inputs, rows.T @ hidden[:-1].flatten(0, 1), rows.sum(0)
