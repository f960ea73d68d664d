"""The authors' release of Du-IN: pickle files turned into plain arrays once, without running them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.files import atomic_write, sha256
from neurosci.datasets._errors import DataFormatError, DataNotFoundError
from neurosci.datasets._ieeg import EEGTrials
from neurosci.datasets._inert_pickle import read_inert

PathLike = str | os.PathLike[str]
RELEASE = "liulab-repository/Du-IN"
_SFREQ = 1000.0
_TRIALS = "*/{subject}/word-recitation/run*/dataset.bipolar.default.{alignment}"
_FORMAT = "neurosci du_in release 1"
_CITATION = (
    "Zheng, H., Wang, H.-T., Jiang, W.-B., et al. (2024). Du-IN: discrete units-guided mask modeling for "
    "decoding speech from intracranial neural signals. Advances in Neural Information Processing Systems, "
    "37. arXiv:2405.11459"
)


def download_du_in_release(folder: PathLike, *, revision: str, subjects: Sequence[int] | None = None) -> Path:
    """Download the word-reading trials that the authors released (needs the package huggingface_hub).

    Parameters
    ----------
    folder : path-like
        Where to put the files; a download that was interrupted goes on.
    revision : str
        Commit of the release. Four subjects were processed again after the paper appeared, which changes
        scores: write down which commit you used.
    subjects : sequence of int or None, default=None
        1 to 12; None takes all (tens of gigabytes).

    Returns
    -------
    Path
        Folder for `convert_du_in_release`.

    Raises
    ------
    ImportError
        If huggingface_hub is not installed.
    ValueError
        If a subject is unknown.
    """
    where = "download_du_in_release"
    chosen = _subjects(where, subjects)
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ImportError(
            f"{where}: the download needs huggingface_hub (pip install huggingface_hub, or download the "
            "folder yourself)"
        ) from error
    patterns = [f"data/{_TRIALS.format(subject=f'{s:03d}', alignment='*')}/*" for s in chosen]
    found = snapshot_download(
        repo_id=RELEASE,
        repo_type="dataset",
        revision=revision,
        allow_patterns=patterns,
        local_dir=os.fspath(folder),
    )
    return Path(found)


def convert_du_in_release(
    folder: PathLike,
    output: PathLike,
    *,
    subjects: Sequence[int] | None = None,
    alignment: str = "unaligned",
) -> list[Path]:
    """Turn the released pickle files into arrays and JSON, once; nothing in them is executed.

    Parameters
    ----------
    folder : path-like
        The release as it was downloaded, or its folder ``data``.
    output : path-like
        Folder for the result: ``sub-001.json`` and ``sub-001/run-01.npy``, ...
    subjects : sequence of int or None, default=None
        1 to 12; None takes all that are there.
    alignment : {"unaligned", "aligned"}, default="unaligned"
        Which epochs; the authors classify the unaligned ones.

    Returns
    -------
    list of Path
        JSON file of each subject, for `load_du_in_release`.

    Raises
    ------
    DataNotFoundError
        If no trials of a subject are there.
    DataFormatError
        If a file is damaged, holds anything but texts, numbers and arrays, or trials do not fit together.

    Notes
    -----
    Each run is a file ``data``, a list of records with ``name`` (the word) and ``data_s`` (bipolar channels
    by time), beside a file ``info`` with ``ch_names``. ``data_n``, which the authors withdrew, is not read.
    The layout follows the authors' code; no released file was at hand, so that it is not verified.

    Examples
    --------
    >>> from neurosci.datasets import convert_du_in_release
    >>> convert_du_in_release("Du-IN", "converted", subjects=[1])  # doctest: +SKIP
    [PosixPath('converted/sub-001.json')]
    """
    where = "convert_du_in_release"
    if alignment not in ("unaligned", "aligned"):
        raise ValueError(f"{where}: alignment must be 'unaligned' or 'aligned', got {alignment!r}")
    root = Path(folder)
    root = root / "data" if (root / "data").is_dir() else root
    written = []
    for subject in _subjects(where, subjects):
        runs = sorted(root.glob(_TRIALS.format(subject=f"{subject:03d}", alignment=alignment)))
        runs = [run for run in runs if (run / "data").is_file()]
        if runs:
            written.append(_convert_subject(where, runs, Path(output), subject, alignment))
        elif subjects is not None:
            raise DataNotFoundError(
                f"{where}: folder must hold trials of subject {subject:03d}, got none that match "
                f"{_TRIALS.format(subject=f'{subject:03d}', alignment=alignment)}/data below {root.name}"
            )
    if not written:
        raise DataNotFoundError(f"{where}: folder must hold trials of a subject, got none below {root.name}")
    return written


def load_du_in_release(path: PathLike, *, channels: Sequence[str] | None = None) -> EEGTrials:
    """Load the trials of one subject that `convert_du_in_release` wrote.

    Parameters
    ----------
    path : path-like
        ``sub-001.json``.
    channels : sequence of str or None, default=None
        Channels to keep, in this order; None keeps all (about 4 GB for a subject of 110).

    Returns
    -------
    EEGTrials
        Signals in the unit of the release, not standardised; the run of each trial in `groups`.

    Raises
    ------
    DataFormatError
        If a file is damaged or not the one that was written.
    ValueError
        If channels are missing; the message lists them.
    """
    from neurosci.preprocessing.ieeg import match_channels

    where, file = "load_du_in_release", Path(path)
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        if held["format"] != _FORMAT:
            raise TypeError(f"its format is {held['format']!r:.60}")
        names = tuple(map(str, held["ch_names"]))
        runs = [(_run(file, run), [str(word) for word in run["words"]]) for run in held["runs"]]
        if not runs or any(signals.shape[1:] != (len(names), runs[0][0].shape[2]) for signals, _ in runs):
            raise TypeError("its runs do not have the same channels and times")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataFormatError(f"{where}: {file.name} cannot be used: {error!s:.200}") from error
    kept = np.arange(len(names)) if channels is None else match_channels(names, list(channels))
    X = np.concatenate([signals[:, kept] for signals, _ in runs])
    words = [word for _, spoken in runs for word in spoken]
    groups = np.repeat(np.arange(len(runs)), [len(spoken) for _, spoken in runs])
    classes, y = np.unique(words, return_inverse=True)
    return EEGTrials(
        name=file.stem,
        X=X,
        y=y.astype(np.int64),
        classes=tuple(map(str, classes)),
        split=np.full(len(y), ""),
        groups=groups,
        sfreq=_SFREQ,
        ch_names=tuple(names[k] for k in kept),
        unit="as released",
        description="Word reading of one subject, as the authors released it.",
        licence="see the data card of the release",
        citation=_CITATION,
        terms="Files that the user downloaded.",
    )


def _subjects(where: str, subjects: Sequence[int] | None) -> list[int]:
    chosen = list(range(1, 13)) if subjects is None else list(subjects)
    if not chosen or not set(chosen) <= set(range(1, 13)):
        raise ValueError(f"{where}: subjects must be numbers from 1 to 12, got {chosen}")
    return chosen


def _convert_subject(where: str, runs: list[Path], output: Path, subject: int, alignment: str) -> Path:
    target = output / f"sub-{subject:03d}"
    target.mkdir(parents=True, exist_ok=True)
    ch_names: list[str] = []
    records = []
    for number, run in enumerate(runs, start=1):
        names = [str(name) for name in _field(where, run / "info", _read(where, run / "info"), "ch_names")]
        if ch_names and names != ch_names:
            raise DataFormatError(f"{where}: {run.parent.name} has other channels than the runs before it")
        ch_names = names
        words, X = _trials(where, run / "data", len(names))
        place = target / f"run-{number:02d}.npy"
        with atomic_write(place, "wb") as stream:
            np.save(stream, X, allow_pickle=False)
        records.append(
            {
                "file": f"{target.name}/{place.name}",
                "sha256": sha256(place),
                "words": words,
                "source": f"{run.parent.name}/{run.name}/data",
                "source_sha256": sha256(run / "data"),
            }
        )
    described = {
        "format": _FORMAT,
        "subject": subject,
        "alignment": alignment,
        "ch_names": ch_names,
        "runs": records,
    }
    path = output / f"{target.name}.json"
    with atomic_write(path, "w") as stream:
        stream.write(json.dumps(described, ensure_ascii=False, indent=1) + "\n")
    return path


def _read(where: str, path: Path) -> Any:
    try:
        return read_inert(path.read_bytes())
    except ValueError as error:
        raise DataFormatError(f"{where}: {_short(path)} cannot be used: {error}") from error


def _short(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.name}"


def _field(where: str, path: Path, record: Any, name: str) -> Any:
    if not isinstance(record, dict) or name not in record:
        raise DataFormatError(f"{where}: {_short(path)} must hold {name!r}")
    return record[name]


def _trials(where: str, path: Path, n_channels: int) -> tuple[list[str], NDArray[np.float32]]:
    records = _read(where, path)
    if not isinstance(records, list) or not records:
        raise DataFormatError(f"{where}: {_short(path)} must hold a list of trials")
    signals = [_field(where, path, record, "data_s") for record in records]
    shapes = {getattr(signal, "shape", None) for signal in signals}
    shape = shapes.pop()
    if shapes or shape is None or len(shape) != 2 or shape[0] != n_channels:
        raise DataFormatError(
            f"{where}: trials of {_short(path)} must have the same shape, "
            f"{n_channels} channels by times, got {sorted(map(str, {*shapes, shape}))[:3]}"
        )
    X = np.stack(signals).astype(np.float32)
    if not np.isfinite(X).all():
        raise DataFormatError(f"{where}: {_short(path)} holds samples that are not finite")
    return [str(_field(where, path, record, "name")) for record in records], X


def _run(file: Path, run: dict[str, Any]) -> NDArray[np.float32]:
    name = Path(str(run["file"]))
    if name.is_absolute() or ".." in name.parts or len(name.parts) != 2:
        raise TypeError(f"a run must lie beside it, got {run['file']!r:.80}")
    if sha256(file.parent / name) != run["sha256"]:
        raise TypeError(f"{name} is not the file that was written")
    signals: NDArray[np.float32] = np.load(file.parent / name, mmap_mode="r", allow_pickle=False)
    if signals.ndim != 3 or len(signals) != len(run["words"]):
        raise TypeError(f"{name} has shape {signals.shape} for {len(run['words'])} words")
    return signals
