"""Names, domains, phones and places as they are compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from anyascii import anyascii

from .places import COUNTRIES, LANGUAGES, TOWNS
from .words import (
    CLEAR,
    COMMON,
    DESKS,
    FORMS,
    FREE,
    LEADING,
    LEGAL,
    NOTES,
    PARTS,
    SHORT,
    SMALL,
    TIES,
)

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_OTHER_SCRIPT = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f\u1e00-\u1eff]")
_TOKEN = re.compile(r"[a-z0-9]+")
_ASIDE = re.compile(r"[\(\[](.*?)[\)\]]")
# Legal forms of scripts that put no spaces between words.
_GLUED = re.compile(
    r"\(주\)|\(株\)|\(有\)|株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|集团|公司|주식회사|유한회사|㈜|㈱|בע[\"״]מ|شركة|ش\.م\.م|ذ\.م\.م"
)
_OTHERWISE = re.compile(
    r"\b(?:formerly|f/?k/?a|d/?b/?a|t/a|a/?k/?a|trading as|operating as|o/a|also known as|previously|doing business as|"
    r"now|voorheen|ehemals|vormals|anciennement|antes|tidigere|tidligere|nyk|ex)\b[.:]?",
    re.IGNORECASE,
)
_ELIDED = re.compile(r"\b(?:l|d|dell|dall|nell|sull|all)['’](?=\w)", re.IGNORECASE)
# Who owns a shop, and that a company is being closed.
_BESIDES = re.compile(
    r"\b(?:inh\.|inhaber(?:in)?\b|prop\.|proprietor\b).*$|\b(?:w (?:upadłości|likwidacji)|i\. ?l\.|in liquidation|in liquidazione|en liquidation|en liquidación)",
    re.IGNORECASE,
)
_SITE = re.compile(r"(?:https?://)?(?:www\.)?([a-z0-9-]+)(?:\.[a-z]{2,3}){1,2}/?")
_SAYS_NOTHING = COMMON | LEGAL | NOTES


@dataclass(frozen=True, slots=True)
class Company:
    """A name as it is compared.

    `core` is without legal forms; other names that stand in it follow after a bar. `own` are its words that are no trade
    and no place, `lead` the first of them, `initials` those of three words or more. `telling`: another company of that
    name would be a surprise. `script` is latin or other. `home` is the code of the country that the name ends with, `bare`
    the core without it; `form` is the legal form where it tells companies apart.
    """

    core: str | None = None
    lead: str | None = None
    initials: str | None = None
    own: tuple[str, ...] = ()
    telling: bool = False
    script: str = "latin"
    home: str | None = None
    bare: str | None = None
    form: str | None = None


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
    return folded if folded.isascii() else anyascii(folded).lower()


def unmarked(word: str) -> str:
    """Umlauts are written with an e, or without."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def company(name: str) -> Company:
    first, *others = _spoken(name)
    cores = list(dict.fromkeys(" ".join(words) for words in (first, *others) if words))
    if not cores:
        return Company()
    own = [word for core in cores for word in core.split() if word not in COMMON and len(word) > 1]
    letters = "".join(word[0] for word in first)
    return Company(
        "|".join(cores),
        own[0] if own else first[0],
        letters if len(letters) > 2 else None,
        tuple(word for word in own if len(word) > 3),
        len(cores[0]) > 2 and not COMMON.issuperset(first),
        "other" if _OTHER_SCRIPT.search(name) else "latin",
        *_at_home(first, cores[1:]),
        _form(name),
    )


def _form(name: str) -> str | None:
    """The last that stands in the name; in a GmbH & Co. KG, and after a trading name, the first."""
    words = _TOKEN.findall(plain(_OTHERWISE.split(_ASIDE.sub(" ", name))[0]).replace(".", ""))
    found = [FORMS[word] for word in words[1:] if word in FORMS]
    return ("gmbh" if "gmbh" in found else found[-1]) if found else None


def _at_home(first: list[str], others: list[str]) -> tuple[str | None, str | None]:
    for count in (2, 1):
        code = COUNTRIES.get("".join(first[-count:]))
        if code and len(first) > count and not COMMON.issuperset(first[:-count]):
            return code, "|".join((" ".join(first[:-count]), *others))
    return None, None


