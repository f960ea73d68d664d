"""Intracranial and scalp EEG: reading, cleaning, and cutting into arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurosci._core.checks import check_option
from neurosci.preprocessing._files import FiniteCheck, check_file, refusing
from neurosci.preprocessing._ieeg_arrays import (
    Trials,
    Windows,
    epochs_to_arrays,
    make_pretrain_windows,
    match_channels,
)
from neurosci.preprocessing._ieeg_files import check_brainvision, check_edf, check_fif
from neurosci.preprocessing._ieeg_reference import pairs, rereference
from neurosci.preprocessing._ieeg_scale import ChannelStandardizer
from neurosci.preprocessing._ieeg_steps import (
    bad_channels,
    check_length,
    check_rates,
    notches,
    pick,
    refuse_nonfinite,
)

if TYPE_CHECKING:
    from mne.io import BaseRaw

__all__ = [
    "ChannelStandardizer",
    "Trials",
    "Windows",
    "bipolar_pairs",
    "epochs_to_arrays",
    "find_bad_channels",
    "make_pretrain_windows",
    "match_channels",
    "preprocess_seeg",
    "read_bids",
    "read_raw",
]

_REFERENCES = ("bipolar", "laplacian", "average", None)
_SUFFIXES = (".edf", ".bdf", ".fif", ".fif.gz", ".vhdr")
_BLOCK = 4_000_000


def read_raw(path: str | Path, *, nan_policy: str = "raise") -> BaseRaw:
    """Open a continuous recording with MNE, and refuse it where the file is damaged.

    Parameters
    ----------
    path : path-like
        File that ends in ``.edf``, ``.bdf``, ``.fif``, ``.fif.gz`` or ``.vhdr`` (BrainVision).
    nan_policy : {"raise", "propagate"}, default="raise"
        Refuse NaN and infinite samples, or keep them with a warning that counts them.

    Returns
    -------
    mne.io.BaseRaw
        The recording, in volts where its channels have that unit; not loaded into memory.

    Raises
    ------
    DataFormatError
        If the file is empty, truncated or of another format, holds fewer bytes than its header claims,
        fails its gzip checksum, has gaps in time (EDF+D), names a data file in another folder, has events
        after its last sample, or holds NaN or infinite samples.
    ValueError
        If the name has another ending.
    OSError
        If the file is absent or may not be read.

    Warns
    -----
    UserWarning
        If there are NaN under "propagate".

    Notes
    -----
    MNE reads a truncated EDF, and a FIF that ends between two blocks, as a shorter recording; its warning
    for EDF depends on its log level. Here sizes are compared before MNE opens the file: the records of an
    EDF, the chain of blocks of a FIF up to its end mark, and the samples of a BrainVision file, where
    its header states them. A BrainVision file cut between two samples whose header has no ``DataPoints``
    can only be told by events after its end. None of these formats has a checksum, except ``.fif.gz``.
    All samples are read once, in blocks of 32 MB.

    Examples
    --------
    >>> from neurosci.preprocessing.ieeg import read_raw
    >>> raw = read_raw("sub-01_ieeg.edf")  # doctest: +SKIP
    """
    where = "read_raw"
    file = check_file(where, path, _SUFFIXES, nan_policy)
    suffix = ".fif" if file.name.lower().endswith(".fif.gz") else file.suffix.lower()
    check = {".fif": check_fif, ".vhdr": check_brainvision}.get(suffix, check_edf)
    with refusing(where, file):
        check(file)
        raw = _open(file)
        for part in raw.filenames if suffix == ".fif" else ():
            if Path(part) != file.resolve():
                check_fif(Path(part))
        if raw.n_times < 1 or not raw.info["sfreq"] > 0:
            raise ValueError(f"it has {raw.n_times} samples at {raw.info['sfreq']} Hz")
    _check_samples(where, file, raw, nan_policy)
    return raw


def _open(file: Path) -> Any:
    import mne

    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Number of records from the header does not match")
        warnings.filterwarnings("error", message="Omitted .* annotation.* outside data range")
        # MNE gives no warnings at all where a user has set a higher level.
        return mne.io.read_raw(file, preload=False, verbose="WARNING")


def _check_samples(where: str, file: Path, raw: Any, nan_policy: str) -> None:
    check = FiniteCheck(where, file, "samples")
    step = max(1, _BLOCK // len(raw.ch_names))
    with refusing(where, file):
        for start in range(0, raw.n_times, step):
            block = raw.get_data(start=start, stop=min(start + step, raw.n_times), verbose="WARNING")
            check.add(block, start, "sample")
    check.finish(nan_policy)


def bipolar_pairs(ch_names: Iterable[str], *, bads: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Pair each contact with the next one on its shaft.

    Parameters
    ----------
    ch_names : iterable of str
        Names that end in the number of the contact; what stands before it names the shaft (letters, in
        either case, and a prime: ``"TI'4"``). Names without a number are left out.
    bads : iterable of str, default=()
        Contacts that may not be in a pair. The contacts on both sides of one are no neighbours.

    Returns
    -------
    list of tuple of str
        Anode and cathode, shaft by shaft in the order in which these appear, with ascending numbers.

    Raises
    ------
    ValueError
        If two names stand for the same contact.

    Examples
    --------
    >>> bipolar_pairs(["A1", "A2", "A4", "A5", "TI'1", "TI'2", "ECG"])
    [('A1', 'A2'), ('A4', 'A5'), ("TI'1", "TI'2")]
    >>> bipolar_pairs(["A1", "A2", "A3"], bads=["A2"])
    []
    """
    return pairs("bipolar_pairs", ch_names, bads)


