"""VEEAM_LOG puts the records of the package on stderr."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import veeam_async, logging
log = logging.getLogger("veeam_async.transport")
log.debug("a debug record")
log.warning("a warning")
logging.getLogger("other").warning("of another package")
"""


def stderr_with(level: str | None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "VEEAM_LOG"}
    if level is not None:
        environment["VEEAM_LOG"] = level
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stderr


@pytest.mark.parametrize(("level", "debug"), [("debug", True), ("DEBUG", True), ("info", False), ("warning", False)])
def test_levels(level: str, debug: bool) -> None:
    """Records from the level on, of this package alone, with time and logger."""
    text = stderr_with(level)
    assert ("DEBUG   veeam_async.transport: a debug record" in text) is debug
    assert "WARNING veeam_async.transport: a warning" in text


def test_absent_or_unknown() -> None:
    """Without it nothing changes; a word that is no level is said, and ignored."""
    assert stderr_with(None) == "a warning\nof another package\n"
    text = stderr_with("loud")
    assert "veeam_async: VEEAM_LOG is 'loud': set debug, info, warning or error\n" in text
    assert ".py" not in text
    assert "a debug record" not in text
