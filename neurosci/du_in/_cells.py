"""Units of work: one training each, on trials of the generator that every unit makes alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._sizes import model_sizes
from ._synthetic import SyntheticSEEG

LEAK_WINDOW = 150
"""Samples of 1 ms of a window whose mean is decoded."""
N_LEAK_FOLDS = 5
N_SHOWN = 2
"""Windows whose reconstruction is kept for a figure."""


@dataclasses.dataclass(frozen=True)
class World:
    """A generator and how much is drawn from it.

    Parameters
    ----------
    generator : int
        Its seed.
    n_words, n_train, n_test, n_windows : int
        Words, training and test trials of each, unlabelled windows of 8 s.
    snr : float
        Amplitude of speech.
    """

    generator: int
    n_words: int
    n_train: int
    n_test: int
    n_windows: int
    snr: float

    def source(self) -> SyntheticSEEG:
        """Return the generator."""
        return SyntheticSEEG(self.n_words, snr=self.snr, random_state=self.generator)


@lru_cache(maxsize=1)
def trials(world: World) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return trials, words and blocks; test trials come last, from blocks of their own."""
    source = world.source()
    first = source.trials(world.n_train)
    # the next block begins after a whole number of rounds
    start = -(-world.n_train // source.repeats_per_block) * source.repeats_per_block
    last = source.trials(world.n_test, first=start)
    return (
        np.concatenate([first.X, last.X]),
        np.concatenate([first.y, last.y]),
        np.concatenate([first.groups, last.groups]),
    )


@lru_cache(maxsize=1)
def windows(world: World) -> NDArray[np.float32]:
    """Return unlabelled windows of 8 s."""
    return world.source().unlabelled(world.n_windows).X


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decoding:
    """One decoder.

    Parameters
    ----------
    world : World
        Where trials come from.
    seed : int
        Seed of weights, order and dropout.
    model : str
        Sizes; see `model_sizes`.
    channels : tuple of int
        Channels that it sees.
    n_epochs : int
        Epochs of fine-tuning.
    n_labels : int
        Training trials of each word.
    batch_size : int
        Trials per step.
    learning_rate : float
        Highest rate.
    patch_samples : int, default=100
        Patch length.
    quantize : bool, default=False
        Whether the quantiser stands before the head.
    level : {"region", "channel"}, default="region"
        What a token is.
    pooling : {"concatenate", "mean"}, default="concatenate"
        What the head sees of channel tokens.
    sizes : tuple of (str, object), default=()
        Sizes that differ from those of the model.
    """

    world: World
    seed: int
    model: str
    channels: tuple[int, ...]
    n_epochs: int
    n_labels: int
    batch_size: int
    learning_rate: float
    patch_samples: int = 100
    quantize: bool = False
    level: str = "region"
    pooling: str = "concatenate"
    sizes: tuple[tuple[str, Any], ...] = ()

    @property
    def config(self) -> Any:
        """Sizes of the network."""
        return model_sizes(self.model, self.patch_samples).replace(**dict(self.sizes))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pretraining:
    """One tokenizer or masked model.

    Parameters
    ----------
    world : World
        Where windows come from.
    seed : int
        Seed.
    model : str
        Sizes.
    channels : tuple of int
        Channels that it sees.
    n_epochs : int
        Epochs.
    batch_size : int
        Windows per step.
    learning_rate : float
        Highest rate.
    target : {"", "codes", "tokens", "signals"}, default=""
        What a masked model predicts; empty for a tokenizer.
    sizes : tuple of (str, object), default=()
        Sizes that differ from those of the model.
    crop : int, default=4000
        Samples of a crop.
    """

    world: World
    seed: int
    model: str
    channels: tuple[int, ...]
    n_epochs: int
    batch_size: int
    learning_rate: float
    target: str = ""
    sizes: tuple[tuple[str, Any], ...] = ()
    crop: int = 4000

    @property
    def config(self) -> Any:
        """Sizes of the network."""
        return model_sizes(self.model).replace(**dict(self.sizes))


def pretrain(
    item: tuple[Pretraining, Mapping[str, Any]],
    rng: np.random.Generator,  # noqa: ARG001 (seeds are fields)
) -> dict[str, Any]:
    """Train a tokenizer or, on the codes of one, a masked model; return weights and history."""
    from ._pretrainer import DuINPretrainer
    from ._tokenizer import DuINTokenizer

    job, given = item
    X = windows(job.world)[:, list(job.channels)]
    held_out = max(2, len(X) // 8)
    own = {
        "config": job.config,
        "crop": job.crop,
        "n_epochs": job.n_epochs,
        "batch_size": job.batch_size,
        "learning_rate": job.learning_rate,
    }
    tokenizer = DuINTokenizer(
        **own, vq_warmup_steps=_warmup(job, len(X) - held_out), random_state=job.seed, device="cpu"
    )
    if given:
        restore(tokenizer, given, job, X[:-held_out])
    if not job.target:
        fitted: Any = tokenizer.fit(X[:-held_out])
        found = _reconstructed(fitted, X[-held_out:, :, : job.crop])
    else:
        fitted = DuINPretrainer(
            tokenizer if given else None, target=job.target, **own, random_state=job.seed, device="cpu"
        ).fit(X[:-held_out])
        found = {}
    return {
        **found,
        **{f"history/{name}": values for name, values in fitted.history_.items()},
        **{f"weights/{name}": values for name, values in fitted.weights_.items()},
        "operations": cost("mae" if job.target else "vqvae", job, len(X) - held_out, job.crop),
        "crop": job.crop,
        "target": job.target,
    }


def _warmup(job: Pretraining, n_windows: int) -> int:
    """Return a fifth of the steps, 60 at most: it keeps the codex from collapsing in short trainings."""
    return min(60, job.n_epochs * max(1, n_windows // job.batch_size) // 5)


def restore(tokenizer: Any, record: Mapping[str, Any], job: Pretraining, X: NDArray[np.float32]) -> None:
    """Give a tokenizer what an earlier unit learned."""
    from ._signals import channel_statistics, read_signals

    signals = read_signals("DuINTokenizer", X)
    tokenizer.weights_ = part(record, "weights/")
    tokenizer.history_ = part(record, "history/")
    tokenizer.mean_, tokenizer.scale_ = channel_statistics("DuINTokenizer", signals)
    tokenizer.n_channels_in_, tokenizer.n_times_in_ = X.shape[1], job.crop
    tokenizer.ch_names_, tokenizer.sfreq_ = None, None


def part(record: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the entries whose name begins with a prefix, without it."""
    return {name.removeprefix(prefix): np.asarray(v) for name, v in record.items() if name.startswith(prefix)}


def _reconstructed(tokenizer: Any, X: NDArray[np.float32]) -> dict[str, Any]:
    from ._codes import code_usage

    codes = tokenizer.transform(X)
    import torch

    usage = code_usage(torch.from_numpy(codes), tokenizer._config.codex_size)
    scale = tokenizer.scale_.astype(np.float32)[:, np.newaxis]
    mean = tokenizer.mean_.astype(np.float32)[:, np.newaxis]
    shown = X[:N_SHOWN]
    return {
        "test_mse": -tokenizer.score(X),
        "n_live": usage.n_live,
        "perplexity": usage.perplexity,
        "codes": codes,
        "shown": (shown - mean) / scale,
        "reconstructed": (tokenizer.inverse_transform(codes[:N_SHOWN]) - mean) / scale,
    }


def decode(
    item: tuple[Decoding, Mapping[str, Any]],
    rng: np.random.Generator,  # noqa: ARG001 (seeds are fields)
) -> dict[str, Any]:
    """Train a decoder and test it on blocks that it has not seen."""
    from ._evaluation import scores_of

    job, given = item
    X, y, _ = trials(job.world)
    n_train = job.world.n_words * job.world.n_train
    chosen = job.world.n_words * job.n_labels
    signals = X[:, list(job.channels)]
    model = decoder(job, given)
    model.fit(signals[:chosen], y[:chosen])
    probability = model.predict_proba(signals[n_train:])
    guess = model.classes_[probability.argmax(axis=1)]
    found = scores_of(y[n_train:], probability, model.classes_, 5)
    return {
        **{name: found[name] for name in ("accuracy", "top_k", "balanced_accuracy", "cross_entropy")},
        "hit": guess == y[n_train:],
        "train_accuracy": float(model.history_["accuracy"][-1]),
        "loss": model.history_["loss"],
        "n_parameters": sum(int(np.prod(w.shape)) for w in model.weights_.values()),
        "contributions": model.contributions() if job.level == "region" else np.empty(0),
        "operations": cost("classifier", job, chosen, X.shape[2]),
    }


def decoder(job: Decoding, given: Mapping[str, Any]) -> Any:
    """Return the decoder of a unit."""
    from ._decoder import DuINClassifier
    from ._token_levels import TokenLevelClassifier

    own: dict[str, Any] = {
        "config": job.config,
        "n_epochs": job.n_epochs,
        "batch_size": job.batch_size,
        "learning_rate": job.learning_rate,
        "random_state": job.seed,
        "device": "cpu",
    }
    if job.level == "channel":
        return TokenLevelClassifier("channel", pooling=job.pooling, **own)
    return DuINClassifier(initial(job, given) if given else None, quantize=job.quantize, **own)


def initial(job: Decoding, record: Mapping[str, Any]) -> Any:
    """Return pre-trained weights as what `DuINClassifier` starts from."""
    from ._estimator import restored
    from ._mae import DuINMAE
    from ._pretrained import Pretrained
    from ._vqvae import DuINVQVAE

    target, crop = str(record["target"]), int(record["crop"])

    def build() -> Any:
        if target:
            return DuINMAE(len(job.channels), crop, job.config, target=target)
        return DuINVQVAE(len(job.channels), crop, job.config)

    module = restored(build, part(record, "weights/"))
    names = tuple(f"channel {channel}" for channel in job.channels)
    return Pretrained(
        module=module, ch_names=names, sfreq=1000.0, preprocessing={}, training_ids=(), versions={}, extra={}
    )


def cost(stage: str, job: Decoding | Pretraining, n_samples: int, n_times: int) -> float:
    """Return the floating-point operations of a training: three passes for each visit."""
    from ._estimate import operations

    forward = operations(stage, job.config, len(job.channels), n_times, job.world.n_words)
    return 3.0 * forward * n_samples * job.n_epochs


def leak(item: tuple[World, int], rng: np.random.Generator) -> dict[str, Any]:
    """Score labels that mean nothing, with channels and z-scores learned inside and outside the folds.

    The decoder is linear (means in windows of 150 ms), and folds are whole blocks, so that a difference is
    that of the leak.
    """
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline

    from neurosci.preprocessing.ieeg import ChannelStandardizer

    from ._baselines import WindowMeanClassifier
    from ._channels import ChannelSelector
    from ._evaluation import permuted

    world, n_selected = item
    X, y, blocks = trials(world)
    shuffled = permuted(y, blocks, rng)
    means = X.reshape(*X.shape[:2], -1, LEAK_WINDOW).mean(axis=3)
    folds = list(GroupKFold(min(N_LEAK_FOLDS, np.unique(blocks).size)).split(means, shuffled, blocks))

    def decoder() -> Any:
        # signals are means already, one sample per window
        return WindowMeanClassifier(1.0, window=1.0, classifier="lda")

    def selector() -> Any:
        return ChannelSelector(n_selected, method="anova")

    def share(model: Any, signals: NDArray[np.float32]) -> float:
        right = [model.fit(signals[a], shuffled[a]).predict(signals[b]) == shuffled[b] for a, b in folds]
        return float(np.concatenate(right).mean())

    chosen = selector().fit(means, shuffled).transform(means)
    scaled = ChannelStandardizer().fit_transform(means)
    return {
        "inside": share(make_pipeline(ChannelStandardizer(), selector(), decoder()), means),
        "selection outside": share(make_pipeline(ChannelStandardizer(), decoder()), chosen),
        "z-score outside": share(make_pipeline(selector(), decoder()), scaled),
        "n_trials": len(y),
    }
