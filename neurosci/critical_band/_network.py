"""Responses of any image-recognition network to the stimuli of an experiment."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.checks import check_option

from ._category_map import CategoryMap
from ._network_input import Preprocess, is_block, read_batches, resolve_preprocess

if TYPE_CHECKING:
    import pandas as pd
    import torch

_WHERE = "evaluate_network"
OUTPUTS = ("logits", "probabilities", "scores")


def evaluate_network(
    model: Callable[..., Any],
    stimuli: Iterable[Any],
    trials: pd.DataFrame | None = None,
    category_map: CategoryMap | None = None,
    preprocess: str | Preprocess | None = None,
    *,
    batch_size: int = 16,
    device: str = "cpu",
    output: str = "logits",
    channels_last: bool = True,
    scores: bool = False,
    verbose: bool = False,
) -> pd.DataFrame:
    """Show stimuli to a network and note its responses.

    Parameters
    ----------
    model : torch.nn.Module or callable
        Takes a float32 tensor of shape (n, 3, H, W), preprocessed, and returns a tensor or array of
        shape (n, n_classes). A module is moved to `device`, put into evaluation mode and, after the
        run, back into its own mode.
    stimuli : iterable of array-like
        Images of one shape, grey (H, W) or colour (H, W, 3), uint8 (0 to 255) or float (0 to 1):
        an array, a memory map, a list or a generator; or blocks of images, (n, H, W) or
        (n, H, W, 3), as `CriticalBandMasking.iter_stimuli` gives them. They are read one batch at a
        time.
    trials : DataFrame of n_trials rows, default=None
        One row per stimulus, in their order. With a column ``category`` the responses are
        judged.
    category_map : CategoryMap, default=None
        Which classes make up which category; ``None`` takes `CategoryMap.imagenet16`.
    preprocess : {"imagenet", "efficientnet_lite"}, callable or None, default=None
        What turns pixels from 0 to 1, a float32 tensor (n, 3, H, W), into the network's input:
        the name of a `Scaling`, or a function; ``None`` leaves them as they are. There is no
        resizing unless the function does it.
    batch_size : int, default=16
        Stimuli per call of the network; memory grows with it, speed hardly.
    device : str, default="cpu"
        Device of the run, as torch names it.
    output : {"logits", "probabilities", "scores"}, default="logits"
        What the network returns: logits of all classes, which get a softmax; probabilities of
        all classes; or one score per category, which are compared as they are.
    channels_last : bool, default=True
        Whether to lay tensors out as convolutions on a CPU read them fastest. Rounding may differ in
        the last digits.
    scores : bool, default=False
        Whether to add the score of each category as a column.
    verbose : bool, default=False
        Whether to show a progress bar on a terminal.

    Returns
    -------
    DataFrame of n_trials rows
        A copy of `trials` with ``response`` (str), with ``correct`` (bool) if the trials have a
        category, and with ``score_<category>`` (float) if asked for.

    Raises
    ------
    TypeError
        If the model cannot be called or returns no numbers.
    ValueError
        If an image or an option is impossible, if there are more or fewer stimuli than trials, if a
        category is unknown to `category_map`, if the number of outputs is not that of its
        classes, or if an output is NaN.

    See Also
    --------
    trial_counts : Counts of correct answers per condition, for `ChannelEstimator`.
    efficientnet_lite : Networks with weights that Python packages ship.

    Notes
    -----
    Only the scores are kept, so that memory does not depend on the number of stimuli. Nothing is
    drawn at random, and no gradient is computed.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from neurosci.critical_band import CategoryMap, evaluate_network
    >>> def brightness(batch):
    ...     bright = batch.mean(dim=(1, 2, 3))
    ...     return np.stack([bright, 0.5 - 0 * bright], axis=1)
    >>> images = np.full((2, 8, 8), 0.2)
    >>> images[1] = 0.9
    >>> trials = pd.DataFrame({"category": ["dark", "dark"]})
    >>> names = CategoryMap({"bright": [0], "dark": [1]}, n_classes=2)
    >>> evaluate_network(brightness, images, trials, names, output="scores")
      category response  correct
    0     dark     dark     True
    1     dark   bright    False
    """
    import pandas as pd

    if not callable(model):
        raise TypeError(f"{_WHERE}: model must be a torch module or callable, got {type(model).__name__}")
    categories = CategoryMap.imagenet16() if category_map is None else category_map
    if not isinstance(categories, CategoryMap):
        raise TypeError(
            f"{_WHERE}: category_map must be a CategoryMap or None, got {type(categories).__name__}"
        )
    check_option(_WHERE, "output", output, OUTPUTS)
    check_batch_size(batch_size, _WHERE)
    change = resolve_preprocess(preprocess, _WHERE)
    n_expected = _check_trials(trials, stimuli, categories)
    collected: list[NDArray[np.float64]] = []
    n_seen = 0
    with evaluating(model, device):
        for batch in _progress(read_batches(stimuli, batch_size, _WHERE), n_expected, batch_size, verbose):
            answer = run_batch(model, batch, change, device=device, channels_last=channels_last)
            collected.append(_to_scores(answer, categories, output, n_seen, len(batch)))
            n_seen += len(batch)
            if n_expected is not None and n_seen > n_expected:
                raise ValueError(
                    f"{_WHERE}: stimuli must be as many as trials ({n_expected}), got more than that"
                )
    if not collected:
        raise ValueError(f"{_WHERE}: stimuli must hold at least one image, got none")
    table = np.concatenate(collected)
    if n_expected is not None and len(table) != n_expected:
        raise ValueError(f"{_WHERE}: stimuli must be as many as trials ({n_expected}), got {len(table)}")
    found = pd.DataFrame(index=pd.RangeIndex(len(table))) if trials is None else trials.copy()
    found["response"] = categories.decide(table)
    if "category" in found:
        found["correct"] = found["response"].to_numpy() == found["category"].astype(str).to_numpy()
    if scores:
        columns = {
            f"score_{name}": column for name, column in zip(categories.categories, table.T, strict=True)
        }
        found = found.assign(**columns)
    return found


def check_batch_size(batch_size: int, where: str) -> None:
    """Refuse what is no number of images."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
        raise ValueError(f"{where}: batch_size must be a whole number >= 1, got {batch_size!r}")


