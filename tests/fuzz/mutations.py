"""What can happen to the bytes of an answer in transit."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from random import Random

import orjson

_LENGTH = re.compile(rb"(?im)^content-length:[^\r\n]*\r\n")
_FRAMING = re.compile(rb"(?im)^(content-length|transfer-encoding):[^\r\n]*\r\n")

NUMBERS = [
    b"0", b"-0", b"-1", b"1e308", b"1e400", b"-1e400", b"1e-320", b"9" * 400, b"18446744073709551616",
    b"9007199254740993",
    b"2147483648", b"0.1", b"NaN", b"Infinity", b"0x10", b"01", b"1_000", b"-Infinity", b"1" * 5000, b"1e" + b"9" * 30,
]  # fmt: skip
VALUES = [
    b"null", b"true", b"false", b"{}", b"[]", b'""', b'" "', b'"."', b'".."', b'"a/b"', b'"\\u0000"', b'"\\ud800"',
    b'"\\r\\nX: y"', b'"' + b"x" * 5000 + b'"', '"\u00e9\u20ac\U0001f600"'.encode(), b'"\xff\xfe"', b"[[[]]]",
    b'{"id":null}', b'{"a":{"b":[1,2,{"c":null}]}}', b'"0001-01-01T00:00:00"', b'"99999-99-99T99:99:99Z"',
    b'"00000000-0000-0000-0000-000000000000"', *NUMBERS,
    # What one text can do to a page, a log, a terminal: half a character, raw control characters, another charset.
    b'"nightly \\ud83d"', b'"\\udc80\\udc80"',
    b'"a\x1b[2Jb\x07"', b'"\\u001b]0;title\\u0007"', b'"a\x00b"', b'"tab\there"',
    b'"line\nbreak"', b'"\\u202eevil\\u2066"', b'"caf\xe9"', b'"\xef\xbb\xbfx"', b'"' + b"\\ud83d" * 2000 + b'"',
    b'"1.' + b"9" * 5000 + b'-rev1"', b'"1.1-rev0, 9.9-rev9"', b'"sk-\\u0000\\r\\nSet-Cookie: a=b"',
]  # fmt: skip
CHARSETS = [
    "utf-8", "utf-16", "utf-7", "idna", "punycode", "undefined", "base64", "hex", "zlib", "rot13", "unicode_escape",
    "raw_unicode_escape", "mbcs", "latin-1", "ascii", '"utf-8', "x" * 500, "utf-8;charset=utf-16", "\xff", "",
]  # fmt: skip
TYPES = [
    "text/html", "text/plain", "application/octet-stream", "application/problem+json", "json", "", ";", "/", "a/b/c",
    "multipart/mixed", "text/event-stream", "application/json;;;", "application/json; charset",
]  # fmt: skip
HEADERS = [
    b"Retry-After: 0", b"Retry-After: -1", b"Retry-After: 1e309", b"Retry-After: nan", b"Retry-After: 86400000000",
    b"Retry-After: Wed, 21 Oct 2099 07:28:00 GMT", b"Retry-After: Wed, 99 Oct 2099", b"Retry-After: \xff",
    b"Location: /", b"Location: //evil.example/", b"Location: http://[::1", b"Location: \xff\xfe", b"Location: ?a=b#c",
    b"Location: http://127.0.0.1:99999/x", b"Location: javascript:x", b"Location: /%zz/../..", b"Location: http://\xe9/",
    b"Connection: close", b"Connection: upgrade\r\nUpgrade: websocket", b"Keep-Alive: timeout=0",
    b"Content-Encoding: gzip", b"Content-Encoding: deflate", b"Content-Encoding: br", b"Content-Encoding: zstd",
    b"Content-Encoding: gzip, gzip", b"Content-Encoding: nonsense", b"Content-Encoding: identity",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: xchunked", b"Transfer-Encoding:\x0bchunked",
    b"Content-Length: 0", b"Content-Length: -1", b"Content-Length: 1", b"Content-Length: 99999999999999999999",
    b"Content-Length: 100000000", b"Content-Length: +5", b"Content-Length: 0x10", b"Content-Length: 1, 1",
    b"Content-Length:", b"Content-Length: 5 5",
    b"Content-Disposition: attachment; filename=../../etc/x",
    b"Content-Disposition: attachment; filename*=utf-8''%ff%zz",
    b"Content-Disposition: ;;=;", b'Content-Disposition: attachment; filename="\xff"; filename="b"',
    b"Content-Disposition: attachment; filename*=undefined''x",
    b"Content-Disposition: attachment; filename*0*=idna''%ff",
    b"Content-MD5: AAAA", b"Digest: sha-256=:AAAA:", b"Repr-Digest: sha-256=:" + b"A" * 43 + b"=:", b"Digest: ,=,;",
    b"Set-Cookie: a=b; domain=\xff", b"Date: never", b"X: " + b"y" * 9000, b"X" * 9000 + b": y", b"\xff\xfe: y",
    b": no name", b"no colon", b" folded", b"\tfolded", b"Na me: y", b"X:\x00y", b"X: a\rb",
    b"Content-Range: bytes 0-0/*", b"Content-Range: bytes 5-9/10",
    # Who answers, and where a change went.
    b"WWW-Authenticate: Negotiate", b'WWW-Authenticate: Basic realm="x"', b"WWW-Authenticate: Bearer",
    b"Proxy-Authenticate: NTLM",
    b"Via: 1.1 proxy", b"Server: nginx", b"Location: /api/v1/sessions/11111111-2222-3333-4444-555555555555",
    b"Location: http://evil.example/api/v1/sessions/1", b"X: " + b"y" * 12_000, b"Set-Cookie: " + b"c" * 70_000,
    b"Content-Encoding: x-gzip", b"Content-Encoding: GZIP", b"Content-Encoding: gzip, identity",
    b"Content-Length: 5\r\nContent-Length: 6",
]  # fmt: skip
STATUSES = [
    b"100", b"101", b"102", b"103", b"200", b"201", b"202", b"204", b"205", b"206", b"226", b"299", b"300", b"301",
    b"302",
    b"303", b"304", b"307", b"308", b"400", b"401", b"403", b"404", b"407", b"408", b"409", b"413", b"418", b"422",
    b"423",
    b"429", b"451", b"500", b"501", b"502", b"503", b"504", b"511", b"600", b"999", b"000", b"099", b"1000", b"20",
    b"2OO",
    b"-200", b"", b"200 ", b"\xb2\xb0\xb0",
]  # fmt: skip
VERSIONS = [
    b"HTTP/1.0",
    b"HTTP/0.9",
    b"HTTP/2.0",
    b"HTTP/9.9",
    b"HTTP/1.1.1",
    b"HTTP",
    b"http/1.1",
    b"ICY",
    b"\x16\x03\x01",
]
PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body>" + b"<p>sign in</p>" * 40 + b"</body></html>"
_TOKEN = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')


def divide(answer: bytes) -> tuple[bytes, bytes]:
    """Head, blank line included, and body."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    return head + blank, body


