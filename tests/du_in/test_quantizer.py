"""The quantiser against brute force in double precision and against updates made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch.nn import functional

from neurosci.du_in import VectorQuantizer
from neurosci.du_in._codes import code_usage, nearest, spherical_kmeans
from tests.du_in.networks import make


def unit(n, dim, seed):
    values = np.random.default_rng(seed).standard_normal((n, dim))
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def quantizer(d_model=8, codex_size=16, codex_dim=4, seed=0, **options):
    return make(VectorQuantizer, d_model, codex_size, codex_dim, seed=seed, **options)


def tokens(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape)).float()


def pick(module, directions):
    """Let the projection pass directions on: the update is judged by what came in."""
    module.directions = lambda _: directions
    return module


def test_codes_are_the_nearest_in_double_precision(seed):
    vectors, codex = unit(10_000, 64, seed), unit(2048, 64, seed + 100)
    found = nearest(torch.from_numpy(vectors).float(), torch.from_numpy(codex).float()).numpy()
    distances = cdist(vectors, codex, "sqeuclidean")
    best = distances.argmin(axis=1)
    # cosine = 1 - distance / 2; single precision may confuse codes whose cosines are within 1e-6
    two = np.partition(distances, 1, axis=1)[:, :2]
    clear = (two[:, 1] - two[:, 0]) / 2 > 1e-6
    assert clear.mean() > 0.99
    assert np.array_equal(found[clear], best[clear])


def test_ties_go_to_the_first_code():
    codex = functional.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), dim=1)
    assert nearest(torch.tensor([[0.0, 1.0]]), codex).tolist() == [1]


def test_gradient_passes_the_look_up_unchanged():
    module = quantizer().eval()
    z = torch.from_numpy(unit(6, 4, 3)).float().view(2, 3, 4).requires_grad_(True)
    module.norm, module.expand = torch.nn.Identity(), torch.nn.Identity()
    found = pick(module, z)(tokens(2, 3, 8))
    weight = tokens(2, 3, 4, seed=5)
    (found.tokens * weight).sum().backward()
    assert torch.equal(z.grad, weight)
    torch.testing.assert_close(found.tokens, module.codex[found.codes], rtol=0, atol=1e-6)


def test_commitment_is_the_mean_square_over_all_elements():
    z = torch.from_numpy(unit(6, 4, 3)).float().view(2, 3, 4).requires_grad_(True)
    module = pick(quantizer(commitment=0.7).eval(), z)
    found = module(tokens(2, 3, 8))
    wanted = 0.7 * np.mean((z.detach().numpy() - module.codex[found.codes].numpy()) ** 2)
    assert found.commitment.item() == pytest.approx(float(wanted), rel=1e-5)
    found.commitment.backward()
    expected = 0.7 * 2 * (z.detach() - module.codex[found.codes]) / 24
    torch.testing.assert_close(z.grad, expected)


def test_codex_after_one_batch_is_the_formula():
    # three vectors choose code 0, one chooses code 2, code 1 is not chosen
    codex = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    vectors = np.array([[0.96, 0.28], [0.8, -0.6], [0.96, -0.28], [0.28, 0.96]])
    module = quantizer(5, 3, 2, decay=0.9)
    module.codex.copy_(torch.from_numpy(codex))
    module.started.fill_(True)
    module.counts.copy_(torch.tensor([2.0, 1.0, 0.0]))
    pick(module, torch.from_numpy(vectors).float().view(1, 4, 2)).train()
    found = module(tokens(1, 4, 5))
    assert found.codes.tolist() == [[0, 0, 0, 2]]

    def moved(code, members):
        mean = np.mean(members, axis=0)
        value = 0.9 * code + 0.1 * mean / np.linalg.norm(mean)
        return value / np.linalg.norm(value)

    expected = np.stack([moved(codex[0], vectors[:3]), codex[1], moved(codex[2], vectors[3:])])
    np.testing.assert_allclose(module.codex.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(module.counts.numpy(), [0.9 * 2 + 0.1 * 3, 0.9, 0.1], atol=1e-6)


def test_codes_stay_on_the_sphere():
    module = quantizer().train()
    module.started.fill_(True)
    for step in range(200):
        module(tokens(3, 7, 8, seed=step))
    assert float((module.codex.norm(dim=1) - 1).abs().max()) < 1e-6


def test_evaluation_changes_no_buffer():
    module = quantizer(vq_warmup_steps=2).eval()
    before = {name: value.clone() for name, value in module.named_buffers()}
    module(tokens(3, 7, 8))
    module.codes(tokens(3, 7, 8))
    assert all(torch.equal(value, before[name]) for name, value in module.named_buffers())


def test_warm_up_passes_directions_and_then_places_codes():
    module = quantizer(codex_size=4, vq_warmup_steps=2).train()
    first = module.codex.clone()
    for step in range(2):
        assert module.warming_up
        x = tokens(3, 7, 8, seed=step)
        found = module(x)
        torch.testing.assert_close(found.tokens, module.expand(module.norm(module.directions(x))))
        assert float(found.commitment) == 0
        assert torch.equal(module.codex, first)
    assert module.needs_start
    module(tokens(3, 7, 8, seed=2))
    assert bool(module.started)
    assert not module.needs_start
    assert not torch.equal(module.codex, first)


def brute_kmeans(vectors, n, n_iterations, rng):
    centres = vectors[rng.choice(len(vectors), n, replace=len(vectors) < n)]
    for _ in range(n_iterations):
        labels = (vectors @ centres.T).argmax(axis=1)
        for k in range(n):
            if (labels == k).any():
                total = vectors[labels == k].sum(axis=0)
                centres[k] = total / np.linalg.norm(total)
    return centres


def test_spherical_kmeans_is_the_textbook_loop(seed):
    vectors = unit(200, 3, seed)
    expected = brute_kmeans(vectors, 7, 10, np.random.default_rng(seed))
    found, counts = spherical_kmeans(torch.from_numpy(vectors), 7, 10, np.random.default_rng(seed))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)
    assert int(counts.sum()) == 200


def test_too_few_tokens_warn_and_leave_copies():
    module = quantizer(codex_size=16)
    with pytest.warns(UserWarning, match="needs at least 16 tokens, one per code, got 5"):
        unused = module.start(torch.from_numpy(unit(5, 4, 1)).float())
    assert len(np.unique(module.codex.numpy().round(5), axis=0)) <= 5
    assert unused >= 11


def test_half_precision_stays_out_of_the_look_up():
    module = quantizer().train()
    module.started.fill_(True)
    with torch.autocast("cpu", torch.bfloat16):
        z = module.directions(tokens(2, 3, 8))
        found = module(tokens(2, 3, 8))
    assert z.dtype == torch.float32
    assert found.commitment.dtype == torch.float32
    assert module.codex.dtype == torch.float32
    assert float((z.detach().norm(dim=-1) - 1).abs().max()) < 1e-6


def test_usage_of_known_shares():
    codes = torch.tensor([[0, 0, 0, 0], [1, 1, 3, 7]])
    usage = code_usage(codes, 9)
    entropy = 0.5 * math.log(2) + 0.25 * math.log(4) + 2 * 0.125 * math.log(8)
    assert usage.n_live == 4
    assert usage.entropy == pytest.approx(entropy)
    assert usage.perplexity == pytest.approx(math.exp(entropy))
    assert usage.largest_share == 0.5


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="must be at least 1 and vq_warmup_steps at least 0"):
        quantizer(vq_warmup_steps=-1)