@contextlib.contextmanager
def evaluating(model: Callable[..., Any], device: str) -> Iterator[None]:
    """Keep a module in evaluation mode on a device, then restore the mode of each of its parts."""
    import torch

    if not isinstance(model, torch.nn.Module):
        yield
        return
    modes = [(part, part.training) for part in model.modules()]
    try:
        model.to(device).eval()
        yield
    finally:
        for part, training in modes:
            part.training = training


def run_batch(
    model: Callable[..., Any],
    pixels: torch.Tensor,
    preprocess: Preprocess,
    *,
    device: str,
    channels_last: bool,
) -> Any:
    """Return what the model says about one batch, without gradients."""
    import torch

    layout = torch.channels_last if channels_last else torch.contiguous_format
    with torch.inference_mode():
        return model(preprocess(pixels.to(device)).contiguous(memory_format=layout))


def _check_trials(trials: pd.DataFrame | None, stimuli: Iterable[Any], categories: CategoryMap) -> int | None:
    import pandas as pd

    n_stimuli = _count(stimuli)
    if trials is None:
        return n_stimuli
    if not isinstance(trials, pd.DataFrame):
        raise TypeError(f"{_WHERE}: trials must be a DataFrame or None, got {type(trials).__name__}")
    if n_stimuli is not None and n_stimuli != len(trials):
        raise ValueError(f"{_WHERE}: stimuli must be as many as trials ({len(trials)}), got {n_stimuli}")
    taken = [name for name in ("response", "correct") if name in trials]
    if taken:
        raise ValueError(
            f"{_WHERE}: trials must have no column {taken[0]!r}, got responses already (drop the column)"
        )
    if "category" in trials:
        categories.check_categories(trials["category"], _WHERE)
    return len(trials)


def _count(stimuli: Iterable[Any]) -> int | None:
    """Return the number of images where it is known without reading them all."""
    if not isinstance(stimuli, Sequence | np.ndarray):
        return None
    return None if len(stimuli) and is_block(stimuli[0]) else len(stimuli)


