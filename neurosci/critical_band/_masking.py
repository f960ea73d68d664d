"""Images masked by noise of one band: the stimuli of critical-band masking and their trials."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from neurosci._core.random import check_random_state

from ._band_noise import BandNoise
from ._band_noise_draw import CHUNK
from ._masking_inputs import NEEDED, WHERE, check_parameters, check_trials, identities, stacked, usable
from ._masking_render import Recipe
from ._masking_trials import conditions, table

if TYPE_CHECKING:
    import pandas as pd

MOST_OUTSIDE = 0.01
BATCH = 128  # stimuli at a time where all are wanted: 50 MB of images as real numbers

Images = ArrayLike | Mapping[str, NDArray[np.generic]]


class CriticalBandMasking(BaseEstimator):
    """Make the stimuli of a critical-band masking experiment: low-contrast grey images in narrow-band noise.

    Parameters
    ----------
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Standard deviations of the white noise before filtering, units of luminance (0 to 1). The noise
        in the stimulus has 0.943 times this root mean square (for 224 x 224 pixels).
    contrast : float, default=0.2
        Factor of the deviations of an image from its mean, in (0, 1].
    mean : float, default=0.449
        Mean luminance of every image, in (0, 1).
    oob : {"shift", "clip", "redraw"}, default="shift"
        What happens to pixels outside of 0 to 1. "shift", as published: their signal is changed so
        that they lie at `margin` or 1 - `margin`; where that signal would itself be impossible, their
        noise is drawn anew, white. "clip": they become 0 or 1. "redraw": their noise is drawn
        anew, white.
    margin : float, default=0.1
        Distance from the bounds for "shift", in [0, 0.5).
    quantize : {"uint8", "jpeg75"} or None, default=None
        Round stimuli to 256 levels, or send them through JPEG of quality 75, as published; JPEG adds an
        error of its own of about 0.006.
    design : {"random", "factorial", "balanced"}, default="random"
        "random", as published: each image in one condition, level and band drawn uniformly. "balanced":
        each image in one condition, with numbers of images per condition that differ by one at most, over
        all images and within each category. "factorial": each image in every condition, without noise
        once.
    n_bands : int, default=7
        Number of bands.
    kind : {"laplacian", "octave"}, default="laplacian"
        Bands; see `BandNoise`.
    equalize : {"sample", "expected"} or None, default="sample"
        Power of the bands; see `BandNoise`.
    exact : bool, default=False
        Filter full fields of white noise in float64; see `BandNoise`.
    image_degrees : float, default=None
        Length of the shorter side of an image in degrees of visual angle. When given, trials have
        frequencies in cycles per degree too.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.
    n_jobs : int, default=None
        Number of threads; it never changes a stimulus.

    Attributes
    ----------
    trials_ : DataFrame
        Trials of the last `fit`; see `make_trials`.
    seed_ : int
        Seed of the experiment, which all seeds of trials come from.
    out_of_bounds_ : ndarray of shape (n_trials,)
        Share of pixels of each stimulus that were outside of 0 to 1 before the rule `oob`; set when
        stimuli are made.

    See Also
    --------
    BandNoise : The noise alone.

    Notes
    -----
    With luminance x of an image in 0 to 1, the signal is ``contrast * (x - mean(x)) + mean``; the
    stimulus is signal plus noise.

    A stimulus depends on its image, the row of its trial and the parameters only. Condition and seed of
    an image come from `random_state` and its name, for images given by name, or from its pixels:
    other images, their order, batches and threads never change them. Of images with equal pixels and
    without names, the first, second ... in order have different seeds. A "balanced" design depends on the
    set of images.

    At noise level 0 the band of a trial means nothing.

    References
    ----------
    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias, and
    adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.

    Solomon JA, Pelli DG (1994). The visual filter mediating letter identification. Nature 369, 395-397.

    Examples
    --------
    >>> images = np.random.default_rng(0).integers(0, 256, (6, 64, 64), np.uint8)
    >>> masking = CriticalBandMasking(n_bands=5, random_state=0)
    >>> stimuli, trials = masking.fit_transform(images, ["cat", "dog"] * 3)
    >>> stimuli.shape, stimuli.dtype
    ((6, 64, 64), dtype('float32'))
    >>> list(trials.columns)
    ['image', 'category', 'noise_sd', 'band', 'label_cpi', 'cpi', 'seed']

    Without all stimuli in memory:

    >>> for stimulus in masking.iter_stimuli(images, trials[:2]):
    ...     print(stimulus.shape)
    (64, 64)
    (64, 64)
    """

    def __init__(
        self,
        noise_sd: Sequence[float] = (0, 0.02, 0.04, 0.08, 0.16),
        *,
        contrast: float = 0.2,
        mean: float = 0.449,
        oob: str = "shift",
        margin: float = 0.1,
        quantize: str | None = None,
        design: str = "random",
        n_bands: int = 7,
        kind: str = "laplacian",
        equalize: str | None = "sample",
        exact: bool = False,
        image_degrees: float | None = None,
        random_state: object = None,
        n_jobs: int | None = None,
    ) -> None:
        self.noise_sd = noise_sd
        self.contrast = contrast
        self.mean = mean
        self.oob = oob
        self.margin = margin
        self.quantize = quantize
        self.design = design
        self.n_bands = n_bands
        self.kind = kind
        self.equalize = equalize
        self.exact = exact
        self.image_degrees = image_degrees
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, images: Images, y: Sequence[object] | None = None) -> CriticalBandMasking:
        """Give every image its condition or conditions; no stimulus is made.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width), or mapping of str to (height, width)
            Grey images, whole numbers (0 to 255) or real numbers (0 to 1), all of one shape. A mapping may
            load each image when it is asked for.
        y : sequence of length n_images, default=None
            Category of each image; ``None`` makes it an empty text.

        Returns
        -------
        CriticalBandMasking
            Itself.

        Raises
        ------
        TypeError, ValueError
            If an image is not grey, is outside its range or too small, or a parameter is outside its
            range.
        """
        levels = check_parameters(self)
        names, keys, first = identities(images)
        categories = [""] * len(names) if y is None else list(y)
        if len(categories) != len(names):
            raise ValueError(
                f"{WHERE}: y must have one category per image ({len(names)}), got {len(categories)}"
            )
        noise = self._noise(first.shape)
        root = self.random_state
        if isinstance(root, bool) or not isinstance(root, int | np.integer) or root < 0:
            root = int(check_random_state(root).integers(2**63))
        silent = [n for n, level in enumerate(levels) if level == 0]
        cells = conditions(self.design, keys, categories, len(levels), int(self.n_bands), silent, int(root))
        frequencies = {"label_cpi": noise.label_frequencies_, "cpi": noise.center_frequencies_}
        if self.image_degrees is not None:
            frequencies |= {
                name.replace("cpi", "cpd"): values / self.image_degrees
                for name, values in frequencies.items()
            }
        self.seed_ = int(root)
        self.trials_ = table(names, keys, categories, cells, levels, frequencies, self.seed_)
        return self

    def make_trials(self, images: Images, y: Sequence[object] | None = None) -> pd.DataFrame:
        """Return the trials of an experiment; no stimulus is made.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width), or mapping of str to (height, width)
            Grey images; see `fit`.
        y : sequence of length n_images, default=None
            Category of each image.

        Returns
        -------
        DataFrame
            One row per trial: ``image`` (name or place), ``category``, ``noise_sd`` (white noise before
            filtering), ``band`` (0 is the lowest), ``label_cpi`` and ``cpi`` (published label and
            physical centre of the band, cycles per image), ``label_cpd`` and ``cpd`` (the same in cycles
            per degree, with `image_degrees`) and ``seed``.
        """
        return self.fit(images, y).trials_.copy()

    def fit_transform(
        self, images: Images, y: Sequence[object] | None = None
    ) -> tuple[NDArray[np.float32], pd.DataFrame]:
        """Make the trials of an experiment and all of its stimuli.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width), or mapping of str to (height, width)
            Grey images; see `fit`.
        y : sequence of length n_images, default=None
            Category of each image.

        Returns
        -------
        stimuli : ndarray of shape (n_trials, height, width)
            Luminance (0 to 1), float32.
        trials : DataFrame
            One row per stimulus; see `make_trials`.

        Raises
        ------
        TypeError, ValueError
            If an image is not grey, is outside its range or too small, or a parameter is outside its
            range.

        Warns
        -----
        UserWarning
            If at some noise level more than 1 % of the pixels were outside of 0 to 1.
        """
        trials = self.make_trials(images, y)
        return self.transform(images, trials), trials

    def transform(self, images: Images, trials: pd.DataFrame | None = None) -> NDArray[np.float32]:
        """Make the stimuli of given trials.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width), or mapping of str to (height, width)
            Grey images that ``trials["image"]`` refers to, by place or by name.
        trials : DataFrame, default=None
            Rows with ``image``, ``noise_sd``, ``band`` and ``seed``, for example a part of what
            `make_trials` returned or a table read from a file; ``None`` takes ``trials_``.

        Returns
        -------
        ndarray of shape (n_trials, height, width)
            Luminance (0 to 1), float32, in the order of the trials.

        Raises
        ------
        TypeError, ValueError
            If an image or a trial is not usable.

        Warns
        -----
        UserWarning
            If at some noise level more than 1 % of the pixels were outside of 0 to 1.
        """
        check_parameters(self)
        rows = self._rows(trials)
        source = images if isinstance(images, Mapping) else stacked(images)
        out = np.empty((0, 0, 0), np.float32)
        start = 0
        for batch in self._batches(source, rows, BATCH):
            if not start:
                out = np.empty((len(rows), *batch.shape[1:]), np.float32)
            out[start : start + len(batch)] = batch
            start += len(batch)
        return out

    def iter_stimuli(
        self, images: Images, trials: pd.DataFrame | None = None, batch_size: int = 50
    ) -> Iterator[NDArray[np.float32]]:
        """Make the stimuli of given trials one after the other, without holding them all.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width), or mapping of str to (height, width)
            Grey images; from a mapping, `batch_size` are asked for at a time.
        trials : DataFrame, default=None
            See `transform`.
        batch_size : int, default=50
            Stimuli that are made together and held.

        Returns
        -------
        iterator of ndarray of shape (height, width)
            Luminance (0 to 1), float32: the same stimuli as those of `transform`, in the order of the trials.

        Raises
        ------
        TypeError, ValueError
            If an image or a trial is not usable.

        Warns
        -----
        UserWarning
            If at some noise level more than 1 % of the pixels were outside of 0 to 1, after the last one.
        """
        check_parameters(self)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(f"{WHERE}: batch_size must be a whole number >= 1, got {batch_size!r}")
        rows = self._rows(trials)
        source = images if isinstance(images, Mapping) else stacked(images)
        return (stimulus for batch in self._batches(source, rows, int(batch_size)) for stimulus in batch)

    def _batches(self, source: Any, rows: pd.DataFrame, batch_size: int) -> Iterator[NDArray[np.float32]]:
        from joblib import Parallel, delayed

        outside: list[NDArray[np.int64]] = []
        recipe: Recipe | None = None
        names = rows["image"].tolist()
        noise_sd, bands, seeds = (rows[name].to_numpy() for name in NEEDED[1:])
        for start in range(0, len(rows), batch_size):
            stop = min(start + batch_size, len(rows))
            chosen = [usable(source, name) for name in names[start:stop]]
            if recipe is None:
                recipe = self._recipe(chosen[0].shape)
            shape = tuple(recipe.noise.shape)
            for name, image in zip(names[start:stop], chosen, strict=True):
                if image.shape != shape:
                    raise ValueError(
                        f"{WHERE}: images must have one shape, got {shape} and {image.shape} of {name!r}"
                    )
            # Threads share the work in runs of one band, which need the same factors.
            order = np.lexsort((bands[start:stop], noise_sd[start:stop] == 0))
            runs = [order[i : i + CHUNK] for i in range(0, len(order), CHUNK)]
            made = Parallel(n_jobs=self.n_jobs, prefer="threads")(
                delayed(recipe.render)(
                    [chosen[n] for n in run],
                    noise_sd[start:stop][run].astype(np.float64),
                    bands[start:stop][run].astype(np.int64),
                    seeds[start:stop][run].astype(np.int64),
                )
                for run in runs
            )
            batch = np.empty((stop - start, *shape), np.float32)
            counts = np.empty(stop - start, np.int64)
            for run, (stimuli, n_outside) in zip(runs, made, strict=True):
                batch[run], counts[run] = stimuli, n_outside
            outside.append(counts)
            yield batch
        if recipe is not None:
            self._report(np.concatenate(outside) / np.prod(recipe.noise.shape), noise_sd)

    def _report(self, share: NDArray[np.float64], noise_sd: NDArray[np.float64]) -> None:
        self.out_of_bounds_ = share
        for level in np.unique(noise_sd):
            if float(share[noise_sd == level].mean()) > MOST_OUTSIDE:
                # without the share itself, so that trial after trial gives one warning
                warnings.warn(
                    f"{WHERE}: at noise SD {level:g}, more than 1 % of the pixels were outside of 0..1 and "
                    f"were changed by oob={self.oob!r} (see out_of_bounds_; lower noise_sd or contrast)",
                    stacklevel=2,
                )

    def _rows(self, trials: pd.DataFrame | None) -> pd.DataFrame:
        if trials is None:
            check_is_fitted(self)
            trials = self.trials_
        return check_trials(trials, int(self.n_bands))

    def _noise(self, shape: tuple[int, ...]) -> BandNoise:
        noise = BandNoise(
            (shape[0], shape[1]), int(self.n_bands), kind=self.kind, equalize=self.equalize, exact=self.exact
        )
        noise._checked()
        return noise

    def _recipe(self, shape: tuple[int, ...]) -> Recipe:
        return Recipe(self._noise(shape), self.contrast, self.mean, self.oob, self.margin, self.quantize)
