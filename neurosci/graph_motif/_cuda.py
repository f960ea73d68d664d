"""The same graphs and counts by torch, for a device that multiplies matrices quickly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._packed import PackedGraph

ROWS = 1024
"""Rows at a time: with n nodes a block of counts has 4 * 1024 * n bytes."""


def check_device(where: str, device: str) -> Any:
    """Return a device of torch that is there."""
    import torch

    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(
            f"{where}: device must be one that torch has, got {device!r} (None counts without torch)"
        ) from error
    return found


@contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Let products of float32 matrices use "tf32" or keep to "ieee", and put back what was set."""
    import torch

    matmul = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    matmul.fp32_precision = precision
    try:
        yield
    finally:
        matmul.fp32_precision = before


def pack_on_device(
    rows: NDArray[np.float32],
    kept: NDArray[np.bool_],
    low: np.float32,
    high: np.float32,
    bits: NDArray[np.uint64],
    device: str,
) -> None:
    """Set the bits of all pairs whose correlation is below `low` or above `high`; computed on a device."""
    import torch

    from ._kernels import mirror_tile

    place = check_device("correlation_graph", device)
    n = len(bits)
    right = torch.from_numpy(rows).to(place)
    allowed = torch.zeros(len(rows), dtype=torch.bool, device=place)
    allowed[:n] = torch.from_numpy(kept).to(place)
    powers = (2 ** torch.arange(8, device=place)).to(torch.uint8)
    columns = torch.arange(len(rows), device=place)
    for first in range(0, n, ROWS):
        last = min(first + ROWS, n)
        # Ten bits of mantissa are not enough for correlations.
        with products_in("ieee"):
            tile = right[first:last] @ right.T
        edges = (tile < float(low)) | (tile > float(high))
        edges &= allowed & allowed[first:last, None]
        # Right of the diagonal only; the other side is copied, not computed.
        edges &= columns > columns[first:last, None]
        packed = (edges.view(last - first, -1, 8) * powers).sum(dim=2, dtype=torch.uint8)
        bits.view(np.uint8)[first:last] = packed.cpu().numpy()
    mirror_tile(bits, 0, n, 0, n)


def count_on_device(graph: PackedGraph, device: str, *, four_cycles: bool) -> dict[str, NDArray[np.int64]]:
    """Return the maps of triangles, and of 4-cycles where asked, counted on a device.

    Entries are 0 and 1, which every format holds exactly, and a product sums less than 2**24 of them in
    float32: the counts are exact, with TF32 too. They are summed as float64, exact to 2**53.
    """
    import torch

    place = check_device("motif_maps", device)
    n = graph.n_nodes
    if n >= 2**24:
        raise ValueError(f"motif_maps: graph must have fewer than 2**24 nodes on a device, got {n}")
    matrix = torch.empty((n, n), dtype=torch.float32, device=place)
    for first in range(0, n, ROWS):
        matrix[first : first + ROWS] = unpacked(graph.bits[first : first + ROWS], n, place)
    made = {"triangles": np.empty(n, dtype=np.int64)}
    if four_cycles:
        made["four_cycles"] = np.empty(n, dtype=np.int64)
    for first in range(0, n, ROWS):
        last = min(first + ROWS, n)
        left = matrix[first:last]
        with products_in("tf32"):
            common = left @ matrix
        twice = (common * left).sum(dim=1, dtype=torch.float64)
        made["triangles"][first:last] = (twice / 2).to(torch.int64).cpu().numpy()
        if four_cycles:
            inside = torch.arange(last - first, device=place)
            common[inside, inside + first] = 0
            exact = common.to(torch.int64)
            made["four_cycles"][first:last] = (exact * (exact - 1) // 2).sum(dim=1).cpu().numpy()
    return made


def unpacked(bits: NDArray[np.uint64], n_nodes: int, device: Any) -> Any:
    """Return rows of bits as float32 zeros and ones on a device, shape (n_rows, n_nodes)."""
    import torch

    packed = torch.from_numpy(bits.view(np.uint8)).to(device)
    places = torch.arange(8, dtype=torch.uint8, device=device)
    return ((packed[:, :, None] >> places) & 1).reshape(len(bits), -1)[:, :n_nodes].float()
