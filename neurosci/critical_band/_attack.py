"""White-box attack of a network: the worst small change of an image, in the L2 norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurosci._core.checks import check_option
from neurosci._core.metric import Metric
from neurosci._core.random import check_random_state

from ._network import check_batch_size, evaluating
from ._network_input import Preprocess, Scaling, read_batches, resolve_preprocess

if TYPE_CHECKING:
    import torch

_WHERE = "pgd_l2"
SPACES = ("pixel", "input")
# Halvings of the interval of the multiplier; the norm then is off by less than 1e-9 of its value.
_N_BISECTIONS = 60
_TINY = 1e-30


@dataclass(frozen=True, eq=False, repr=False)
class Attack:
    """Result of an attack.

    Parameters
    ----------
    images : ndarray of shape (n_images, 3, H, W)
        Changed images, float32, pixels from 0 to 1.
    predicted_before, predicted : ndarray of int64, shape (n_images,)
        Class before and after the change.
    labels : ndarray of int64, shape (n_images,)
        Right classes.
    distance : ndarray of shape (n_images,)
        L2 norm of the change, in the space of `epsilon`.
    epsilon : float
        Largest norm that was allowed.
    epsilon_space : {"pixel", "input"}
        Where the norm is measured.
    """

    images: NDArray[np.float32]
    predicted_before: NDArray[np.int64]
    predicted: NDArray[np.int64]
    labels: NDArray[np.int64]
    distance: NDArray[np.float64]
    epsilon: float
    epsilon_space: str

    @property
    def accuracy(self) -> Metric:
        """Share of images that were right before the attack, with its interval."""
        return self._share(self.predicted_before)

    @property
    def robust_accuracy(self) -> Metric:
        """Share of images that are still right after it, with its interval."""
        return self._share(self.predicted)

    def _share(self, predicted: NDArray[np.int64]) -> Metric:
        from neurosci.stats import proportion_interval

        right = int((predicted == self.labels).sum())
        return proportion_interval(right, len(self.labels), n_unit="images")

    def __repr__(self) -> str:
        return (
            f"Attack({len(self.labels)} images, epsilon={self.epsilon:g} in {self.epsilon_space} space: "
            f"accuracy {self.accuracy.value:.3f} before, {self.robust_accuracy.value:.3f} after)"
        )


def pgd_l2(
    model: Callable[..., Any],
    images: ArrayLike,
    labels: ArrayLike,
    *,
    epsilon: float,
    epsilon_space: str,
    preprocess: str | Preprocess | None = None,
    n_steps: int = 32,
    step_size: float | None = None,
    random_start: bool = False,
    batch_size: int = 16,
    device: str = "cpu",
    random_state: object = None,
) -> Attack:
    r"""Attack a network by projected gradient ascent on its loss within an L2 ball around each image.

    Parameters
    ----------
    model : torch.nn.Module or callable
        Takes a tensor (n, 3, H, W), preprocessed, and returns logits (n, n_classes) that can be
        differentiated. A module is put into evaluation mode and back.
    images : array-like of shape (n_images, H, W) or (n_images, H, W, 3)
        Pixels, uint8 (0 to 255) or float (0 to 1).
    labels : array-like of int, shape (n_images,)
        Right class of each image.
    epsilon : float
        Largest L2 norm of the change of an image (over all its pixels and colours), >= 0.
    epsilon_space : {"pixel", "input"}
        Where `epsilon` is measured, which must be said: in "pixel" space from 0 to 1, or in the space
        of the network's input after `preprocess`, where the same change of pixels is about four times
        longer with the usual scaling. "input" needs `preprocess` to be a `Scaling` or a name of one.
    preprocess : {"imagenet", "efficientnet_lite"}, callable or None, default=None
        What turns pixels into the network's input; see `evaluate_network`. It is part of what is
        differentiated, so that a function must be made of torch operations.
    n_steps : int, default=32
        Number of gradient steps, >= 1.
    step_size : float, default=None
        Length of a step in the space of `epsilon`; ``None`` takes ``2.5 * epsilon / n_steps``.
    random_start : bool, default=False
        Whether to start at a random point of the ball rather than at the image.
    batch_size : int, default=16
        Images per call of the network.
    device : str, default="cpu"
        Device of the run, as torch names it.
    random_state : None, int, SeedSequence or Generator, default=None
        Source of randomness of random starts.

    Returns
    -------
    Attack
        Changed images with the classes before and after.

    Raises
    ------
    TypeError
        If the model cannot be called or does not return a tensor.
    ValueError
        If an image, a label or an option is impossible, or a logit or gradient is NaN.

    Notes
    -----
    The cross-entropy is followed uphill in steps of fixed length, each projected exactly (in the
    norm of `epsilon`) onto the ball *and* the allowed pixels from 0 to 1 together: the point of both that is
    nearest. Clipping happens in pixel space whatever the space of `epsilon`: a published script
    that clipped normalised inputs to 0 to 1 destroyed the images even at radius 0.

    An image keeps the first change that makes the network wrong, if any step does, or else the last.
    Failing to find an error does not prove that there is none.

    References
    ----------
    Madry A, Makelov A, Schmidt L, Tsipras D, Vladu A (2018). Towards deep learning models resistant to
    adversarial attacks. International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from neurosci.critical_band import pgd_l2
    >>> weight = torch.ones(2, 12) * torch.tensor([[1.0], [-1.0]])
    >>> def bright_or_dark(pixels):
    ...     return (pixels - 0.5).flatten(1) @ weight.T
    >>> image = np.full((1, 2, 2), 0.6)
    >>> for epsilon in (0.3, 0.4):
    ...     print(pgd_l2(bright_or_dark, image, [0], epsilon=epsilon, epsilon_space="pixel"))
    Attack(1 images, epsilon=0.3 in pixel space: accuracy 1.000 before, 1.000 after)
    Attack(1 images, epsilon=0.4 in pixel space: accuracy 1.000 before, 0.000 after)
    """
    if not callable(model):
        raise TypeError(f"{_WHERE}: model must be a torch module or callable, got {type(model).__name__}")
    check_option(_WHERE, "epsilon_space", epsilon_space, SPACES)
    check_batch_size(batch_size, _WHERE)
    if not (np.isfinite(epsilon) and epsilon >= 0):
        raise ValueError(f"{_WHERE}: epsilon must be >= 0, got {epsilon}")
    if isinstance(n_steps, bool) or not isinstance(n_steps, int | np.integer) or n_steps < 1:
        raise ValueError(f"{_WHERE}: n_steps must be a whole number >= 1, got {n_steps!r}")
    step = 2.5 * epsilon / n_steps if step_size is None else step_size
    if not (np.isfinite(step) and step >= 0):
        raise ValueError(f"{_WHERE}: step_size must be >= 0, got {step_size}")
    change = resolve_preprocess(preprocess, _WHERE)
    if epsilon_space == "input" and not isinstance(change, Scaling):
        raise ValueError(
            f"{_WHERE}: preprocess must be a Scaling for epsilon_space 'input', got {type(change).__name__} "
            "(measure epsilon in 'pixel' space)"
        )
    right = _check_labels(labels)
    rng = check_random_state(random_state)
    parts: list[tuple[NDArray[Any], ...]] = []
    first = 0
    with evaluating(model, device):
        for batch in read_batches(_check_images(images, len(right)), batch_size, _WHERE):
            target = right[first : first + len(batch)]
            ball = _Ball(batch.to(device), change, epsilon, epsilon_space)
            parts.append(
                _attack(model, change, ball, target, int(n_steps), float(step), rng if random_start else None)
            )
            first += len(batch)
    found = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Attack(
        images=found[0],
        predicted_before=found[1],
        predicted=found[2],
        labels=right,
        distance=found[3],
        epsilon=float(epsilon),
        epsilon_space=epsilon_space,
    )


class _Ball:
    """Changes that are allowed: of bounded norm, and such that pixels stay from 0 to 1.

    Changes are kept in the space of epsilon: a change of pixels is the change times `unit`.
    """

    def __init__(self, pixels: torch.Tensor, change: Preprocess, epsilon: float, space: str) -> None:
        import torch

        self.pixels = pixels.contiguous()
        self.epsilon = float(epsilon)
        self.unit = (
            change.spread(self.pixels)
            if space == "input" and isinstance(change, Scaling)
            else torch.ones((1, 3, 1, 1), dtype=pixels.dtype, device=pixels.device)
        )
        self.low, self.high = -self.pixels / self.unit, (1 - self.pixels) / self.unit

    def project(self, delta: torch.Tensor) -> torch.Tensor:
        """Return the nearest allowed change: the change shrunk by 1 / (1 + multiplier), then clipped."""
        import torch

        inside = delta.clamp(min=self.low, max=self.high)
        norm = inside.flatten(1).norm(dim=1)
        if bool((norm <= self.epsilon).all()):
            return inside
        # the norm falls monotonically from `norm` to 0 as the factor goes from 1 to 0
        bottom, top = torch.zeros_like(norm), torch.ones_like(norm)
        for _ in range(_N_BISECTIONS):
            factor = (bottom + top) / 2
            trial = (delta * factor[:, None, None, None]).clamp(min=self.low, max=self.high)
            below = trial.flatten(1).norm(dim=1) <= self.epsilon
            bottom, top = torch.where(below, factor, bottom), torch.where(below, top, factor)
        shrunk = (delta * bottom[:, None, None, None]).clamp(min=self.low, max=self.high)
        return torch.where((norm <= self.epsilon)[:, None, None, None], inside, shrunk)

    def changed(self, delta: torch.Tensor) -> torch.Tensor:
        """Return the changed pixels."""
        # rounding may leave 0 to 1 in the last digit
        return (self.pixels + delta * self.unit).clamp(0, 1)

    def random(self, rng: np.random.Generator) -> torch.Tensor:
        """Return a change with a random direction and a length that fills the ball evenly."""
        import torch

        n, size = len(self.pixels), self.pixels[0].numel()
        direction = rng.standard_normal((n, size))
        direction *= (
            self.epsilon * rng.random((n, 1)) ** (1 / size) / np.linalg.norm(direction, axis=1, keepdims=True)
        )
        delta = torch.from_numpy(direction).to(self.pixels).reshape(self.pixels.shape)
        return self.project(delta)


def _attack(
    model: Callable[..., Any],
    change: Preprocess,
    ball: _Ball,
    target: NDArray[np.int64],
    n_steps: int,
    step: float,
    rng: np.random.Generator | None,
) -> tuple[NDArray[Any], ...]:
    import torch

    labels = torch.from_numpy(target).to(ball.pixels.device)
    delta = torch.zeros_like(ball.pixels) if rng is None else ball.random(rng)
    kept = torch.zeros_like(delta)
    with torch.no_grad():
        before = _logits(model, change(ball.pixels), labels).argmax(dim=1)
    predicted = before.clone()
    fooled = before != labels
    for number in range(n_steps + 1):
        active = ~fooled
        if not bool(active.any()):
            break
        logits, gradient = _gradient(model, change, ball, delta, labels)
        answer = logits.argmax(dim=1)
        # the first change that works is kept, and until then the newest
        kept[active], predicted[active] = delta[active], answer[active]
        fooled |= answer != labels
        if number < n_steps:
            norm = gradient.flatten(1).norm(dim=1).clamp(min=_TINY)[:, None, None, None]
            delta = ball.project(delta + step * gradient / norm)
    return (
        ball.changed(kept).float().cpu().numpy(),
        before.cpu().numpy(),
        predicted.cpu().numpy(),
        kept.flatten(1).double().norm(dim=1).cpu().numpy(),
    )


def _gradient(
    model: Callable[..., Any], change: Preprocess, ball: _Ball, delta: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits, and the derivative of each image's loss by its change."""
    import torch

    moved = delta.detach().requires_grad_(True)
    logits = _logits(model, change(ball.pixels + moved * ball.unit), labels)
    loss = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, moved)
    if not bool(torch.isfinite(gradient).all()):
        raise ValueError(f"{_WHERE}: model must have finite gradients, got NaN or infinite ones")
    return logits.detach(), gradient


