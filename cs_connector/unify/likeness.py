"""How much the name of an object or field is like what people call something: 0 to 100."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from rapidfuzz import fuzz

_NAMESPACE = re.compile(r"^[A-Za-z]\w*?__(?=\w+__\w+$)")
_SUFFIX = re.compile(r"__(c|pc|r)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOISE = frozenset({"date", "field", "id", "the", "of", "number"})
WHOLE = 0.7  # how much it counts that a name has all the words of a phrase; the rest is that it has no others
SHORT = 5


@cache
def words(name: str) -> str:
    """A name as plain words: of SBQQ__RenewalDate__c, `renewal`."""
    plain = _SUFFIX.sub("", _NAMESPACE.sub("", name.rpartition(".")[2]))
    split = re.findall(r"\w+", _HUMP.sub(" ", plain).replace("_", " ").lower())
    kept = [word for word in split if word not in _NOISE]
    return " ".join(kept or split)


def alike(names: Iterable[str], phrases: Iterable[str]) -> float:
    """The best likeness of any of some names (of one thing) to any of some phrases."""
    known = [words(phrase) for phrase in phrases]
    return max((_like(words(name), phrase) for name in names if words(name) for phrase in known), default=0.0)


def _like(name: str, phrase: str) -> float:
    whole = [max(_same(word, other) for other in name.split()) for word in phrase.split()]
    return WHOLE * sum(whole) / len(whole) + (1 - WHOLE) * fuzz.token_sort_ratio(name, phrase)


def _same(word: str, other: str) -> float:
    """Short words are another one with a single letter."""
    return 100.0 * (word == other) if len(word) < SHORT else fuzz.ratio(word, other)
