"""What a row was made of: the JSON object, shown as the vendor's model when somebody asks for it."""

from __future__ import annotations

from typing import Any

import attrs

from ..._model import decoder, encode


@attrs.frozen
class RawType:
    """The type of the objects that rows of one operation are made of.

    Attributes:
        package: the package of the revision whose models are meant.
        expression: the type of an object, or of the whole answer where `within` is set.
        within: the array of the answer that the objects are elements of.
    """

    package: str
    expression: str
    within: str | None = None

    def show(self, value: Any) -> Any:
        """The model of a copy of a JSON object; the copy itself where the document describes none."""
        decode = decoder(self.expression, self.package)
        value = encode(value)  # a model changes its object: what was read of it stands in it
        if self.within is None:
            return decode(value)
        page = decode({self.within: [value]})
        rows = page.get(self.within) if isinstance(page, dict) else getattr(page, self.within, None)
        return rows[0] if rows else value
