"""Reading pages of metrics by prometheus-client's own parsers."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as parse_text

from veeam_async.metrics import Exporter

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def samples(families: Iterable[Metric]) -> Samples:
    """Values by name and labels; a series that comes twice is an error, and so is a family."""
    read: Samples = {}
    seen: set[str] = set()
    for family in families:
        assert family.name not in seen, family.name
        seen.add(family.name)
        for sample in family.samples:
            series = read.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in series, (sample.name, labels)
            series[labels] = sample.value
    return read


def read(exporter: Exporter, target: str | None = None) -> Samples:
    """What an exporter shows now."""
    return samples(parse_text(exporter.render(target)[0]))


def pick(page: Samples, name: str, **labels: str) -> list[float]:
    """The values of all series with these labels."""
    return [value for key, value in page.get(name, {}).items() if labels.items() <= dict(key).items()]


def one(page: Samples, name: str, **labels: str) -> float:
    """The value of the one series with these labels."""
    (value,) = pick(page, name, **labels)
    return value
