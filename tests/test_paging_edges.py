"""The edges of a walk: which rows each request asks for, and what exactly ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Any

import pytest
from aiohttp import web

from tests.listings import SESSIONS, ServedListing, collect, expected, ids, serve, session
from tests.scripted import Scripted, tasks
from veeam_async import BearerToken
from veeam_async._model import UNSET
from veeam_async._operation import seen as memory
from veeam_async._operation import walk
from veeam_async.client import ApplianceClient
from veeam_async.errors import DecodeError, IncompleteListingWarning, ServerError
from veeam_async.listing import Listing
from veeam_async.vbr.v1_3_rev0 import Client

INVENTORY = "/api/v1/inventory"
KEY_VAULTS = "/api/v8.1/cloudInfrastructure/keyVaults"


@pytest.fixture
async def vbr(server: Scripted) -> AsyncIterator[Client]:
    async with Client(server.url, BearerToken("token")) as client:
        yield client


@pytest.fixture
async def azure(server: Scripted) -> AsyncIterator[ApplianceClient]:
    async with import_module("veeam_async.azure.v8_1").Client(server.url, BearerToken("token")) as client:
        yield client


def inventory(
    server: Scripted, client: ApplianceClient, listing: ServedListing, body: Any = None, **options: Any
) -> Any:
    """A walk whose pages are asked for in the body, over a listing."""

    async def page(request: web.Request) -> web.Response:
        paging = (await request.json())["pagination"]
        return listing.page(paging["skip"], paging["limit"])

    server.on("POST", INVENTORY, page)
    operation = next(op for op in client.operations if op.operation_id == "GetAllInventoryHosts")
    page_size = options.pop("page_size", None)
    if page_size is not None:
        body = {**(body or {}), "pagination": {**(body or {}).get("pagination", {}), "limit": page_size}}
    return Listing(client, operation, {}, body).options(**options)


async def count(items: Listing[Any, Any]) -> int:
    return len([row async for row in items])


# --------------------------------------------------------------------------------------------- before, and how it ended


async def test_before_the_first_row(server: Scripted, vbr: Client) -> None:
    """Before a walk, and where one has begun, the attributes and the repr say that nothing came."""
    serve(server, ServedListing(3))
    items = vbr.sessions.get_all_sessions()
    assert (items.total, items.received, items.complete, items.reason) == (None, 0, None, None)
    assert repr(items) == "<Listing of GetAllSessions: 0 of None>"
    await ids(items)
    assert repr(items) == "<Listing of GetAllSessions: 3 of 3, end>"
    with pytest.raises(RuntimeError, match=r"sent already: call get_all_sessions\(...\) again"):
        aiter(items)


async def test_an_empty_listing_has_a_total(server: Scripted, vbr: Client) -> None:
    """A total of 0 beside no rows is a total."""
    serve(server, ServedListing(0))
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == []
    assert (items.total, items.complete, items.reason) == (0, True, "end")


@pytest.mark.parametrize("most", [1, 4])
async def test_as_many_rows_as_were_wanted(server: Scripted, vbr: Client, most: int) -> None:
    """Where `max_items` is the number of rows that there are, the walk ends as one that saw the end."""
    serve(server, ServedListing(most))
    items = vbr.sessions.get_all_sessions().options(max_items=most)
    assert await ids(items) == expected(most)
    assert items.reason == "end"


async def test_max_items_within_the_second_page(server: Scripted, vbr: Client) -> None:
    """Of a later page, too, rows beyond `max_items` are left out."""

    async def careless(request: web.Request) -> web.Response:
        skip = int(request.query.get("skip", 0))
        return web.json_response({"data": [session(skip + n) for n in range(20)], "pagination": {"total": 100}})

    server.on("GET", SESSIONS, careless)
    items = vbr.sessions.get_all_sessions().options(max_items=30)
    assert await ids(items) == expected(30)
    assert (items.received, items.reason) == (30, "max_items")


# ------------------------------------------------------------------------------------------------- what is asked for


async def test_pages_of_one_row(server: Scripted, vbr: Client) -> None:
    """`page_size=1` is a size like any other, with a total and without."""
    for total in (True, False):
        listing = serve(server, ServedListing(3, total=total))
        assert await ids(vbr.sessions.get_all_sessions(limit=1)) == expected(3)
        assert listing.asked[:3] == [(0, 1), (1, 1), (2, 1)]


@pytest.mark.parametrize(("most", "limit"), [(199, 199), (200, None), (201, None)])
async def test_a_limit_is_sent_below_the_usual_page(
    server: Scripted, vbr: Client, most: int, limit: int | None
) -> None:
    """`max_items` of what a server gives anyway, or more, is no reason to ask for a number of rows."""
    listing = serve(server, ServedListing(450))
    assert len(await ids(vbr.sessions.get_all_sessions().options(max_items=most))) == most
    assert listing.asked[0] == (0, limit)


@pytest.mark.parametrize(("size", "most", "limit"), [(500, 250, 250), (30, 250, 30), (40, 40, 40)])
async def test_the_smaller_of_both_limits(server: Scripted, vbr: Client, size: int, most: int, limit: int) -> None:
    """Of `page_size` and `max_items` the smaller one is asked for."""
    listing = serve(server, ServedListing(600, cap=1000))
    assert len(await ids(vbr.sessions.get_all_sessions(limit=size).options(max_items=most))) == most
    assert listing.asked[0] == (0, limit)


async def test_all_at_once_stays_so_with_max_items(server: Scripted, vbr: Client) -> None:
    """Who asks for all rows at once gets one request for all of them, whatever `max_items` leaves out."""
    listing = serve(server, ServedListing(30))
    assert await ids(vbr.sessions.get_all_sessions(limit=-1).options(max_items=5)) == expected(5)
    assert listing.asked == [(0, -1)]


async def test_a_body_that_asks_for_no_page(server: Scripted, vbr: Client) -> None:
    """Without any body the walk begins at the first row, in pages of the usual size."""
    listing = ServedListing(450)
    assert await count(inventory(server, vbr, listing)) == 450
    assert listing.asked == [(0, 200), (200, 200), (400, 200)]


async def test_what_a_body_says_besides_its_page(server: Scripted, vbr: Client) -> None:
    """What stands beside skip and limit in the body is kept for every page; `page_size` overrides its limit."""
    listing = ServedListing(25)
    body = {"pagination": {"limit": 7, "orderBy": "name"}, "filter": None}
    assert await count(inventory(server, vbr, listing, body, page_size=10)) == 25
    assert [seen.json()["pagination"] for seen in server.to(INVENTORY, "POST")] == [
        {"skip": skip, "limit": 10, "orderBy": "name"} for skip in (0, 10, 20)
    ]


async def test_a_body_that_begins_behind_the_end(server: Scripted, vbr: Client) -> None:
    """A walk that begins where there are no rows any more is at its end at once."""
    listing = ServedListing(25)
    items = inventory(server, vbr, listing, {"pagination": {"skip": 25}})
    assert await count(items) == 0
    assert (items.complete, items.total) == (True, 25)
    assert listing.asked == [(25, 200)]


# ------------------------------------------------------------------------------------------------------------- endings


@pytest.mark.parametrize("reported", [{1}, {2}, {1, 3}])
async def test_totals_that_only_some_pages_give(server: Scripted, vbr: Client, reported: set[int]) -> None:
    """A page without a total neither ends the walk nor counts as one that shrank."""
    listing = serve(server, ServedListing(50, cap=10))

    def announce(call: int) -> None:
        listing.total = call in reported

    listing.before = announce
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(50)
    assert (items.complete, items.total) == (True, 50)


@pytest.mark.parametrize("beside", [["a", "list"], "text", None])
async def test_totals_of_the_other_dialect(server: Scripted, vbr: Client, beside: Any) -> None:
    """Where `pagination` is no object, `totalCount` counts."""
    server.on("GET", SESSIONS, {"data": [session(0)], "pagination": beside, "totalCount": 1})
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(1)
    assert (items.total, len(server.requests)) == (1, 1)


async def test_a_full_page_that_repeats(server: Scripted, vbr: Client) -> None:
    """The same page twice, as long as was asked for: there may be others."""
    listing = serve(server, ServedListing(500, total=False))
    listing.ignores_skip = True
    items = vbr.sessions.get_all_sessions(limit=100).options(on_incomplete="ignore")
    assert await ids(items) == expected(100)
    assert (items.complete, items.reason) == (False, "the rows from 100 on came before: the server repeats a page")


async def test_a_short_page_that_repeats_below_the_total(server: Scripted, vbr: Client) -> None:
    """The same short page twice, while the total speaks of more: there are others."""
    listing = serve(server, ServedListing(37))
    listing.ignores_skip, listing.announced = True, 400
    items = vbr.sessions.get_all_sessions(limit=100).options(on_incomplete="ignore")
    assert await ids(items) == expected(37)
    assert items.complete is False


async def test_a_page_that_came_some_pages_ago(server: Scripted, vbr: Client) -> None:
    """Rows without ids: a page that repeats any earlier one ends the walk, not only the one just before."""
    pages = [[{"name": "a"}], [{"name": "b"}], [{"name": "c"}], [{"name": "a"}], [{"name": "d"}]]

    async def turn(request: web.Request) -> web.Response:
        return web.json_response({"data": pages[int(request.query.get("skip", 0))]})

    server.on("GET", SESSIONS, turn)
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert [row.name async for row in items] == ["a", "b", "c"]
    assert items.complete is False


async def test_null_ids_are_no_ids(server: Scripted, vbr: Client) -> None:
    """Rows whose ids are null are distinguished by their page, and read again no more than rows without ids."""
    listing = serve(server, ServedListing(300, cap=100))
    for row in listing.rows:
        row["id"] = None
    listing.ignores_skip = True
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert await count(items) == 100
    assert "repeats a page" in (items.reason or "")
    listing.ignores_skip = False
    drop(listing, _4=slice(0, 30))
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert await count(items) == 270
    assert items.reason == "the listing shrank by 30 rows while it was read: as many may be missing"


async def test_rows_with_and_without_ids(server: Scripted, vbr: Client) -> None:
    """On a page of both, a row without an id neither hides those behind it nor counts as seen."""
    listing = serve(server, ServedListing(6, cap=3, total=False))
    for number in (1, 4):
        del listing.rows[number]["id"]
    listing.rows.insert(3, listing.rows[0])
    assert [row.name async for row in vbr.sessions.get_all_sessions()] == [f"session {n}" for n in range(6)]


async def test_odd_ids_on_later_pages(server: Scripted, vbr: Client) -> None:
    """Ids that are lists or objects are distinguished, and known again."""
    listing = serve(server, ServedListing(6, cap=2))
    for number, id in enumerate([[1], {"x": 1}, [2], {"x": 2}, [1], [3]]):
        listing.rows[number] |= {"id": id, "name": "same"}
    items = vbr.sessions.get_all_sessions()
    assert [row.to_dict()["id"] async for row in items] == [[1], {"x": 1}, [2], {"x": 2}, [3]]
    assert items.complete is True


async def test_a_listing_of_one_page_is_not_compared(server: Scripted, vbr: Client) -> None:
    """Where the first page has all rows, rows that nest too deeply to be compared are no obstacle."""
    deep: Any = "end"
    for _ in range(300):
        deep = [deep]
    for total in (1, 0):
        answer = {"data": [{"name": "deep", "more": deep}], "pagination": {"total": total}}
        server.on("GET", SESSIONS, answer)
        walk = ids(vbr.sessions.get_all_sessions())
        if total:
            assert len(await walk) == 1
        else:
            with pytest.raises(DecodeError, match="nested too deeply"):
                await walk


async def test_a_walk_of_more_rows_than_any_listing_has(server: Scripted, vbr: Client) -> None:
    """Without a total a walk goes on until five million rows are behind it, and says that it did."""
    asked: list[int] = []

    async def endless(request: web.Request) -> web.Response:
        asked.append((await request.json())["pagination"]["skip"])
        return web.json_response({"data": [{"objectId": f"{asked[-1]}"}]})

    items = inventory(server, vbr, ServedListing(0), {"pagination": {"skip": 4_999_998}}, on_incomplete="ignore")
    server.on("POST", INVENTORY, endless)
    assert await count(items) == 3
    assert asked == [4_999_998, 4_999_999, 5_000_000]
    assert items.reason == "no end after 5000001 rows: the listing grows as fast as it is read"


async def test_a_total_that_runs_away_by_ten_thousand(server: Scripted, vbr: Client) -> None:
    """A walk goes on to twice the total that it began with, and ten thousand rows."""
    sizes = {0: 1, 1: 10_002, 10_003: 1, 10_004: 1}

    async def growing(request: web.Request) -> web.Response:
        skip = int(request.query.get("skip", 0))
        rows = [{"id": f"{n}"} for n in range(skip, skip + sizes[skip])]
        return web.json_response({"data": rows, "pagination": {"total": skip + sizes[skip] + 1}})

    server.on("GET", SESSIONS, growing)
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    assert await count(items) == 10_005
    assert items.reason == "no end after 10005 rows: the listing grows as fast as it is read"


# ------------------------------------------------------------------------------------------------------------ shrinking


def drop(listing: ServedListing, **rows: slice) -> None:
    """Take rows out of the listing before the answer to a call, by its number: `_3=slice(...)`."""

    def before(call: int) -> None:
        if gone := rows.get(f"_{call}"):
            del listing.rows[gone]

    listing.before = before


async def test_places_are_read_again_page_by_page(server: Scripted, vbr: Client) -> None:
    """Where more rows went than a page has, the places behind are read again in as many pages, and no further."""
    listing = serve(server, ServedListing(80, cap=10))
    drop(listing, _5=slice(0, 25))
    items = vbr.sessions.get_all_sessions()
    got = await ids(items)
    assert sorted(got, key=lambda id: int(id[3:])) == expected(80)
    assert items.complete is True
    assert listing.asked[4:10] == [(40, None), (15, 25), (25, 15), (35, 5), (50, None)]


async def test_rows_that_go_behind_the_reader(server: Scripted, vbr: Client) -> None:
    """Where rows went further on, reading again brings nothing new: the walk goes on where it was."""
    listing = serve(server, ServedListing(80, cap=10))
    drop(listing, _4=slice(75, None))
    items = vbr.sessions.get_all_sessions()
    assert await ids(items) == expected(75)
    assert (items.complete, items.reason, items.total) == (True, "end", 75)
    assert listing.asked[3:6] == [(30, None), (25, 5), (40, None)]


async def test_rows_that_go_while_places_are_read_again(server: Scripted, vbr: Client) -> None:
    """A listing that shrinks once more meanwhile is read again as far as it was to be, at least."""
    listing = serve(server, ServedListing(80, cap=10))
    drop(listing, _5=slice(0, 25), _7=slice(51, None))
    items = vbr.sessions.get_all_sessions()
    got = await ids(items)
    assert sorted(got, key=lambda id: int(id[3:])) == expected(76)
    assert items.complete is True
    assert [skip for skip, _ in listing.asked[5:9]] == [15, 25, 21, 31]


@pytest.mark.parametrize(
    "gone", [{"_5": slice(0, 25), "_7": slice(0, 4)}, {"_5": slice(0, 5), "_6": slice(0, 4)}], ids=["within", "last"]
)
async def test_rows_that_go_twice(server: Scripted, vbr: Client, gone: dict[str, slice]) -> None:
    """Rows that go while places are read again, up to the last of these pages, lose none of those behind."""
    listing = serve(server, ServedListing(80, cap=10))
    drop(listing, **gone)
    items = vbr.sessions.get_all_sessions()
    assert sorted(await ids(items), key=lambda id: int(id[3:])) == expected(80)
    assert items.complete


async def test_more_rows_go_than_are_remembered(server: Scripted, vbr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places are read again only where every row given there is still known; else the walk says what it lacks."""
    monkeypatch.setattr(memory, "REMEMBERED", 24)
    monkeypatch.setattr(walk, "REMEMBERED", 24)
    listing = serve(server, ServedListing(80, cap=10))
    drop(listing, _5=slice(0, 25))
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    got = await ids(items)
    assert len(got) == len(set(got)) == 55
    assert items.reason == "the listing shrank by 25 rows while it was read: as many may be missing"


