"""From BIDS iEEG to windows that the models take, their features and a table of channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.files import json_text, write_text
from neurosci._core.log import collect_warnings
from neurosci.preprocessing import _bids as bids
from neurosci.preprocessing import _bids_ieeg as ieeg
from neurosci.preprocessing import _bids_runs as each

from ._lab_signals import band_power, channel_table, spectra_of

if TYPE_CHECKING:
    import pandas as pd

WHERE = "neurosci bids"
TYPES = ("seeg", "ecog", "dbs")
PLAUSIBLE = (0.5, 5000.0)
"""Standard deviations of intracranial signals in microvolts, with room on both sides."""
RATES = (1000.0, 500.0, 200.0, 100.0)
"""Rates at which a tenth of a second, a patch, is ten steps or a hundred, fifty, twenty samples."""

COLUMNS = {
    "participant_id": "Person, without sub-.",
    "session": "Session, without ses-.",
    "task": "Task.",
    "run": "Run.",
    "status": "included, excluded (by a limit), or failed (an error).",
    "reason": "Why it is not included.",
    "duration": "Length of the recording, in seconds.",
    "sfreq": "Samples per second of the recording.",
    "sfreq_used": "Samples per second after resampling.",
    "n_channels": "Intracranial channels.",
    "n_bad": "Channels that are left out: marked as bad, flat, saturated, or little but line noise.",
    "bad_channels": "Their names.",
    "line_share": "Share of a channel's variance within 1.5 Hz of the mains and its harmonics, before the "
    "notch; median over channels.",
    "line_share_max": "The same, largest.",
    "sd_uv": "Standard deviation of a channel in microvolts before any filter, median over good channels.",
    "n_signals": "Signals after re-referencing.",
    "n_windows": "Windows.",
    "tokenizer_mse": "Mean squared error of the tokenizer on the last fifth of the windows, which it was not "
    "trained on, in units of the variance; 1 is what silence scores.",
    "tokenizer_perplexity": "How many codes are in use, as the exponential of their entropy.",
}


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What is done with every recording.

    Parameters
    ----------
    task : str, default=None
        Which recordings; None takes all.
    l_freq, h_freq : float, default=0.5, None
        Pass band in Hz; None is 200 Hz, or 0.4 of the rate where that is less.
    line_freq : float, default=None
        Mains in Hz; None takes what the data set says, or 50; 0 does not look for it.
    reference : {"bipolar", "laplacian", "average", "none"}, default="bipolar"
        As in `neurosci.preprocessing.ieeg.preprocess_seeg`.
    window : float, default=1.0
        Length of a window in seconds, a multiple of 0.1.
    n_epochs : int, default=0
        Epochs of a small tokenizer for each recording; 0 trains none.
    max_bad : float, default=0.5
        Largest share of bad channels of a recording that is included.
    random_state : int, default=0
        Seed of the tokenizer.
    """

    task: str | None = None
    l_freq: float | None = 0.5
    h_freq: float | None = None
    line_freq: float | None = None
    reference: str = "bipolar"
    window: float = 1.0
    n_epochs: int = 0
    max_bad: float = 0.5
    random_state: int = 0

    def __post_init__(self) -> None:
        """Check what no recording can make right."""
        if not (self.window > 0 and abs(10 * self.window - round(10 * self.window)) < 1e-9):
            raise ValueError(f"{WHERE}: --window must be a multiple of 0.1 s, got {self.window:g}")
        if self.n_epochs < 0:
            raise ValueError(f"{WHERE}: --n-epochs must be 0 or more, got {self.n_epochs}")


