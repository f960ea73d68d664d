"""Readers for a user's own recordings: PFC-6 as CRCNS distributes it, and NWB files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from neurosci.datasets import _spikes_read as read
from neurosci.datasets._errors import DataNotFoundError
from neurosci.datasets._spikes import SpikeTrains

BEFORE, AFTER = 5.0, 10.0
"""Seconds before and after the start of a trial that belong to it."""
RULES = {1: "go right", 2: "go to light", 3: "go left", 4: "go to dark"}
_HOME = "https://crcns.org/data-sets/pfc/pfc-6"
_CITATION = "Peyrache, A., et al. (2018). CRCNS.org, pfc-6 (https://crcns.org/data-sets/pfc/pfc-6)."


def read_pfc6_trials(folder: str | os.PathLike[str], session: str = "200104") -> pd.DataFrame:
    """Read the trials of a PFC-6 session.

    Parameters
    ----------
    folder : path-like
        Folder with ``<session>_Behavior.dat``.
    session : str, default="200104"
        Start of the file names.

    Returns
    -------
    DataFrame
        One row per trial: start_s and end_s (s on the clock of the session), rule (in words), correct (bool),
        choice and light ("left" or "right").

    Raises
    ------
    DataNotFoundError
        If the file is not there; says where the data can be had.
    DataFormatError
        If the file does not hold six numbers in each line, or a code that is not documented.

    Examples
    --------
    >>> from neurosci.datasets import read_pfc6_trials
    >>> read_pfc6_trials("pfc6/200104")["correct"].mean()  # doctest: +SKIP
    0.31...
    """
    where = "read_pfc6_trials"
    path = _existing(where, folder, session, "Behavior")
    table = read.read_numbers(where, path, 6)
    codes = table[:, 2:].astype(int)
    if not np.isin(codes[:, 0], list(RULES)).all() or not np.isin(codes[:, 1:], (0, 1)).all():
        raise read.damaged(where, path, "rules must be 1 to 4, outcome, choice and light 0 or 1")
    if (table[:, 1] < table[:, 0]).any() or (np.diff(table[:, 0]) <= 0).any():
        raise read.damaged(where, path, "trials must follow each other and end after they start")
    side = np.array(["right", "left"])
    return pd.DataFrame(
        {
            "start_s": table[:, 0] / 1000,
            "end_s": table[:, 1] / 1000,
            "rule": [RULES[code] for code in codes[:, 0]],
            "correct": codes[:, 1] == 1,
            "choice": side[codes[:, 2]],
            "light": side[codes[:, 3]],
        }
    )


def load_pfc6(folder: str | os.PathLike[str], session: str = "200104") -> SpikeTrains:
    """Load a session of PFC-6 that you downloaded from CRCNS (free account; nothing is fetched).

    Parameters
    ----------
    folder : path-like
        Folder with ``<session>_SpikeData.dat`` and ``<session>_Behavior.dat``; ``_CellType.dat`` and
        ``_Pos.dat`` are read where they are.
    session : str, default="200104"
        Start of the file names; the paper analyses 200104.

    Returns
    -------
    SpikeTrains
        One epoch per trial: the window from 5 s before its start to 10 s after it, as in the paper (750 bins
        of 20 ms; windows may overlap), with the columns of `read_pfc6_trials`. Covariates, where there is a
        position file: time_s, x_au, y_au.

    Raises
    ------
    DataNotFoundError
        If a file is not there; says where the data can be had.
    DataFormatError
        If a file does not hold what it should.

    References
    ----------
    .. [1] Peyrache, A., et al. (2009). Replay of rule-learning related neural patterns in the prefrontal
       cortex during sleep. Nature Neuroscience, 12, 919-926.

    Examples
    --------
    >>> from neurosci.datasets import load_pfc6
    >>> load_pfc6("pfc6/200104").n_neurons  # doctest: +SKIP
    18
    """
    where = "load_pfc6"
    spike_file = _existing(where, folder, session, "SpikeData")
    trials = read_pfc6_trials(folder, session)
    table = read.read_numbers(where, spike_file, 2)
    cells = table[:, 1].astype(int)
    if (cells != table[:, 1]).any() or (cells < 1).any():
        raise read.damaged(where, spike_file, "cells must be numbered from 1")
    type_file = Path(folder) / f"{session}_CellType.dat"
    kinds = read.read_numbers(where, type_file, 1)[:, 0].astype(int) if type_file.is_file() else None
    n_cells = int(cells.max()) if kinds is None else kinds.size
    if cells.max() > n_cells:
        raise read.damaged(where, spike_file, f"cells go up to {cells.max()}, but {n_cells} have a class")
    units = pd.DataFrame({"name": [f"cell {i + 1}" for i in range(n_cells)]})
    if kinds is not None:
        units["cell_type"] = kinds
    epochs = trials.rename(columns={"start_s": "trial_start_s", "end_s": "trial_end_s"})
    epochs.insert(0, "start_s", trials["start_s"] - BEFORE)
    epochs.insert(1, "end_s", trials["start_s"] + AFTER)
    epochs.insert(2, "label", trials["rule"])
    return SpikeTrains(
        name=f"pfc6_{session}",
        data=read.split_units(table[:, 0] / 1000, cells - 1, n_cells),
        units=units,
        epochs=epochs,
        sfreq=10_000.0,
        covariates=_positions(where, Path(folder) / f"{session}_Pos.dat"),
        description=f"Session {session} of CRCNS pfc-6: prefrontal neurons of a rat on a Y maze.",
        licence="CRCNS terms of use",
        citation=_CITATION,
        terms="Your own download; never passed on.",
    )


def _existing(where: str, folder: str | os.PathLike[str], session: str, part: str) -> Path:
    path = Path(folder) / f"{session}_{part}.dat"
    if not path.is_file():
        raise DataNotFoundError(
            f"{where}: folder must hold {path.name}, got none in {Path(folder)} (download the session from "
            f"{_HOME}, which needs a free account, and pass the folder of its files)",
            f"{path.name} is not there",
        )
    return path


def _positions(where: str, path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        return {}
    table = read.read_numbers(where, path, 3)
    return {"time_s": table[:, 0] / 1000, "x_au": table[:, 1], "y_au": table[:, 2]}


def load_nwb_spikes(path: str | os.PathLike[str]) -> SpikeTrains:
    """Load the sorted units of an NWB file (needs ``pip install 'neurosci[io]'``).

    Parameters
    ----------
    path : path-like
        File that ends in ``.nwb``.

    Returns
    -------
    SpikeTrains
        All rows of its units table. Epochs are its trials where it has a trials table, else its epochs, else
        one from the first to the last spike. Licence and citation are not part of the format and stay empty.

    Raises
    ------
    ImportError
        If pynwb is not installed; names the extra.
    FileNotFoundError
        If there is no such file.
    DataFormatError
        If it cannot be read or has no units.

    Examples
    --------
    >>> from neurosci.datasets import load_nwb_spikes
    >>> load_nwb_spikes("sub-01_ses-01_ecephys.nwb")  # doctest: +SKIP
    """
    where, file = "load_nwb_spikes", Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"{where}: there is no file {file}")
    try:
        from pynwb import NWBHDF5IO
    except ImportError as error:
        raise ImportError(
            f"{where}: reading NWB needs pynwb (install it with: pip install 'neurosci[io]')"
        ) from error
    try:
        with NWBHDF5IO(str(file), "r", load_namespaces=True) as io:
            content = io.read()
            table = content.units
            if table is None or "spike_times" not in table.colnames:
                raise ValueError("it has no units with spike times")
            data = tuple(
                np.sort(np.asarray(table["spike_times"][row], dtype=np.float64)) for row in range(len(table))
            )
            names = [str(name) for name in table.id[:]]
            spans = content.trials if content.trials is not None else content.epochs
            epochs = None if spans is None else _epochs(spans.to_dataframe())
            about = str(content.session_description or "")
    except Exception as error:
        raise read.damaged(where, file, str(error)[:200] or type(error).__name__) from error
    if epochs is None:
        ends = [float(edge) for times in data if times.size for edge in (times[0], times[-1])]
        limits = (min(ends), max(ends)) if ends else (0.0, 0.0)
        epochs = pd.DataFrame([(*limits, "all")], columns=["start_s", "end_s", "label"])
    return SpikeTrains(
        name=file.stem,
        data=data,
        units=pd.DataFrame({"name": names}),
        epochs=epochs,
        sfreq=float("nan"),
        description=about,
        terms="Your own file; its licence is not part of the format.",
    )


def _epochs(table: pd.DataFrame) -> pd.DataFrame:
    """Rename the columns of an NWB table of intervals and keep what is plain."""
    plain = table.rename(columns={"start_time": "start_s", "stop_time": "end_s"}).reset_index(drop=True)
    if "label" not in plain:
        tags = plain["tags"] if "tags" in plain else [""] * len(plain)
        plain["label"] = ["; ".join(map(str, tag)) if isinstance(tag, list) else str(tag) for tag in tags]
    first = ["start_s", "end_s", "label"]
    rest = [name for name in plain if name not in first and plain[name].dtype != object]
    return plain[[*first, *rest]]
