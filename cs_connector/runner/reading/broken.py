"""Records that say themselves what is wrong: a row of a file with a column too few, or a file of a pattern that is not there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from cs_connector.ports import Page

_BAD = b'{"__error__"'
_NAMED = 3
_LATER = "once cs-connector unify or run has gone through them, "


@dataclass(slots=True)
class Broken:
    """How many such records of an object came, and the first of them by name."""

    count: int = 0
    _named: list[str] = field(default_factory=list)

    def came(self, page: Page) -> None:
        """Only who reads no CRM brings such records, and brings them as a list: the columns of a CRM are not looked through."""
        if isinstance(page.records, list):
            found = [record for record in page.records if record.payload.startswith(_BAD)]
            self.count += len(found)
            left = _NAMED - len(self._named)
            self._named += [f"{r.id} ({json.loads(r.payload)['__error__']})" for r in found[:left]]

    def told(self, connection: str, name: str) -> str:
        """One sentence with the first of them, and where all will be."""
        more = self.count - len(self._named)
        listed = ", ".join(self._named) + (f" and {more:,} more" if more else "")
        many = f"{self.count:,} things are" if self.count > 1 else "1 thing is"
        return (
            f"{connection} {name}: {many} to be looked at: {listed}; "
            f"{_LATER}all are in: cs-connector quarantine"
        )


def gone_through(notes: list[str]) -> None:
    """They are in quarantine now, so what notes of the same run say of later falls away."""
    notes[:] = [note.replace(_LATER, "") for note in notes]
