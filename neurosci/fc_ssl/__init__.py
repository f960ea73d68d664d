"""Self-supervised learning on dynamic functional connectivity: many scans first, then few labels."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
