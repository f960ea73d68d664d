"""Tables of one run: dynamics of one scan, baselines, arms, labels, ablation, missing time and attention."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neurosci._core.context import Context

from ._cohort import Cohort

if TYPE_CHECKING:
    import pandas as pd

    from .analysis import FcSslParams


@dataclass(frozen=True, eq=False)
class Example:
    """The scan of the first figure.

    Parameters
    ----------
    series : ndarray of shape (n_times, n_regions)
        Its series.
    t_r : float
        Seconds between frames.
    words : str
        Whose it is.
    real : bool
        Whether it was recorded.
    """

    series: NDArray[Any]
    t_r: float
    words: str
    real: bool

    @classmethod
    def synthetic(cls, params: FcSslParams) -> Example:
        """Return a scan of the generator."""
        from ._generator import make_switching_fc

        made = make_switching_fc(2, n_times=2 * params.synthetic_times, random_state=params.seed)
        return cls(made.X[int(made.y.argmax())], 2.0, "one **synthetic** scan", False)


@dataclass
class Findings:
    """What one run found.

    Parameters
    ----------
    params : FcSslParams
        Parameters of the run.
    cohort : Cohort or None
        People with labels.
    example : Example
        Scan of the first figure.
    tables : dict of str to DataFrame
        Tables of the report.
    comparisons : dict of str to DataFrame
        Rows of paired comparisons that become metrics, not shown as they are.
    numbers : dict of str to float
        Single numbers that no table holds.
    """

    params: FcSslParams
    cohort: Cohort | None
    example: Example
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    comparisons: dict[str, pd.DataFrame] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def real(self) -> bool:
        """Whether the claims are judged on people."""
        return self.cohort is not None


def compute(params: FcSslParams, context: Context, cohort: Cohort | None, example: Example) -> Findings:
    """Compute everything; see the modules that draw and judge."""
    from . import _compute_real as real
    from . import _compute_synthetic as synthetic
    from ._dynamic import dynamic_tables

    found = Findings(params, cohort, example)
    found.tables |= dynamic_tables(example)
    if cohort is not None:
        real.compute(found, context)
    synthetic.compute(found, context)
    return found


def digest(*arrays: Any) -> str:
    """Return a hash of the content of arrays."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:16]


def as_record(table: pd.DataFrame) -> dict[str, Any]:
    """Return a table as columns that a unit can keep."""
    columns = {str(name): table[name].to_numpy() for name in table}
    return {
        name: values.astype(str) if values.dtype == object else values for name, values in columns.items()
    }
