"""Which records changed or went between two times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json
from ..errors import ApiError, method_not_allowed
from ..schema.schema import ObjectType
from ..state import State
from ..times import read_time, stamp
from ..writing.rows import Row

UPDATED_SINCE = timedelta(days=30)
DELETED_SINCE = timedelta(days=15)
SHORTEST = timedelta(minutes=1)
FUTURE = timedelta(minutes=1)


class Replication:
    def __init__(self, state: State) -> None:
        self._state = state

    def updated(self, request: Request, obj: ObjectType) -> Response:
        """Created, changed and restored records. Raises ApiError INVALID_REPLICATION_DATE, EXCEEDED_ID_LIMIT."""
        rows, end = self._between(request, obj, UPDATED_SINCE)
        ids = [row["Id"] for row in rows if not row.get("IsDeleted")]
        self._check_count(ids)
        return as_json({"ids": ids, "latestDateCovered": self._covered(end)})

    def deleted(self, request: Request, obj: ObjectType) -> Response:
        """Deleted and merged records. Raises ApiError as `updated` does."""
        rows, end = self._between(request, obj, DELETED_SINCE)
        gone = [{"id": r["Id"], "deletedDate": r["SystemModstamp"]} for r in rows if r.get("IsDeleted")]
        first, last = (stamp(when) for when in self._span(request, DELETED_SINCE))
        buried = [g for g in self._state.writer.bin.gone(obj.name) if first <= g.at < last]
        gone += [{"id": g.id, "deletedDate": g.at} for g in buried]
        self._check_count(gone)
        return as_json(
            {
                "deletedRecords": gone,
                "earliestDateAvailable": stamp((self._state.now() - DELETED_SINCE).replace(second=0)),
                "latestDateCovered": self._covered(end),
            }
        )

    def _between(self, request: Request, obj: ObjectType, since: timedelta) -> tuple[list[Row], datetime]:
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed(request.method)
        if obj.field("SystemModstamp") is None or obj.field("IsDeleted") is None:
            raise ApiError(400, "INVALID_TYPE", f"object type '{obj.name}' is not replicateable")
        start, end = self._span(request, since)
        first, last = stamp(start), stamp(end)
        return self._state.rows.of(obj).between(first, last, self._state.now()), end

    def _covered(self, end: datetime) -> str:
        """To the minute, and never past the oldest transaction that may still commit."""
        safe = self._state.now() - self._state.writer.lag
        return stamp(min(end, safe).replace(second=0))

    def _check_count(self, found: list[Any]) -> None:
        most = self._state.limits.ids
        if len(found) > most:
            raise ApiError(400, "EXCEEDED_ID_LIMIT", f"There are more than {most} ids; narrow the dates")

    def _span(self, request: Request, since: timedelta) -> tuple[datetime, datetime]:
        query, now = request.query, self._state.now()
        try:
            start, end = (_minute(query[name]) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise _bad_date("start and end must be dates with a time zone") from None
        if end - start < SHORTEST:
            raise _bad_date("endDate must be at least one minute greater than startDate")
        if start < now - since:
            raise _bad_date(f"startDate cannot be more than {since.days} days ago")
        if start > now + FUTURE:
            raise _bad_date("startDate cannot be in the future")
        return start, end


def _minute(text: str) -> datetime:
    """Vendor: "12:30:15 is interpreted as 12:30:00". Raises ValueError."""
    return read_time(text.replace(" ", "+")).replace(second=0, microsecond=0)


def _bad_date(why: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", why)
