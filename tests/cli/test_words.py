"""What an operator reads where something is wrong: words, colours, and what fits beside each other."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pytest
from rich.color import Color
from rich.console import Console

from veeam_async import errors
from veeam_async.cli.colours import BAD, BUSY, FAINT, GOOD, THEME, WARNING
from veeam_async.cli.layout import fit, measure
from veeam_async.cli.output import whole
from veeam_async.cli.progress import FleetProgress
from veeam_async.cli.words import explain, short
from veeam_async.fleet import RowsError

if TYPE_CHECKING:
    from typing_extensions import Buffer

FINGERPRINT = "0a" * 32
REFUSED = errors.TlsError(
    "the certificate of vbr01 port 9419 is refused",
    hint="If that fingerprint is the appliance's, pin it with TlsPolicy(fingerprint=...)",
    reason="unable to get local issuer certificate",
    subject="CN=vbr01",
    issuer="CN=ca",
    not_after="2027-01-01 00:00:00Z",
    fingerprint=FINGERPRINT,
    appliance="berlin-1",
)


class TestWords:
    def test_refused_certificate(self) -> None:
        """What is wrong, whose certificate it is, and the line for the fleet file; no Python."""
        said = short(REFUSED)
        assert said.startswith("the certificate is refused: unable to get local issuer certificate. It is of CN=vbr01")
        assert "CN=vbr01, issued by CN=ca, until 2027-01-01" in said
        assert f'tls = {{ fingerprint = "{FINGERPRINT}" }}' in said
        assert said.count(FINGERPRINT) == 1
        assert "TlsPolicy" not in said
        assert "_ssl.c" not in said
        assert explain(REFUSED) == f"berlin-1: {said}"

    def test_pinned_another(self) -> None:
        """Where another certificate is pinned the text says all; pinning what is seen is no advice of ours then."""
        error = errors.TlsError(
            "the certificate has SHA-256 bb, pinned is aa: if it was renewed, pin it", fingerprint="bb"
        )
        assert short(error) == error.message

    @pytest.mark.parametrize(
        ("server", "says"),
        [
            (("1.2-rev1", "1.1-rev0"), "Set `revision` to 1.2-rev1"),
            (("9.9-rev0",), "veeam-async revision add"),
            ((), "what listens there"),
        ],
    )
    def test_revision(self, server: tuple[str, ...], says: str) -> None:
        """A revision that the package has is named; only another one has to be added from a clone."""
        assert says in short(errors.UnsupportedRevisionError("the server does not have it", server=server))

    @pytest.mark.parametrize(
        ("error", "says"),
        [
            (errors.ServerError("oops", status=500), "500: oops. The appliance itself fails"),
            (errors.UnauthorizedError("who?", status=401), "the token that it has just given"),
            (errors.RateLimitedError("slowly", status=429), "fewer calls"),
            (errors.RequestTimeout("nothing came for 180 s", limit="read"), "slow or stuck"),
            (errors.AuthenticationError("login refused: 401: The account is locked."), "whether the account is locked"),
            (errors.AuthenticationError("login refused: 401: no"), "user name and password"),
            (errors.DecodeError("JSON was due", status=200), "Check host and port"),
            (RowsError((errors.ServerError("oops", status=500),) * 2), "500: oops. The appliance itself fails"),
        ],
    )
    def test_advice(self, error: errors.VeeamError, says: str) -> None:
        """Each kind of failure comes with what a person can do about it."""
        assert says in short(error)

    def test_control_characters_do_not_reach_the_terminal(self) -> None:
        """What a server says is one line of printable text."""
        assert short(errors.ServerError("a\x1b[31mb\nc", status=500)).startswith("500: a\\x1b[31mb c.")


def luminance(colour: str) -> float:
    def part(value: int) -> float:
        share = value / 255
        return float(share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = Color.parse(colour).get_truecolor()
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)


@pytest.mark.parametrize("background", ["#ffffff", "#000000", "#fdf6e3", "#002b36", "#1e1e1e"])
@pytest.mark.parametrize("colour", [GOOD, WARNING, BAD, BUSY, FAINT])
def test_colours_are_legible_on_light_and_on_dark(colour: str, background: str) -> None:
    """Each colour has a contrast of 3 to 1 or more to the backgrounds that terminals have."""
    lighter, darker = sorted((luminance(colour), luminance(background)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


NEEDS = {
    "name": measure("name", ["x" * 20] * 3, rank=0, wrap=False),
    "error": measure("error", ["", "", "z" * 90], rank=0, wrap=True),
    "path": measure("path", ["y" * 40] * 3, rank=1, wrap=True),
    "more": measure("more", ["w" * 10] * 3, rank=2, wrap=False),
}


@pytest.mark.parametrize(
    ("width", "given"),
    [
        (200, {"name": 20, "error": 90, "path": 40, "more": 10}),
        (107, {"name": 20, "error": 24, "path": 40, "more": 10}),
        (106, {"name": 20, "error": 36, "path": 40}),
        (80, {"name": 20, "error": 26, "path": 24}),
        (60, {"name": 20, "error": 33}),
        (30, {"name": 11, "error": 12}),
    ],
)
def test_columns_that_fit(width: int, given: dict[str, int]) -> None:
    """Higher ranks are left out ahead of what most rows need; long texts take more lines; all room is used."""
    assert fit(NEEDS, width) == given


class Terminal(io.RawIOBase):
    """Takes ten bytes of each write, as a terminal that is busy may."""

    def __init__(self) -> None:
        self.got = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int:
        taken = bytes(data)[:10]
        self.got += taken
        return len(taken)


def test_nothing_is_lost_without_buffers() -> None:
    """With PYTHONUNBUFFERED, too, every byte of a long write reaches a terminal that takes it in parts."""
    terminal = Terminal()
    unbuffered = io.TextIOWrapper(cast("Any", terminal), "utf-8", write_through=True)
    stream = whole(unbuffered)
    stream.write("long" * 5000 + "\n")
    stream.flush()
    assert terminal.got == b"long" * 5000 + b"\n"


def test_a_stream_with_a_buffer_stays_as_it_is() -> None:
    """Only streams without a buffer get one."""
    for stream in (io.StringIO(), io.TextIOWrapper(io.BytesIO())):
        assert whole(stream) is stream


def test_progress_names_who_is_waited_for() -> None:
    """When all but two have answered, the line says which ones, and it fits a narrow terminal."""
    console = Console(file=io.StringIO(), force_terminal=True, width=66, theme=THEME, color_system=None)
    with FleetProgress(console, ["vbr-1", "vbr-2", "azure-1"], "sessions") as progress:
        progress.answer("vbr-1", failed=True)
        progress.answer("vbr-2", failed=False)
        console.print("")
    file = console.file
    assert isinstance(file, io.StringIO)
    shown = file.getvalue()
    assert "sessions: waiting for azure-1, 1 failed" in shown
    assert "2/3 0:00:0" in shown
