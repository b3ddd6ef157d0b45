"""SOQL by recursive descent."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from ..errors import ApiError, unsimulated
from .conditions import Conditions
from .lexer import Token
from .operands import RESERVED, read_name, read_operand
from .query_error import placed_in
from .reader import Reader
from .syntax import All, Column, Group, Item, Operand, Order, Query, TypeOf

NO_ALIAS = RESERVED | {"ALL", "UPDATE", "AS"}
NO_OBJECT = RESERVED - {"GROUP", "ORDER"}
SCOPES = (
    "EVERYTHING", "MINE", "DELEGATED", "MINE_AND_MY_GROUPS", "MY_TERRITORY", "MY_TEAM_TERRITORY", "TEAM",
    "SCOPINGRULE",
)  # fmt: skip
LONGEST = 100_000


@lru_cache(maxsize=64)
def parse(text: str) -> Query:
    """The tree of a query. Raises ApiError MALFORMED_QUERY."""
    if len(text) > LONGEST:
        raise ApiError(400, "MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST} characters.")
    with placed_in(text):
        parser = Parser(Reader(text))
        return parser.whole()


class Parser:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._conditions = Conditions(reader, self.query)

    def whole(self) -> Query:
        """A query and nothing after it. Raises QueryError."""
        query = self.query()
        if self._reader.now.kind != "end":
            raise self._reader.unexpected()
        return query

    def query(self) -> Query:
        reader = self._reader
        reader.expect("SELECT")
        items = self._items()
        reader.expect("FROM")
        source = self._source()
        alias, scope = self._alias(), self._scope()
        where = self._conditions.read() if reader.take("WHERE") else None
        self._take_with()
        group = self._group()
        having = self._conditions.read() if group.by and reader.take("HAVING") else None
        order = self._order() if reader.take("ORDER", "BY") else ()
        limit = reader.whole() if reader.take("LIMIT") else None
        offset = reader.whole() if reader.take("OFFSET") else 0
        self._take_for()
        every = reader.take("ALL", "ROWS")
        return Query(
            reader.text, items, source.text, source.at, alias, scope, where, group, having, order, limit, offset,
            every,
        )  # fmt: skip

    def _source(self) -> Token:
        if self._reader.now.word in NO_OBJECT:
            raise self._reader.unexpected()
        return self._reader.name()

    def _items(self) -> tuple[Item, ...]:
        if self._reader.take("COUNT", "(", ")"):
            return ()
        items = [self._item()]
        while self._reader.take(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Item:
        reader = self._reader
        if reader.take("("):
            inner = self.query()
            reader.expect(")")
            return inner
        if reader.sees("FIELDS", "("):
            return self._fields()
        if reader.sees("TYPEOF"):
            return self._typeof()
        found = read_operand(reader)
        if reader.now.kind == "word" and reader.now.word not in RESERVED:
            return replace(found, alias=reader.next().text)
        return found

    def _fields(self) -> All:
        at = self._reader.expect("FIELDS", "(").at
        kind = self._reader.take_one("ALL", "STANDARD", "CUSTOM")
        if kind is None:
            raise self._reader.unexpected()
        self._reader.expect(")")
        return All(kind, at)

    def _typeof(self) -> TypeOf:
        reader = self._reader
        at = reader.expect("TYPEOF").at
        path = tuple(read_name(reader).text.split("."))
        cases = [self._case()]
        while reader.sees("WHEN"):
            cases.append(self._case())
        otherwise = self._columns() if reader.take("ELSE") else ()
        reader.expect("END")
        return TypeOf(path, tuple(cases), otherwise, at)

    def _case(self) -> tuple[str, tuple[Column, ...]]:
        self._reader.expect("WHEN")
        name = read_name(self._reader).text
        self._reader.expect("THEN")
        return name, self._columns()

    def _columns(self) -> tuple[Column, ...]:
        names = [read_name(self._reader)]
        while self._reader.take(","):
            names.append(read_name(self._reader))
        return tuple(Column(tuple(n.text.split(".")), n.at) for n in names)

    def _alias(self) -> str | None:
        now = self._reader.now
        return self._reader.next().text if now.kind == "word" and now.word not in NO_ALIAS else None

    def _scope(self) -> str | None:
        if not self._reader.take("USING"):
            return None
        self._reader.expect("SCOPE")
        found = self._reader.take_one(*SCOPES)
        if found is None:
            raise self._reader.unexpected()
        return found

    def _take_with(self) -> None:
        """Access modes change nothing here: a query always runs as its user."""
        reader = self._reader
        if not reader.take("WITH") or reader.take_one("SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"):
            return
        if reader.sees("DATA", "CATEGORY"):
            raise unsimulated("WITH DATA CATEGORY")
        raise reader.unexpected()

    def _take_for(self) -> None:
        reader = self._reader
        _ = reader.take("FOR", "VIEW") or reader.take("FOR", "REFERENCE")
        if reader.take("UPDATE") and not reader.take_one("TRACKING", "VIEWSTAT"):
            raise reader.unexpected()
        reader.take("FOR", "UPDATE")

    def _group(self) -> Group:
        reader = self._reader
        if not reader.take("GROUP", "BY"):
            return Group()
        kind = next((k for k in ("ROLLUP", "CUBE") if reader.take(k, "(")), "")
        found = [read_operand(reader)]
        while reader.take(","):
            found.append(read_operand(reader))
        if kind:
            reader.expect(")")
        return Group(tuple(found), kind)

    def _order(self) -> tuple[Order, ...]:
        found = [self._one_order()]
        while self._reader.take(","):
            found.append(self._one_order())
        return tuple(found)

    def _one_order(self) -> Order:
        """Nulls come first in both directions, unless the query says otherwise."""
        reader = self._reader
        by: Operand = read_operand(reader)
        down = reader.take_one("ASC", "DESC") == "DESC"
        last = bool(reader.take("NULLS") and self._first_or_last() == "LAST")
        return Order(by, down, last)

    def _first_or_last(self) -> str:
        found = self._reader.take_one("FIRST", "LAST")
        if found is None:
            raise self._reader.unexpected()
        return found
