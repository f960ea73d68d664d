"""The backbone equals stored outputs of its published code, and its fast parts equal the plain ones."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from benchmarks.fc_ssl_reference import DenseBackbone
from neurosci.fc_ssl import _aggregation, _encoder, _fused, _fused_first
from neurosci.fc_ssl._aggregation import Neighbours
from neurosci.fc_ssl._backbone import Backbone, mean_over_scans, summarise
from neurosci.fc_ssl._encoder import GraphEncoder, GraphIsomorphismLayer
from neurosci.fc_ssl._fused_first import RegionsAndCodes
from neurosci.fc_ssl._orthogonality import _dense, orthogonality
from neurosci.fc_ssl._recurrence import recurrent_states
from neurosci.fc_ssl._reference_names import from_reference
from neurosci.preprocessing.connectivity import threshold_proportional, unpack_adjacency, window_graphs
from tests.fc_ssl.draws import drawn, graphs

# What single precision allows after some thousand sums of numbers near 1; what is stored is float32 too.
STORED = {"rtol": 1e-4, "atol": 1e-5}
EXACT = {"rtol": 1e-10, "atol": 1e-12}


# --------------------------------------------------------------------------------------------- stored outputs


@pytest.fixture(scope="module")
def stored(data_root):
    path = data_root / "fc_ssl/stagin_golden_sero.npz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not among the released data")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="module")
def stored_weights(stored):
    return {k.removeprefix("param:"): torch.tensor(v) for k, v in stored.items() if k.startswith("param:")}


def ends(stored):
    return torch.tensor(stored["starts"]) + int(stored["window"]) - 1


def test_correlations_and_graphs_are_the_stored_ones(stored):
    wanted = unpack_adjacency(stored["adjacency"], 24)
    np.testing.assert_array_equal(threshold_proportional(stored["fc"], 0.3), wanted)
    for bold, fc in zip(stored["bold"], stored["fc"], strict=True):
        found = window_graphs(bold, stored["starts"], int(stored["window"]))
        # 20 frames of float32 in another order of sums
        np.testing.assert_allclose(found.correlation, fc, rtol=0, atol=5e-6)


@drawn
def test_outputs_are_the_stored_ones(stored, stored_weights):
    model = Backbone(GraphEncoder(24, 16, 2), 2)
    model.load_state_dict(from_reference(stored_weights, 24))
    model.eval()
    adjacency = torch.tensor(unpack_adjacency(stored["adjacency"], 24)).float().flatten(0, 1)
    scan = torch.arange(2).repeat_interleave(20)
    with torch.no_grad():
        codes = model.encoder.time_codes(torch.tensor(stored["bold"]), scan, ends(stored).repeat(2))
        content = model.encoder.node_content(codes, None)
        found = model(adjacency, content, [20, 20], penalised=True)
    np.testing.assert_allclose(found.logits, stored["logits"], **STORED)
    np.testing.assert_allclose(found.latent, stored["latent"], **STORED)
    nodes = found.node_attention.view(2, 2, 20, 24).transpose(0, 1)
    np.testing.assert_allclose(nodes, stored["node_attention"], **STORED)
    np.testing.assert_allclose(torch.stack(found.time_attention, 1), stored["time_attention"], **STORED)
    np.testing.assert_allclose(found.penalty, stored["reg_ortho"], **STORED)


@drawn
def test_the_model_that_benchmarks_compare_with_gives_the_stored_outputs(stored, stored_weights):
    peer = DenseBackbone(24, 16, 2, 2)
    peer.load_state_dict(stored_weights)
    peer.eval()
    adjacency = torch.tensor(unpack_adjacency(stored["adjacency"], 24)).float()
    with torch.no_grad():
        found = peer(torch.tensor(stored["bold"]), adjacency, ends(stored))
    for name in ("logits", "latent", "node_attention", "time_attention", "reg_ortho"):
        np.testing.assert_allclose(found[name], stored[name], **STORED)


def test_unknown_names_of_weights_are_refused(stored_weights):
    with pytest.raises(ValueError, match=r"^from_reference: weights .* got 'head\.weight'"):
        from_reference({**stored_weights, "head.weight": torch.zeros(1)}, 24)


# Measured on the published code with two classes.
@pytest.mark.parametrize(("n_rois", "count"), [(400, 1_209_804), (110, 911_684)])
@drawn
def test_number_of_parameters_is_that_of_the_published_code(n_rois, count):
    model = Backbone(GraphEncoder(n_rois), 2)
    assert sum(p.numel() for p in model.parameters()) == count


# ------------------------------------------------------------------------------------------------- fast parts


@drawn
def test_training_step_equals_the_dense_model():
    """Losses and gradients in double precision, with scans of random length and both terms of the loss."""
    peer = DenseBackbone(9, 6, 2, 2, dropout=False).double()
    ours = Backbone(GraphEncoder(9, 6, 2), 2).double()
    ours.load_state_dict(from_reference(peer.state_dict(), 9))
    for part in ours.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    series, last = torch.randn(3, 30, 9).double(), torch.tensor([9, 14, 22, 28])
    adjacency = graphs(12, 9)
    codes = ours.encoder.time_codes(series, torch.arange(3).repeat_interleave(4), last.repeat(3))
    found = ours(adjacency, ours.encoder.node_content(codes, None), [4, 4, 4], penalised=True)
    wanted = peer(series, adjacency.view(3, 4, 9, 9), last)
    np.testing.assert_allclose(found.logits.detach(), wanted["logits"].detach(), **EXACT)
    np.testing.assert_allclose(found.penalty.detach(), wanted["reg_ortho"].detach(), **EXACT)
    (found.logits.square().sum() + found.penalty).backward()
    (wanted["logits"].square().sum() + wanted["reg_ortho"]).backward()
    expected = from_reference({k: p.grad for k, p in peer.named_parameters()}, 9)
    for name, parameter in ours.named_parameters():
        # a bias before a normalisation has gradient 0, up to rounding in the dense model
        np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-8, atol=1e-10, err_msg=name)
    for name, buffer in ours.named_buffers():
        np.testing.assert_allclose(buffer, from_reference(dict(peer.named_buffers()), 9)[name], **EXACT)


@pytest.mark.parametrize("n_rois", [7, 40, 41])
@drawn
def test_tabulated_sums_are_products(n_rois, monkeypatch):
    monkeypatch.setattr(_aggregation, "SMALLEST_TABULATED", 1)
    adjacency = graphs(3, n_rois)
    nodes = torch.randn(3, n_rois, 5, dtype=torch.float64, requires_grad=True)
    neighbours = Neighbours(adjacency)
    assert neighbours.codes is not None
    torch.testing.assert_close(neighbours.sum(nodes), adjacency @ nodes, rtol=1e-12, atol=1e-12)
    assert torch.autograd.gradcheck(neighbours.sum, (nodes,))


@pytest.mark.parametrize("tabulated", [True, False])
@drawn
def test_fused_layer_is_the_layer(tabulated, monkeypatch):
    monkeypatch.setattr(_aggregation, "SMALLEST_TABULATED", 1 if tabulated else 10**9)
    monkeypatch.setattr(_fused, "CHUNK", 10)  # 33 rows: three whole pieces and a part of one
    layer = GraphIsomorphismLayer(5).double()
    with torch.no_grad():
        layer.epsilon.fill_(0.3)
        for norm in (layer.norm1, layer.norm2):
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
    plain = copy.deepcopy(layer)
    nodes = torch.randn(3, 11, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(3, 11, 5, dtype=torch.float64)
    neighbours = Neighbours(graphs(3, 11))
    found = layer(neighbours, nodes)
    got = torch.autograd.grad((found * weights).sum(), [nodes, *layer.parameters()])
    monkeypatch.setattr(_encoder, "can_fuse", lambda *_: False)
    wanted = plain(neighbours, nodes)
    expected = torch.autograd.grad((wanted * weights).sum(), [nodes, *plain.parameters()])
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)
    for one, other in zip(layer.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(one, other)


@drawn
def test_fused_first_layer_is_the_layer(monkeypatch):
    monkeypatch.setattr(_fused, "CHUNK", 10)
    monkeypatch.setattr(_fused_first, "CHUNK", 10)
    layer = GraphIsomorphismLayer(5).double()
    with torch.no_grad():
        layer.epsilon.fill_(0.3)
        for norm in (layer.norm1, layer.norm2):
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
    plain = copy.deepcopy(layer)
    parts = [torch.randn(n, 5, dtype=torch.float64, requires_grad=True) for n in (11, 3)]
    weights, of_means = torch.randn(3, 11, 5, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    neighbours = Neighbours(graphs(3, 11))
    results = []
    for one, fused in ((layer, True), (plain, False)):
        monkeypatch.setattr(_encoder, "can_fuse", lambda *_, fused=fused: fused)
        nodes, means = one.with_means(neighbours, RegionsAndCodes(*parts))
        total = (nodes * weights).sum() + (means * of_means).sum()
        gradients = torch.autograd.grad(total, [*parts, *one.parameters()])
        results.append([nodes, means, *gradients, *one.buffers()])
    for found, wanted in zip(*results, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-10)


@drawn
def test_recurrent_states_are_those_of_torch():
    cell = torch.nn.GRU(6, 4, batch_first=True).double()
    series, weights = torch.randn(3, 9, 6).double(), torch.randn(3, 9, 4).double()
    found, wanted = recurrent_states(cell, series), cell(series)[0]
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-13)
    got = torch.autograd.grad((found * weights).sum(), list(cell.parameters()))
    expected = torch.autograd.grad((wanted * weights).sum(), list(cell.parameters()))
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)


@drawn
def test_orthogonality_is_its_formula_and_finite_where_a_node_is_zero():
    nodes = torch.rand(3, 11, 5, dtype=torch.float64)
    nodes[0, 3] = 0
    nodes.requires_grad_()
    found, wanted = orthogonality(nodes), _dense(nodes)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
    got, expected = (torch.autograd.grad(x.sum(), nodes)[0] for x in (found, wanted))
    assert torch.isfinite(got).all()
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)
    # by hand: two nodes at 60 degrees and of unit length have products 1 and 1/2, so only 1/2 is left
    pair = torch.tensor([[[1.0, 0.0], [0.5, 0.75**0.5]]], dtype=torch.float64)
    torch.testing.assert_close(orthogonality(pair), torch.tensor([0.5], dtype=torch.float64))


@pytest.mark.parametrize("readout", ["sero", "garo", "mean"])
@pytest.mark.parametrize("node_input", ["time", "both"])
@drawn
def test_gradients(readout, node_input):
    """Every parameter's derivative, against differences in double precision; windows differ between scans."""
    model = Backbone(GraphEncoder(4, 3, 2, node_input), 2, readout, "moments", dropout=0.0).double()
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    adjacency, series = graphs(5, 4), torch.randn(2, 12, 4).double()
    scan, last = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([4, 9, 3, 7, 11])
    profiles = torch.randn(5, 4, 4).double()
    for layer in model.encoder.layers:
        # without it, regions with the same neighbours are equal, and a maximum of equal products has a kink
        torch.nn.init.constant_(layer.epsilon, 0.3)
    names, parameters = zip(*model.named_parameters(), strict=True)

    def outputs(*values):
        state = dict(zip(names, values, strict=True))

        class Whole(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self):
                codes = model.encoder.time_codes(series, scan, last)
                content = model.encoder.node_content(codes, profiles)
                found = model(adjacency, content, [2, 3], penalised=True)
                return found.logits, found.penalty

        return torch.func.functional_call(Whole(), {f"model.{k}": v for k, v in state.items()}, ())

    # kinks of the rectifiers are closer than the step of 1e-6 with a probability near 1e-4
    assert torch.autograd.gradcheck(outputs, parameters, atol=1e-6, fast_mode=True)


