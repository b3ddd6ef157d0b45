"""Zendesk."""

from __future__ import annotations

from .adapter import Zendesk

__all__ = ["Zendesk"]
