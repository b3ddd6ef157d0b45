"""Files in a folder: CSV and JSON lines, also gzipped, as a read-only source."""

from __future__ import annotations

from .adapter import Files

__all__ = ["Files"]
