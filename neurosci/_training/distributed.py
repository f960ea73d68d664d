"""Several processes started by torchrun: sums, gradients and batch statistics over all of them.

Gradients are averaged in one vector after the backward pass rather than by torch's
`DistributedDataParallel`, which sees a model's `forward` only: our losses call several methods of a model.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import nn


def world_size() -> int:
    """Return the number of processes that train together; 1 without torchrun.

    Returns
    -------
    int
        Processes.
    """
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0.

    Returns
    -------
    int
        Rank.
    """
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def resolve_device(device: str = "auto") -> str:
    """Return the device of this process.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}, default="auto"
        What was asked for; "auto" takes CUDA where there is one.

    Returns
    -------
    str
        "cpu" or "cuda:i", one per process of a machine.

    Raises
    ------
    RuntimeError
        If CUDA was asked for and there is none.
    ValueError
        If `device` is none of these.
    """
    from neurosci._core.context import Context

    kind = Context(device=device).torch_device()
    return f"cuda:{int(os.environ.get('LOCAL_RANK', 0))}" if kind == "cuda" else "cpu"


def join_group(device: str) -> None:
    """Join the processes that torchrun started; does nothing alone or when it was done before.

    Parameters
    ----------
    device : str
        Device of this process: nccl connects CUDA devices, gloo processors.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or dist.is_initialized():
        return
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    atexit.register(_leave_group)


def _leave_group() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def all_reduce_sum(tensor: torch.Tensor) -> torch.Tensor:
    """Return the sum of a tensor over the processes, without a gradient; the tensor itself when alone.

    Parameters
    ----------
    tensor : torch.Tensor
        The part of this process; every process has the same shape.

    Returns
    -------
    torch.Tensor
        Sum, a new tensor when there are several processes.
    """
    if world_size() == 1:
        return tensor
    total = tensor.detach().clone()
    dist.all_reduce(total)
    return total


def broadcast(module: nn.Module) -> None:
    """Give every process the weights and buffers of the first.

    Parameters
    ----------
    module : nn.Module
        Changed in place.
    """
    if world_size() > 1:
        for tensor in module.state_dict(keep_vars=True).values():
            dist.broadcast(tensor.data, 0)


def average_gradients(module: nn.Module, extra: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Average the gradients over the processes in place, and with them some numbers.

    Parameters
    ----------
    module : nn.Module
        Its parameters have gradients; which of them do is the same in every process.
    extra : sequence of torch.Tensor
        Scalars to average in the same message.

    Returns
    -------
    list of torch.Tensor
        The averaged scalars.
    """
    if world_size() == 1:
        return list(extra)
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    parts = [*(g.reshape(-1) for g in gradients), *(e.detach().float().reshape(1) for e in extra)]
    flat = torch.cat(parts)
    dist.all_reduce(flat)
    flat /= world_size()
    start = 0
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()
    return list(flat[start:])


class _Sum(torch.autograd.Function):
    """Sum over processes whose gradient is a sum over processes too."""

    @staticmethod
    def forward(_: Any, tensor: torch.Tensor) -> torch.Tensor:
        return all_reduce_sum(tensor)

    @staticmethod
    def backward(_: Any, gradient: torch.Tensor) -> torch.Tensor:
        return all_reduce_sum(gradient)


def _sum(tensor: torch.Tensor) -> torch.Tensor:
    total: torch.Tensor = _Sum.apply(tensor)  # type: ignore[no-untyped-call]
    return total


class SynchronizedBatchNorm1d(nn.BatchNorm1d):
    """Batch normalisation with the statistics of all processes, on any device (torch's own needs a GPU)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise.

        Parameters
        ----------
        x : torch.Tensor, shape (n, n_features) or (n, n_features, length)
            Input.

        Returns
        -------
        torch.Tensor
            Output of the same shape.
        """
        if not self.training or world_size() == 1:
            return super().forward(x)
        axes = (0, 2) if x.ndim == 3 else (0,)
        shape = (1, -1, 1) if x.ndim == 3 else (1, -1)
        count = all_reduce_sum(torch.tensor(float(x.numel() // x.shape[1]), device=x.device))
        mean = _sum(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = _sum(centred.square().sum(axes)) / count
        if self.running_mean is not None and self.running_var is not None and self.momentum is not None:
            with torch.no_grad():
                self.running_mean.lerp_(mean.detach(), self.momentum)
                self.running_var.lerp_(variance.detach() * count / (count - 1), self.momentum)
                if self.num_batches_tracked is not None:
                    self.num_batches_tracked += 1
        out = centred * (variance + self.eps).rsqrt().view(shape)
        scaled: torch.Tensor = out * self.weight.view(shape) + self.bias.view(shape) if self.affine else out
        return scaled


@contextlib.contextmanager
def synchronized(module: nn.Module) -> Iterator[None]:
    """Let the batch normalisations of a module use the statistics of all processes inside the block.

    Parameters
    ----------
    module : nn.Module
        Module whose `nn.BatchNorm1d` parts change their class, and back.

    Yields
    ------
    None
        Nothing.
    """
    found = [part for part in module.modules() if type(part) is nn.BatchNorm1d] if world_size() > 1 else []
    for part in found:
        part.__class__ = SynchronizedBatchNorm1d
    try:
        yield
    finally:
        for part in found:
            part.__class__ = nn.BatchNorm1d
