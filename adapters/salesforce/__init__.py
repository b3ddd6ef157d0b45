"""Salesforce: REST reads by keyset, writes by collections, JWT or client-credentials login."""

from __future__ import annotations

from .adapter import Salesforce

__all__ = ["Salesforce"]
