"""A Prometheus exporter for a fleet (extra `metrics`), see `Exporter`.

The appliances are polled in the background and a scrape is answered from what is known, so that it never waits for
an appliance. Every series has the labels `appliance` and `product`. Points in time are Unix seconds, sizes bytes,
durations seconds. `FAMILIES` lists all metric families, `SHOWN` the types of rows
that have some.
"""

from __future__ import annotations

from .exporter import Exporter
from .families import BUCKETS, FAMILIES, SHOWN, Family
from .web_config import WebConfig, WebConfigError

__all__ = ["BUCKETS", "FAMILIES", "SHOWN", "Exporter", "Family", "WebConfig", "WebConfigError"]
