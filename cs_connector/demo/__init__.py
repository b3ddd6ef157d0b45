"""A company to try everything on: it looks like life and carries the planted stories."""

from __future__ import annotations

from .company import LARGEST, SMALLEST, generate
from .stories import STORIES

__all__ = ["LARGEST", "SMALLEST", "STORIES", "generate"]
