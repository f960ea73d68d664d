"""Data of the analyses: found on this machine or fetched, verified, and said to be real or published.

Every file is looked up below ``NEUROSCI_DATA`` (a read-only root), then in the cache (``NEUROSCI_CACHE`` or
the platform's cache folder), then downloaded; its SHA-256 is compared on every load.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