def _progress(
    batches: Iterator[torch.Tensor], n_stimuli: int | None, batch_size: int, verbose: bool
) -> Iterable[torch.Tensor]:
    from tqdm.auto import tqdm

    total = None if n_stimuli is None else -(-n_stimuli // batch_size)
    hidden = not (verbose and sys.stderr.isatty())
    return tqdm(batches, total=total, desc="network", unit="batch", disable=hidden, leave=False)


def _to_scores(
    answer: Any, categories: CategoryMap, output: str, first: int, n_images: int
) -> NDArray[np.float64]:
    """Turn the answer to one batch into scores; `first` is the number of its first image."""
    table = as_table(answer, _WHERE)
    n_columns = len(categories.categories) if output == "scores" else categories.n_classes
    if table.shape != (n_images, n_columns):
        raise ValueError(
            f"{_WHERE}: model must return shape ({n_images}, {n_columns}) for {n_images} images with "
            f"output={output!r}, got {table.shape} (its classes must be those of category_map)"
        )
    bad = np.isnan(table).any(axis=1) if output == "scores" else ~np.isfinite(table).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{_WHERE}: model must return numbers, got NaN or infinite {output} for image "
            f"{first + int(bad.argmax())} ({int(bad.sum())} of {n_images} in this batch)"
        )
    if output == "scores":
        return table
    return categories.scores(softmax(table) if output == "logits" else table)


def as_table(answer: Any, where: str) -> NDArray[np.float64]:
    """Return a model's answer as float64."""
    import torch

    if isinstance(answer, torch.Tensor):
        answer = (
            answer.detach().float().cpu().numpy() if answer.dtype != torch.float64 else answer.cpu().numpy()
        )
    table = np.asarray(answer)
    if table.dtype.kind not in "fiu":
        raise TypeError(
            f"{where}: model must return a tensor or an array of numbers, got {type(answer).__name__}"
        )
    return table.astype(np.float64)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities of the last axis."""
    from scipy.special import softmax as probabilities

    # rounding may leave a probability above 1 by one unit in the last place
    return np.asarray(np.minimum(probabilities(logits, axis=-1), 1.0))


def trial_counts(
    trials: pd.DataFrame,
    *,
    noise_sd: Iterable[float] = (0.0, 0.02, 0.04, 0.08, 0.16),
    n_bands: int = 7,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count correct answers and trials per condition.

    Parameters
    ----------
    trials : DataFrame
        One row per trial with columns ``noise_sd`` (pixel units, 0 to 1), ``band`` (0 for the lowest)
        and ``correct``.
    noise_sd : iterable of float, default=(0, 0.02, 0.04, 0.08, 0.16)
        Rows of the result.
    n_bands : int, default=7
        Columns of the result.

    Returns
    -------
    n_correct : ndarray of int64, shape (n_noise_sd, n_bands)
        Correct answers.
    n_trials : ndarray of int64, shape (n_noise_sd, n_bands)
        Trials; both are what `ChannelEstimator` takes. Trials without noise whose band is missing,
        or negative, are spread evenly over the bands: such a label means nothing.

    Raises
    ------
    ValueError
        If a column is missing or a trial belongs to none of the conditions.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosci.critical_band import trial_counts
    >>> trials = pd.DataFrame({"noise_sd": [0.0, 0.1, 0.1], "band": [1, 0, 0], "correct": [1, 1, 0]})
    >>> [counts.tolist() for counts in trial_counts(trials, noise_sd=(0, 0.1), n_bands=2)]
    [[[0, 1], [1, 0]], [[0, 1], [2, 0]]]
    """
    where = "trial_counts"
    missing = [name for name in ("noise_sd", "band", "correct") if name not in trials]
    if missing:
        raise ValueError(f"{where}: trials must have columns noise_sd, band and correct, missing: {missing}")
    levels = np.array([float(level) for level in noise_sd])
    shown = trials["noise_sd"].to_numpy(dtype=float)
    row = np.abs(shown[:, np.newaxis] - levels).argmin(axis=1)
    unknown = ~np.isclose(shown, levels[row], rtol=1e-6, atol=1e-12)
    if unknown.any():
        raise ValueError(f"{where}: noise_sd must be among {levels.tolist()}, got {shown[unknown][0]:g}")
    band = trials["band"].to_numpy(dtype=float, na_value=np.nan)
    free = (shown == 0) & ~(band >= 0)
    band = np.where(free, np.cumsum(free) % n_bands, band)
    if not ((band >= 0) & (band < n_bands) & (band == np.floor(band))).all():
        raise ValueError(f"{where}: band must be whole numbers from 0 to {n_bands - 1} where there is noise")
    correct = trials["correct"].to_numpy()
    if not np.isin(correct, (0, 1)).all():
        raise ValueError(f"{where}: correct must hold true and false, or 0 and 1, got {correct.dtype}")
    n_trials = np.zeros((len(levels), n_bands), np.int64)
    n_correct = np.zeros_like(n_trials)
    place = row, band.astype(np.intp)
    np.add.at(n_trials, place, 1)
    np.add.at(n_correct, place, correct.astype(np.int64))
    return n_correct, n_trials
