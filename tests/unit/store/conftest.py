from __future__ import annotations

from tests.conftest_store import clock, postgres, store, url

__all__ = ["clock", "postgres", "store", "url"]
