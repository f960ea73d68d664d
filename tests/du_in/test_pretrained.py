"""Files of weights: what comes back, what is refused, and the authors' names."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch

from neurosci._training import save_weights
from neurosci.du_in import DuINEncoder, load_official_weights, load_pretrained, save_pretrained
from neurosci.du_in._pretrained import KIND
from tests.du_in.networks import (
    N_CHANS,
    N_TIMES,
    TINY,
    TINY_MULTI,
    classifier,
    make,
    masked,
    n_trainable,
    settle,
    signals,
    tokenizer,
)

NAMES = ["A1-A2", "A2-A3", "TI'4-TI'5"]
FACTS = {
    "ch_names": NAMES,
    "sfreq": 1000.0,
    "preprocessing": {"l_freq": 0.5, "reference": "bipolar"},
    "training_ids": ["block 1/3", "block 2/1"],
    "extra": {"classes": ["a", "b"]},
}
NETWORKS = {
    "encoder": lambda: make(DuINEncoder, N_CHANS, None, TINY),
    "tokenizer": lambda: tokenizer(vq_warmup_steps=60),
    "subjects": lambda: tokenizer(TINY_MULTI, n_subjects=2),
    "masked": masked,
    "tokens": lambda: masked(target="tokens"),
    "classifier": lambda: classifier(head="sigmoid", quantize=True),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("as_file", [True, False])
def test_a_network_comes_back(tmp_path, name, as_file):
    module = settle(NETWORKS[name]())
    path = tmp_path / ("net.safetensors" if as_file else "net")
    save_pretrained(path, module, **FACTS)
    found = load_pretrained(path, ch_names=NAMES, sfreq=1000)
    assert type(found.module) is type(module)
    assert found.module.config == module.config
    assert not found.module.training
    state = found.module.state_dict()
    assert all(torch.equal(state[k], v) for k, v in module.state_dict().items())
    assert (found.ch_names, found.sfreq) == (tuple(NAMES), 1000.0)
    assert found.preprocessing == FACTS["preprocessing"]
    assert found.training_ids == ("block 1/3", "block 2/1")
    assert found.extra == FACTS["extra"]
    assert "torch" in found.versions
    if not as_file:
        config = json.loads((path / "config.json").read_text())
        assert (config["schema"], config["ch_names"], config["sfreq"]) == (1, NAMES, 1000.0)
    if name == "tokenizer":
        x = signals(2)
        assert torch.equal(found.module(x).signals, module(x).signals)
        assert found.module.quantizer.vq_warmup_steps == 60


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["A1-A2", "A2-A3", "B1-B2"], "missing: TI'4-TI'5; not in the network: B1-B2"),
        (["A1-A2", "A2-A3"], "the 3 channels of the network, got 2; missing: TI'4-TI'5"),
        (["A2-A3", "A1-A2", "TI'4-TI'5"], "must be in the order of the network"),
        (["a1-a2", "A2-A3", "TI'4-TI'5"], "differ in case only"),
        (["A1-A2", "A2-A3", "TI'4-TI'5", "A1-A2"], "3 channels of the network, got 4"),
    ],
)
def test_other_channels_are_refused(tmp_path, names, message):
    save_pretrained(tmp_path, tokenizer(), **FACTS)
    with pytest.raises(ValueError, match=message):
        load_pretrained(tmp_path, ch_names=names)


def test_another_rate_is_refused(tmp_path):
    save_pretrained(tmp_path, tokenizer(), **FACTS)
    with pytest.raises(ValueError, match="sfreq must be that of the network, 1000 Hz, got 512 Hz"):
        load_pretrained(tmp_path, sfreq=512)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", ["pickle", "torch", "text", "empty", "json", "npz", "other safetensors"])
def test_foreign_files_are_refused_before_they_are_read(tmp_path, kind):
    path, trace = tmp_path / "model.safetensors", tmp_path / "trace"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb(trace)))
    elif kind == "torch":
        torch.save({"x": Bomb(trace)}, path)
    elif kind == "text":
        path.write_text("weights")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "json":
        path.write_text("{}")
    elif kind == "npz":
        import numpy as np

        np.savez(path.with_suffix(".npz"), x=np.arange(3))
        path.with_suffix(".npz").rename(path)
    else:
        save_weights(path, "fc_ssl/network", {}, {"x": torch.zeros(3)})
    for given in (path, tmp_path):
        with pytest.raises(ValueError, match=r"load_weights: model\.safetensors must"):
            load_pretrained(given)
    assert not trace.exists()


def test_no_file_is_an_error_of_its_own(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_pretrained(tmp_path / "missing")


def header(**changes):
    module = tokenizer()
    config = {
        "schema": 1,
        "network": "DuINVQVAE",
        "arguments": {"n_chans": N_CHANS, "n_times": N_TIMES, "n_subjects": 1, "vq_warmup_steps": 0},
        "sizes": TINY.to_dict(),
        "ch_names": NAMES,
        "sfreq": 1000.0,
        "preprocessing": {},
        "training_ids": [],
        "versions": {},
        "extra": {},
    }
    return {**config, **changes}, module


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "the schema must be 1, got 2"),
        ({"schema": None}, "the schema must be 1, got None"),
        ({"network": "Popen"}, "network must be one of DuINEncoder"),
        ({"sizes": {**TINY.to_dict(), "n_layers": 3}}, "must have the shapes of the network"),
        ({"sizes": {**TINY.to_dict(), "codex_size": 10**12}}, "must have the shapes of the network"),
        ({"sizes": {**TINY.to_dict(), "n_layers": "many"}}, "n_layers must be positive integers"),
        ({"sizes": {"unknown": 1}}, "file is damaged"),
        ({"arguments": {"n_chans": N_CHANS, "n_times": 10**12}}, "windows are too long"),
        ({"arguments": {"n_chans": N_CHANS, "evil": 1, "n_times": N_TIMES}}, "file is damaged"),
        ({"ch_names": NAMES[:2]}, "2 names of 3 channels"),
        ({"sfreq": "fast"}, "could not convert"),
        ({"extra": None}, "file is damaged"),
    ],
)
def test_headers_that_do_not_fit_are_refused(tmp_path, changes, message):
    config, module = header(**changes)
    save_weights(tmp_path, KIND, config, module)
    with pytest.raises(ValueError, match=message):
        load_pretrained(tmp_path)


def test_a_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "net.safetensors"
    save_pretrained(path, tokenizer(), **FACTS)
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        load_pretrained(path)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"ch_names": NAMES[:2]}, ValueError, "ch_names must be 3 different names, got 2"),
        ({"ch_names": ["A", "A", "B"]}, ValueError, "got 3 with 2 different"),
        ({"sfreq": 0}, ValueError, "sfreq must be positive, got 0"),
    ],
)
def test_wrong_facts_are_refused(tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        save_pretrained(tmp_path / "net", tokenizer(), **{**FACTS, **changes})
    assert not (tmp_path / "net").exists()


def test_other_modules_are_refused(tmp_path):
    with pytest.raises(TypeError, match="module must be one of DuINEncoder"):
        save_pretrained(tmp_path, torch.nn.Flatten(), **FACTS)


def official(network, n_chans=10, seed=0):
    """A state dict under the authors' names, in the published sizes, every weight drawn anew."""
    generator = torch.Generator().manual_seed(seed)
    state = {}

    def put(name, *shape):
        state[name] = torch.randn(*shape, generator=generator) * 0.05

    def affine(name, n_out, *rest):
        put(f"{name}.weight", n_out, *rest)
        put(f"{name}.bias", n_out)

    put("subj_block.subj_layer.W.weight", n_chans * 16, 1)
    put("subj_block.subj_layer.B.weight", 16, 1)
    for i, (before, after, kernel) in enumerate([(16, 128, 19), (128, 128, 3), (128, 16, 3)]):
        affine(f"tokenizer.conv_blocks.{i}.0.1", after, before, kernel)
        affine(f"tokenizer.conv_blocks.{i}.1.1", after)
        put(f"tokenizer.conv_blocks.{i}.1.1.running_mean", after)
        state[f"tokenizer.conv_blocks.{i}.1.1.running_var"] = torch.rand(after, generator=generator) + 0.5
        state[f"tokenizer.conv_blocks.{i}.1.1.num_batches_tracked"] = torch.tensor(7)

    def layers(stack, n):
        for i in range(n):
            block = f"{stack}.1.xfmr_blocks.{i}"
            for letter in "qkv":
                affine(f"{block}.mha.W_{letter}.W", 512, 160)
            affine(f"{block}.mha.norm_q", 64)
            affine(f"{block}.mha.norm_k", 64)
            state[f"{block}.mha.attention.scale"] = torch.tensor(0.125)
            affine(f"{block}.mha.proj.0", 160, 512)
            affine(f"{block}.norm_mha", 160)
            affine(f"{block}.ffn.fc1.0", 320, 160)
            affine(f"{block}.ffn.fc2.0", 160, 320)
            affine(f"{block}.norm_ffn", 160)

    put("emb_time.time_encodings", 40, 160)
    layers("encoder", 8)
    if network != "mae":
        affine("vq_block.pre_proj.0", 160, 160)
        affine("vq_block.pre_proj.2", 64, 160)
        put("vq_block.codex.embeddings", 2048, 64)
        state["vq_block.codex.initted"] = torch.tensor([1.0])
        put("vq_block.counts", 2048)
        affine("vq_block.layernorm", 64)
        affine("vq_block.post_proj.0", 160, 64)
    if network == "vqvae":
        layers("decoder", 4)
        widths = (160, 128, 128, 128, 128, 16)
        for i, kernel in enumerate((3, 3, 10, 9, 19)):
            put(f"rgs_block.rgs_head.{i}.0.1.weight", widths[i], widths[i + 1], kernel)
            put(f"rgs_block.rgs_head.{i}.0.1.bias", widths[i + 1])
        affine("rgs_block.rgs_head.5.0", 16, 16)
        put("desubj_block.subj_layer.W.weight", 16 * n_chans, 1)
        put("desubj_block.subj_layer.B.weight", n_chans, 1)
    elif network == "mae":
        put("mask_emb", 160)
        affine("cls_block.cls_head.0.0", 2048, 160)
    else:
        put("contra_block.proj.weight", 32, 160)
        affine("cls_block.cls_head.1.0", 128, 4800)
        affine("cls_block.cls_head.2.0", 61, 128)
    return state


