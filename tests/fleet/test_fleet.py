"""The fleet against simulated appliances of all products: faults, limits, what stays behind."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from veeam_async import Password
from veeam_async.client import ApplianceClient
from veeam_async.errors import (
    AuthenticationError,
    BadRequestError,
    ConnectError,
    DecodeError,
    RequestTimeout,
    ServerError,
    TlsError,
    UnsupportedRevisionError,
    VeeamError,
)
from veeam_async.fleet import (
    Appliance,
    ApplianceSkipped,
    BreakerPolicy,
    BreakerState,
    Fleet,
    FleetConfigError,
    FleetView,
    Job,
)
from veeam_async.registry import revisions
from veeam_async.retry import RetryPolicy
from veeam_async.testing import SimulatedAppliance
from veeam_async.timeouts import Timeouts
from veeam_async.tls import TlsPolicy

ALL = [(revision.product, revision.name) for revision in revisions()]
ONCE = RetryPolicy(attempts=1)
# Seconds that a busy machine needs at most; those that hang do so for longer.
IN_TIME = 200.0


def appliance(name: str, simulated: SimulatedAppliance, **options: Any) -> Appliance:
    options.setdefault("product", simulated.product.name)
    return Appliance(name, simulated.url, options.pop("credentials", simulated.credentials), **options)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def our_tasks() -> set[asyncio.Task[Any]]:
    """All tasks but those of aiohttp's server, which lets a handler that hangs go on when the client has gone."""
    return {task for task in asyncio.all_tasks() if "RequestHandler" not in repr(task.get_coro())}


async def jobs_of(client: ApplianceClient) -> int:
    """How many jobs or policies an appliance has, by one listing."""
    match client.revision.product:
        case "vbr":
            return len((await client.call("GetAllJobsStates")).data)
        case "aws":
            return len((await client.call("PoliciesGetAll")).results)
        case "azure":
            return len((await client.call("Policy_GetPolicies")).results)
        case "m365":
            jobs = await client.call("Job_Get")
            return len(jobs if isinstance(jobs, list) else jobs.results)
        case "spc":
            return len((await client.call("GetBackupServerJobs")).data)
        case _:
            return len((await client.call("VbrJobs_GetVmBackupJobs")).items)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def simulate(stack: AsyncExitStack, *args: Any, **options: Any) -> SimulatedAppliance:
    options.setdefault("validate", False)
    return await stack.enter_async_context(SimulatedAppliance(*args, **options))


async def test_mixed_products_and_revisions(stack: AsyncExitStack) -> None:
    """`revision="auto"` finds the revision of each appliance, once; the function gets the right client."""
    simulated = {name: await simulate(stack, *name) for name in ALL}
    async with Fleet(appliance("/".join(name), one) for name, one in simulated.items()) as fleet:
        answers = await fleet.gather(lambda client: jobs_of(client))
        assert [answer.appliance.name for answer in answers] == ["/".join(name) for name in ALL]
        for answer in answers:
            assert answer.ok, answer.error
            assert answer.value
            client = await fleet.client(answer.appliance.name)
            assert f"{client.revision.product}/{client.revision.name}" == answer.appliance.name
        asked = {name: len(one.requests) for name, one in simulated.items()}
        await fleet.gather(jobs_of)
        assert all(len(one.requests) == asked[name] + 1 for name, one in simulated.items())


async def test_typed_errors(stack: AsyncExitStack) -> None:
    """An unreachable appliance, one that answers HTML and one with another password: three typed errors, the rest."""
    good = await simulate(stack)
    html = await simulate(stack)
    html.faults.add(html=True)
    other = await simulate(stack)
    async with Fleet(
        [
            appliance("good", good),
            Appliance("dead", f"http://127.0.0.1:{free_port()}", Password("u", "p")),
            appliance("html", html, revision="1.3-rev0"),
            appliance("password", other, credentials=Password("svc-monitor", "hush")),
        ],
        retry=ONCE,
    ) as fleet:
        answers = {answer.appliance.name: answer for answer in await fleet.gather(jobs_of)}
        assert answers["good"].ok
        assert isinstance(answers["dead"].error, ConnectError)
        assert isinstance(answers["html"].error, DecodeError)
        assert isinstance(answers["password"].error, AuthenticationError)
        for name in ("dead", "html", "password"):
            error = answers[name].error
            assert isinstance(error, VeeamError)
            assert error.appliance == name
            assert "hush" not in repr(answers[name])


@pytest.mark.timeout(300)
async def test_hundred_with_faults() -> None:
    """A hundred mixed appliances, a seventh of them with one of seven faults: 100 answers in time, nothing left."""
    gc.collect()
    tasks_before, files_before = our_tasks(), open_files()
    async with AsyncExitStack() as stack:
        await hundred(stack)
    await asyncio.sleep(0.1)
    gc.collect()
    assert our_tasks() == tasks_before
    assert open_files() <= files_before


