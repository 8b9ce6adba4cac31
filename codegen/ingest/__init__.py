"""From a vendor's document to a spec: read, brought to OpenAPI 3.0, stripped to facts, mended, written."""

from codegen.ingest.command import add_arguments, ingest, main

__all__ = ["add_arguments", "ingest", "main"]
