"""Every code block of the README and the documentation runs, as printed, against simulated appliances."""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.docs.blocks import ROOT, Block, blocks, pages, programs
from veeam_async.profiles import PRODUCTS, profile
from veeam_async.testing import Control, SimulatedAppliance, World

# Names of credentials for grants.
CREDENTIALS = {
    "password": "Password", "authorization_code": "AuthorizationCode", "mfa": "Mfa", "saml": "Saml",
    "sso_token": "SsoToken", "vbr_token": "VbrToken", "assertion": "Assertion", "operator": "Assertion",
    "integration": "IntegrationToken", "public_key": "RsaKey", "as": "Impersonation",
}  # fmt: skip
# The hosts of the documentation, and what is simulated in their place.
HOSTS = {
    "vbr01.example.com": ("vbr", "1.3-rev0"),
    "aws01.example.com": ("aws", "1.7-rev0"),
    "azure01.example.com": ("azure", "v8.1"),
}


# Started for the pages that name them.
MORE_HOSTS = {
    "vbr02.example.com": ("vbr", "1.2-rev1"),
    "m365.example.com": ("m365", "v8"),
    "spc.example.com": ("spc", "3.7"),
    "one.example.com": ("one", "2.3"),
}
CODE = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@attrs.define
class Stage:
    """What stands for the hosts of a page, and for the names that it uses without saying where they come from."""

    urls: dict[str, str]
    names: dict[str, str]


@pytest.fixture
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    """The hosts run; the working folder is empty but for the pages' fleet file."""
    monkeypatch.chdir(tmp_path)
    page = request.node.callspec.params.get("page")
    text = page.read_text() if page is not None else ""
    stage = Stage({}, {"code": CODE})
    async with contextlib.AsyncExitStack() as stack:
        for host, (product, revision) in {**HOSTS, **MORE_HOSTS}.items():
            if host in MORE_HOSTS and host not in text:
                continue
            appliance = await stack.enter_async_context(SimulatedAppliance(product, revision, time_scale=1000.0))
            stage.urls[host] = appliance.url
            monkeypatch.setenv("VEEAM_PASSWORD", appliance.password)
            appliance.add_user("operator", appliance.password, totp_secret=CODE)
            stage.names["secret"] = appliance.password
            if host in text:
                stage.names |= names_of(appliance)
        encrypted = await stack.enter_async_context(SimulatedAppliance(tls=True))
        stage.urls['"vbr01.example.com", 9419'] = f'"127.0.0.1", {encrypted.port}'
        (tmp_path / "company-ca.pem").write_text(Path(encrypted.ca_file).read_text())
        for block in blocks(ROOT / "docs" / "fleet.md"):
            if block.title == "fleet.toml":
                (tmp_path / "fleet.toml").write_text(there(block.code, stage.urls))
        yield stage


def names_of(appliance: SimulatedAppliance) -> dict[str, str]:
    """What an administrator of the appliance would give: a signed assertion, keys, the id of another user."""
    public, private = appliance.tokens.keys.assign(appliance.user)
    return {
        "signed": appliance.tokens.saml_response(appliance.username),
        "key": appliance.tokens.add_key(appliance.user),
        "public_key": public,
        "private_key": private,
        "customer": appliance.tokens.uid(appliance.add_user("customer", appliance.password)),
    }


