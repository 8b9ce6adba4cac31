"""Which shard an appliance belongs to: stable by name, and few appliances move when the number of shards changes."""

from __future__ import annotations

from hashlib import blake2b


def shard_of(name: str, count: int) -> int:
    """The shard of an appliance, 0 to `count` - 1, the same on every machine and in every process.

    Jump consistent hash (Lamping and Veach, 2014): going from n to n + 1 shards moves 1/(n + 1) of the appliances,
    so that most keep the process that holds their token and their cursor.
    """
    if count < 1:
        raise ValueError("count must be 1 or more")
    key = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    shard, jump = -1, 0
    while jump < count:
        shard = jump
        key = (key * 2862933555777941757 + 1) & 0xFFFFFFFFFFFFFFFF
        jump = int((shard + 1) * ((1 << 31) / ((key >> 33) + 1)))
    return shard
