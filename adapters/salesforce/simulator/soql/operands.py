"""What can be selected, compared, grouped and ordered: fields and functions of them."""

from __future__ import annotations

from ..errors import unsimulated
from .functions import DATE_PARTS, WRAPPERS
from .lexer import Token
from .query_error import malformed
from .reader import Reader
from .syntax import Call, Column, Operand, Query

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING"})
PLACES = frozenset({"DISTANCE", "GEOLOCATION"})
FUNCTIONS = AGGREGATES | WRAPPERS | DATE_PARTS.keys()
RESERVED = frozenset(
    {
        "AND", "ASC", "DESC", "EXCLUDES", "FALSE", "FIRST", "FOR", "FROM", "GROUP", "HAVING", "IN", "INCLUDES",
        "LAST", "LIKE", "LIMIT", "NOT", "NULL", "NULLS", "OFFSET", "OR", "ORDER", "SELECT", "TRUE", "USING",
        "WHERE", "WITH",
    }
)  # fmt: skip


def read_name(reader: Reader) -> Token:
    """A name that is no word of the language. Raises QueryError."""
    if reader.now.word in RESERVED:
        raise reader.unexpected()
    return reader.name()


def read_operand(reader: Reader) -> Operand:
    """A field or a function. Raises QueryError, and ApiError 501 for distances."""
    token = read_name(reader)
    if not reader.sees("("):
        return Column(tuple(token.text.split(".")), token.at)
    if token.word in PLACES:
        raise unsimulated("DISTANCE in a query")
    if token.word not in FUNCTIONS:
        raise reader.unexpected()
    reader.expect("(")
    inner = read_operand(reader)
    reader.expect(")")
    return _call(token.word, inner, token.at)


def _call(name: str, inner: Operand, at: int) -> Call:
    """Raises QueryError for functions that do not go inside each other."""
    nested = inner.name if isinstance(inner, Call) else None
    if nested is None or _goes_around(name, nested):
        return Call(name, inner, at)
    raise malformed(f"unexpected token: '{nested}'", inner.at)


def _goes_around(name: str, nested: str) -> bool:
    if name == "FORMAT":
        return nested in AGGREGATES | {"CONVERTCURRENCY", "CONVERTTIMEZONE"}
    return name in DATE_PARTS and nested == "CONVERTTIMEZONE"


def is_aggregate(query: Query) -> bool:
    """Whether the query answers with groups of records."""
    parts = AGGREGATES | DATE_PARTS.keys()
    return bool(query.group.by) or any(isinstance(i, Call) and _names(i) & parts for i in query.items)


def _names(call: Call) -> set[str]:
    return {call.name, call.of.name} if isinstance(call.of, Call) else {call.name}
