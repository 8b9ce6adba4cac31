"""What an editor shows of an operation: hover, definition and completion by pyright's language server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "node_modules" / "pyright" / "langserver.index.js"

pytestmark = [
    pytest.mark.clone,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not SERVER.exists(), reason="`make node` installs pyright"),
]

PAGE = """\
from veeam_async import Password
from veeam_async.vbr.v1_3_rev2 import Client, api, models

async def main() -> None:
    async with Client("vbr01", Password("svc", "secret")) as vbr:
        vbr.sessions.get_all_sessions
        api.sessions.get_all_sessions
        vbr.sessions.get_
        models.SessionMod
"""


class Editor:
    """Speaks the language server protocol with pyright about one page of code."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = subprocess.Popen(
            ["node", str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        self._number = 0
        uri = ROOT.as_uri()
        self.ask(
            "initialize", processId=None, rootUri=uri, workspaceFolders=[{"uri": uri, "name": "x"}],
            capabilities={"textDocument": {"hover": {"contentFormat": ["plaintext"]}}},
        )  # fmt: skip
        self._send({"method": "initialized", "params": {}})
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": path.read_text()}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        pipe = self._pipe(self._process.stdin)
        pipe.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        pipe.flush()

    def _read(self) -> dict[str, Any]:
        pipe = self._pipe(self._process.stdout)
        length = 0
        while (line := pipe.readline().strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        message: dict[str, Any] = json.loads(pipe.read(length))
        return message

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and wait for its answer; what the server asks meanwhile is answered with nothing."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" in message and "id" in message:
                items = message["params"].get("items", []) if isinstance(message["params"], dict) else []
                self._send({"id": message["id"], "result": [self._settings(one) for one in items] or None})
            elif message.get("id") == self._number:
                return message.get("result")

    @staticmethod
    def _settings(item: dict[str, Any]) -> dict[str, Any]:
        return {"pythonPath": sys.executable} if item.get("section") == "python" else {}

    def at(self, method: str, text: str) -> Any:
        """Ask about the end of a text on the page."""
        lines = self.path.read_text().splitlines()
        number, line = next((number, line) for number, line in enumerate(lines) if text in line)
        position = {"line": number, "character": line.index(text) + len(text)}
        return self.ask(f"textDocument/{method}", textDocument={"uri": self.path.as_uri()}, position=position)

    def close(self) -> None:
        self.ask("shutdown")
        self._send({"method": "exit", "params": {}})
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    path = tmp_path_factory.mktemp("editor") / "page.py"
    path.write_text(PAGE)
    editor = Editor(path)
    yield editor
    editor.close()


@pytest.mark.parametrize("call", ["vbr.sessions.get_all_sessions", "api.sessions.get_all_sessions"])
def test_hover_shows_the_operation(editor: Editor, call: str) -> None:
    """A listing shows its name, its parameters, what it gives, and the operation's own docstring."""
    text = editor.at("hover", call)["contents"]["value"]
    assert "get_all_sessions(" in text
    assert "-> Listing[SessionModel, SessionsResult]" in text
    assert "limit: int | Unset = UNSET" in text
    assert "GET /api/v1/sessions" in text
    assert "BoundList" not in text


def test_definition_leads_to_the_function(editor: Editor) -> None:
    """Going to the definition of an operation ends at its `def`."""
    (place,) = editor.at("definition", "vbr.sessions.get_all_sessions")
    line = Path(unquote(urlsplit(place["uri"]).path)).read_text().splitlines()[place["range"]["start"]["line"]]
    assert line.strip().startswith("def get_all_sessions(")


def test_completion_shows_docstrings(editor: Editor) -> None:
    """Completion lists the operations of a tag, each with its docstring; models are listed too."""
    items = editor.at("completion", "vbr.sessions.get_")["items"]
    names = [item["label"] for item in items]
    assert {"get_all_sessions", "get_session", "get_session_logs"} <= set(names)
    chosen = editor.ask("completionItem/resolve", **next(item for item in items if item["label"] == "get_all_sessions"))
    assert "GET /api/v1/sessions" in json.dumps(chosen["documentation"])
    assert "SessionModel" in [item["label"] for item in editor.at("completion", "models.SessionMod")["items"]]
