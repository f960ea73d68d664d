"""Spatial-frequency channels of people and networks, measured by critical-band masking."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
