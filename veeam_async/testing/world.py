"""The facts that a simulated appliance shows."""

from __future__ import annotations


class World:
    """First cut; grows."""

    def __init__(self, seed: int = 0, *, time_scale: float = 60.0) -> None:
        self.seed = seed
        self.time_scale = time_scale
