"""Everything that a person reads on a terminal. Results go to stdout, talk to stderr."""

from __future__ import annotations

from .screen import Screen

__all__ = ["Screen"]
