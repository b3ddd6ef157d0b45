"""Changes as a run writes them into the audit."""

from __future__ import annotations

import hashlib
from typing import Any

from cs_connector.ports import Action, Verdict
from cs_connector.store.audit import Audit, Entry
from cs_connector.store.audit.book import head
from cs_connector.store.audit.checkpoint import Checkpoint, make
from cs_connector.store.store import Store


def sign(text: str) -> str:
    return hashlib.sha256(b"key" + text.encode()).hexdigest()


def entry(number: int = 1, **more: Any) -> Entry:
    given: dict[str, Any] = {
        "connection": "sales", "object": "Account", "key": f"a{number}", "record_id": f"001{number}",
        "action": Action.UPDATE, "verdict": Verdict.UPDATED, "before": {"Score": "82"}, "after": {"Score": "40"},
    }  # fmt: skip
    return Entry(**given | more)


def write(store: Store, *entries: Entry, run: str = "R1", audit: Audit | None = None) -> None:
    with store.state.begin() as db:
        (audit or Audit()).append(db, store.state.clock.now(), run, entries)


def checkpoint(store: Store) -> Checkpoint:
    with store.state.read() as db:
        return make(head(db), store.state.clock.now(), sign)
