"""`veeam-async`: the command line for people (extra `cli`)."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line with the process's arguments.

    Returns:
        The exit status: 0 all well, 1 something needs attention or a part failed, 2 failed, 3 not run because the
        arguments or the fleet file are wrong, 130 interrupted.
    """
    try:
        import click
        import rich
    except ImportError:
        print("veeam-async: the command line needs its extra: pip install 'veeam-async[cli]'", file=sys.stderr)
        return 3
    del click, rich
    from .app import run
    from .output import whole

    # A caller may have closed either: `>&-`.
    sys.stdout = whole(sys.stdout or open(os.devnull, "w"))  # noqa: SIM115
    sys.stderr = whole(sys.stderr or open(os.devnull, "w"))  # noqa: SIM115
    return run(sys.argv[1:])
