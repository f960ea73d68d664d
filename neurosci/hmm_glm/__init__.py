"""Switching Poisson GLMs: brain states with connectivities of their own, and priors that tie them."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
