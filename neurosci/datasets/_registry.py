"""What can be fetched: one entry per data set, one line per file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from neurosci._core.checks import suggest

AUTOMATIC_LIMIT = 20_000_000
"""Bytes up to which a run may download by itself."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Parameters
    ----------
    path : str
        Where it lies below ``NEUROSCI_DATA`` and below the cache.
    sha256 : str
        Hash of its content, 64 hexadecimal digits.
    url : str or None, default=None
        Public address; None if it can only be placed by hand.
    """

    path: str
    sha256: str
    url: str | None = None


@dataclass(frozen=True)
class PackageMember:
    """One file inside a Python package.

    Parameters
    ----------
    dist, version : str
        Distribution and its exact version.
    member : str
        Name of the file inside the wheel.
    sha256 : str
        Hash of the file (not of the wheel, which differs between platforms).
    import_name : str or None, default=None
        Top-level module, where the file is looked for if the package happens to be installed.
    local_path : str or None, default=None
        Where it may lie below ``NEUROSCI_DATA`` as well, for data that are also kept without their package.
    """

    dist: str
    version: str
    member: str
    sha256: str
    import_name: str | None = None
    local_path: str | None = None

    @property
    def path(self) -> str:
        """Where it lies below ``NEUROSCI_DATA`` and below the cache."""
        return f"{self.dist}-{self.version}/{self.member}"


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One data set that can be found or fetched.

    Parameters
    ----------
    name : str
        Key of the registry.
    kind : {"real", "published"}
        Recordings, or numbers released by a paper's authors.
    title, description : str
        One line and one paragraph.
    licence, citation, terms : str
        Licence of the data in words, how to cite them, and what their use requires.
    size_bytes : int
        What a complete download transfers.
    root : str
        Folder below ``NEUROSCI_DATA`` and the cache.
    files : tuple of RemoteFile or PackageMember
        All files.
    homepage : str, default=""
        Where people read about them.
    base_url : str, default=""
        Start of the address of every file.
    stand_in : str, default=""
        What can be used instead when the data are absent.
    """

    name: str
    kind: str
    title: str
    description: str
    licence: str
    citation: str
    terms: str
    size_bytes: int
    root: str
    files: tuple[RemoteFile | PackageMember, ...]
    homepage: str = ""
    base_url: str = ""
    stand_in: str = ""

    def mirrored(self, base_url: str | None) -> Dataset:
        """Return the same data set with another start of every address.

        Parameters
        ----------
        base_url : str or None
            Address of a folder with the same files; None changes nothing.

        Returns
        -------
        Dataset
            Names and hashes stay as they are.
        """
        if base_url is None:
            return self
        start = base_url.rstrip("/") + "/"
        files = tuple(
            replace(file, url=start + file.url.removeprefix(self.base_url))
            if isinstance(file, RemoteFile) and file.url is not None
            else file
            for file in self.files
        )
        return replace(self, base_url=start, files=files)


def read_registry(name: str, *, root: str, base_url: str = "") -> tuple[RemoteFile, ...]:
    """Read a list of files that the package ships."""
    text = (Path(__file__).parent / "registries" / name).read_text(encoding="utf-8")
    return tuple(parse_registry(text, root, base_url))


def parse_registry(text: str, root: str, base_url: str) -> Iterator[RemoteFile]:
    """Parse lines of ``path sha256 [public name]``; a line without a public name has no address."""
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        if len(parts) not in (2, 3) or not is_sha256(parts[1]) or not is_safe(parts[0]):
            raise ValueError(
                f"registry of {root}: line {number} must be 'path sha256 [public name]', got {line!r}"
            )
        url = base_url + quote(parts[2], safe="/") if len(parts) == 3 else None
        yield RemoteFile(f"{root}/{parts[0]}", parts[1], url)


