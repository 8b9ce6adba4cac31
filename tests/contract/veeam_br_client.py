"""Run by another interpreter, the one that has veeam-br: asks every GET that needs no id; prints what came as JSON."""

import asyncio
import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

from veeam_br.client import VeeamClient  # pyright: ignore[reportMissingImports]


def gets(package: Any) -> Iterator[tuple[str, Any]]:
    """Name and module of each GET that needs nothing but a client and a revision."""
    for tag in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        folder = importlib.import_module(tag.name)
        for operation in pkgutil.iter_modules(folder.__path__, tag.name + "."):
            module = importlib.import_module(operation.name)
            if '"get"' not in inspect.getsource(module):
                continue
            parameters = inspect.signature(module.asyncio_detailed).parameters.values()
            needed = {one.name for one in parameters if one.default is one.empty}
            if needed <= {"client", "x_api_version"}:
                yield operation.name.rpartition(".")[2], module


async def main(url: str, user: str, password: str, ca_file: str, revision: str) -> None:
    name = f"veeam_br.v{revision.replace('.', '_').replace('-', '_')}.api"
    got: dict[str, list[Any]] = {}
    async with VeeamClient(url, user, password, revision, verify_ssl=ca_file) as client:
        await client.connect()
        for operation, module in gets(importlib.import_module(name)):
            try:
                answer = await client.call(module.asyncio_detailed)
                page = answer.parsed
                names = [getattr(row, "name", None) for row in getattr(page, "data", None) or []]
                got[operation] = [int(answer.status_code), type(page).__name__, names]
            except Exception as error:
                got[operation] = [0, repr(error)[:200], []]
        rules = importlib.import_module(f"{name}.traffic_rules")
        read = await client.call(rules.get_all_traffic_rules.asyncio)
        written = await client.call(rules.update_traffic_rules.asyncio_detailed, body=read)
    json.dump({"gets": got, "written": int(written.status_code)}, sys.stdout)


asyncio.run(main(*sys.argv[1:]))
