"""A picture (SVG) of what a command prints on a terminal: the command really runs."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 110
# What nobody reads further down in a picture.
LINES = 24


def picture(arguments: str, fleet: Path) -> str:
    """The output of `veeam-async ARGUMENTS` on the appliances of a fleet file."""
    output = on_terminal([sys.executable, "-m", "veeam_async.cli", *shlex.split(arguments)], fleet)
    lines = output.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "..."]
    console = Console(record=True, file=io.StringIO(), width=COLUMNS, force_terminal=True, legacy_windows=False)
    console.print(f"$ veeam-async {arguments}", highlight=False, markup=False, style="bold")
    console.print(Text.from_ansi("\n".join(lines)))
    drawn = console.export_svg(title="veeam-async", theme=MONOKAI)
    # The fonts of another server: the reader's own do as well.
    return re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)


def on_terminal(command: list[str], fleet: Path) -> str:
    """What a command writes to a terminal, stderr after stdout."""
    environment = {**os.environ, "TERM": "xterm-256color", "VEEAM_FLEET": str(fleet), "LC_ALL": "C.UTF-8"}
    environment.pop("NO_COLOR", None)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    process = subprocess.Popen(command, stdout=slave, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment)
    os.close(slave)
    parts = []
    try:
        while part := os.read(master, 65536):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(master)
    _, errors = process.communicate(timeout=60)
    return b"".join([*parts, errors]).decode()
