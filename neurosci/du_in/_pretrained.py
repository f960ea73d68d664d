"""Weights with what they belong to: channels, rate, preprocessing, training split, versions."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._core.provenance import versions
from .._training import load_weights, save_weights
from ._classifier import DuINClassifierModule
from ._config import DuINConfig
from ._encoder import DuINEncoder
from ._mae import DuINMAE
from ._vqvae import DuINVQVAE

KIND = "du_in/network"
SCHEMA = 1
_NETWORKS: dict[str, type[DuINEncoder]] = {
    cls.__name__: cls for cls in (DuINEncoder, DuINVQVAE, DuINMAE, DuINClassifierModule)
}
_MOST_PATCHES = 100_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pretrained:
    """A network and what it belongs to.

    Parameters
    ----------
    module : torch.nn.Module
        Network in evaluation mode, on the processor.
    ch_names : tuple of str
        Names of its channels, in order.
    sfreq : float
        Sampling rate of its signals in Hz.
    preprocessing : dict
        How its signals were made.
    training_ids : tuple of str
        Windows or trials that it was trained on.
    versions : dict of str to str
        Versions of the libraries that saved it.
    extra : dict
        What else was saved.
    """

    module: DuINEncoder
    ch_names: tuple[str, ...]
    sfreq: float
    preprocessing: dict[str, Any]
    training_ids: tuple[str, ...]
    versions: dict[str, str]
    extra: dict[str, Any]

    def check(self, ch_names: Sequence[str] | None = None, sfreq: float | None = None) -> None:
        """Raise when signals have other channels or another rate.

        Parameters
        ----------
        ch_names : sequence of str, default=None
            Channels of the signals, in order; ``None`` checks nothing.
        sfreq : float, default=None
            Their sampling rate in Hz; ``None`` checks nothing.

        Raises
        ------
        ValueError
            Names what is missing, what is new, or that the order differs.
        """
        if ch_names is not None and tuple(ch_names) != self.ch_names:
            given = list(ch_names)
            missing = [name for name in self.ch_names if name not in given]
            added = [name for name in given if name not in self.ch_names]
            if missing or added or len(given) != len(self.ch_names):
                folded = {name.casefold() for name in given}
                hint = (
                    "names differ in case only; rename them"
                    if missing and all(name.casefold() in folded for name in missing)
                    else "pick these channels"
                )
                raise ValueError(
                    f"load_pretrained: ch_names must be the {len(self.ch_names)} channels of the network, "
                    f"got {len(given)}; missing: {', '.join(missing) or 'none'}; not in the network: "
                    f"{', '.join(added) or 'none'} ({hint})"
                )
            raise ValueError(
                f"load_pretrained: ch_names must be in the order of the network, "
                f"{', '.join(self.ch_names)}, got {', '.join(given)} (reorder the channels)"
            )
        if sfreq is not None and abs(sfreq - self.sfreq) > 1e-6 * self.sfreq:
            raise ValueError(
                f"load_pretrained: sfreq must be that of the network, {self.sfreq:g} Hz, got {sfreq:g} Hz "
                "(resample)"
            )


def save_pretrained(
    path: str | os.PathLike[str],
    module: DuINEncoder,
    *,
    ch_names: Sequence[str],
    sfreq: float,
    preprocessing: Mapping[str, Any] | None = None,
    training_ids: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Save a network with what it belongs to, atomically and without pickle.

    Parameters
    ----------
    path : path-like
        A file that ends in ``.safetensors``, or a folder, which receives the weights and a ``config.json``.
    module : DuINEncoder
        Encoder, tokenizer, masked model or classifier.
    ch_names : sequence of str
        Names of its channels, in order.
    sfreq : float
        Sampling rate of its signals in Hz.
    preprocessing : mapping, default=None
        How its signals were made; what `json` can write.
    training_ids : sequence of str, default=()
        Windows or trials that it was trained on, so that a later test can stay away from them.
    extra : mapping, default=None
        What else to keep; what `json` can write.

    Raises
    ------
    TypeError
        If the module is none of these.
    ValueError
        If the number of names is not the number of channels, a name occurs twice, or the rate is not
        positive.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from neurosci.du_in import DuINConfig, DuINEncoder, load_pretrained, save_pretrained
    >>> encoder = DuINEncoder(2, 300, DuINConfig.small())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pretrained(pathlib.Path(folder), encoder, ch_names=["A1-A2", "A2-A3"], sfreq=1000.0)
    ...     load_pretrained(folder).ch_names
    ('A1-A2', 'A2-A3')
    """
    name = type(module).__name__
    if type(module) is not _NETWORKS.get(name):
        raise TypeError(f"save_pretrained: module must be one of {', '.join(_NETWORKS)}, got {name}")
    names = [str(n) for n in ch_names]
    if len(names) != module.n_chans or len(set(names)) != len(names):
        raise ValueError(
            f"save_pretrained: ch_names must be {module.n_chans} different names, got {len(names)} with "
            f"{len(set(names))} different"
        )
    if not 0 < sfreq < float("inf"):
        raise ValueError(f"save_pretrained: sfreq must be positive, got {sfreq}")
    config = {
        "schema": SCHEMA,
        "network": name,
        "arguments": _arguments(module),
        "sizes": module.config.to_dict(),
        "ch_names": names,
        "sfreq": float(sfreq),
        "preprocessing": dict(preprocessing or {}),
        "training_ids": [str(i) for i in training_ids],
        "versions": versions(),
        "extra": dict(extra or {}),
    }
    save_weights(path, KIND, config, module)


