"""SOQL text: what to ask Salesforce for. Nothing here talks to anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote_plus

from cs_connector.errors import ConfigError

LONGEST_URI = 15_000  # of 16,384 bytes for address and headers together
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class Place(NamedTuple):
    """How far a read got: the stamp and the id of the last record."""

    stamp: str
    id: str


def text(value: str) -> str:
    """A text literal."""
    return f"'{value.translate(_ESCAPES)}'"


def long_id(record_id: str) -> str:
    """The id of 18 characters, which does not depend on case, for one of 15."""
    if len(record_id) != 15:
        return record_id
    blocks = (record_id[i : i + 5] for i in (0, 5, 10))
    return record_id + "".join(_SUFFIX[_capitals(block)] for block in blocks)


def _capitals(block: str) -> int:
    return sum(1 << i for i, letter in enumerate(block) if "A" <= letter <= "Z")


def moment(stamp: str) -> datetime:
    """The time of a stamp such as 2026-09-24T03:26:07.000+0000."""
    return datetime.fromisoformat(stamp).astimezone(UTC)


def literal(time: datetime) -> str:
    """A time as SOQL and our cursors write it: 2026-09-24T03:26:07.000Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def back(stamp: str, by: timedelta) -> str:
    return literal(moment(stamp) - by)


def changes(object_name: str, fields: Sequence[str], stamp: str | None, after: Place | None) -> str:
    """Everything after a place, oldest change first; without a stamp column in the order of the ids."""
    columns = ", ".join(dict.fromkeys(["Id", *([stamp] if stamp else []), *fields]))
    where = f" WHERE {_beyond(stamp, after)}" if after else ""
    order = f"{stamp}, Id" if stamp else "Id"
    return f"SELECT {columns} FROM {object_name}{where} ORDER BY {order}"


def _beyond(stamp: str | None, after: Place) -> str:
    if stamp is None:
        return f"Id > {text(after.id)}"
    if not after.id:
        return f"{stamp} >= {after.stamp}"
    return f"{stamp} > {after.stamp} OR ({stamp} = {after.stamp} AND Id > {text(after.id)})"


def by_key(object_name: str, field: str, keys: Sequence[str], columns: Sequence[str] = ()) -> Iterator[str]:
    """Queries for the records whose `field` is one of `keys`; as many as the length of an address needs."""
    chosen = ", ".join(dict.fromkeys(["Id", field, *columns]))
    start = f"SELECT {chosen} FROM {object_name} WHERE {field} IN ("
    batch: list[str] = []
    for key in map(text, keys):
        if batch and not fits(f"{start}{','.join([*batch, key])})"):
            yield f"{start}{','.join(batch)})"
            batch = []
        batch.append(key)
    if batch:
        yield f"{start}{','.join(batch)})"


def fits(query: str) -> bool:
    return len(quote_plus(query)) <= LONGEST_URI


def check_length(query: str, object_name: str) -> str:
    """`query` itself. Raises ConfigError when it is longer than an address may be."""
    if fits(query):
        return query
    raise ConfigError(
        f"Too many fields of {object_name} are mapped for one query",
        why=f"Salesforce takes addresses of up to {LONGEST_URI} bytes",
        safe="nothing was read",
        fix="map fewer fields of this object",
    )
