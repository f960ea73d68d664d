from . import connectivity as connectivity
from . import fmri as fmri
from . import ieeg as ieeg
from . import images as images
from . import quality as quality
from . import spikes as spikes
from . import surrogates as surrogates
from ._sliding import SlidingWindowConnectivity as SlidingWindowConnectivity
