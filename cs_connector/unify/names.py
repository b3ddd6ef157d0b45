"""Names, domains, phones and places as they are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from anyascii import anyascii

from .lexicon.places import COUNTRIES, LANGUAGES, TOWNS
from .lexicon.spelling import HAN, TOKEN, bare, plain, tokens, unmarked, words
from .lexicon.words import COMMON, DESKS, EVERYWHERE, FORMS, FREE, LEGAL, NOTES, OFFICES, PARTS, SMALL, TIES

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_OTHER_SCRIPT = re.compile(r"[^\W\d_a-zA-Z\u00c0-\u024f\u1e00-\u1eff]")
WRITTEN = "~"  # before a name as it is written
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
_SOME = 1_000  # texts of one name
_SAYS_NOTHING = COMMON | LEGAL | NOTES
_KANA = re.compile("[\u3041-\u30ff]")


@dataclass(frozen=True, slots=True)
class Company:
    """A name as it is compared.

    `core` is without legal forms; other names that stand in it follow after a bar, then, after a bar and ~, the name as it is
    written; `spoken` is without that. `own` are its words that are no trade and no place, `lead` the first of them, `initials` those of three words or
    more. `telling`: another company of that name would be a surprise. `script` is latin, han, kana or other. `home` is the code
    of the country that the name ends with, `bare` the core without it; `form` is the legal form where it tells companies apart;
    `raw` are the words as they are written.
    """

    core: str | None = None
    spoken: str | None = None
    lead: str | None = None
    initials: str | None = None
    own: tuple[str, ...] = ()
    telling: bool = False
    script: str = "latin"
    home: str | None = None
    bare: str | None = None
    form: str | None = None
    raw: str | None = None


def company(name: str) -> Company:
    texts = _spoken(name)
    first, *others = _readings(name, texts)
    cores = list(dict.fromkeys(" ".join(found) for found in (first, *others) if found))
    if not cores:
        return Company()
    raw = bare(texts[0])
    short = [word for word in raw if word not in SMALL]
    own = [word for core in cores for word in core.split() if word not in COMMON and len(word) > 1]
    letters = "".join(word[0] for word in (short if len(short) > 1 else first))
    return Company(
        "|".join([*cores, *_written(cores, short, raw)]),
        "|".join(cores),
        own[0] if own else first[0],
        letters if len(letters) > 2 else None,
        tuple(word for word in own if len(word) > 3),
        len(cores[0]) > 2 and not COMMON.issuperset(first),
        _script(name),
        *_at_home(first, cores[1:]),
        _form(name),
        " ".join(raw) or None,
    )


def _written(cores: list[str], *readings: Iterable[str]) -> list[str]:
    """A name of several words as it is written: it may be one word elsewhere, or letters."""
    found = dict.fromkeys(" ".join(reading) for reading in readings)
    return [f"{WRITTEN}{text}" for text in found if " " in text and text not in cores]


def _script(name: str) -> str:
    if not _OTHER_SCRIPT.search(name):
        return "latin"
    return "kana" if _KANA.search(name) else "han" if re.search(f"[{HAN}]", name) else "other"


def _form(name: str) -> str | None:
    """The last that stands in the name; in a GmbH & Co. KG, and after a trading name, the first."""
    told = tokens(_otherwise(_ASIDE.sub(" ", name))[0].replace(".", ""))
    found = [FORMS[word] for word in told[1:] if word in FORMS]
    return ("gmbh" if "gmbh" in found else found[-1]) if found else None


def _at_home(first: list[str], others: list[str]) -> tuple[str | None, str | None]:
    for count in (2, 1):
        code = COUNTRIES.get("".join(first[-count:]))
        if code and len(first) > count and not COMMON.issuperset(first[:-count]):
            return code, "|".join((" ".join(first[:-count]), *others))
    return None, None


def _spoken(name: str) -> list[str]:
    """The name, and other names that stand in it: in brackets, or as what it trades."""
    text = _BESIDES.sub("", _GLUED.sub(" ", name)).strip() or name
    inside = _ASIDE.findall(text)
    aside = [inner for inner in inside if not _belongs(inner) and not TIES & set(TOKEN.findall(plain(inner)))]
    if inside:
        text = _ASIDE.sub(lambda found: f" {found[1]} " if _belongs(found[1]) else " ", text)
    if site := _SITE.fullmatch(text.strip().lower()):
        text = site[1]
    head, dash, note = text.rpartition(" - ")
    if dash and _is_note(note):
        text = head
    elif dash and _stands_for(head, note):
        text = note
    texts = [part for part in _otherwise(text) if part.strip()] or [name]
    unbound = [_ELIDED.sub(" ", texts[0])] if _ELIDED.search(texts[0]) else []
    called = [part for inner in aside for part in _OTHERWISE.split(inner) if len(part.strip()) > 1]
    return [*texts, *called, *unbound]


@lru_cache(_SOME)
def _otherwise(text: str) -> tuple[str, ...]:
    """What stands before and after the words for another name."""
    return tuple(_OTHERWISE.split(text))


def _readings(name: str, texts: list[str]) -> list[list[str]]:
    """The words of each text that says something; of the first in any case. Initials of another one say nothing."""
    first, *others = (words(text) for text in texts)
    found = [first or words(name), *(other for other in others if not _SAYS_NOTHING.issuperset(other))]
    return [one for one in found if len(one) > 1 or not any(_initials(one, other) for other in found)]


def _initials(letters: list[str], name: list[str]) -> bool:
    return len(letters) == 1 and len(name) > 2 and letters[0] == "".join(word[0] for word in name)


def _is_note(text: str) -> bool:
    """Whether people wrote it for themselves: HQ, closed, Karachi Office."""
    told = TOKEN.findall(plain(text))
    some = 1 < len(told) < 4 and (told[-1] in DESKS or told[0] in OFFICES)
    return some or NOTES.issuperset(told) or DESKS.issuperset(told)


def _stands_for(letters: str, name: str) -> bool:
    """Whether letters are the initials of a name: A.M.T.F., Association of Midland Timber Framers."""
    return _initials(["".join(TOKEN.findall(plain(letters)))], words(name))


def _belongs(text: str) -> bool:
    """Whether what stands in brackets is a part of the name: a town, a number, a legal form."""
    told = TOKEN.findall(plain(text))
    if len(told) == 1 and len(text) > 3 and text.istitle() and told[0] not in NOTES:
        return True
    return all(w in PARTS or w in COUNTRIES or w in LEGAL or w in SMALL or w.isdigit() for w in told)


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
        if found is None or found in FREE or host in FREE or found.split(".")[0] in EVERYWHERE:
            return None, None
        return found, found.split(".")[0].replace("-", "")


def phone(text: str) -> str | None:
    """The digits without extension and without the zeros that stand for a way out; a country's code stays where it was given."""
    bare = re.split(r"ext|x|#|;", unicodedata.normalize("NFKC", text).lower().replace("(0)", ""))[0]
    digits = _digits(bare).lstrip("0")
    return digits if len(digits) > 6 else None


def country(text: str) -> str | None:
    """A code of two letters for a country in any of many languages; nothing for what is none."""
    return COUNTRIES.get("".join(TOKEN.findall(plain(text)))) or _territories().get(text.strip().casefold())


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
    told = TOKEN.findall(plain(re.split(r"[/,(]", text)[0] or text))
    found = unmarked("".join("saint" if word in ("st", "ste") else word for word in told)).replace("aa", "a")
    known = TOWNS.get(found)
    return known or (f"~{found}" if _OTHER_SCRIPT.search(text) else found)


def latin(text: str) -> str:
    """Letters and digits only, in Latin letters."""
    return "".join(TOKEN.findall(anyascii(text).lower()))
