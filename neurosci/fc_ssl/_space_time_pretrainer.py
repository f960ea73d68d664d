"""What masked autoencoding and joint embedding share as estimators."""

from __future__ import annotations

from typing import Any

from neurosci._core.checks import check_option

from ._checks import check_ratio
from ._masks import MASKS
from ._pretrainer import Pretrainer


class SpaceTimePretrainer(Pretrainer):
    """Base of the pre-trainers that hide in space and in time."""

    def __init__(
        self,
        n_rois: int | None = None,
        window: float = 50,
        step: float = 16,
        *,
        spatial: bool = True,
        temporal: bool = True,
        node_mask_ratio: float = 0.5,
        edge_mask_ratio: float = 0.5,
        mask: str = "random",
        lambda_temporal: float = 1.0,
        min_gap: int | None = None,
        leak_time_code: bool = False,
        **shared: Any,
    ) -> None:
        super().__init__(n_rois, window, step, **shared)
        self.spatial = spatial
        self.temporal = temporal
        self.node_mask_ratio = node_mask_ratio
        self.edge_mask_ratio = edge_mask_ratio
        self.mask = mask
        self.lambda_temporal = lambda_temporal
        self.min_gap = min_gap
        self.leak_time_code = leak_time_code

    def _check_parameters(self) -> None:
        super()._check_parameters()
        where = type(self).__name__
        check_ratio(where, "node_mask_ratio", self.node_mask_ratio)
        check_ratio(where, "edge_mask_ratio", self.edge_mask_ratio)
        check_option(where, "mask", self.mask, MASKS)
        if not (self.spatial or self.temporal):
            raise ValueError(f"{where}: spatial or temporal must be True, got False for both")
        if self.min_gap is not None and self.min_gap < 1:
            raise ValueError(f"{where}: min_gap must be at least 1, got {self.min_gap}")

    def _gap(self) -> int:
        """Return the least distance of the target in windows; by default no frame is shared."""
        return self.min_gap if self.min_gap is not None else -int(-self.window // self.step)

    def _fewest_windows(self) -> int:
        return 2 * self._gap() + 1 if self.temporal else 1

    def _hiding(self) -> dict[str, Any]:
        return {
            "spatial": self.spatial,
            "temporal": self.temporal,
            "node_mask_ratio": self.node_mask_ratio,
            "edge_mask_ratio": self.edge_mask_ratio,
            "mask": self.mask,
            "lambda_temporal": self.lambda_temporal,
            "min_gap": self._gap(),
            "leak_time_code": self.leak_time_code,
        }
