"""How alike the names of two companies are, once they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from operator import itemgetter

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from .lexicon.spelling import meanings, unmarked
from .lexicon.words import COMMON, GENERIC, HOUSE, NUMBERS, PARTS, SISTERS
from .names import WRITTEN

ALIKE = 0.75  # of 1: two words with one slip in four letters, or two in eight
CLEAR = 0.85  # of 1: one slip in seven letters
# Spellings → one of them.
_SOUNDS = {
    "sch": "sh", "tsch": "ch", "tch": "ch", "ph": "f", "kh": "h", "ck": "k", "th": "t", "ae": "a", "oe": "o", "ue": "u",
    "ou": "u", "oo": "u", "ee": "i", "ie": "i", "ei": "i", "ay": "i", "ai": "i", "q": "k", "w": "v", "y": "i", "j": "i",
    "x": "ks", "c": "k", "rn": "m",
}  # fmt: skip
_READ = str.maketrans("01358", "olesb")
_WAYS = {
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "ne": "northeast",
    "nw": "northwest",
    "se": "southeast",
    "sw": "southwest",
}
_TWICE = re.compile(r"(.)\1+", re.DOTALL)
_PART = re.compile(r"[a-z]+|[0-9]+")
JOINED = 90.0  # of 100: whole names, spaces left out
_MANY = 100_000  # words and names that come back in many pairs


class Grade(IntEnum):
    """How alike two names are, the least first."""

    UNLIKE = 0
    PART = 1  # one is a part of the other, or both are parts of the same: Acme France, Acme
    KINDRED = 2  # the same word of their own, other trades: Acme Software, Acme Consulting
    OTHERWISE = 3  # one word of their own, and others that may say the same: Seetal Parts, Seetal Teile
    INITIALS = 4
    SHORTER = 5  # one leaves out words of its own: Acme, Acme Nova
    LETTERS = 6  # one has initials for some words: Acme Animal Health, Acme AH
    HOUSE = 7  # one calls itself a group or a holding: Acme, Acme Holding
    WORD = 8  # one word of their own, one without the trade: Acme, Acme Software
    MOST = 9  # two words of their own, one leaves out others: Oak Lane Press, Oak Lane Sunday Press
    TRADE = 10  # more words, one with a trade more: Acme Dental, Acme Dental Clinic
    DOUBT = 11  # but for more than a slip in a short word: it may be another word
    SLIP = 12  # but for spelling
    SAME = 13


@lru_cache(200_000)
def grade(one: str, other: str) -> Grade:
    """How alike two cores are, whichever comes first."""
    if one == other:
        return Grade.SAME
    if one > other:
        return grade(other, one)
    if "|" in one or "|" in other:
        return max(_read(a, b) for a in one.split("|") for b in other.split("|"))
    left, right = one.replace(" ", ""), other.replace(" ", "")
    if left == right or _spelt(one) == _spelt(other) or sorted(one.split()) == sorted(other.split()):
        return Grade.SAME
    return _aligned(one.split(), other.split())


def _read(one: str, other: str) -> Grade:
    """As `grade`; names as they are written say only that they are the same, or initials."""
    found = grade(one.removeprefix(WRITTEN), other.removeprefix(WRITTEN))
    written = WRITTEN in (one[0], other[0])
    return Grade.UNLIKE if written and found not in (Grade.SAME, Grade.SLIP, Grade.INITIALS) else found


@dataclass(slots=True)
class _Pairing:
    """`shared`: words of their own that both have; `slips` and `doubts`: how many were only similar, and so that they may be other words; what each has left."""

    shared: list[str]
    slips: int
    doubts: int
    one: list[str]
    other: list[str]


def _aligned(one: list[str], other: list[str]) -> Grade:
    found = _paired(one, other)
    rest = {*found.one, *found.other}
    if not found.shared:
        if rest and rest <= HOUSE and min(len(one), len(other)) > 1:
            return Grade.WORD  # United Utilities, United Utilities Group
        told = _unshared(one, other, found)
        short = _abbreviated(found.one, found.other) or _abbreviated(found.other, found.one)
        short = short or _lettered(one, other) or _lettered(other, one)
        return Grade.INITIALS if told is Grade.UNLIKE and short else told
    if not rest:
        return Grade.DOUBT if found.doubts else Grade.SLIP if found.slips else Grade.SAME
    if _lettered(one, other) or _lettered(other, one):
        return Grade.MOST if found.shared else Grade.INITIALS
    return _left(found, rest, min(len(one), len(other)))


def _left(found: _Pairing, rest: set[str], least: int) -> Grade:
    """By the words that only one of two names has, or each; the shorter one has `least` words."""
    if _abbreviated(found.one, found.other) or _abbreviated(found.other, found.one):
        return Grade.LETTERS
    if rest <= HOUSE:
        return Grade.SHORTER if found.doubts else Grade.HOUSE
    if rest & (PARTS | SISTERS) or any(word.isdigit() for word in rest):
        return Grade.PART
    if found.one and found.other:
        return Grade.KINDRED if _trades(found.one) and _trades(found.other) else Grade.OTHERWISE
    if rest & HOUSE or not rest <= GENERIC or found.doubts:
        return Grade.MOST if len(found.shared) > 1 and not found.doubts else Grade.SHORTER
    return Grade.TRADE if least > 1 else Grade.WORD


def _trades(words: list[str]) -> bool:
    """Whether any of them says what a company does or is."""
    return not (GENERIC | HOUSE).isdisjoint(words)


def _unshared(one: list[str], other: list[str], found: _Pairing) -> Grade:
    left, right = "".join(found.one), "".join(found.other)
    alike = min(len(left), len(right)) > 4 and left[0] == right[0] and _digits(left) == _digits(right)
    long = min(len(left), len(right)) > 7 and fuzz.ratio(left, right) >= JOINED
    if alike and (long or _near(left, right) > CLEAR):
        return Grade.SLIP
    letters = _initials(one, "".join(other)) or _initials(other, "".join(one))
    return Grade.INITIALS if letters else Grade.UNLIKE


def _paired(one: list[str], other: list[str]) -> _Pairing:
    """Words of one name with those of the other: equal ones first, then those of one meaning or sound, then similar ones."""
    found = _Pairing([], 0, 0, [], _joined(other, one))
    for word in _joined(one, found.other):
        if word in found.other:
            found.other.remove(word)
            found.shared.append(word)
        else:
            found.one.append(word)
    known = any(word not in COMMON and len(word) > 2 for word in found.shared)
    for word in list(found.one):
        alike = ((_likeness(word, w, known=known), w) for w in found.other)
        likeness, near = max(alike, key=itemgetter(0), default=(0.0, ""))
        if likeness < ALIKE:
            continue
        found.one.remove(word)
        found.other.remove(near)
        found.shared.append(word)
        found.slips += likeness < 1
        found.doubts += likeness < CLEAR
    found.shared = [w for w in found.shared if w not in COMMON and len(w) > 1]
    return found


def _likeness(one: str, other: str, *, known: bool) -> float:
    """As `_near`; where another word is shared, a word can be short for another one too."""
    near = _near(one, other)
    if not known or near >= ALIKE:
        return near
    short, long = sorted((one, other), key=len)
    return CLEAR if _short(short, long) else ALIKE if _cut(short, long) else near


def _short(short: str, long: str) -> bool:
    """Aero for aerospace, cnty for county, ln for lane, n for north; no part of a compound: town for townhall."""
    if _WAYS.get(short) == long:
        return True
    if len(short) < 2 or len(short) >= len(long) or short[0] != long[0] or {short, long} & PARTS:
        return False
    if len(short) > (2 if long in COMMON else 3) and long.startswith(short):
        rest = long.removeprefix(short)
        return rest not in COMMON and rest not in meanings()
    letters = iter(long)
    return (
        not set(short[1:]) & set("aeiou") and all(letter in letters for letter in short) and short.isalpha()
    )


def _cut(short: str, long: str) -> bool:
    """What may be short for a word, and for many others: E. for Elisabeth, mek for mekaniske."""
    if not short.isalpha() or {short, long} & PARTS or not long.startswith(short):
        return False
    return len(short) == 1 < len(long) or (len(short) == 3 and len(long) > 5 and short[-1] not in "aeiouy")


def _near(one: str, other: str) -> float:
    """How alike two words are, 0 to 1; numbers, short words and two words of the dictionary are alike only when equal."""
    if one in COMMON and other in COMMON:
        return float(_stem(one, other))
    if (one in COMMON or other in COMMON) and _stem(one, other):
        return 1.0
    if min(len(one), len(other)) < 4 or one.isdigit() or other.isdigit():
        return float(min(len(one), len(other)) > 2 and _sound(one) == _sound(other))
    if unmarked(one) == unmarked(other):
        return 1.0
    if _sound(one) == _sound(other):
        return 0.99
    return _spelling(one, other)


def _spelling(one: str, other: str) -> float:
    """How alike the letters of two words are."""
    if one[0] != other[0]:
        return ALIKE if _begun(one, other) else 0.0
    likeness = float(DamerauLevenshtein.normalized_similarity(one, other))
    least = CLEAR - 0.01
    return least if likeness > least and _another(one, other) else likeness


def _begun(one: str, other: str) -> bool:
    """Whether the first letter was left out, or changed places with the second: mber, Ember."""
    if len(one) == len(other):
        return one[:2] == other[1::-1] and one[2:] == other[2:] and len(one) > 4
    short, long = sorted((one, other), key=len)
    return long[1:] == short and len(short) > 4


def _another(one: str, other: str) -> bool:
    """Whether letters stand for others, as in names of two families: Bertolani, Bertolini; who slips leaves out or turns round."""
    edits = DamerauLevenshtein.distance(one, other)
    return edits > 1 or (len(one) == len(other) and sorted(one) != sorted(other))


def _stem(one: str, other: str) -> bool:
    """Forms of one word: publishing, publishers; fab, fabricators."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    least = 5 if one in COMMON and other in COMMON else 6
    alike = one[:least] == other[:least] and len(short) > 5
    return alike or (len(short) > 2 and long.startswith(short) and long in GENERIC)


