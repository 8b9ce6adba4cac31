"""Tokens that outlive their client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import sys
import textwrap
from collections.abc import AsyncIterator
from math import inf, nan
from pathlib import Path
from time import time
from typing import Any
from unittest.mock import AsyncMock

import pytest

from veeam_async import Password, VbrToken
from veeam_async._auth import stored as stored_module
from veeam_async._auth.stored import StoreEntry
from veeam_async.testing import SimulatedAppliance
from veeam_async.token_store import FileTokenStore, MemoryTokenStore, StoredToken, TokenStore, TokenStoreError
from veeam_async.vbr.v1_3_rev0 import Client

CALL = "/api/v1/serverInfo"


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    return MemoryTokenStore() if request.param == "memory" else FileTokenStore(tmp_path / "tokens")


@pytest.fixture
async def appliance() -> AsyncIterator[SimulatedAppliance]:
    async with SimulatedAppliance("vbr", "1.3-rev0") as one:
        yield one


async def use(appliance: SimulatedAppliance, store: Any, **options: Any) -> None:
    async with Client(appliance.url, appliance.credentials, token_store=store, **options) as client:
        await client.request("GET", CALL)


async def test_second_client_does_not_log_in(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """A client finds the token of the one before it, because that one did not log out."""
    for _ in range(3):
        await use(appliance, store)
    assert appliance.count("login") == 1
    assert appliance.count("Logout") == 0


async def test_expired_token_is_refreshed(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """A stored token that has expired gives its refresh token, and the new pair is stored."""
    await use(appliance, store)
    key = f"vbr {appliance.url} {appliance.username}"
    stored = await store.load(key)
    assert stored is not None
    await store.save(key, StoredToken(stored.access, stored.refresh, stored.lifetime, time() - 1))
    await use(appliance, store)
    await use(appliance, store)
    assert appliance.tokens.grants == {"password": 1, "refresh_token": 1}


async def test_token_that_died_meanwhile_is_replaced(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """A stored token that the server no longer knows costs one refresh or login, not an error."""
    await use(appliance, store)
    appliance.tokens.revoke_all()
    await use(appliance, store)
    await use(appliance, store)
    assert appliance.tokens.grants == {"password": 2, "refresh_token": 1}


async def test_another_process_renewed_it(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """Of two clients on one store, the second takes over the token that the first one renewed."""
    first = Client(appliance.url, appliance.credentials, token_store=store)
    second = Client(appliance.url, appliance.credentials, token_store=store)
    await first.request("GET", CALL)
    await second.request("GET", CALL)
    appliance.tokens.revoke_access()
    await first.request("GET", CALL)
    await second.request("GET", CALL)
    assert appliance.tokens.grants == {"password": 1, "refresh_token": 1}
    await first.aclose()
    await second.aclose()


async def test_logout_empties_the_store(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """An explicit logout, or logout=True, ends the session and forgets the token."""
    async with Client(appliance.url, appliance.credentials, token_store=store) as client:
        await client.login()
        await client.logout()
    await use(appliance, store, logout=True)
    assert appliance.count("login") == 2
    assert appliance.count("Logout") == 2
    assert await store.load(f"vbr {appliance.url} {appliance.username}") is None


async def test_each_user_has_a_place_of_his_own(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """Other credentials never get the token of those before them, whether they name a user or not."""
    appliance.add_user("other", "other-Passw0rd")
    first = Client(appliance.url, appliance.credentials, token_store=store)
    await first.login()
    first.login_credentials = Password("other", "other-Passw0rd")
    await first.login()
    assert appliance.tokens.grants == {"password": 2}
    await first.aclose()
    for _ in range(2):
        for name in ("svc-monitor", "other"):
            token = VbrToken(appliance.tokens.vbr_token(name))
            async with Client(appliance.url, token, token_store=store) as client:
                await client.login()
    assert appliance.tokens.grants == {"password": 2, "vbr_token": 4}


async def test_broken_store_does_no_harm(appliance: SimulatedAppliance, caplog: pytest.LogCaptureFixture) -> None:
    """A store that raises is logged, without its text; calls go on."""

    class Broken:
        async def load(self, key: str) -> StoredToken | None:
            raise OSError("secret path")

        async def save(self, key: str, token: StoredToken) -> None:
            raise RuntimeError(f"cannot write {token.access}")

        async def delete(self, key: str) -> None:
            raise OSError("no")

        def lock(self, key: str) -> Any:
            raise RuntimeError("no lock for planted-secret")

    await use(appliance, Broken(), logout=True)
    assert "token store" in caplog.text
    assert "secret path" not in caplog.text and "cannot write" not in caplog.text
    assert "planted" not in caplog.text


async def test_a_lock_that_cannot_be_given_back(
    appliance: SimulatedAppliance, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that fails when its lock is given back costs a line of the log, not the login that it was for."""

    class Stuck(MemoryTokenStore):
        @contextlib.asynccontextmanager
        async def lock(self, key: str) -> AsyncIterator[None]:
            yield
            raise OSError("planted-secret")

    store = Stuck()
    await use(appliance, store)
    await use(appliance, store)
    assert "the token store could not be unlocked: OSError" in caplog.text
    assert "planted" not in caplog.text
    assert appliance.count("login") == 1


