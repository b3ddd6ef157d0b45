"""A HubSpot portal in memory: both path families over one store, with the vendor's limits and errors."""

from __future__ import annotations

from .portal import HubSpotPortal

__all__ = ["HubSpotPortal"]
