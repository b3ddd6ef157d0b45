"""Which organization a deleted one was merged into: a merge deletes the loser, and only it can be asked for the winner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cs_connector.ports import RawRecord
from cs_connector.transport import Transport

MOST = 50  # deleted organizations of a page; whoever deletes more at once does not merge them


class _Merge(msgspec.Struct):
    loser_id: int
    winner_id: int


class _Merges(msgspec.Struct):
    organization_merges: list[_Merge] = []


class Merges:
    def __init__(self, transport: Transport, host: str) -> None:
        self._transport, self._host = transport, host

    def noted(self, records: Sequence[RawRecord]) -> list[RawRecord]:
        """The same records; deleted ones name in `mergedInto` what goes on in their place, where there is such."""
        gone = [record.id for record in records if record.deleted]
        winners = dict(self._winners(gone)) if len(gone) <= MOST else {}
        return [_noted(r, winners[r.id]) if r.id in winners else r for r in records]

    def _winners(self, losers: Sequence[str]) -> Iterator[tuple[str, int]]:
        for loser in losers:
            answer = self._transport.get(f"{self._host}/api/v2/organizations/{loser}/merges.json")
            if answer.ok:
                merges = msgspec.json.decode(answer.content, type=_Merges).organization_merges
                yield from ((loser, merge.winner_id) for merge in merges if str(merge.loser_id) == loser)


def _noted(record: RawRecord, winner: int) -> RawRecord:
    told = msgspec.json.decode(record.payload, type=dict[str, msgspec.Raw])
    told["mergedInto"] = msgspec.Raw(msgspec.json.encode(str(winner)))
    return record._replace(payload=msgspec.json.encode(told))
