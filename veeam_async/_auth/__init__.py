"""Grants, the life of tokens, and the search for the revision that a server and this package share."""
