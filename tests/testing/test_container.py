"""The image of a simulated appliance and the curl commands of its page, checked without Docker."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from veeam_async.cli.app import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "testing.md"


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage of the Dockerfile by the stage's name; the last, which has none, is empty."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            name = rest.partition(" AS ")[2]
        if word and not word.startswith("#"):
            found.setdefault(name, []).append((word, rest))
    return found


def entry(stage: str) -> list[str]:
    """The command that a container of a stage runs."""
    said = dict(stages()[stage])
    return [*json.loads(said["ENTRYPOINT"]), *json.loads(said["CMD"])]


@pytest.mark.parametrize("stage", ["", "simulate"])
def test_the_images_commands_are_ours(stage: str) -> None:
    """What a container runs is a command of ours with options that it has, and the port that it says is exposed."""
    program, name, *arguments = entry(stage)
    assert program == "veeam-async"
    context = click.Context(app)
    command = app.get_command(context, name)
    assert command is not None
    parsed = command.make_context(name, list(arguments), parent=context).params
    ports = dict(stages()[stage])["EXPOSE"].split()
    if stage == "simulate":
        assert ports == [str(parsed["port"]), str(parsed["control_port"])]
    else:
        assert arguments[-1].endswith(f":{ports[0]}")


@pytest.mark.parametrize("stage", ["build", "build-simulate"])
def test_the_extras_of_the_build_are_in_the_package(stage: str) -> None:
    """The image installs extras that pyproject.toml has, and copies what .dockerignore lets through."""
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (installed,) = [re.search(r'"\.\[([a-z,]+)\]"', rest) for word, rest in stages()[stage] if word == "RUN"]
    assert installed is not None
    assert all(re.search(rf"^{name} = \[", declared, re.MULTILINE) for name in installed[1].split(","))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The line that the image's command prints, with free ports on loopback in place of its own."""
    _, _, *arguments = entry("simulate")
    free = {"9419": "0", "9000": "0", "0.0.0.0": "127.0.0.1"}
    command = [sys.executable, "-m", "veeam_async.cli", "simulate", *(free.get(word, word) for word in arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_curl_commands_of_the_page_run(running: dict[str, Any]) -> None:
    """Each line of the page that calls the control endpoint is answered as the page says."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("curl ")]
    paths = {word for line in lines for word in ("/faults", "/world", "/requests", "/reset") if word in line}
    assert len(paths) == 4
    answers: dict[str, Any] = {}
    for line in lines:
        if "localhost:9000" not in line:
            continue
        command = shlex.split(line, comments=True)
        if "JOB-ID" in line:
            command = [word.replace("JOB-ID", answers["world"]["jobs"][0]["id"]) for word in command]
        command = [word.replace("localhost:9000", running["control"].removeprefix("http://")) for word in command]
        command += ["-sS", "--fail-with-body"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        name = "world" if line.endswith("/world") else line
        answers[name] = json.loads(done.stdout) if done.stdout.strip() else None
    (ended,) = [answer for line, answer in answers.items() if "DELETE" in line]
    assert "GetAllJobs" in ended["unfired"][0]
    (changed,) = [answer for line, answer in answers.items() if "PATCH" in line]
    assert changed == {"changed": 1}


@pytest.mark.parametrize("option", ["--port", "--control-port"])
def test_port_zero_is_an_option_for_one_appliance(option: str, tmp_path: Path) -> None:
    """0 takes a free port: one appliance runs, and the line says where. From then on SIGINT ends it, also where a shell
    started it in the background, which has it ignored at first."""
    command = [sys.executable, "-m", "veeam_async.cli", "simulate", "--product", "one", option, "0"]
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["revisions"][0] == "2.3"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
