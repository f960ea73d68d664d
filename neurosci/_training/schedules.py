"""Learning rates as functions of the step, so that a resumed run needs no state of a scheduler."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], dict[str, float | tuple[float, float]]]


def warmup_cosine(
    highest: float, lowest: float, *, warmup: int, total: int, steps_per_epoch: int = 1
) -> Schedule:
    r"""Return a learning rate that rises linearly and falls as half a cosine, constant within an epoch.

    In epoch :math:`e` of :math:`E` with a warm-up of :math:`w` epochs it is :math:`h (e + 1) / w` for
    :math:`e < w`, and :math:`l + (h - l)(1 + \cos(\pi (e - w) / (E - w))) / 2` after that.

    Parameters
    ----------
    highest : float
        Rate :math:`h` at the end of the warm-up.
    lowest : float
        Rate :math:`l` that the cosine ends at.
    warmup : int
        Epochs of the warm-up; 0 for none.
    total : int
        Epochs in all.
    steps_per_epoch : int, default=1
        Steps of an epoch; 1 changes the rate at each step.

    Returns
    -------
    callable
        ``schedule(step) -> {"lr": rate}``.

    Raises
    ------
    ValueError
        If the warm-up is not shorter than the whole.

    Examples
    --------
    >>> schedule = warmup_cosine(1.0, 0.0, warmup=2, total=6)
    >>> [round(schedule(step)["lr"], 3) for step in range(6)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146]
    """
    if not 0 <= warmup < total:
        raise ValueError(f"warmup_cosine: warmup must be in [0, total), got {warmup} of {total} epochs")

    def schedule(step: int) -> dict[str, float | tuple[float, float]]:
        epoch = step // steps_per_epoch
        if epoch < warmup:
            return {"lr": highest * (epoch + 1) / warmup}
        fraction = (epoch - warmup) / (total - warmup)
        return {"lr": lowest + (highest - lowest) * (1 + math.cos(math.pi * fraction)) / 2}

    return schedule


def one_cycle(
    highest: float,
    *,
    total: int,
    start: float,
    final: float,
    warmup: float = 0.3,
    momentum: tuple[float, float] | None = (0.85, 0.95),
    beta2: float = 0.999,
) -> Schedule:
    """Return the one-cycle policy with cosine annealing; equals `torch.optim.lr_scheduler.OneCycleLR`.

    Parameters
    ----------
    highest : float
        Rate at the end of the warm-up.
    total : int
        Steps in all, >= 2.
    start : float
        Rate of the first step.
    final : float
        Rate of the last step.
    warmup : float, default=0.3
        Fraction of the steps until the highest rate.
    momentum : tuple of float, default=(0.85, 0.95)
        Lowest and highest first beta of Adam, which moves against the rate; ``None`` leaves it alone.
    beta2 : float, default=0.999
        Second beta of Adam.

    Returns
    -------
    callable
        ``schedule(step) -> {"lr": rate, "betas": (beta1, beta2)}``.

    References
    ----------
    .. [1] Smith L. N., Topin N. "Super-convergence: very fast training of neural networks using large
       learning rates", SPIE 11006, 2019.
    """
    peak = warmup * total - 1

    def between(first: float, last: float, fraction: float) -> float:
        return last + (first - last) / 2 * (1 + math.cos(math.pi * fraction))

    def schedule(step: int) -> dict[str, float | tuple[float, float]]:
        rising = step <= peak
        fraction = step / peak if rising and peak > 0 else (step - peak) / (total - 1 - peak)
        rate = between(start, highest, fraction) if rising else between(highest, final, fraction)
        if momentum is None:
            return {"lr": rate}
        low, high = momentum
        beta1 = between(high, low, fraction) if rising else between(low, high, fraction)
        return {"lr": rate, "betas": (beta1, beta2)}

    return schedule
