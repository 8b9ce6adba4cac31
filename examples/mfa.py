"""Switch multi-factor authentication on for an account of Backup for AWS, log in with it, and switch it off again.

pip install 'veeam-async[mfa]'
VEEAM_HOST=aws01 VEEAM_USERNAME=operator VEEAM_PASSWORD=... python -m veeam_async.examples.mfa
"""

from __future__ import annotations

import os

import pyotp

from veeam_async import Mfa, MfaRequired, Password, run
from veeam_async.aws.v1_7_rev0 import Client
from veeam_async.aws.v1_7_rev0.models import UserMfaAccept, UserMfaSetup


async def main() -> None:
    host, user, password = (os.environ[f"VEEAM_{name}"] for name in ("HOST", "USERNAME", "PASSWORD"))
    async with Client(host, Password(user, password)) as aws:
        setup = await aws.user_accounts.enable_mfa(user, UserMfaSetup(recreate=True))
        assert setup.secret_key and setup.token, "the appliance gave no secret"
        code = pyotp.TOTP(setup.secret_key).now()
        await aws.user_accounts.accept_mfa(user, UserMfaAccept(code=code, token=setup.token))
        print("on; keep the", len(setup.scratch_codes or []), "recovery codes in a safe place")

    try:
        async with Client(host, Password(user, password)) as aws:
            await aws.login()
    except MfaRequired:
        print("the password alone does not do any more")

    async with Client(host, Mfa(user, password, totp_secret=setup.secret_key)) as aws:
        await aws.user_accounts.disable_mfa(user)
        print("off again")


if __name__ == "__main__":
    run(main())
