"""Downloads and uploads, piece by piece."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import os
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from tests.scripted import Scripted, Seen
from veeam_async import BearerToken
from veeam_async.aws.v1_7_rev0 import Client as AwsClient
from veeam_async.aws.v1_7_rev0.models import UploadCertificateBody
from veeam_async.errors import BodyTooLarge, ConnectError, DecodeError, NotFoundError, RequestTimeout, VeeamError
from veeam_async.retry import RetryPolicy
from veeam_async.timeouts import Timeouts
from veeam_async.uploads import NamedFile, encode_multipart, encode_upload
from veeam_async.vbr.v1_3_rev0 import Client

KIT = "/api/v1/deployment/t/downloadKit"
UPLOAD = "/api/v1/backupBrowser/entraIdTenant/b/uploadUser"
DATA = bytes(range(256)) * 12_000  # 3 MB: some blocks of a mebibyte, and a rest


@pytest.fixture
async def vbr(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, BearerToken("token"), timeouts=Timeouts(read=2.0)) as client:
        yield client


def serve(server: Scripted, data: bytes = DATA, /, **headers: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=data, content_type="application/octet-stream", headers=named)

    server.on("GET", KIT, handler)


def serve_raw(
    server: Scripted, head: bytes, body: bytes, *, hang: bool = False, cut: asyncio.Event | None = None
) -> None:
    """An answer written to the socket as it is; then the connection is cut (by `cut`), or nothing comes any more."""

    async def handler(request: web.Request) -> web.Response:
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" + head + b"\r\n" + body)
        if hang:
            await asyncio.sleep(10)
        if cut is not None:
            await cut.wait()
        transport.close()
        await asyncio.sleep(0.1)
        return web.Response()

    server.on("GET", KIT, handler)


# ---------------------------------------------------------------------------------------------------------- downloads


async def test_a_call_gives_the_bytes(server: Scripted, vbr: Client) -> None:
    """Called and awaited, a download is the bytes of the answer."""
    serve(server)
    assert await vbr.deployment.download_deployment_kit("t") == DATA


async def test_to_file(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """`to_file` puts the answer into a file and gives its size; nothing else is left in the folder."""
    serve(server)
    target = tmp_path / "kit.zip"
    assert await vbr.deployment.download_deployment_kit("t").to_file(target) == len(DATA)
    assert target.read_bytes() == DATA
    assert os.listdir(tmp_path) == ["kit.zip"]


async def test_to_file_replaces(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """An older file is replaced; its path may be text."""
    serve(server, b"new")
    target = tmp_path / "kit.zip"
    target.write_bytes(b"old")
    await vbr.deployment.download_deployment_kit(task_id="t").to_file(str(target))
    assert target.read_bytes() == b"new"


async def test_an_empty_download(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """An answer without a single byte is an empty file."""
    serve(server, b"")
    target = tmp_path / "empty"
    assert await vbr.deployment.download_deployment_kit("t").to_file(target) == 0
    assert target.read_bytes() == b""


async def test_chunks(server: Scripted, vbr: Client) -> None:
    """`chunks()` gives the body in pieces of up to 64 KiB."""
    serve(server, Content_Disposition='attachment; filename="kit.zip"')
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        assert download.size == len(DATA)
        assert download.status == 200
        assert download.content_type == "application/octet-stream"
        assert download.filename == "kit.zip"
        assert download.headers["content-length"] == str(len(DATA))
        pieces = [piece async for piece in download.chunks()]
    assert b"".join(pieces) == DATA
    assert max(map(len, pieces)) <= 65536
    assert download.received == len(DATA)


async def test_progress(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """Progress has what is written and the size, after each mebibyte and at the end."""
    serve(server)
    reported: list[tuple[int, int | None]] = []
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        await download.save(tmp_path / "kit", progress=lambda received, total: reported.append((received, total)))
    assert [total for _, total in reported] == [len(DATA)] * len(reported)
    assert reported[-1][0] == len(DATA)
    assert len(reported) == 3


async def test_progress_by_coroutine(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """The callback may be a coroutine function; without a length the total is None."""

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"abc")
        await answer.write_eof()
        return answer

    server.on("GET", KIT, handler)
    reported: list[tuple[int, int | None]] = []

    async def progress(received: int, total: int | None) -> None:
        await asyncio.sleep(0)
        reported.append((received, total))

    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        assert await download.save(tmp_path / "kit", progress=progress) == 3
    assert reported == [(3, None)]


async def test_progress_that_raises(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """What the callback raises ends the download; no file is left."""
    serve(server)

    def progress(received: int, total: int | None) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        async with vbr.deployment.download_deployment_kit("t").stream() as download:
            await download.save(tmp_path / "kit", progress=progress)
    assert os.listdir(tmp_path) == []


async def test_size_limit(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """More than `max_size` is refused: before the first byte where the length is known."""
    serve(server)
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        with pytest.raises(BodyTooLarge, match="larger than 1000 bytes"):
            await download.save(tmp_path / "kit", max_size=1000)
    assert download.received == 0
    assert os.listdir(tmp_path) == []


async def test_size_limit_without_a_length(server: Scripted, vbr: Client) -> None:
    """Without a length the limit holds while it is read."""

    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"x" * 1000)
        return answer

    server.on("GET", KIT, handler)
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        with pytest.raises(BodyTooLarge):
            await download.read(max_size=50_000)


def digest(name: str, data: bytes = DATA) -> str:
    return base64.b64encode(hashlib.new(name, data).digest()).decode()


CHECKSUMS = {
    "content-md5": {"Content_MD5": digest("md5")},
    "digest": {"Digest": f"SHA-256={digest('sha256')}"},
    "repr-digest": {"Repr_Digest": f"sha-512=:{digest('sha512')}:, sha-256=:{digest('sha256')}:"},
    "content-digest": {"Content_Digest": f"sha-256=:{digest('sha256')}:"},
}


@pytest.mark.parametrize("headers", CHECKSUMS.values(), ids=CHECKSUMS)
async def test_checksum_that_fits(server: Scripted, vbr: Client, headers: dict[str, str]) -> None:
    """A checksum that the server gives is compared with what came."""
    serve(server, **headers)
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        assert len(await download.read()) == len(DATA)


@pytest.mark.parametrize("headers", CHECKSUMS.values(), ids=CHECKSUMS)
async def test_checksum_that_does_not_fit(
    server: Scripted, vbr: Client, tmp_path: Path, headers: dict[str, str]
) -> None:
    """A body with another checksum is a `DecodeError`; no file appears."""
    serve(server, DATA[:-1] + b"!", **headers)
    target = tmp_path / "kit"
    target.write_bytes(b"old")
    with pytest.raises(DecodeError, match="the server announced"):
        await vbr.deployment.download_deployment_kit("t").to_file(target)
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["kit"]


@pytest.mark.parametrize("value", ["nonsense", "", "AAAA", "sha-256", "sha-256=:AAAA:", "crc=:AAAA:", "=,=,"])
async def test_checksums_that_are_none(server: Scripted, vbr: Client, value: str) -> None:
    """A header that holds no checksum proves nothing and breaks nothing."""
    serve(server, Repr_Digest=value, Digest=value, Content_MD5=value)
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        assert len(await download.read()) == len(DATA)


async def test_compressed_downloads(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A compressed answer is unpacked; its length is not that of the file, so no size is reported."""
    packed = gzip.compress(DATA)
    serve(server, packed, Content_Encoding="gzip", Content_MD5=digest("md5", packed))
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        assert download.size is None
        assert await download.save(tmp_path / "kit") == len(DATA)
    assert (tmp_path / "kit").read_bytes() == DATA


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\evil.exe", "/abs/kit.zip", "..", ""])
async def test_file_names_lead_nowhere(server: Scripted, vbr: Client, name: str) -> None:
    """The name that a server gives has no folder in it."""
    serve(server, b"x", Content_Disposition=f'attachment; filename="{name}"')
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        found = download.filename
    assert found not in ("", ".", "..")
    assert not set("/\\") & set(found or "")


