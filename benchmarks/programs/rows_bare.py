"""The same listings with aiohttp and orjson alone: one session, a semaphore, no renewal. Prints CPU as JSON."""

import asyncio
import gc
import json
import sys
import time
from typing import Any

import aiohttp
import orjson

PAGES = 9000


async def main(config: dict[str, Any]) -> None:
    ports = config["ports"]
    rounds = max(1, PAGES // len(ports))
    found: dict[str, float] = {"appliances": len(ports)}
    slots = asyncio.Semaphore(200)
    tokens: dict[str, str] = {}

    async def poll(session: aiohttp.ClientSession, base: str) -> int:
        async with slots:
            if base not in tokens:
                form = {"grant_type": "password", "username": "u", "password": "p"}
                async with session.post(base + "/api/oauth2/token", data=form) as answer:
                    tokens[base] = orjson.loads(await answer.read())["access_token"]
            headers = {"Authorization": f"Bearer {tokens[base]}"}
            async with session.get(base + "/api/v1/sessions?limit=500", headers=headers) as answer:
                return len(orjson.loads(await answer.read())["data"])

    bases = [f"http://127.0.0.1:{port}" for port in ports]
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=75)
    async with aiohttp.ClientSession(connector=connector, headers={"x-api-version": "1.3-rev0"}) as session:
        for name, times in (("first", 1), ("next", rounds)):
            gc.collect()
            cpu = time.process_time()
            rows = 0
            for _ in range(times):
                rows += sum(await asyncio.gather(*(poll(session, base) for base in bases)))
            found[f"{name}_cpu"] = (time.process_time() - cpu) / times
            assert rows == 200 * len(ports) * times, rows
    print(json.dumps(found))


asyncio.run(main(json.loads(sys.stdin.readline())))
