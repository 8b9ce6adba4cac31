"""The recipes run against what they are for: PostgreSQL, an MCP client, a receiver of notifications."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Generic, TypeVar

import aiohttp
import attrs
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from mcp import Client
from sqlalchemy import create_engine, text

from tests.postgres import postgres
from veeam_async import Password
from veeam_async.testing import SimulatedAppliance, World

T = TypeVar("T")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent))


@pytest.fixture
async def vbr() -> AsyncIterator[SimulatedAppliance]:
    async with SimulatedAppliance("vbr", "1.3-rev0", validate=False) as appliance:
        yield appliance


@pytest.fixture
def fleet_file(vbr: SimulatedAppliance, tmp_path: Path) -> Path:
    password = tmp_path / "password"
    password.write_text(vbr.password)
    password.chmod(0o600)
    path = tmp_path / "fleet.toml"
    path.write_text(
        f'[[appliance]]\nname = "vbr"\nhost = "{vbr.url}"\nusername = "{vbr.username}"\npassword_file = "password"\n'
        '[[appliance]]\nname = "down"\nhost = "http://127.0.0.1:1"\nusername = "u"\npassword_file = "password"\n'
    )
    return path


async def start(example: str, *arguments: str, folder: Path, fleet: Path) -> asyncio.subprocess.Process:
    """Run an example as a program of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / example), *arguments, cwd=folder,
        env={**os.environ, "VEEAM_FLEET": str(fleet)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def database() -> Iterator[str]:
    with postgres() as url:
        yield url


def kept(url: str) -> Counter[tuple[str, str, str]]:
    """How often each state of each session is in the database."""
    engine = create_engine(url)
    try:
        with engine.connect() as db:
            if db.scalar(text("SELECT to_regclass('veeam_sessions')")) is None:
                return Counter()
            rows = db.execute(text("SELECT id, state, coalesce(result, '') FROM veeam_sessions"))
            return Counter((id, state, result) for id, state, result in rows)
    finally:
        engine.dispose()


@pytest.mark.contract
async def test_history_survives_kills(vbr: SimulatedAppliance, fleet_file: Path, tmp_path: Path, database: str) -> None:
    """Killed five times, with sessions appearing in between: no row twice, none lost."""
    world: World = vbr.world
    for life in range(6):
        for _ in range(5):
            world.finish(world.start(kind="infrastructure", name="Rescan"))
        process = await start("history_postgres.py", database, folder=tmp_path, fleet=fleet_file)
        before = sum((await asyncio.to_thread(kept, database)).values())
        wanted = min(len(world.sessions), before + 7 * (life + 1)) if life < 5 else len(world.sessions)
        try:
            async with asyncio.timeout(60):
                while len(rows := await asyncio.to_thread(kept, database)) < wanted:
                    assert process.returncode is None
                    await asyncio.sleep(0.02)
        finally:
            process.kill()
            await process.wait()
    assert set(rows.values()) == {1}
    assert {id for id, _, _ in rows} == {session.id for session in world.sessions}


async def test_notify_once_for_each(vbr: SimulatedAppliance, fleet_file: Path, tmp_path: Path) -> None:
    """A message for each session that failed, none a second time, also after a restart; what is refused comes again."""
    received: list[dict[str, Any]] = []
    refuse = True

    async def receive(request: web.Request) -> web.Response:
        if refuse:
            return web.Response(status=500)
        received.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    failing = vbr.world.start(kind="infrastructure", name="Rescan")
    vbr.world.finish(failing, result="failed")
    async with TestServer(app) as server:
        url = f"json://127.0.0.1:{server.port}/"
        process = await start("notify.py", str(fleet_file), url, folder=tmp_path, fleet=fleet_file)
        assert await asyncio.wait_for(process.wait(), 30) == 1
        refuse = False
        for _ in range(2):
            process = await start("notify.py", str(fleet_file), url, folder=tmp_path, fleet=fleet_file)
            try:
                for _ in range(50):
                    await asyncio.sleep(0.1)
                    if process.returncode is not None:
                        break
            finally:
                process.kill()
                await process.wait()
    titles = Counter(one["title"] for one in received)
    assert titles
    assert sum(titles.values()) == len({json.dumps(one, sort_keys=True) for one in received})
    assert any("on vbr failed" in title for title in titles)


async def test_mcp(fleet_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own client finds tools that say that they only read, and gets rows and errors from them."""
    monkeypatch.setenv("VEEAM_FLEET", str(fleet_file))
    module = importlib.import_module("examples.mcp_server")
    async with Client(module.server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() == {"appliances", "rows"}
        for tool in tools.values():
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.description
        assert tools["rows"].input_schema["required"] == ["kind"]
        listed = await client.call_tool("appliances", {})
        assert "vbr" in str(listed.content)
        answer = await client.call_tool("rows", {"kind": "jobs"})
        assert not answer.is_error
        content: Any = answer.content[0]
        document = json.loads(content.text)
        assert {row["appliance"] for row in document["rows"]} == {"vbr"}
        assert set(document["errors"]) == {"down"}
        failed = await client.call_tool("rows", {"kind": "jobs", "appliance": "vbr", "failed": True})
        content = failed.content[0]
        assert all(row["last_result"] == "failed" for row in json.loads(content.text)["rows"])
        wrong = await client.call_tool("rows", {"kind": "pets"})
        assert wrong.is_error


class TestHomeAssistant:
    """Home Assistant runs on Python 3.14 alone, so that its classes have stand-ins here."""

    @pytest.fixture
    async def coordinator(self, vbr: SimulatedAppliance, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
        class DataUpdateCoordinator(Generic[T]):
            def __init__(self, hass: Any, logger: logging.Logger, **options: Any) -> None:
                self.hass = hass
                assert options["update_interval"] == timedelta(minutes=5)

            async def async_shutdown(self) -> None:
                pass

        names = ("AuthFailed", "Failed")
        auth_failed, update_failed = (type(name, (Exception,), {}) for name in names)
        stand_ins: dict[str, dict[str, Any]] = {
            "homeassistant": {},
            "homeassistant.config_entries": {"ConfigEntry": object},
            "homeassistant.core": {"HomeAssistant": object},
            "homeassistant.exceptions": {"ConfigEntryAuthFailed": auth_failed},
            "homeassistant.helpers": {},
            "homeassistant.helpers.aiohttp_client": {"async_get_clientsession": lambda hass: hass.session},
            "homeassistant.helpers.update_coordinator": {
                "DataUpdateCoordinator": DataUpdateCoordinator,
                "UpdateFailed": update_failed,
            },
        }
        for name, members in stand_ins.items():
            module = ModuleType(name)
            vars(module).update(members)
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.delitem(sys.modules, "examples.home_assistant", raising=False)
        module = importlib.import_module("examples.home_assistant")
        async with aiohttp.ClientSession() as session:
            data = {"host": vbr.url, "username": vbr.username, "password": vbr.password}
            entry = SimpleNamespace(title="vbr", data=data)
            made = vars(module)["VeeamCoordinator"](SimpleNamespace(session=session), entry)
            yield made
            await made.async_shutdown()
            assert not session.closed
        monkeypatch.delitem(sys.modules, "examples.home_assistant")

    async def test_jobs(self, coordinator: Any, vbr: SimulatedAppliance) -> None:
        """Jobs by id, read on the lent session."""
        jobs = await coordinator._async_update_data()
        assert jobs.keys() == {job.id for job in vbr.world.jobs}

    async def test_failures(self, coordinator: Any, vbr: SimulatedAppliance) -> None:
        """A refused login asks for new credentials, anything else for patience."""
        vbr.faults.add(status=500)
        with pytest.raises(Exception, match="vbr") as caught:
            await coordinator._async_update_data()
        assert type(caught.value).__name__ == "Failed"
        vbr.faults.clear()
        login = Password(vbr.username, "another one")
        await coordinator.fleet.replace(attrs.evolve(coordinator.fleet["vbr"], credentials=login))
        with pytest.raises(Exception, match="vbr") as caught:
            await coordinator._async_update_data()
        assert type(caught.value).__name__ == "AuthFailed"


@pytest.mark.clone
class TestDeployment:
    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
    def test_unit(self) -> None:
        """Systemd knows every setting, and counts the service among the well protected."""
        unit = str(EXAMPLES / "deployment" / "veeam-async-exporter.service")
        command = ["systemd-analyze", "verify", "--man=no", unit]
        verified = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert verified.returncode == 0, verified.stderr
        assert unit not in verified.stderr

    def test_container(self, tmp_path: Path) -> None:
        """The package is built from what the build sees; the image does not run as root, and names its command."""
        root = EXAMPLES.parent
        text = (root / "Dockerfile").read_text()
        assert "USER 10001" in text
        for name in re.findall(r"^!(\S+)", (root / ".dockerignore").read_text(), re.MULTILINE):
            (tmp_path / name).symlink_to(root / name)
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
        built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert built.returncode == 0, built.stderr
        (wheel,) = (tmp_path / "dist").glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            held = set(archive.namelist())
        for name in ("cli/app.py", "specs/catalog.toml", "_generator/codegen/__init__.py", "examples/notify.py"):
            assert f"veeam_async/{name}" in held, name
        assert re.search(r'^ENTRYPOINT \["veeam-async"\]$', text, re.MULTILINE)

    @pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
    def test_container_is_clean(self) -> None:
        """Hadolint has nothing to say against the Dockerfile, and does against a bad one."""
        assert HADOLINT is not None
        clean = subprocess.run([HADOLINT, EXAMPLES.parent / "Dockerfile"], capture_output=True, text=True, check=False)
        assert (clean.returncode, clean.stdout) == (0, "")
        bad = subprocess.run([HADOLINT, "-"], input="FROM debian\n", capture_output=True, text=True, check=False)
        assert bad.returncode != 0
