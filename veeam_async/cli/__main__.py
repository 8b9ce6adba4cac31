"""`python -m veeam_async.cli` is `veeam-async`."""

from __future__ import annotations

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
