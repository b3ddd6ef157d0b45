"""Which organization a deleted one was merged into: a merge deletes the loser, and only it can be asked for the winner.

What was found is noted: an export that is read anew brings the losers again, and does not tell where they went.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cs_connector.errors import NotPermitted
from cs_connector.ports import Notes, RawRecord
from cs_connector.transport import Transport
from cs_connector.transport.sensible import sensible

MOST = 50  # deleted organizations that went into no other, one after the other: whoever deletes so many merges none of them
_NOTE, _READ = "merged organization ", "organizations were read"


class _Merge(msgspec.Struct):
    loser_id: int
    winner_id: int


class _Merges(msgspec.Struct):
    organization_merges: list[_Merge] = []


class Merges:
    """Without a place for notes, an export that is read anew counts as a first one."""

    def __init__(self, transport: Transport, host: str, notes: Notes | None) -> None:
        self._transport, self._host, self._notes = transport, host, notes

    @property
    def wanted(self) -> bool:
        """Whether all organizations were read before: nobody refers to what was gone before the first reading."""
        return self._notes is not None and self._notes.read(_READ) is not None

    def finished(self) -> None:
        """All organizations were read."""
        if self._notes is not None and not self.wanted:
            self._notes.keep(_READ, "yes")

    def noted(self, records: Sequence[RawRecord]) -> list[RawRecord]:
        """The same records; deleted ones name in `mergedInto` what goes on in their place, where there is such."""
        winners = dict(self._winners([record.id for record in records if record.deleted]))
        return [_noted(r, winners[r.id]) if r.id in winners else r for r in records]

    def _winners(self, losers: Sequence[str]) -> Iterator[tuple[str, str]]:
        missed = 0
        for loser in losers:
            winner = self._known(loser) or (self._asked(loser) if missed < MOST else None)
            missed = 0 if winner else missed + 1
            if winner:
                yield loser, winner

    def _known(self, loser: str) -> str | None:
        return self._notes.read(_NOTE + loser) if self._notes else None

    def _asked(self, loser: str) -> str | None:
        """None also for a login that may not see merges: then the organization is just gone."""
        try:
            answer = self._transport.get(f"{self._host}/api/v2/organizations/{loser}/merges.json")
        except NotPermitted:
            return None
        if not answer.ok:
            return None
        with sensible("Zendesk"):
            merges = msgspec.json.decode(answer.content, type=_Merges).organization_merges
        winner = next((str(merge.winner_id) for merge in merges if str(merge.loser_id) == loser), None)
        if winner and self._notes:
            self._notes.keep(_NOTE + loser, winner)
        return winner


def _noted(record: RawRecord, winner: str) -> RawRecord:
    told = msgspec.json.decode(record.payload, type=dict[str, msgspec.Raw])
    told["mergedInto"] = msgspec.Raw(msgspec.json.encode(winner))
    return record._replace(payload=msgspec.json.encode(told))
