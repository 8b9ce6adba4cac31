"""Large JSON in steps: the same values as at once, in bounded time and memory, or a refusal."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import orjson
import pytest

from veeam_async._operation.json_text import JsonError, loads
from veeam_async._operation.large_json import CannotBeCut, TooManyValues, read_in_steps

LIMIT = 64 << 20
ROW: dict[str, Any] = {
    "id": "6745a759-2205-4cd2-b172-8ec8f7e60ef8", "name": "nightly },{ job ]17", "tags": ["a", {"x": [{"y": 1}, {}]}],
    "endTime": "2026-01-01T00:00:00Z", "result": {"result": "Success", "message": 'said "},{"', "isCanceled": False},
}  # fmt: skip


def read(body: bytes, limit: int = LIMIT, charset: str = "") -> tuple[Any, int]:
    """The value, and the number of steps."""
    steps = read_in_steps(body, f"application/json; charset={charset}" if charset else "", limit)
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, count
        count += 1


def page(rows: int, **more: Any) -> dict[str, Any]:
    return {**more, "data": [{**ROW, "usn": number} for number in range(rows)], "pagination": {"total": rows}}


@pytest.mark.parametrize(
    "value",
    [
        page(20_000),
        page(20_000)["data"],
        page(20_000, filters=[{"a": 1}], empty=[]),
        {"page": page(20_000)},
        {"data": [{"rows": [{}] * 700_000}]},
        {"data": [str(number) for number in range(400_000)]},
        list(range(600_000)),
        [[number] for number in range(200_000)],
        [[{"number": number}] for number in range(150_000)],
    ],
    ids=["envelope", "list", "a small array before", "deeper", "in the only row", "texts", "numbers", "lists", "rows"],
)
def test_the_same_as_at_once(value: Any) -> None:
    """Rows that are cut in many places come out as they would in one piece, wherever their array is."""
    body = orjson.dumps(value)
    result, steps = read(body, limit=1 << 30)
    assert result == value
    # Each quarter of a mebibyte is looked through in a step; what takes long is read in as many more.
    looked = -(-len(body) >> 18)
    assert steps - looked >= (len(body) >> 18) - 1 or len(body) < 1 << 22


@pytest.mark.parametrize(("odd", "most", "usual"), [(False, 270_000, 132_000), (True, 70_000, 34_000)])
def test_how_much_is_read_in_a_step(monkeypatch: pytest.MonkeyPatch, odd: bool, most: int, usual: int) -> None:
    """A step reads an eighth of a mebibyte, of an odd text a quarter of that, and at the end twice as much."""
    sizes: list[int] = []

    def recorded(read: Callable[..., Any]) -> Callable[..., Any]:
        def reads(text: bytes, *arguments: Any) -> Any:
            sizes.append(len(text))
            return read(text, *arguments)

        return reads

    value = page(12_000)
    value["data"][0]["name"] = "\ufffd" if odd else "x"
    body = orjson.dumps(value).replace("\ufffd".encode(), b"\\ud83d")
    monkeypatch.setattr("veeam_async._operation.large_json.loads", recorded(loads))
    monkeypatch.setattr(orjson, "loads", recorded(orjson.loads))
    assert read(body)[0] == value
    # Behind the first rows of an odd text, which the fast reader has tried.
    pieces = sizes[24:-2]
    assert max(sizes[24:]) <= most
    assert sorted(pieces)[len(pieces) // 2] in range(usual * 9 // 10, usual)


@pytest.mark.parametrize("text", [
    "1.5", "1234567", "[]", "[[]]", "[1]", "{}", '"abcd"', f'"{"abcd" * 9}"', '{"a":1}', '{"a":{"b":[]}}'
])  # fmt: skip
def test_the_memory_that_values_take(text: str) -> None:
    """The least limit that lets a text through is about what its values take in memory, and hardly below that."""
    body = f"[{','.join([text] * 20_000)}]".encode()
    tracemalloc.start()
    try:
        value = orjson.loads(body)
        taken = tracemalloc.get_traced_memory()[0] + len(body)
    finally:
        tracemalloc.stop()
    assert len(value) == 20_000
    assert read(body, limit=int(taken * 1.7))[0] == value
    with pytest.raises(TooManyValues):
        read(body, limit=int(taken * 0.85))


@pytest.mark.parametrize("before", [0, 1, 2])
def test_small_arrays_before_the_rows(before: int) -> None:
    """The rows may be in the third array of objects, and begin behind white space."""
    value = {**{f"other{number}": [{"a": [1]}] for number in range(before)}, **page(8_000)}
    body = orjson.dumps(value).replace(b'"data":[', b'"data": [\n \t')
    assert read(body)[0] == value
    rows = orjson.dumps(value["data"])
    assert read(b" \r\n" + rows + b"\n")[0] == value["data"]


@pytest.mark.parametrize(
    ("item", "nanoseconds"), [("0", 27), ("[]", 98), ("{}", 98), ('"a"', 89), ('{"a":1}', 313), ("[[[]]]", 242)]
)
def test_how_much_is_read_at_once(item: str, nanoseconds: int) -> None:
    """What takes a slow machine 25 ms is read in one step, what takes longer in several: others have their turn."""
    budget = 25_000_000
    count = budget // nanoseconds - 100
    body = f"[{','.join([item] * count)}]"
    # The outer brackets and the comma that the last one has not; what is left is spaces.
    body += " " * (budget - count * nanoseconds - (72 - 26))
    for spaces in (0, 1):
        text = (body + " " * spaces).encode()
        value, steps = read(text, limit=1 << 30)
        assert len(value) == count
        assert (steps == -(-len(text) >> 18)) == (not spaces)


@pytest.mark.parametrize("place", [0, 6_000, 11_999])
@pytest.mark.parametrize(("length", "fine"), [(1_000_000, True), (1_100_000, False)])
def test_the_longest_row(place: int, length: int, fine: bool) -> None:
    """A row of up to a mebibyte is read in a step, whether others follow it or not."""
    value = page(12_000)
    value["data"][place]["log"] = "x" * length
    with nullcontext() if fine else pytest.raises(CannotBeCut):
        assert (read(orjson.dumps(value))[0] == value) is True


def test_texts_that_look_like_rows() -> None:
    """Rows are cut where they meet, however their texts look."""
    rows = [{"number": number, "text": "},{" * 5 + "x" * (number % 97)} for number in range(60_000)]
    assert (read(orjson.dumps(rows))[0] == rows) is True


def test_a_comma_too_many() -> None:
    """A comma behind the last row is as wrong in a large text as it is in a small one."""
    row = json.dumps({"log": "x" * 400_000})
    body = f"[{','.join(['{}'] * 300_000)},{row},]".encode()
    with pytest.raises((JsonError, CannotBeCut)):
        read(body)


@pytest.mark.parametrize(("more", "fine"), [(0, True), (1, False)])
def test_the_longest_text_that_is_read_slowly(more: int, fine: bool) -> None:
    """A text of few values that only the slow reader takes may have a mebibyte."""
    frame = b'{"log":"%b\\ud83d"}'
    text = b"x" * ((1 << 20) - len(frame % b"") + more)
    with nullcontext() if fine else pytest.raises(CannotBeCut):
        assert read(frame % text)[0]["log"].endswith("x\ufffd") is True


@pytest.mark.parametrize(("before", "fine"), [(2, True), (3, False)])
def test_numbers_behind_other_arrays(before: int, fine: bool) -> None:
    """The rows are looked for in the first three arrays, whatever they are."""
    value: dict[str, Any] = {f"other{number}": [number] for number in range(before)}
    value["data"] = list(range(900_000))
    with nullcontext() if fine else pytest.raises(CannotBeCut):
        assert (read(orjson.dumps(value))[0] == value) is True


def test_one_large_text_among_rows() -> None:
    """A text longer than what is read in a step is read with its row."""
    value = page(6_000)
    value["data"][3_000]["log"] = "},{" * 100_000
    assert read(orjson.dumps(value))[0] == value


@pytest.mark.parametrize(
    ("text", "odd"), [("x" * 1_000_000, ""), ("x" * 700_000, "\\ud83d"), ("x" * 1_000_000, "\\ud83d")]
)
@pytest.mark.parametrize("shape", ['{"log":"%s"}', '[{"log":"%s"}]', '"%s"', ' [{"a":1},{"log":"%s"}]'])
def test_large_texts_of_few_values(text: str, odd: str, shape: str) -> None:
    """A text of few values is read at once; where it is odd, by the slow reader, up to a mebibyte."""
    body = (shape % (text + odd)).encode()
    assert read(body)[0] == json.loads(shape % (text + ("\ufffd" if odd else "")))


@pytest.mark.parametrize("shape", ["%s", "{'a': 1, %s", "%s]"])
def test_few_values_that_are_no_json(shape: str) -> None:
    """A large text of few values that is cut says so; one that is no JSON says where."""
    body = (shape % ('{"log": "' + "x" * 1_000_000)).encode()
    with pytest.raises(JsonError, match="at character ") as caught:
        read(body)
    assert caught.value.incomplete == (shape != "{'a': 1, %s")


def test_a_text_of_few_values_that_is_cut() -> None:
    """Of any length it is known to be cut, so that a call which reads is sent again."""
    with pytest.raises(JsonError) as caught:
        read(b'{"log": "' + b"x" * 2_000_000)
    assert caught.value.incomplete


def test_a_large_blank() -> None:
    """White space of any length is no value."""
    assert read(b" " * (1 << 20))[0] is None


def test_another_charset() -> None:
    """Rows in the charset of the header are read in it, one by one."""
    value = page(8_000)
    value["data"][4_000]["name"] = "café"
    body = json.dumps(value, ensure_ascii=False).encode("latin-1")
    assert read(body, charset="latin-1")[0] == value


@pytest.mark.parametrize(("more", "fine"), [(1_000, True), (300_000, False)])
@pytest.mark.parametrize("behind", [True, False])
def test_what_is_around_the_rows(more: int, fine: bool, behind: bool) -> None:
    """An envelope takes no longer than a step."""
    rest = {"rest": ["x" * 99] * (more // 100)}
    value = {**page(8_000), **rest} if behind else {**rest, **page(8_000)}
    with nullcontext() if fine else pytest.raises(CannotBeCut):
        assert read(orjson.dumps(value))[0] == value


def test_the_memory_of_values() -> None:
    """What a text takes is its own length and that of its values: the limit lies between two sizes."""
    body = orjson.dumps(page(8_000)["data"])
    with pytest.raises(TooManyValues):
        read(body, limit=len(body))
    assert len(read(body, limit=16 * len(body))[0]) == 8_000


def test_white_space_between_rows() -> None:
    """Pretty-printed pages are cut as well."""
    value = page(8_000)
    assert read(json.dumps(value, indent=4).encode())[0] == value


@pytest.mark.parametrize("place", [0, 9_999, 19_999])
def test_one_odd_text_costs_itself(place: int) -> None:
    """Half a surrogate pair in one of many rows leaves all others as they are."""
    value = page(20_000)
    body = orjson.dumps(value).replace(b'"usn":%d}' % place, b'"usn":"\\ud83d"}')
    result, _ = read(body, limit=1 << 30)
    value["data"][place]["usn"] = "\ufffd"
    assert result == value


@pytest.mark.parametrize("text", [b"0", b"[]", b"{}", b'"abcd"', b'{"a":1}', b"1.5", b'{"a":{"b":[]}}'])
def test_many_small_values_are_refused(text: bytes) -> None:
    """A text that would take more memory than its limit is not parsed."""
    body = b"[" + b",".join([text] * ((16 << 20) // (len(text) + 1))) + b"]"
    with pytest.raises(TooManyValues):
        read(body, limit=24 << 20)


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b",".join(b'"key%07d":1' % number for number in range(250_000)) + b"}",
        b'{"data":[{"x":{' + b",".join(b'"key%07d":1' % number for number in range(250_000)) + b"}}]}",
    ],
    ids=["one object", "one row"],
)
def test_what_cannot_be_cut_is_refused(body: bytes) -> None:
    """One value that takes longer than a step is refused, whatever the limit is."""
    with pytest.raises(CannotBeCut):
        read(body, limit=1 << 40)


@pytest.mark.parametrize("cut", [1, 1000, 700_000])
def test_a_text_that_ends_early(cut: int) -> None:
    """What is no whole JSON is never taken for it."""
    body = orjson.dumps(page(20_000))[:-cut]
    with pytest.raises((JsonError, CannotBeCut)):
        read(body, limit=1 << 30)


def test_garbage_behind_the_rows() -> None:
    """What follows the end of the text makes it none."""
    with pytest.raises((JsonError, CannotBeCut)):
        read(orjson.dumps(page(20_000)) + b"]", limit=1 << 30)


def test_no_json_at_all() -> None:
    """A large page of another kind is no JSON at its first character."""
    with pytest.raises(JsonError):
        read(b"<html>" + b'{"a":[{},{}]},' * 200_000, limit=1 << 30)
