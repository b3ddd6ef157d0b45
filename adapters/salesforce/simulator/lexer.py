"""SOQL text as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import malformed

PATTERN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<word>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<mark><=|>=|!=|<>|[=<>(),:])"
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
UNESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
KNOWN_ESCAPES = frozenset("nNrRtTbBfF\"'\\_%u")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The word in upper case; for all else the text."""
        return self.text.upper() if self.kind == "word" else self.text


def tokens(text: str) -> list[Token]:
    """All tokens and an end mark. Raises ApiError MALFORMED_QUERY."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = PATTERN.match(text, at)
        if match is None:
            raise malformed(text, at, f"line 1:{at} no viable alternative at character '{text[at]}'")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    found.append(Token("end", "<EOF>", at))
    return found


def unquote(token: Token, text: str) -> str:
    """The characters of a string literal; an escaped `_` or `%` stays escaped, for LIKE."""

    def plain(match: re.Match[str]) -> str:
        code = match.group(1)
        if code[0] not in KNOWN_ESCAPES:
            raise malformed(
                text,
                token.at,
                f"Invalid string literal '{token.text[1:-1]}'. Illegal character sequence '\\{code}'",
            )
        if code[0] == "u" and len(code) == 5:
            return chr(int(code[1:], 16))
        return match.group() if code in "_%" else ESCAPES.get(code.lower(), code)

    return UNESCAPE.sub(plain, token.text[1:-1])
