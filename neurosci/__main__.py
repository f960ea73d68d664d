"""``python -m neurosci``: the same program as the ``neurosci`` command."""

import sys

from neurosci.cli import main

if __name__ == "__main__":
    sys.exit(main())
