"""Hand a login on without the password: one session asks for a code, another redeems it within a minute.

VEEAM_HOST=vbr01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python examples/authorization_code.py
"""

from __future__ import annotations

import os

from veeam_async import AuthorizationCode, Password, run
from veeam_async.vbr.v1_3_rev0 import Client


async def helper(host: str, code: str) -> str:
    """What the process that never sees the password does."""
    async with Client(host, AuthorizationCode(code)) as vbr:
        info = await vbr.service.get_server_info()
        return info.name


async def main() -> None:
    host = os.environ["VEEAM_HOST"]
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    async with Client(host, credentials) as vbr:
        code = await vbr.authorization_code()
        print("the helper was let in to", await helper(host, code))


if __name__ == "__main__":
    run(main())
