"""Reconstructed neurons with their synapses: registry and loader."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from neurosci.datasets._errors import DataFormatError
from neurosci.datasets._registry import Dataset, PackageMember, get_dataset
from neurosci.datasets._store import obtain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neurosci._core.result import Source

_NAVIS = "navis"
_NAVIS_VERSION = "1.12.0"
VOXEL = 0.008
"""Micrometres of one unit of the coordinates: the voxel of the hemibrain volume."""
FLY_NEURONS = {
    "1734350788": (
        "6615db78957e22d24864f82aa76bdfad83da26358c7b8893e902e5604be600a6",
        "657587a1cd3cf8170a8b5ef545cf9079059cdaf8ff43ab427cc287021514aa84",
    ),
    "1734350908": (
        "c770ad9cabb3e69b478eea67b607e60a5d238ce7736a2c8632b8315e6bfeded4",
        "8c2549697d3d2e9f8a81c81b1e1354de5abeecc941a63e5523bd333d8e73ff72",
    ),
    "722817260": (
        "9148036d2dcfa9e326f06965af22ae5635012614bb0cc8dbb874005159eea646",
        "88156899be0f0c5f39e39aa8e4606e822d795798c47409a8de7438f5153466ac",
    ),
    "754534424": (
        "4a76f16e96acc2b4e47bccc6d10d0fa34c769ea7b4bca25c760a69469ace5ab4",
        "2cb2029b97af6397b897896b28e88e2738f8b004361d5c7b3c28ef17037a4cb3",
    ),
    "754538881": (
        "3a7755b9573a46f3369084d8608e3f6ed1a357ac46130229c65cdbd7e9f9882f",
        "d6e952682cc1e7b05cd994c09ea3b8003ea325e7090525e888294dd862f19672",
    ),
}
"""Body and the hashes of its tree (SWC) and of its synapses (CSV)."""


def neuron_datasets() -> tuple[Dataset, ...]:
    """Return the reconstructed neurons in the order of the registry."""
    members = [
        PackageMember(_NAVIS, _NAVIS_VERSION, f"navis/data/{folder}/{body}.{ending}", sha256, _NAVIS)
        for body, hashes in FLY_NEURONS.items()
        for (folder, ending), sha256 in zip((("swc", "swc"), ("synapses", "csv")), hashes, strict=True)
    ]
    fly = Dataset(
        name="fly_neurons",
        kind="real",
        title="Synapses of five fly neurons",
        description=(
            "Trees and synapses (about 2,300 inputs and 700 outputs each) of five olfactory projection "
            "neurons of the DA1 glomerulus of one fruit fly, reconstructed from electron microscopy "
            "(hemibrain); they ship in the Python package navis."
        ),
        licence="NOT VERIFIED: the package navis is GPL-3.0; the hemibrain data are said to be CC BY",
        citation=(
            "Scheffer, L. K., et al. (2020). A connectome and analysis of the adult Drosophila central "
            "brain. eLife, 9, e57443. doi:10.7554/eLife.57443. navis 1.12.0."
        ),
        terms=(
            "Read out of the package and never passed on. The files name no unit; coordinates are taken as "
            "hemibrain voxels of 8 nm."
        ),
        homepage="https://navis-org.github.io/navis/",
        size_bytes=2_520_071,
        root=f"{_NAVIS}-{_NAVIS_VERSION}",
        stand_in="segments of any size, from `neurosci.dendrites`",
        files=tuple(members),
    )
    return (fly,)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NeuronTree:
    """A reconstructed neuron: nodes joined to a tree, and the node of each synapse.

    Parameters
    ----------
    name : str
        Body in the reconstruction.
    parents : ndarray of int64, shape (n_nodes,)
        Row of each node's parent; -1 for a root. Parents come before their children.
    positions : ndarray of float64, shape (n_nodes, 3)
        Places in micrometres.
    inputs, outputs : ndarray of int64
        Row of the node of each synapse that the neuron receives, or makes.
    sources : tuple of Source
        What was read, with the hash of every file.
    """

    name: str
    parents: NDArray[np.int64]
    positions: NDArray[np.float64]
    inputs: NDArray[np.int64]
    outputs: NDArray[np.int64]
    sources: tuple[Source, ...] = ()

    def __repr__(self) -> str:
        return (
            f"NeuronTree({self.name}: {len(self.parents):,} nodes, {len(self.inputs):,} inputs, "
            f"{len(self.outputs):,} outputs)"
        )


def fetch_fly_neurons(
    *, data_dir: str | os.PathLike[str] | None = None, download: bool | Literal["force"] = True
) -> tuple[NeuronTree, ...]:
    """Load five neurons of a fruit fly with their synapses, out of the wheel of navis if need be (2.5 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    tuple of NeuronTree
        Five olfactory projection neurons.

    Raises
    ------
    DataNotFoundError
        If the files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    References
    ----------
    .. [1] Scheffer, L. K., et al. (2020). A connectome and analysis of the adult Drosophila central brain.
       eLife, 9, e57443.

    Examples
    --------
    >>> fetch_fly_neurons()  # doctest: +SKIP
    (NeuronTree(1734350788: 4,465 nodes, 2,084 inputs, 621 outputs), ...
    """
    from neurosci.datasets._about import about

    where = "fetch_fly_neurons"
    dataset = get_dataset("fly_neurons")
    files = list(obtain(dataset, where=where, data_dir=data_dir, download=download).values())
    sources = about(dataset, "5 neurons, 11,520 inputs and 3,316 outputs")["sources"]
    pairs = zip(files[::2], files[1::2], strict=True)
    return tuple(read_neuron(swc, csv, sources=sources) for swc, csv in pairs)


def read_neuron(swc: Path, csv: Path, *, sources: tuple[Source, ...] = ()) -> NeuronTree:
    """Read a tree and its synapses.

    Parameters
    ----------
    swc : Path
        Nodes: number, label, x, y, z, radius, parent; parents come first.
    csv : Path
        Synapses with the columns ``node_id`` and ``type`` ("post" for an input, "pre" for an output).
    sources : tuple of Source, default=()
        What is read.

    Returns
    -------
    NeuronTree
        With positions in micrometres.

    Raises
    ------
    DataFormatError
        If a file is not what it should be.
    """
    import pandas as pd

    text = swc.read_text("utf-8")
    if not any(line.strip() and not line.startswith("#") for line in text.splitlines()):
        raise DataFormatError(f"{swc.name}: a node must have 7 numbers, got an empty file")
    try:
        nodes = np.loadtxt(io.StringIO(text), comments="#", ndmin=2)
        table = pd.read_csv(csv)
        kinds, places = table["type"].to_numpy(dtype=str), table["node_id"].to_numpy(dtype=np.int64)
    except (ValueError, KeyError) as error:
        raise DataFormatError(
            f"{swc.name}: nodes and synapses must be tables of numbers ({error})"
        ) from error
    if nodes.shape[1:] != (7,):
        raise DataFormatError(f"{swc.name}: a node must have 7 numbers, got {nodes.shape[1]}")
    row = {int(number): index for index, number in enumerate(nodes[:, 0])}
    parents = np.array([row.get(int(number), -1) for number in nodes[:, 6]], dtype=np.int64)
    lost = (parents < 0) & (nodes[:, 6] > 0)
    if len(row) != len(nodes) or lost.any() or (parents >= np.arange(len(parents))).any():
        raise DataFormatError(f"{swc.name}: each node must be listed once, after its parent")
    if not set(places.tolist()) <= set(row):
        raise DataFormatError(f"{csv.name}: node_id must be a node of {swc.name}")
    at = np.array([row[number] for number in places.tolist()], dtype=np.int64)
    return NeuronTree(
        name=swc.stem,
        parents=parents,
        positions=nodes[:, 2:5] * VOXEL,
        inputs=at[kinds == "post"],
        outputs=at[kinds == "pre"],
        sources=sources,
    )
