"""Commands on API revisions that the package does not have."""

from __future__ import annotations

import click

from ..options import output
from ..selection import Selection


@click.group()
def revision() -> None:
    """Add API revisions that the package does not have."""


@revision.command()
@click.argument("document", metavar="DOC")
@click.option("--product", required=True, help="Such as vbr.")
@click.option("--revision", required=True, help="The vendor's name of it, such as 1.4-rev0 or v9.")
@click.option("--replace", is_flag=True, help="Make it again where it was added before.")
@click.option("--insecure", is_flag=True, help="Take any TLS certificate of the appliance.")
@click.option("--fingerprint", metavar="SHA256", help="Take the certificate with this fingerprint alone.")
def add(document: str, product: str, revision: str, replace: bool, insecure: bool, fingerprint: str | None) -> int:
    """Make a revision from DOC: an OpenAPI 3 or Swagger 2.0 file, or its https URL at an appliance.

    `connect`, `Fleet`, simulated appliances and these commands know it from then on. Needs the extra `codegen`.
    """
    from ..revision import add

    return add(document, product, revision, replace=replace, insecure=insecure, fingerprint=fingerprint)


@revision.command("list")
@output()
def list_(selection: Selection) -> int:
    """Show every revision, and whether the package has it or it was added."""
    from ..revision import list_revisions

    return list_revisions(selection)


@revision.command()
@click.argument("name", metavar="PRODUCT/REVISION")
def remove(name: str) -> int:
    """Remove a revision that was added."""
    from ..revision import remove

    return remove(name)