async def test_an_adopted_token_stays_for_its_store(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """A client that goes on with the token of another one does not end the session that the store keeps."""
    async with Client(appliance.url, appliance.credentials, token_store=store) as first:
        token = await first.login()
    async with Client(appliance.url, appliance.credentials, token_store=store) as second:
        second.adopt_token(token)
        await second.request("GET", CALL)
    await use(appliance, store)
    assert (appliance.count("login"), appliance.count("Logout")) == (1, 0)


async def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    """Files have mode 0600 in a folder with 0700, and no name shows whose they are."""
    store = FileTokenStore(tmp_path / "deep" / "tokens")
    await store.save("vbr https://vbr01:9419 monitor", StoredToken("a", "r", 900.0, time() + 900))
    (path,) = (tmp_path / "deep" / "tokens").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "vbr01" not in path.name
    await store.delete("vbr https://vbr01:9419 monitor")
    await store.delete("vbr https://vbr01:9419 monitor")
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"{}", b"null", b'{"access": 1}', b"\xff\xfe", b"[" * 100_000, b"x" * 1_000_000,
        b'{"access": "a\\r\\nX: y", "refresh": null, "lifetime": 900, "expires": 9e9}',
        b'{"access": "", "refresh": null, "lifetime": 900, "expires": 9e9}',
        b'{"access": null, "refresh": null, "lifetime": 900, "expires": 9e9}',
        b'{"access": ["a"], "refresh": null, "lifetime": 900, "expires": 9e9}',
        b'{"access": "\xc3\xa9", "refresh": null, "lifetime": 900, "expires": 9e9}',
        b'{"access": "a b", "refresh": null, "lifetime": 900, "expires": 9e9}',
        b'{"access": "a", "refresh": ["r"], "lifetime": 900, "expires": 9e9}',
        b'{"access": "a", "refresh": "r\\u0000", "lifetime": 900, "expires": 9e9}',
        b'{"access": "a", "refresh": null, "lifetime": "900", "expires": 9e9}',
        b'{"access": "a", "refresh": null, "lifetime": true, "expires": 9e9}',
        b'{"access": "a", "refresh": null, "lifetime": 1e999, "expires": 9e9}',
        b'{"access": "a", "refresh": null, "lifetime": -1, "expires": 9e9}',
        b'{"access": "a", "refresh": null, "lifetime": 900, "expires": null}',
    ],
)  # fmt: skip
async def test_garbled_file_is_as_good_as_none(appliance: SimulatedAppliance, tmp_path: Path, content: bytes) -> None:
    """A file that holds something else leads to a login."""
    store = FileTokenStore(tmp_path)
    await use(appliance, store)
    (path,) = tmp_path.glob("*.json")
    path.write_bytes(content)
    await use(appliance, store)
    assert appliance.count("login") == 2


async def test_clock_that_was_set_back(appliance: SimulatedAppliance) -> None:
    """A stored expiry far in the future makes no token live longer than the server said."""
    store = MemoryTokenStore()
    await use(appliance, store)
    key = f"vbr {appliance.url} {appliance.username}"
    stored = await store.load(key)
    assert stored is not None
    await store.save(key, StoredToken(stored.access, stored.refresh, stored.lifetime, time() + 1e9))
    async with Client(appliance.url, appliance.credentials, token_store=store) as client:
        token = await client.login()
        assert token.left() <= stored.lifetime


