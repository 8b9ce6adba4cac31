"""Each format is read by a parser that is not ours, or by the grammar that its system documents."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import nagiosplugin
import pytest
from line_protocol_parser import parse_line

from veeam_async.cli.monitoring import checkmk, influx, nagios, prtg, zabbix
from veeam_async.cli.monitoring.checked import Checked

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
ODD = 'odd, "name" = | it\'s\\ \n\x1b[31m '


def checked(name: str, status: str = "ok", *problems: str, **more: Any) -> Checked:
    """A report as `check` has it."""
    values = {
        "appliance": name, "host": "h", "product": "vbr", "status": status, "login": status != "failed",
        "revision": "1.3-rev1", "certificate_ends": None, "clock_offset": None, "license_ends": None, "elapsed": None,
        "problems": list(problems),
    }  # fmt: skip
    return {**values, **more}


FLEET = [
    checked("vbr-3", "failed", "login: refused"),
    checked(ODD, "failed", ODD),
    checked("vbr-2", "attention", "the license ends in 10 days", license_ends=NOW + timedelta(days=10), elapsed=0.25),
    checked("vbr-1", certificate_ends=NOW + timedelta(days=90), clock_offset=-1.5, elapsed=1.25),
]

# https://nagios-plugins.org/doc/guidelines.html, "Performance data".
DATUM = re.compile(r"(?:'([^'=]+)'|([^\s'=]+))=(-?\d+(?:\.\d+)?)([a-zA-Z%]*)((?:;-?[\d.]*){0,4})(?:\s+|$)")


def performance(text: str) -> dict[str, tuple[float, str]]:
    """Performance data by label; all of the text has to be such data."""
    data: dict[str, tuple[float, str]] = {}
    for part in (line.partition("|")[2].strip() for line in text.splitlines()):
        at = 0
        while at < len(part):
            match = DATUM.match(part, at)
            assert match is not None, part[at:]
            data[match[1] or match[2]] = float(match[3]), match[4]
            at = match.end()
    return data


class TestNagios:
    def test_one_line_of_status(self) -> None:
        """State, what is wrong, then details, and performance data after one bar on a line."""
        page = nagios.page(FLEET, NOW)
        first, *rest = page.splitlines()
        assert first.startswith("VEEAM CRITICAL - 1 of 4 appliances are well; vbr-3, ")
        assert all(line.count("|") <= 1 for line in page.splitlines())
        assert rest[0] == "CRITICAL vbr-3: login: refused"
        assert [line.split()[0] for line in rest] == ["CRITICAL", "CRITICAL", "WARNING"]
        assert "\x1b" not in page
        assert len(page.encode()) < 4096

    def test_performance_data(self) -> None:
        """Nagiosplugin's own writer takes each label, and writes the same."""
        data = performance(nagios.page(FLEET, NOW))
        assert data["failed"] == (2, "")
        assert data["vbr-1 elapsed"] == (1.25, "s")
        assert data["vbr-1 clock_offset"] == (-1.5, "s")
        assert data["vbr-2 license_days"] == (10, "")
        page = nagios.page(FLEET, NOW)
        for label, (value, unit) in data.items():
            assert str(nagiosplugin.Performance(label, value, unit)).partition("=")[0].strip("'") == label
        assert str(nagiosplugin.Performance("vbr-1 elapsed", 1.25, "s")) in page

    @pytest.mark.parametrize(("status", "word"), [("ok", "OK"), ("attention", "WARNING"), ("failed", "CRITICAL")])
    def test_states(self, status: str, word: str) -> None:
        """The worst appliance says it."""
        assert nagios.page([checked("a"), checked("b", status)], NOW).startswith(f"VEEAM {word} - ")

    def test_no_appliance(self) -> None:
        """Nothing was checked, so nothing is known."""
        assert nagios.page([], NOW).startswith("VEEAM UNKNOWN - ")

    def test_large_fleet(self) -> None:
        """The first line names some and counts the others."""
        many = [checked(f"vbr-{number}", "failed", "x") for number in range(500)]
        assert "vbr-4 and 495 more" in nagios.page(many, NOW).splitlines()[0]


# https://docs.checkmk.com, "Local checks": state, quoted service name, metrics or -, text.
LOCAL_CHECK = re.compile(
    r'(?P<state>[0-3P]) "(?P<service>[^"]+)" (?P<metrics>-|[\w.]+=-?[\d.]+(?:\|[\w.]+=-?[\d.]+)*) (?P<text>[^|]*)'
)


def test_checkmk() -> None:
    """Each line is a local check; one for the fleet, one for each appliance."""
    lines = checkmk.page(FLEET, NOW).splitlines()
    matches = [LOCAL_CHECK.fullmatch(line) for line in lines]
    assert all(matches), lines
    services = {match["service"]: match for match in matches if match is not None}
    assert len(services) == 5
    assert services["Veeam fleet"]["state"] == "2"
    assert services["Veeam fleet"]["metrics"] == "ok=1|attention=1|failed=2"
    assert services["Veeam vbr-2"]["state"] == "1"
    assert services["Veeam vbr-2"]["text"] == "the license ends in 10 days"
    assert services["Veeam vbr-1"]["metrics"] == "elapsed=1.25|clock_offset=-1.5|certificate_days=90.0"
    assert services["Veeam vbr-3"]["metrics"] == "-"
    assert "\\" not in "".join(lines)


