"""The tokens of a query, read one after another."""

from __future__ import annotations

from ..digits import whole
from .lexer import NAMES, Token, tokens
from .query_error import QueryError, malformed


class Reader:
    def __init__(self, text: str) -> None:
        """Raises ApiError MALFORMED_QUERY for characters that are no token."""
        self.text = text
        self._tokens, self._n = tokens(text), 0
        self._words = [None if t.kind in {"string", "end"} else t.word for t in self._tokens]

    @property
    def now(self) -> Token:
        return self._tokens[self._n]

    def next(self) -> Token:
        token = self.now
        self._n += 1
        return token

    def sees(self, *words: str) -> bool:
        """Whether these words or marks come next."""
        if self._words[self._n] != words[0]:
            return False
        return len(words) == 1 or self._words[self._n : self._n + len(words)] == list(words)

    def take(self, *words: str) -> bool:
        """Go past these words, if they come next."""
        found = self.sees(*words)
        if found:
            self._n += len(words)
        return found

    def take_one(self, *words: str) -> str | None:
        """Go past one of these words and answer it, or None."""
        return next((word for word in words if self.take(word)), None)

    def expect(self, *words: str) -> Token:
        """Go past these words; answers the first. Raises QueryError."""
        first = self.now
        for word in words:
            if not self.take(word):
                raise self.unexpected()
        return first

    def name(self) -> Token:
        if self.now.kind not in NAMES:
            raise self.unexpected()
        return self.next()

    def whole(self) -> int:
        number = whole(self.now.text) if self.now.kind == "number" else None
        if number is None:
            raise self.unexpected()
        self.next()
        return number

    def unexpected(self) -> QueryError:
        return malformed(f"unexpected token: '{self.now.text}'", self.now.at)
