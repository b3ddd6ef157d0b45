"""What customers said of tickets: satisfaction ratings, or in newer accounts survey responses."""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import bad_value, no_endpoint, not_found, reply
from ..call import Call
from ..kinds import RATING, SURVEY
from ..paths import Routes
from ..records.paging import only_by_cursor
from ..records.resource import Resource
from ..records.table import Record
from ..state import State
from ..times import answered_at, created_at, epoch

SCORES = {
    "received": ("good", "bad"),
    "offered": ("offered",),
    "unoffered": ("unoffered",),
    "good": ("good",),
    "bad": ("bad",),
}
MILLISECONDS = 100_000_000_000  # no time in seconds is as large


def are_surveys(state: State) -> bool:
    """Whether the account asks with the newer surveys; of the two forms one is active."""
    chosen = state.settings.surveys
    return bool(len(state.table(SURVEY))) if chosen is None else chosen


class Ratings(Resource):
    kind = RATING

    def routes(self) -> Routes:
        return {
            ("GET", "satisfaction_ratings"): self.all,
            ("GET", "satisfaction_ratings/count"): self.count,
            ("GET", "satisfaction_ratings/:id"): self.show,
        }

    def all(self, call: Call) -> Response:
        """Filters: score (with or without comment), start_time and end_time in seconds."""
        score = call.query.get("score")
        start, end = (_seconds(call.query.get(name)) for name in ("start_time", "end_time"))
        wanted = None if score is None else _scores(score)
        if wanted is None and start is None and end is None:
            return self.listed(call)
        ids = [
            record["id"]
            for record in self.table.records.values()
            if _within(created_at(record), start, end) and (wanted is None or wanted(record))
        ]
        return self.listed(call, sorted(ids))


class Surveys(Resource):
    """Only there in an account that asks with surveys; their lists have no numbered pages."""

    kind = SURVEY

    def routes(self) -> Routes:
        return {
            ("GET", "guide/survey_responses"): self.all,
            ("GET", "guide/survey_responses/*id"): self.show,
        }

    def all(self, call: Call) -> Response:
        """Filters: creation, from and to, and the tickets that the survey was about."""
        self._there()
        start = _seconds(call.query.get("filter[created_at_start]"))
        end = _seconds(call.query.get("filter[created_at_end]"))
        about = set(filter(None, call.query.get("filter[subject_zrns]", "").split(",")))
        ids = [
            record["id"]
            for record in self.table.records.values()
            if _within(answered_at(record), start, end)
            and (not about or about.intersection(record.get("subject_zrns") or ()))
        ]
        only_by_cursor(call, self.state.limits.page)
        return self.listed(call, sorted(ids))

    def find(self, ident: Any) -> Record:
        self._there()
        record = self.table.get(ident)
        if record is None:
            raise not_found()
        return record

    def show(self, call: Call) -> Response:
        return reply({self.kind.singular: self.view(self.find(call.ident))})

    def view(self, record: Record) -> dict[str, Any]:
        shown = super().view(record)
        shown.pop("url", None)
        return shown

    def _there(self) -> None:
        if not are_surveys(self.state):
            raise no_endpoint()


def _scores(text: str) -> Any:
    name, _, rest = text.partition("_with")
    if name not in SCORES or rest not in ("", "_comment", "out_comment"):
        raise bad_value(f"score is not valid: {text}")
    known = SCORES[name]

    def fits(record: Record) -> bool:
        commented = bool(record.get("comment"))
        return record.get("score") in known and (not rest or commented == (rest == "_comment"))

    return fits


def _seconds(text: str | None) -> int | None:
    """A time in seconds, in milliseconds or in ISO 8601."""
    if not text:
        return None
    try:
        number = int(text) if text.lstrip("-").isdecimal() else epoch(text)
    except ValueError:
        raise bad_value(f"Invalid time: {text}") from None
    return number // 1000 if number > MILLISECONDS else number


def _within(second: int, start: int | None, end: int | None) -> bool:
    return (start is None or second >= start) and (end is None or second < end)