@lru_cache(_MANY)
def _sound(word: str) -> str:
    """How a word sounds, roughly: transliterations write one sound in many ways, and readers of paper take letters for digits."""
    text = word if word.isalpha() or word.isdigit() else word.translate(_READ)
    for letters, sound in _SOUNDS.items():
        text = text.replace(letters, sound)
    if len(text) > 3 and text[-1] == "h" and text[-2] in "aeiou":
        text = text[:-1]
    return _TWICE.sub(r"\1", text)


def _joined(words: list[str], others: list[str]) -> list[str]:
    """Two words in a row that the other name writes as one are one."""
    found: list[str] = []
    for word in words:
        both = _spelt(f"{found[-1]} {word}") if found else ""
        if both and both in others:
            found[-1] = both
        else:
            found.append(word)
    return found


@lru_cache(_MANY)
def _spelt(text: str) -> str:
    """Words as one, numbers too: cloudnine for cloud 9."""
    return "".join(NUMBERS.get(part, part) for part in _PART.findall(text))


def _initials(words: list[str], letters: str) -> bool:
    """Whether letters stand for words; one more may stand for a legal form or a small word that was left out."""
    if not 1 < len(letters) < 7 or len(words) < 2:
        return False
    first = "".join(word[0] for word in words)
    rest = iter(letters)
    small = len(letters) == len(first) + 1 > 2 and all(letter in rest for letter in first)
    return letters == first or (letters[0] == first[0] and small)


def _lettered(short: list[str], long: list[str]) -> bool:
    """Whether a name begins with the initials of the other, of three words or more, and then has one word at most: PCD Law."""
    letters = "".join(word[0] for word in long)
    return len(letters) > 2 and short[0] == letters and (len(short) < 3 or set(short[1:]) <= set(long))


def _abbreviated(short: list[str], long: list[str]) -> bool:
    return len(short) == 1 and len(long) > 1 and short[0] == "".join(word[0] for word in long)


def _digits(text: str) -> str:
    return "" if text.isalpha() else "".join(c for c in text if c.isdigit())


@lru_cache(10_000)
def owns(label: str, name: str, other: str) -> bool:
    """Whether a domain's word is made of words of a name, two at least, and is no part of another name."""
    if label in other.replace(" ", ""):
        return False
    rest, taken = label, 0
    for word in name.split():
        if rest.startswith(word):
            rest, taken = rest[len(word) :], taken + 1
    return taken > 1 and not rest
