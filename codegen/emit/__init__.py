"""`python -m codegen emit`: spec files to an importable package tree."""

from __future__ import annotations

from .command import ROOT, Report, add_arguments, emit, find, generate, main, write
from .target import Target

__all__ = ["ROOT", "Report", "Target", "add_arguments", "emit", "find", "generate", "main", "write"]
