"""Filters and checks of an intracranial recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = ("seeg", "ecog", "dbs", "eeg", "misc", "bio")
DATA = TYPES[:4]
_SAME = 0.5
_AT_LIMIT = 0.01
_OF_LINE = 0.9
# Length of the filters that MNE designs with a Hamming window, in periods of the narrowest transition.
_TAPS = 3.3


def bad_channels(data: NDArray[np.float64], sfreq: float, line_freq: float | None) -> dict[int, str]:
    """Return the channels that no filter can mend, with the reason; shape (n_channels, n_times)."""
    found = {}
    for channel, signal in enumerate(data):
        low, high = signal.min(), signal.max()
        if low == high:
            found[channel] = "flat: all samples are the same"
        elif (same := float(np.mean(np.diff(signal) == 0))) > _SAME:
            found[channel] = f"flat: {same:.0%} of its samples are as the one before"
        elif (share := max(_held(signal == low), _held(signal == high))) > _AT_LIMIT:
            found[channel] = f"saturated: {share:.0%} of its samples stay at the same limit"
        elif line_freq is not None and (share := _of_line(signal, sfreq, line_freq)) > _OF_LINE:
            found[channel] = f"line noise: {share:.0%} of its variance"
    return found


def _held(at_limit: NDArray[np.bool_]) -> float:
    """Share of samples at a limit whose next sample is there too: a quantised extreme is met alone."""
    return float(np.mean(at_limit[1:] & at_limit[:-1]))


def _of_line(signal: NDArray[np.float64], sfreq: float, line_freq: float) -> float:
    from scipy.signal import welch

    # One second resolves 1 Hz, narrower than the distance to everything that is not the mains.
    frequency, power = welch(signal, sfreq, nperseg=min(len(signal), round(sfreq)))
    harmonics = np.arange(line_freq, sfreq / 2, line_freq)
    near = (np.abs(frequency[:, None] - harmonics) <= 1.5).any(axis=1)
    return float(power[near].sum() / power.sum())


def check_rates(
    where: str,
    rate: float,
    l_freq: float | None,
    h_freq: float | None,
    line_freq: float | None,
    sfreq: float | None,
) -> None:
    """Raise where the frequencies contradict each other or the recording."""
    for name, value in (("l_freq", l_freq), ("h_freq", h_freq), ("line_freq", line_freq), ("sfreq", sfreq)):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ValueError(f"{where}: {name} must be positive, in Hz, or None, got {value}")
    if sfreq is not None and sfreq > rate:
        raise ValueError(
            f"{where}: sfreq must be at most that of the recording, {rate:g} Hz, got {sfreq:g} (a higher "
            "rate adds no information; pass sfreq=None to keep it)"
        )
    if l_freq is not None and h_freq is not None and l_freq >= h_freq:
        raise ValueError(f"{where}: l_freq must be below h_freq = {h_freq:g} Hz, got {l_freq:g}")
    lowest = min(rate, sfreq or rate) / 2
    for name, value in (("h_freq", h_freq), ("line_freq", line_freq)):
        if value is not None and value >= lowest:
            raise ValueError(
                f"{where}: {name} must be below half the sampling rate, {lowest:g} Hz, got {value:g} "
                "(lower it, or pass None)"
            )


def check_length(where: str, raw: Any, l_freq: float | None, line_freq: float | None) -> None:
    """Raise where a recording is shorter than the longest filter."""
    transitions = []
    if l_freq is not None:
        transitions.append(min(max(0.25 * l_freq, 2.0), l_freq))
    if line_freq is not None:
        transitions.append(1.0)
    if not transitions:
        return
    needed = _TAPS / min(transitions) if l_freq is not None else 2 * _TAPS / min(transitions)
    lasts = raw.n_times / raw.info["sfreq"]
    if lasts < needed:
        raise ValueError(
            f"{where}: raw must last at least {needed:.1f} s, the length of its filters, got {lasts:.1f} s "
            "(filter the whole recording before it is cut, or pass l_freq=None and line_freq=None)"
        )


def notches(rate: float, h_freq: float | None, line_freq: float, harmonics: bool) -> NDArray[np.float64]:
    """Frequencies of the mains that a band-pass up to `h_freq` leaves, transition included."""
    limit = min(rate / 2 - 1, np.inf if h_freq is None else 1.25 * h_freq)
    return np.arange(1, (limit // line_freq if harmonics else 1) + 1) * line_freq


def pick(where: str, inst: Any, picks: Any) -> list[str]:
    """Names of the picked channels, bad ones included."""
    kinds = inst.get_channel_types()
    chosen = [picks] if isinstance(picks, str) else list(picks)
    names = [
        name for name, kind in zip(inst.ch_names, kinds, strict=True) if kind in chosen or name in chosen
    ]
    unknown = [name for name in chosen if name not in inst.ch_names and name not in TYPES]
    if not names or unknown:
        held = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
        raise ValueError(
            f"{where}: picks must name channels or types of the recording ({held}), got {picks!r}"
        )
    return names


def refuse_nonfinite(where: str, data: NDArray[Any], names: Sequence[str]) -> None:
    """Raise where samples are NaN or infinite, and name the channels; channels are the last axis but one."""
    wrong = [name for k, name in enumerate(names) if not np.isfinite(data[..., k, :]).all()]
    if wrong:
        raise ValueError(
            f"{where}: samples must be finite, got NaN or infinite ones in {len(wrong)} channel(s): "
            f"{', '.join(wrong)} (mark them as bad, or cut the stretch out)"
        )
