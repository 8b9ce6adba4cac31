"""`veeam-async poll -o parquet --out FILE`: rows as a Parquet file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from ..fleet import Row
from .selection import Selection
from .status import CommandError


def check_parquet(out: Path | None, selection: Selection) -> None:
    """Refuse what does not go together, before anything is sent.

    Raises:
        CommandError: no file, an option that is for text, or pyarrow is missing.
    """
    if selection.output != "parquet":
        if out is not None:
            raise CommandError("--out goes with -o parquet; the other formats go to stdout")
        return
    if out is None:
        raise CommandError("-o parquet: give the file, --out FILE")
    if not out.parent.is_dir():
        raise CommandError(f"--out {out}: there is no folder {out.parent}")
    if selection.sort is not None or selection.query is not None:
        raise CommandError("--sort and --query do not go with -o parquet: what reads the file does that better")
    try:
        import pyarrow.parquet
    except ImportError:
        raise CommandError("this needs an extra: pip install 'veeam-async[cli,arrow]'") from None
    del pyarrow


def write_parquet(out: Path, rows: Sequence[Row], kind: type[Row], selection: Selection) -> None:
    """Write the rows, as a whole or not at all.

    Args:
        out: the file; one that is there is replaced.
        rows: the rows.
        kind: their type, which says the columns where there are none.
        selection: which columns, and how many rows at most.

    Raises:
        CommandError: the file cannot be written.
    """
    from pyarrow import parquet

    from ..fleet.arrow import arrow_table

    table = arrow_table(rows[: selection.limit], kind)
    if selection.columns:
        table = table.select(list(selection.columns))
    part = out.with_name(f".{out.name}.part")
    try:
        parquet.write_table(table, part)
        os.replace(part, out)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        # pyarrow puts a sentence of its own where the system's words belong.
        reason = os.strerror(error.errno) if error.errno else "cannot be written"
        raise CommandError(f"--out {out}: {reason}") from error
