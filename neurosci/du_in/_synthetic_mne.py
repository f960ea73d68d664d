"""Synthetic sEEG as MNE objects, with positions and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._synthetic_parts import GO_CUE

if TYPE_CHECKING:
    import mne
    from numpy.typing import NDArray

    from ._synthetic import SyntheticSEEG
    from ._synthetic_data import SyntheticTrials

VOLTS_PER_UNIT = 1e-5


def _info(names: tuple[str, ...], positions_mm: NDArray[np.float64], sfreq: float) -> mne.Info:
    import mne

    info = mne.create_info(list(names), sfreq, "seeg")
    places = dict(zip(names, positions_mm / 1000, strict=True))
    # Without fiducials MNE takes MNI for head coordinates too, and warns.
    info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), on_missing="raise")
    return info


def make_raw(
    generator: SyntheticSEEG, data: NDArray[np.float64], cues: NDArray[np.float64], y: NDArray[np.int64]
) -> mne.io.RawArray:
    """Return a recording of the contacts, annotated with its words."""
    import mne

    truth = generator.truth
    info = _info(truth.contact_names, truth.contact_positions, generator.sfreq)
    raw = mne.io.RawArray(data * VOLTS_PER_UNIT, info, verbose="ERROR")
    raw.set_annotations(mne.Annotations(cues, 0.0, [f"word/{word}" for word in y]))
    return raw


def make_epochs(generator: SyntheticSEEG, trials: SyntheticTrials) -> mne.EpochsArray:
    """Return trials as epochs around the go cue."""
    import mne
    import pandas as pd

    n_trials, _, n_times = trials.X.shape
    words = np.arange(len(generator.truth.words))
    return mne.EpochsArray(
        trials.X.astype(np.float64) * VOLTS_PER_UNIT,
        _info(trials.ch_names, generator.truth.positions, generator.sfreq),
        events=np.stack([np.arange(n_trials) * n_times, np.zeros(n_trials, int), trials.y + 1], axis=1),
        tmin=-GO_CUE,
        event_id={f"word/{word}": word + 1 for word in words if word in trials.y},
        metadata=pd.DataFrame({"block": trials.groups}),
        verbose="ERROR",
    )
