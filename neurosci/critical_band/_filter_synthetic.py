"""Observers with a known filter: counts of a noisy linear channel, and a template matcher for images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.random import check_random_state

from ._category_map import CategoryMap
from ._counts import check_counts, check_levels, check_rates
from ._filter import check_n_bands
from ._filter_design import FilterDesign
from ._filter_observer import choice_table
from ._filter_spectra import Spectra, band_weights
from ._index import FWHM_PER_SIGMA
from ._published import GUESS_RATE, LOWEST_FREQUENCY, NOISE_SD, published_trial_counts

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.utils import Bunch


def make_filter_counts(
    n_observers: int = 14,
    *,
    bandwidth: ArrayLike = 1.4,
    center_frequency: ArrayLike = 22.0,
    peak_sensitivity: ArrayLike = 26.0,
    internal_dprime: ArrayLike = 4.6,
    lapse_rate: ArrayLike = 0.03,
    guess_rate: float = GUESS_RATE,
    n_trials: ArrayLike | None = None,
    noise_sd: Sequence[float] = NOISE_SD,
    band_spectra: Spectra | None = None,
    random_state: object = None,
) -> Bunch:
    """Draw counts of correct answers for observers whose linear filter is known.

    Parameters
    ----------
    n_observers : int, default=14
        Number of observers, >= 1.
    bandwidth : array-like, default=1.4
        Full width at half height of the power gain, octaves, > 0. This and the next four are one
        number for all observers or shape (n_observers,); the defaults are close to a fit of the
        pooled human counts.
    center_frequency : array-like, default=22.0
        Peak of the filter, cycles/image, > 0.
    peak_sensitivity : array-like, default=26.0
        One over the noise SD at half performance if all noise were at the peak, 1/(pixel units, 0 to
        1), > 0.
    internal_dprime : array-like, default=4.6
        Distance d' of the right alternative without noise in the image, in 0.1 to 7.
    lapse_rate : array-like, default=0.03
        Share of trials in which the answer is a guess, in [0, 1).
    guess_rate : float, default=0.0625
        One over the number of alternatives.
    n_trials : array-like of shape (n_noise_sd, n_bands), default=None
        Trials per condition; ``None`` takes the published design (1,050 trials, 7 bands).
    noise_sd : sequence of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Noise SD of the rows, pixel units (0 to 1), ascending.
    band_spectra : sequence of (array-like, array-like), default=None
        Spectra of the bands, as in `fit_channel_filter`; ``None``: the published ones.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness.

    Returns
    -------
    Bunch
        ``n_correct`` int array of shape (n_observers, n_noise_sd, n_bands); ``n_trials`` int array
        of shape (n_noise_sd, n_bands); ``probability`` of a correct answer, shaped as
        ``n_correct``; ``noise_sd``; ``truth`` DataFrame with one row of parameters per observer.

    Raises
    ------
    ValueError
        If a parameter is outside its range or shapes disagree.

    See Also
    --------
    fit_channel_filter : The model, and its fit.
    make_channel_counts : The same for sensitivity that is Gaussian over the labels of the bands.
    TemplateObserver : An observer of this kind that looks at images.

    Examples
    --------
    >>> from neurosci.critical_band import make_filter_counts
    >>> data = make_filter_counts(2, bandwidth=[1.0, 3.0], random_state=0)
    >>> data.n_correct.shape, int(data.n_trials.sum())
    ((2, 5, 7), 1050)
    """
    import pandas as pd
    from sklearn.utils import Bunch

    where = "make_filter_counts"
    rng = check_random_state(random_state)
    levels = check_levels(noise_sd, where)
    check_rates(guess_rate, LOWEST_FREQUENCY, where)
    trials = (
        published_trial_counts() if n_trials is None else check_counts(n_trials, n_trials, None, where)[1]
    )
    if len(trials) != len(levels):
        raise ValueError(
            f"{where}: n_trials must have one row per noise level ({len(levels)}), got {len(trials)} rows"
        )
    if n_observers < 1:
        raise ValueError(f"{where}: n_observers must be >= 1, got {n_observers}")
    weights = band_weights(band_spectra, where)
    check_n_bands(trials.shape[1], weights.n_bands, where)
    allowed = {
        "bandwidth": (bandwidth, 0.0, math.inf),
        "center_frequency": (center_frequency, 0.0, math.inf),
        "peak_sensitivity": (peak_sensitivity, 0.0, math.inf),
        "internal_dprime": (internal_dprime, 0.1, 7.0),
        "lapse_rate": (lapse_rate, 0.0, 1.0),
    }
    truth = {
        name: _per_observer(where, name, value, low, high, n_observers)
        for name, (value, low, high) in allowed.items()
    }
    params = np.column_stack(
        [
            np.log2(truth["peak_sensitivity"]),
            np.log2(truth["center_frequency"] / LOWEST_FREQUENCY),
            np.log(truth["bandwidth"] / FWHM_PER_SIGMA),
            np.log(truth["internal_dprime"]),
            truth["lapse_rate"],
        ]
    )
    probability = FilterDesign(levels, guess_rate, weights, LOWEST_FREQUENCY, where).probability(params)
    return Bunch(
        n_correct=rng.binomial(trials, np.clip(probability, 0, 1)),
        n_trials=trials,
        probability=probability,
        noise_sd=levels,
        truth=pd.DataFrame(truth),
    )


def _per_observer(
    where: str, name: str, value: ArrayLike, low: float, high: float, n_observers: int
) -> NDArray[np.float64]:
    values = np.asarray(value, dtype=float)
    if values.ndim > 1 or (values.ndim == 1 and len(values) != n_observers):
        raise ValueError(
            f"{where}: {name} must be one number or have shape ({n_observers},), got shape {values.shape}"
        )
    # a lapse rate may be 0, and d' may be at its limits; the others may not
    good = np.isfinite(values) & (values >= low) & (values <= high)
    if name in ("bandwidth", "center_frequency", "peak_sensitivity"):
        good &= values > 0
    if name == "lapse_rate":
        good &= values < 1
    if not good.all():
        span = "> 0" if math.isinf(high) else f"in {low:g} to {high:g}"
        raise ValueError(f"{where}: {name} must be {span}, got {values[~good].flat[0]:g}")
    return np.broadcast_to(values, (n_observers,)).copy()


class TemplateObserver:
    r"""Observer of images with a known channel: it correlates them with templates and takes the best.

    The templates, one per category, are white noise filtered to the amplitude gain of the channel.
    The observer's images are these templates at low contrast; whatever noise is added to them reaches its
    responses through the channel only, which makes it a test of stimuli and analysis together.

    Parameters
    ----------
    bandwidth : float, default=1.4
        Full width at half height of the power gain, octaves, > 0.
    center_frequency : float, default=22.0
        Peak of the filter, cycles/image, > 0 and below half the number of pixels.
    peak_sensitivity : float, default=26.0
        One over the noise SD at half performance if all noise were at the peak, 1/(pixel units, 0 to
        1), > 0; sets the contrast of the images.
    internal_dprime : float, default=4.6
        Distance d' of the right category without noise in the image, in 0.1 to 7.
    n_categories : int, default=16
        Number of templates, >= 2.
    shape : tuple of int, default=(224, 224)
        Height and width of the images, pixels, >= 8.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness of the templates and of the internal noise.

    Attributes
    ----------
    contrast : float
        Root mean square of the images around their mean, pixel units. It is far below one grey level of 8
        bits, since an ideal observer of a whole image needs so little: do not round these images.
    category_map : CategoryMap
        One category per template, for ``evaluate_network(..., output="scores")``.

    See Also
    --------
    make_filter_counts : Counts of such an observer without images.
    evaluate_network : Shows stimuli to this observer too.

    Notes
    -----
    A response is :math:`r_i = \langle y, T_i \rangle / \langle T_i, T_i \rangle` with internal noise
    of SD :math:`1/a`. Noise of standard deviation SD in band :math:`k` adds the variance
    :math:`\mathrm{SD}^2 v_k / c^2`, where :math:`v_k = \sum_f G(f) S_k(f)`, :math:`G` is the power
    spectrum of the templates (1 at its peak), and :math:`c^2` their mean square times
    :math:`\sum_f G(f)` over all frequencies of the image. This is the model of `fit_channel_filter`,
    without lapses.

    Examples
    --------
    >>> from neurosci.critical_band import TemplateObserver, evaluate_network
    >>> observer = TemplateObserver(shape=(64, 64), center_frequency=8.0, random_state=0)
    >>> images, trials = observer.images(4)
    >>> found = evaluate_network(observer, images, trials, observer.category_map, output="scores")
    >>> found["correct"].mean().item()
    1.0
    """

    def __init__(
        self,
        bandwidth: float = 1.4,
        center_frequency: float = 22.0,
        *,
        peak_sensitivity: float = 26.0,
        internal_dprime: float = 4.6,
        n_categories: int = 16,
        shape: tuple[int, int] = (224, 224),
        random_state: object = None,
    ) -> None:
        where = type(self).__name__
        if len(shape) != 2 or min(shape) < 8:
            raise ValueError(f"{where}: shape must be two numbers >= 8, got {shape}")
        for name, value, low, high in (
            ("bandwidth", bandwidth, 0.0, math.inf),
            ("center_frequency", center_frequency, 0.0, min(shape) / 2),
            ("peak_sensitivity", peak_sensitivity, 0.0, math.inf),
            ("internal_dprime", internal_dprime, 0.1, 7.0),
        ):
            if not (math.isfinite(value) and max(low, 1e-300) <= value <= high):
                span = "> 0" if math.isinf(high) else f"in {low:g} to {high:g}"
                raise ValueError(f"{where}: {name} must be {span}, got {value}")
        if n_categories < 2:
            raise ValueError(f"{where}: n_categories must be >= 2, got {n_categories}")
        self._rng = check_random_state(random_state)
        self._internal_noise = 1 / internal_dprime
        self.category_map = CategoryMap({f"c{i:02d}": [i] for i in range(n_categories)}, n_categories)
        gain = _image_gain(bandwidth, center_frequency, shape)
        self._templates = self._make(gain, n_categories)
        log_q = float(choice_table(n_categories).log_q(math.log(internal_dprime)))
        self.contrast = math.exp(-log_q / 2) / (peak_sensitivity * math.sqrt(gain.sum()))

    def images(self, n_images: int, mean: float = 0.5) -> tuple[NDArray[np.float32], pd.DataFrame]:
        """Return images of the templates, all categories in turn, without noise.

        Parameters
        ----------
        n_images : int
            Number of images, >= 1.
        mean : float, default=0.5
            Mean luminance, pixel units (0 to 1).

        Returns
        -------
        images : ndarray of shape (n_images, H, W)
            Pixel units, float32, clipped to 0 to 1.
        trials : DataFrame
            Columns image (number) and category.

        Raises
        ------
        ValueError
            If there is to be no image.
        """
        import pandas as pd

        if n_images < 1:
            raise ValueError(f"TemplateObserver: n_images must be >= 1, got {n_images}")
        number = np.arange(n_images) % len(self._templates)
        pixels = np.clip(mean + self.contrast * self._templates, 0, 1).astype(np.float32)[number]
        names = np.array(self.category_map.categories)[number]
        return pixels, pd.DataFrame({"image": np.arange(n_images), "category": names})

    def __call__(self, pixels: Any) -> NDArray[np.float64]:
        """Return the correlation with each template, with internal noise.

        Parameters
        ----------
        pixels : torch.Tensor or ndarray of shape (n, 3, H, W) or (n, H, W)
            Images, pixel units (0 to 1); of three colours the first is seen.

        Returns
        -------
        ndarray of shape (n, n_categories)
            1 on average for the template that is shown, 0 for the others.
        """
        values = np.asarray(pixels, dtype=np.float64)
        values = values[:, 0] if values.ndim == 4 else values
        flat = self._templates.reshape(len(self._templates), -1)
        found = values.reshape(len(values), -1) @ flat.T / (self.contrast * flat.shape[1])
        return np.asarray(found + self._internal_noise * self._rng.standard_normal(found.shape))

    def _make(self, gain: NDArray[np.float64], n_categories: int) -> NDArray[np.float64]:
        white = np.fft.fft2(self._rng.standard_normal((n_categories, *gain.shape)))
        fields = np.fft.ifft2(white * np.sqrt(gain)).real
        # templates that do not correlate with each other, each with a mean square of 1
        flat = fields.reshape(n_categories, -1)
        values, vectors = np.linalg.eigh(flat @ flat.T / flat.shape[1])
        return np.asarray((vectors / np.sqrt(values)) @ vectors.T @ flat).reshape(fields.shape)


def _image_gain(bandwidth: float, center_frequency: float, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the power gain at each frequency of the image."""
    rows, columns = (np.fft.fftfreq(side, 1 / side) for side in shape)
    with np.errstate(divide="ignore"):
        octaves = np.log2(np.hypot(rows[:, np.newaxis], columns) / center_frequency)
    return np.asarray(np.exp(-((octaves * FWHM_PER_SIGMA / bandwidth) ** 2) / 2))
