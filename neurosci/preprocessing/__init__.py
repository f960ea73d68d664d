"""Recordings read from a user's files, and refused where a file is damaged."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
