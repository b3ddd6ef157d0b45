"""WHERE and HAVING as trees."""

from __future__ import annotations

from collections.abc import Callable

from .lexer import Token, unquote
from .operands import read_operand
from .periods import is_period
from .query_error import malformed
from .reader import Reader
from .syntax import Among, Both, Compare, Condition, Literal, Not, Operand, Query

COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "LIKE": "LIKE"}
PLAIN = frozenset({"number", "currency", "date", "datetime"})


class Conditions:
    """Reads conditions; `query` reads the query of a semi-join."""

    def __init__(self, reader: Reader, query: Callable[[], Query]) -> None:
        self._reader, self._query = reader, query

    def read(self) -> Condition:
        """AND and OR do not mix without parentheses: Salesforce refuses to guess. Raises QueryError."""
        reader = self._reader
        parts = [self._term()]
        op = next((w for w in ("AND", "OR") if reader.sees(w)), None)
        while op and reader.take(op):
            parts.append(self._term())
        if reader.sees("AND") or reader.sees("OR"):
            raise reader.unexpected()
        return Both(op, tuple(parts)) if op else parts[0]

    def _term(self) -> Condition:
        if self._reader.take("NOT"):
            return Not(self._term())
        if self._reader.take("("):
            inner = self.read()
            self._reader.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        reader = self._reader
        left = read_operand(reader)
        if reader.take("NOT", "IN"):
            return self._among(left, "NOT IN")
        word = reader.take_one("IN", "INCLUDES", "EXCLUDES")
        if word:
            return self._among(left, word)
        op = COMPARISONS.get(reader.now.word)
        if op is None:
            raise reader.unexpected()
        reader.next()
        return Compare(left, op, self._literal())

    def _among(self, left: Operand, op: str) -> Among:
        reader = self._reader
        reader.expect("(")
        right: tuple[Literal, ...] | Query
        if reader.sees("SELECT") and op.endswith("IN"):
            right = self._query()
        else:
            listed = [self._literal()]
            while reader.take(","):
                listed.append(self._literal())
            right = tuple(listed)
        reader.expect(")")
        return Among(left, op, right)

    def _literal(self) -> Literal:
        reader = self._reader
        token = reader.now
        if token.kind == "string":
            reader.next()
            return Literal("string", unquote(token), token.at)
        if token.kind in PLAIN:
            reader.next()
            return Literal(token.kind, token.text, token.at)
        if token.text == ":":
            raise malformed("Bind variables only allowed in Apex code", token.at)
        if token.kind == "word":
            return self._word(token)
        raise reader.unexpected()

    def _word(self, token: Token) -> Literal:
        reader = self._reader
        if reader.take_one("TRUE", "FALSE"):
            return Literal("boolean", token.word, token.at)
        if reader.take("NULL"):
            return Literal("null", "", token.at)
        error = reader.unexpected()
        reader.next()
        text = f"{token.word}:{reader.whole()}" if reader.take(":") else token.word
        if not is_period(text):
            raise error
        return Literal("period", text, token.at)
