"""Small synthetic recordings with known truth; no two sizes are equal."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def small():
    """Seven neurons, three states, four sequences."""
    from neurosci.hmm_glm import make_onehot_hmmglm

    return make_onehot_hmmglm(n_neurons=7, n_states=3, n_bins=1500, n_sequences=4, random_state=3)


@pytest.fixture
def recording(small):
    """Counts, regressors and edges as the passes take them."""
    from neurosci.hmm_glm._passes import Recording

    kernel = small.basis.kernel[:, None]
    edges = np.concatenate([[0], np.cumsum(small.lengths)]).astype(np.int64)
    return Recording(small.X, kernel, edges)
