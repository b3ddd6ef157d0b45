"""The parts of a composite request: read, checked, and answered one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from cs_connector.sandbox.wire import Request, Response

from ..answers import error, parser_error
from ..errors import ApiError
from .references import filled

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
INHERITED = ("authorization", "accept", "content-type")
REFERENCE_ID = re.compile(r"\w+", re.ASCII)
HALTED = ApiError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)
Send = Callable[[Request], Response]
Result = dict[str, Any]


def parts_of(body: Mapping[str, Any], name: str, raw: bytes) -> list[Mapping[str, Any]]:
    """The parts under this key. Raises ApiError for a list that cannot be read."""
    parts = body.get(name)
    if not isinstance(parts, list) or not parts:
        raise ApiError(400, "MISSING_ARGUMENT", f"{name} is required")
    for part in parts:
        if not isinstance(part, Mapping):
            raise parser_error("Cannot deserialize instance of a subrequest from a value", raw, b"")
        if not isinstance(part.get("httpHeaders") or {}, Mapping):
            near = b'"httpHeaders"'
            raise parser_error("Cannot deserialize instance of a map from httpHeaders", raw, near)
        if not part.get("url") or str(part.get("method", "")).upper() not in METHODS:
            raise ApiError(400, "JSON_PARSER_ERROR", "A subrequest needs a url and a valid method")
    return parts


def check_names(parts: Sequence[Mapping[str, Any]]) -> None:
    """Every part has a referenceId of its own, of letters, digits and underscores. Raises ApiError."""
    seen: set[str] = set()
    for part in parts:
        name = str(part.get("referenceId") or "")
        if not REFERENCE_ID.fullmatch(name):
            raise ApiError(400, "INVALID_INPUT", f"Invalid referenceId: '{name}'")
        if name in seen:
            raise ApiError(400, "INVALID_INPUT", f"Provided referenceId is not unique: {name}")
        seen.add(name)


def answer_each(
    send: Send, outer: Request, parts: Sequence[Mapping[str, Any]], *, halts: bool
) -> list[Result]:
    """A result for every part; with `halts` the first failure is the last that is tried."""
    answered: dict[str, Any] = {}
    results: list[Result] = []
    for part in parts:
        if halts and results and failed(results[-1]):
            break
        results.append(_one(send, outer, part, answered))
    return results


def halted(parts: Sequence[Mapping[str, Any]], results: Sequence[Result]) -> list[Result]:
    """The results after a rollback: the failed part says why, every other one that it was taken back."""
    found = list(results) + [{}] * (len(parts) - len(results))
    return [
        result if result and failed(result) else _result(HALTED.body(), {}, 400, str(part.get("referenceId")))
        for part, result in zip(parts, found, strict=True)
    ]


def failed(result: Result) -> bool:
    """Whether a part failed, or one record of its collection did."""
    body = result["body"]
    records = body if isinstance(body, list) else []
    return result["httpStatusCode"] >= 300 or any(
        isinstance(record, Mapping) and record.get("success") is False for record in records
    )


def path_of(url: str) -> tuple[str, str]:
    """Path and query of a part's address, the path as the server hands it on."""
    split = urlsplit(url)
    parts = (unquote(p).replace("%", "%25").replace("/", "%2F") for p in split.path.split("/"))
    return "/".join(parts), split.query


def _one(send: Send, outer: Request, part: Mapping[str, Any], answered: dict[str, Any]) -> Result:
    name = str(part.get("referenceId") or "")
    try:
        answer = send(_inner(outer, part, answered))
    except ApiError as bad:
        answer = error(bad)
    body = msgspec.json.decode(bytes(answer.body)) if answer.body else None
    if answer.status < 300:
        answered[name] = body
    headers = {k: v for k, v in answer.headers.items() if k != "Content-Type"}
    return _result(body, headers, answer.status, name)


def _result(body: Any, headers: Mapping[str, str], status: int, name: str) -> Result:
    return {"body": body, "httpHeaders": headers, "httpStatusCode": status, "referenceId": name}


def _inner(outer: Request, part: Mapping[str, Any], answered: Mapping[str, Any]) -> Request:
    path, query = path_of(filled(str(part["url"]), answered))
    body = b"" if part.get("body") is None else msgspec.json.encode(filled(part["body"], answered))
    inherited = {name: outer.headers[name] for name in INHERITED if name in outer.headers}
    given = {str(k).lower(): str(v) for k, v in (part.get("httpHeaders") or {}).items()}
    return Request(str(part["method"]).upper(), path, query, given | inherited, body)