@drawn
def test_bfloat16_is_near_single_precision():
    encoder = GraphEncoder(30, 16, 2)
    adjacency, content = graphs(8, 30, torch.float32), torch.randn(8, 30, 16)
    exact = encoder(adjacency, content)[-1]
    with torch.autocast("cpu", torch.bfloat16):
        low = encoder(adjacency, content)[-1]
    # Six products in a row, each with three roundings of at most 2**-9; normalised values are below 5.
    assert 0 < (low.float() - exact).abs().max() < 6 * 3 * 2**-9 * 5


# ------------------------------------------------------------------------------------------------------ scans


def run(model, adjacency, series, last, n_windows):
    scan = torch.repeat_interleave(torch.arange(len(n_windows)), torch.tensor(n_windows))
    codes = model.encoder.time_codes(series, scan, last)
    with torch.no_grad():
        return model(adjacency, model.encoder.node_content(codes, None, n_graphs=len(scan)), n_windows)


@pytest.mark.parametrize("time_readout", ["sum", "mean", "moments"])
@drawn
def test_scans_of_other_lengths_beside_it_do_not_change_a_scan(time_readout):
    model = Backbone(GraphEncoder(6, 8, 2), 3, time_readout=time_readout).double().eval()
    adjacency, series, last = (
        graphs(7, 6),
        torch.randn(2, 40, 6).double(),
        torch.tensor([5, 9, 10, 19, 29, 35, 39]),
    )
    both = run(model, adjacency, series, last, [3, 4])
    for scan, part in enumerate((slice(0, 3), slice(3, 7))):
        alone = run(model, adjacency[part], series[scan : scan + 1], last[part], [part.stop - part.start])
        torch.testing.assert_close(both.logits[scan], alone.logits[0], rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(both.node_attention[:, part], alone.node_attention, rtol=1e-10, atol=0)
        n = part.stop - part.start
        for padded, whole in zip(both.time_attention, alone.time_attention, strict=True):
            torch.testing.assert_close(padded[scan, :n, :n], whole[0], rtol=1e-10, atol=1e-14)


@drawn
def test_order_of_windows_matters_through_the_time_code_only():
    adjacency, series = graphs(6, 5), torch.randn(1, 30, 5).double()
    last = torch.tensor([4, 9, 14, 19, 24, 29])
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    for node_input, invariant in (("region", True), ("time", False)):
        model = Backbone(GraphEncoder(5, 8, 2, node_input), 2, time_readout="moments").double().eval()
        # graphs change places, times stay
        given, shuffled = (run(model, a, series, last, [6]).logits for a in (adjacency, adjacency[order]))
        assert torch.allclose(given, shuffled, rtol=1e-10, atol=1e-12) == invariant


def test_reductions_over_windows():
    windows = torch.tensor([[[1.0], [3.0], [99.0]], [[2.0], [4.0], [6.0]]], dtype=torch.float64)
    padding = torch.tensor([[False, False, True], [False, False, False]])
    assert summarise(windows, padding, "sum").tolist() == [[4.0], [12.0]]
    assert summarise(windows, padding, "mean").tolist() == [[2.0], [4.0]]
    deviation = np.sqrt(np.array([1.0, 8 / 3]) + 1e-6)
    np.testing.assert_allclose(summarise(windows, padding, "moments")[:, 1], deviation)
    assert mean_over_scans(torch.tensor([1.0, 3.0, 10.0]), [2, 1]) == 6.0
