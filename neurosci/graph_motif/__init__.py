"""Graph motifs of voxel networks: exact counts from packed bits, maps, and classifiers of people on them."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