def there(text: str, urls: dict[str, str]) -> str:
    """The text with the simulated appliances' origins in the place of host names."""
    for host, url in sorted(urls.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(host, url)
    return text


def run_names(page: Path) -> list[tuple[Path, int]]:
    return [(page, number) for number in range(len(programs(page, leave_out="no-run")))]


PROGRAMS = [found for page in pages() for found in run_names(page)]


@pytest.mark.parametrize(
    ("page", "number"), PROGRAMS, ids=[f"{page.relative_to(ROOT)}-{number}" for page, number in PROGRAMS]
)
@pytest.mark.filterwarnings("ignore::veeam_async.errors.VeeamWarning")
async def test_page_runs(page: Path, number: int, world: Stage) -> None:
    """The python blocks of a page run one after the other, as one program with top-level await."""
    names: dict[str, Any] = {"__name__": f"docs_{page.stem}", **world.names}
    for block in programs(page, leave_out="no-run")[number]:
        source = there(block.code, world.urls).replace('"5f:3b:..."', f'"{"5f" * 32}"')
        # Line numbers of a failure are those of the page.
        compiled = compile("\n" * (block.line - 1) + source, str(page), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(compiled, names)
        if inspect.isawaitable(result):
            await result
    for value in names.values():
        # A client that a page only constructs is never entered.
        if hasattr(value, "aclose") and hasattr(value, "base_url"):
            await value.aclose()


TOML = [
    block
    for page in pages()
    for block in blocks(page)
    if block.language == "toml" and block.title in ("", "fleet.toml")
]
WORLDS = [block for page in pages() for block in blocks(page) if block.title == "world.toml"]


@pytest.mark.parametrize("block", TOML, ids=map(str, TOML))
def test_fleet_file_is_valid(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet file in the documentation is one."""
    from veeam_async.fleet.config import parse

    monkeypatch.setenv("VEEAM_PASSWORD", "x")
    assert parse(block.code)


def test_titles_are_those_that_are_looked_at() -> None:
    """Only a world and the metadata of a project are TOML without being a fleet file."""
    titles = {block.title for page in pages() for block in blocks(page) if block.language == "toml"}
    assert titles <= {"", "fleet.toml", "world.toml", "pyproject.toml"}


@pytest.mark.parametrize("block", WORLDS, ids=map(str, WORLDS))
def test_world_file_is_valid(block: Block, tmp_path: Path) -> None:
    """The facts of a world in the documentation are ones."""
    path = tmp_path / "world.toml"
    path.write_text(block.code)
    assert World.from_toml(path).jobs


async def drive(words: list[str]) -> None:
    """Do what a curl command says to a control endpoint, and see that it answers 200."""
    import aiohttp

    method = words[words.index("-X") + 1] if "-X" in words else "POST" if "-d" in words else "GET"
    data = words[words.index("-d") + 1] if "-d" in words else None
    (address,) = (word for word in words if word.startswith("localhost:9000/"))
    async with SimulatedAppliance() as appliance, Control([appliance]) as control, aiohttp.ClientSession() as session:
        path = address.removeprefix("localhost:9000").replace("JOB-ID", appliance.world.jobs[0].id)
        async with session.request(method, control.url + path, data=data) as answer:
            assert answer.status == 200, await answer.text()
        appliance.faults.clear()


COMMANDS = [
    (block, line.removeprefix("$ "))
    for page in pages()
    for block in blocks(page)
    if block.language in ("console", "sh")
    for line in block.code.splitlines()
    if line.strip()
]


@pytest.mark.parametrize(("block", "line"), COMMANDS, ids=[f"{block}: {line}" for block, line in COMMANDS])
async def test_command(block: Block, line: str, world: Stage, tmp_path: Path) -> None:
    """A command in the documentation exists; those marked with `$` run as printed and succeed."""
    words = shlex.split(line.partition("  #")[0])
    match words:
        case ["make", target]:
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        case ["pip", "install", what]:
            extras = re.fullmatch(r"veeam-async(?:\[(.*)\])?", what)
            assert extras
            import tomllib

            known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
            assert all(extra in known for extra in (extras[1] or "").split(",") if extra)
        case ["python", "-m", "codegen", command, *rest]:
            assert command in ("ingest", "emit", "check")
            done = run([sys.executable, "-m", "codegen", command, "--help"], ROOT)
            assert done.returncode == 0
            assert all(word in done.stdout for word in rest if word.startswith("--"))
        case ["veeam-async", command, *rest]:
            if block.language == "console":
                done = await run_off_loop([sys.executable, "-m", "veeam_async.cli", command, *rest], tmp_path)
                assert done.returncode == 0, done.stderr
                assert done.stdout
            else:
                import click

                from veeam_async.cli.app import app

                group = app.commands[command]
                inner = rest[:1] if isinstance(group, click.Group) and rest and rest[0] in group.commands else []
                done = run([sys.executable, "-m", "veeam_async.cli", command, *inner, "--help"], tmp_path)
                assert all(word in done.stdout for word in rest if word.startswith("--"))
        case [*_, "python", "-m", module] if module.startswith("veeam_async.examples."):
            assert (ROOT / "examples" / f"{module.rpartition('.')[2]}.py").is_file()
        case ["git", "clone", *_] | ["python", *_]:
            pass
        case ["docker", "build", *rest]:
            assert f" AS {rest[rest.index('--target') + 1]}\n" in (ROOT / "Dockerfile").read_text()
        case ["docker", "run", *_]:
            pass  # tests/testing/test_container.py runs what the image runs
        case ["promtool", "check" | "test", *_]:
            pass  # tests/contract runs it
        case ["curl", *rest]:
            await drive(rest)
        case _:
            pytest.fail(f"{block}: nobody checks {line!r}")


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=110, stdin=subprocess.DEVNULL, check=False
    )


async def run_off_loop(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """In a thread: the appliances that the command talks to live on this loop."""
    import asyncio

    return await asyncio.to_thread(run, command, folder)


TEST_FILES = [block for page in pages() for block in blocks(page) if block.title.startswith("test_")]


@pytest.mark.parametrize("block", TEST_FILES, ids=map(str, TEST_FILES))
def test_test_file_passes(block: Block, tmp_path: Path) -> None:
    """A test file in the documentation passes as a reader's own would: the fixtures come with the package alone."""
    (tmp_path / block.title).write_text(block.code)
    done = run([sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", block.title], tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{block.code.count('def test_')} passed" in done.stdout


def test_readme_has_the_table_of_revisions() -> None:
    """The README's table is what the catalog and the package give."""
    from scripts.site_pages import revisions_table

    assert revisions_table() in (ROOT / "README.md").read_text()


def test_pages_of_products_are_current() -> None:
    """What the pages of products have below the mark is what the package says."""
    ran = subprocess.run([sys.executable, "-m", "scripts.describe_products", "--check"], cwd=ROOT, check=False)
    assert ran.returncode == 0


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_page_of_a_product_shows_every_grant(product: str) -> None:
    """Each product has a page in the navigation, and each of its grants a block of code there."""
    page = ROOT / "docs" / "products" / f"{product}.md"
    assert f"products/{product}.md" in (ROOT / "mkdocs.yml").read_text()
    code = "".join(block.code for block in blocks(page) if block.language == "python")
    for grant in profile(product).grants:
        # A renewal is what every client does.
        if grant != "refresh_token" and (product, grant) not in (("spc", "authorization_code"),):
            assert f"{CREDENTIALS[grant]}(" in code, grant
    if profile(product).mfa_header is not None:
        assert "Mfa(" in code
