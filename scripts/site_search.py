"""Ask the search of the built site what a reader would, in a Chromium without a window.

The search is a program of the site's theme that runs in the browser, so nothing else answers as it does.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

# What a reader looks for, and the guides one of which has to be the first answer.
ASKED = {
    "failed jobs": ("recipes/", "troubleshooting/", "cli/", "fleet/"),
    "install": ("getting-started/", "cli/"),
    "retry": ("errors/", "troubleshooting/"),
    "certificate": ("tls/", "troubleshooting/", "cli/"),
    "GetAllJobs": ("operations/vbr-",),
}
_SEARCH = """(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const box = () => [...document.querySelectorAll("*")]
    .map((one) => one.shadowRoot?.querySelector("[role=combobox]")).find(Boolean);
  document.querySelector("button.md-search__button").click();
  while (!box()) await pause(50);
  const input = box(), root = input.getRootNode(), answers = {};
  const hits = () => [...root.querySelectorAll("[role=listbox] a")].map((one) => one.getAttribute("href"));
  for (const words of QUERIES) {
    input.focus();
    input.value = words;
    input.dispatchEvent(new InputEvent("input", {bubbles: true, composed: true, data: words}));
    for (let waited = 0; waited < 100; waited++) {
      await pause(100);
      if (hits()[0]?.includes("h=" + encodeURIComponent(words).replaceAll("%20", "+"))) break;
    }
    answers[words] = hits().slice(0, 5);
  }
  return JSON.stringify(answers);
})()"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


@contextmanager
def _served(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def browser() -> str | None:
    """Where a Chromium is, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


async def search(site: Path, program: str, queries: Sequence[str]) -> dict[str, list[str]]:
    """The first five answers to each query, as addresses within the site."""
    with _served(site) as url, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
        process = await asyncio.create_subprocess_exec(
            program, *options, f"--user-data-dir={profile}", "about:blank", stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(120):
                answer = await _ask(process, url, _SEARCH.replace("QUERIES", json.dumps(list(queries))))
        finally:
            process.kill()
            await process.communicate()
    return {
        words: [f"{urlsplit(one).path.lstrip('/')}#{urlsplit(one).fragment}" for one in found]
        for words, found in json.loads(answer).items()
    }


async def _ask(process: asyncio.subprocess.Process, url: str, program: str) -> str:
    assert process.stderr is not None
    line = b""
    while b"DevTools listening on" not in line:
        line = await process.stderr.readline()
        if not line:
            raise RuntimeError("Chromium ended before it listened")
    port = urlsplit(line.decode().split()[-1]).port
    async with aiohttp.ClientSession() as session:
        async with session.put(f"http://127.0.0.1:{port}/json/new?{url}") as reply:
            page = await reply.json(content_type=None)
        async with session.ws_connect(page["webSocketDebuggerUrl"]) as socket:
            await socket.send_json({"id": 1, "method": "Page.enable"})
            while (await socket.receive_json()).get("method") != "Page.loadEventFired":
                pass
            call = {"expression": program, "awaitPromise": True, "returnByValue": True}
            await socket.send_json({"id": 2, "method": "Runtime.evaluate", "params": call})
            while (message := await socket.receive_json()).get("id") != 2:
                pass
    return str(message["result"]["result"]["value"])


def wrong_answers(answers: Mapping[str, Sequence[str]]) -> list[str]:
    """What the search answers first where it should be a guide."""
    faults = []
    for words, guides in ASKED.items():
        first = next(iter(answers.get(words, ())), "nothing")
        if not first.startswith(guides):
            faults.append(f"the search for {words!r} answers {first} first, not one of {', '.join(guides)}")
    return faults
