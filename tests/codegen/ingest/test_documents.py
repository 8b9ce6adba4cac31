"""Documents as they come: JSON, YAML, byte order marks, OpenAPI 3.1, from an appliance over https."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from codegen.faults import BadInput
from codegen.ingest import bounds, catalog, documents
from codegen.ingest.downgrade import to_3_0
from codegen.ingest.facts import facts
from codegen.ingest.walking import schemas as schemas_of
from tests.codegen.small import document, schemas, write


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_json_and_yaml_with_and_without_a_byte_order_mark(kind: str, mark: bytes, tmp_path: Path) -> None:
    """The four notations of a document read as the same document, whatever the file is called."""
    text = json.dumps(document()) if kind == "json" else yaml.safe_dump(document(), allow_unicode=True)
    path = tmp_path / "document.txt"
    path.write_bytes(mark + text.encode())
    assert documents.read(str(path)).content == document()


@pytest.mark.parametrize("encoding", ["utf-16"])
def test_utf_16_is_read_by_its_mark(encoding: str, tmp_path: Path) -> None:
    """What a Windows editor saves as Unicode is read as well."""
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document()), encoding=encoding)
    assert documents.read(str(path)).content == document()


def test_yaml_says_what_json_can_say(tmp_path: Path) -> None:
    """Response codes are text, dates stay text, aliases and merges work, as in a document's JSON form."""
    text = """
    openapi: 3.0.1
    common: &common {description: Bad}
    paths:
      /a:
        get:
          responses:
            200: {description: OK}
            400: {<<: *common, x: 2020-01-01}
    on: yes
    """
    path = tmp_path / "document.yaml"
    path.write_text(text, encoding="utf-8")
    content = documents.read(str(path)).content
    assert content["paths"]["/a"]["get"]["responses"] == {
        "200": {"description": "OK"},
        "400": {"description": "Bad", "x": "2020-01-01"},
    }
    assert content["on"] is True


def test_the_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    """The catalog's sha256 is the one that sha256sum gives for the file."""
    path = tmp_path / "document.json"
    path.write_bytes(codecs.BOM_UTF8 + json.dumps(document()).encode())
    found = documents.read(str(path))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.source == "document.json"


