"""What is too large, too deep or cut ends in one line, and soon."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from codegen import __main__ as codegen
from codegen.faults import BadInput
from codegen.ingest import documents
from tests.codegen.small import document

SECONDS = 5
WHOLE = json.dumps(document())
ALIASES = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ALIASES, "more than 2,000,000 values"),
        ("[" * 100_000, "nested more than 100 levels"),
        ('{"a":' * 100_000, "nested more than 100 levels"),
        ("a:\n" + "- " * 400 + "b\n", "nested more than 100 levels"),
        (WHOLE[:-1] + ', "x-large": ' + "9" * 5_000 + "}", "5,000 digits"),
        (WHOLE[:-1] + ', "x-large": 1e999}', "too large"),
        (WHOLE[:-1] + ', "x-large": NaN}', "NaN is no value of JSON"),
        (WHOLE[:-1] + ', "x-half": "\\ud800"}', "half of a surrogate pair"),
        ("openapi: 3.0.1\nx-large: " + "9" * 5_000, "digits"),
        (WHOLE[: len(WHOLE) // 2], "no valid JSON"),
        ('{"' + "k" * 100_000 + '": 1, "' + "k" * 100_000 + '": 2}', "stands twice"),
    ],
)
def test_a_hostile_document_ends_in_one_line(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Aliases, levels, digits, surrogates, an end that is missing: exit status 2, one line on stderr, in 5 s."""
    path = tmp_path / "document.json"
    path.write_text(text, encoding="utf-8")
    began = time.monotonic()
    status = codegen.main(
        ["ingest", str(path), "--product", "vbr", "--revision", "9.9-rev9", "--specs", str(tmp_path / "specs")]
    )
    assert time.monotonic() - began < SECONDS
    lines = capsys.readouterr().err.splitlines()
    assert (status, len(lines)) == (2, 1)
    assert says in lines[0]
    assert len(lines[0]) < 1_200


def test_a_device_is_no_document() -> None:
    """A file without an end is not read."""
    with pytest.raises(BadInput, match="not a regular file"):
        documents.read("/dev/zero")


def test_a_name_is_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A schema whose name no file system takes is refused."""
    content = document()
    content["components"]["schemas"]["N" * 300] = {"type": "object"}
    path = tmp_path / "document.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    command = ["ingest", str(path), "--product", "vbr", "--revision", "9.9-rev9", "--specs", str(tmp_path / "specs")]
    assert codegen.main(command) == 2
    assert "a name of 300 letters" in capsys.readouterr().err


@contextmanager
def raw_server(answer: bytes, *, forever: bool = False) -> Iterator[str]:
    """A server that sends bytes as they are: once, or until nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)
                    while forever:
                        connection.sendall(answer)
            except OSError:
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/document.json"
        finally:
            thread.join(SECONDS)


def test_a_document_that_came_cut_is_refused() -> None:
    """Fewer bytes than Content-Length says: refused, also where what came can be read."""
    body = b"openapi: 3.0.1\npaths: {}\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 8933\r\nConnection: close\r\n\r\n"
    with raw_server(head + body) as address, pytest.raises(BadInput, match=r"26 of 8,933 bytes|cut|IncompleteRead"):
        documents.read(address)


def test_interim_answers_end() -> None:
    """A server that says `100 Continue` for ever is given up within seconds."""
    began = time.monotonic()
    with (
        raw_server(b"HTTP/1.1 100 Continue\r\n\r\n", forever=True) as address,
        pytest.raises(BadInput, match="interim answers without an end"),
    ):
        documents.read(address)
    assert time.monotonic() - began < SECONDS
