"""cs-connector: the CRM a company already has, as its customer-success system."""

from __future__ import annotations

__version__ = "0.1.0"
