"""Where a fleet file takes its secrets from: the environment, a file, a keyring, a command. Never the file itself."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from .._text import neutral

SOURCES = ("env", "file", "keyring", "command")
Complain = Callable[[str | None, str], NoReturn]

# A secret is a line; what is longer is something else, or has no end.
_LONGEST = 64 * 1024
_COMMAND_SECONDS = 30.0


class Secrets:
    """Reads secrets for one fleet file: each place once, however many appliances name it.

    Args:
        folder: what relative names of files start from, and where commands run.
        environ: environment variables; those of the process when absent.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str] | None) -> None:
        self._folder = folder
        self._environ = os.environ if environ is None else environ
        self._read: dict[tuple[str, str], str] = {}

    def get(self, source: str, place: Any, key: str, fail: Complain) -> str:
        """The secret at a place.

        Args:
            source: one of SOURCES.
            place: a variable, a file, `service/user name`, or a command with its arguments.
            key: what of the fleet file says so, for the error.
            fail: called with key and message where there is no secret.
        """
        if not isinstance(place, str) and source != "command":
            fail(key, "must be a string")
        known = source, repr(place)
        secret = self._read.get(known)
        if secret is None:
            read = {"env": self._variable, "file": self._file, "keyring": _keyring, "command": self._command}[source]
            secret = self._read[known] = read(place, key, fail)
        return secret

    def _variable(self, name: str, key: str, fail: Complain) -> str:
        value = self._environ.get(name)
        if not value:
            fail(key, f"the environment variable {name} is {'empty' if value == '' else 'not set'}")
        return value

    def _file(self, name: str, key: str, fail: Complain) -> str:
        try:
            with open(self._folder / Path(name).expanduser(), "rb") as file:
                data = file.read(_LONGEST + 1)
            text = data.decode("utf-8-sig")
        except (OSError, ValueError, RuntimeError) as error:
            fail(key, f"{_shown(name)}: {getattr(error, 'strerror', None) or 'cannot be read'}")
        return _first_line(text, key, fail, _shown(name))

    def _command(self, command: str | list[str], key: str, fail: Complain) -> str:
        try:
            words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
        except ValueError as error:
            fail(key, f"is no command: {error}")
        if not words:
            fail(key, "is no command")
        data, status = self._run(words, key, fail)
        if status != 0:
            fail(key, f"{_shown(words[0])} ended with {status}")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            fail(key, f"what {_shown(words[0])} prints is not UTF-8")
        return _first_line(text, key, fail, f"what {_shown(words[0])} prints")

    def _run(self, words: list[str], key: str, fail: Complain) -> tuple[bytes, int]:
        """What a command prints, and how it ended."""
        try:
            # No shell: what the file says is a program and its arguments. What it complains of goes where our own does.
            process = subprocess.Popen(
                words, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
            )
        except (OSError, ValueError) as error:
            fail(key, f"{_shown(words[0])}: {getattr(error, 'strerror', None) or 'cannot be run'}")
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(_COMMAND_SECONDS, end)
        timer.start()
        try:
            assert process.stdout is not None
            with process.stdout as pipe:
                data = pipe.read(_LONGEST + 1)
            if len(data) > _LONGEST:
                _kill(process)
                fail(key, f"{_shown(words[0])} prints more than any secret")
            status = process.wait()
        finally:
            timer.cancel()
            _kill(process)
            process.wait()
        if late.is_set():
            fail(key, f"{_shown(words[0])} gave no secret in {_COMMAND_SECONDS:g} s")
        return data, status


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass


def _keyring(place: str, key: str, fail: Complain) -> str:
    service, _, user = place.rpartition("/")
    if not service or not user:
        fail(key, 'must be "service/user name"')
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        fail(key, "the package keyring is not installed: pip install 'veeam-async[keyring]'")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        fail(key, f"the keyring does not answer: {error}")
    if not value:
        fail(key, f"the keyring has no {user!r} for {service!r}")
    return value


def _first_line(text: str, key: str, fail: Complain, what: str) -> str:
    line = text.partition("\n")[0].strip("\r")
    if not line:
        fail(key, f"{what}: its first line is empty")
    if len(line) > _LONGEST // 2:
        fail(key, f"{what}: its first line is longer than any secret")
    if "\0" in line:
        fail(key, f"{what}: its first line is no text")
    return line


def _shown(name: str) -> str:
    return neutral(name, 200)
