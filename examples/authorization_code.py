"""Hand a login on without the password: one session asks for a code, another redeems it within a minute.

Backup for AWS gives codes, and Backup & Replication up to revision 1.2-rev1.

VEEAM_HOST=aws01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.authorization_code
"""

from __future__ import annotations

import os

from veeam_async import AuthorizationCode, Password, run
from veeam_async.aws.v1_7_rev0 import Client


async def helper(host: str, code: str) -> str:
    """What the process that never sees the password does."""
    async with Client(host, AuthorizationCode(code)) as aws:
        await aws.login()
        return aws.base_url


async def main() -> None:
    host = os.environ["VEEAM_HOST"]
    credentials = Password(os.environ["VEEAM_USERNAME"], os.environ["VEEAM_PASSWORD"])
    async with Client(host, credentials) as aws:
        code = await aws.authorization_code()
        print("the helper was let in to", await helper(host, code))


if __name__ == "__main__":
    run(main())
