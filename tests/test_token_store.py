"""Tokens that outlive their client."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path
from time import time
from typing import Any

import pytest

from veeam_async._auth.stored import StoreEntry
from veeam_async.credentials import Password, VbrToken
from veeam_async.testing import SimulatedAppliance
from veeam_async.token_store import FileTokenStore, MemoryTokenStore, StoredToken, TokenStore
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

    await use(appliance, Broken(), logout=True)
    assert "token store" in caplog.text
    assert "secret path" not in caplog.text and "cannot write" not in caplog.text


async def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    """Files have mode 0600 in a folder with 0700, and no name tells whose they are."""
    store = FileTokenStore(tmp_path / "deep" / "tokens")
    await store.save("vbr https://vbr01:9419 monitor", StoredToken("a", "r", 900.0, time() + 900))
    (path,) = (tmp_path / "deep" / "tokens").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "vbr01" not in path.name
    await store.delete("vbr https://vbr01:9419 monitor")
    await store.delete("vbr https://vbr01:9419 monitor")
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"access": 1}', b"\xff\xfe"])
async def test_garbled_file_is_as_good_as_none(appliance: SimulatedAppliance, tmp_path: Path, content: bytes) -> None:
    """A file that holds something else leads to a login."""
    store = FileTokenStore(tmp_path)
    await use(appliance, store)
    (path,) = tmp_path.iterdir()
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
