"""The three products' manners. Nothing outside this folder asks which product it talks to."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .base import Grant, Profile, TokenRequest
from .work import LongWork

PRODUCTS = ("vbr", "aws", "azure")

__all__ = ["PRODUCTS", "Grant", "LongWork", "Profile", "TokenRequest", "profile"]


@cache
def profile(product: str) -> Profile:
    """The profile of a product.

    Raises:
        ValueError: no such product.
    """
    if product not in PRODUCTS:
        raise ValueError(f"no product {product!r}: {', '.join(PRODUCTS)}")
    found: Profile = import_module(f"{__name__}.{product}").PROFILE
    return found