def find_bad_channels(
    raw: BaseRaw, *, line_freq: float | None = 50.0, picks: Any = ("seeg", "ecog", "dbs")
) -> dict[str, str]:
    """Name the channels that are flat, saturated or hold little but line noise.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Recording before any filter.
    line_freq : float or None, default=50.0
        Mains in Hz; None does not look for them.
    picks : str or sequence of str, default=('seeg', 'ecog', 'dbs')
        Types or names of channels, as MNE takes them.

    Returns
    -------
    dict of str to str
        Reason by channel: all samples, or more than half of the steps, are the same; more than 1 % of the
        samples stay at the largest or smallest value; more than 90 % of the variance lies within 1.5 Hz of
        the mains and its harmonics.

    Raises
    ------
    ValueError
        If no channel is picked, or samples are not finite.
    """
    where = "find_bad_channels"
    names = pick(where, raw, picks)
    data = raw.get_data(names)
    refuse_nonfinite(where, data, names)
    return {names[k]: why for k, why in bad_channels(data, raw.info["sfreq"], line_freq).items()}


def preprocess_seeg(
    raw: BaseRaw,
    *,
    l_freq: float | None = 0.5,
    h_freq: float | None = 200.0,
    line_freq: float | None = 50.0,
    harmonics: bool = True,
    sfreq: float | None = 1000.0,
    reference: str | None = "bipolar",
    picks: Any = "seeg",
) -> BaseRaw:
    """Filter, resample and re-reference an intracranial recording.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The whole recording; a copy is processed.
    l_freq, h_freq : float or None, default=0.5, 200.0
        Pass band in Hz.
    line_freq : float or None, default=50.0
        Mains to remove, in Hz.
    harmonics : bool, default=True
        Remove the harmonics of the mains too.
    sfreq : float or None, default=1000.0
        Sampling rate of the result in Hz; None keeps that of the recording.
    reference : {"bipolar", "laplacian", "average"} or None, default="bipolar"
        Difference to the next contact of the shaft, to the mean of both neighbours, to the mean of all, or as
        recorded.
    picks : str or sequence of str, default="seeg"
        Types or names of the channels to process, as MNE takes them. Other channels are resampled only and
        come last.

    Returns
    -------
    mne.io.BaseRaw
        In volts. Bipolar channels are named ``"A1-A2"`` and lie half-way between their contacts. Bad channels
        are dropped where a reference is computed.

    Raises
    ------
    ValueError
        If no channel is picked, samples are not finite, frequencies do not fit the recording, it is shorter
        than its filters, or no contacts are neighbours.

    Warns
    -----
    UserWarning
        Names the channels that `find_bad_channels` finds; they are treated as bad.

    Notes
    -----
    The order is that of the paper [1]_ (section 4.2): band-pass, notch, resampling, bipolar reference. Its
    filters are not described; these are MNE's finite impulse responses with zero phase. The paper names a
    notch at 50 Hz only, although two harmonics lie in the pass band; here they are removed too. Standardise
    with `ChannelStandardizer`, on training trials alone.

    References
    ----------
    .. [1] Zheng H, Wang HT, Jiang WB, Chen ZT, He L, Lin PY, Wei PH, Zhao GG, Liu YZ (2024). Du-IN: discrete
       units-guided mask modeling for decoding speech from intracranial neural signals. Advances in Neural
       Information Processing Systems 37. arXiv:2405.11459.

    Examples
    --------
    >>> from neurosci.preprocessing.ieeg import preprocess_seeg, read_raw
    >>> clean = preprocess_seeg(read_raw("sub-01_ieeg.edf"), line_freq=60)  # doctest: +SKIP
    """
    where = "preprocess_seeg"
    check_option(where, "reference", reference, _REFERENCES)
    rate = float(raw.info["sfreq"])
    check_rates(where, rate, l_freq, h_freq, line_freq, sfreq)
    names = pick(where, raw, picks)
    check_length(where, raw, l_freq, line_freq)
    result = raw.copy().load_data(verbose="ERROR")
    data = result.get_data(names)
    refuse_nonfinite(where, data, names)
    found = {names[k]: why for k, why in bad_channels(data, rate, line_freq).items()}
    new = {name: why for name, why in found.items() if name not in result.info["bads"]}
    if new:
        listed = "; ".join(f"{name} ({why})" for name, why in new.items())
        warnings.warn(
            f"{where}: {len(new)} channel(s) are treated as bad: {listed}", UserWarning, stacklevel=2
        )
        result.info["bads"] += list(new)
    if l_freq is not None or h_freq is not None:
        result.filter(l_freq, h_freq, picks=names, verbose="ERROR")
    if line_freq is not None:
        frequencies = notches(rate, h_freq, line_freq, harmonics)
        result.notch_filter(frequencies, picks=names, verbose="ERROR")
    if sfreq is not None and sfreq != rate:
        result.resample(sfreq, verbose="ERROR")
    return rereference(where, result, names, reference)


