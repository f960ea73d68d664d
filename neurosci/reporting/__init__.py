"""Pages and figures: a report is a pure function of a result, the dashboard of several."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
