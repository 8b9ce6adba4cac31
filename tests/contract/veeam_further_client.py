"""Run by an interpreter that has veeam-365, veeam-spc or veeam-one: logs in, asks every GET that needs no id."""

import asyncio
import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any


def gets(package: str) -> Iterator[tuple[str, Any]]:
    """Name and function of each GET whose arguments all have defaults."""
    api = importlib.import_module(f"{package}.api")
    for tag in pkgutil.iter_modules(api.__path__, api.__name__ + "."):
        group = importlib.import_module(tag.name)
        for operation in pkgutil.iter_modules(group.__path__, tag.name + "."):
            module = importlib.import_module(operation.name)
            if '"get"' not in inspect.getsource(module):
                continue
            parameters = inspect.signature(module.asyncio_detailed).parameters.values()
            if all(one.default is not one.empty or one.name == "client" for one in parameters):
                yield operation.name.rpartition(".")[2], module


async def main(library: str, url: str, user: str, password: str, revision: str) -> None:
    client = importlib.import_module(f"{library}.client").VeeamClient(
        url, api_version=revision, verify_ssl=False, username=user, password=password
    )
    await client.connect()
    got: dict[str, list[Any]] = {}
    for name, module in gets(client.package):
        try:
            answer = await module.asyncio_detailed(client=client._client)
            got[name] = [int(answer.status_code), type(answer.parsed).__name__]
        except Exception as error:
            got[name] = [0, repr(error)[:200]]
    json.dump(got, sys.stdout)


asyncio.run(main(*sys.argv[1:]))