def process(
    bids_dir: str | Path,
    output_dir: str | Path,
    settings: LabSettings,
    *,
    participants: Sequence[str] = (),
    n_jobs: int | None = None,
    report: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Turn all intracranial recordings of a BIDS folder into windows, features and a table of quality.

    Finished recordings are kept: the same call goes on from there, and does again only what failed, what is
    new and what was made with other settings or from other files.

    Parameters
    ----------
    bids_dir, output_dir : path-like
        BIDS folder, and where to write.
    settings : LabSettings
        What is done.
    participants : sequence of str, default=()
        People to process; none named, all.
    n_jobs : int, default=None
        Processes, as in joblib.
    report : callable, default=None
        Told one line about each recording.

    Returns
    -------
    DataFrame
        One row per recording, as in `COLUMNS`.

    Raises
    ------
    ImportError
        If mne-bids is not installed; names the extra.
    FileNotFoundError, ValueError
        If there are no such recordings; what is wrong with one of them is in the table instead.
    """
    from joblib import Parallel, delayed

    ieeg.need_mne_bids(WHERE)
    source, output = Path(bids_dir), Path(output_dir)
    found = ieeg.find_recordings(WHERE, source, participants=participants, task=settings.task)
    output.mkdir(parents=True, exist_ok=True)
    bids.write_description(output, "Windows of intracranial recordings (neurosci)", source)
    rows = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(one_recording)(one, output, settings) for one in found
    )
    return each.tabulate(output, found, rows, COLUMNS, report)


def windows_path(output: Path, recording: ieeg.Recording) -> Path:
    """Return where the windows of a recording are kept; its record lies beside it."""
    return ieeg.recording_folder(output, recording) / f"{recording.name}_desc-preproc_windows.npy"


def one_recording(recording: ieeg.Recording, output: Path, settings: LabSettings) -> dict[str, Any]:
    """Make all of one recording, or find it made; what goes wrong is returned as the reason."""

    def make() -> tuple[dict[str, Any], list[Path], dict[str, Any]]:
        return _make(recording, output, settings)

    record = windows_path(output, recording).with_suffix(".json")
    return each.kept_of(lambda: ieeg.inputs_of(recording), recording.name, record, asdict(settings), make)


def _make(
    recording: ieeg.Recording, output: Path, settings: LabSettings
) -> tuple[dict[str, Any], list[Path], dict[str, Any]]:
    from threadpoolctl import threadpool_limits

    with collect_warnings() as messages, threadpool_limits(limits=1):
        raw = ieeg.read_recording(recording).load_data(verbose="ERROR")
        names = [
            name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind in TYPES
        ]
        if not names:
            raise ValueError(f"it must have channels of type {', '.join(TYPES)}, got none")
        line = _line(raw, settings)
        channels = channel_table(raw, names, line)
        before = spectra_of(raw, names)
        bad = channels.index[channels["status"] == "bad"].tolist()
        row: dict[str, Any] = {
            "duration": raw.n_times / float(raw.info["sfreq"]),
            "sfreq": float(raw.info["sfreq"]),
            "n_channels": len(names),
            "n_bad": len(bad),
            "bad_channels": ", ".join(bad),
            "line_share": _finite(channels["line_share"].median()),
            "line_share_max": _finite(channels["line_share"].max()),
            "sd_uv": _finite(channels.loc[channels["status"] == "good", "sd_uv"].median()),
        }
        folder = ieeg.recording_folder(output, recording)
        folder.mkdir(parents=True, exist_ok=True)
        files = _write_channels(folder, recording, channels)
        more: dict[str, Any] = {"line_freq": line, "before": before.plain()}
        reasons = []
        if len(bad) > settings.max_bad * len(names):
            reasons.append(f"{len(bad)} of {len(names)} channels are bad")
        elif row["duration"] < 2 * settings.window:
            reasons.append(f"{row['duration']:.1f} s are less than two windows")
        else:
            made, kept, words = _signals(recording, output, raw, names, bad, line, settings)
            row |= made
            files += kept
            more |= words
        if row["sd_uv"] is not None and not PLAUSIBLE[0] <= row["sd_uv"] <= PLAUSIBLE[1]:
            messages.append(
                f"a standard deviation of {row['sd_uv']:.3g} microvolts is not plausible for intracranial "
                "signals: "
                "the unit in the header is probably wrong (what is standardised does not depend on it)"
            )
    more["warnings"] = list(dict.fromkeys(" ".join(str(text).split()) for text in messages))
    return each.judged(row, reasons), files, more


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _line(raw: Any, settings: LabSettings) -> float | None:
    """Return the mains: asked for, or of the side-car, or 50 Hz; None where there is nothing to look for."""
    if settings.line_freq is not None:
        line = settings.line_freq or None
    else:
        line = float(raw.info["line_freq"] or 50.0)
    return None if line is not None and line >= raw.info["sfreq"] / 2 else line


def _signals(
    recording: ieeg.Recording,
    output: Path,
    raw: Any,
    names: list[str],
    bad: list[str],
    line: float | None,
    settings: LabSettings,
) -> tuple[dict[str, Any], list[Path], dict[str, Any]]:
    """Filter, re-reference, cut into windows, take features, and train a tokenizer where one is asked for."""
    from neurosci.preprocessing.ieeg import make_pretrain_windows, preprocess_seeg

    rate = float(raw.info["sfreq"])
    target = next((one for one in RATES if one <= rate + 1e-6), None)
    if target is None:
        raise ValueError(f"it must have at least {RATES[-1]:g} samples per second, got {rate:g}")
    raw.info["bads"] = sorted({*raw.info["bads"], *bad})
    high = min(200.0, 0.4 * target) if settings.h_freq is None else settings.h_freq
    clean = preprocess_seeg(
        raw,
        l_freq=settings.l_freq,
        h_freq=high,
        line_freq=line if line is not None and line < target / 2 else None,
        sfreq=target,
        reference=None if settings.reference == "none" else settings.reference,
        picks=names,
    )
    kinds = dict(zip(clean.ch_names, clean.get_channel_types(), strict=True))
    used = [name for name in clean.ch_names if kinds[name] in TYPES and name not in clean.info["bads"]]
    path = windows_path(output, recording)
    part = path.with_name(f".{path.name}.part.npy")
    windows = make_pretrain_windows(clean, duration=settings.window, overlap=0.0, picks=used, path=part)
    power = band_power(windows.X, target, high)
    after = spectra_of(clean, used)
    row: dict[str, Any] = {"sfreq_used": target, "n_signals": len(used), "n_windows": len(windows.X)}
    more: dict[str, Any] = {
        "signals": used,
        "starts": windows.starts.round(4).tolist(),
        "unit": "V",
        "pass_band": [settings.l_freq, high],
        "after": after.plain(),
        "bands": {name: power[name].mean(axis=0).round(3).tolist() for name in power},
        "snippet": _snippet(windows.X),
    }
    files = [path, _write_features(path, windows.starts, used, power)]
    if settings.n_epochs:
        scores, weights, words = _tokenizer(windows.X, used, target, path, settings)
        row |= scores
        files.append(weights)
        more |= words
    del windows
    part.replace(path)
    return row, files, more


def _snippet(X: NDArray[np.float32]) -> dict[str, Any]:
    """Return two seconds' worth of the middle of a recording, as a picture needs them."""
    middle = len(X) // 2
    some = np.concatenate([X[middle - 1], X[middle]], axis=1)[:12] if len(X) > 1 else X[0][:12]
    every = max(1, some.shape[1] // 500)
    return {"every": every, "microvolts": (1e6 * some[:, ::every]).round(1).tolist()}


def _write_channels(folder: Path, recording: ieeg.Recording, channels: pd.DataFrame) -> list[Path]:
    """Write the table of channels as BIDS has it, with what was found."""
    path = folder / f"{recording.name}_desc-quality_channels.tsv"
    table = channels.reset_index(names="name")
    write_text(path, table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))
    about = {
        "Description": "Quality of the channels of the recording, found by neurosci bids",
        "sd_uv": {"Description": "Standard deviation before any filter", "Units": "uV"},
        "line_share": {"Description": "Share of the variance within 1.5 Hz of the mains and its harmonics"},
    }
    write_text(path.with_suffix(".json"), json_text(about))
    return [path, path.with_suffix(".json")]


def _write_features(
    path: Path, starts: NDArray[np.float64], names: list[str], power: dict[str, NDArray[np.float64]]
) -> Path:
    """Write one row per window: start, and log power of each band and signal."""
    import pandas as pd

    columns: dict[str, Any] = {"onset": starts}
    for k, name in enumerate(names):
        columns |= {f"{name} {band}": power[band][:, k].round(4) for band in power}
    target = path.with_name(path.name.replace("_desc-preproc_windows.npy", "_desc-bandpower_windows.tsv"))
    table = pd.DataFrame(columns)
    write_text(target, table.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n"))
    return target


def _tokenizer(
    X: NDArray[np.float32], names: list[str], sfreq: float, path: Path, settings: LabSettings
) -> tuple[dict[str, Any], Path, dict[str, Any]]:
    """Train a small tokenizer on the first four fifths of the windows, and keep it."""
    import torch

    from ._codes import code_usage
    from ._pretrained import save_pretrained
    from ._sizes import model_sizes
    from ._tokenizer import DuINTokenizer

    cut = max(1, len(X) // 5)
    n_train = len(X) - cut
    config = model_sizes("tiny", round(sfreq / 10))
    tokenizer = DuINTokenizer(
        config,
        n_epochs=settings.n_epochs,
        batch_size=min(16, n_train),
        random_state=settings.random_state,
        device="cpu",
    ).fit(np.asarray(X[:n_train]))
    codes = tokenizer.transform(np.asarray(X))
    usage = code_usage(torch.from_numpy(codes), config.codex_size)
    target = path.with_name(
        path.name.replace("_desc-preproc_windows.npy", "_desc-tiny_tokenizer.safetensors")
    )
    save_pretrained(
        target,
        tokenizer.module_,
        ch_names=names,
        sfreq=sfreq,
        preprocessing={"mean": tokenizer.mean_.tolist(), "scale": tokenizer.scale_.tolist()},
        training_ids=[f"window {i}" for i in range(n_train)],
    )
    scores = {
        "tokenizer_mse": -tokenizer.score(np.asarray(X[n_train:])),
        "tokenizer_perplexity": usage.perplexity,
    }
    words = {"codes": np.bincount(codes.ravel(), minlength=config.codex_size).tolist(), "n_trained": n_train}
    return scores, target, words
