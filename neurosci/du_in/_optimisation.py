"""How each stage is optimised: the published schedules by name, and defaults that train small data well."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import nn

from .._core.checks import check_option, suggest
from .._training import warmup_cosine

STAGES = ("vqvae", "mae", "classifier")
SCHEDULES = ("default", "published", "published_code")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """Optimisation of one stage.

    Parameters
    ----------
    n_epochs : int
        Epochs; the first tenth warms up.
    batch_size : int
        Windows per step.
    lr_max, lr_min : float
        Learning rates after the warm-up and at the end.
    weight_decay : float
        Decay of matrices; biases and vectors have none.
    betas : tuple of float
        Coefficients of AdamW.
    by_epoch : bool
        Whether the learning rate changes between epochs only, as published.
    max_grad_norm : float or None
        Longest gradient; ``None`` does not clip.
    vq_warmup_steps : int
        Steps of the tokenizer before codes are looked up; 0 as published.
    n_kmeans_batches : int or None
        Batches that k-means sees; ``None`` takes as many as hold four tokens per code, 1 as published.
    """

    n_epochs: int
    batch_size: int
    lr_max: float
    lr_min: float
    weight_decay: float
    betas: tuple[float, float] = (0.9, 0.999)
    by_epoch: bool = False
    max_grad_norm: float | None = None
    vq_warmup_steps: int = 60
    n_kmeans_batches: int | None = None

    def __post_init__(self) -> None:
        """Check."""
        for name in ("n_epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"Plan: {name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.lr_min <= self.lr_max:
            raise ValueError(
                f"Plan: lr_min and lr_max must be 0 <= lr_min <= lr_max, got {self.lr_min} and {self.lr_max}"
            )
        if self.vq_warmup_steps < 0:
            raise ValueError(f"Plan: vq_warmup_steps must be at least 0, got {self.vq_warmup_steps}")

    def schedule(self, steps_per_epoch: int) -> Any:
        """Return the learning rate as a function of the step.

        Parameters
        ----------
        steps_per_epoch : int
            Steps of an epoch.

        Returns
        -------
        callable
            ``schedule(step) -> {"lr": rate}``.
        """
        total = self.n_epochs if self.by_epoch else self.n_epochs * steps_per_epoch
        per = steps_per_epoch if self.by_epoch else 1
        return warmup_cosine(self.lr_max, self.lr_min, warmup=total // 10, total=total, steps_per_epoch=per)

    def optimizer(self, module: nn.Module) -> torch.optim.AdamW:
        """Return the optimiser of a module.

        Parameters
        ----------
        module : torch.nn.Module
            What is trained.

        Returns
        -------
        torch.optim.AdamW
            Two groups: with and without decay.
        """
        parameters = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
        free = [p for n, p in parameters if p.ndim < 2 or n.endswith("bias")]
        decayed = [p for n, p in parameters if not (p.ndim < 2 or n.endswith("bias"))]
        return torch.optim.AdamW(
            [{"params": decayed, "weight_decay": self.weight_decay}, {"params": free, "weight_decay": 0.0}],
            lr=self.lr_max,
            betas=self.betas,
            eps=1e-8,
            fused=True,
        )


# Table of the paper (batch 64, second beta 0.99); the code differs in the tokenizer's batch and epochs and in
# the second beta.
_PUBLISHED = {
    "vqvae": {"n_epochs": 400, "batch_size": 64, "lr_max": 3e-4, "lr_min": 5e-5, "weight_decay": 0.01},
    "mae": {"n_epochs": 400, "batch_size": 64, "lr_max": 3e-4, "lr_min": 5e-5, "weight_decay": 0.05},
    "classifier": {"n_epochs": 200, "batch_size": 32, "lr_max": 2e-4, "lr_min": 5e-6, "weight_decay": 0.05},
}
_AS_PUBLISHED = {"by_epoch": True, "vq_warmup_steps": 0, "n_kmeans_batches": 1}
_DEFAULT = {
    "vqvae": {"n_epochs": 60, "batch_size": 32, "lr_max": 1e-3, "lr_min": 1e-4, "weight_decay": 0.01},
    "mae": {"n_epochs": 60, "batch_size": 32, "lr_max": 1e-3, "lr_min": 1e-4, "weight_decay": 0.05},
    "classifier": {"n_epochs": 60, "batch_size": 32, "lr_max": 5e-4, "lr_min": 5e-6, "weight_decay": 0.05},
}


def make_plan(stage: str, schedule: str = "default", **changes: Any) -> Plan:
    """Return the optimisation of a stage.

    Parameters
    ----------
    stage : {"vqvae", "mae", "classifier"}
        Which.
    schedule : {"default", "published", "published_code"}, default="default"
        ``"published"`` is the table of the paper, ``"published_code"`` what the authors' code does where
        it differs; ``"default"`` has higher rates, fewer epochs and a warm-up of the quantiser.
    **changes : object
        Fields of `Plan` to change; ``None`` leaves a field as it is.

    Returns
    -------
    Plan
        The optimisation.

    Raises
    ------
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> from neurosci.du_in._optimisation import make_plan
    >>> make_plan("mae", "published").lr_max
    0.0003
    """
    check_option("make_plan", "stage", stage, STAGES)
    check_option("make_plan", "schedule", schedule, SCHEDULES)
    fields: dict[str, Any]
    if schedule == "default":
        fields = dict(_DEFAULT[stage])
    else:
        fields = {**_PUBLISHED[stage], **_AS_PUBLISHED, "betas": (0.9, 0.99)}
    if schedule == "published_code":
        fields["betas"] = (0.9, 0.999)
        if stage == "vqvae":
            fields.update(batch_size=32, n_epochs=800)
    known = [field.name for field in dataclasses.fields(Plan)]
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"make_plan: {name!r} must be a field of Plan ({suggest(name, known)})")
        if value is not None:
            fields[name] = value
    return Plan(**fields)
