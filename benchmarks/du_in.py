"""Training steps of the Du-IN networks against the same graph step by step; quantiser; input of a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.pairs import Pair, Target

SECONDS = {"vqvae": 0.040, "mae": 0.043, "classifier": 0.017}  # per sample, on an AVX-512 core
BATCH = {"vqvae": 16, "mae": 16, "classifier": 32}
SAMPLES = {"vqvae": 4000, "mae": 4000, "classifier": 3000}


def prepare(stage: str) -> Any:
    """Return a function that makes both networks with equal weights, their optimisers and a batch."""

    def make(n: int) -> dict[str, Any]:
        import torch
        from torch.nn import functional

        from benchmarks import du_in_peers
        from neurosci._training import seeded
        from neurosci.du_in import DuINClassifierModule, DuINMAE, DuINVQVAE
        from neurosci.du_in._optimisation import make_plan

        torch.set_num_threads(1)
        plan = make_plan(stage, "published")
        with seeded(0, "benchmark"):
            x = torch.randn(n, 10, SAMPLES[stage])
            y = torch.randint(0, 61, (n,))
            codes, mask = torch.randint(0, 2048, (n, 40)), torch.rand(n, 40) < 0.5
            moved, one = x.transpose(1, 2).contiguous(), torch.ones(n, 1)
            ours: Any
            peer: Any
            if stage == "vqvae":
                ours = DuINVQVAE(10, 4000)
                ours.quantizer.started.fill_(True)
                peer = du_in_peers.Tokenizer(ours)
            elif stage == "mae":
                ours = DuINMAE(10, 4000)
                peer = du_in_peers.Masked(ours)
            else:
                ours = DuINClassifierModule(10, 3000, 61)
                peer = du_in_peers.Classifier(ours)

        def our_step() -> Any:
            if stage == "vqvae":
                found = ours(x)
                return found.signals.transpose(1, 2), (found.signals - x).square().mean() + found.commitment
            if stage == "mae":
                logits = ours(x, mask)
                return logits, functional.cross_entropy(logits.flatten(0, 1), codes.flatten())
            scores = ours(x)
            return scores, functional.cross_entropy(scores, y)

        def their_step() -> Any:
            if stage == "vqvae":
                return peer(moved, one, torch.ones(n, 10))[:2]
            if stage == "mae":
                return peer(moved, one, mask, functional.one_hot(codes, 2048).float())
            return peer(moved, one, y)

        sides = {"ours": (ours, our_step), "peer": (peer, their_step)}
        outputs = {}
        with torch.no_grad():
            for name, (module, step) in sides.items():
                module.eval()
                outputs[name] = step()[0]
                module.train()
        largest = float((outputs["ours"] - outputs["peer"]).abs().max())
        optimizers = {
            "ours": plan.optimizer(ours),
            "peer": torch.optim.AdamW(peer.parameters(), plan.lr_max, plan.betas, 1e-8, plan.weight_decay),
        }
        return {"sides": sides, "optimizers": optimizers, "difference": largest}

    return make


def train(side: str) -> Any:
    """Return a function that makes one training step of a side."""

    def step(data: dict[str, Any]) -> float:
        optimizer = data["optimizers"][side]
        optimizer.zero_grad(set_to_none=True)
        data["sides"][side][1]()[1].backward()
        optimizer.step()
        return float(data["difference"])

    return step


def per_sample(stage: str) -> Any:
    """Return a function of the measured rows: CPU seconds of one sample."""

    def value(rows: list[dict[str, Any]]) -> float:
        return min(rows[0]["seconds"]["ours"]["cpu"]) / (BATCH[stage] * rows[0]["n_calls"]["ours"])

    return value


def prepare_quantizer(n_tokens: int) -> dict[str, Any]:
    """Return tokens and weights as arrays."""
    import torch

    from neurosci._training import seeded
    from neurosci.du_in import VectorQuantizer

    torch.set_num_threads(1)
    with seeded(0, "benchmark"):
        module = VectorQuantizer()
        x = torch.randn(n_tokens // 40, 40, 160)
    names = ("hidden.weight", "hidden.bias", "project.weight", "project.bias", "expand.weight", "expand.bias")
    state = module.state_dict()
    return {
        "x": x.numpy(),
        "weights": {name: state[name].numpy().copy() for name in (*names, "codex")},
        "decay": module.decay,
    }


_BUILT: dict[int, Any] = {}


def quantize(data: dict[str, Any]) -> list[int]:
    """Run our layer forward and backward in training mode; return the codes of the first call."""
    import torch

    from neurosci._training import seeded
    from neurosci.du_in import VectorQuantizer

    key = id(data["x"])
    if key not in _BUILT:
        with seeded(0, "benchmark"):
            module = VectorQuantizer(decay=data["decay"])
        module.load_state_dict({n: torch.from_numpy(v) for n, v in data["weights"].items()}, strict=False)
        module.started.fill_(True)
        _BUILT[key] = (module.train(), torch.from_numpy(data["x"]).requires_grad_(), [])
    module, x, first = _BUILT[key]
    x.grad = None
    found = module(x)
    (found.tokens.square().mean() + found.commitment).backward()
    if not first:
        first.extend(found.codes.flatten().tolist())
    return list(first)


def different(ours: Any, peer: Any) -> float:
    """Return how many codes differ."""
    return float(np.count_nonzero(np.asarray(ours) != np.asarray(peer)))


def prepare_input(n: int) -> dict[str, Any]:
    """Return a mapped recording and a tokenizer whose batches come from it."""
    import tempfile
    from pathlib import Path

    import torch

    from neurosci._training import Batch, seeded
    from neurosci.du_in import DuINVQVAE
    from neurosci.du_in._optimisation import make_plan
    from neurosci.du_in._stage_vqvae import TokenizerLoss
    from neurosci.du_in._windows import Windows

    torch.set_num_threads(1)
    path = Path(tempfile.gettempdir()) / "neurosci-bench-du-in.npy"
    np.save(path, np.random.default_rng(0).standard_normal((400_000, 10), dtype=np.float32))
    with seeded(0, "benchmark"):
        module = DuINVQVAE(10, 4000)
    module.quantizer.started.fill_(True)
    windows = Windows.from_recordings([path], 8000, 4000)
    loss = TokenizerLoss(windows, make_plan("vqvae"), 4000)
    return {"module": module.train(), "loss": loss, "batch": Batch(np.arange(n), 0, 0, "cpu", 0)}


def read_input(data: dict[str, Any]) -> None:
    """Cut the windows of a step."""
    data["loss"].data.crops(data["batch"])


def whole_step(data: dict[str, Any]) -> None:
    """Cut the windows and train on them."""
    data["module"].zero_grad(set_to_none=True)
    data["loss"](data["module"], data["batch"])[0].backward()


PAIRS = (
    *(
        Pair(
            name=f"du_in_{stage}",
            ours_words=f"training step of the {stage}, one core",
            peer_words="the same graph and weights step by step: separate products, one-hot codes, permutes",
            ours=train("ours"),
            peer=train("peer"),
            prepare=prepare(stage),
            sizes=(BATCH[stage],),
            unit="samples",
            n_rounds=7,
            min_speedup=1.2,
            disagreement=lambda ours, _: float(ours),
            # float32 through twelve layers and sums over 128 channels
            max_disagreement=1e-5,
            disagreement_words="largest difference of the outputs in evaluation mode",
            targets=(Target(words="CPU time per sample", limit=SECONDS[stage], value=per_sample(stage)),),
        )
        for stage in SECONDS
    ),
    Pair(
        name="du_in_quantizer",
        ours_words="quantiser with 2048 codes, forward and backward",
        peer_words="vector-quantize-pytorch 1.32 behind the same projection",
        ours=quantize,
        peer="benchmarks.du_in_quantizer_peer:step",
        requirements=("vector-quantize-pytorch==1.32.*", "torch", "numpy"),
        prepare=prepare_quantizer,
        sizes=(640,),
        unit="tokens",
        n_rounds=15,
        min_speedup=1.5,
        disagreement=different,
        disagreement_words="codes that differ",
    ),
    Pair(
        name="du_in_input",
        ours_words="cutting the windows of a step from a mapped recording",
        peer_words="the whole step, cutting included",
        ours=read_input,
        peer=whole_step,
        prepare=prepare_input,
        sizes=(16,),
        unit="windows",
        n_rounds=5,
        min_speedup=20.0,
    ),
)