def unframed(body: bytes, head: bytes) -> bytes:
    """The body without its chunks."""
    if b"chunked" not in head.lower():
        return body
    found = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length:
            break
        found += rest[:length]
        body = rest[length + 2 :]
    return found


def framed(head: bytes, body: bytes) -> bytes:
    """The answer with the Content-Length that the body has."""
    first, _, rest = head.partition(b"\r\n")
    rest = _FRAMING.sub(b"", rest)
    return first + b"\r\n" + b"Content-Length: %d\r\n" % len(body) + rest + body


def chunked(head: bytes, body: bytes, rng: Random, size_of: Callable[[int], bytes] = lambda n: b"%x" % n) -> bytes:
    first, _, rest = head.partition(b"\r\n")
    sent = first + b"\r\nTransfer-Encoding: chunked\r\n" + _FRAMING.sub(b"", rest)
    while body:
        size = rng.randint(1, max(1, min(len(body), 4000)))
        sent += size_of(size) + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    return sent + b"0\r\n\r\n"


# ------------------------------------------------------------------------------------------------------ of any bytes


def flip(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice((0, 9, 10, 13, 32, 34, 58, 92, 123, 125, 127, 128, 255))
    return bytes(changed)


def cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def remove(data: bytes, rng: Random) -> bytes:
    start = rng.randint(0, len(data))
    return data[:start] + data[start + rng.choice((1, 2, 7, 40, 500)) :]


def insert(data: bytes, rng: Random) -> bytes:
    place = rng.randint(0, len(data))
    what = rng.choice((
        rng.randbytes(rng.choice((1, 4, 60))), b"\x00" * rng.choice((1, 9)), b"\r\n", b"\n", b"\r\n\r\n", b"\xff\xfe",
        b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"%s%n", b"9" * 50, b"[" * rng.choice((5,
        3000)),
        rng.choice(VALUES),
    ))  # fmt: skip
    return data[:place] + what + data[place:]


def duplicate(data: bytes, rng: Random) -> bytes:
    start = rng.randint(0, len(data))
    piece = data[start : start + rng.choice((1, 8, 100, 2000))]
    return data[:start] + piece * rng.choice((2, 2, 3, 30)) + data[start + len(piece) :]


def swap(data: bytes, rng: Random) -> bytes:
    if len(data) < 4:
        return data
    a, b, c = sorted(rng.randint(0, len(data)) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


BYTES = (flip, overwrite, cut, remove, insert, duplicate, swap)


# --------------------------------------------------------------------------------------------------------- of the head


def with_header(head: bytes, line: bytes, rng: Random) -> bytes:
    lines = head[:-4].split(b"\r\n")
    name = line.partition(b":")[0].lower()
    if rng.random() < 0.6:
        lines[1:] = [each for each in lines[1:] if each.partition(b":")[0].lower() != name]
    lines.insert(rng.randint(1, len(lines)), line)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def head_line(head: bytes, rng: Random) -> bytes:
    return with_header(head, rng.choice(HEADERS), rng)


def head_type(head: bytes, rng: Random) -> bytes:
    kind = rng.choice(("text/plain", "application/json", "text/xml", rng.choice(TYPES)))
    if rng.random() < 0.7:
        kind += f"; charset={rng.choice(CHARSETS)}"
    return with_header(head, b"Content-Type: " + kind.encode("latin-1"), rng)


def head_status(head: bytes, rng: Random) -> bytes:
    _, _, rest = head.partition(b"\r\n")
    version = rng.choice(VERSIONS) if rng.random() < 0.15 else b"HTTP/1.1"
    reason = rng.choice((b" Something", b"", b" \xff\xfe", b" " + b"r" * 9000, b" \xe2\x82\xac"))
    return version + b" " + rng.choice(STATUSES) + reason + b"\r\n" + rest


def head_break(head: bytes, rng: Random) -> bytes:
    lines = head[:-4].split(b"\r\n")
    place = rng.randrange(len(lines))
    match rng.randrange(8):
        case 0:
            del lines[place]
        case 1:
            lines.insert(place, lines[place])
        case 2:
            lines[place] = lines[place].replace(b":", b"", 1)
        case 3:
            lines[place] = lines[place].replace(b": ", b"\r\n ", 1)
        case 4:
            lines[place] = b" " + lines[place]
        case 5:
            lines[place] += b"\x00"
        case 6:
            lines += [b"X-%d: y" % number for number in range(rng.choice((50, 400)))]
        case _:
            return head.replace(b"\r\n", b"\n")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def head_part(head: bytes, rng: Random) -> bytes:
    """A part of an answer that nobody asked for, with or without saying which."""
    head = b"HTTP/1.1 206 Partial Content\r\n" + head.partition(b"\r\n")[2]
    return with_header(head, b"Content-Range: bytes 0-9/100", rng) if rng.random() < 0.5 else head


def head_empty(head: bytes, rng: Random) -> bytes:
    """Interim answers ahead of the real one, or another beginning."""
    ahead = (
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\x00",
    )
    return rng.choice(ahead) * rng.choice((1, 1, 3, 30)) + head


HEADS = (head_line, head_line, head_line, head_type, head_status, head_status, head_break, head_empty, head_part)


# --------------------------------------------------------------------------------------------------------- of the body


def body_value(body: bytes, rng: Random) -> bytes:
    """Another value, or another key, at some places of the JSON."""
    places = [match.span() for match in _TOKEN.finditer(body)]
    if not places:
        return rng.choice(VALUES)
    for start, end in sorted(rng.sample(places, min(len(places), rng.choice((1, 1, 2, 6)))), reverse=True):
        body = body[:start] + rng.choice(VALUES) + body[end:]
    return body


def body_pruned(body: bytes, rng: Random) -> bytes:
    """Still JSON: keys gone, values of other kinds, rows twice, lists empty."""
    try:
        data = orjson.loads(body)
    except ValueError:
        return body_value(body, rng)
    odd: tuple[object, ...] = (
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        [],
        {},
        [None],
        {"id": "x"},
        "Newer",
        2**63,
        "." * 3,
        1e300,
    )

    def walk(value: object, chance: float) -> object:
        if rng.random() < chance:
            return rng.choice(odd)
        if isinstance(value, dict):
            return {k: walk(v, chance) for k, v in value.items() if rng.random() > chance}
        if isinstance(value, list):
            rows = [walk(v, chance) for v in value]
            return rows * 2 if rng.random() < chance else rows
        return value

    try:
        return orjson.dumps(walk(data, rng.choice((0.01, 0.05, 0.3))))
    except (TypeError, RecursionError):  # it was made deep before, deeper than can be written
        return body_value(body, rng)


def body_deep(body: bytes, rng: Random) -> bytes:
    depth = rng.choice((100, 260, 500, 990, 1020, 1100, 20_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"id":', b"}]")))
    nest = opening * depth + b"1" + closing * depth
    shape = rng.randrange(4)
    if shape == 0:
        return nest
    if shape == 1:
        return b'{"data":[' + nest + b'],"results":[' + nest + b'],"errors":{"a":' + nest + b"}}"
    places = [match.span() for match in _TOKEN.finditer(body) if body[match.end() : match.end() + 1] != b":"]
    if not places:
        return nest
    start, end = rng.choice(places)
    return body[:start] + nest + body[end:]


def body_other(body: bytes, rng: Random) -> bytes:
    return rng.choice((
        b"", b" ", b"\xef\xbb\xbf" + body, body.decode("latin-1").encode("utf-16"), PAGE, b"null", b"[]", b"{}",
        b'"text"',
        body * 2, body + b"\x00" * 100, b"\x00" * 1000, rng.randbytes(300), body + b"}", body.replace(b'"', b"'"),
        rng.choice(NUMBERS), b'{"data":' + body + b"}", b"[" + body + b"," + body + b"]",
        b'{"errorCode":' + body + b"}",
        b'{"error":{"code":' + body + b',"message":1},"errors":{"x":[1,{}]}}', body.upper(), body.lower(),
    ))  # fmt: skip


_ENVELOPE = re.compile(
    rb'"(data|results|items|pagination|total|totalCount|count|skip|offset|access_token|expires_in)"(?=:)'
)


def body_envelope(body: bytes, rng: Random) -> bytes:
    """The names of an envelope in another letter case, gone or twice; totals that no listing has."""
    match rng.randrange(5):
        case 0:
            return _ENVELOPE.sub(lambda name: name[0].upper(), body)
        case 1:
            return _ENVELOPE.sub(lambda name: b'"' + name[1].capitalize() + b'"', body)
        case 2:
            return _ENVELOPE.sub(lambda name: b'"other_' + name[1] + b'"', body)
        case 3:
            return re.sub(
                rb'"(total|totalCount|count)":\d+', lambda name: b'"' + name[1] + b'":' + rng.choice(TOTALS), body
            )
        case _:
            return re.sub(rb'("(?:data|results)":)(?=\[)', rb"\1[],\1", body)


TOTALS = [b"0", b"1000000000000", b"-1", b'"7"', b"null", b"1e30", b"[]", b"3.5", b"true"]


def body_huge(body: bytes, rng: Random) -> bytes:
    """Much of something: texts, keys, errors, revisions, rows."""
    count = rng.choice((2_000, 60_000))
    return rng.choice((
        lambda: b'{"message":"' + b"m" * (count * 10) + b'","errorCode":"' + b"e" * count + b'"}',
        lambda: b'{"errors":{' + b",".join(b'"k%d":["abcd"]' % number for number in range(count)) + b"}}",
        lambda: b'{"message":"it has ' + b", ".join(b"1.%d-rev1" % number for number in range(count)) + b'"}',
        lambda: b"[" + b",".join([b'"abcd"'] * count) + b"]",
        lambda: b'{"data":[' + b",".join([b"{}"] * count) + b'],"pagination":{"total":%d}}' % count,
        lambda: b'{"' + b"k" * (count * 10) + b'":1}',
    ))()  # fmt: skip


BODIES = (body_envelope, body_huge, body_value, body_value, body_pruned, body_pruned, body_deep, body_other, *BYTES)


# ------------------------------------------------------------------------------------------------------ of the framing


def length(head: bytes, body: bytes, rng: Random) -> bytes:
    """A Content-Length that is not the body's."""
    wrong = rng.choice((
        max(0, len(body) - rng.choice((1, 2, 50))), len(body) + rng.choice((1, 2, 5000)), 0, len(body) * 10, 1 << 40,
    ))  # fmt: skip
    line = b"Content-Length: %d\r\n" % wrong
    first, _, rest = head.partition(b"\r\n")
    return first + b"\r\n" + line * rng.choice((1, 1, 2)) + _FRAMING.sub(b"", rest) + body


def chunks(head: bytes, body: bytes, rng: Random) -> bytes:
    """Chunked, and something wrong with the chunks."""
    sizes: tuple[Callable[[int], bytes], ...] = (
        lambda n: b"%x" % n, lambda n: b"%X ;ext=%d" % (n, n), lambda n: b"0x%x" % n, lambda n: b"%x" % (n + 3),
        lambda n: b"-%x" % n, lambda n: b"f" * 17, lambda n: b"", lambda n: b"+%x" % n,
        lambda n: b"%x;" % n + b"e" * 9000,
        lambda n: b"zz", lambda n: b"0" * 40 + b"%x" % n, lambda n: b"%x\n" % n,
    )  # fmt: skip
    whole = rng.choice(sizes)
    odd = rng.random
    sent = chunked(head, body, rng, lambda n: whole(n) if odd() < 0.3 else b"%x" % n)
    match rng.randrange(6):
        case 0:
            return sent[:-5]
        case 1:
            return sent[:-2] + b"Trailer: x\r\n\r\n"
        case 2:
            return sent[:-2] + rng.choice(HEADERS) + b"\r\n\r\n"
        case 3:
            return sent[: -rng.randint(1, 5)] + rng.randbytes(4)
        case _:
            return sent


def encoded(head: bytes, body: bytes, rng: Random) -> bytes:
    """Compressed, and something wrong with that."""
    kind, packed = rng.choice((
        (b"gzip", gzip.compress(body, 1)), (b"deflate", zlib.compress(body, 1)), (b"deflate", zlib.compress(body,
        1)[2:-4]),
        (b"gzip", gzip.compress(body, 1) * 2), (b"gzip", gzip.compress(gzip.compress(body, 1), 1)),
        (b"gzip", BOMB), (b"gzip", body), (b"gzip", gzip.compress(body, 1)[:-8]), (b"x-gzip", gzip.compress(body, 1)),
        (b"gzip", gzip.compress(body, 1)[:-4]), (b"gzip", gzip.compress(body, 1) + b"\x00" * 40),
        (b"gzip", gzip.compress(body, 1) + b"rest"),
        (b"gzip", gzip.compress(body[:90], 1) + gzip.compress(body[90:], 1)),
        (b"gzip, gzip", gzip.compress(gzip.compress(body, 1), 1)), (b"br", body), (b"zstd", body), (b"gzip", b""),
    ))  # fmt: skip
    head = with_header(head, b"Content-Encoding: " + kind, rng)
    if rng.random() < 0.7:
        packed = rng.choice(BYTES)(packed, rng)
    return chunked(head, packed, rng) if rng.random() < 0.3 else framed(head, packed)


# Becomes 24 MB, far beyond what the clients of these cases take.
BOMB = gzip.compress(b'{"data":"' + b" " * (24 << 20), 9)


def mutate(answer: bytes, others: list[bytes], rng: Random) -> bytes:
    """One answer, spoilt by one to three faults."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        answer = _once(answer, others, rng)
    return answer


def _once(answer: bytes, others: list[bytes], rng: Random) -> bytes:
    head, body = divide(answer)
    kind = rng.random()
    if kind < 0.22:
        return rng.choice(BYTES)(answer, rng)
    if kind < 0.40:
        return (rng.choice(HEADS)(head, rng) if head.endswith(b"\r\n\r\n") else head) + body
    try:
        body = unframed(body, head)
    except ValueError:
        pass
    if kind < 0.74:
        return framed(head, rng.choice(BODIES)(body, rng))
    if kind < 0.80:
        return length(head, body, rng)
    if kind < 0.86:
        return chunks(head, rng.choice(BODIES)(body, rng) if rng.random() < 0.3 else body, rng)
    if kind < 0.92 and head.endswith(b"\r\n\r\n"):
        return encoded(head, body, rng)
    if kind < 0.96:
        return rng.choice(others)
    return answer + rng.choice((rng.choice(others), rng.randbytes(30), b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", answer))


def pieces(answer: bytes, rng: Random) -> list[bytes]:
    """How it arrives: mostly at once, sometimes in pieces."""
    if rng.random() < 0.75 or len(answer) < 2:
        return [answer]
    places = sorted(rng.randint(0, len(answer)) for _ in range(rng.choice((1, 2, 6))))
    return [answer[a:b] for a, b in zip([0, *places], [*places, len(answer)], strict=True)]