def test_what_is_kept_shows_no_secret() -> None:
    """The repr of a kept token has neither of its secrets."""
    shown = repr(StoredToken("planted-access", "planted-refresh", 900.0, 0.0))
    assert "planted" not in shown and "900" in shown


async def test_what_expired_meanwhile_has_no_time_left() -> None:
    """A token that expired in the store comes out expired, by nothing more and nothing less."""
    store = MemoryTokenStore()
    await store.save("key", StoredToken("a", "r", 900.0, time() - 50))
    token = await StoreEntry(store, "key", "vbr01").load()
    assert token is not None
    assert -0.5 < token.left() <= 0


async def test_a_store_that_gives_something_else(appliance: SimulatedAppliance) -> None:
    """What is no stored token is passed over, whatever a store of one's own gives."""
    store = MemoryTokenStore()
    for odd in ({"access": "a"}, "a", 5, [None]):
        await store.save(f"vbr {appliance.url} {appliance.username}", odd)  # type: ignore[arg-type]
        await use(appliance, store)
    assert appliance.count("login") == 4


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (("", None, 900.0, 1.0), ValueError),
        (("a\n", None, 900.0, 1.0), ValueError),
        (("planted\u00e9", None, 900.0, 1.0), ValueError),
        (("a" * 70_000, None, 900.0, 1.0), ValueError),
        ((b"a", None, 900.0, 1.0), TypeError),
        (("a", "", 900.0, 1.0), ValueError),
        (("a", "planted r", 900.0, 1.0), ValueError),
        (("a", 5, 900.0, 1.0), TypeError),
        (("a", None, nan, 1.0), ValueError),
        (("a", None, inf, 1.0), ValueError),
        (("a", None, -1.0, 1.0), ValueError),
        (("a", None, "900", 1.0), TypeError),
        (("a", None, 900.0, True), TypeError),
    ],
)
def test_what_is_kept_is_checked(fields: Any, error: type[Exception]) -> None:
    """A token that no header can carry, or a time that is none, is refused when it is made, and not shown."""
    with pytest.raises(error) as caught:
        StoredToken(*fields)
    assert "planted" not in str(caught.value)


needs_users = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no such rights")


@needs_users
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o720, 0o702])
async def test_a_folder_that_others_can_write_to(
    appliance: SimulatedAppliance, tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a folder is not used, the log says why, calls go on, and the session is logged out in the end."""
    folder = tmp_path / "tokens"
    folder.mkdir()
    folder.chmod(mode)
    await use(appliance, FileTokenStore(folder))
    assert f"the folder {folder} is not of this user, or others can write to it" in caplog.text
    assert not list(folder.iterdir())
    assert appliance.count("login") == appliance.count("Logout") == 1


@needs_users
async def test_a_folder_of_somebody_else(
    appliance: SimulatedAppliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that belongs to another user is not used."""
    store = FileTokenStore(tmp_path / "tokens")
    await use(appliance, store)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(TokenStoreError, match="not of this user"):
        await store.load("key")
    await use(appliance, store)
    assert appliance.count("login") == 2


@needs_users
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "readable"])
async def test_a_file_that_somebody_else_could_have_written(
    appliance: SimulatedAppliance, tmp_path: Path, kind: str
) -> None:
    """Links, pipes, folders and files with rights for others are passed over, and waited for by nobody."""
    store = FileTokenStore(tmp_path / "tokens")
    await use(appliance, store)
    (path,) = (tmp_path / "tokens").glob("*.json")
    kept = path.read_bytes()
    path.unlink()
    if kind == "link":
        (tmp_path / "elsewhere").write_bytes(kept)
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(kept)
        path.chmod(0o644)
    async with asyncio.timeout(5):
        await use(appliance, store)
    assert appliance.count("login") == 2


