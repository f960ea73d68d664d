"""Kernels of spike history, under the name of the models that use them."""

from neurosci.preprocessing.spikes import ExponentialBasis as ExponentialBasis
