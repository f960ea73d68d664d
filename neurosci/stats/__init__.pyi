from ._metric import Metric as Metric
from ._proportions import difference_interval as difference_interval
from ._proportions import proportion_interval as proportion_interval
from ._resampling import bootstrap_interval as bootstrap_interval
from ._variance import variance_explained_interval as variance_explained_interval
