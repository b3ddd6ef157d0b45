"""HubSpot."""

from __future__ import annotations

from .adapter import HubSpot

__all__ = ["HubSpot"]
