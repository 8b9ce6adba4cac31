"""Walking listings to their end, in the dialects of vbr, aws and azure."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from tests.listings import SESSIONS, ServedListing, collect, expected, ids, serve, session
from tests.scripted import Scripted, tasks
from veeam_async import BearerToken
from veeam_async._operation import walk
from veeam_async.client import ApplianceClient
from veeam_async.errors import DecodeError, IncompleteListing, IncompleteListingWarning, ServerError
from veeam_async.listing import Listing
from veeam_async.vbr.v1_3_rev0 import Client
from veeam_async.vbr.v1_3_rev0.models import EntraIdTenantRestorePointSpec


@pytest.fixture
async def vbr(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, BearerToken("token")) as client:
        yield client


async def test_all_rows_of_all_pages(server: Scripted, vbr: Client) -> None:
    """`async for` gives every row once, in the server's order, and says that this was all."""
    serve(server, ServedListing(450))
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(450)
    assert (items.total, items.received, items.complete, items.reason) == (450, 450, True, "end")
    assert len(server.to(SESSIONS)) == 3


async def test_rows_are_typed(server: Scripted, vbr: Client) -> None:
    """Rows are of the class that the operation's document says."""
    from veeam_async.vbr.v1_3_rev0.models import SessionModel

    serve(server, ServedListing(3))
    async for row in vbr.sessions.get_all_sessions():
        assert type(row) is SessionModel


async def test_filters_go_along_with_every_page(server: Scripted, vbr: Client) -> None:
    """The operation's own parameters are sent with each page's request."""
    serve(server, ServedListing(250))
    async for _ in vbr.sessions.get_all_sessions(name_filter="*daily*"):
        pass
    assert [seen.query["nameFilter"] for seen in server.to(SESSIONS)] == ["*daily*", "*daily*"]


async def test_pages_are_page_models(server: Scripted, vbr: Client) -> None:
    """`pages()` gives the operation's own page model, pagination included."""
    from veeam_async.vbr.v1_3_rev0.models import SessionsResult

    serve(server, ServedListing(450))
    pages = [page async for page in vbr.sessions.get_all_sessions().pages()]
    assert all(type(page) is SessionsResult for page in pages)
    assert [len(page.data) for page in pages] == [200, 200, 50]
    assert pages[-1].pagination.skip == 400


async def test_an_empty_listing(server: Scripted, vbr: Client) -> None:
    """A listing without rows costs one request and is complete; its one page is given."""
    serve(server, ServedListing(0))
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == []
    assert items.complete is True
    assert len(server.requests) == 1
    assert [len(page.data) async for page in vbr.sessions.get_all_sessions().pages()] == [0]


async def test_page_size(server: Scripted, vbr: Client) -> None:
    """`limit` is asked for, page after page; without it nothing is."""
    listing = serve(server, ServedListing(10))
    assert len(await ids(vbr.sessions.get_all_sessions(limit=4))) == 10
    assert listing.asked == [(0, 4), (4, 4), (8, 4)]
    listing.asked.clear()
    await ids(vbr.sessions.get_all_sessions())
    assert listing.asked == [(0, None)]


async def test_capped_pages(server: Scripted, vbr: Client) -> None:
    """Where the server gives fewer rows than asked for (asked 500, got 200), the next page begins after what came."""
    listing = serve(server, ServedListing(450, cap=200))
    assert await ids(vbr.sessions.get_all_sessions(limit=500)) == expected(450)
    assert [skip for skip, _ in listing.asked] == [0, 200, 400]


async def test_max_items(server: Scripted, vbr: Client) -> None:
    """`max_items` ends the walk, asks for no more rows than that, and does not count as incomplete."""
    listing = serve(server, ServedListing(450))
    items = vbr.sessions.get_all_sessions().options(max_items=250, on_incomplete="raise")
    assert await ids(items) == expected(250)
    assert (items.complete, items.reason, items.received) == (True, "max_items", 250)
    assert listing.asked == [(0, None), (200, 50)]
    listing.asked.clear()
    assert len(await ids(vbr.sessions.get_all_sessions().options(max_items=5))) == 5
    assert listing.asked == [(0, 5)]


