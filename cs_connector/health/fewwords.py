"""Columns that hold one of a few words: numbers inside, which cost a fraction of text to sort, join and write; they read as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cs_connector.unify.sql import literal


def one_of(words: Iterable[str]) -> str:
    """The SQL type of a column that holds one of these; it sorts as text does, and is text where there are none."""
    listed = ", ".join(map(literal, sorted({*words})))
    return f"ENUM({listed})" if listed else "VARCHAR"


@dataclass(frozen=True, slots=True)
class Words:
    """SQL of constants of such a type."""

    kind: str

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        return cls(one_of(words))

    def this(self, word: str) -> str:
        return f"{literal(word)}::{self.kind}"

    def those(self, words: Iterable[str]) -> str:
        """A list of them."""
        return f"[{', '.join(map(literal, words))}]::{self.kind}[]"


ENTITY = one_of(("relationship", "account", "group"))
BAND = one_of(("unknown", "red", "yellow", "green"))
PUBLISHED = one_of(("known", "carried"))
TREND = one_of(("New", "Improving", "Declining", "Steady"))
