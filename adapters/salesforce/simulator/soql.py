"""SOQL by recursive descent."""

from __future__ import annotations

from .errors import malformed
from .lexer import Token, tokens, unquote
from .syntax import All, Among, Both, Call, Column, Compare, Condition, Literal, Not, Order, Query

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
DATE_PARTS = frozenset({"CALENDAR_YEAR", "CALENDAR_MONTH", "CALENDAR_QUARTER", "DAY_ONLY", "DAY_IN_MONTH"})
CLAUSES = frozenset(
    {"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "ALL", "FOR", "WITH", "USING", "UPDATE"}
)
COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "LIKE": "LIKE"}
LONGEST = 100_000


def parse(text: str) -> Query:
    """The tree of a query. Raises ApiError MALFORMED_QUERY."""
    if len(text) > LONGEST:
        raise malformed(text, LONGEST, "SOQL statements cannot be longer than 100000 characters.")
    parser = Parser(text)
    query = parser.query()
    parser.expect_end()
    return query


class Parser:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._n = text, tokens(text), 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._n]

    def _next(self) -> Token:
        token = self._now
        self._n += 1
        return token

    def _is(self, *words: str) -> bool:
        """Whether these words come next."""
        ahead = self._tokens[self._n : self._n + len(words)]
        return [t.word for t in ahead if t.kind in {"word", "mark"}] == list(words)

    def _take(self, *words: str) -> bool:
        found = self._is(*words)
        if found:
            self._n += len(words)
        return found

    def _expect(self, word: str) -> Token:
        if not self._is(word):
            raise self._unexpected(f"expecting {word}")
        return self._next()

    def _name(self) -> Token:
        if self._now.kind != "word":
            raise self._unexpected("expecting a name")
        return self._next()

    def _unexpected(self, hint: str = "") -> Exception:
        token = self._now
        tail = f" ({hint})" if hint else ""
        return malformed(self._text, token.at, f"unexpected token: '{token.text}'{tail}")

    def expect_end(self) -> None:
        if self._now.kind != "end":
            raise self._unexpected()

    def query(self) -> Query:
        self._expect("SELECT")
        items = self._items()
        self._expect("FROM")
        source = self._name()
        alias = self._source_alias()
        where = self._condition() if self._take("WHERE") else None
        if self._take("WITH"):
            self._name()
        group = self._group() if self._take("GROUP", "BY") else ()
        having = self._condition() if self._take("HAVING") else None
        order = self._order() if self._take("ORDER", "BY") else ()
        limit = self._whole() if self._take("LIMIT") else None
        offset = self._whole() if self._take("OFFSET") else 0
        every = self._take("ALL", "ROWS")
        self._take_for()
        return Query(
            self._text,
            items,
            source.text,
            source.at,
            alias,
            where,
            group,
            having,
            order,
            limit,
            offset,
            every,
        )

    def _take_for(self) -> None:
        while self._take("FOR"):
            if not (self._take("VIEW") or self._take("REFERENCE") or self._take("UPDATE")):
                raise self._unexpected()

    def _source_alias(self) -> str | None:
        if self._take("USING"):
            self._expect("SCOPE")
            self._name()
        self._take("AS")
        if self._now.kind == "word" and self._now.word not in CLAUSES:
            return self._next().text
        return None

    def _items(self) -> tuple[Column | Call | All | Query, ...]:
        if self._take("COUNT", "(", ")"):
            return ()
        items = [self._item()]
        while self._take(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Column | Call | All | Query:
        if self._take("("):
            inner = self.query()
            self._expect(")")
            return inner
        if self._is("FIELDS", "("):
            at = self._next().at
            self._next()
            kind = self._name().word
            self._expect(")")
            return All(kind, at)
        found = self._operand()
        if self._now.kind == "word" and not self._is("FROM"):
            return _aliased(found, self._next().text)
        return found

    def _operand(self) -> Column | Call:
        token = self._name()
        if token.word in CLAUSES or token.word in {"FROM", "SELECT"}:
            self._n -= 1
            raise self._unexpected()
        if not self._is("("):
            return Column(tuple(token.text.split(".")), token.at)
        if token.word not in AGGREGATES | DATE_PARTS | {"TOLABEL", "CONVERTCURRENCY", "FORMAT"}:
            raise malformed(self._text, token.at, f"unexpected token: '('; unknown function {token.text}")
        self._next()
        inner = self._operand()
        self._expect(")")
        if isinstance(inner, Call):
            return Call(token.word, inner.column, token.at)
        if token.word in {"TOLABEL", "CONVERTCURRENCY", "FORMAT"}:
            return inner
        return Call(token.word, inner, token.at)

    def _group(self) -> tuple[Column | Call, ...]:
        found = [self._operand()]
        while self._take(","):
            found.append(self._operand())
        return tuple(found)

    def _order(self) -> tuple[Order, ...]:
        found = [self._one_order()]
        while self._take(","):
            found.append(self._one_order())
        return tuple(found)

    def _one_order(self) -> Order:
        by = self._operand()
        down = self._take("DESC")
        if not down:
            self._take("ASC")
        last = self._take("NULLS", "LAST")
        if not last:
            self._take("NULLS", "FIRST")
        return Order(by, down, last)

    def _whole(self) -> int:
        token = self._now
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected("expecting a whole number")
        return int(self._next().text)

    def _condition(self) -> Condition:
        """AND and OR do not mix without parentheses: Salesforce refuses to guess."""
        parts = [self._term()]
        op = next((w for w in ("AND", "OR") if self._is(w)), None)
        while op and self._take(op):
            parts.append(self._term())
        if self._is("AND") or self._is("OR"):
            raise self._unexpected()
        return Both(op, tuple(parts)) if op else parts[0]

    def _term(self) -> Condition:
        if self._take("NOT"):
            return Not(self._term())
        if self._take("("):
            inner = self._condition()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        if self._take("NOT", "IN"):
            return self._among(left, "NOT IN")
        for word in ("IN", "INCLUDES", "EXCLUDES"):
            if self._take(word):
                return self._among(left, word)
        op = COMPARISONS.get(self._now.word)
        if op is None:
            raise self._unexpected()
        self._next()
        return Compare(left, op, self._literal())

    def _among(self, left: Column | Call, op: str) -> Among:
        if isinstance(left, Call):
            raise self._unexpected()
        self._expect("(")
        right: tuple[Literal, ...] | Query
        if self._is("SELECT"):
            right = self.query()
        else:
            listed = [self._literal()]
            while self._take(","):
                listed.append(self._literal())
            right = tuple(listed)
        self._expect(")")
        return Among(left, op, right)

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "string":
            return Literal("string", unquote(token, self._text), token.at)
        if token.kind in {"number", "date", "datetime"}:
            return Literal(token.kind, token.text, token.at)
        if token.kind == "word":
            if token.word in {"TRUE", "FALSE"}:
                return Literal("boolean", token.word, token.at)
            if token.word == "NULL":
                return Literal("null", "", token.at)
            return Literal("period", self._period(token), token.at)
        self._n -= 1
        raise self._unexpected()

    def _period(self, token: Token) -> str:
        return f"{token.word}:{self._whole()}" if self._take(":") else token.word


def _aliased(found: Column | Call, alias: str) -> Column | Call:
    if isinstance(found, Call):
        return Call(found.name, found.column, found.at, alias)
    return Column(found.path, found.at, alias)
