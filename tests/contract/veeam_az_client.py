"""Run by another interpreter, the one that has veeam-az: asks every GET that needs no id; prints what came as JSON."""

import asyncio
import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

from veeam_az.client import VeeamClient  # pyright: ignore[reportMissingImports]
from veeam_az.v8_1 import api  # pyright: ignore[reportMissingImports]


def gets() -> Iterator[tuple[str, Any]]:
    """Name and function of each GET whose arguments all have defaults."""
    for tag in pkgutil.iter_modules(api.__path__, api.__name__ + "."):
        package = importlib.import_module(tag.name)
        for operation in pkgutil.iter_modules(package.__path__, tag.name + "."):
            module = importlib.import_module(operation.name)
            if '"get"' not in inspect.getsource(module):
                continue
            parameters = inspect.signature(module.asyncio_detailed).parameters.values()
            needed = [one.name for one in parameters if one.default is one.empty and one.name != "client"]
            if not needed:
                yield operation.name.rpartition(".")[2], module


async def main(url: str, user: str, password: str) -> None:
    client = VeeamClient(url, "8.1", verify_ssl=False, username=user, password=password)
    await client.connect()
    got: dict[str, list[Any]] = {}
    for name, module in gets():
        try:
            answer = await module.asyncio_detailed(client=client._client)
            got[name] = [int(answer.status_code), type(answer.parsed).__name__]
        except Exception as error:
            got[name] = [0, repr(error)[:200]]
    retention = importlib.import_module("veeam_az.v8_1.api.retention_settings.retention_settings_get")
    update = importlib.import_module("veeam_az.v8_1.api.retention_settings.retention_settings_update")
    settings = await retention.asyncio(client=client._client)
    written = await update.asyncio_detailed(client=client._client, body=settings)
    json.dump({"gets": got, "written": int(written.status_code)}, sys.stdout)


asyncio.run(main(*sys.argv[1:]))