async def test_rows_that_come_in_front_within_what_is_remembered(
    server: Scripted, vbr: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that new ones moved behind the reader are given once, however little is remembered."""
    monkeypatch.setattr(memory, "REMEMBERED", 20)
    listing = serve(server, ServedListing(200, cap=10))

    def before(call: int) -> None:
        if call > 1:
            listing.rows[:0] = [session(1000 * call + number) for number in range(2)]

    listing.before = before
    got = await ids(vbr.sessions.get_all_sessions())
    assert sorted(got, key=lambda id: int(id[3:])) == expected(200)


async def test_places_before_the_first_are_not_read(server: Scripted, vbr: Client) -> None:
    """A walk that began further on, by its body, reads no place again that it had not read."""
    listing = ServedListing(80)
    drop(listing, _3=slice(0, 25))
    items = inventory(server, vbr, listing, {"pagination": {"skip": 10, "limit": 10}})
    # Five rows slid to places before the one where the walk began.
    assert await count(items) == 65
    assert listing.asked[2:6] == [(30, 10), (10, 10), (20, 10), (40, 10)]


@pytest.mark.parametrize(("shrinks", "complete"), [(16, True), (17, False)])
async def test_a_listing_that_shrinks_and_shrinks(server: Scripted, vbr: Client, shrinks: int, complete: bool) -> None:
    """After sixteen times nothing is read again any more, and that rows may be missing is said."""
    listing = serve(server, ServedListing(400, cap=10))
    seen: set[int] = set()

    def before(call: int) -> None:
        skip, limit = listing.asked[-1]
        if limit is None and skip > 0 and len(seen) < shrinks:
            seen.add(skip)
            del listing.rows[0]

    listing.before = before
    items = vbr.sessions.get_all_sessions().options(on_incomplete="ignore")
    got = await ids(items)
    assert len(set(got)) == len(got)
    assert items.complete is complete
    assert len([1 for _, limit in listing.asked if limit == 1]) == 16
    if not complete:
        assert items.reason == "the listing shrank by 1 rows while it was read: as many may be missing"


# ------------------------------------------------------------------------------------------------------------- bad rows


@pytest.mark.parametrize("limit", [0, -2, "many"])
async def test_a_body_whose_limit_makes_no_sense(server: Scripted, vbr: Client, limit: Any) -> None:
    """A failing server is asked for a page and for a row, whatever number of rows the caller's body names."""
    listing = ServedListing(25)
    listing.bad = {0}
    items = inventory(server, vbr, listing, {"pagination": {"limit": limit}}, on_incomplete="ignore")
    async with asyncio.timeout(5):
        with pytest.raises(ServerError):
            await count(items)
    assert len(listing.asked) == 2


@pytest.mark.parametrize("walk", ["rows", "pages"])
async def test_a_warning_is_about_the_callers_line(server: Scripted, vbr: Client, walk: str) -> None:
    """Python shows a warning once for each line: it names the loop, not a line of the package."""
    listing = serve(server, ServedListing(25, cap=10))
    listing.announced = 30
    items = vbr.sessions.get_all_sessions()
    with pytest.warns(IncompleteListingWarning) as caught:
        _ = [one async for one in (items if walk == "rows" else items.pages())]
    assert caught[0].filename == __file__


async def test_how_a_bad_row_is_found(server: Scripted, vbr: Client) -> None:
    """A failing page is asked for by halves down to the one row; behind it the pages grow to their size again."""
    listing = serve(server, ServedListing(40))
    listing.bad = {10}
    await ids(vbr.sessions.get_all_sessions(limit=8).options(on_incomplete="ignore"))
    assert listing.asked == [
        *[(0, 8), (8, 8), (8, 4), (8, 2), (10, 4), (10, 2), (10, 1)],
        *[(11, 1), (12, 2), (14, 4), (18, 8), (26, 8), (34, 8)],
    ]


async def test_pages_behind_a_bad_row_grow_to_what_was_asked_for(server: Scripted, vbr: Client) -> None:
    """With large pages they grow further than to the usual page, without a size to what the server gives."""
    listing = serve(server, ServedListing(2000, cap=1000))
    listing.bad = {500}
    await ids(vbr.sessions.get_all_sessions(limit=500).options(on_incomplete="ignore"))
    assert listing.asked[-4:] == [(628, 128), (756, 256), (1012, 500), (1512, 500)]
    listing = serve(server, ServedListing(2000, cap=1000))
    listing.bad = {1000}
    await ids(vbr.sessions.get_all_sessions().options(on_incomplete="ignore"))
    assert listing.asked[-3:] == [(1064, 64), (1128, 128), (1256, None)]


async def test_a_bad_row_among_all_at_once(server: Scripted, vbr: Client) -> None:
    """Where all rows were asked for at once, a bad one among them is narrowed down all the same."""
    listing = serve(server, ServedListing(50))
    listing.bad = {30}
    items = vbr.sessions.get_all_sessions(limit=-1).options(on_incomplete="ignore")
    assert await ids(items) == [f"id-{n}" for n in range(50) if n != 30]
    assert items.reason == "the server fails over row 30"
    assert listing.asked[:3] == [(0, -1), (0, 1), (1, -1)]


@pytest.mark.parametrize(("size", "rows"), [(None, "rows 0 to 199"), (-1, "rows 0 to 199"), (1, "rows 0 to 0")])
async def test_which_rows_a_failure_was_about(server: Scripted, vbr: Client, size: int | None, rows: str) -> None:
    """The note of an error says which rows were asked for; the usual page where nothing was."""
    listing = serve(server, ServedListing(3))
    listing.bad = {0}
    with pytest.raises(ServerError) as caught:
        await ids(vbr.sessions.get_all_sessions(limit=UNSET if size is None else size).options(on_incomplete="raise"))
    assert caught.value.__notes__ == [f"this was asked for {rows}, the first being 0"]
    assert len(listing.asked) == 1


@pytest.mark.parametrize(("bad", "more"), [(3, False), (4, True)])
async def test_three_bad_rows_and_a_fourth(server: Scripted, vbr: Client, bad: int, more: bool) -> None:
    """Three bad rows are left out; the fourth is an error, after the rows before it."""
    listing = serve(server, ServedListing(100, cap=10))
    listing.bad = {20 * number + 15 for number in range(bad)}
    got: list[str] = []
    walk = collect(vbr.sessions.get_all_sessions().options(on_incomplete="ignore"), got)
    if more:
        with pytest.raises(ServerError):
            await walk
    else:
        await walk
    until = 75 if more else 100
    assert got == [f"id-{n}" for n in range(until) if n not in listing.bad]


async def test_a_bad_row_where_places_are_read_again(server: Scripted, vbr: Client) -> None:
    """A row that fails only when its place is read again is an error: it may be one that was given."""
    listing = serve(server, ServedListing(80, cap=10))

    def before(call: int) -> None:
        if call == 4:
            del listing.rows[:5]
            listing.bad = {27}

    listing.before = before
    with pytest.raises(ServerError) as caught:
        await ids(vbr.sessions.get_all_sessions().options(on_incomplete="ignore"))
    assert caught.value.__notes__ == ["this was asked for rows 27 to 27, the first being 0"]


# ----------------------------------------------------------------------------------------------------- odd answers


async def test_a_202_that_is_a_page(server: Scripted, azure: ApplianceClient) -> None:
    """A 202 that carries the rows is the page; nothing is waited for."""
    server.on("GET", KEY_VAULTS, {"totalCount": 1, "results": [{"id": "id-0", "name": "vault"}]}, 202)
    operation = next(op for op in azure.operations if op.operation_id == "KeyVault_GetKeyVaultsPage")
    assert await ids(Listing(azure, operation, {})) == expected(1)
    assert len(server.requests) == 1


async def test_pages_with_a_status_that_no_document_lists(server: Scripted, vbr: Client) -> None:
    """A page that comes with another 2xx than the document says has the listing's page model."""
    server.on("GET", SESSIONS, {"data": [session(0)], "pagination": {"total": 1}}, 203)
    pages = [page async for page in vbr.sessions.get_all_sessions().pages()]
    assert [type(page).__name__ for page in pages] == ["SessionsResult"]


async def test_what_is_no_listing(vbr: Client) -> None:
    """An operation without rows cannot be walked, and says so before anything is sent."""
    operation = next(op for op in vbr.operations if op.operation_id == "GetSession")
    with pytest.raises(ValueError, match="GetSession is not a listing"):
        Listing(vbr, operation, {})  # type: ignore[unused-awaitable]


async def test_reads_ahead_with_the_first_row_of_the_second_half(server: Scripted, vbr: Client) -> None:
    """The next page is asked for when the middle of this one is passed, not a row later."""
    listing = serve(server, ServedListing(300, cap=100))
    rows = aiter(vbr.sessions.get_all_sessions())
    for _ in range(51):
        await anext(rows)
    for _ in range(100):
        if len(listing.asked) == 2:
            break
        await asyncio.sleep(0.01)
    assert len(listing.asked) == 2
    del rows


@pytest.fixture
async def ahead(server: Scripted, vbr: Client) -> list[AsyncIterator[Any]]:
    """A walk whose page ahead is in flight, and does not come."""
    listing = ServedListing(300, cap=100)

    async def page(request: web.Request) -> web.Response:
        if listing.asked:
            await asyncio.Event().wait()
        return listing.page(0, None)

    server.on("GET", SESSIONS, page)
    rows = aiter(vbr.sessions.get_all_sessions())
    for _ in range(60):
        await anext(rows)
    for _ in range(100):
        if len(server.to(SESSIONS)) == 2:
            break
        await asyncio.sleep(0.01)
    return [rows]


def fetching() -> list[asyncio.Task[Any]]:
    """The tasks that nobody has cancelled."""
    return [task for task in tasks() if not task.cancelling()]


async def test_a_walk_that_is_dropped_ends_at_once(ahead: list[AsyncIterator[Any]]) -> None:
    """Who drops a walk where it ran has ended the page in flight."""
    assert len(fetching()) == 1
    ahead.clear()
    assert fetching() == []


async def test_a_walk_that_is_dropped_elsewhere_ends_as_well(ahead: list[AsyncIterator[Any]]) -> None:
    """Who drops it in another thread has it ended by its loop: nothing is touched from outside, and nothing stays."""
    asyncio.get_running_loop().set_debug(True)
    assert len(fetching()) == 1
    await asyncio.to_thread(ahead.clear)
    await asyncio.sleep(0)
    assert fetching() == []


# ------------------------------------------------------------------------------------------------- further products


def pages_of(
    server: Scripted, path: str, page: Callable[[int, int | None, list[dict[str, Any]]], Any], rows: int
) -> list[tuple[int, int | None]]:
    """Serves rows with an id and a name, page by page, in the shape that `page` gives them; what was asked for."""
    asked: list[tuple[int, int | None]] = []

    async def serve_page(request: web.Request) -> web.Response:
        start, size = int(request.query.get("offset", 0)), request.query.get("limit")
        limit = None if size is None else int(size)
        asked.append((start, limit))
        given = [{"id": f"id-{number}", "name": f"n{number}"} for number in range(rows)]
        return web.json_response(page(start, limit, given[start : start + (limit or 200)]))

    server.on("GET", path, serve_page)
    return asked


async def names_of(
    server: Scripted, package: str, operation: str, **values: Any
) -> tuple[list[str], Listing[Any, Any]]:
    """The names of all rows of a listing, and the listing at its end."""
    kind = import_module(f"veeam_async.{package}").Client
    async with kind(server.url, BearerToken("token")) as client:
        items = client.call(operation, **values).options(on_incomplete="ignore")
        return [row.name async for row in items], items


def linked(after: dict[str, Any] | None) -> Callable[[int, int | None, list[dict[str, Any]]], Any]:
    """Pages of two rows of Backup for Microsoft 365; what the last one has for `_links`."""

    def page(start: int, limit: int | None, rows: list[dict[str, Any]]) -> Any:
        links = {"next": {"href": "/v8/there"}} if start < 2 else after
        return {"results": rows} if links is None else {"results": rows, "_links": links}

    return page


@pytest.mark.parametrize(
    ("after", "asked"),
    [
        ({"self": {"href": "/v8/here"}}, 2),
        ({"self": {}, "next": None}, 2),
        ({"self": {}, "next": {"href": None}}, 2),
        ({}, 3),
        (None, 3),
    ],
)
async def test_a_page_that_says_that_it_is_the_last(server: Scripted, after: dict[str, Any] | None, asked: int) -> None:
    """Links without one to a next page are an end; a page without any links says nothing of others."""
    calls = pages_of(server, "/v8/BackupRepositories", linked(after), 4)
    names, items = await names_of(server, "m365.v8", "BackupRepository_GetRepositories", limit=2)
    assert names == ["n0", "n1", "n2", "n3"]
    assert (items.complete, items.reason) == (True, "end")
    assert calls == [(0, 2), (2, 2), (4, 2)][:asked]


async def test_a_total_counts_more_than_links(server: Scripted) -> None:
    """Where a page announces more rows, others follow, whatever its links say."""

    def page(start: int, limit: int | None, rows: list[dict[str, Any]]) -> Any:
        return {"results": rows, "totalCount": 4, "_links": {"self": {"href": "/v8/here"}}}

    calls = pages_of(server, "/v8/BackupRepositories", page, 4)
    names, items = await names_of(server, "m365.v8", "BackupRepository_GetRepositories", limit=2)
    assert (len(names), len(calls), items.total) == (4, 2, 4)


def placed(place: Callable[[int], Any]) -> Callable[[int, int | None, list[dict[str, Any]]], Any]:
    """Pages of the Service Provider Console, each with the place that it says to have."""

    def page(start: int, limit: int | None, rows: list[dict[str, Any]]) -> Any:
        about = {"total": 4, "count": len(rows), "offset": place(start)}
        return {"data": [{"instanceUid": row["id"], **row} for row in rows], "meta": {"pagingInfo": about}}

    return page


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (lambda start: start, "end"),
        (lambda start: None, "end"),
        (lambda start: str(start), "end"),
        (lambda start: 0, "no rows from 2 on: the server gave those from 0 on instead"),
        (lambda start: start + 1, "no rows from 2 on: the server gave those from 3 on instead"),
    ],
)
async def test_pages_of_another_place(server: Scripted, place: Callable[[int], Any], reason: str) -> None:
    """A page that says to be of another place than was asked for ends the walk, and its rows are not given."""
    calls = pages_of(server, "/api/v3/configuration/backupPolicies", placed(place), 4)
    names, items = await names_of(server, "spc.v3_7", "GetBackupPolicies", limit=2)
    assert names == ["n0", "n1", "n2", "n3"][: 4 if reason == "end" else 2]
    assert (items.reason, items.complete, items.total) == (reason, reason == "end", 4)
    assert calls == [(0, 2), (2, 2)]


