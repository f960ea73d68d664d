"""The value with its interval that every function of this package returns."""

from neurosci._core.metric import Metric as Metric
