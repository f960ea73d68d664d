"""Multitasking Hebbian networks: theory of the low load and exact Monte Carlo side by side."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
