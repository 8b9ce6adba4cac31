from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import veeam_async

PLUGIN = "veeam_async.testing.pytest_plugin"
STRICT = ("-W", "error::ResourceWarning", "-W", "error::pytest.PytestUnraisableExceptionWarning")
ROOT = Path(__file__).resolve().parents[2]
# Where the package under test is: the clone, or what an installed wheel put on the path.
PACKAGE = str(Path(veeam_async.__file__).resolve().parents[1])


def run(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a test file in a pytest of its own, with this plugin and without this suite's settings and plugins."""
    (folder / "test_it.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *STRICT, "-p", PLUGIN, *options, "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": PACKAGE, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


ASYNC = """
import aiohttp
import pytest

{mark}


async def login(appliance):
    path = {{"vbr": "/api/oauth2/token", "aws": "/api/v1/token", "azure": "/api/oauth2/token"}}[appliance.product.name]
    form = {{"grant_type": "password", "username": appliance.username, "password": appliance.password}}
    async with aiohttp.ClientSession() as session:
        headers = {{"x-api-version": appliance.revision}}
        async with session.post(appliance.url + path, data=form, headers=headers) as answer:
            return answer.status


async def test_vbr(veeam_vbr):
    assert await login(veeam_vbr) == 200
    assert veeam_vbr.count("login") == 1


async def test_aws(veeam_aws):
    assert await login(veeam_aws) == 200


async def test_azure(veeam_azure):
    assert await login(veeam_azure) == 200
    await veeam_azure.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await login(veeam_azure)
    await veeam_azure.start()
    assert await login(veeam_azure) == 200


@pytest.mark.veeam_vbr(revision="1.1-rev0", seed=3)
async def test_mark(veeam_vbr):
    assert veeam_vbr.revision == "1.1-rev0" and veeam_vbr.seed == 3
    assert await login(veeam_vbr) == 200


@pytest.mark.veeam_fleet(count=4, revisions=["vbr/1.3-rev0", "aws/1.7-rev0"])
async def test_fleet(veeam_fleet):
    assert [await login(appliance) for appliance in veeam_fleet.appliances] == [200] * 4


async def test_more(veeam_appliance):
    one, two = veeam_appliance("vbr", "1.2-rev1"), veeam_appliance("azure", "v8")
    assert one.port != two.port and await login(two) == 200
"""


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("pytestmark = pytest.mark.asyncio", ["-p", "pytest_asyncio.plugin"]),
        (
            "pytestmark = pytest.mark.anyio\n\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'",
            ["-p", "anyio.pytest_plugin"],
        ),
    ],
    ids=["pytest-asyncio", "anyio"],
)
def test_the_fixtures_work_under_both_async_plugins(tmp_path: Path, mark: str, options: list[str]) -> None:
    """Each fixture gives running appliances to tests of pytest-asyncio and of anyio, marks carry arguments."""
    done = run(tmp_path, ASYNC.format(mark=mark), *options, "--strict-markers")
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_the_fixtures_serve_tests_that_are_not_async(tmp_path: Path) -> None:
    """A blocking client reaches the appliances too."""
    text = (
        "import urllib.request\n\n\n"
        "def test_time(veeam_vbr):\n"
        "    request = urllib.request.Request(veeam_vbr.url + '/api/v1/serverTime',\n"
        "        headers={'x-api-version': veeam_vbr.revision})\n"
        "    with urllib.request.urlopen(request, timeout=20) as answer:\n"
        "        assert answer.status == 200\n"
    )
    done = run(tmp_path, text)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_defect_of_the_simulation_fails_the_test(tmp_path: Path) -> None:
    """An exception inside an appliance is not only a 500 to the client: the test that met it fails."""
    text = "def test_it(veeam_vbr):\n    veeam_vbr.errors.append(RuntimeError('inside'))\n"
    done = run(tmp_path, text)
    assert "1 passed, 1 error" in done.stdout and "inside" in done.stdout, done.stdout


def test_a_fault_that_met_no_request_fails_the_test(tmp_path: Path) -> None:
    """A test whose fault never fired proved nothing: it fails with the fault's name, unless the fault is optional."""
    text = (
        "def test_it(veeam_vbr):\n    veeam_vbr.faults.add(operation='GetAllJobs', status=503)\n\n\n"
        "def test_more(veeam_vbr):\n    veeam_vbr.faults.add(operation='GetAllJobs', status=503, optional=True)\n"
    )
    done = run(tmp_path, text)
    assert "2 passed, 1 error" in done.stdout and "operation='GetAllJobs'" in done.stdout, done.stdout


def test_loading_the_plugin_loads_no_appliance(tmp_path: Path) -> None:
    """A run that needs no appliance does not pay for one."""
    text = (
        "import sys\n\n\ndef test_it():\n"
        f"    assert {PLUGIN!r} in sys.modules\n"
        "    assert 'veeam_async.testing.appliance' not in sys.modules and 'jsonschema' not in sys.modules\n"
    )
    done = run(tmp_path, text)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_package_proper_imports_nothing_of_it(tmp_path: Path) -> None:
    """No module of the package outside testing and the command line loads veeam_async.testing."""
    text = """
import importlib, pkgutil, sys
import veeam_async
todo = [module.name for module in pkgutil.iter_modules(veeam_async.__path__, "veeam_async.")]
for name in todo:
    if name.split(".")[1] in ("testing", "cli"):
        continue
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        assert "testing" not in str(error), error
        continue
    if name.count(".") < 3 and name.split(".")[1] not in ("vbr", "aws", "azure"):
        todo += [inner.name for inner in pkgutil.iter_modules(getattr(module, "__path__", ()), name + ".")]
loaded = [name for name in sys.modules if name.startswith("veeam_async.testing")]
assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": PACKAGE},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.clone
def test_the_installed_package_has_the_plugin_for_pytest() -> None:
    """The project's metadata name the plugin as an entry point of pytest."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"veeam_async": PLUGIN}