def _logits(model: Callable[..., Any], pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    import torch

    logits = model(pixels)
    if not isinstance(logits, torch.Tensor):
        raise TypeError(
            f"{_WHERE}: model must return a tensor that can be differentiated, got {type(logits).__name__}"
        )
    if logits.ndim != 2 or len(logits) != len(pixels):
        raise ValueError(
            f"{_WHERE}: model must return shape ({len(pixels)}, n_classes), got {tuple(logits.shape)}"
        )
    if not bool(torch.isfinite(logits).all()):
        raise ValueError(f"{_WHERE}: model must return numbers, got NaN or infinite logits")
    if int(labels.max()) >= logits.shape[1]:
        raise ValueError(f"{_WHERE}: labels must be from 0 to {logits.shape[1] - 1}, got {int(labels.max())}")
    return logits


def _check_labels(labels: ArrayLike) -> NDArray[np.int64]:
    values = np.asarray(labels)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "iu" or values.min() < 0:
        raise ValueError(
            f"{_WHERE}: labels must be a list of class numbers >= 0, got shape {values.shape}, "
            f"dtype {values.dtype}"
        )
    return values.astype(np.int64)


def _check_images(images: ArrayLike, n_labels: int) -> NDArray[Any]:
    pixels = np.asarray(images)
    if pixels.ndim not in (3, 4):
        raise ValueError(
            f"{_WHERE}: images must have shape (n_images, H, W) or (n_images, H, W, 3), got {pixels.shape}"
        )
    if len(pixels) != n_labels:
        raise ValueError(f"{_WHERE}: images must be as many as labels ({n_labels}), got {len(pixels)}")
    return pixels
