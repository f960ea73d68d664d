"""Numbers that the authors printed: the design of the experiment and the human mean accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GUESS_RATE = 1 / 16
NOISE_SD = (0.0, 0.02, 0.04, 0.08, 0.16)
LOWEST_FREQUENCY = 1.75
N_OBSERVERS = 14
N_BANDS = 7

# Notebook `humans/human_analysis.ipynb` of the authors' repository at commit 7e9c8e2b (2023-11-02); percent.
_HUMAN_MEAN = (
    (88.80952381, 92.60204082, 95.47619048, 97.99107143, 93.20557491, 93.62244898, 92.41071429),
    (96.79802956, 92.39631336, 95.16129032, 93.33333333, 85.95238095, 83.92857143, 96.23015873),
    (92.85714286, 89.91596639, 81.03448276, 91.62561576, 76.45502646, 55.58035714, 90.93406593),
    (94.59459459, 91.36904762, 88.01843318, 73.01587302, 27.90178571, 24.55357143, 88.36734694),
    (93.10344828, 87.27678571, 87.61904762, 54.64285714, 14.28571429, 11.38392857, 68.01242236),
)

_TRIALS = (
    (30, 28, 30, 32, 41, 28, 32),
    (29, 31, 31, 30, 30, 20, 36),
    (33, 34, 29, 29, 27, 32, 26),
    (37, 24, 31, 36, 32, 32, 35),
    (29, 32, 30, 20, 19, 32, 23),
)


def human_mean_accuracy() -> NDArray[np.float64]:
    """Return the printed accuracy of people, averaged over the 14 observers.

    Returns
    -------
    ndarray of shape (5, 7)
        Proportion correct. Rows: noise SD 0, 0.02, 0.04, 0.08, 0.16 (pixel units, 0 to 1);
        columns: noise bands labelled 1.75, 3.5, ..., 112 cycles/image. A new array at each call.

    Notes
    -----
    Printed by the authors with ten significant digits in their notebook
    ``humans/human_analysis.ipynb`` (commit 7e9c8e2b).

    References
    ----------
    Subramanian A, Sizikova E, Majaj NJ, Pelli DG (2023). Spatial-frequency channels, shape bias,
    and adversarial robustness. Advances in Neural Information Processing Systems 36, 4137-4149.

    Examples
    --------
    >>> human_mean_accuracy()[4].round(2).tolist()
    [0.93, 0.87, 0.88, 0.55, 0.14, 0.11, 0.68]
    """
    return np.array(_HUMAN_MEAN) / 100


def published_trial_counts() -> NDArray[np.int64]:
    """Return the number of images per condition of the published experiment.

    Returns
    -------
    ndarray of shape (5, 7)
        Trials per noise SD (row) and noise band (column), 1,050 in all; the same for each network
        and each person. A new array at each call.

    Examples
    --------
    >>> int(published_trial_counts().sum())
    1050
    """
    return np.array(_TRIALS, dtype=np.int64)
