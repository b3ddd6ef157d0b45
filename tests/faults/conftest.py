from __future__ import annotations

from tests.conftest_store import postgres, url
from tests.e2e.conftest import blank, done, env, folder, fresh, ran, sandbox, untouched

__all__ = ["blank", "done", "env", "folder", "fresh", "postgres", "ran", "sandbox", "untouched", "url"]