def read_bids(
    root: str | Path,
    subject: str,
    *,
    session: str | None = None,
    task: str | None = None,
    run: str | None = None,
    datatype: str = "ieeg",
) -> BaseRaw:
    """Read a recording of a BIDS data set (needs ``pip install 'neurosci[io]'``).

    Parameters
    ----------
    root : path-like
        Folder of the data set.
    subject, session, task, run : str
        Entities of the file, without their prefix; None where the name has none.
    datatype : {"ieeg", "eeg"}, default="ieeg"
        Kind of recording.

    Returns
    -------
    mne.io.BaseRaw
        The recording, checked as by `read_raw`, with the types, positions, bad channels and events of its
        side-cars.

    Raises
    ------
    ImportError
        If mne-bids is not installed; names the extra.
    FileNotFoundError
        If there is no such recording.
    DataFormatError
        If its file is damaged.

    Examples
    --------
    >>> from neurosci.preprocessing.ieeg import read_bids
    >>> raw = read_bids("ds004703", "01", task="listen")  # doctest: +SKIP
    """
    where = "read_bids"
    check_option(where, "datatype", datatype, ("ieeg", "eeg"))
    try:
        from mne_bids import BIDSPath, read_raw_bids
    except ImportError as error:
        raise ImportError(
            f"{where}: reading BIDS needs mne-bids (install it with: pip install 'neurosci[io]')"
        ) from error
    entities = {"subject": subject, "session": session, "task": task, "run": run}
    path = BIDSPath(root=root, datatype=datatype, suffix=datatype, **entities)
    found = [file for file in path.match() if file.extension in (*_SUFFIXES, ".nwb", ".set", ".mefd")]
    if len(found) != 1:
        named = ", ".join(f"{name}={value}" for name, value in entities.items() if value is not None)
        raise FileNotFoundError(
            f"{where}: root must hold one {datatype} recording of {named}, got {len(found)} (name its "
            "session, task and run)"
        )
    if found[0].extension in _SUFFIXES:
        read_raw(found[0].fpath)
    with refusing(where, Path(found[0].fpath)):
        return read_raw_bids(found[0], verbose="ERROR")
