"""The words of a name in plain Latin letters: without legal forms, short forms and trades as one English word, numbers as digits."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from anyascii import anyascii
from rapidfuzz.distance import OSA

from .trades import TRADES
from .words import CLEAR, COMMON, LEADING, LEGAL, ORDINALS, SHORT, SMALL, SPELT, TENS

TOKEN = re.compile(r"[a-z0-9]+")
HAN = "\u3400-\u9fff"
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)$")
# Two Greek letters that are one sound; an article that Arabic writes as one with its word.
_SOUNDS = (
    ("ο[υύ]", "ou"),
    ("α[υύ](?=[θκξπσςτφχψ])", "af"),
    ("α[υύ]", "av"),
    ("ε[υύ](?=[θκξπσςτφχψ])", "ef"),
    ("ε[υύ]", "ev"),
    (r"\bال(?=\w\w)", ""),
)
_NO_SPACES = re.compile(f"[{HAN}\u3041-\u30ff\uac00-\ud7af]+")
_TOWN_OF = re.compile(f"(?<=[{HAN}]{{2}})[市省县縣]")
_LONG = re.compile(rf"\b(?:{'|'.join(sorted(SPELT, key=len, reverse=True))})\b")
_BEGIN = {long.split()[0] for long in SPELT}
_MANY = 5_000  # texts that are read several times in a row


def plain(text: str) -> str:
    """Lower case Latin letters and digits, whatever the script was."""
    folded = (
        unicodedata.normalize("NFKC", text).casefold().replace("co-op", "coop").replace("f.lli", "fratelli")
    )
    for sign, word in (
        ("&", " and "),
        ("+", " and "),
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("'", ""),
        ("’", ""),
    ):
        folded = folded.replace(sign, word)
    if folded.isascii():
        return folded
    for pattern, sound in _SOUNDS:
        folded = re.sub(pattern, sound, folded)
    return anyascii(folded).lower().replace("'", "").replace("`", "")


def unmarked(word: str) -> str:
    """Umlauts are written with an e, or without."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@lru_cache(_MANY)
def tokens(text: str) -> tuple[str, ...]:
    """Words and numbers, long legal forms as short ones, trades of scripts without spaces in English."""
    spaced = text if text.isascii() else _NO_SPACES.sub(lambda found: _apart(found[0]), text)
    found = TOKEN.findall(plain(spaced))
    if not _BEGIN.isdisjoint(found):
        found = _LONG.sub(lambda long: SPELT[long[0]], " ".join(found)).split()
    return tuple(found)


def _apart(text: str) -> str:
    """What stands for a trade, and what ends the name of a town, ends a word."""
    return _glued_trades().sub(lambda found: f" {TRADES[found[0]]} ", _TOWN_OF.sub(" ", text))


@cache
def _glued_trades() -> re.Pattern[str]:
    written = sorted((word for word in TRADES if _NO_SPACES.fullmatch(word)), key=lambda w: (-len(w), w))
    return re.compile("|".join(map(re.escape, written)))


@cache
def meanings() -> dict[str, str]:
    """Short forms and words of other languages → what they stand for."""
    return {plain(word): trade for word, trade in TRADES.items() if not _NO_SPACES.fullmatch(word)} | SHORT


@cache
def _known() -> dict[str, list[str]]:
    """The letters of a word, in order → the words of them that are no names."""
    found: dict[str, list[str]] = {}
    for word in sorted(COMMON | meanings().keys()):
        if len(word) > 4:
            found.setdefault("".join(sorted(word)), []).append(word)
    return found


def _meant(word: str) -> str:
    """What a word stands for; two letters that changed places are put right in words that are no names."""
    found = meanings()
    if word in found:
        return found[word]
    if len(word) < 5 or word in COMMON:
        return word
    if (simple := unmarked(word)) in found:
        return found[simple]
    near = [w for w in _known().get("".join(sorted(word)), ()) if OSA.distance(w, word) == 1]
    return found.get(near[0], near[0]) if near else word


@lru_cache(_MANY)
def bare(text: str) -> tuple[str, ...]:
    """The words as they are written, without legal forms."""
    first, *others = tokens(text) or ("",)
    return tuple(
        _lettered(_stripped([first, *(word for word in others if word not in CLEAR)] if first else []))
    )


def words(text: str) -> list[str]:
    """Without legal forms and small words, short forms written out, numbers as digits."""
    kept = _numbered([part for word in bare(text) for part in _meant(word).split()])
    if len(kept) > 1 and kept[-1] == "i":
        kept[-1] = "1"  # before II
    return _lettered([word for word in kept if word not in SMALL]) or kept


def _lettered(words: list[str]) -> list[str]:
    """Letters before a name are one word: J. K. Foods."""
    count = next((n for n, word in enumerate(words) if len(word) > 1 or word.isdigit()), 0)
    return ["".join(words[:count]), *words[count:]] if count > 1 else words


def _numbered(words: list[str]) -> list[str]:
    """Forty second, 42nd → 42; nineteen eleven → 1911; 0114 → 114."""
    if all(word.isalpha() and word not in TENS for word in words):
        return words
    found: list[str] = []
    spoken = False  # whether the last one was a word for ten or more
    for word in words:
        number = TENS.get(word) or (ORDINALS.get(word) if spoken else None) or _ORDINAL.sub("", word)
        number = (number.lstrip("0") or number) if number.isdigit() else number
        if spoken and number.isdigit() and len(number) < 3:
            ends = found[-1][-1] == "0" and len(number) == 1
            found[-1] = found[-1][:-1] + number if ends else found[-1] + number
            spoken = False
        else:
            found.append(number)
            spoken = word in TENS
    return found


def _stripped(words: list[str]) -> list[str]:
    """Without legal forms at the end, and articles and legal forms at the beginning; never nothing."""
    rest = words
    spelt = all(len(word) == 1 for word in words)  # I.B.M. is no legal form after an I
    while len(rest) > 1 and not spelt:
        cut = 1 if rest[-1] in SMALL else _legal(rest)
        if not cut or cut == len(rest):
            break
        rest = rest[:-cut]
    while len(rest) > 1 and rest[0] in LEADING:
        rest = rest[1:]
    return ["".join(rest)] if len(rest) > 2 and all(len(word) == 1 for word in rest) else rest


def _legal(words: list[str]) -> int:
    """How many of the last words are a legal form: also one written with dots, which fall apart into letters."""
    for count in (4, 3, 2):
        tail = words[-count:]
        if len(tail) == count and "".join(tail) in LEGAL and all(len(word) < 4 for word in tail):
            return count
    return int(words[-1] in LEGAL or (len(words[-1]) > 3 and unmarked(words[-1]) in LEGAL))
