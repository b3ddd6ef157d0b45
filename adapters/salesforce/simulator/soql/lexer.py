"""SOQL text as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ApiError

PATTERN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+))"
    r"|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<currency>[A-Za-z]{3}\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<mark><=|>=|!=|<>|[=<>(),:*])",
    re.DOTALL,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
UNESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
KNOWN_ESCAPES = frozenset("nNrRtTbBfF\"'\\_%u")
NAMES = frozenset({"word", "currency"})


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: word, mark, string, number, currency, date, datetime or end; `at` counts characters from 0.

    `word` is a name in upper case, for all else the text.
    """

    kind: str
    text: str
    at: int
    word: str


def tokens(text: str) -> list[Token]:
    """All tokens and an end mark. Raises ApiError MALFORMED_QUERY."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = PATTERN.match(text, at)
        if match is None:
            raise _no_token(text, at)
        kind, part = str(match.lastgroup), match.group()
        if kind != "space":
            found.append(Token(kind, part, at, part.upper() if kind in NAMES else part))
        at = match.end()
    found.append(Token("end", "<EOF>", at, "<EOF>"))
    return found


def _no_token(text: str, at: int) -> ApiError:
    if text[at] == "'":
        why = f"line 1:{len(text)} mismatched character '<EOF>' expecting '''"
    else:
        why = f"line 1:{at} no viable alternative at character '{text[at]}'"
    return ApiError(400, "MALFORMED_QUERY", why)


def unquote(token: Token) -> str:
    """The characters of a string literal; an escaped `_` or `%` stays escaped, for LIKE.

    Raises ApiError MALFORMED_QUERY.
    """

    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if code[0] not in KNOWN_ESCAPES or code == "u":
            raise ApiError(
                400,
                "MALFORMED_QUERY",
                f"Invalid string literal '{token.text[1:-1]}'. Illegal character sequence '\\{code}' in string "
                "literal.",
            )
        if code[0] == "u":
            return chr(int(code[1:], 16))
        return match.group() if code in "_%" else ESCAPES.get(code.lower(), code)

    return UNESCAPE.sub(plain, token.text[1:-1])
