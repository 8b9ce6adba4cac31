"""`python -m codegen ingest | emit | check`: each command is a module of its own, imported when asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "ingest": "a vendor document to DIR/P/R.json: facts only, defects mended, catalog entry written",
    "emit": "spec files to an importable package tree",
    "check": "exit 1 and say what differs where the package is not what the specs give",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments after `python -m codegen`; None for those of the process.

    Returns:
        The exit status: 0 done, 1 a difference (`check`), 2 bad input (each fault one line on stderr).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="ingest | emit | check")
    asked = next((word for word in arguments if word in COMMANDS), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == asked:
            importlib.import_module(f"codegen.{name}").add_arguments(command)
    parsed = parser.parse_args(arguments)
    status: int = importlib.import_module(f"codegen.{parsed.command}").main(parsed)
    return status


if __name__ == "__main__":
    sys.exit(main())
