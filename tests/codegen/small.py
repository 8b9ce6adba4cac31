"""A small OpenAPI document for the tests of ingesting, and the vendor's documents where they are at hand."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from codegen.ingest import catalog, documents

VENDOR = os.environ.get("VEEAM_VENDOR_SPECS")
needs_vendor = pytest.mark.skipif(not VENDOR, reason="VEEAM_VENDOR_SPECS says where the vendor's documents are")

PROSE = "This is what the vendor has to say about it, in a whole sentence of his own."


def document(**changes: Any) -> dict[str, Any]:
    """A valid OpenAPI 3.0 document with prose in every place that may have it."""
    made: dict[str, Any] = {
        "openapi": "3.0.1",
        "info": {"title": "Veeam Backup & Replication REST API", "version": "9.9-rev9", "description": PROSE},
        "servers": [{"url": "https://appliance.example.com:9419", "description": PROSE}],
        "tags": [{"name": "Jobs", "description": PROSE}, {"name": "SectionAbout", "description": PROSE}],
        "externalDocs": {"url": "https://example.com", "description": PROSE},
        "security": [{"Bearer": []}],
        "paths": {
            "/api/v1/jobs": {
                "description": PROSE,
                "get": {
                    "operationId": "GetAllJobs",
                    "summary": "Get All Jobs",
                    "description": PROSE,
                    "tags": ["Jobs"],
                    "parameters": [
                        {
                            "name": "skip",
                            "in": "query",
                            "description": PROSE,
                            "schema": {"type": "integer"},
                            "example": 1,
                        }
                    ],
                    "responses": {
                        "200": {
                            "description": PROSE,
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/Job", "description": PROSE},
                                    "examples": {"one": {"summary": PROSE, "value": {"id": 1}}},
                                }
                            },
                        },
                        "401": {"$ref": "#/components/responses/Unauthorized"},
                    },
                },
                "post": {
                    "operationId": "CreateJob",
                    "summary": "Create Job",
                    "tags": ["Jobs"],
                    "requestBody": {
                        "description": PROSE,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
                    },
                    "responses": {"201": {"description": PROSE}},
                },
            }
        },
        "components": {
            "responses": {
                "Unauthorized": {"description": PROSE},
                "NeverUsed": {"description": PROSE},
            },
            "schemas": {
                "Job": {
                    "title": PROSE,
                    "description": PROSE,
                    "type": "object",
                    "required": ["id"],
                    "properties": {
                        "id": {"type": "string", "format": "uuid", "description": PROSE, "example": PROSE},
                        "description": {"type": "string", "x-note": PROSE},
                        "kind": {"$ref": "#/components/schemas/EKind"},
                    },
                },
                "EKind": {"type": "string", "enum": ["One", "Two"], "x-enumDescriptions": {"One": PROSE, "Two": PROSE}},
            },
            "examples": {"one": {"value": PROSE}},
            "securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer", "description": PROSE}},
        },
    }
    return made | changes


def schemas(**named: Any) -> dict[str, Any]:
    """The small document with these schemas beside its own."""
    made = document()
    made["components"]["schemas"].update(named)
    return made


def write(path: Path, content: Any) -> str:
    """Write a document as JSON, and give its path as the command line takes it."""
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def spec(specs: Path, product: str = "vbr", revision: str = "9.9-rev9") -> dict[str, Any]:
    """A spec file that was written."""
    content: dict[str, Any] = json.loads((specs / product / f"{revision}.json").read_text(encoding="utf-8"))
    return content


def revisions() -> list[str]:
    """What the repository's catalog holds, as product/revision."""
    return sorted(catalog.load(catalog.HOME)["revisions"])


def vendor_document(name: str) -> documents.Document:
    """The vendor's document of a revision in the catalog."""
    entry = catalog.load(catalog.HOME)["revisions"][name]
    return documents.read(str(Path(VENDOR or "") / entry["source"]))


def words(text: str) -> str:
    """A text as one line of words."""
    return re.sub(r"\s+", " ", text).strip()