SIZES = {"vqvae": (4000, 5_801_386), "mae": (4000, 3_890_304), "classifier": (3000, 4_182_813)}


@pytest.mark.parametrize("network", SIZES)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_official_names_fill_every_weight(tmp_path, network, prefix):
    state = official(network)
    torch.save({prefix + name: tensor for name, tensor in state.items()}, tmp_path / "checkpoint-399.pth")
    n_times, count = SIZES[network]
    module = load_official_weights(tmp_path / "checkpoint-399.pth", network, n_times=n_times)
    assert n_trainable(module) == count
    assert not module.training
    # what the first layer makes of a signal, by the authors' order of axes
    x = signals(2, 10, n_times)
    matrix = state["subj_block.subj_layer.W.weight"].reshape(10, 16)
    bias = state["subj_block.subj_layer.B.weight"][:, 0]
    expected = (x.transpose(1, 2) @ matrix + bias).transpose(1, 2)
    torch.testing.assert_close(module.spatial.projection(x), expected, rtol=1e-4, atol=1e-5)
    layer = module.transformer.layers[3]
    keys = state["encoder.1.xfmr_blocks.3.mha.W_k.W.weight"]
    assert torch.equal(layer.qkv.weight[512:1024], keys)
    if network == "vqvae":
        assert torch.equal(module.quantizer.codex, state["vq_block.codex.embeddings"])
        matrix = state["desubj_block.subj_layer.W.weight"].reshape(16, 10)
        hidden = signals(2, 16, 50)
        expected = (hidden.transpose(1, 2) @ matrix).transpose(1, 2)
        bias = state["desubj_block.subj_layer.B.weight"]
        torch.testing.assert_close(
            module.regression.projection(hidden), expected + bias, rtol=1e-4, atol=1e-5
        )
    if network == "classifier":
        assert module.head == "sigmoid"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda state: {**state, "decoder.9.weight": torch.zeros(1)}, "got 1 others: decoder.9.weight"),
        (
            lambda state: dict(list(state.items())[:-1]),
            r"must hold a mae of the published sizes with windows of 4000 .* got 1 missing \(head\.bias\)",
        ),
        (
            lambda state: {**state, "mask_emb": torch.zeros(80)},
            r"got 1 of another shape \(hidden \(80,\) in place of \(160,\)\)",
        ),
        (lambda state: official("vqvae"), r"88 unexpected .*\(this is a vqvae: pass network='vqvae'\)"),
        (
            lambda state: {**state, "tokenizers.3.conv.weight": torch.zeros(1)},
            "model of several subjects, which is not read",
        ),
        (lambda state: {}, "names to tensors alone, got an empty one"),
        (lambda state: {k: v for k, v in state.items() if "W_q" not in k}, "q, k and v must come together"),
        (lambda state: {k: v for k, v in state.items() if "subj" not in k}, "must hold subj_block"),
        (lambda state: [1, 2], "mapping of names to tensors, got list"),
        (lambda state: {"state": {"x": torch.zeros(1)}}, r"got 'state': dict \(of a training state"),
    ],
)
def test_other_official_files_are_refused(tmp_path, content, message):
    path = tmp_path / "checkpoint.pth"
    torch.save(content(official("mae")), path)
    with pytest.raises(ValueError, match=message):
        load_official_weights(path, "mae", n_times=4000)


def test_an_official_file_cannot_run_anything(tmp_path):
    path, trace = tmp_path / "checkpoint.pth", tmp_path / "trace"
    torch.save({"mask_emb": Bomb(trace)}, path)
    with pytest.raises(ValueError, match="cannot be loaded safely"):
        load_official_weights(path, "mae", n_times=4000)
    path.write_bytes(pickle.dumps(Bomb(trace)))
    with pytest.raises(ValueError, match=r"must be an archive of torch\.save"):
        load_official_weights(path, "mae", n_times=4000)
    assert not trace.exists()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_official_weights(tmp_path / "none.pth", "mae", n_times=4000)
