"""Shape against texture: the published shape score, and the shape bias of cue-conflict images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state

if TYPE_CHECKING:
    import pandas as pd

_WHERE = "shape_scores"
_COLUMNS = ("shape", "texture", "response")


@dataclass(frozen=True, eq=False)
class ShapeScores:
    """What an observer of cue-conflict images goes by.

    Parameters
    ----------
    shape_score : Metric
        Share of images answered with the category of their shape, averaged over shape categories.
    texture_score : Metric
        Share answered with the category of their texture, averaged over shape categories.
    shape_bias : Metric
        Shape answers over shape and texture answers; all others are left out. NaN if there is neither.
    by_category : DataFrame
        Indexed by shape category: n_images, n_shape, n_texture, shape_score, texture_score and shape_bias
        (proportions).
    n_images : int
        Images that count.
    n_excluded : int
        Images whose shape and texture are of one category.

    Examples
    --------
    >>> import pandas as pd
    >>> from neurosci.critical_band import shape_scores
    >>> answers = pd.DataFrame({"shape": ["cat"] * 4, "texture": ["car"] * 4})
    >>> answers["response"] = ["cat", "car", "car", "dog"]
    >>> scores = shape_scores(answers, random_state=0)
    >>> scores.shape_score.value, round(scores.shape_bias.value, 2)
    (0.25, 0.33)
    """

    shape_score: Metric
    texture_score: Metric
    shape_bias: Metric
    by_category: pd.DataFrame
    n_images: int
    n_excluded: int


def shape_scores(
    responses: pd.DataFrame,
    *,
    level: float = 0.95,
    n_resamples: int = 1000,
    random_state: object = None,
) -> ShapeScores:
    """Score responses to images that have the shape of one category and the texture of another.

    Parameters
    ----------
    responses : DataFrame
        One row per image (or trial) with columns ``shape``, ``texture`` and ``response``, names of
        categories; for example what `evaluate_network` returns. A missing response is neither.
    level : float, default=0.95
        Coverage of the intervals, in (0, 1).
    n_resamples : int, default=1000
        Number of bootstrap resamples for the intervals of the two scores, >= 100.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness of the bootstrap.

    Returns
    -------
    ShapeScores
        Both scores, the bias, and a table per category.

    Raises
    ------
    ValueError
        If columns are missing, no image has two categories, or an option is outside its range.

    Notes
    -----
    Two measures are in use, and they are not the same. The *shape score* of the critical-band study
    is the share of images of a shape category that are answered with it, averaged over categories: it
    falls when the observer makes other errors. The *shape bias* is the share of shape answers among those
    that are of the shape's or of the texture's category, so that it says nothing about errors. Images
    of one category in both respects count for neither.

    The intervals of the scores are percentiles of resampled images, drawn within categories; that of
    the bias is Wilson's, with the number of shape and texture answers. Neither allows for differences
    between observers.

    References
    ----------
    Geirhos R, Rubisch P, Michaelis C, Bethge M, Wichmann FA, Brendel W (2019). ImageNet-trained CNNs
    are biased towards texture; increasing shape bias improves accuracy and robustness. International
    Conference on Learning Representations.

    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias,
    and adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.
    """
    missing = [name for name in _COLUMNS if name not in responses]
    if missing:
        raise ValueError(f"{_WHERE}: responses must have columns {', '.join(_COLUMNS)}, missing: {missing}")
    if not 0 < level < 1:
        raise ValueError(f"{_WHERE}: level must be in (0, 1), got {level} (give 0.95 for 95 %)")
    if n_resamples < 100:
        raise ValueError(f"{_WHERE}: n_resamples must be >= 100, got {n_resamples} (limits would be noise)")
    rng = check_random_state(random_state)
    unnamed = int(responses[["shape", "texture"]].isna().any(axis=1).sum())
    if unnamed:
        raise ValueError(f"{_WHERE}: shape and texture must be named for each image, got {unnamed} without")
    conflict = responses[responses["shape"].astype(str) != responses["texture"].astype(str)]
    if conflict.empty:
        raise ValueError(
            f"{_WHERE}: responses must hold images whose shape and texture differ, got none of "
            f"{len(responses)}"
        )
    answer = conflict["response"].astype(object)
    table = _by_category(
        conflict["shape"].astype(str), answer == conflict["shape"], answer == conflict["texture"]
    )
    n_shape, n_texture = int(table["n_shape"].sum()), int(table["n_texture"].sum())
    return ShapeScores(
        shape_score=_average(table, "n_shape", level, n_resamples, rng),
        texture_score=_average(table, "n_texture", level, n_resamples, rng),
        shape_bias=_bias(n_shape, n_texture, level),
        by_category=table,
        n_images=len(conflict),
        n_excluded=len(responses) - len(conflict),
    )


def _by_category(shape: pd.Series, is_shape: pd.Series, is_texture: pd.Series) -> pd.DataFrame:
    table = is_shape.groupby(shape.to_numpy()).agg(n_images="size", n_shape="sum").astype(int)
    table["n_texture"] = is_texture.groupby(shape.to_numpy()).sum().astype(int)
    table["shape_score"] = table["n_shape"] / table["n_images"]
    table["texture_score"] = table["n_texture"] / table["n_images"]
    decided = table["n_shape"] + table["n_texture"]
    table["shape_bias"] = table["n_shape"] / decided.where(decided > 0)
    return table.rename_axis("category")


def _average(
    table: pd.DataFrame, column: str, level: float, n_resamples: int, rng: np.random.Generator
) -> Metric:
    """Return the mean over categories; drawing images of each anew gives a binomial number of answers."""
    n = table["n_images"].to_numpy()
    share = table[column].to_numpy() / n
    draws: NDArray[np.float64] = (rng.binomial(n, share, size=(n_resamples, len(n))) / n).mean(axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Metric(
        float(share.mean()), float(low), float(high), n=int(n.sum()), n_unit="images", level=level,
        method="bootstrap over images",
    )  # fmt: skip


def _bias(n_shape: int, n_texture: int, level: float) -> Metric:
    from neurosci.stats import proportion_interval

    decided = n_shape + n_texture
    if decided == 0:
        return Metric(float("nan"), n=0, n_unit="decisions", level=level, method="no shape or texture answer")
    return proportion_interval(n_shape, decided, level=level, n_unit="decisions")
