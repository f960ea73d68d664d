"""Weights of the authors' release, renamed; nothing in the file can run.

The names follow the authors' published source. No released file was at hand: that every name occurs in one as
it stands here is not verified.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from .._core.checks import check_option
from ._classifier import DuINClassifierModule
from ._config import DuINConfig
from ._encoder import DuINEncoder
from ._mae import DuINMAE
from ._vqvae import DuINVQVAE

NETWORKS = ("vqvae", "mae", "classifier")

_LAYER = {
    "mha.norm_q": "norm_q",
    "mha.norm_k": "norm_k",
    "mha.proj.0": "proj",
    "norm_mha": "norm_attention",
    "ffn.fc1.0": "expand",
    "ffn.fc2.0": "contract",
    "norm_ffn": "norm_feedforward",
}
_RULES = (
    (r"tokenizer\.conv_blocks\.(\d+)\.0\.1\.(weight|bias)", r"spatial.convs.0.convs.\1.\2"),
    (r"tokenizer\.conv_blocks\.(\d+)\.1\.1\.(\w+)", r"spatial.convs.0.norms.\1.\2"),
    *(
        (
            rf"{stack}\.1\.xfmr_blocks\.(\d+)\.{re.escape(theirs)}\.(weight|bias)",
            rf"{ours}.layers.\1.{name}.\2",
        )
        for stack, ours in (("encoder", "transformer"), ("decoder", "decoder"))
        for theirs, name in _LAYER.items()
    ),
    (r"vq_block\.pre_proj\.0\.(\w+)", r"quantizer.hidden.\1"),
    (r"vq_block\.pre_proj\.2\.(\w+)", r"quantizer.project.\1"),
    (r"vq_block\.layernorm\.(\w+)", r"quantizer.norm.\1"),
    (r"vq_block\.post_proj\.0\.(\w+)", r"quantizer.expand.\1"),
    (r"vq_block\.codex\.embeddings", "quantizer.codex"),
    (r"vq_block\.counts", "quantizer.counts"),
    (r"rgs_block\.rgs_head\.([0-4])\.0\.1\.(\w+)", r"regression.heads.0.convs.\1.\2"),
    (r"rgs_block\.rgs_head\.5\.0\.(\w+)", r"regression.heads.0.last.\1"),
    (r"mask_emb", "hidden"),
)
_HEADS = {
    "mae": ((r"cls_block\.cls_head\.0\.0\.(\w+)", r"head.\1"),),
    "classifier": (
        (r"cls_block\.cls_head\.1\.0\.(\w+)", r"classify.1.\1"),
        (r"cls_block\.cls_head\.2\.0\.(\w+)", r"classify.3.\1"),
    ),
    "vqvae": (),
}
# What only one of the networks has.
_MARKS = {"vqvae": "rgs_block.", "mae": "mask_emb", "classifier": "cls_block.cls_head.2."}
# Constants that we compute, and parts of the classifier that do not reach its output.
_IGNORED = re.compile(r"emb_time\.time_encodings|.*\.attention\.scale|vq_block\.codex\.initted")
_UNUSED = re.compile(r"(vq_block|contra_block)\..*")
_QKV = re.compile(r"(encoder|decoder)\.1\.xfmr_blocks\.(\d+)\.mha\.W_([qkv])\.W\.(weight|bias)")
_SUBJECT = re.compile(r"(subj_block|desubj_block)\.subj_layer\.([WB])\.weight")


def load_official_weights(
    path: str | os.PathLike[str], network: str, *, n_times: int, n_outputs: int = 61, head: str = "sigmoid"
) -> DuINEncoder:
    """Load a ``.pth`` checkpoint of the authors into our network.

    Parameters
    ----------
    path : path-like
        File, such as ``pretrains/duin/001/vqvae/model/checkpoint-399.pth``.
    network : {"vqvae", "mae", "classifier"}
        What it holds; of the single-subject model in its published sizes.
    n_times : int
        Samples of a window: 4000 in pre-training, 3000 for trials.
    n_outputs : int, default=61
        Classes of a classifier.
    head : {"sigmoid", "linear"}, default="sigmoid"
        Head of a classifier; theirs has the sigmoid.

    Returns
    -------
    DuINEncoder
        A `DuINVQVAE`, `DuINMAE` or `DuINClassifierModule` in evaluation mode.

    Raises
    ------
    ValueError
        If the file is no archive of tensors, a name in it is unknown, or one is missing.

    Notes
    -----
    The names follow the authors' source; they were not checked against a released file.
    """
    check_option("load_official_weights", "network", network, NETWORKS)
    tensors = _read(Path(path))
    renamed = rename(tensors, network)
    n_chans, n_subjects = _sizes(tensors)
    config = DuINConfig.paper()
    for name in ("quantizer.codex", "head.weight"):
        if name in renamed:
            config = config.replace(codex_size=len(renamed[name]))
    with torch.random.fork_rng(devices=[]):
        module: DuINEncoder
        if network == "vqvae":
            module = DuINVQVAE(n_chans, n_times, config, n_subjects=n_subjects)
            renamed["quantizer.started"] = torch.tensor(True)
            renamed["quantizer.n_steps"] = torch.tensor(0)
        elif network == "mae":
            module = DuINMAE(n_chans, n_times, config, n_subjects=n_subjects)
        else:
            module = DuINClassifierModule(
                n_chans, n_times, n_outputs, config, head=head, n_subjects=n_subjects
            )
    hint = _hint(tensors, network) or " (check network, n_times and n_outputs; names are ours)"
    _check_fit(f"{Path(path).name} must hold a {network}", n_times, renamed, module, hint)
    module.load_state_dict(renamed)
    return module.eval()


def _check_fit(
    wanted: str, n_times: int, renamed: Mapping[str, Tensor], module: torch.nn.Module, hint: str
) -> None:
    """Raise when a weight is missing or of another shape; names which, and the sizes on both sides."""
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in renamed.items()}
    missing = [name for name in expected if name not in given]
    extra = [name for name in given if name not in expected]
    other = [
        f"{name} {given[name]} in place of {expected[name]}"
        for name in expected.keys() & given.keys()
        if expected[name] != given[name]
    ]
    said = [
        f"{len(names)} {words} ({', '.join(sorted(names)[:3])}{', ...' if len(names) > 3 else ''})"
        for words, names in (("missing", missing), ("unexpected", extra), ("of another shape", other))
        if names
    ]
    if said:
        raise ValueError(
            f"load_official_weights: {wanted} of the published sizes with windows of {n_times} samples, got "
            f"{'; '.join(said)}{hint}"
        )


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f"load_official_weights: there is no file {path}")
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"load_official_weights: {path.name} must be an archive of torch.save, got another file"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    # on bytes that others wrote torch raises anything; a refusal is final
    except Exception as error:
        raise ValueError(
            f"load_official_weights: {path.name} must hold tensors only, got what cannot be loaded safely "
            f"({str(error)[:200]})"
        ) from error
    if not isinstance(content, Mapping):
        raise ValueError(
            f"load_official_weights: {path.name} must hold a mapping of names to tensors, got "
            f"{type(content).__name__}"
        )
    wrong = [
        f"{k!r}: {type(v).__name__}"
        for k, v in content.items()
        if not isinstance(k, str) or not isinstance(v, Tensor)
    ]
    if wrong or not content:
        raise ValueError(
            f"load_official_weights: {path.name} must hold a mapping of names to tensors alone, got "
            f"{', '.join(wrong[:5]) or 'an empty one'} (of a training state, save the weights alone)"
        )
    return {name.removeprefix("module."): tensor for name, tensor in content.items()}


def rename(tensors: Mapping[str, Tensor], network: str) -> dict[str, Tensor]:
    """Return the authors' tensors under our names.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Weights under the authors' names, without ``module.``.
    network : {"vqvae", "mae", "classifier"}
        What they belong to.

    Returns
    -------
    dict of str to Tensor
        Weights and buffers.

    Raises
    ------
    ValueError
        If a name is unknown.
    """
    rules = [(re.compile(pattern), ours) for pattern, ours in (*_RULES, *_HEADS[network])]
    found: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}
    unknown = []
    for name, tensor in tensors.items():
        if _IGNORED.fullmatch(name) or (network == "classifier" and _UNUSED.fullmatch(name)):
            continue
        if match := _QKV.fullmatch(name):
            stack, layer, letter, kind = match.groups()
            ours = f"{'transformer' if stack == 'encoder' else 'decoder'}.layers.{layer}.qkv.{kind}"
            parts.setdefault(ours, {})[letter] = tensor
        elif match := _SUBJECT.fullmatch(name):
            block = "spatial" if match[1] == "subj_block" else "regression"
            kind = "weight" if match[2] == "W" else "bias"
            found[f"{block}.projection.{kind}"] = _per_subject(match[1], match[2], tensor, tensors)
        else:
            for pattern, ours in rules:
                if match := pattern.fullmatch(name):
                    found[match.expand(ours)] = tensor
                    break
            else:
                unknown.append(name)
    if unknown:
        raise ValueError(
            f"load_official_weights: names must be those of the {network}, got {len(unknown)} others: "
            f"{', '.join(unknown[:5])}{_hint(tensors, network)}"
        )
    for ours, letters in parts.items():
        if sorted(letters) != ["k", "q", "v"]:
            raise ValueError(
                f"load_official_weights: q, k and v must come together, got {sorted(letters)} ({ours})"
            )
        found[ours] = torch.cat([letters[letter] for letter in "qkv"])
    return found


def _hint(tensors: Mapping[str, Tensor], network: str) -> str:
    """Say what a file rather is, where its names tell."""
    if any(re.match(r"tokenizers?\.\d+\.", name) for name in tensors):
        return " (this is the model of several subjects, which is not read)"
    found = [name for name, mark in _MARKS.items() if any(key.startswith(mark) for key in tensors)]
    return f" (this is a {found[0]}: pass network={found[0]!r})" if found and network not in found else ""


def _per_subject(block: str, letter: str, tensor: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
    """Return a weight (n_subjects, n_out, n_in) or bias (n_subjects, n_out)."""
    if letter == "B":
        return tensor.T.contiguous()
    n_out = len(tensors[f"{block}.subj_layer.B.weight"])
    return tensor.reshape(-1, n_out, tensor.shape[1]).permute(2, 1, 0).contiguous()


def _sizes(tensors: Mapping[str, Tensor]) -> tuple[int, int]:
    weight = tensors.get("subj_block.subj_layer.W.weight")
    bias = tensors.get("subj_block.subj_layer.B.weight")
    if weight is None or bias is None or len(weight) % len(bias):
        raise ValueError(
            "load_official_weights: the file must hold subj_block.subj_layer.W and .B, got none that fit"
        )
    return len(weight) // len(bias), int(weight.shape[1])