def _spoken(name: str) -> list[list[str]]:
    """The words of a name, and of other names that stand in it: in brackets, or as what it trades."""
    bare = _BESIDES.sub("", _GLUED.sub(" ", name)).strip() or name
    aside = [text for text in _ASIDE.findall(bare) if not _belongs(text)]
    aside = [text for text in aside if not TIES & set(_TOKEN.findall(plain(text)))]
    for text in _ASIDE.findall(bare):
        if _belongs(text):
            continue
        bare = bare.replace(f"({text})", " ").replace(f"[{text}]", " ")
    if site := _SITE.fullmatch(bare.strip().lower()):
        bare = site[1]
    head, dash, note = bare.rpartition(" - ")
    if dash and _is_note(note):
        bare = head
    elif dash and _stands_for(head, note):
        aside.append(head)
        bare = note
    texts = [part for part in _OTHERWISE.split(bare) if part.strip()] or [name]
    unbound = [_ELIDED.sub(" ", texts[0])] if _ELIDED.search(texts[0]) else []
    found = [_words(text) for text in (*texts, *aside, *unbound)]
    return [found[0] or _words(name), *(words for words in found[1:] if not _SAYS_NOTHING.issuperset(words))]


def _is_note(text: str) -> bool:
    """Whether people wrote it for themselves: HQ, closed, Karachi Office."""
    words = _TOKEN.findall(plain(text))
    return NOTES.issuperset(words) or (1 < len(words) < 4 and words[-1] in DESKS) or DESKS.issuperset(words)


def _stands_for(letters: str, name: str) -> bool:
    """Whether letters are the initials of a name: A.M.T.F., Association of Midland Timber Framers."""
    short = "".join(_TOKEN.findall(plain(letters)))
    return len(short) > 2 and short == "".join(word[0] for word in _words(name))


def _belongs(text: str) -> bool:
    """Whether what stands in brackets is a part of the name: a place, a legal form."""
    return all(word in PARTS or word in COUNTRIES or word in LEGAL for word in _TOKEN.findall(plain(text)))


def _words(text: str) -> list[str]:
    """Without legal forms and small words, short forms written out."""
    first, *others = _TOKEN.findall(plain(text)) or [""]
    rest = _stripped([first, *(word for word in others if word not in CLEAR)] if first else [])
    kept = [part for word in rest for part in SHORT.get(word, SHORT.get(unmarked(word), word)).split()]
    if len(kept) > 1 and kept[-1] == "i":
        kept[-1] = "1"  # before II
    return [word for word in kept if word not in SMALL] or kept


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
    return int(words[-1] in LEGAL)


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


class Domains:
    """Hosts and addresses → the registered domain, by the public suffix list."""

    def __init__(self) -> None:
        self._list = _suffixes()

    def of(self, text: str) -> tuple[str | None, str | None]:
        """The registered domain and its own word (acme of acme.co.uk); nothing for hosts that anybody can use."""
        host = re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].split("?")[0]
        host = host.rpartition("@")[2].split(":")[0].strip(".")
        host = host if host.isascii() else host.encode("idna", "ignore").decode() or host
        found = self._list.privatesuffix(host) if "." in host else None
        if found is None or found in FREE or host in FREE:
            return None, None
        return found, found.split(".")[0].replace("-", "")


def phone(text: str) -> str | None:
    """The digits without extension and without the zeros that stand for a way out; a country's code stays where it was given."""
    bare = re.split(r"ext|x|#|;", unicodedata.normalize("NFKC", text).lower().replace("(0)", ""))[0]
    digits = _digits(bare).lstrip("0")
    return digits if len(digits) > 6 else None


def country(text: str) -> str | None:
    """A code of two letters for a country in any of many languages; nothing for what is none."""
    return COUNTRIES.get("".join(_TOKEN.findall(plain(text)))) or _territories().get(text.strip().casefold())


@cache
def _territories() -> dict[str, str]:
    """Every country's names in the languages that people use at work, by Unicode's CLDR."""
    from babel import Locale

    found: dict[str, str] = {}
    for language in LANGUAGES:
        for code, called in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(called.casefold(), code.lower())
                found.setdefault(code.casefold(), code.lower())
    return found


def town(text: str) -> str:
    """Letters and digits, one spelling for well-known towns; one of another script begins with ~."""
    found = "".join(_TOKEN.findall(plain(text)))
    known = TOWNS.get(found)
    return known or (f"~{found}" if _OTHER_SCRIPT.search(text) else found)


def latin(text: str) -> str:
    """Letters and digits only, in Latin letters."""
    return "".join(_TOKEN.findall(anyascii(text).lower()))
