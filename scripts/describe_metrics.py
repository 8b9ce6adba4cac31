"""Write the table of metrics in docs/metrics.md from the exporter's own; `--check` says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from veeam_async.metrics import FAMILIES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
BEGIN = "<!-- made by scripts/describe_metrics.py: what is below is overwritten -->"


def table() -> str:
    """All families as a table, one heading for each kind of rows."""
    lines: list[str] = []
    for rows in dict.fromkeys(family.rows for family in FAMILIES):
        lines += [
            "",
            f"### {rows.capitalize() or 'Every appliance'}",
            "",
            "| metric | type | labels | |",
            "|---|---|---|---|",
        ]
        for family in FAMILIES:
            if family.rows == rows:
                labels = ", ".join(f"`{label}`" for label in family.labels)
                lines.append(f"| `{family.name}` | {family.kind} | {labels} | {family.help} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page as it should be."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}"


def main() -> None:
    wanted = page()
    if PAGE.read_text(encoding="utf-8") == wanted:
        return
    if "--check" in sys.argv[1:]:
        sys.exit("docs/metrics.md is not current: run scripts/describe_metrics.py")
    PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