async def hundred(stack: AsyncExitStack) -> None:
    faults = ("dead", "hangs", "500", "html", "certificate", "expired", "password")
    simulated: dict[str, SimulatedAppliance] = {}
    appliances: list[Appliance] = []
    for number in range(100):
        product, revision = ALL[number % len(ALL)]
        fault = faults[number // 7 % 7] if number % 7 == number // 7 % 7 else ""
        name = f"{number:02} {fault}".strip()
        tls = fault == "certificate" or number % 10 == 3
        one = await simulate(stack, product, revision, tls=tls, seed=number, name=name)
        simulated[name] = one
        match fault:
            case "dead":
                await one.stop()
            case "hangs":
                one.faults.add(delay=600.0)
            case "500":
                one.faults.add(status=500, operation="*", after=3)
            case "html":
                one.faults.add(html=True, after=2)
            case "expired":
                one.faults.add(operation="*Get*", reject_token=True, after=1, every=3, times=2)
            case _:
                pass
        policy = None
        if tls:
            policy = TlsPolicy() if fault == "certificate" else TlsPolicy(ca_file=one.ca_file)
        credentials = Password(one.username, "hush") if fault == "password" else one.credentials
        # Those that hang have a limit of their own; the others' is so long that a busy machine does not meet it.
        limit = 1.5 if fault == "hangs" else None
        options: dict[str, Any] = {"tls": policy, "credentials": credentials, "timeout": limit}
        appliances.append(appliance(name, one, timeouts=Timeouts(connect=IN_TIME), **options))
    expected = {
        "dead": ConnectError, "hangs": RequestTimeout, "500": ServerError, "html": DecodeError,
        "certificate": TlsError, "password": AuthenticationError,
    }  # fmt: skip

    async def five(client: ApplianceClient) -> list[int]:
        return [await jobs_of(client) for _ in range(5)]

    loop = asyncio.get_running_loop()
    async with Fleet(appliances, retry=ONCE) as fleet:
        started = loop.time()
        answers = await fleet.gather(five, concurrency=50, timeout=IN_TIME, deadline=IN_TIME)
        assert loop.time() - started < IN_TIME
        assert [answer.appliance for answer in answers] == appliances
        for answer in answers:
            fault = answer.appliance.name.partition(" ")[2]
            if fault in expected:
                assert isinstance(answer.error, expected[fault]), (answer.appliance.name, answer.error)
                assert isinstance(answer.error, VeeamError)
                assert answer.error.appliance == answer.appliance.name
            else:
                assert answer.ok, (answer.appliance.name, answer.error)
                assert len(set(answer.result())) == 1
                if fault == "expired":
                    assert simulated[answer.appliance.name].count("login") >= 3
                assert answer.result()[0] > 0
        # Again: what was refused is not tried again, so that no account is locked.
        again = await fleet.where(lambda one: one.name.endswith("password")).gather(five)
        assert again
        for answer in again:
            assert answer.skipped
            assert answer.breaker is BreakerState.REFUSED
            assert simulated[answer.appliance.name].count("login") == 1
    for name, one in simulated.items():
        if not name.endswith(("dead", "hangs")):
            assert one.errors == []


async def test_dead_appliance_is_left_alone(stack: AsyncExitStack) -> None:
    """After some rounds a dead appliance costs nothing any more; it comes back by a probe."""
    one = await simulate(stack)
    await one.stop()
    policy = BreakerPolicy(failures=2, wait=0.2, jitter=0)
    async with Fleet([appliance("a", one)], retry=ONCE, breaker=policy) as fleet:
        rounds = [(await fleet.gather(jobs_of))[0] for _ in range(4)]
        assert [(answer.skipped, answer.breaker) for answer in rounds] == [
            (False, BreakerState.CLOSED),
            (False, BreakerState.OPEN),
            (True, BreakerState.OPEN),
            (True, BreakerState.OPEN),
        ]
        error = rounds[3].error
        assert isinstance(error, ApplianceSkipped)
        assert error.retry_after is not None
        await one.start()
        await asyncio.sleep(0.25)
        assert fleet.breaker("a") is BreakerState.HALF_OPEN
        (answer,) = await fleet.gather(jobs_of)
        assert answer.ok
        assert answer.breaker is BreakerState.CLOSED


async def test_reset_after_the_password_was_mended(stack: AsyncExitStack) -> None:
    """A refused login is tried again after `reset`, or with other credentials by `replace`."""
    one = await simulate(stack)
    wrong = Password(one.username, "hush")
    async with Fleet([appliance("a", one, credentials=wrong)]) as fleet:
        for _ in range(3):
            await fleet.gather(jobs_of)
        assert one.count("login") == 1
        fleet.reset("a")
        await fleet.gather(jobs_of)
        assert one.count("login") == 2
        await fleet.replace(appliance("a", one))
        (answer,) = await fleet.gather(jobs_of)
        assert answer.ok


async def test_upgraded_appliance(stack: AsyncExitStack) -> None:
    """An appliance that was upgraded beyond the revision in use costs one round; the next agrees on a new one."""
    old = await simulate(stack, "vbr", "1.2-rev1")
    async with Fleet([appliance("a", old)], retry=ONCE) as fleet:
        (answer,) = await fleet.gather(jobs_of)
        assert answer.ok
        await old.stop()
        await simulate(stack, "vbr", "1.3-rev1", port=old.port, oldest="1.3-rev0")
        (answer,) = await fleet.gather(jobs_of)
        assert isinstance(answer.error, (BadRequestError, UnsupportedRevisionError))
        (answer,) = await fleet.gather(jobs_of)
        assert answer.ok, answer.error
        assert (await fleet.client("a")).revision.name == "1.3-rev1"


async def test_adding_and_removing(stack: AsyncExitStack) -> None:
    """Appliances join and leave a running fleet; one that leaves is logged out of."""
    one, two = await simulate(stack), await simulate(stack)
    async with Fleet([appliance("one", one)]) as fleet:
        with pytest.raises(ValueError, match="'one' already"):
            fleet.add(appliance("one", two))
        fleet.add(appliance("two", two))
        assert len(await fleet.gather(jobs_of)) == 2
        await fleet.remove("one")
        assert one.count("Logout") == 1
        assert [answer.appliance.name for answer in await fleet.gather(jobs_of)] == ["two"]
        with pytest.raises(KeyError):
            await fleet.remove("one")
        with pytest.raises(VeeamError, match="not in this fleet"):
            await fleet.client("one")
    assert two.count("Logout") == 1


async def test_leaving_logs_out_everywhere(stack: AsyncExitStack) -> None:
    """Leaving the fleet logs out where there was a login, and nowhere else; a dead appliance does not hold it up."""
    used, unused, died = [await simulate(stack) for _ in range(3)]
    loop = asyncio.get_running_loop()
    async with Fleet([appliance("used", used), appliance("unused", unused), appliance("died", died)]) as fleet:
        await fleet.where(name=("used", "died")).gather(jobs_of)
        await died.stop()
        started = loop.time()
    assert loop.time() - started < 5
    assert (used.count("Logout"), len(unused.requests)) == (1, 0)


async def test_views() -> None:
    """`where` selects by product, revision, tag, name and function; views of views; they follow the fleet."""
    fleet = Fleet(
        Appliance(f"{product}-{place}", "127.0.0.1", None, product=product, tags=(place, "all"))
        for product in ("vbr", "aws")
        for place in ("berlin", "oslo")
    )

    def names(view: FleetView) -> list[str]:
        return [one.name for one in view]

    assert names(fleet.where(product="vbr")) == ["vbr-berlin", "vbr-oslo"]
    assert names(fleet.where(tag="oslo")) == ["vbr-oslo", "aws-oslo"]
    assert names(fleet.where(tag=("oslo", "all"), product=["aws", "azure"])) == ["aws-oslo"]
    assert names(fleet.where(name="aws-oslo")) == ["aws-oslo"]
    assert names(fleet.where(revision="1.3-rev0")) == []
    assert names(fleet.where(lambda one: one.name.startswith("v")).where(tag="berlin")) == ["vbr-berlin"]
    view = fleet.where(tag="berlin")
    fleet.add(Appliance("new", "127.0.0.1", None, tags="berlin"))
    assert names(view) == ["vbr-berlin", "aws-berlin", "new"]
    assert ("new" in view, "vbr-oslo" in view, len(view)) == (True, False, 3)
    assert fleet["new"].name == "new"
    with pytest.raises(KeyError):
        view["vbr-oslo"]
    await fleet.aclose()


async def test_a_view_touches_nothing_that_it_does_not_show() -> None:
    """A view has no members to add, remove or close, and neither resets nor names appliances that it hides."""
    async with Fleet([Appliance("a", "127.0.0.1", None), Appliance("b", "127.0.0.1", None)]) as fleet:
        for answer in await fleet.gather(jobs_of):
            assert not answer.ok
        view = fleet.where(name="a")
        for name in ("add", "remove", "replace", "load", "aclose", "__aenter__", "from_toml"):
            assert not hasattr(view, name)
        for call in (view.breaker, view.reset):
            with pytest.raises(KeyError):
                call("b")
        with pytest.raises(VeeamError):
            await view.client("b")
        assert isinstance(fleet, FleetView)
        assert [row.appliance.name for row in await view.jobs().gather()] == []
        rows = view.jobs()
        assert await rows.gather() == []
        assert [answer.appliance.name for answer in rows.errors] == ["a"]


async def test_shards() -> None:
    """The shards of a fleet are disjoint and together the whole fleet."""
    fleet = Fleet(Appliance(f"a{number}", "127.0.0.1", None) for number in range(100))
    parts = [{one.name for one in fleet.shard(index, 4)} for index in range(4)]
    assert sum(map(len, parts)) == 100
    assert set.union(*parts) == {one.name for one in fleet}
    with pytest.raises(ValueError, match="index"):
        fleet.shard(4, 4)
    await fleet.aclose()


async def test_load_from_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Appliances come from any async source, as objects or as records; a wrong record is reported."""
    monkeypatch.setenv("FLEET_TEST_PASSWORD", "hush")

    async def records() -> AsyncIterator[Any]:
        yield Appliance("a", "127.0.0.1", Password("u", "p"))
        yield {"name": "b", "host": "b.example.com", "username": "u", "password_env": "FLEET_TEST_PASSWORD"}
        yield {"name": "c", "host": "c", "user": "u"}

    async with Fleet() as fleet:
        with pytest.raises(FleetConfigError, match="record c: user: not known"):
            await fleet.load(records())
        assert [one.name for one in fleet] == ["a", "b"]


async def test_from_toml(stack: AsyncExitStack, tmp_path: Path) -> None:
    """A fleet file leads to answers, TLS and secrets from a file included."""
    one = await simulate(stack, tls=True)
    (tmp_path / "password").write_text(one.password)
    (tmp_path / "fleet.toml").write_text(
        f'[[appliance]]\nname = "a"\nhost = "{one.url}"\nusername = "{one.username}"\npassword_file = "password"\n'
        f'tls = {{ ca_file = "{one.ca_file}" }}\n'
    )
    async with Fleet.from_toml(tmp_path / "fleet.toml") as fleet:
        (answer,) = await fleet.gather(jobs_of)
        assert answer.ok, answer.error


async def test_no_credentials() -> None:
    """An appliance without credentials is an answer with an error, not a crash."""
    async with Fleet([Appliance("a", "127.0.0.1", None)]) as fleet:
        (answer,) = await fleet.gather(jobs_of)
        assert isinstance(answer.error, VeeamError)


async def test_clients_are_made_once(stack: AsyncExitStack) -> None:
    """Fan-outs at the same time share an appliance's client and its login."""
    one = await simulate(stack)
    async with Fleet([appliance("a", one)]) as fleet:
        await asyncio.gather(*(fleet.gather(jobs_of) for _ in range(20)))
    assert one.count("login") == 1


async def test_closing_ends_what_is_in_progress(stack: AsyncExitStack) -> None:
    """Leaving the fleet while a fan-out and a watch run ends both with an error, and leaves no task."""
    one = await simulate(stack)
    one.faults.add(operation="GetAllJobsStates", delay=60.0)
    before = our_tasks()
    fleet = Fleet([appliance("a", one)])

    async def watch() -> None:
        async for _ in fleet.watch(Job, every=60, at_once=True):
            pass

    running = [asyncio.create_task(fleet.gather(jobs_of)), asyncio.create_task(watch())]
    while one.count("GetAllJobsStates") < 2:  # noqa: ASYNC110 (the simulated appliance has no event for it)
        await asyncio.sleep(0.01)
    await fleet.aclose()
    for outcome in await asyncio.gather(*running, return_exceptions=True):
        assert isinstance(outcome, VeeamError)
        assert "closed" in str(outcome)
    assert our_tasks() == before
    (answer,) = await fleet.gather(jobs_of)
    assert isinstance(answer.error, VeeamError)


async def test_watch_over_appliances(stack: AsyncExitStack) -> None:
    """A watch gives the jobs of the first round, then what changes; a failing appliance is named meanwhile."""
    one, two = await simulate(stack, "azure", "v8"), await simulate(stack, "aws", "1.7-rev0")
    two.faults.add(operation="PoliciesGetAll", status=403, times=1)
    async with Fleet([appliance("one", one), appliance("two", two)], retry=ONCE) as fleet:
        seen: dict[str, int] = {"one": 0, "two": 0}
        changed = None
        async with fleet.watch(Job, every=0.2, at_once=True) as watch:
            async for change in watch:
                seen[change.appliance.name] += 1
                if change.kind == "changed":
                    changed = change.row
                    break
                if seen["one"] == len(one.world.jobs):
                    one.world.jobs[0].description = "Something else"
                    one.world.changed()
        assert changed is not None
        assert changed.description == "Something else"