async def test_max_items_of_a_server_that_ignores_limit(server: Scripted, vbr: Client) -> None:
    """Rows beyond `max_items` that a server gives anyway are left out."""

    async def all_at_once(request: web.Request) -> web.Response:
        return web.json_response({"data": [session(n) for n in range(20)], "pagination": {"total": 20}})

    server.on("GET", SESSIONS, all_at_once)
    items = vbr.sessions.get_all_sessions().options(max_items=7)
    assert len(await ids(items)) == 7
    assert items.reason == "max_items"


async def test_max_items_zero(server: Scripted, vbr: Client) -> None:
    """`max_items=0` gives nothing and asks for nothing."""
    serve(server, ServedListing(5))
    assert await ids(vbr.sessions.get_all_sessions().options(max_items=0)) == []
    assert server.requests == []


@pytest.mark.parametrize("arguments", [{"limit": 0}, {"limit": -2}, {"skip": -1}])
async def test_bad_pages(server: Scripted, vbr: Client, arguments: dict[str, Any]) -> None:
    """A page size or a start that means nothing is refused before anything is sent."""
    with pytest.raises(ValueError):
        aiter(vbr.sessions.get_all_sessions(**arguments))
    assert server.requests == []


@pytest.mark.parametrize("options", [{"max_items": -1}, {"on_incomplete": "panic"}, {"timeout": 0}, {"timeout": -1.0}])
async def test_bad_options(vbr: Client, options: dict[str, Any]) -> None:
    """Options that mean nothing are refused when they are set."""
    request = vbr.sessions.get_all_sessions()
    with pytest.raises(ValueError):
        request.options(**options)  # type: ignore[unused-awaitable]
    request.close()


async def test_a_listing_is_iterated_once(server: Scripted, vbr: Client) -> None:
    """A second loop over the same listing, or awaiting it, says that it was sent already."""
    serve(server, ServedListing(3))
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(3)
    for again in (lambda: aiter(items), items.pages, items.__await__):
        with pytest.raises(RuntimeError, match="this request was sent already"):
            again()


async def test_a_call_gives_one_page(server: Scripted, vbr: Client) -> None:
    """Called and awaited, a listing gives the one page that was asked for."""
    serve(server, ServedListing(450))
    page = await vbr.sessions.get_all_sessions(skip=200, limit=10)
    assert [row.id for row in page.data] == [f"id-{n}" for n in range(200, 210)]
    assert len(server.requests) == 1


# ------------------------------------------------------------------------------------------------------------ endings


async def test_no_totals_at_all(server: Scripted, vbr: Client) -> None:
    """Without a total a short page may be a capped one: the walk goes on until an empty page."""
    listing = serve(server, ServedListing(250, total=False))
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(250)
    assert (items.total, items.complete) == (None, True)
    assert [skip for skip, _ in listing.asked] == [0, 200, 250]


async def test_empty_page_before_the_total(server: Scripted, vbr: Client) -> None:
    """An empty page before the announced total ends the walk, and it is said that rows are missing."""
    serve(server, ServedListing(250)).announced = 400
    items = vbr.sessions.get_all_sessions()
    with pytest.warns(IncompleteListingWarning, match="no rows from 250 on, of 400 announced"):
        assert await ids(items) == expected(250)
    assert items.complete is False
    assert items.reason == "no rows from 250 on, of 400 announced"
    assert len(server.requests) == 3


async def test_incomplete_as_an_error(server: Scripted, vbr: Client) -> None:
    """With `on_incomplete="raise"` the error comes after the last row and carries the counts."""
    serve(server, ServedListing(250)).announced = 400
    got: list[str] = []
    with pytest.raises(IncompleteListing) as caught:
        await collect(vbr.sessions.get_all_sessions().options(on_incomplete="raise"), got)
    assert got == expected(250)
    assert (caught.value.received, caught.value.total, caught.value.operation) == (250, 400, "GetAllSessions")


async def test_incomplete_in_silence(server: Scripted, vbr: Client) -> None:
    """With `on_incomplete="ignore"` only the attributes say so."""
    serve(server, ServedListing(250)).announced = 400
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(await ids(items)) == 250
    assert items.complete is False


async def test_a_server_that_ignores_the_offset(server: Scripted, vbr: Client) -> None:
    """A page that repeats ends the walk: its rows are given once and it is said that the others are missing."""
    listing = serve(server, ServedListing(5000, cap=1000))
    listing.ignores_skip = True
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert await ids(items) == expected(1000)
    assert items.complete is False
    assert "repeats a page" in (items.reason or "")
    assert len(server.requests) == 2