async def test_pages_of_the_usual_size(server: Scripted) -> None:
    """Who reads all rows of a product that gives few at once asks for more; who awaits a page does not."""
    calls = pages_of(server, "/api/v3/configuration/backupPolicies", placed(lambda start: start), 4)
    await names_of(server, "spc.v3_7", "GetBackupPolicies")
    kind = import_module("veeam_async.spc.v3_7").Client
    async with kind(server.url, BearerToken("token")) as client:
        await client.call("GetBackupPolicies")
    assert calls == [(0, 500), (0, None)]


# -------------------------------------------------------------------------------------------------------- parsed pages


async def test_parsed_pages(server: Scripted, vbr: Client) -> None:
    """Code that reads rows by itself gets them as parsed JSON, new ones alone, each page after its turn came."""
    listing = serve(server, ServedListing(25, cap=10))
    turns: list[int] = []

    async def before() -> None:
        turns.append(len(listing.asked))

    items = vbr.sessions.get_all_sessions()
    pages = [page async for page in items.json_pages(before)]
    assert [row["id"] for page in pages for row in page] == expected(25)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert turns == [1, 2, 3]
    assert (items.received, items.total, items.complete, items.reason) == (25, 25, True, "end")
    with pytest.raises(RuntimeError, match="sent already"):
        await anext(items.json_pages())
