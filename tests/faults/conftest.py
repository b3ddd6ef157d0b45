from __future__ import annotations

from tests.conftest_store import postgres, url

__all__ = ["postgres", "url"]