async def test_reading_twice(server: Scripted, vbr: Client) -> None:
    """A download is read once; another try is an error."""
    serve(server, b"x")
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        await download.read()
        with pytest.raises(VeeamError, match="read already"):
            await download.read()


async def test_a_connection_that_breaks(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A connection that breaks in the middle is a `ConnectError`, and no file appears."""
    # What aiohttp has not handed on when the connection breaks is not counted, so the first block is waited for.
    block, written = 1 << 20, asyncio.Event()
    serve_raw(server, b"Content-Length: %d\r\n" % (block + 1), b"x" * block, cut=written)
    with pytest.raises(ConnectError, match=f"{block} of {block + 1} bytes") as caught:
        await vbr.deployment.download_deployment_kit("t").to_file(
            tmp_path / "kit", progress=lambda received, size: written.set()
        )
    assert caught.value.operation == "DownloadDeploymentKit"
    assert caught.value.appliance == vbr.name
    assert os.listdir(tmp_path) == []


async def test_a_chunked_body_without_its_end(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """The same for a body in chunks whose last chunk does not come."""
    serve_raw(server, b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n")
    with pytest.raises(ConnectError):
        await vbr.deployment.download_deployment_kit("t").to_file(tmp_path / "kit")
    assert os.listdir(tmp_path) == []


async def test_a_server_that_stops_sending(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """Silence in the middle ends with the read limit; no file appears."""
    serve_raw(server, b"Content-Length: 1000\r\n", b"x" * 100, hang=True)
    with pytest.raises(RequestTimeout, match="after 100 of 1000") as caught:
        await vbr.deployment.download_deployment_kit("t").to_file(tmp_path / "kit")
    assert caught.value.limit == "read"
    assert os.listdir(tmp_path) == []


async def test_an_error_answer(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """An error status is raised as from any call, before a file is made."""
    with pytest.raises(NotFoundError):
        await vbr.deployment.download_deployment_kit("t").to_file(tmp_path / "kit")
    assert os.listdir(tmp_path) == []


async def test_a_folder_that_is_not_there(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A place where no file can be is the operating system's own error."""
    serve(server)
    with pytest.raises(FileNotFoundError):
        await vbr.deployment.download_deployment_kit("t").to_file(tmp_path / "none" / "kit")


async def test_a_disk_that_is_full(
    server: Scripted, vbr: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails leaves no half file."""
    from veeam_async import downloads

    def full(file: io.FileIO, block: bytearray) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads, "_write_all", full)
    serve(server)
    with pytest.raises(OSError, match="No space"):
        await vbr.deployment.download_deployment_kit("t").to_file(tmp_path / "kit")
    assert os.listdir(tmp_path) == []


async def test_files_are_written_off_the_loop(
    server: Scripted, vbr: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No write happens on the event loop's thread."""
    from veeam_async import downloads

    threads: set[int] = set()
    write = downloads._write_all

    def spy(file: io.FileIO, block: bytearray) -> int:
        threads.add(threading.get_ident())
        return write(file, block)

    monkeypatch.setattr(downloads, "_write_all", spy)
    serve(server)
    await vbr.deployment.download_deployment_kit("t").to_file(tmp_path / "kit")
    assert threads
    assert threading.get_ident() not in threads


async def test_leaving_early_closes_the_connection(server: Scripted, vbr: Client) -> None:
    """A download that is left unread does not hold up the next call."""
    serve(server)
    async with vbr.deployment.download_deployment_kit("t").stream() as download:
        async for _ in download.chunks():
            break
    serve(server, b"next")
    assert await vbr.deployment.download_deployment_kit("t") == b"next"


async def test_downloads_are_repeated_until_headers_come(server: Scripted) -> None:
    """A 503 before the body is repeated as for any call that reads."""
    calls = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=503) if calls == 1 else web.Response(body=b"kit")

    server.on("GET", KIT, handler)
    async with Client(server.url, BearerToken("t"), retry=RetryPolicy(backoff=0.01)) as vbr:
        async with vbr.deployment.download_deployment_kit("t").stream() as download:
            assert await download.read() == b"kit"


# ------------------------------------------------------------------------------------------------------------ uploads


def answer_uploads(server: Scripted, path: str = UPLOAD) -> None:
    server.on("POST", path, {})


async def sent(server: Scripted, vbr: Client, body: Any) -> Seen:
    answer_uploads(server)
    await vbr.backup_browsers.upload_entra_id_tenant_user("b", body)
    return server.to(UPLOAD, "POST")[-1]


async def test_uploading_bytes(server: Scripted, vbr: Client) -> None:
    """Bytes go as they are, as octet-stream."""
    seen = await sent(server, vbr, DATA)
    assert seen.body == DATA
    assert seen.headers["Content-Type"] == "application/octet-stream"
    assert seen.headers["Content-Length"] == str(len(DATA))


async def test_uploading_a_path(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A file goes by its path, with its length."""
    source = tmp_path / "users"
    source.write_bytes(DATA)
    seen = await sent(server, vbr, source)
    assert seen.body == DATA
    assert seen.headers["Content-Length"] == str(len(DATA))


async def test_uploading_an_open_file(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """An open file goes from where it stands, and stays open."""
    source = tmp_path / "users"
    source.write_bytes(b"skip" + DATA)
    with source.open("rb") as file:
        file.seek(4)
        seen = await sent(server, vbr, file)
        assert not file.closed
    assert seen.body == DATA
    assert seen.headers["Content-Length"] == str(len(DATA))


async def test_uploading_an_iterable(server: Scripted, vbr: Client) -> None:
    """An asynchronous iterable goes in chunks, its length unknown."""

    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(DATA), 100_000):
            yield DATA[start : start + 100_000]

    seen = await sent(server, vbr, blocks())
    assert seen.body == DATA
    assert "Content-Length" not in seen.headers


async def test_uploading_a_pipe(server: Scripted, vbr: Client) -> None:
    """What cannot be measured goes in chunks."""
    reader, writer = os.pipe()
    os.write(writer, b"from a pipe")
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        seen = await sent(server, vbr, file)
    assert seen.body == b"from a pipe"


async def test_an_upload_never_holds_the_whole_file(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A file is read in blocks of a mebibyte at most."""
    sizes: list[int] = []

    class Spy(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            sizes.append(len(data or b""))
            return data or b""

    source = tmp_path / "users"
    source.write_bytes(DATA)
    with Spy(source) as file:
        await sent(server, vbr, file)
    assert max(sizes) <= 1 << 20
    assert len(sizes) >= 3


@pytest.mark.parametrize("body", ["text", 7, None, {"a": 1}, io.StringIO("text")])
async def test_what_cannot_be_uploaded(vbr: Client, body: Any) -> None:
    """Text could be a path or the content: it is refused, as is all that is no bytes."""
    with pytest.raises(TypeError):
        await vbr.backup_browsers.upload_entra_id_tenant_user("b", body)


async def test_a_file_that_is_not_there(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A path without a file is the operating system's own error, before anything is sent."""
    with pytest.raises(FileNotFoundError):
        await vbr.backup_browsers.upload_entra_id_tenant_user("b", tmp_path / "none")
    assert server.requests == []


@pytest.mark.parametrize("kind", ["bytes", "path", "file"])
async def test_uploads_that_can_be_repeated(server: Scripted, tmp_path: Path, kind: str) -> None:
    """After a 429, bytes and files are sent again from their beginning."""
    source = tmp_path / "users"
    source.write_bytes(DATA)
    calls = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.Response(status=429) if calls == 1 else web.json_response({})

    server.on("POST", UPLOAD, handler)
    with source.open("rb") as file:
        body: Any = {"bytes": DATA, "path": source, "file": file}[kind]
        async with Client(server.url, BearerToken("t"), retry=RetryPolicy(backoff=0.01)) as vbr:
            await vbr.backup_browsers.upload_entra_id_tenant_user("b", body)
    assert [seen.body == DATA for seen in server.to(UPLOAD, "POST")] == [True, True]


async def test_uploads_that_cannot_be_repeated(server: Scripted) -> None:
    """An iterable is used up by the first try: there is no second, and the error is the first one's."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=429)

    async def blocks() -> AsyncIterator[bytes]:
        yield b"once"

    server.on("POST", UPLOAD, handler)
    async with Client(server.url, BearerToken("t"), retry=RetryPolicy(backoff=0.01)) as vbr:
        with pytest.raises(VeeamError):
            await vbr.backup_browsers.upload_entra_id_tenant_user("b", blocks())
    assert len(server.requests) == 1


async def test_a_file_that_shrinks_meanwhile(server: Scripted, vbr: Client, tmp_path: Path) -> None:
    """A file that ends before its announced length is an error, not a request that hangs."""
    answer_uploads(server)

    class Short(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b""

    with pytest.raises((VeeamError, OSError)) as caught:
        await vbr.backup_browsers.upload_entra_id_tenant_user("b", Short(b"announced"))
    assert not isinstance(caught.value, RequestTimeout)


def test_replayable() -> None:
    """The encoder says what can be sent again."""

    async def blocks() -> AsyncIterator[bytes]:
        yield b""

    reader, writer = os.pipe()
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert [encode_upload(body).replayable for body in (b"x", io.BytesIO(b"x"), pipe, blocks())] == [
            True,
            True,
            False,
            False,
        ]
    assert encode_upload(io.BytesIO(b"abc")).size == 3


# ---------------------------------------------------------------------------------------------------------- multipart

CERTIFICATE = "/api/v1/settings/certificates/upload"


def parts(seen: Seen) -> dict[str, Any]:
    """The parts of a multipart request by field name, as the standard library reads them."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + seen.headers["Content-Type"].encode() + b"\r\n\r\n" + seen.body
    )
    found = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
    return found


async def upload(server: Scripted, certificate: Any) -> Seen:
    answer_uploads(server, CERTIFICATE)
    async with AwsClient(server.url, BearerToken("t")) as aws:
        body = UploadCertificateBody(certificate_file=certificate, certificate_password="s3cret")
        await aws.security_certificates.upload_certificate(body)
    return server.to(CERTIFICATE, "POST")[-1]


async def test_multipart_by_path(server: Scripted, tmp_path: Path) -> None:
    """A multipart model sends its files with their names, its texts as text, and says its length."""
    source = tmp_path / "cert.pfx"
    source.write_bytes(DATA)
    seen = await upload(server, source)
    assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert seen.headers["Content-Length"] == str(len(seen.body))
    assert parts(seen)["certificateFile"] == ("cert.pfx", "application/octet-stream", DATA)
    assert parts(seen)["certificatePassword"][2] == b"s3cret"
    assert parts(seen)["certificatePassword"][0] is None


async def test_multipart_by_bytes(server: Scripted) -> None:
    """Bytes have the field's name for a file name, so that servers take them for a file."""
    assert parts(await upload(server, b"cert"))["certificateFile"][0::2] == ("certificateFile", b"cert")


async def test_multipart_with_a_name(server: Scripted) -> None:
    """`NamedFile` says name and type."""
    named = NamedFile(b"cert", "my cert.pem", "application/x-pem-file")
    assert parts(await upload(server, named))["certificateFile"] == ("my cert.pem", "application/x-pem-file", b"cert")
    assert parts(await upload(server, NamedFile(b"c", "license.json")))["certificateFile"][1] == "application/json"


async def test_multipart_by_open_file_and_iterable(server: Scripted, tmp_path: Path) -> None:
    """Open files and iterables go as well; with an iterable the whole goes in chunks."""

    async def blocks() -> AsyncIterator[bytes]:
        yield b"ce"
        yield b"rt"

    source = tmp_path / "cert.pfx"
    source.write_bytes(b"cert")
    with source.open("rb") as file:
        assert parts(await upload(server, file))["certificateFile"][0::2] == ("cert.pfx", b"cert")
    seen = await upload(server, blocks())
    assert parts(seen)["certificateFile"][2] == b"cert"
    assert "Content-Length" not in seen.headers


async def test_multipart_from_a_dict(server: Scripted) -> None:
    """A plain dict by wire names does as well as the model; None is left out, lists repeat the field."""
    answer_uploads(server, CERTIFICATE)
    async with AwsClient(server.url, BearerToken("t")) as aws:
        moment = datetime(2026, 3, 1, 10, tzinfo=UTC)
        body: Any = {
            "certificateFile": b"c", "flag": True, "count": 3, "none": None, "options": {"a": 1}, "from": moment,
            "day": moment.date(), "id": UUID(int=7), "rows": [[1, moment], []],
        }  # fmt: skip
        await aws.call("UploadCertificate", body=body)
    found = parts(server.to(CERTIFICATE, "POST")[0])
    assert {name: part[2] for name, part in found.items()} == {
        "certificateFile": b"c",
        "flag": b"true",
        "count": b"3",
        "options": b'{"a":1}',
        "from": b"2026-03-01T10:00:00Z",
        "day": b"2026-03-01",
        "id": b"00000000-0000-0000-0000-000000000007",
        "rows": b"[]",
    }
    assert found["options"][1] == found["rows"][1] == "application/json"
    assert b'[1,"2026-03-01T10:00:00Z"]' in server.to(CERTIFICATE, "POST")[0].body


def test_multipart_replayable() -> None:
    """One part that cannot be sent again makes the whole such."""

    async def blocks() -> AsyncIterator[bytes]:
        yield b""

    assert encode_multipart({"a": b"x", "b": "text"}).replayable is True
    assert encode_multipart({"a": blocks(), "b": "text"}).replayable is False
    assert encode_multipart({"a": [b"x", b"y"]}).size is not None


def test_secrets_do_not_show() -> None:
    """Neither the body nor a named file's content is in a repr."""
    assert "s3cret" not in repr(encode_upload(b"s3cret"))
    assert "s3cret" not in repr(NamedFile(b"s3cret", "name"))
