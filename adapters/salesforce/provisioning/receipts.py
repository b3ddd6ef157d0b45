"""What became of a piece."""

from __future__ import annotations

from collections.abc import Sequence

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    NotPermitted,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from cs_connector.ports import Piece, Receipt, Verdict

from .soap import Result

_PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "OPERATION_TOO_LARGE"})
_BLOCKING = (AuthFailed, QuotaExhausted, RateLimited)


def key(piece: Piece) -> str:
    return f"{piece.kind} {piece.name}"


def told(piece: Piece, result: Result, done: Verdict) -> Receipt:
    """The receipt of what Salesforce says; `done` is what it means when nothing is wrong."""
    if not result.code:
        return Receipt(key(piece), Verdict.CREATED if result.created else done)
    verdict = Verdict.LATER if result.code in _PASSING else Verdict.REJECTED
    return Receipt(key(piece), verdict, None, result.code, result.message)


def failed(piece: Piece, error: AdapterError, fix: str = "") -> Receipt:
    """The receipt of a request that brought no results."""
    lost = isinstance(error, Unavailable)
    verdict = Verdict.UNKNOWN if lost else Verdict.LATER if isinstance(error, _BLOCKING) else Verdict.REJECTED
    text = ". ".join(part for part in (error.what, error.why, fix or error.fix) if part)
    return Receipt(key(piece), verdict, None, error.code, text)


def ends_it(error: AdapterError) -> bool:
    """Whether nothing after it can be done either."""
    return isinstance(error, (*_BLOCKING, NotPermitted, Unavailable))


def put_off(pieces: Sequence[Piece], error: AdapterError) -> list[Receipt]:
    """Receipts of what was not sent any more."""
    return [
        Receipt(key(piece), Verdict.LATER, None, error.code, f"not sent: {error.what}") for piece in pieces
    ]
