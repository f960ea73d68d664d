from . import fmri as fmri
from . import ieeg as ieeg