def is_sha256(text: str) -> bool:
    """Tell whether this is a SHA-256 in lower-case hexadecimal digits."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def is_safe(path: str) -> bool:
    """Tell whether a name stays inside the folder that it is joined to, on every system."""
    pure = PurePosixPath(path)
    return (
        path not in ("", ".")
        and path.isprintable()
        and not set(path) & set('\\:*?"<>|')
        and not pure.is_absolute()
        and ".." not in pure.parts
        and str(pure) == path
    )


_CITATION = (
    "Subramanian, A., Sizikova, E., Majaj, N. J., & Pelli, D. G. (2023). Spatial-frequency channels, shape "
    "bias, and adversarial robustness. Advances in Neural Information Processing Systems, 36, 4137-4149. "
    "arXiv:2309.13190"
)
_COMMIT = "a2b3d34e94134d536e466e37c4f50eed7fe60aec"


@lru_cache(maxsize=1)
def registry() -> dict[str, Dataset]:
    """Return all data sets by name."""
    from neurosci.datasets._connectivity_registry import connectivity_datasets
    from neurosci.datasets._fmri_registry import fmri_datasets
    from neurosci.datasets._ieeg_registry import ieeg_datasets
    from neurosci.datasets._network_registry import network_datasets
    from neurosci.datasets._neurons import neuron_datasets
    from neurosci.datasets._spikes_registry import spike_datasets

    base_url = (
        f"https://raw.githubusercontent.com/ajaysub110/critical-band-masking/{_COMMIT}/data/network_data/"
    )
    datasets = (
        Dataset(
            name="critical_band",
            kind="published",
            title="Critical-band masking of 85 networks",
            description=(
                "Correct and wrong answers of 85 image-recognition networks to 1050 grey photographs in "
                "noise of one octave (5 noise levels by 7 bands, 19 to 41 images per condition), their shape "
                "scores on cue-conflict images, and their accuracy with and without adversarial perturbation "
                "(L2 norm), as released by the authors of the paper."
            ),
            licence="none stated by the authors",
            citation=_CITATION,
            terms=(
                "The authors' repository holds no licence file, so the files are fetched from there and "
                "never redistributed. They hold numbers only, no image."
            ),
            homepage=f"https://github.com/ajaysub110/critical-band-masking/tree/{_COMMIT}",
            size_bytes=365_183,
            root="critical_band",
            base_url=base_url,
            stand_in="counts with a known channel, from `neurosci.critical_band.make_channel_counts`",
            files=read_registry("critical_band.txt", root="critical_band", base_url=base_url),
        ),
        Dataset(
            name="critical_band_humans",
            kind="published",
            title="Critical-band masking of 14 people",
            description=(
                "Correct answers of 14 people to 1050 grey photographs in noise of one octave (5 noise "
                "levels by 7 bands), and their accuracy in 50 training trials. The counts were recovered "
                "from the colours of the per-observer figure in the authors' notebook; their averages are "
                "the printed means."
            ),
            licence="none stated by the authors",
            citation=_CITATION,
            terms="Counts recovered from a published figure; they are not offered for download.",
            homepage="https://github.com/ajaysub110/critical-band-masking",
            size_bytes=11_586,
            root="critical_band",
            stand_in="the printed mean accuracies, from `neurosci.critical_band.human_mean_accuracy`",
            files=read_registry("critical_band_humans.txt", root="critical_band"),
        ),
        Dataset(
            name="dendrites",
            kind="published",
            title="Error rates of sparse recognition",
            description=(
                "Simulated and computed error rates behind Figs. 4A to 7B of Ahmad and Hawkins (2016), and "
                "their later simulations with correlated inputs, transcribed from the authors' repository."
            ),
            licence="AGPL-3.0 (the authors' repository); nothing separate is said about result data",
            citation=(
                "Ahmad, S., & Hawkins, J. (2016). How do neurons operate on sparse distributed "
                "representations? A mathematical theory of sparsity, neurons and active dendrites. "
                "arXiv:1601.00720"
            ),
            terms="Single numbers are facts; the files are read where they are present and never passed on.",
            homepage=(
                "https://github.com/numenta/htmresearch/tree/ea7f86eb6c575e5a749ce4411d1cd10b18da19a1/"
                "projects/sdr_paper"
            ),
            size_bytes=341_447,
            root="dendrites",
            stand_in="exact values of the same quantities, from `neurosci.dendrites`",
            files=read_registry("dendrites.txt", root="dendrites"),
        ),
        *neuron_datasets(),
        *spike_datasets(),
        *network_datasets(),
        *fmri_datasets(),
        *ieeg_datasets(),
        *connectivity_datasets(),
    )
    return {dataset.name: dataset for dataset in datasets}


def get_dataset(name: str) -> Dataset:
    """Look up a data set by its name.

    Parameters
    ----------
    name : str
        Name as `list_datasets` gives it.

    Returns
    -------
    Dataset
        Licence, citation, files with their hashes and addresses.

    Raises
    ------
    ValueError
        If no data set has this name; the message suggests the nearest.

    Examples
    --------
    >>> get_dataset("critical_band").kind
    'published'
    """
    known = registry()
    if name not in known:
        raise ValueError(f"get_dataset: name must be a known data set, got {name!r} ({suggest(name, known)})")
    return known[name]