class TestZabbix:
    def test_check(self) -> None:
        """Macros as low-level discovery has them, and a value for each of them."""
        document = json.loads(zabbix.page(FLEET, NOW))
        assert document["fleet"] == {"status": 2, "ok": 1, "attention": 1, "failed": 2}
        assert [one["{#APPLIANCE}"] for one in document["discovery"]] == [one["appliance"] for one in FLEET]
        self._discovered(document)
        assert document["values"]["vbr-1"]["certificate_days"] == 90
        assert document["values"]["vbr-2"]["problems"] == "the license ends in 10 days"

    def test_rows(self) -> None:
        """Rows are discovered by appliance and id; times are numbers, flags 0 and 1."""
        cells = {"appliance": "a", "id": "1", "name": ODD, "kind": "Backup", "last_run": NOW, "online": True,
                 "free": 5, "path": None, "message": ODD}  # fmt: skip
        document = json.loads(zabbix.rows([cells, {**cells, "id": '2"\\', "name": None}]))
        self._discovered(document)
        assert document["values"]["a/1"]["last_run"] == NOW.timestamp()
        assert document["values"]["a/1"]["online"] == 1
        assert "path" not in document["values"]["a/1"]
        assert document["discovery"][0]["{#NAME}"] == ODD
        assert "{#NAME}" not in document["discovery"][1]

    @staticmethod
    def _discovered(document: Any) -> None:
        for one in document["discovery"]:
            # https://www.zabbix.com/documentation: the characters of a macro's name.
            assert all(re.fullmatch(r"\{#[A-Z0-9_.]+\}", macro) for macro in one)
            assert not set('"\\\n') & set(one["{#KEY}"])
            assert one["{#KEY}"] in document["values"]
        assert len({one["{#KEY}"] for one in document["discovery"]}) == len(document["discovery"])


class TestPrtg:
    def test_channels(self) -> None:
        """A channel has a name that comes once, a number, a unit; limits are switched on where there are any."""
        document = json.loads(prtg.page(FLEET, NOW))["prtg"]
        channels = {one["channel"]: one for one in document["result"]}
        assert len(channels) == len(document["result"])
        for one in channels.values():
            assert one["unit"] in {"Count", "TimeSeconds", "Custom"}
            assert (one["unit"] == "Custom") == ("customunit" in one)
            assert one["float"] == int(isinstance(one["value"], float))
            assert ("limitmode" in one) == any(key.startswith("limitm") and key != "limitmode" for key in one)
        assert channels["Failed"]["value"] == 2
        assert channels["First license to end"]["value"] == 10
        assert channels["Largest clock offset"]["value"] == 1.5
        assert channels["Appliance vbr-1"]["value"] == 0
        assert "vbr-3: login: refused" in document["text"]

    def test_large_fleet(self) -> None:
        """No more channels than PRTG takes, the worst first, a text that fits."""
        document = json.loads(prtg.page([checked(f"a{n}", "failed", "x" * 400) for n in range(200)], NOW))["prtg"]
        assert len(document["result"]) == 50
        assert len(document["text"]) < 2000

    def test_no_appliance(self) -> None:
        """Nothing was checked: an error."""
        assert json.loads(prtg.page([], NOW))["prtg"]["error"] == 1


class TestInflux:
    def test_check(self) -> None:
        """A line for each appliance, read by a parser of the line protocol."""
        points = [parse_line(line) for line in influx.page(FLEET, NOW).splitlines()]
        assert {point["measurement"] for point in points} == {"veeam_check"}
        assert {point["time"] for point in points} == {int(NOW.timestamp() * 1e9)}
        assert points[3]["tags"] == {"appliance": "vbr-1", "product": "vbr"}
        assert points[3]["fields"]["clock_offset"] == -1.5
        assert points[3]["fields"]["status"] == 0
        assert points[0]["fields"]["problems"] == "login: refused"

    def test_types(self) -> None:
        """Numbers, flags and texts arrive as such; what is not there is left out."""
        values = {"appliance": "a", "id": "1", "name": None, "kind": "", "free": 5, "ratio": 0.5, "online": False,
                  "last_run": NOW, "path": ODD, "expires": None, "huge": 2**70}  # fmt: skip
        point = parse_line(influx.point("veeam_repository", values, NOW, {"customer": ODD, "none": ""}))
        assert point["tags"].keys() == {"appliance", "id", "label_customer"}
        assert point["fields"] == {
            "free": 5, "ratio": 0.5, "online": False, "last_run": int(NOW.timestamp()), "huge": float(2**70),
            "path": point["fields"]["path"],
        }  # fmt: skip
        assert point["fields"]["path"].startswith('odd, "name" = | it\'s\\ ')

    @pytest.mark.parametrize("name", [ODD, "a b", "a,b", "a=b", "a\\", "a\\ b", "=", "\n", "ü"])
    def test_odd_names(self, name: str) -> None:
        """No name of a server breaks out of its line or its tag."""
        text = influx.point("m", {"appliance": name, "id": "1", "value": 1}, NOW)
        assert text.count("\n") == 1
        point = parse_line(text)
        assert point["tags"]["id"] == "1"
        assert point["fields"] == {"value": 1}

    def test_point_without_fields(self) -> None:
        """A row that says nothing is at least there."""
        assert parse_line(influx.point("m", {"appliance": "a"}, NOW))["fields"] == {"present": True}
