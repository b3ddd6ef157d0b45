"""How a query is refused: with the part of its text that is at fault, a mark below it, row and column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ApiError

AROUND = 20
BREAKS = frozenset(" ,\t")
APPEND_FIELD = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
)
APPEND_ENTITY = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity name. "
)
APPEND_RELATIONSHIP = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom "
    "relationship name. "
)
REFERENCE = "Please reference your WSDL or the describe call for the appropriate names."


class QueryError(ApiError):
    """A query is refused because of what stands at `at`, in characters from the start of its text."""

    def __init__(self, code: str, why: str, at: int) -> None:
        super().__init__(400, code, why)
        self.at = at


@contextmanager
def placed_in(text: str) -> Iterator[None]:
    """Completes the message of a QueryError with its place in the text."""
    try:
        yield
    except QueryError as bad:
        raise ApiError(400, bad.code, f"{place(text, bad.at)}\n{bad.message}") from None


def malformed(why: str, at: int) -> QueryError:
    return QueryError("MALFORMED_QUERY", why, at)


def no_column(name: str, entity: str, at: int) -> QueryError:
    why = f"No such column '{name}' on entity '{entity}'. {APPEND_FIELD}{REFERENCE}"
    return QueryError("INVALID_FIELD", why, at)


def no_entity(name: str, at: int) -> QueryError:
    return QueryError(
        "INVALID_TYPE", f"sObject type '{name}' is not supported. {APPEND_ENTITY}{REFERENCE}", at
    )


def no_relationship(name: str, where: str, at: int) -> QueryError:
    """`where` is "field path", or "FROM part of query call" for a sub-query."""
    code = "INVALID_FIELD" if where == "field path" else "INVALID_TYPE"
    why = f"Didn't understand relationship '{name}' in {where}. {APPEND_RELATIONSHIP}{REFERENCE}"
    return QueryError(code, why, at)


def place(text: str, at: int) -> str:
    """The line around a place, the mark, and the row and column, both from 1."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line, here = text[begin : end if end >= 0 else len(text)], at - begin
    first, last = _window(line, here)
    row = text.count("\n", 0, at) + 1
    return f"\n{line[first:last]}\n{' ' * (here - first)}^\nERROR at Row:{row}:Column:{here + 1}"


def _window(line: str, here: int) -> tuple[int, int]:
    """About twenty characters to each side, whole words only."""
    first, last = max(0, here - AROUND), min(len(line), here + AROUND)
    while first > 0 and line[first - 1] not in BREAKS:
        first -= 1
    while last < len(line) and line[last] not in BREAKS:
        last += 1
    return first, last
