"""Conditional requests: entity tags on accounts, modification dates on every record.

Vendor: REST API guide, Conditional Request Headers. Deletes take no conditions.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

import msgspec

from cs_connector.sandbox.wire import Request

from ..errors import ApiError
from ..schema.schema import ObjectType
from ..times import read_time
from ..writing.rows import Row

TAGGED = "Account"
CONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})
TAG = re.compile(r'"([^"]*)"')


class NotModified(Exception):
    """The client has the record as it is: 304 with these headers."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__("not modified")
        self.headers = headers


def marks(obj: ObjectType, row: Row) -> dict[str, str]:
    """The headers by which a client can ask again."""
    found = {"Last-Modified": _http_date(row["LastModifiedDate"])}
    if obj.name == TAGGED:
        found["ETag"] = f'"{_tag(row)}"'
    return found


def check(request: Request, obj: ObjectType, row: Row) -> None:
    """Raises NotModified, or ApiError 412 for a condition that is not met and 400 for one that is none."""
    if CONDITIONS.isdisjoint(request.headers):
        return
    reading = request.method in {"GET", "HEAD"}
    if obj.name == TAGGED:
        _check_tags(request, obj, row, reading=reading)
    changed = read_time(row["LastModifiedDate"])
    since = _date(request.headers.get("if-modified-since"), reading=True) if reading else None
    until = _date(request.headers.get("if-unmodified-since"), reading=reading)
    if since is not None and changed <= since:
        raise NotModified(marks(obj, row))
    if until is not None and changed > until:
        raise _failed("If-Unmodified-Since")


def _check_tags(request: Request, obj: ObjectType, row: Row, *, reading: bool) -> None:
    wanted = _tags(request.headers.get("if-match"), reading=reading)
    unwanted = _tags(request.headers.get("if-none-match"), reading=reading)
    own = {"*", _tag(row)}
    if wanted is not None and not own & wanted:
        raise _failed("If-Match")
    if unwanted is not None and own & unwanted:
        if reading:
            raise NotModified(marks(obj, row))
        raise _failed("If-None-Match")


def _http_date(text: str) -> str:
    """A stored time, which is in UTC."""
    return f"{_day(text[:10])} {text[11:19]} GMT"


@lru_cache(maxsize=10_000)
def _day(text: str) -> str:
    return format_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC), usegmt=True)[:16]


def _tag(row: Row) -> str:
    digest = hashlib.sha1(msgspec.json.encode(row, order="sorted"), usedforsecurity=False).digest()
    return f"{base64.b64encode(digest).decode()}--gzip"


def _tags(text: str | None, *, reading: bool) -> set[str] | None:
    if text is None:
        return None
    found = {"*"} if text.strip() == "*" else set(TAG.findall(text))
    if not found and not reading:
        raise _bad(text)
    return found


def _date(text: str | None, *, reading: bool) -> datetime | None:
    if text is None:
        return None
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        if reading:
            return None
        raise _bad(text) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _failed(name: str) -> ApiError:
    return ApiError(412, "PRECONDITION_FAILED", f"The precondition of {name} is not met")


def _bad(text: str) -> ApiError:
    return ApiError(400, "INVALID_HEADER_VALUE", f"Invalid value of a conditional header: {text}")
