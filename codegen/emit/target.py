"""What is generated: a product, a revision, and what its files call them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs


@attrs.frozen
class Target:
    """What is generated, as its files say it.

    Attributes:
        product, revision: as on the command line (`vbr`, `1.3-rev0`).
        product_title: the product's name for people.
        reference: base of the vendor's reference pages, or an empty string.
        tags: the tags that the vendor renamed, with the name that their modules keep.
    """

    product: str
    revision: str
    product_title: str
    reference: str = ""
    tags: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    @property
    def label(self) -> str:
        """As on the command line: `vbr/1.3-rev0`."""
        return f"{self.product}/{self.revision}"

    @property
    def package(self) -> str:
        """The revision's package inside the product's: `v1_3_rev0`."""
        return "v" + re.sub(r"[^0-9A-Za-z]+", "_", self.revision.removeprefix("v")).lower()
