"""What the package as a whole promises: what an import costs, what is in it, what it exports."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import attrs
import pytest

import veeam_async
from veeam_async import errors
from veeam_async.fleet import Appliance, Fleet
from veeam_async.vbr.v1_3_rev2 import Client


def modules_after(code: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after running `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_loads_nothing_but_itself() -> None:
    """`import veeam_async` loads neither aiohttp nor asyncio nor any other module of the package."""
    bare = modules_after("import typing")
    new = modules_after("import typing\nimport veeam_async") - bare
    assert {name for name in new if name.startswith("veeam_async")} == {"veeam_async"}
    assert not new & {"aiohttp", "asyncio", "attrs", "orjson", "dateutil"}
    assert len(new) <= 5, sorted(new)


@pytest.mark.parametrize("name", veeam_async.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of `__all__` can be imported from the package, and the package says so in `dir()`."""
    assert getattr(veeam_async, name) is not None
    assert name in dir(veeam_async)


def test_type_checkers_see_the_same_names() -> None:
    """What the package imports for type checkers is what `__all__` lists, name by name and from the same module."""
    tree = ast.parse(Path(veeam_async.__file__).read_text())
    typing_only = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.name: statement.module
        for statement in typing_only.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert imported == veeam_async._HOMES  # pyright: ignore[reportPrivateUsage]


def test_every_error_and_warning_is_exported() -> None:
    """Each public class of `veeam_async.errors` that can be raised or filtered is importable from the package."""
    public = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, (errors.VeeamError, errors.VeeamWarning))
    }
    assert public <= set(veeam_async.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    """A name that the package does not have is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = veeam_async.no_such_name


def test_no_public_name_loads_a_generated_module() -> None:
    """Not even using every public name loads a generated module."""
    new = modules_after("import veeam_async\nfor name in veeam_async.__all__: getattr(veeam_async, name)")
    generated = {n for n in new if n.startswith(("veeam_async.vbr.", "veeam_async.aws.", "veeam_async.azure."))}
    assert not generated


def test_version_is_the_distribution_s() -> None:
    """`__version__` is what the installed distribution says."""
    assert veeam_async.__version__ == metadata.version("veeam-async")


def test_package_is_typed() -> None:
    """The marker for type checkers is installed with the package."""
    from importlib.resources import files

    assert files("veeam_async").joinpath("py.typed").is_file()


def test_no_public_name_is_also_a_module() -> None:
    """A function never hides a module or vice versa, whatever was imported before."""
    modules = {path.stem for path in Path(veeam_async.__file__).parent.iterdir()}
    functions = {name for name in veeam_async.__all__ if not isinstance(getattr(veeam_async, name), type(ast))}
    assert modules.isdisjoint(functions)


def test_appliance_has_the_options_of_a_client() -> None:
    """`Appliance` has an attribute for each of `ClientOptions`, with the same type."""
    written = {name: one.__forward_arg__ for name, one in veeam_async.ClientOptions.__annotations__.items()}
    types = {one.name: one.type for one in attrs.fields(Appliance) if one.name in written}
    assert types == written


@pytest.mark.parametrize("function", [veeam_async.ApplianceClient, Client, veeam_async.connect, Fleet])
def test_signatures_spell_the_options_out(function: Callable[..., object]) -> None:
    """`inspect.signature`, and so `help()` and notebooks, show each option by its name."""
    assert set(inspect.signature(function).parameters) > set(veeam_async.ClientOptions.__annotations__)


def test_client_documents_its_options() -> None:
    """The docstring of a client names each option."""
    text = inspect.getdoc(veeam_async.ApplianceClient) or ""
    assert [name for name in veeam_async.ClientOptions.__annotations__ if f"`{name}`" not in text] == []


@pytest.mark.parametrize("make", [Client, veeam_async.connect, lambda *_, **options: Fleet(**options)])
def test_misspelt_option_is_refused(make: Callable[..., object]) -> None:
    """An option that does not exist is a TypeError that names the one that is most like it."""
    with pytest.raises(TypeError, match="'timeuots'; did you mean 'timeouts'"):
        make("127.0.0.1", veeam_async.BearerToken("t"), timeuots=None)
