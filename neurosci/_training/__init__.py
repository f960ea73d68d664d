"""Training of the deep models: one loop, its seeds, schedules, checkpoints and weight files."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
