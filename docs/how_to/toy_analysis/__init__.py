"""How the standard error of a mean falls with the number of trials: the smallest complete analysis."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