def _arguments(module: DuINEncoder) -> dict[str, Any]:
    found: dict[str, Any] = {
        "n_chans": module.n_chans,
        "n_times": module.n_times,
        "n_subjects": module.n_subjects,
    }
    if isinstance(module, DuINVQVAE):
        found["vq_warmup_steps"] = module.quantizer.vq_warmup_steps
    if isinstance(module, DuINMAE):
        found["target"] = module.target
    if isinstance(module, DuINClassifierModule):
        found.update(n_outputs=module.n_outputs, head=module.head, quantize=module.quantizer is not None)
    return found


def load_pretrained(
    path: str | os.PathLike[str],
    *,
    ch_names: Sequence[str] | None = None,
    sfreq: float | None = None,
) -> Pretrained:
    """Load what `save_pretrained` wrote; anything else is refused before it is read.

    Parameters
    ----------
    path : path-like
        File or folder.
    ch_names : sequence of str, default=None
        Channels of the signals that the network will see, in order; others than its own are refused.
    sfreq : float, default=None
        Their sampling rate in Hz; another than its own is refused.

    Returns
    -------
    Pretrained
        The network and what it belongs to.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not ours, of an unknown schema, damaged, or its weights do not fit its sizes; or if
        channels or rate differ.
    """
    config, tensors = load_weights(path, KIND)
    if config.get("schema") != SCHEMA:
        raise ValueError(
            f"load_pretrained: the schema must be {SCHEMA}, got {config.get('schema')!r} (use the version of "
            "neurosci that saved it)"
        )
    try:
        module = _build(config, tensors)
        found = Pretrained(
            module=module,
            ch_names=tuple(str(n) for n in config["ch_names"]),
            sfreq=float(config["sfreq"]),
            preprocessing=dict(config["preprocessing"]),
            training_ids=tuple(str(i) for i in config["training_ids"]),
            versions=dict(config["versions"]),
            extra=dict(config["extra"]),
        )
    # a header that others wrote may hold anything
    except (KeyError, TypeError, AttributeError, RuntimeError, OverflowError) as error:
        raise ValueError(f"load_pretrained: the file is damaged ({str(error)[:200]})") from error
    if len(found.ch_names) != module.n_chans:
        raise ValueError(
            f"load_pretrained: the file is damaged ({len(found.ch_names)} names of {module.n_chans} channels)"
        )
    found.check(ch_names, sfreq)
    return found


def _build(config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> DuINEncoder:
    """Return the network that a header describes, made only when the weights have its shapes."""
    if config["network"] not in _NETWORKS:
        raise ValueError(f"load_pretrained: network must be one of {', '.join(_NETWORKS)}, got another")
    network, arguments = _NETWORKS[config["network"]], dict(config["arguments"])
    sizes = DuINConfig.from_dict(config["sizes"])
    if (arguments["n_times"] or 0) > _MOST_PATCHES * sizes.patch_samples:
        raise ValueError("load_pretrained: the file is damaged (its windows are too long)")
    with torch.device("meta"):
        # without memory: sizes that others wrote may be of any magnitude
        shapes = {k: tuple(v.shape) for k, v in network(config=sizes, **arguments).state_dict().items()}
    given = {k: tuple(v.shape) for k, v in tensors.items()}
    if shapes != given:
        different = sorted(k for k in shapes.keys() | given.keys() if shapes.get(k) != given.get(k))
        raise ValueError(
            f"load_pretrained: the weights must have the shapes of the network, got others in "
            f"{', '.join(different[:3])}"
        )
    with torch.random.fork_rng(devices=[]):
        module = network(config=sizes, **arguments)
    module.load_state_dict(dict(tensors))
    return module.eval()
