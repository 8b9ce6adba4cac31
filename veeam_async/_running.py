"""`run`: for a script without an event loop of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """Run a coroutine from code that is not async, and give what it returns.

    It is `asyncio.run`, on uvloop's event loop where uvloop is installed (extra `speed`), and takes SIGTERM as it takes
    Ctrl-C: `main` is cancelled, so that its clients log out, and the process then ends with 143. A second SIGTERM ends
    it at once.

    Args:
        main: what to run, such as `report(host)`.
        debug: asyncio's debug mode; None leaves that to PYTHONASYNCIODEBUG.

    Returns:
        What `main` returns.

    Raises:
        RuntimeError: when an event loop already runs in this thread; there, `await` it instead.

    Example:
        def jobs() -> list[str]:
            async def fetch() -> list[str]:
                async with Client("vbr01.example.com", Password("svc", secret)) as vbr:
                    return [job.name async for job in vbr.jobs.get_all_jobs()]

            return run(fetch())
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        main.close()
        raise RuntimeError("veeam_async.run() was called inside a running event loop: await the coroutine instead")
    factory = None
    if sys.platform != "win32":
        try:
            import uvloop
        except ImportError:
            pass
        else:
            factory = uvloop.new_event_loop
    with asyncio.Runner(debug=debug, loop_factory=factory) as runner:
        return runner.run(_until_terminated(main))


async def _until_terminated(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        loop.remove_signal_handler(signal.SIGTERM)  # the next one ends the process
        task.cancel()

    loop = asyncio.get_running_loop()
    ours = threading.current_thread() is threading.main_thread()
    ours = ours and sys.platform != "win32" and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await main
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(128 + signal.SIGTERM) from None
        raise
    finally:
        if ours and not terminated:
            loop.remove_signal_handler(signal.SIGTERM)
