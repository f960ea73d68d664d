"""A model that holds the true parameters of synthetic data."""

from __future__ import annotations

from typing import Any

from neurosci.hmm_glm import HMMGLM


def at_truth(data: Any) -> HMMGLM:
    """Return a fitted model without a fit."""
    n_states, n_neurons = data.coef.shape[:2]
    model = HMMGLM(n_states, basis=data.basis, link=data.link)
    model.coef_, model.intercept_ = data.coef, data.intercept
    model.transmat_, model.startprob_ = data.transmat, data.startprob
    model.kernel_, model.link_ = data.basis.kernel[:, None], data.link
    model.n_features_in_ = n_neurons
    return model
