"""Reconstructed neurons: the registered files, small trees, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from neurosci.datasets import (
    DataFormatError,
    DataNotFoundError,
    PackageMember,
    fetch_fly_neurons,
    get_dataset,
    read_neuron,
)

SWC = "# a comment\n1 0 0 0 0 10.0 -1\n2 0 125 0 0 10.0 1\n5 0 125 250 0 10.0 2\n"
CSV = "connector_id,node_id,type,x,y,z\n0,5,post,0,0,0\n1,2,pre,0,0,0\n2,5,post,1,1,1\n"


def files(folder, swc=SWC, csv=CSV):
    paths = folder / "body.swc", folder / "body.csv"
    for path, text in zip(paths, (swc, csv), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_every_file_is_pinned():
    dataset = get_dataset("fly_neurons")
    assert len(dataset.files) == 10
    assert all(isinstance(file, PackageMember) and file.version == "1.12.0" for file in dataset.files)
    assert "NOT VERIFIED" in dataset.licence


def test_a_tree_has_rows_and_micrometres(tmp_path):
    tree = read_neuron(*files(tmp_path))
    assert tree.name == "body"
    np.testing.assert_array_equal(tree.parents, [-1, 0, 1])
    np.testing.assert_allclose(tree.positions, [[0, 0, 0], [1, 0, 0], [1, 2, 0]])
    assert (tree.inputs.tolist(), tree.outputs.tolist()) == ([2, 2], [1])
    assert repr(tree) == "NeuronTree(body: 3 nodes, 2 inputs, 1 outputs)"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"swc": "1 0 0 0 0 10.0 -1\n1 0 0 0 0 10.0 -1\n"}, "listed once, after its parent"),
        ({"swc": "2 0 0 0 0 10.0 5\n5 0 0 0 0 10.0 -1\n"}, "listed once, after its parent"),
        ({"swc": "2 0 0 0 0 10.0 7\n5 0 0 0 0 10.0 -1\n"}, "listed once, after its parent"),
        ({"swc": "1 0 0 0 0 -1\n"}, "a node must have 7 numbers, got 6"),
        ({"swc": "one 0 0 0 0 1 -1\n"}, "must be tables of numbers"),
        ({"swc": ""}, "a node must have 7 numbers"),
        ({"csv": "a,b\n1,2\n"}, "must be tables of numbers"),
        ({"csv": "node_id,type\n9,post\n"}, "node_id must be a node of body.swc"),
        ({"csv": "node_id,type\nx,post\n"}, "must be tables of numbers"),
    ],
)
def test_malformed_files(tmp_path, changes, message):
    with pytest.raises(DataFormatError, match=message):
        read_neuron(*files(tmp_path, **changes))


def test_nothing_is_downloaded_against_the_users_will(tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROSCI_DATA", raising=False)
    with pytest.raises(DataNotFoundError, match="fly_neurons"):
        fetch_fly_neurons(data_dir=tmp_path, download=False)
    with pytest.raises(ValueError, match="download must be True, False or 'force'"):
        fetch_fly_neurons(data_dir=tmp_path, download="yes")


def test_the_registered_neurons(monkeypatch):
    """What the five neurons hold, where their files are on this machine."""
    try:
        neurons = fetch_fly_neurons(download=False)
    except DataNotFoundError:
        pytest.skip("the files of navis are neither below NEUROSCI_DATA nor in the cache")
    assert [len(tree.parents) for tree in neurons] == [4465, 4847, 4332, 4696, 4881]
    assert sum(len(tree.inputs) for tree in neurons) == 11_520
    assert sum(len(tree.outputs) for tree in neurons) == 3316
    assert all(np.ptp(tree.positions, axis=0).max() < 400 for tree in neurons)  # a fly's brain is that wide
