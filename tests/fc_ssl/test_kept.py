"""What is kept to save time changes no number: memory, graphs of earlier epochs, and a fast exponential."""

from __future__ import annotations

import copy
import gc

import numba
import numpy as np
import pytest
import torch

from neurosci.fc_ssl import STMAE, STAGINClassifier, _batches
from neurosci.fc_ssl._fused import weighted_means
from neurosci.fc_ssl._kernels import exponential
from neurosci.fc_ssl._workspace import LINE, Workspace
from tests.fc_ssl.draws import drawn

SMALL = {"window": 12, "step": 6, "hidden_dim": 6, "n_layers": 2, "batch_size": 4, "random_state": 0}


def test_memory_is_used_again_when_nothing_refers_to_it():
    workspace = Workspace()
    first = workspace.empty((3, 5), torch.float32)
    second = workspace.empty((3, 5), torch.float32)
    places = {tensor.data_ptr() for tensor in (first, second)}
    assert len(places) == 2
    assert all(place % LINE == 0 for place in places)
    row = first[1]  # a view of a view
    del first, second
    gc.collect()
    third, fourth = (workspace.empty((3, 5), torch.float32) for _ in range(2))
    assert third.data_ptr() in places - {row.data_ptr() - 5 * 4}
    assert fourth.data_ptr() not in places, "the memory of a view was handed out"


def test_memory_grows_with_the_largest_batch_only():
    workspace = Workspace()
    for n in (4, 8, 2, 8, 5):
        workspace.empty((n, 16), torch.float64)
    assert workspace.n_bytes == 8 * 16 * 8 + LINE


def test_a_copy_shares_no_memory():
    workspace = Workspace()
    workspace.empty((4,), torch.float32)
    assert copy.deepcopy(workspace).n_bytes == 0


@drawn
def test_weighted_means():
    nodes = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
    workspace = Workspace()
    found = weighted_means(nodes, weights, workspace)
    torch.testing.assert_close(found, torch.einsum("gv,gvd->gd", weights, nodes) / 4)
    torch.testing.assert_close(found, weighted_means(nodes, weights))
    assert torch.autograd.gradcheck(lambda *x: weighted_means(*x, workspace), (nodes, weights))


def test_exponential_in_single_precision():
    @numba.njit
    def of(x):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = exponential(x[i])
        return out

    x = np.linspace(-86, 87, 100_001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    # the polynomial is good to 2**-23, and its sum and product round once each
    assert (abs(of(x) / exact - 1)).max() < 2**-22
    assert np.isnan(of(np.array([np.nan], np.float32)))[0], "a number that is none became one"
    twice = np.linspace(-700, 700, 101)
    np.testing.assert_allclose(of(twice), np.exp(twice), rtol=1e-15)


@pytest.mark.parametrize("node_input", ["time", "profile"])
def test_graphs_of_earlier_epochs_change_no_weight(node_input, monkeypatch):
    scans = list(np.random.default_rng(0).standard_normal((9, 90, 7)))
    scans[2] = scans[2][:75]
    labels = np.arange(9) % 2

    def weights():
        pretrained = STMAE(**SMALL, node_input=node_input, n_windows=2, max_epochs=3).fit(scans)
        trained = STAGINClassifier(**SMALL, node_input=node_input, max_epochs=3, device="cpu")
        return pretrained.weights_ | {
            f"trained {k}": v for k, v in trained.fit(scans, labels).weights_.items()
        }

    kept = weights()
    monkeypatch.setattr(_batches, "KEPT_BYTES", 0)
    for name, value in weights().items():
        np.testing.assert_array_equal(kept[name], value, err_msg=name)
