"""Published analyses of computational neuroscience, each run by one command and judged claim by claim."""

import lazy_loader as _lazy

from neurosci._version import __version__ as __version__

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
