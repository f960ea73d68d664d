"""Sparse codes and active dendrites: exact error probabilities, rare-event simulation, a classifier."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
