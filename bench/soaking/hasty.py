"""`python -m bench.soaking.hasty`: the command, made naive: the cursor moves at once, records are kept when all are there."""

from __future__ import annotations

import sys
from dataclasses import replace

from cs_connector.ports import Page, RawRecord
from cs_connector.store.landing import Landing


def cursor_first() -> None:
    """From now on the store of this process is one that a kill can rob."""
    append, held = Landing.append, list[RawRecord]()

    def naive(self: Landing, lease: object, run: str, connection: str, name: str, page: Page) -> None:
        held.extend(page.records)
        records, done = (tuple(held), True) if page.done else ((), False)
        append(self, lease, run, connection, name, replace(page, records=records, done=done))  # type: ignore[arg-type]
        if done:
            held.clear()

    Landing.append = naive  # type: ignore[method-assign]


if __name__ == "__main__":
    from cs_connector.cli import main

    cursor_first()
    sys.exit(main())
