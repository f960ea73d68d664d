"""The tasks: what is hidden stays hidden, and what is drawn is drawn as it should be."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from neurosci.fc_ssl._batches import Windows, gather
from neurosci.fc_ssl._encoder import GraphEncoder
from neurosci.fc_ssl._joint import JointEmbedding
from neurosci.fc_ssl._losses import edge_error, scaled_cosine_error
from neurosci.fc_ssl._masked import MaskedAutoencoding
from neurosci.fc_ssl._masks import hidden_pairs, hidden_regions
from neurosci.fc_ssl._objective import encode
from neurosci.fc_ssl._objectives import PerturbedContrast
from neurosci.fc_ssl._space_time import Hidden
from tests.fc_ssl.draws import drawn

N, D, WINDOW = 9, 6, 12
HIDING = {
    "spatial": True,
    "temporal": True,
    "node_mask_ratio": 0.4,
    "edge_mask_ratio": 0.4,
    "mask": "random",
    "lambda_temporal": 0.5,
    "min_gap": 2,
    "leak_time_code": False,
}
OPTIONS = {"target": "profile", "gamma": 2.0, "window": WINDOW, "edge_weight": None, "decoder": "mlp"}


def masked(**changes):
    options = {k: v for k, v in changes.items() if k in OPTIONS}
    hiding = {k: v for k, v in changes.items() if k in HIDING}
    return MaskedAutoencoding(N, D, 2, **{**OPTIONS, **options}, **{**HIDING, **hiding}).double()


def windows(n_scans=3, n_windows=4, n_frames=60):
    rng = np.random.default_rng(0)
    series = [rng.standard_normal((n_frames, N)).astype(np.float32) for _ in range(n_scans)]
    starts = [np.sort(rng.choice(n_frames - WINDOW, n_windows, replace=False)) for _ in series]
    found = gather(series, starts, [WINDOW] * n_scans, 0.4, profiles=True)
    return double(found)


def double(w: Windows) -> Windows:
    return replace(w, series=w.series.double(), adjacency=w.adjacency.double(), profiles=w.profiles.double())


def rngs(n, seed=0):
    return [np.random.default_rng([seed, i]) for i in range(n)]


# ---------------------------------------------------------------------------------------------- nothing leaks


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("leak", [True, False])
@drawn
def test_hidden_parts_do_not_reach_the_encoder_in_space(training, leak):
    encoder = GraphEncoder(N, D, 2, "both").double().train(training)
    objective = masked(leak_time_code=leak)
    w = windows()
    hidden = objective.hide(rngs(3), 12, w.scan.device)
    other_series = w.series.clone()
    for scan in range(3):
        rows = hidden.regions[w.scan == scan][0]
        other_series[scan][:, rows] = torch.randn(w.series.shape[1], int(rows.sum())).double()
    profiles = w.profiles.masked_scatter(hidden.pairs, torch.randn(int(hidden.pairs.sum())).double())
    profiles = profiles.masked_scatter(
        hidden.regions[:, :, None].expand_as(profiles) & hidden.pairs, torch.randn(profiles.numel()).double()
    )
    changed = replace(
        w,
        series=other_series,
        adjacency=torch.where(hidden.pairs, 1 - w.adjacency, w.adjacency),
        profiles=profiles,
    )
    given, other = (objective.encode_hidden(copy.deepcopy(encoder), x, hidden) for x in (w, changed))
    # to the bit: nothing that is hidden enters any sum
    assert torch.equal(given, other) != leak


@pytest.mark.parametrize("leak", [True, False])
@drawn
def test_the_row_of_a_hidden_region_does_not_reach_the_encoder(leak):
    """The content of a hidden region is its whole row, also pairs that the other side shows."""
    encoder = GraphEncoder(N, D, 1, "profile").double()
    objective = masked(leak_time_code=leak)
    w = windows()
    hidden = objective.hide(rngs(3), 12, w.scan.device)
    rows = hidden.regions[:, :, None].expand_as(w.profiles)
    changed = replace(w, profiles=torch.where(rows, torch.full_like(w.profiles, 7.0), w.profiles))
    given, other = (objective.encode_hidden(copy.deepcopy(encoder), x, hidden) for x in (w, changed))
    assert torch.equal(given, other)


@pytest.mark.parametrize("leak", [True, False])
@drawn
def test_the_predicted_window_does_not_reach_the_encoder_in_time(leak):
    encoder = GraphEncoder(N, D, 2, "both").double()
    objective = masked(leak_time_code=leak)
    w = windows()
    w = replace(w, starts=torch.tensor([0, 14, 30, 45] * 3), ends=torch.tensor([11, 25, 41, 56] * 3))
    rows = torch.arange(12).view(3, 4)
    before, target, after = (w.select(rows[:, i]) for i in (0, 1, 3))
    series = w.series.clone()
    series[:, 14:26] = torch.randn(3, 12, N).double()
    changed = [replace(x, series=series) for x in (before, target, after)]
    changed[1] = replace(changed[1], adjacency=1 - target.adjacency, profiles=-target.profiles)
    given = objective.encode_around(copy.deepcopy(encoder), before, target, after)
    other = objective.encode_around(copy.deepcopy(encoder), *changed)
    assert torch.equal(given, other) != leak
    # a frame outside the window does
    series[:, 27] += 1
    moved = objective.encode_around(copy.deepcopy(encoder), *changed)
    assert not torch.equal(given, moved)


@pytest.mark.parametrize("decoder", ["mlp"])
@pytest.mark.parametrize("target", ["profile", "bold"])
@drawn
def test_order_of_regions_does_not_matter(decoder, target):
    """Regions of the data, of the embeddings and of the masks change places together: the losses stay."""
    encoder = GraphEncoder(N, D, 2, "both").double()
    objective = masked(decoder=decoder, target=target)
    w, order = windows(), torch.randperm(N)
    hidden = objective.hide(rngs(3), 12, w.scan.device)
    other, task = copy.deepcopy(encoder), copy.deepcopy(objective)
    with torch.no_grad():
        other.embedding.copy_(encoder.embedding[order])
        other.recurrent.weight_ih_l0.copy_(encoder.recurrent.weight_ih_l0[:, order])
        other.profile.weight.copy_(encoder.profile.weight[:, order])
        if target == "profile":
            for one, own in ((task.space, objective.space), (task.time, objective.time)):
                one.rows.weight.copy_(own.rows.weight[order])
                one.rows.bias.copy_(own.rows.bias[order])
    moved = replace(
        w,
        series=w.series[:, :, order],
        adjacency=w.adjacency[:, order][:, :, order],
        profiles=w.profiles[:, order][:, :, order],
    )
    other_hidden = Hidden(hidden.regions[:, order], hidden.pairs[:, order][:, :, order])
    given = objective.spatial_losses(encoder, w, objective.encode_hidden(encoder, w, hidden), hidden)
    found = task.spatial_losses(other, moved, task.encode_hidden(other, moved, other_hidden), other_hidden)
    rows = torch.arange(12).view(3, 4)
    triples = [[x.select(rows[:, i]) for i in (0, 1, 3)] for x in (w, moved)]
    given |= {
        f"{k}_t": v
        for k, v in objective.temporal_losses(
            encoder, triples[0][1], objective.encode_around(encoder, *triples[0])
        ).items()
    }
    found |= {
        f"{k}_t": v
        for k, v in task.temporal_losses(other, triples[1][1], task.encode_around(other, *triples[1])).items()
    }
    assert given.keys() == found.keys()
    for name, value in given.items():
        torch.testing.assert_close(found[name], value, rtol=1e-10, atol=1e-12)


# ---------------------------------------------------------------------------------------------- what is drawn


@drawn
def test_triples_are_uniform(seed):
    objective = masked(spatial=False)
    objective.n_windows = 20_000
    drawn_triples = objective.draw(np.random.default_rng(seed), 8).reshape(-1, 3)
    possible = [(a, t, b) for a in range(8) for t in range(a + 2, 8) for b in range(t + 2, 8)]
    counts = dict.fromkeys(possible, 0)
    for triple in map(tuple, drawn_triples.tolist()):
        counts[triple] += 1
    assert stats.chisquare(list(counts.values())).pvalue > 1e-4


@drawn
def test_windows_are_drawn_once_where_there_are_enough(seed):
    objective = masked(temporal=False)
    objective.n_windows = 5
    rng = np.random.default_rng(seed)
    assert all(len(set(objective.draw(rng, 6).tolist())) == 5 for _ in range(20))
    assert len(objective.draw(rng, 3)) == 5


@pytest.mark.parametrize("mask", ["random", "block"])
@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.8])
def test_masks_hide_the_share_that_was_asked_for(mask, ratio, seed):
    rng, n, n_graphs = np.random.default_rng(seed), 40, 60
    pairs = hidden_pairs(rng, n_graphs, n, ratio, mask)
    np.testing.assert_array_equal(pairs, pairs.transpose(0, 2, 1))
    assert not pairs[:, range(n), range(n)].any()
    shares = pairs[:, *np.triu_indices(n, 1)].mean(1)
    regions = np.stack([hidden_regions(rng, n, ratio, mask) for _ in range(200)])
    if mask == "random":
        # binomial: four standard errors of a mean over 60 graphs of 780 pairs, over 200 draws of 40 regions
        assert abs(shares.mean() - ratio) < 4 * np.sqrt(ratio * (1 - ratio) / (60 * 780))
        assert abs(regions.mean() - ratio) < 4 * np.sqrt(ratio * (1 - ratio) / (200 * 40))
    else:
        # blocks are added until the share is reached; the last may be one of ratio / 4, and its mirror
        assert (shares >= ratio).all() and (shares <= ratio + ratio / 2 + 0.1).all()
        assert (regions.mean(1) >= ratio).all() and (regions.mean(1) <= ratio + ratio / 4 + 0.05).all()
        edges = np.abs(np.diff(np.c_[regions, regions[:, :1]].astype(int), axis=1)).sum(1)
        assert edges.mean() < 2 * ratio * (1 - ratio) * n  # fewer borders than independent regions have


def test_one_region_is_hidden_and_one_is_not(seed):
    rng = np.random.default_rng(seed)
    drawn_masks = np.stack([hidden_regions(rng, 2, 0.9, "random") for _ in range(50)])
    assert (drawn_masks.sum(1) == 1).all()


# ----------------------------------------------------------------------------------------------------- losses


def test_losses_by_hand():
    target = torch.tensor([[[1.0, 2.0, 2.0], [1.0, 0.0, 0.0], [5.0, 5.0, 5.0]]])
    predicted = torch.tensor([[[9.0, 4.0, 4.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]]])
    hidden = torch.tensor([[[False, True, True], [True, True, False], [False, False, False]]])
    # the first row is parallel where it is hidden, the second at right angles, the third does not count
    torch.testing.assert_close(scaled_cosine_error(predicted, target, hidden, 2.0), torch.tensor([0.5]))
    logits = torch.zeros(1, 2, 2)
    pair = torch.tensor([[[False, True], [True, False]]])
    graph = torch.ones(1, 2, 2)
    torch.testing.assert_close(
        edge_error(logits, graph, pair), torch.tensor([np.log(2)], dtype=torch.float32)
    )
    torch.testing.assert_close(
        edge_error(logits, graph, pair, 3.0), torch.tensor([3 * np.log(2)], dtype=torch.float32)
    )


@drawn
def test_target_encoder_follows(monkeypatch):
    encoder = GraphEncoder(N, D, 1)
    options = {"momentum": 0.9, "latent_loss": "mse", "n_pairs": 5, "decoder": "mlp"}
    objective = JointEmbedding(encoder, 2, **options, **HIDING)
    old = objective.target_encoder.embedding.clone()
    with torch.no_grad():
        encoder.embedding += 1
    objective.after_step(encoder, 0.0)
    torch.testing.assert_close(objective.target_encoder.embedding, old + 0.1)
    objective.after_step(encoder, 1.0)  # at the end it stands still
    torch.testing.assert_close(objective.target_encoder.embedding, old + 0.1)
    assert not any(p.requires_grad for p in objective.target_encoder.parameters())


@drawn
def test_hidden_pairs_of_joint_embedding_are_hidden_ones():
    objective = JointEmbedding(
        GraphEncoder(N, D, 1), 2, momentum=0.9, latent_loss="mse", n_pairs=5, decoder="mlp", **HIDING
    )
    pairs = torch.from_numpy(hidden_pairs(np.random.default_rng(0), 6, N, 0.5, "random"))
    pairs[5] = False
    pairs[5, 2, 7] = pairs[5, 7, 2] = True
    first, second, counts = objective._some(pairs)
    assert counts[:5].all() and counts[5].sum() == 1
    for graph in range(6):
        chosen = [
            (int(a), int(b)) for a, b, c in zip(first[graph], second[graph], counts[graph], strict=True) if c
        ]
        assert len(set(chosen)) == len(chosen)
        assert all(pairs[graph, a, b] for a, b in chosen)


@drawn
def test_noisy_weights_leave_the_encoder_alone():
    encoder, objective = GraphEncoder(N, D, 2), PerturbedContrast(N, D, 2)
    w = windows()
    w = replace(w, series=w.series.float(), adjacency=w.adjacency.float(), profiles=None)
    before = copy.deepcopy(encoder.state_dict())
    reference = copy.deepcopy(encoder)
    objective(encoder, w, rngs(3))
    encode(reference, w)  # the clean pass alone moves the running statistics
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, reference.state_dict()[name]), name
    assert not torch.equal(before["layers.0.norm1.running_mean"], encoder.layers[0].norm1.running_mean)
