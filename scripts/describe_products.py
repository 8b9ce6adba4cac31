"""Write what the package knows of each product into docs/products/ and docs/products.md; `--check` only looks."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.site_pages import revisions_table
from veeam_async.fleet.rows import ROW_TYPES, sources
from veeam_async.fleet.rows.document import product_rows
from veeam_async.profiles import PRODUCTS, profile

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "products"
BEGIN = "<!-- made by scripts/describe_products.py: what is below is overwritten -->"


def made(product: str) -> str:
    """What is below the mark: everything that the package itself says of a product."""
    about = profile(product)
    ports = ", ".join(map(str, dict.fromkeys([about.default_port, *about.ports])))
    logout = "none"
    if about.logout is not None:
        logout = "its own session" if about.logout.by_default else "all tokens of the user, only when asked"
    lines = [
        "",
        "## At a glance",
        "",
        "| | |",
        "|---|---|",
        f'| in code and in a fleet file | `"{product}"` |',
        f"| ports, in the order in which they are tried | {ports} |",
        f"| revision | {f'header `{about.revision_header}`' if about.revision_header else 'in the path'} |",
        f"| login | `{about.token_path}` |",
        f"| logs out | {logout} |",
        f"| rows of a page | {about.page_size or 'as many as the server gives'} |",
        f"| long work | {', '.join(kind.kind for kind in about.long_work) or 'none'} |",
        "",
        "## Revisions",
        "",
        revisions_table(product=product),
        "## Rows",
        "",
        "Where each field comes from is in [Rows](../rows.md).",
        "",
        *product_rows(product),
    ]
    return "\n".join(lines) + "\n"


def overview() -> str:
    """Which product gives which rows."""
    lines = [
        "",
        "## Who gives which rows",
        "",
        f"| | {' | '.join(f'[{product}](products/{product}.md)' for product in PRODUCTS)} |",
        f"|---|{'---|' * len(PRODUCTS)}",
    ]
    for row in ROW_TYPES:
        cells = ["yes" if sources(product, row) else "" for product in PRODUCTS]
        lines.append(f"| `{row.source}()` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    pages = {FOLDER.with_suffix(".md"): overview()} | {FOLDER / f"{one}.md": made(one) for one in PRODUCTS}
    for page, text in pages.items():
        now = page.read_text(encoding="utf-8")
        wanted = f"{now.partition(BEGIN)[0].rstrip()}\n\n{BEGIN}\n{text}"
        if now == wanted:
            continue
        if "--check" in sys.argv[1:]:
            sys.exit(f"{page.name} is not current: run python -m scripts.describe_products")
        page.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