NEWER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("null among the types", {"type": ["string", "null"]}, {"type": "string", "nullable": True}),
    (
        "several types",
        {"type": ["string", "integer", "null"]},
        {"nullable": True, "anyOf": [{"type": "string"}, {"type": "integer"}]},
    ),
    ("const", {"const": "A"}, {"type": "string", "enum": ["A"]}),
    ("an integer const", {"const": 3}, {"type": "integer", "enum": [3]}),
    (
        "exclusive limits",
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9},
        {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": True},
    ),
    ("examples", {"type": "string", "examples": ["a"]}, {"type": "string"}),
    (
        "null in an enum",
        {"type": ["string", "null"], "enum": ["A", None]},
        {"type": "string", "nullable": True, "enum": ["A"]},
    ),
    (
        "a reference or null",
        {"anyOf": [{"$ref": "#/components/schemas/EKind"}, {"type": "null"}]},
        {"nullable": True, "allOf": [{"$ref": "#/components/schemas/EKind"}]},
    ),
    (
        "a type or null",
        {"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
        {"type": "array", "nullable": True, "items": {"type": "string"}},
    ),
    (
        "a binary file",
        {"type": "string", "contentMediaType": "application/octet-stream"},
        {"type": "string", "format": "binary"},
    ),
    ("base64", {"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}),
    ("an array without items", {"type": "array"}, {"type": "array", "items": {}}),
    (
        "a property of any kind",
        {"type": "object", "properties": {"a": True, "examples": {"type": ["integer", "null"]}}},
        {"type": "object", "properties": {"a": {}, "examples": {"type": "integer", "nullable": True}}},
    ),
]


@pytest.mark.parametrize(("newer", "older"), [case[1:] for case in NEWER], ids=[case[0] for case in NEWER])
def test_openapi_3_1_is_brought_to_3_0(newer: dict[str, Any], older: dict[str, Any]) -> None:
    """What 3.1 says in its own words comes out in the words of 3.0."""
    made = schemas(Thing=newer) | {"openapi": "3.1.0"}
    assert facts(to_3_0(made))["components"]["schemas"]["Thing"] == older


@pytest.mark.parametrize("name", ["azure/v8", "vbr/1.1-rev0"])
def test_a_whole_document_in_3_1_gives_the_same(name: str) -> None:
    """A large document, put into the words of 3.1, comes out as it was."""
    text = (catalog.HOME / f"{name}.json").read_text(encoding="utf-8")
    made = json.loads(text)
    for _, found in list(schemas_of(made)):
        if found.pop("nullable", False):
            if "allOf" in found:
                found["anyOf"] = [*found.pop("allOf"), {"type": "null"}]
            else:
                found["type"] = [found["type"], "null"]
    assert '"null"' in json.dumps(made) or '"nullable"' not in text
    again = facts(to_3_0(made | {"openapi": "3.1.0"}))
    assert again["components"]["schemas"] == json.loads(text)["components"]["schemas"]


def test_openapi_3_0_is_left_alone() -> None:
    """A 3.0 document goes through as it is."""
    made = document()
    assert to_3_0(made) is made


def test_the_document_itself_is_not_changed() -> None:
    """Bringing 3.1 to 3.0 works on a copy."""
    made: dict[str, Any] = schemas(Thing={"type": ["string", "null"]}) | {"openapi": "3.1.0"}
    to_3_0(made)
    assert made["components"]["schemas"]["Thing"] == {"type": ["string", "null"]}


@contextlib.contextmanager
def served(pages: dict[str, tuple[int, str, bytes]], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A web server on loopback with these pages: path to status, content type or location, body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = pages.get(self.path, (404, "text/plain", b"gone"))
            self.send_response(status)
            self.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


DOCUMENT = (200, "application/json", json.dumps(document()).encode())


def test_an_appliance_is_not_trusted_by_itself(context: ssl.SSLContext) -> None:
    """A certificate that nobody vouches for needs --fingerprint or --insecure, and the message says so."""
    with (
        served({"/swagger.json": DOCUMENT}, context) as origin,
        pytest.raises(BadInput, match="--fingerprint SHA256 or --insecure"),
    ):
        documents.read(f"{origin}/swagger.json")


def test_insecure_takes_any_certificate(context: ssl.SSLContext) -> None:
    """With --insecure the document is read; what the address had of credentials and query is not kept."""
    with served({"/swagger.json?key=s3cret": DOCUMENT}, context) as origin:
        address = origin.replace("https://", "https://user:s3cret@") + "/swagger.json?key=s3cret#part"
        found = documents.read(address, insecure=True)
        assert found.content == document()
        assert found.source == f"{origin}/swagger.json"


def test_a_fingerprint_takes_one_certificate(context: ssl.SSLContext) -> None:
    """The right fingerprint opens the door, in either spelling; another one is refused with the one that was found."""
    with served({"/swagger.json": DOCUMENT}, context) as origin:
        with pytest.raises(BadInput, match=r"fingerprint is [0-9a-f]{64}, not the one given") as refused:
            documents.read(f"{origin}/swagger.json", fingerprint="0" * 64)
        found = str(refused.value).partition("fingerprint is ")[2][:64]
        spelt = ":".join(found[at : at + 2] for at in range(0, 64, 2)).upper()
        for fingerprint in (found, spelt):
            assert documents.read(f"{origin}/swagger.json", fingerprint=fingerprint).content == document()
        with pytest.raises(BadInput, match="not a SHA-256 fingerprint"):
            documents.read(f"{origin}/swagger.json", fingerprint="abc")


@pytest.mark.parametrize(
    "page",
    [
        b'<html><script>SwaggerUIBundle({url: "v1.9/swagger.json"})</script></html>',
        b'<html><script src="./swagger-ui-bundle.js"></script><script src="./start.js"></script></html>',
    ],
)
def test_a_swagger_page_leads_to_its_document(page: bytes) -> None:
    """The address of an appliance's Swagger page is enough: the document that it names is read."""
    pages = {
        "/swagger/": (200, "text/html", page),
        "/swagger/start.js": (200, "text/javascript", b"const urls = [{'url': '/swagger/v1.9/swagger.json'}]"),
        "/swagger/v1.9/swagger.json": DOCUMENT,
    }
    with served(pages) as origin:
        found = documents.read(f"{origin}/swagger/")
        assert found.content == document()
        assert found.source == f"{origin}/swagger/v1.9/swagger.json"


def test_a_page_cannot_lead_to_another_host() -> None:
    """A page that names a document elsewhere is refused."""
    page = b'<html><script>load("https://elsewhere.example.com/swagger.json")</script></html>'
    with served({"/": (200, "text/html", page)}) as origin, pytest.raises(BadInput, match="on another host"):
        documents.read(f"{origin}/")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((404, "text/plain", b""), "answered 404"),
        ((302, "https://elsewhere.example.com/a?b=c", b""), "answered 302, moved to https://elsewhere.example.com/a$"),
        ((200, "text/html", b"<html>Please log in.</html>"), "a web page that names no document"),
        ((200, "application/json", b"[]"), "no object at the top"),
    ],
)
def test_answers_that_are_no_document(answer: tuple[int, str, bytes], says: str) -> None:
    """An error, a redirect, a web page, other JSON: one line that says what came."""
    with served({"/": answer}) as origin, pytest.raises(BadInput, match=says):
        documents.read(f"{origin}/")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://vbr01.example.com/swagger.json", "only https"),
        ("ftp://127.0.0.1/swagger.json", "only https"),
        ("https:///swagger.json", "only https"),
        ("https://127.0.0.1:1/swagger.json", "refused"),
        ("https://127.0.0.1:99999/swagger.json", "Port out of range"),
    ],
)
def test_addresses_that_are_not_asked(address: str, says: str) -> None:
    """Plain http beyond loopback, other schemes, no host, nobody there: one line each."""
    with pytest.raises(BadInput, match=says):
        documents.read(address)


def test_a_body_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body without end is given up at the limit."""
    monkeypatch.setattr(bounds, "MAX_BYTES", 1 << 20)
    with (
        served({"/": (200, "application/json", b" " * (3 << 20))}) as origin,
        pytest.raises(BadInput, match="larger than 1 MiB"),
    ):
        documents.read(f"{origin}/")


def test_files_are_named_without_their_folder(tmp_path: Path) -> None:
    """The catalog names the file, not where it was on somebody's machine."""
    assert documents.read(write(tmp_path / "doc.json", document())).source == "doc.json"
