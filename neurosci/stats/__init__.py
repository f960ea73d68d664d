"""Intervals and effect sizes: thin, checked doors to scipy and statsmodels."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
