"""Splits a page of Zendesk into raw records without building their objects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from cs_connector.errors import Unavailable
from cs_connector.ports import RawRecord

Split = Callable[[bytes], list[RawRecord]]


class _Ticket(msgspec.Struct):
    id: int
    status: str | None = None
    updated_at: str | None = None
    generated_timestamp: int | None = None

    def record(self, payload: bytes) -> RawRecord:
        # Changes by the system move generated_timestamp and leave updated_at as it is.
        at = self.generated_timestamp
        modified = self.updated_at if at is None else _iso(at)
        return RawRecord(str(self.id), modified, self.status == "deleted", payload)


class _User(msgspec.Struct):
    id: int
    updated_at: str | None = None
    active: bool = True  # false is deleted; who may not log in is `suspended`

    def record(self, payload: bytes) -> RawRecord:
        return RawRecord(str(self.id), self.updated_at, not self.active, payload)


class _Plain(msgspec.Struct):
    id: int
    updated_at: str | None = None

    def record(self, payload: bytes) -> RawRecord:
        return RawRecord(str(self.id), self.updated_at, False, payload)


class _Organization(msgspec.Struct):
    id: int
    updated_at: str | None = None
    deleted_at: str | None = None

    def record(self, payload: bytes) -> RawRecord:
        return RawRecord(str(self.id), self.updated_at, self.deleted_at is not None, payload)


class _Given(msgspec.Struct):
    updated_at: str | None = None
    created_at: str | None = None


class _Survey(msgspec.Struct):
    id: str
    answers: list[_Given] = []

    def record(self, payload: bytes) -> RawRecord:
        times = [t for a in self.answers if (t := a.updated_at or a.created_at)]
        return RawRecord(self.id, max(times, default=None), False, payload)


_Row = _Ticket | _User | _Plain | _Organization | _Survey


def _split(name: str, kind: type[_Row]) -> Split:
    pages, rows = msgspec.json.Decoder(dict[str, msgspec.Raw]), msgspec.json.Decoder(kind)
    lists = msgspec.json.Decoder(list[msgspec.Raw])

    def split(content: bytes) -> list[RawRecord]:
        try:
            found = lists.decode(pages.decode(content)[name])
            return [rows.decode(raw).record(bytes(raw)) for raw in found]
        except (msgspec.MsgspecError, KeyError) as error:
            raise Unavailable(f"Zendesk's answer holds no {name}", why=str(error)) from error

    return split


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


SPLIT: dict[str, Split] = {
    "tickets": _split("tickets", _Ticket),
    "users": _split("users", _User),
    "organizations": _split("organizations", _Organization),
    "organization_memberships": _split("organization_memberships", _Plain),
    "satisfaction_ratings": _split("satisfaction_ratings", _Plain),
    "survey_responses": _split("survey_responses", _Survey),
}