@pytest.mark.parametrize("kind", ["memory", "file"])
async def test_a_token_that_could_not_be_stored_is_logged_out(
    appliance: SimulatedAppliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Nobody could use its session after this client; one that is stored stays open, and `logout` decides otherwise."""
    store: Any = MemoryTokenStore() if kind == "memory" else FileTokenStore(tmp_path / "tokens")
    full = AsyncMock(side_effect=OSError(28, "No space left on device"))
    with monkeypatch.context() as patched:
        patched.setattr(store, "save", full)
        await use(appliance, store)
        assert (appliance.count("login"), appliance.count("Logout")) == (1, 1)
        await use(appliance, store, logout=False)
        assert (appliance.count("login"), appliance.count("Logout")) == (2, 1)
    await use(appliance, store)
    await use(appliance, store)
    assert (appliance.count("login"), appliance.count("Logout")) == (3, 1)


async def test_many_clients_on_one_store_log_in_once(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """Of clients that start together one logs in, of those whose token expired one renews it; the rest take over."""
    await asyncio.gather(*(use(appliance, store) for _ in range(20)))
    assert appliance.tokens.grants == {"password": 1}
    clients = [Client(appliance.url, appliance.credentials, token_store=store) for _ in range(10)]
    await asyncio.gather(*(client.request("GET", CALL) for client in clients))
    appliance.tokens.revoke_access()
    await asyncio.gather(*(client.request("GET", CALL) for client in clients))
    assert appliance.tokens.grants == {"password": 1, "refresh_token": 1}
    for client in clients:
        await client.aclose()


async def test_processes_on_one_store_log_in_once(appliance: SimulatedAppliance, tmp_path: Path) -> None:
    """Of processes that start together one logs in; of those that find the token dead one renews it."""
    program = f"""
        import asyncio, sys
        from veeam_async import Password
        from veeam_async.token_store import FileTokenStore
        from veeam_async.vbr.v1_3_rev0 import Client

        async def main():
            store = FileTokenStore({str(tmp_path / "tokens")!r})
            async with Client({appliance.url!r}, Password("svc-monitor", sys.argv[1]), token_store=store) as client:
                for _ in range(2):
                    await client.request("GET", {CALL!r})
                    print("done", flush=True)
                    await asyncio.to_thread(sys.stdin.readline)

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(program), appliance.password]
    pipe = asyncio.subprocess.PIPE
    processes = [await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in range(6)]
    assert appliance.username == "svc-monitor"
    for _ in range(2):
        lines = await asyncio.gather(*(each.stdout.readline() for each in processes if each.stdout))
        assert lines == [b"done\n"] * 6
        appliance.tokens.revoke_access()
        for each in processes:
            assert each.stdin is not None
            each.stdin.write(b"\n")
    assert [await each.wait() for each in processes] == [0] * 6
    assert appliance.tokens.grants == {"password": 1, "refresh_token": 1}


async def test_who_dies_with_the_lock_gives_it_back(tmp_path: Path) -> None:
    """A process that is killed while it renews a token holds nobody up."""
    store = FileTokenStore(tmp_path / "tokens")
    program = f"""
        import asyncio
        from veeam_async.token_store import FileTokenStore

        async def main():
            async with FileTokenStore({str(tmp_path / "tokens")!r}).lock("key"):
                print("held", flush=True)
                await asyncio.sleep(60)

        asyncio.run(main())
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(program), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None and await process.stdout.readline() == b"held\n"

    async def take() -> None:
        async with store.lock("key"):
            pass

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(take(), 0.3)
    async with store.lock("another key"):
        pass
    process.kill()
    await process.wait()
    await asyncio.wait_for(take(), 5)


async def test_a_lock_that_nobody_gives_back(
    appliance: SimulatedAppliance, store: TokenStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that cannot have the lock goes on without it after a while, and says so."""
    monkeypatch.setattr(stored_module, "_PATIENCE", 0.2)
    async with store.lock(f"vbr {appliance.url} {appliance.username}"):
        await use(appliance, store)
    assert "the token store could not be locked: TimeoutError" in caplog.text
    assert appliance.count("login") == 1


async def test_the_lock_is_for_the_owner_alone(tmp_path: Path) -> None:
    """The file that is locked has mode 0600 too, and is used again."""
    store = FileTokenStore(tmp_path / "tokens")
    for _ in range(2):
        async with store.lock("key"):
            (path,) = (tmp_path / "tokens").iterdir()
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_login_that_is_asked_for_passes_the_store_by(appliance: SimulatedAppliance, store: TokenStore) -> None:
    """`login(force=True)` logs in though the store has a token, and puts the new one there."""
    await use(appliance, store)
    async with Client(appliance.url, appliance.credentials, token_store=store) as client:
        await client.login(force=True)
        token = client.token
    assert appliance.tokens.grants == {"password": 2}
    kept = await store.load(f"vbr {appliance.url} {appliance.username}")
    assert kept is not None and token is not None and kept.access == token.access
