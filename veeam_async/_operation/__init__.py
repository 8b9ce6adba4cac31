"""What an operation is, how it becomes a request and an answer. Nothing about sockets."""

from __future__ import annotations

from .operation import Body, Operation, Paging, Parameter, Response, Revision
from .request import Request
from .sending import Api, Caller

__all__ = ["Api", "Body", "Caller", "Operation", "Paging", "Parameter", "Request", "Response", "Revision"]