async def test_a_server_that_ignores_the_offset_and_has_no_ids(server: Scripted, vbr: Client) -> None:
    """Rows without ids: a page that is the same as one before ends the walk."""
    listing = serve(server, ServedListing(500, cap=100, total=False, ids=False))
    listing.ignores_skip = True
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert len([row async for row in items]) == 100
    assert items.complete is False
    assert len(server.requests) == 2


async def test_a_server_that_gives_everything_at_once(server: Scripted, vbr: Client) -> None:
    """Fewer rows than asked for, no total, and the same again: there are no others, and that is complete."""
    listing = serve(server, ServedListing(37, total=False))
    listing.ignores_skip = True
    items = vbr.sessions.get_all_sessions(limit=100)
    assert await ids(items) == expected(37)
    assert items.complete is True


async def test_two_pages_that_alternate(server: Scripted, vbr: Client) -> None:
    """A server that gives two pages in turns for ever is left."""
    calls = 0

    async def alternate(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.json_response({"data": [session(calls % 2)]})

    server.on("GET", SESSIONS, alternate)
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert sorted(await ids(items)) == ["id-0", "id-1"]
    assert calls == 3


async def test_a_listing_without_end(server: Scripted, vbr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """New rows for ever, without a total: the walk ends at its bound and says so."""
    monkeypatch.setattr(walk, "_MOST_ROWS", 1000)

    async def endless(request: web.Request) -> web.Response:
        skip = int(request.query.get("skip", 0))
        return web.json_response({"data": [session(skip + n) for n in range(100)]})

    server.on("GET", SESSIONS, endless)
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert len(await ids(items)) == 1100
    assert items.complete is False
    assert "no end" in (items.reason or "")


async def test_a_total_that_runs_away(server: Scripted, vbr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A total that grows as fast as it is read does not keep the walk going for ever."""
    monkeypatch.setattr(walk, "_GROWTH", 300)

    async def growing(request: web.Request) -> web.Response:
        skip = int(request.query.get("skip", 0))
        return web.json_response({"data": [session(skip + n) for n in range(100)], "pagination": {"total": skip + 200}})

    server.on("GET", SESSIONS, growing)
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert len(await ids(items)) == 800
    assert items.complete is False


async def test_rows_that_come_while_it_is_read(server: Scripted, vbr: Client) -> None:
    """New rows at the front push others onto the next page: those are given once."""
    listing = serve(server, ServedListing(300, cap=100))

    def insert(call: int) -> None:
        if call == 2:
            listing.rows[:0] = [session(1000 + n) for n in range(10)]

    listing.before = insert
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(300)
    assert items.complete is True
    assert items.total == 310


async def test_rows_that_go_while_it_is_read(server: Scripted, vbr: Client) -> None:
    """Rows that vanish move others to places already read: these places are read again and no row is missed."""
    listing = serve(server, ServedListing(450, cap=100))

    def delete(call: int) -> None:
        if call == 3:
            del listing.rows[:30]

    listing.before = delete
    items = vbr.sessions.get_all_sessions()
    got = await ids(items)
    assert sorted(got, key=lambda id: int(id[3:])) == expected(450)
    assert len(set(got)) == len(got)
    assert items.complete is True
    assert (170, 30) in listing.asked


async def test_rows_that_go_in_the_last_page(server: Scripted, vbr: Client) -> None:
    """The same where the shrunken total is reached at once."""
    listing = serve(server, ServedListing(250, cap=100))

    def delete(call: int) -> None:
        if call == 3:
            del listing.rows[:60]

    listing.before = delete
    assert len(set(await ids(vbr.sessions.get_all_sessions()))) == 250


async def test_a_listing_that_shrinks_to_nothing(server: Scripted, vbr: Client) -> None:
    """A listing that is emptied while it is read ends, and is complete: it has no other rows."""
    listing = serve(server, ServedListing(450, cap=100))

    def delete(call: int) -> None:
        if call == 3:
            listing.rows.clear()

    listing.before = delete
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(200)
    assert items.complete is True


async def test_a_total_that_flaps(server: Scripted, vbr: Client) -> None:
    """A total that goes up and down ends the walk all the same."""
    listing = serve(server, ServedListing(2000, cap=20))

    def flap(call: int) -> None:
        listing.announced = 2000 - 100 * (call % 2)

    listing.before = flap
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert len(set(await ids(items))) >= 1900
    assert len(listing.asked) < 400


async def test_shrinking_without_ids(server: Scripted, vbr: Client) -> None:
    """Without ids, rows cannot be read again without doubles: it is said that some may be missing."""
    listing = serve(server, ServedListing(450, cap=100, ids=False))

    def delete(call: int) -> None:
        if call == 3:
            del listing.rows[:30]

    listing.before = delete
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert len([row async for row in items]) == 420
    assert items.complete is False
    assert "shrank by 30 rows" in (items.reason or "")


async def test_doubles_within_a_page_stay(server: Scripted, vbr: Client) -> None:
    """Two rows with one id on the same page are what the server lists: both are given."""
    server.on("GET", SESSIONS, {"data": [session(1), session(1), session(2)], "pagination": {"total": 3}})
    assert await ids(vbr.sessions.get_all_sessions()) == ["id-1", "id-1", "id-2"]


async def test_same_id_other_name(server: Scripted, vbr: Client) -> None:
    """A row on a later page with a known id and another name is another row."""
    listing = serve(server, ServedListing(2, cap=1))
    listing.rows[1] = session(0, name="another")
    assert [row.name async for row in vbr.sessions.get_all_sessions()] == ["session 0", "another"]


@pytest.mark.parametrize("total", [-1, 0, None, True, "many", 3.0])
async def test_totals_that_are_none(server: Scripted, vbr: Client, total: Any) -> None:
    """A total that is no number, negative, or zero beside rows is no total; a float is one."""
    listing = serve(server, ServedListing(3, cap=1))
    listing.announced = total
    if total is None:
        listing.total = False
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(3)
    assert items.complete is True


@pytest.mark.parametrize("rows", [None, "absent"])
async def test_rows_that_are_null(server: Scripted, vbr: Client, rows: str | None) -> None:
    """A page whose rows are null or absent has none."""
    page: dict[str, Any] = {"pagination": {"total": 0}}
    if rows is None:
        page["data"] = None
    server.on("GET", SESSIONS, page)
    assert await ids(vbr.sessions.get_all_sessions()) == []


@pytest.mark.parametrize("body", [[], "text", {"data": {"a": 1}}])
async def test_what_is_no_page(server: Scripted, vbr: Client, body: Any) -> None:
    """An answer that is no page is a `DecodeError` that names operation and status."""
    server.on("GET", SESSIONS, body)
    with pytest.raises(DecodeError) as caught:
        await ids(vbr.sessions.get_all_sessions())
    assert caught.value.status == 200
    assert caught.value.operation == "GetAllSessions"


async def test_rows_whose_ids_are_null(server: Scripted, vbr: Client) -> None:
    """A null id is none: such rows are given however alike they are."""
    listing = serve(server, ServedListing(3, cap=2))
    for row in listing.rows:
        row |= {"id": None, "name": "same"}
    listing.rows[2]["state"] = "Working"
    assert [row.name async for row in vbr.sessions.get_all_sessions()] == ["same"] * 3


async def test_max_items_leaves_pages_whole(server: Scripted, vbr: Client) -> None:
    """`max_items` ends a walk by pages after the page that has the last row; that page is as the server gave it."""

    async def all_at_once(request: web.Request) -> web.Response:
        return web.json_response({"data": [session(n) for n in range(20)], "pagination": {"total": 40}})

    server.on("GET", SESSIONS, all_at_once)
    assert [len(page.data) async for page in vbr.sessions.get_all_sessions().options(max_items=7).pages()] == [20]


async def test_odd_rows(server: Scripted, vbr: Client) -> None:
    """Rows whose ids are numbers, lists or objects do not stop the walk."""
    rows: list[Any] = [{"id": 1, "name": "a"}, {"id": [1], "name": "b"}, {"id": {"x": 1}, "name": "c"}, {"name": "d"}]
    server.on("GET", SESSIONS, {"data": rows, "pagination": {"total": 4}})
    assert [row.name async for row in vbr.sessions.get_all_sessions()] == ["a", "b", "c", "d"]


# ----------------------------------------------------------------------------------------------------------- bad rows


@pytest.mark.parametrize("bad", [[250], [201], [399], [210, 390]])
async def test_a_row_that_fails_its_page(server: Scripted, vbr: Client, bad: list[int]) -> None:
    """One bad row fails its page with 500: all others come, and the place of that row is reported."""
    listing = serve(server, ServedListing(450))
    listing.bad = set(bad)
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert await ids(items) == [f"id-{n}" for n in range(450) if n not in listing.bad]
    assert items.complete is False
    assert f"row {', '.join(map(str, bad))}" in (items.reason or "")
    assert len(listing.asked) < 20 + 25 * len(bad)


async def test_a_bad_row_in_the_first_page(server: Scripted, vbr: Client) -> None:
    """The same in the first page, once one row has shown that the call works."""
    listing = serve(server, ServedListing(50))
    listing.bad = {30}
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert len(await ids(items)) == 49
    assert listing.asked[:2] == [(0, None), (0, 1)]


async def test_a_call_that_always_fails(server: Scripted, vbr: Client) -> None:
    """A call that fails for one row as well is an error after two requests, which says the rows asked for."""
    listing = serve(server, ServedListing(50))
    listing.bad = set(range(50))
    with pytest.raises(ServerError) as caught:
        await ids(vbr.sessions.get_all_sessions())
    assert len(listing.asked) == 2
    assert "rows 0 to 0" in caught.value.__notes__[0]


async def test_other_failures_are_not_narrowed_down(server: Scripted, vbr: Client) -> None:
    """Only a 500 may be about a row; any other failure is an error at once."""
    calls = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.json_response({}, status=501)

    server.on("GET", SESSIONS, handler)
    with pytest.raises(ServerError):
        await ids(vbr.sessions.get_all_sessions())
    assert calls == 1


async def test_many_bad_rows(server: Scripted, vbr: Client) -> None:
    """More than three bad rows are an error: the appliance has other troubles."""
    listing = serve(server, ServedListing(450))
    listing.bad = set(range(300, 310))
    with pytest.raises(ServerError):
        await ids(vbr.sessions.get_all_sessions().options(on_incomplete="ignore"))
    assert len(listing.asked) < 40


async def test_bad_rows_are_an_error_if_asked(server: Scripted, vbr: Client) -> None:
    """With `on_incomplete="raise"` a failing page is an error at once, and says which rows it was for."""
    listing = serve(server, ServedListing(450))
    listing.bad = {250}
    with pytest.raises(ServerError) as caught:
        await ids(vbr.sessions.get_all_sessions(limit=100).options(on_incomplete="raise"))
    assert listing.asked[-1] == (200, 100)
    assert "rows 200 to 299" in caught.value.__notes__[0]


# ---------------------------------------------------------------------------------------------------------- read-ahead


async def test_the_end_is_known_at_the_end(server: Scripted, vbr: Client) -> None:
    """`complete` and the warning come when the last row was taken, not before."""
    listing = serve(server, ServedListing(4, cap=4))
    listing.announced = 9
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    async for _ in items:
        await asyncio.sleep(0.01)
        assert items.complete is None
    assert items.complete is False


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something holds, and a little longer, so that too much would show as well."""
    for _ in range(500):
        await asyncio.sleep(0.01)
        if condition():
            break
    await asyncio.sleep(0.01)


async def test_reads_ahead_one_page_at_most(server: Scripted, vbr: Client) -> None:
    """While the caller works on a page at most the next one is fetched, and not before the middle of the first."""
    listing = serve(server, ServedListing(1000, cap=100))
    number = 0
    async for _ in vbr.sessions.get_all_sessions():
        number += 1
        if number % 50 == 0:
            await asyncio.sleep(0.02)
        if number == 50:
            assert len(listing.asked) == 1
        if number == 60:
            await until(lambda: len(listing.asked) >= 2)
            assert len(listing.asked) == 2
        assert len(listing.asked) <= (number - 1) // 100 + 2


async def test_pages_read_ahead_from_the_second_on(server: Scripted, vbr: Client) -> None:
    """Who looks at the first page only costs one request; from the second on the next one is fetched meanwhile."""
    listing = serve(server, ServedListing(1000, cap=100))
    number = 0
    async for _ in vbr.sessions.get_all_sessions().pages():
        number += 1
        expected = 1 if number == 1 else min(number + 1, 10)
        await until(lambda: len(listing.asked) >= expected)  # noqa: B023 - called at once
        assert len(listing.asked) == expected


async def test_leaving_the_loop_leaves_no_task(server: Scripted, vbr: Client) -> None:
    """`break` with a page in flight ends the request and leaves no task."""
    listing = serve(server, ServedListing(1000, cap=100))
    before = tasks()
    number = 0
    async for _ in vbr.sessions.get_all_sessions():
        number += 1
        if number == 60:
            break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert tasks() <= before
    assert len(listing.asked) <= 2


async def test_a_walk_that_is_dropped_in_another_thread(server: Scripted, vbr: Client) -> None:
    """The garbage collector of another thread may drop a walk: the page in flight ends all the same."""
    serve(server, ServedListing(1000, cap=100))
    before = tasks()
    walks = [aiter(vbr.sessions.get_all_sessions())]
    for _ in range(60):
        await anext(walks[0])
    assert not tasks() <= before
    await asyncio.to_thread(walks.clear)
    await until(lambda: tasks() <= before)
    assert tasks() <= before


async def test_an_error_in_the_loop_leaves_no_task(server: Scripted, vbr: Client) -> None:
    """An exception of the caller's own does the same, once it is let go."""
    serve(server, ServedListing(1000, cap=100))
    before = tasks()

    async def work() -> None:
        number = 0
        async for _ in vbr.sessions.get_all_sessions():
            number += 1
            if number == 60:
                raise KeyError

    with pytest.raises(KeyError):
        await work()
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert tasks() <= before


async def test_a_failing_page_ahead_comes_after_the_rows_before_it(server: Scripted, vbr: Client) -> None:
    """An error on the page ahead is raised when its turn comes; the rows before it are given."""
    listing = serve(server, ServedListing(300, cap=100))
    listing.bad = {150}
    got: list[str] = []
    with pytest.raises(ServerError):
        await collect(vbr.sessions.get_all_sessions().options(on_incomplete="raise"), got)
    assert got == expected(100)


async def test_a_client_that_is_closed_within_the_loop(server: Scripted) -> None:
    """Leaving the client's block with a page in flight leaves no task."""
    serve(server, ServedListing(1000, cap=100))
    before = tasks()
    async with Client(server.url, BearerToken("token")) as client:
        rows = aiter(client.sessions.get_all_sessions())
        for _ in range(60):
            await anext(rows)
    await asyncio.sleep(0.01)
    assert tasks() <= before
    del rows


# ----------------------------------------------------------------------------------------------------------- dialects


def listing_of(client: ApplianceClient, operation_id: str) -> Listing[Any, Any]:
    operation = next(op for op in client.operations if op.operation_id == operation_id)
    return Listing(client, operation, {})


def client_of(product: str, url: str) -> ApplianceClient:
    from importlib import import_module

    package = {"aws": "veeam_async.aws.v1_7_rev0", "azure": "veeam_async.azure.v8_1"}[product]
    client: ApplianceClient = import_module(package).Client(url, BearerToken("token"))
    return client


DIALECTS = [
    ("aws", "GetSessions", "/api/v1/sessions"),
    ("azure", "JobSessions_GetJobSessions", "/api/v8.1/jobSessions"),
]


@pytest.mark.parametrize(("product", "operation_id", "path"), DIALECTS)
async def test_offset_and_total_count(server: Scripted, product: str, operation_id: str, path: str) -> None:
    """AWS and Azure page by Offset and Limit and give `totalCount`."""

    async def page(request: web.Request) -> web.Response:
        offset, limit = int(request.query.get("Offset", 0)), int(request.query.get("Limit", 100))
        rows = [{"id": f"id-{n}", "status": "Running"} for n in range(offset, min(offset + limit, 250))]
        return web.json_response({"totalCount": 250, "results": rows})

    server.on("GET", path, page)
    async with client_of(product, server.url) as client:
        items = listing_of(client, operation_id)
        assert await ids(items) == expected(250)
        assert items.complete is True
        assert [seen.query.get("Offset", "0") for seen in server.to(path)] == ["0", "100", "200"]


@pytest.mark.parametrize(("product", "operation_id", "path"), DIALECTS)
async def test_limit_of_minus_one(server: Scripted, product: str, operation_id: str, path: str) -> None:
    """`page_size=-1` asks for all rows at once; where the server gives fewer the walk goes on behind them."""

    async def page(request: web.Request) -> web.Response:
        assert request.query["Limit"] == "-1"
        offset = int(request.query.get("Offset", 0))
        rows = [{"id": f"id-{n}", "status": "Running"} for n in range(offset, min(offset + 200, 250))]
        return web.json_response({"totalCount": 250, "results": rows})

    server.on("GET", path, page)
    async with client_of(product, server.url) as client:
        operation = next(op for op in client.operations if op.operation_id == operation_id)
        assert await ids(Listing(client, operation, {"limit": -1})) == expected(250)
        assert len(server.to(path)) == 2


async def test_all_at_once_without_a_total(server: Scripted) -> None:
    """All rows at once, and no total: what came is all."""
    server.on("GET", "/api/v1/sessions", {"results": [{"id": f"id-{n}", "status": "Running"} for n in range(30)]})
    async with client_of("aws", server.url) as client:
        operation = next(op for op in client.operations if op.operation_id == "GetSessions")
        items: Listing[Any, Any] = Listing(client, operation, {"limit": -1})
        assert await ids(items) == expected(30)
        assert items.complete is True
        assert len(server.requests) == 1


async def test_an_aws_list_that_ends_near_5000(server: Scripted) -> None:
    """An AWS session list that stops at 5,000 rows and then ignores Offset ends, and says what is missing."""

    async def page(request: web.Request) -> web.Response:
        offset = int(request.query.get("Offset", 0))
        offset = 0 if offset >= 5000 else offset
        rows = [{"id": f"id-{n}", "status": "Running"} for n in range(offset, offset + 1000)]
        return web.json_response({"totalCount": 7321, "results": rows})

    server.on("GET", "/api/v1/sessions", page)
    async with client_of("aws", server.url) as client:
        items = listing_of(client, "GetSessions")
        with pytest.warns(IncompleteListingWarning, match="repeats a page"):
            assert await ids(items) == expected(5000)
        assert items.complete is False


async def test_pages_asked_for_in_the_body(server: Scripted, vbr: Client) -> None:
    """Inventory is paged in the request body; the rest of the body goes along unchanged."""
    path = "/api/v1/inventory"

    async def page(request: web.Request) -> web.Response:
        paging = (await request.json())["pagination"]
        skip, limit = paging["skip"], min(paging["limit"], 100)
        rows = [{"inventoryObject": {"objectId": f"{n}"}} for n in range(skip, min(skip + limit, 250))]
        return web.json_response({"data": rows, "pagination": {"total": 250, "count": len(rows)}})

    server.on("POST", path, page)
    operation = next(op for op in vbr.operations if op.operation_id == "GetAllInventoryHosts")
    body = {"hierarchyType": "HostsAndClusters", "sorting": {"property": "name"}}
    items: Listing[Any, Any] = Listing(vbr, operation, {}, body)
    assert len([row async for row in items]) == 250
    bodies = [seen.json() for seen in server.to(path, "POST")]
    assert [b["pagination"]["skip"] for b in bodies] == [0, 100, 200]
    assert all(b["hierarchyType"] == "HostsAndClusters" and b["sorting"] == {"property": "name"} for b in bodies)
    assert "pagination" not in body


async def test_pages_asked_for_by_the_body_itself(server: Scripted, vbr: Client) -> None:
    """Where skip and limit stand in the body beside what is asked for, the walk sets them there."""
    path = "/api/v1/backupBrowser/entraIdTenant/b1/restorePoints"
    asked = []

    async def page(request: web.Request) -> web.Response:
        body = await request.json()
        asked.append(body)
        rows = [{"id": f"{n}"} for n in range(body["skip"], min(body["skip"] + body["limit"], 25))]
        return web.json_response({"data": rows, "pagination": {"total": 25, "count": len(rows)}})

    server.on("POST", path, page)
    browse = vbr.backup_browsers.browse_entra_id_tenant_backup_restore_points
    spec = EntraIdTenantRestorePointSpec(limit=10)
    assert [row.id async for row in browse("b1", spec)] == [str(n) for n in range(25)]
    assert asked == [{"skip": 0, "limit": 10}, {"skip": 10, "limit": 10}, {"skip": 20, "limit": 10}]


async def test_a_body_that_begins_elsewhere(server: Scripted, vbr: Client) -> None:
    """A body that says where to begin and how many to take in one page is obeyed."""
    path = "/api/v1/inventory"
    asked = []

    async def page(request: web.Request) -> web.Response:
        paging = (await request.json())["pagination"]
        asked.append((paging["skip"], paging["limit"]))
        rows = [{"objectId": f"{n}"} for n in range(paging["skip"], min(paging["skip"] + paging["limit"], 25))]
        return web.json_response({"data": rows, "pagination": {"total": 25, "count": len(rows)}})

    server.on("POST", path, page)
    operation = next(op for op in vbr.operations if op.operation_id == "GetAllInventoryHosts")
    items: Listing[Any, Any] = Listing(vbr, operation, {}, {"pagination": {"skip": 5, "limit": 10}})
    assert len([row async for row in items]) == 20
    assert asked == [(5, 10), (15, 10)]


KEY_VAULTS = "/api/v8.1/cloudInfrastructure/keyVaults"


def serve_operation(server: Scripted, polls: int, **ended: Any) -> None:
    """Azure: each page is an operation that has to be waited for."""
    offsets: dict[str, int] = {}
    looks: dict[str, int] = {}

    async def start(request: web.Request) -> web.Response:
        id = f"op-{len(offsets)}"
        offsets[id] = int(request.query.get("Offset", 0))
        looks[id] = 0
        server.on("GET", f"/api/v8.1/operations/{id}", look)
        running = {"id": id, "startTime": "2026-01-01T00:00:00Z", "status": "Running"}
        return web.json_response(running, status=202)

    async def look(request: web.Request) -> web.Response:
        id = request.path.rpartition("/")[2]
        looks[id] += 1
        answer: dict[str, Any] = {"id": id, "startTime": "2026-01-01T00:00:00Z", "status": "Running"}
        if looks[id] > polls:
            offset = offsets[id]
            rows = [{"id": f"id-{n}", "name": f"vault {n}"} for n in range(offset, min(offset + 100, 150))]
            page = {"offset": offset, "limit": 100, "totalCount": 150, "results": rows}
            answer |= {"status": "Success", "result": page, **ended}
        return web.json_response(answer)

    server.on("GET", KEY_VAULTS, start)


async def test_azure_lists_that_answer_202(server: Scripted) -> None:
    """A list that answers 202 with an operation is waited for, page after page."""
    serve_operation(server, polls=1)
    async with client_of("azure", server.url) as client:
        items = listing_of(client, "KeyVault_GetKeyVaultsPage")
        assert [row.name async for row in items] == [f"vault {n}" for n in range(150)]
        assert items.complete is True
        assert len(server.to(KEY_VAULTS)) == 2


async def test_pages_of_azure_lists_that_answer_202(server: Scripted) -> None:
    """Their pages have the class that the operation's result has."""
    serve_operation(server, polls=0)
    async with client_of("azure", server.url) as client:
        pages = [page async for page in listing_of(client, "KeyVault_GetKeyVaultsPage").pages()]
        assert [type(page).__name__ for page in pages] == ["PageOfKeyVault", "PageOfKeyVault"]
        assert [row.id for page in pages for row in page.results] == expected(150)


async def test_awaiting_azure_lists_that_answer_202(server: Scripted) -> None:
    """Who awaits such a list gets the page that it asked for, as from a list that answers at once."""
    serve_operation(server, polls=0)
    async with client_of("azure", server.url) as client:
        page = await client.call("KeyVault_GetKeyVaultsPage", offset=100, limit=20)
        assert type(page).__name__ == "PageOfKeyVault"
        assert [row.id for row in page.results] == expected(150)[100:]
        (asked,) = server.to(KEY_VAULTS)
        assert asked.query == {"Offset": "100", "Limit": "20"}


async def test_azure_lists_whose_operation_has_no_result(server: Scripted) -> None:
    """An operation that ends without a page is a `DecodeError`."""
    serve_operation(server, polls=0, result=None)
    async with client_of("azure", server.url) as client:
        with pytest.raises(DecodeError, match="without one"):
            await ids(listing_of(client, "KeyVault_GetKeyVaultsPage"))
