"""Projected gradient ascent: closed forms for linear networks, exact projection, the space of the radius."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from neurosci.critical_band import Scaling, pgd_l2
from neurosci.critical_band._attack import _Ball, _gradient
from neurosci.critical_band._network_input import resolve_preprocess

SHAPE = (5, 7)
N_PIXELS = 3 * SHAPE[0] * SHAPE[1]


class Linear(torch.nn.Module):
    """Two classes told apart by one direction in pixel space."""

    def __init__(self, seed=0, center=0.5):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.weight = torch.from_numpy(rng.standard_normal((N_PIXELS,)))
        self.center = center

    def forward(self, x):
        value = (x.double() - self.center).flatten(1) @ self.weight
        return torch.stack([value, -value], dim=1)

    def direction(self):
        """Unit vector that lowers the logit of class 0, in (3, H, W)."""
        return -(self.weight / self.weight.norm()).reshape(3, *SHAPE).numpy()


def pictures(n=6, seed=1, low=0.3, high=0.7):
    return np.random.default_rng(seed).uniform(low, high, (n, *SHAPE, 3)).astype(np.float32)


def channels_first(images):
    return images.transpose(0, 3, 1, 2).astype(np.float64)


def test_a_linear_network_is_attacked_along_its_normal():
    model, images = Linear(), pictures()
    values = (channels_first(images) - 0.5).reshape(6, -1) @ model.weight.numpy()
    labels = (values < 0).astype(int)
    distance = np.abs(values) / float(model.weight.norm())
    # the boundary is at a known distance: a radius below it never changes the class, one above always does
    for factor, robust in ((0.999, True), (1.001, False)):
        for image, label, d in zip(images, labels, distance, strict=True):
            found = pgd_l2(model, image[None], [label], epsilon=factor * d, epsilon_space="pixel", n_steps=20)
            assert (found.robust_accuracy.value == 1) == robust
            assert found.accuracy.value == 1
            if robust:
                sign = 1 if label == 0 else -1
                expected = channels_first(image[None])[0] + sign * factor * d * model.direction()
                # pixels are float32: one unit in the last place is 6e-8, and a step has 105 of them
                np.testing.assert_allclose(found.images[0], expected, atol=1e-5)
                assert found.distance[0] == pytest.approx(factor * d, rel=1e-5)


def test_pixels_that_cannot_move_leave_their_share_to_the_others():
    # Largest change of a linear function in ball and box: clip(multiplier * direction), the multiplier such
    # that the norm is the radius (Karush-Kuhn-Tucker).
    model, images = Linear(center=0.0), pictures(1, low=0.0, high=0.06)
    direction = model.direction()
    x = channels_first(images)[0]
    epsilon = 1.2

    def change(multiplier):
        return np.clip(multiplier * direction, -x, 1 - x)

    multiplier = brentq(lambda t: np.linalg.norm(change(t)) - epsilon, 0, 1e3)
    expected = change(multiplier)
    assert (expected == -x).mean() > 0.3, "the box matters in this test"
    # class 1 stays wrong or right as it is: attack what is right, and never stop early
    value = float((x.reshape(-1) * model.weight.numpy()).sum())
    bias = 100.0 * np.sign(value)

    def safe(pixels):
        logits = model(pixels)
        return logits + torch.tensor([bias, -bias]).to(logits)

    label = 0 if bias > 0 else 1
    direction = direction if label == 0 else -direction
    multiplier = brentq(lambda t: np.linalg.norm(change(t)) - epsilon, 0, 1e3)
    expected = change(multiplier)

    def scaled(pixels):
        return safe(pixels) / 50  # keeps the softmax away from where its gradient is 0 in float

    found = pgd_l2(
        scaled, images, [label], epsilon=epsilon, epsilon_space="pixel", n_steps=300, step_size=0.3
    )
    np.testing.assert_allclose(found.images[0] - x, expected, atol=2e-4)
    assert found.images.min() >= 0 and found.images.max() <= 1


def test_projection_is_the_nearest_allowed_change():
    # By brute force: scipy's constrained minimiser on ten small changes.
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    for trial in range(10):
        x = rng.uniform(0, 1, (1, 3, 1, 2))
        wanted = rng.standard_normal((1, 3, 1, 2))
        ball = _Ball(torch.from_numpy(x), resolve_preprocess(None, "test"), 0.5, "pixel")
        found = ball.project(torch.from_numpy(wanted)).numpy()
        best = minimize(
            lambda d, wanted=wanted: ((d - wanted.ravel()) ** 2).sum(),
            np.zeros(6),
            bounds=list(zip(-x.ravel(), 1 - x.ravel(), strict=True)),
            constraints={"type": "ineq", "fun": lambda d: 0.25 - (d**2).sum()},
            tol=1e-12,
        )
        assert np.linalg.norm(found) <= 0.5 + 1e-12
        np.testing.assert_allclose(found.ravel(), best.x, atol=1e-5, err_msg=f"change {trial}")


def test_gradients_are_checked():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4, N_PIXELS, generator=generator, dtype=torch.float64)

    def model(x):
        return torch.tanh(x.flatten(1) @ weight.T / 4)

    pixels = torch.rand(2, 3, *SHAPE, generator=generator, dtype=torch.float64)
    labels = torch.tensor([1, 3])
    change = Scaling((0.4, 0.5, 0.6), (0.2, 0.3, 0.25))
    for space in ("pixel", "input"):
        ball = _Ball(pixels, change, 1.0, space)
        delta = 0.01 * torch.randn(pixels.shape, generator=generator, dtype=torch.float64)

        def loss(d, ball=ball):
            logits = model(change(ball.pixels + d * ball.unit))
            return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")

        gradient = _gradient(model, change, ball, delta, labels)[1]
        for place in ((0, 0, 1, 2), (1, 2, 4, 6), (1, 1, 0, 0)):
            step = torch.zeros_like(delta)
            step[place] = 1e-6
            numeric = (loss(delta + step) - loss(delta - step)) / 2e-6
            assert float(gradient[place]) == pytest.approx(float(numeric), rel=1e-5, abs=1e-9)
        assert torch.autograd.gradcheck(loss, (delta.requires_grad_(True),))


def test_the_space_of_the_radius():
    # With one SD for all colours, a radius in the input's space is SD times that in pixels.
    model, images = Linear(), pictures()
    labels = model(torch.from_numpy(channels_first(images))).argmax(dim=1).numpy()
    scaling = Scaling(0.2, 0.25)

    def after(x):
        return model(x * 0.25 + 0.2)

    pixel = pgd_l2(after, images, labels, epsilon=0.05, epsilon_space="pixel", preprocess=scaling)
    inputs = pgd_l2(after, images, labels, epsilon=0.2, epsilon_space="input", preprocess=scaling)
    np.testing.assert_allclose(pixel.images, inputs.images, atol=1e-5)
    np.testing.assert_allclose(4 * pixel.distance, inputs.distance, rtol=1e-4)
    # with three SDs the norm is that of the scaled change
    three = Scaling((0.4, 0.5, 0.6), (0.1, 0.3, 0.25))
    found = pgd_l2(
        lambda x: model(x * three.spread(x)),
        images,
        labels,
        epsilon=0.2,
        epsilon_space="input",
        preprocess=three,
    )
    change = (found.images - channels_first(images)) / np.reshape(three.sd, (3, 1, 1))
    np.testing.assert_allclose(np.linalg.norm(change.reshape(6, -1), axis=1), found.distance, rtol=1e-3)
    assert (found.distance <= 0.2 * (1 + 1e-6)).all()


@pytest.mark.parametrize("space", ["pixel", "input"])
@pytest.mark.parametrize("random_start", [False, True])
def test_changes_stay_in_ball_and_box_and_zero_radius_changes_nothing(space, random_start):
    model, images = Linear(center=0.0), pictures(8, low=0.0, high=1.0)
    labels = model(torch.from_numpy(channels_first(images))).argmax(dim=1).numpy()
    options = {
        "epsilon_space": space,
        "preprocess": "imagenet",
        "random_start": random_start,
        "random_state": 0,
    }
    for epsilon in (0.0, 0.3, 50.0):
        found = pgd_l2(model, images, labels, epsilon=epsilon, **options, n_steps=7)
        assert found.images.min() >= 0 and found.images.max() <= 1
        assert (found.distance <= epsilon * (1 + 1e-5)).all()
        if epsilon == 0:
            np.testing.assert_array_equal(found.images, channels_first(images).astype(np.float32))
            assert (found.predicted == found.predicted_before).all()
            assert found.accuracy == found.robust_accuracy


def test_a_larger_radius_is_never_safer_and_images_are_independent():
    model, images = Linear(), pictures(20)
    labels = model(torch.from_numpy(channels_first(images))).argmax(dim=1).numpy()
    shares = [
        pgd_l2(model, images, labels, epsilon=e, epsilon_space="pixel", n_steps=10).robust_accuracy.value
        for e in (0.01, 0.05, 0.1, 0.3)
    ]
    assert shares == sorted(shares, reverse=True) and shares[0] > shares[-1]
    whole = pgd_l2(model, images, labels, epsilon=0.05, epsilon_space="pixel")
    parts = pgd_l2(model, images, labels, epsilon=0.05, epsilon_space="pixel", batch_size=3)
    np.testing.assert_array_equal(whole.predicted, parts.predicted)
    np.testing.assert_allclose(whole.images, parts.images, atol=1e-6)


def test_modules_keep_their_mode_and_weights():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5)).train()
    found = pgd_l2(model, pictures(2), [0, 1], epsilon=0.1, epsilon_space="pixel", n_steps=2)
    assert model.training and all(part.training for part in model)
    assert "in pixel space" in repr(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epsilon_space": "normalised"}, "epsilon_space must be one of 'pixel', 'input', got 'normalised'"),
        ({"epsilon": -1}, "epsilon must be >= 0, got -1"),
        ({"epsilon": np.nan}, "epsilon must be >= 0, got nan"),
        ({"n_steps": 0}, "n_steps must be a whole number >= 1"),
        ({"step_size": -0.1}, "step_size must be >= 0"),
        ({"labels": [0]}, r"as many as labels \(1\), got 2"),
        ({"labels": [0, -1]}, "class numbers >= 0"),
        ({"labels": [0.0, 1.0]}, "class numbers >= 0"),
        ({"labels": [0, 5]}, "labels must be from 0 to 1, got 5"),
        ({"images": np.full((2, 5, 7), 1.5)}, "in 0 to 1, got 1.5"),
        ({"images": np.zeros((5, 7))}, r"shape \(n_images, H, W\)"),
        ({"model": lambda x: torch.full((2, 2), torch.nan)}, "NaN or infinite logits"),
        ({"model": lambda x: x.flatten(1)[0]}, r"shape \(2, n_classes\)"),
        ({"preprocess": lambda x: x, "epsilon_space": "input"}, "preprocess must be a Scaling"),
        ({"batch_size": 0}, "batch_size must be a whole number"),
        ({"model": lambda x: x.flatten(1)[:, :2].sqrt() * torch.nan}, "NaN"),
        ({"model": lambda x: (x.flatten(1)[:, :2] * 0).sqrt()}, "finite gradients"),
    ],
)
def test_impossible_input(changes, message):
    given = {
        "model": Linear(),
        "images": pictures(2),
        "labels": [0, 1],
        "epsilon": 0.1,
        "epsilon_space": "pixel",
    }
    with pytest.raises(ValueError, match=message):
        pgd_l2(**given | changes)


def test_wrong_types_and_the_space_must_be_said():
    with pytest.raises(TypeError, match="epsilon_space"):
        pgd_l2(Linear(), pictures(1), [0], epsilon=0.1)
    with pytest.raises(TypeError, match="model must be a torch module"):
        pgd_l2("resnet", pictures(1), [0], epsilon=0.1, epsilon_space="pixel")
    with pytest.raises(TypeError, match="must return a tensor"):
        pgd_l2(lambda x: np.zeros((1, 2)), pictures(1), [0], epsilon=0.1, epsilon_space="pixel")
