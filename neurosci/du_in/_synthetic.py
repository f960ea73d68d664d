"""Synthetic sEEG of word reading: speech on two of six shafts, everything about it known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neurosci._core.checks import check_option
from neurosci._core.random import spawn

from ._synthetic_data import SyntheticTrials, SyntheticWindows
from ._synthetic_parts import (
    GO_CUE,
    HIGH_GAMMA_BAND,
    N_LATENTS,
    N_SYLLABLES,
    OCCUPANCY,
    REGIONS,
    SECOND_SYLLABLE,
    SLOT,
    STG_DELAY,
    band_spectrum,
    draw_spectra,
    mains,
    make_structure,
    spectrum,
)

if TYPE_CHECKING:
    import mne
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TRIAL_DURATION = 3.0
_REFERENCES = ("bipolar", None)
_PRIVATE, _WHITE, _DRIFT = 0.35, 0.1, 0.8


class SyntheticSEEG:
    r"""Generate sEEG of a person who reads words, with known sources (simulated).

    Two shafts carry speech: vSMC, and STG 120 ms later. In each region four latents follow the
    syllables; a syllable is three Gaussian bumps per latent, and a word is two of eight syllables, so that
    words share parts. A contact holds ``snr * (A z + high_gamma * |A| |z| n)``, with the latents z, the
    mixing A and noise n of 70 to 150 Hz, and a background of 1/f sources of its shaft, private noise, a
    drift that all contacts share, and the mains.

    Parameters
    ----------
    n_words : int, default=12
        Words, drawn without replacement out of the 64 pairs of syllables.
    snr : float, default=1.0
        Amplitude of speech; 0 leaves the background.
    n_shafts, n_contacts : int, default=6, 8
        Shafts (2 to 26) and contacts on each (at least 6). Bipolar channels are one fewer on each shaft.
    high_gamma : float, default=0.5
        Amplitude of induced high gamma relative to the evoked part.
    sfreq : float, default=1000.0
        Samples per second, above 300.
    line_freq : float, default=50.0
        Mains in Hz.
    mixing : {"contact", "latent"}, default="contact"
        Each contact weighs the latents in its own way; or a latent has one weight, spread over contacts
        around a place of its own, which leaves more and weaker channels and a harder task.
    repeats_per_block : int, default=2
        How often each word is read in a block.
    random_state : int, default=1
        Seed.

    Attributes
    ----------
    truth : SyntheticTruth
        Montage, mixing, words: what is the same in all trials.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Every trial and every window has a generator of its own, seeded by its number: trial 7 is the same
    however many trials are asked for and in which process. The signals of different `snr` and the same
    seed share their background. The recipe is ours; nothing in it is fitted to a recording.

    Examples
    --------
    >>> generator = SyntheticSEEG(snr=0.7, random_state=3)
    >>> generator.truth
    SyntheticTruth(42 channels, 7 informative, 12 words)
    >>> trials = generator.trials(1)
    >>> trials
    SyntheticTrials(12 trials, 42 channels, 3000 samples, simulated)
    """

    def __init__(
        self,
        n_words: int = 12,
        *,
        snr: float = 1.0,
        n_shafts: int = 6,
        n_contacts: int = 8,
        high_gamma: float = 0.5,
        sfreq: float = 1000.0,
        line_freq: float = 50.0,
        mixing: str = "contact",
        repeats_per_block: int = 2,
        random_state: int = 1,
    ) -> None:
        limits = (
            ("n_words", n_words, 1, N_SYLLABLES**2),
            ("n_shafts", n_shafts, len(REGIONS), 26),
            ("n_contacts", n_contacts, 6, 99),
            ("repeats_per_block", repeats_per_block, 1, 1000),
            ("snr", snr, 0, np.inf),
            ("high_gamma", high_gamma, 0, np.inf),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise ValueError(f"SyntheticSEEG: {name} must be in [{low}, {high}], got {value}")
        if not sfreq > 2 * HIGH_GAMMA_BAND[1]:
            raise ValueError(f"SyntheticSEEG: sfreq must be above 300 Hz, for high gamma, got {sfreq}")
        if not line_freq > 0:
            raise ValueError(f"SyntheticSEEG: line_freq must be positive, in Hz, got {line_freq}")
        check_option("SyntheticSEEG", "mixing", mixing, ("contact", "latent"))
        self.snr = float(snr)
        self.high_gamma = float(high_gamma)
        self.sfreq = float(sfreq)
        self.line_freq = float(line_freq)
        self.repeats_per_block = int(repeats_per_block)
        self.random_state = int(random_state)
        self._shape = (int(n_shafts), int(n_contacts))
        sizes = {"n_words": n_words, "n_shafts": n_shafts, "n_contacts": n_contacts}
        self._structure = make_structure(self._rng("structure"), **sizes, mixing=mixing)
        self.truth = self._structure.truth

    def __repr__(self) -> str:
        return (
            f"SyntheticSEEG({len(self.truth.words)} words, snr {self.snr:g}, {len(self.truth.ch_names)} "
            f"channels, random_state={self.random_state})"
        )

    def trials(
        self,
        n_per_word: int,
        *,
        first: int = 0,
        reference: str | None = "bipolar",
        notch: bool = True,
        latents: bool = False,
    ) -> SyntheticTrials:
        """Return trials of 3 s; the go cue is at 0.5 s.

        Parameters
        ----------
        n_per_word : int
            Trials of each word.
        first : int, default=0
            Rounds to skip, each with every word once: ``trials(5)`` and ``trials(2, first=5)`` are
            disjoint parts of one recording.
        reference : {"bipolar"} or None, default="bipolar"
            Differences of neighbouring contacts, or the contacts with the drift that they share.
        notch : bool, default=True
            Remove the mains and its harmonics, without a shift of phase.
        latents : bool, default=False
            Return the latents too.

        Returns
        -------
        SyntheticTrials
            Signals, words, blocks and when speech begins.

        Raises
        ------
        ValueError
            If an argument is out of its range.
        """
        where = "SyntheticSEEG.trials"
        self._check(where, "n_per_word", n_per_word, first, reference)
        n_words = len(self.truth.words)
        times = self._times(TRIAL_DURATION)
        y = self._order(n_per_word, first)
        trials = first * n_words + np.arange(len(y))
        X = np.empty((len(y), len(self._names(reference)), len(times)), dtype=np.float32)
        kept = np.empty((len(y), len(REGIONS) * N_LATENTS, len(times)), dtype=np.float32) if latents else None
        timing = np.empty((len(y), 2))
        for k, trial in enumerate(trials):
            timing[k], z = self._word(int(trial), int(y[k]), times)
            X[k] = self._signal(self._rng("trial", trial), times, z, reference=reference, notch=notch)
            if kept is not None:
                kept[k] = z
        return SyntheticTrials(
            X=X,
            y=y,
            groups=trials // (n_words * self.repeats_per_block),
            onsets=timing[:, 0],
            tempos=timing[:, 1],
            latents=kept,
            ch_names=self._names(reference),
            sfreq=self.sfreq,
            truth=self.truth,
        )

    def unlabelled(
        self,
        n_windows: int,
        *,
        first: int = 0,
        duration: float = 8.0,
        reference: str | None = "bipolar",
        notch: bool = True,
    ) -> SyntheticWindows:
        """Return windows with random syllables: the sounds of the words, but not the words.

        Parameters
        ----------
        n_windows : int
            How many.
        first : int, default=0
            Number of the first window.
        duration : float, default=8.0
            Length of a window in seconds, at least 1.
        reference : {"bipolar"} or None, default="bipolar"
            As for `trials`.
        notch : bool, default=True
            As for `trials`.

        Returns
        -------
        SyntheticWindows
            Signals, and the syllables in them. A slot of 420 ms holds one in 70 % of cases; the grid of a
            window begins at a random place.

        Raises
        ------
        ValueError
            If an argument is out of its range.
        """
        where = "SyntheticSEEG.unlabelled"
        self._check(where, "n_windows", n_windows, first, reference)
        if not duration >= 1:
            raise ValueError(f"{where}: duration must be at least 1 s, got {duration}")
        times = self._times(duration)
        n_slots = int(np.ceil(duration / SLOT))
        X = np.empty((n_windows, len(self._names(reference)), len(times)), dtype=np.float32)
        syllables = np.empty((n_windows, n_slots), dtype=np.int64)
        for k in range(n_windows):
            rng = self._rng("window", first + k)
            heard = rng.random(n_slots) < OCCUPANCY
            syllables[k] = np.where(heard, rng.integers(N_SYLLABLES, size=n_slots), -1)
            start, tempo = rng.uniform(-SLOT, 0), rng.uniform(0.9, 1.1)
            z = np.zeros((len(REGIONS) * N_LATENTS, len(times)))
            for slot in np.flatnonzero(heard):
                z += self._syllable(int(syllables[k, slot]), times - start - slot * SLOT, tempo)
            X[k] = self._signal(rng, times, z, reference=reference, notch=notch)
        return SyntheticWindows(
            X=X,
            syllables=syllables,
            ch_names=self._names(reference),
            sfreq=self.sfreq,
            truth=self.truth,
        )

    def raw(self, n_per_word: int, *, first: int = 0) -> mne.io.RawArray:
        """Return the trials one after the other as a recording of all contacts.

        Parameters
        ----------
        n_per_word : int
            Trials of each word.
        first : int, default=0
            Rounds to skip.

        Returns
        -------
        mne.io.RawArray
            Contacts against the common reference, in volts (10 microvolts per unit of `trials`), with the
            mains, MNI positions (as head coordinates), and an annotation ``word/<number>`` at each go cue.
            Words and timing are those of `trials`; the background has no joints, and is therefore another
            one.

        Raises
        ------
        ValueError
            If an argument is out of its range.
        """
        from ._synthetic_mne import make_raw

        self._check("SyntheticSEEG.raw", "n_per_word", n_per_word, first, None)
        y = self._order(n_per_word, first)
        one = self._times(TRIAL_DURATION)
        times = self._times(TRIAL_DURATION * len(y))
        z = [self._word(first * len(self.truth.words) + k, int(w), one)[1] for k, w in enumerate(y)]
        rng = self._rng("recording", first, n_per_word)
        data = self._signal(rng, times, np.concatenate(z, axis=1), reference=None, notch=False)
        cues = GO_CUE + TRIAL_DURATION * np.arange(len(y), dtype=np.float64)
        return make_raw(self, data, cues, y)

    def epochs(self, n_per_word: int, *, first: int = 0) -> mne.EpochsArray:
        """Return `trials` as MNE epochs around the go cue.

        Parameters
        ----------
        n_per_word : int
            Trials of each word.
        first : int, default=0
            Rounds to skip.

        Returns
        -------
        mne.EpochsArray
            Bipolar channels in volts, -0.5 to 2.5 s, with words as event names and the block of each trial
            in the metadata.

        Raises
        ------
        ValueError
            If an argument is out of its range.
        """
        from ._synthetic_mne import make_epochs

        return make_epochs(self, self.trials(n_per_word, first=first))

    def _rng(self, *names: Any) -> np.random.Generator:
        return spawn(self.random_state, "SyntheticSEEG", *map(str, names))

    def _times(self, duration: float) -> Floats:
        return np.arange(round(duration * self.sfreq)) / self.sfreq

    def _names(self, reference: str | None) -> tuple[str, ...]:
        return self.truth.contact_names if reference is None else self.truth.ch_names

    @staticmethod
    def _check(where: str, name: str, count: int, first: int, reference: str | None) -> None:
        check_option(where, "reference", reference, _REFERENCES)
        for label, value, low in ((name, count, 1), ("first", first, 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise ValueError(f"{where}: {label} must be an integer of at least {low}, got {value!r}")

    def _order(self, n_rounds: int, first: int) -> NDArray[np.int64]:
        n_words = len(self.truth.words)
        rounds = range(first, first + n_rounds)
        return np.concatenate([self._rng("order", k).permutation(n_words) for k in rounds]).astype(np.int64)

    def _word(self, trial: int, word: int, times: Floats) -> tuple[tuple[float, float], Floats]:
        rng = self._rng("timing", trial)
        onset = GO_CUE + float(np.clip(rng.normal(0.45, 0.08), 0.2, 0.8))
        tempo = float(rng.uniform(0.9, 1.1))
        first, second = (int(syllable) for syllable in self.truth.words[word])
        z = self._syllable(first, times - onset, tempo)
        z += self._syllable(second, times - onset - SECOND_SYLLABLE * tempo, tempo)
        return (onset, tempo), z

    def _syllable(self, syllable: int, times: Floats, tempo: float) -> Floats:
        """Latents of one syllable that starts at time 0 of vSMC."""
        delayed = np.repeat([times, times - STG_DELAY], N_LATENTS, axis=0)
        return self._structure.bumps.evaluate(syllable, delayed / tempo)

    def _signal(
        self, rng: np.random.Generator, times: Floats, z: Floats, *, reference: str | None, notch: bool
    ) -> Floats:
        """Speech and background of one stretch, shape (n_channels, n_times)."""
        structure, n_times = self._structure, len(times)
        n_shafts, n_contacts = self._shape
        sources = draw_spectra(rng, spectrum(n_times, self.sfreq, structure.exponents), (n_shafts, 3))
        own = np.hypot(_PRIVATE * spectrum(n_times, self.sfreq, 1.75), _WHITE * _white(n_times))
        coefficients = draw_spectra(rng, own, self._shape)
        coefficients += structure.profile.astype(np.float32) @ sources
        coefficients += _DRIFT * draw_spectra(rng, spectrum(n_times, self.sfreq, 1.8), ())
        wave = mains(times, self.line_freq, self.sfreq, rng.uniform(0, 2 * np.pi))
        gamma = draw_spectra(
            rng, band_spectrum(n_times, self.sfreq, HIGH_GAMMA_BAND), (len(REGIONS), n_contacts)
        )
        data = np.fft.irfft(coefficients, n_times).astype(np.float64)
        data += structure.mains_gain[:, :, None] * wave
        mixing = self.truth.contact_mixing[: len(REGIONS) * n_contacts]
        induced = (np.abs(mixing) @ np.abs(z)).reshape(len(REGIONS), n_contacts, n_times)
        evoked = (mixing @ z).reshape(induced.shape)
        speech = evoked + self.high_gamma * induced * np.fft.irfft(gamma, n_times)
        data[: len(REGIONS)] += self.snr * speech
        if reference == "bipolar":
            data = data[:, :-1] - data[:, 1:]
        signal = data.reshape(-1, n_times)
        return self._notched(signal) if notch else signal

    def _notched(self, signal: Floats) -> Floats:
        from scipy.signal import iirnotch, sosfiltfilt, tf2sos

        for k in (1, 2, 3):
            if self.line_freq * k < self.sfreq / 2:
                sections = tf2sos(*iirnotch(self.line_freq * k, 30, fs=self.sfreq))
                signal = sosfiltfilt(sections, signal, axis=-1)
        return signal


def _white(n_times: int) -> Floats:
    return band_spectrum(n_times, 1.0, (1e-12, 0.5))
