"""Which records changed or went between two times."""

from __future__ import annotations

from datetime import datetime, timedelta

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json
from .errors import ApiError
from .rows import Row
from .schema import ObjectType
from .state import State
from .times import read_time, stamp

FARTHEST = timedelta(days=30)
SHORTEST = timedelta(minutes=1)
FUTURE = timedelta(minutes=1)


class Replication:
    def __init__(self, state: State) -> None:
        self._state = state

    def updated(self, request: Request, obj: ObjectType) -> Response:
        rows, end = self._between(request, obj)
        ids = [row["Id"] for row in rows if not row.get("IsDeleted")]
        return as_json({"ids": ids, "latestDateCovered": self._covered(end)})

    def deleted(self, request: Request, obj: ObjectType) -> Response:
        rows, end = self._between(request, obj)
        gone = [{"id": r["Id"], "deletedDate": r["SystemModstamp"]} for r in rows if r.get("IsDeleted")]
        earliest = stamp((self._state.now() - FARTHEST).replace(second=0))
        return as_json(
            {
                "deletedRecords": gone,
                "earliestDateAvailable": earliest,
                "latestDateCovered": self._covered(end),
            }
        )

    def _between(self, request: Request, obj: ObjectType) -> tuple[list[Row], datetime]:
        start, end = self._span(request)
        first, last = stamp(start), stamp(end)
        rows = self._state.rows.of(obj).scan(self._state.now())
        return [row for row in rows if first <= row["SystemModstamp"] < last], end

    def _covered(self, end: datetime) -> str:
        """To the minute, and never past the oldest transaction that may still commit."""
        safe = self._state.now() - self._state.writer.lag
        return stamp(min(end, safe).replace(second=0))

    def _span(self, request: Request) -> tuple[datetime, datetime]:
        query = request.query
        try:
            start, end = (read_time(query[name].replace(" ", "+")) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise _bad_date("start and end must be dates with a time zone") from None
        if end - start < SHORTEST:
            raise _bad_date("startDate must be at least one minute greater than endDate")
        if start < self._state.now() - FARTHEST:
            raise _bad_date("startDate cannot be more than 30 days ago")
        if start > self._state.now() + FUTURE:
            raise _bad_date("startDate cannot be in the future")
        return start, end


def _bad_date(why: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", why)
